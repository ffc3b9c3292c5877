"""`/field`: the company's own fields of a ticket (B18)."""

from typing import Any, Final

from channels.telegram.screens.ticket_choices import (
    FieldChoice,
    draw_field_choices,
    draw_fields,
)
from core.errors import NoSuchTicket, Refusal
from core.models import Ticket
from core.texts import Key
from core.tickets.field_edits import choose_value, set_field
from core.tickets.fields import (
    YES_NO,
    Field,
    FieldsMissing,
    Filled,
    fields_of,
    filled_of,
    find_field,
    no_fields,
)
from core.tx import ReadTx
from handlers.telegram.operators.context import CommandContext, OperatorContext

_DONE: Final = "👌"
_CHOSEN: Final = frozenset({"choice", "yes_no"})


async def field(context: CommandContext) -> None:
    """Fill a field; without words show all of them, without a value what one can hold."""
    words = context.command.words
    if not words:
        found = await context.read(_filled, context.number)
        if not found:
            raise await context.read(no_fields, context.number)
        await context.show(draw_fields(context.renderer, context.number, found))
        return
    named, value = await context.read(_named, context.number, words)
    if not value and named.kind in _CHOSEN:
        await context.show(draw_field_choices(context.renderer, context.number, named))
        return
    await context.act(set_field, context.number, words)
    if context.incoming.reply_to is None:
        context.responder.react(context.message, _DONE)


async def _filled(tx: ReadTx, ticket_id: int) -> list[Filled]:
    return await filled_of(tx, await _ticket(tx, ticket_id))


async def _named(tx: ReadTx, ticket_id: int, words: str) -> tuple[Field, str]:
    return await find_field(tx, await _ticket(tx, ticket_id), words)


async def _ticket(tx: ReadTx, ticket_id: int) -> Ticket:
    ticket = await tx.find(Ticket, ticket_id)
    if ticket is None:
        raise NoSuchTicket(ticket_id)
    return ticket


async def ask_missing(context: OperatorContext, missing: FieldsMissing) -> bool:
    """Offer what can be chosen for a field without which the ticket does not end. Returns False
    where it is to be typed.
    """
    chosen = [one for one in missing.fields if one.kind in _CHOSEN]
    if not chosen or len(chosen) < len(missing.fields):
        return False
    for one in chosen:
        await context.show(draw_field_choices(context.renderer, missing.number, one))
    return True


async def on_button(context: Any, data: FieldChoice) -> None:
    """A value was chosen."""
    found = (await context.read(fields_of)).get(data.field)
    choices = () if found is None else found.choices or YES_NO
    if found is None or data.at >= len(choices):
        raise Refusal("refusal.outdated")
    value = choices[data.at]
    await context.act(choose_value, data.ticket_id, data.field, value)
    shown = Key(f"field.{value}") if found.kind == "yes_no" else value
    title = found.title(context.renderer.locale)
    await context.toast("field", number=data.ticket_id, title=title, value=shown)
