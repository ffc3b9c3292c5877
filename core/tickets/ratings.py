"""What customers say of our work (B14): a rating from 1 to 5 once per resolution, and why.

4 and 5 close the ticket, 1 and 2 bring it back to work. Only the ticket's customer rates, within
`RATE_WITHIN` of the resolution, and may choose another rating for `CHANGE_WITHIN`.
"""

from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select

from core.errors import Refusal
from core.events import RatingAsked, RatingExplained, TicketRated, name_of
from core.models import JournalEntry, Person, Resolution, Ticket
from core.people.identity import enter_dialogue
from core.sla import answer_clock
from core.tickets.catalog import answer_span, workflow_of
from core.tickets.field_edits import STEP as FIELDS
from core.tickets.incoming import CONTINUE
from core.tickets.lifecycle import Timers, access, enter, unassign
from core.tickets.resolutions import is_rated_later, newest_of
from core.tickets.workflow import State
from core.tx import ReadTx, Tx
from core.words.ratings import BAD, GOOD, RATINGS, read_rating, verdict_of

RATE_WITHIN: Final = timedelta(days=14)
CHANGE_WITHIN: Final = timedelta(hours=24)
# How long the words that follow are taken for the reason of a rating.
EXPLAIN_WITHIN: Final = timedelta(minutes=15)
LONGEST_COMMENT: Final = 1000
STEP: Final = "rate"


async def rate(tx: Tx, ticket_id: int, value: int) -> Ticket:
    """Keep the customer's rating of the ticket's latest resolution, and do what follows from it.

    Returns the ticket as it is then. Raises :class:`Refusal` where nothing was asked, and when it
    is too late to rate or to change.
    """
    ticket = await access(tx, ticket_id, "rate")
    row = await newest_of(tx, ticket_id, hold=True)
    if row is None or not row.asked or value not in RATINGS:
        raise Refusal("refusal.outdated")
    _demand_time(tx, row)
    await _keep(tx, ticket, row, value, said=False)
    return ticket


async def can_be_rated(tx: ReadTx, ticket_id: int) -> bool:
    """Return whether the work on the ticket is done, and its customer may rate it still."""
    ticket = await tx.get(Ticket, ticket_id)
    state = (await workflow_of(tx)).state(ticket.state)
    return state.ends_work and await is_rated_later(tx, ticket_id)


async def is_late_rating(tx: ReadTx, ticket_id: int, words: str) -> bool:
    """Return whether words after the end are the rating that was asked for, and is owed still."""
    if read_rating(words) is None:
        return False
    row = await newest_of(tx, ticket_id)
    asked = row is not None and row.asked and row.rating is None
    return asked and row is not None and tx.now - row.at <= RATE_WITHIN


async def find_to_rate(tx: ReadTx, person_id: int, words: str) -> Ticket | None:
    """Return the person's ended ticket that the words rate: the latest that was asked about."""
    if read_rating(words) is None:
        return None
    query = (
        select(Ticket)
        .join(Resolution, Resolution.ticket_id == Ticket.id)
        .where(
            Ticket.customer_id == person_id,
            Ticket.closed_at.is_not(None),
            Resolution.asked.is_(True),
            Resolution.at >= tx.now - RATE_WITHIN,
        )
        .order_by(Resolution.at.desc(), Ticket.id.desc())
        .limit(1)
    )
    found = await tx.first(query)
    return found if found and await is_late_rating(tx, found.id, words) else None


async def rate_in_words(tx: Tx, person: Person, ticket: Ticket, words: str) -> None:
    """Keep the rating that a message of the ticket is; what the person says next is of it."""
    row, value = await newest_of(tx, ticket.id, hold=True), read_rating(words) or 0
    if row is not None:
        await _keep(tx, ticket, row, value, said=True)
        expect_words(tx, person, ticket.id, value)


async def _keep(tx: Tx, ticket: Ticket, row: Resolution, value: int, *, said: bool) -> None:
    tx.pin([row])
    before = row.rating
    if before == value:
        return
    row.rating, row.rated_at = value, row.rated_at or tx.now
    await tx.write()
    tx.emit(
        TicketRated(
            ticket_id=ticket.id,
            resolved_at=row.at,
            assignee_id=row.assignee_id,
            value=value,
            before=before,
            said=said,
        )
    )
    await _follow(tx, ticket, row)


def _demand_time(tx: Tx, row: Resolution) -> None:
    if row.rated_at is None and tx.now - row.at > RATE_WITHIN:
        raise Refusal("refusal.rating_late")
    if row.rated_at is not None and tx.now - row.rated_at > CHANGE_WITHIN:
        raise Refusal("refusal.rating_kept")


