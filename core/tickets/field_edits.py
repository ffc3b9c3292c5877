"""Fills the company's own fields of a ticket: operators do, and customers when asked (B18)."""

from datetime import timedelta
from typing import Final

from sqlalchemy import delete

from core.db import insert_or
from core.errors import NothingToDo, Refusal, Unreadable
from core.events import FieldAsked, FieldSet
from core.models import Person, Ticket, TicketField
from core.people.identity import enter_dialogue
from core.tickets.fields import (
    EMPTY,
    OPENING,
    Field,
    fields_of,
    filled_of,
    find_field,
    missing_of,
    read_value,
    searched,
    show_value,
    values_of,
)
from core.tickets.lifecycle import access
from core.tx import Tx
from core.words.short_answers import Meaning, meaning_of

STEP: Final = "fields"
# How long the customer's next words are taken for the answer.
ANSWER_WITHIN: Final = timedelta(hours=1)


async def set_field(tx: Tx, ticket_id: int, words: str) -> Field:
    """Fill the field that the words begin with, or empty it where a dash follows.

    Raises :class:`Unreadable` for an unknown field or an unfit value, :class:`NothingToDo`.
    """
    ticket = await access(tx, ticket_id, "field")
    field, said = await find_field(tx, ticket, words)
    await _set(tx, ticket, field, None if said.strip() in EMPTY else said)
    return field


async def choose_value(tx: Tx, ticket_id: int, code: str, words: str) -> Field:
    """Fill the field with this code. Raises as `set_field` does."""
    ticket = await access(tx, ticket_id, "field")
    field = (await fields_of(tx)).get(code)
    if field is None or not field.active:
        raise Refusal("refusal.outdated")
    await _set(tx, ticket, field, words)
    return field


async def fill_field(tx: Tx, ticket: Ticket, code: str, words: str) -> bool:
    """Let the desk fill a field, or empty it by a dash. Returns False where the ticket has no such
    field, or holds it already. Raises :class:`Unreadable` for an unfit value.
    """
    found = (one for one in await filled_of(tx, ticket) if one.field.code == code)
    filled = next(found, None)
    if filled is None or not filled.field.active:
        return False
    value = None if words in EMPTY else await read_value(tx, filled.field, words)
    return await put_value(tx, ticket.id, filled.field, value)


async def _set(tx: Tx, ticket: Ticket, field: Field, words: str | None) -> None:
    value = None if words is None else await read_value(tx, field, words)
    if not await put_value(tx, ticket.id, field, value):
        raise NothingToDo("refusal.same_field", number=ticket.id)


async def put_value(tx: Tx, ticket_id: int, field: Field, value: str | None) -> bool:
    """Keep a value that was read, ``None``: none. Returns False if it is so already."""
    old = (await values_of(tx, ticket_id)).get(field.code)
    if old == value:
        return False
    key = {"ticket_id": ticket_id, "field": field.code}
    if value is None:
        await tx.change(delete(TicketField).filter_by(**key))
    else:
        insert = insert_or(tx.session, TicketField).values(**key, value=value)
        kept = insert.on_conflict_do_update(index_elements=list(key), set_={"value": value})
        await tx.change(kept)
    before, after = await _words(tx, field, old), await _words(tx, field, value)
    tx.emit(FieldSet(ticket_id=ticket_id, field=field.code, value=value, shown=after, old=before))
    return True


async def _words(tx: Tx, field: Field, value: str | None) -> str:
    if value is None:
        return ""
    shown = await show_value(tx, field, value)
    return searched(field, value, shown) or value


# Asked of the customer


async def ask_next(tx: Tx, person: Person, ticket: Ticket, skipped: tuple[str, ...] = ()) -> bool:
    """Ask the customer for the next field that a new ticket must have. Returns whether there is
    one; their next words answer it.
    """
    missing = [one for one in await missing_of(tx, ticket, OPENING) if one.code not in skipped]
    if not missing:
        return False
    await ask_for(tx, person, ticket, missing[0], skipped)
    return True


async def ask_for(
    tx: Tx,
    person: Person,
    ticket: Ticket,
    field: Field,
    skipped: tuple[str, ...] = (),
    *,
    again: bool = False,
    politely: bool = False,
) -> None:
    """Ask for this field; ``again``: the words before did not fit it; ``politely``: they were
    thanks, and it is asked over this once.
    """
    enter_dialogue(
        person,
        {
            "step": STEP,
            "ticket": ticket.id,
            "field": field.code,
            "skipped": list(skipped),
            "until": (tx.now + ANSWER_WITHIN).isoformat(),
        }
        | ({"politely": True} if politely else {}),
    )
    tx.emit(
        FieldAsked(
            ticket_id=ticket.id,
            field=field.code,
            asked=field.title(person.language),
            field_kind=field.kind,
            options=field.choices,
            again=again,
        )
    )


async def answer(tx: Tx, person: Person, ticket: Ticket, words: str) -> bool:
    """Take the customer's words for what they were asked for, and ask on. Returns False where they
    do not fit: it is asked again, and after thanks alone once.
    """
    dialogue = person.dialogue or {}
    field = (await fields_of(tx)).get(dialogue["field"])
    skipped = tuple(dialogue.get("skipped", ()))
    if field is None or not field.active:
        return await _ask_on(tx, person, ticket, skipped, fits=False)
    polite = meaning_of(words) is Meaning.THANKS
    try:
        value = None if polite and field.is_free else await read_value(tx, field, words)
    except Unreadable:
        value = None
    if value is None:
        if not (polite and dialogue.get("politely")):
            await ask_for(tx, person, ticket, field, skipped, again=not polite, politely=polite)
        return False
    await put_value(tx, ticket.id, field, value)
    return await _ask_on(tx, person, ticket, skipped, fits=True)


async def _ask_on(
    tx: Tx, person: Person, ticket: Ticket, skipped: tuple[str, ...], *, fits: bool
) -> bool:
    if not await ask_next(tx, person, ticket, skipped):
        enter_dialogue(person, None)
    return fits


async def press_answer(
    tx: Tx, person: Person, ticket_id: int, code: str, choice: str | None
) -> tuple[Field, Ticket]:
    """Take the value of a button, or none where it is passed over, and ask on.

    Raises :class:`Refusal` where that was not asked, or something stands there already.
    """
    ticket = await access(tx, ticket_id, "answer_field")
    field = (await fields_of(tx)).get(code)
    if field is None or field.required != OPENING or code in await values_of(tx, ticket_id):
        raise Refusal("refusal.outdated")
    dialogue = person.dialogue or {}
    mine = dialogue.get("step") == STEP and dialogue.get("ticket") == ticket_id
    skipped = tuple(dialogue.get("skipped", ())) if mine else ()
    if choice is None:
        skipped = (*skipped, code)
    else:
        await put_value(tx, ticket_id, field, await read_value(tx, field, choice))
    await _ask_on(tx, person, ticket, skipped, fits=True)
    return field, ticket
