"""Moving a ticket to a state by its name, and the next ticket after a move (B1)."""

from dataclasses import replace
from typing import Any

from channels.telegram.screens.ticket_choices import MoveTo, draw_states
from core.tickets.named_states import Ways, find_state, move_to, next_after, ways_of
from handlers.telegram.operators import tasks
from handlers.telegram.operators.context import CommandContext, OperatorContext


async def state(context: CommandContext) -> None:
    """Move the ticket to the state that is named, or show which there are."""
    found = await ways(context, context.number)
    name, _, reason = context.command.words.partition(":")
    if not name:
        await context.show(draw_states(context.renderer, found))
        return
    chosen = find_state(found, name, context.responder.locale)
    moved = await _move(context, found, chosen.code, reason.strip() or None)
    if moved and context.incoming.reply_to is None:
        context.responder.react(context.message, "👌")


async def ways(context: OperatorContext, ticket_id: int) -> Ways:
    """Where whoever acts may move the ticket."""
    admin = context.sender.address in context.desk.company.admins
    return await context.read(ways_of, ticket_id, "admin" if admin else "operator")


async def _move(context: OperatorContext, found: Ways, code: str, reason: str | None) -> bool:
    """False: it is asked first what becomes of the ticket's tasks."""
    verb = found.ways.get(code, "")
    if verb in tasks.ENDINGS and found.leads.get(verb) == code:
        return await tasks.ended(context, found.ticket_id, verb, reason=reason)
    if found.known[code].ends_work:
        await tasks.end_asking(context, "close", move_to, found.ticket_id, code, reason=reason)
    else:
        await context.act(move_to, found.ticket_id, code, reason=reason)
    return True


async def on_button(context: Any, data: MoveTo) -> None:
    """A state's button; the state of the ticket may have changed since it was shown."""
    found = await ways(context, data.ticket_id)
    moved = await _move(context, found, data.state, None)
    if not moved:
        await context.toast()
        return
    title = found.known[data.state].title(context.responder.locale)
    await context.toast("set", number=data.ticket_id, state=title)


async def show_next(context: OperatorContext, ticket_id: int) -> None:
    """After a move to a state that leaves the list: the next ticket."""
    line = await context.read(next_after, ticket_id)
    if line is not None:
        facts = {"number": line.number, "title": line.title, "marker": str(line.marker)}
        await replace(context, quiet=True).say(context.renderer.html("states.next", **facts))
