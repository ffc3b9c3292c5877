"""Why a ticket ended, and how long the work took: `/reason`, `/spent`, and the buttons (B20)."""

from datetime import timedelta
from typing import Any

from channels.telegram.screens.ticket_choices import EndAs, draw_reasons
from core.errors import Refusal, Unreadable
from core.tickets.closing import LONGEST_SPENT, describe
from core.tickets.resolutions import newest_of, reasons_of
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
    row = await context.read(newest_of, context.number)
    if row is None:
        raise Refusal("refusal.not_resolved", number=context.number)
    facts: dict[str, Any] = {"measured": timedelta(seconds=row.measured)}
    facts["spent"] = None if row.spent is None else timedelta(seconds=row.spent)
    key = "operators.spent" if row.spent is None else "operators.spent_corrected"
    await context.say(context.renderer.html(key, number=context.number, **facts))


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
