"""`/tag` and `/tags`: tags of a ticket, those there are, and what looks like a slip of the pen."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from channels.telegram.screens.screen import Screen
from channels.telegram.screens.tags import UseTag, draw_choice, draw_doubt, draw_tags
from core.directory.tag_edits import rename_tag
from core.errors import Unreadable
from core.tickets.tags import (
    choose_from,
    doubtful,
    find_marked,
    read_tag,
    read_wish,
    replace_tag,
    set_tag,
    tags_in,
    tags_with_titles,
)
from core.tickets.tags import tag as tag_ticket
from handlers.telegram.operators.context import CommandContext, OperatorContext, example


async def tag(context: CommandContext) -> None:
    """Give the ticket tags, or take away those with a minus; without words choose from them."""
    words = context.command.words
    if not words:
        await replace(context, quiet=True).show(await _choice(context, context.number))
        return
    await context.act(tag_ticket, context.number, words)
    context.acknowledge()
    given, _ = read_wish(words)
    await _doubt(context, context.number, given)


async def tags(context: CommandContext) -> None:
    """The tags there are; two words behind it: an admin calls the first like the second."""
    words = context.command.rest.split()
    if not words:
        await context.show(draw_tags(context.renderer, await context.read(tags_with_titles)))
        return
    if len(words) != len(("old", "new")):
        raise Unreadable("operators.malformed", words=words[0][:40], example=example("tags"))
    total = await context.act(rename_tag, *words)
    facts = {"n": total, "old": read_tag(words[0]), "new": read_tag(words[1])}
    await context.say(context.responder.html("operators.tag_renamed", facts))


async def doubt_note(context: OperatorContext, ticket_id: int, text: str) -> None:
    """Ask about the `#words` of a note that look like slips of the pen."""
    if words := tags_in(text):
        await _doubt(context, ticket_id, words)


async def _doubt(context: OperatorContext, ticket_id: int, words: Sequence[str]) -> None:
    renderer, has = context.renderer, frozenset[str]()
    doubts = await context.read(doubtful, ticket_id, words)
    if doubts:
        _, has = await context.read(choose_from, ticket_id)
    for one in doubts:
        screen = draw_doubt(renderer, ticket_id, one, given=one.word in has)
        await replace(context, quiet=True).show(screen)


async def _choice(context: OperatorContext, ticket_id: int) -> Screen:
    offered, has = await context.read(choose_from, ticket_id)
    return draw_choice(context.renderer, ticket_id, offered, has)


async def on_button(context: Any, data: UseTag) -> None:
    """A tag was chosen, or one instead of another."""
    marks = [data.mark, data.instead] if data.instead else [data.mark]
    right, *wrong = await context.read(find_marked, data.ticket_id, marks)
    if wrong:
        await context.act(replace_tag, data.ticket_id, wrong[0], right)
        await _tell(context, "tag_replaced", number=data.ticket_id, old=wrong[0], new=right)
        return
    given = data.step == "give"
    await context.act(set_tag, data.ticket_id, right, given=given)
    await context.toast("tag_given" if given else "tag_taken", number=data.ticket_id, tag=right)
    await context.edit(await _choice(context, data.ticket_id))


async def _tell(context: Any, key: str, **facts: Any) -> None:
    await context.toast(key, **facts)
    await context.edit(Screen(context.renderer.html(f"operators.toast.{key}", **facts)))
