"""What a digest says of each of its tickets: whose it is, what about, where its card is (X5)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from core.delivery.sent_messages import card_place
from core.events import CaughtUp
from core.models import Clock, Person, Ticket, Topic
from core.tx import ReadTx
from core.words.names import clean_name

LINES: Final = "lines"
"""The fact with the lines of a digest: number, kind, deadline, customer, subject, card."""
MORE: Final = "more"
"""The fact with how many tickets have no line in it."""

# So many tickets have a line; more are counted.
MOST: Final = 20
_SUBJECT: Final = 60
LATE: Final = ("answer", "resolution", "reaction")
"""What the alert channel hears of; operators hear of all else. Of two, the first is told."""

Line = tuple[int, str, datetime | None, str, str, str | None]


@dataclass(frozen=True, slots=True)
class About:
    """A ticket in a digest. ``card`` is the reference of its card's message."""

    customer: str
    subject: str
    card: str | None


def tickets_of(event: CaughtUp, *, alerts: bool) -> list[tuple[int, str]]:
    """Return the tickets of a digest that is told without a downtime, each once, with what is told
    of it: to the alert channel what is late, to operators the rest.
    """
    told: dict[int, str] = {}
    for number, kind in event.deadlines:
        if (kind in LATE) is alerts:
            told[number] = min(told.get(number, kind), kind, key=_urgency)
    return list(told.items())


def _urgency(kind: str) -> int:
    return LATE.index(kind) if kind in LATE else len(LATE)


async def lines_of(tx: ReadTx, told: Sequence[tuple[int, str]]) -> list[Line]:
    """Return a line for each of the first `MOST` tickets."""
    lines: list[Line] = []
    for number, kind in told[:MOST]:
        ticket = await tx.get(Ticket, number)
        about, due = await about_ticket(tx, ticket), await _deadline(tx, ticket, kind)
        lines.append((number, kind, due, about.customer, about.subject, about.card))
    return lines


def as_text(lines: Sequence[Line]) -> str:
    """Return the lines as a mail has them."""
    return "\n".join(f"#{line[0]} {line[3]} · {line[4]}" for line in lines)


async def about_ticket(tx: ReadTx, ticket: Ticket) -> About:
    """Return what tells the ticket from others."""
    customer, card = await tx.get(Person, ticket.customer_id), await card_place(tx, ticket.id)
    topic = None if ticket.topic is None else await tx.find(Topic, ticket.topic)
    named = topic is not None and ticket.title in (topic.titles or {}).values()
    subject = ticket.opening if named and ticket.opening else ticket.title
    first = clean_name(subject.strip().split("\n", 1)[0], _SUBJECT)
    return About(customer.name, first, None if card is None else str(card))


async def _deadline(tx: ReadTx, ticket: Ticket, kind: str) -> datetime | None:
    of = kind.removesuffix("_near")
    if of == "answer":
        return ticket.answer_due
    clock = await tx.find(Clock, (ticket.id, of))
    return None if clock is None else clock.due_at
