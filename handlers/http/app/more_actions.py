"""Buttons of a ticket's page that change what it is about, its tasks, and what its customer may."""

from datetime import datetime, timedelta
from typing import Final

from core.errors import NothingToDo, Refusal, Unreadable
from core.knowledge.using import link_used, read_article
from core.models import Ticket
from core.people import restrictions
from core.tasks import task_actions
from core.tasks.lists import ended_ids, open_ids
from core.tasks.task_opening import create_task, reopen_task
from core.tickets.closing import LONGEST_SPENT, describe
from core.tickets.field_edits import choose_value, set_field
from core.tickets.fields import Filled, filled_of
from core.tickets.lifecycle import access
from core.tickets.resolutions import reasons_of
from core.tx import ReadTx, Tx
from core.words.when import NotATime, parse_span
from handlers.http.app.given import RESTRICTED, Form, colleague_of, end_of

OWN: Final = "field."
"""A field of the company's own in a form: this, and its code."""


# ---------------------------------------------------------------------------- how it ended


async def closing_of(tx: ReadTx, form: Form) -> str | None:
    """Return the closing reason that was chosen. Raises :class:`Refusal` for one that is none."""
    code = form.get("closing")
    if not code:
        return None
    found = (await reasons_of(tx)).get(code)
    if found is None or not found.active:
        raise Refusal("refusal.outdated")
    return code


async def note_spent(tx: Tx, number: int, form: Form) -> None:
    """Note how long the work took, where that was said: otherwise it is measured."""
    if form.get("spent"):
        await describe(tx, number, spent=_span(form))


async def describe_ending(tx: Tx, number: int, form: Form) -> None:
    """Correct the reason, the time or the article of a ticket that has ended."""
    spent = _span(form) if form.get("spent") else None
    reason, article = await closing_of(tx, form), await _helped(tx, form)
    await describe(tx, number, reason=reason, spent=spent, article=article)
    if article:
        await link_used(tx, number, article)


NONE: Final = "-"
"""Where something is taken away, rather than left as it is."""


async def _helped(tx: ReadTx, form: Form) -> str | None:
    """Return the article that helped; empty: none did; ``None``: it is left as it is."""
    code = form.get("article")
    if code in {"", NONE}:
        return "" if code else None
    return (await read_article(tx, code)).code


def _span(form: Form) -> timedelta:
    try:
        return parse_span(form.get("spent"))
    except NotATime:
        raise Unreadable("refusal.spent_too_long", days=LONGEST_SPENT.days) from None


# ---------------------------------------------------------------------------- its own fields


def typed_of(one: Filled) -> str:
    """Return what stands in the field of a form: as somebody would type it."""
    if one.value is None or one.field.kind in {"date", "choice", "yes_no"}:
        return one.value or ""
    return str(one.shown)


async def fill(tx: Tx, number: int, form: Form) -> None:
    """Fill or empty the fields that were changed."""
    ticket = await access(tx, number, "field")
    changed = [
        (one, said)
        for one in await filled_of(tx, ticket)
        if (said := form.given.get(f"{OWN}{one.field.code}")) is not None
        and said.strip() != typed_of(one)
    ]
    if not changed:
        raise NothingToDo("app.fault.same_fields", number=number)
    for one, said in changed:
        if said.strip():
            await choose_value(tx, number, one.field.code, said)
        else:
            await set_field(tx, number, f"{one.field.code}: -")


# ---------------------------------------------------------------------------- tasks


async def new_task(tx: Tx, number: int, form: Form) -> None:
    """Open a task of the ticket; the words are its title."""
    await create_task(tx, number, form.draft.text.strip())


async def take_task(tx: Tx, number: int, form: Form) -> None:
    """Take a task."""
    await task_actions.take_task(tx, await _task(tx, number, form))


async def finish_task(tx: Tx, number: int, form: Form) -> None:
    """Finish a task; the words are its result."""
    task = await _task(tx, number, form)
    await task_actions.finish_task(tx, task, form.reason, form.incoming(tx))


async def assign_task(tx: Tx, number: int, form: Form) -> None:
    """Give a task to a colleague."""
    task = await _task(tx, number, form)
    await task_actions.assign_task(tx, task, await colleague_of(tx, form.get("whom")))


async def cancel_task(tx: Tx, number: int, form: Form) -> None:
    """Cancel a task; the words say why."""
    task = await _task(tx, number, form)
    await task_actions.cancel_task(tx, task, form.reason, form.incoming(tx))


async def reopen_one(tx: Tx, number: int, form: Form) -> None:
    """Open an ended task of this ticket again; the words say why."""
    for task in await ended_ids(tx, number):
        if str(task) == form.get("task"):
            await reopen_task(tx, task, form.reason, form.incoming(tx))
            return
    raise Refusal("refusal.outdated")


async def _task(tx: ReadTx, number: int, form: Form) -> int:
    """Return the task that is meant: an open one of this very ticket."""
    for task in await open_ids(tx, number):
        if str(task) == form.get("task"):
            return task
    raise Refusal("refusal.outdated")


# ---------------------------------------------------------------------------- the customer


async def mute(tx: Tx, number: int, form: Form) -> None:
    """Keep the customer's messages out of the group for a while (S10)."""
    await _restrict(tx, number, restrictions.MUTE, form)


async def block(tx: Tx, number: int, form: Form) -> None:
    """Take nothing of the customer's for a while (S10)."""
    await _restrict(tx, number, restrictions.BLOCK, form)


async def _restrict(tx: Tx, number: int, kind: str, form: Form) -> None:
    """Both need an end and a reason: whoever reads of it later must understand it."""
    ticket, until = await access(tx, number, "restrict"), _needed(end_of(tx, form, RESTRICTED))
    if form.reason is None:
        raise Unreadable("app.fault.no_reason")
    await restrictions.restrict(tx, ticket.customer_id, kind, until, form.reason)


def _needed(until: datetime | None) -> datetime:
    if until is None:
        raise Unreadable("app.fault.no_date")
    return until


async def unblock(tx: Tx, number: int, _form: Form) -> None:
    """End what the customer is under."""
    ticket: Ticket = await access(tx, number, "restrict")
    await restrictions.lift(tx, ticket.customer_id)