async def _follow(tx: Tx, ticket: Ticket, row: Resolution) -> None:
    """A good rating closes what is resolved, and what a worse one had reopened and nobody has
    written to since; a bad one brings back what has ended.
    """
    workflow = await workflow_of(tx)
    state, verdict = workflow.state(ticket.state), verdict_of(row.rating or 0)
    verb = None
    if verdict == GOOD:
        verb = "confirm" if state.resolution else _closing(state, row)
    elif verdict == BAD and state.clock == "stops":
        verb = "dispute" if state.resolution else "reopen"
    if verb is None or workflow.move(state.code, verb) is None:
        return
    timers: Timers = {}
    if verdict == BAD:
        unassign(tx, ticket)
        timers = await answer_clock.begin(tx, ticket, tx.now, await answer_span(tx, ticket.topic))
    await enter(tx, ticket, verb, timers=timers, rated=True)


def _closing(state: State, row: Resolution) -> str | None:
    """The customer takes a bad rating back before saying what is wrong."""
    return "close" if state.clock == "runs" and row.comment is None else None


def expect_words(tx: Tx, person: Person, ticket_id: int, value: int) -> None:
    """Let the person's next words be of their rating: the reason of a bad one, which is a message
    of the ticket, too; of another one what neither asks nor complains. What else they are asked
    about goes before that.
    """
    dialogue = _now_in(tx, person)
    step, same = dialogue.get("step"), dialogue.get("ticket") == ticket_id
    until = (tx.now + EXPLAIN_WITHIN).isoformat()
    mine = {"ticket": ticket_id, "until": until}
    if verdict_of(value) == BAD:
        if step != FIELDS or not same:
            enter_dialogue(person, {"step": CONTINUE, **mine, "rates": True})
    elif step == CONTINUE:
        enter_dialogue(person, {**dialogue, "rated": ticket_id})
    elif step in {None, STEP}:
        enter_dialogue(person, {"step": STEP, **mine, "rated": ticket_id})


def _now_in(tx: Tx, person: Person) -> dict[str, Any]:
    """Return the dialogue that the person is in, unless it is over."""
    dialogue = person.dialogue or {}
    until = dialogue.get("until")
    over = until is not None and datetime.fromisoformat(until) < tx.now
    return {} if over else dialogue


async def invite(tx: Tx, person: Person, ticket_id: int) -> None:
    """Take the person's next words for what they have to say of our work."""
    row = await newest_of(tx, ticket_id)
    await access(tx, ticket_id, "rate")
    if row is None or row.rating is None:
        raise Refusal("refusal.outdated")
    until = (tx.now + EXPLAIN_WITHIN).isoformat()
    enter_dialogue(person, {"step": STEP, "ticket": ticket_id, "until": until})


async def explain(tx: Tx, ticket_id: int, words: str, *, aside: bool) -> bool:
    """Keep the words with the rating; ``aside``: they are no message of the ticket, so operators
    are shown them. Returns False where there is no rating to explain.
    """
    row = await newest_of(tx, ticket_id, hold=True)
    if row is None or row.rating is None or not words.strip():
        return False
    tx.pin([row])
    row.comment = words.strip()[:LONGEST_COMMENT]
    await tx.write()
    tx.emit(
        RatingExplained(
            ticket_id=ticket_id,
            resolved_at=row.at,
            value=row.rating,
            comment=row.comment,
            aside=aside,
        )
    )
    return True


async def ask_again(tx: Tx, ticket: Ticket) -> bool:
    """Remind the customer of a resolution that they have said nothing about; once."""
    state = (await workflow_of(tx)).state(ticket.state)
    row = await newest_of(tx, ticket.id)
    if row is None or not row.asked or row.rating is not None or not state.resolution:
        return False
    wait = tx.company.rating_wait
    closes = None if wait is None else row.at + wait
    if closes is not None and closes <= tx.now:
        return False  # it is about to be closed
    tx.emit(RatingAsked(ticket_id=ticket.id, closes=closes))
    return True


def ask_about_words(tx: Tx, ticket: Ticket) -> None:
    """Ask a customer whose words were neither a yes nor a no."""
    tx.emit(RatingAsked(ticket_id=ticket.id, closes=None, unclear=True))


async def was_unclear(tx: ReadTx, ticket: Ticket) -> bool:
    """Return whether the customer was asked about their words since the latest resolution."""
    query = select(JournalEntry.facts).where(
        JournalEntry.ticket_id == ticket.id,
        JournalEntry.event == name_of(RatingAsked),
        JournalEntry.at >= ticket.resolved_at,
    )
    return any(facts.get("unclear") for facts in await tx.all(query))
