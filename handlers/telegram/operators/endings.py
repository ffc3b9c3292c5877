"""Why a ticket ended, how long the work took, which article helped: `/reason`, `/spent`, `/used`,
and the buttons (B20).
"""

from datetime import timedelta
from typing import Any

from channels.telegram.screens.articles import UseArticle, draw_ending
from channels.telegram.screens.ticket_choices import EndAs, draw_reasons
from core.errors import Refusal, Unreadable
from core.knowledge.using import article_named, ending_facts, use_article
from core.tickets.closing import LONGEST_SPENT, describe
from core.tickets.resolutions import reasons_of
from core.words.aliases import NEVER
from core.words.names import clean_name
from core.words.when import NotATime, parse_span
from handlers.telegram.operators import tasks
from handlers.telegram.operators.context import CommandContext

_DONE = "👌"


async def reason(context: CommandContext) -> None:
    """Note why the ticket ended; without words, offer the reasons there are."""
    if context.command.words:
        await context.act(describe, context.number, reason=context.command.words)
        _acknowledge(context)
        return
    offered = (await context.read(reasons_of)).offered
    if not offered:
        raise Refusal("refusal.no_closing_reasons")
    await context.show(draw_reasons(context.renderer, context.number, offered))


async def spent(context: CommandContext) -> None:
    """Correct how long the work took; without words, show what is known."""
    if context.command.words:
        span = _span(context.command.words)
        await context.act(describe, context.number, spent=span)
        _acknowledge(context)
        return
    await _show_ending(context)


async def used(context: CommandContext) -> None:
    """Note which article helped, or that none did; without words, show what is known."""
    words = context.command.words.strip()
    if not words:
        await _show_ending(context)
        return
    code = ""
    if words != "-" and words.casefold() not in NEVER:
        code = (await context.read(article_named, context.number, words)).code
    await context.act(use_article, context.number, code)
    _acknowledge(context)


async def _show_ending(context: CommandContext) -> None:
    """Time and article together: whoever corrects the one sees the other."""
    facts = await context.read(ending_facts, context.number)
    await context.show(draw_ending(context.renderer, facts))


async def on_article(context: Any, data: UseArticle) -> None:
    """An article was chosen, or taken off; the screen shows how it is then."""
    article = await context.act(use_article, data.ticket_id, data.code)
    if article is None:
        await context.toast("article_none", number=data.ticket_id)
    else:
        title = clean_name(article.title)
        await context.toast("article_used", number=data.ticket_id, title=title)
    facts = await context.read(ending_facts, data.ticket_id)
    await context.edit(draw_ending(context.renderer, facts))


def _span(words: str) -> timedelta:
    try:
        return parse_span(words)
    except NotATime:
        raise Unreadable("refusal.spent_too_long", days=LONGEST_SPENT.days) from None


def _acknowledge(context: CommandContext) -> None:
    """The card shows it to whoever replies to it."""
    if context.incoming.reply_to is None:
        context.responder.react(context.message, _DONE)


async def on_button(context: Any, data: EndAs) -> None:
    """A reason was chosen: before the ticket is resolved with it, or after that."""
    reasons = await context.read(reasons_of)
    found = reasons.get(data.reason)
    if found is None or not found.active:
        raise Refusal("refusal.outdated")
    if data.resolve:
        how = {"closing": data.reason}
        if not await tasks.ended(context, data.ticket_id, "resolve", sure=True, **how):
            await context.toast()
            return
    else:
        await context.act(describe, data.ticket_id, reason=data.reason)
    title = found.title(context.renderer.locale)
    await context.toast("reason", number=data.ticket_id, reason=title)
