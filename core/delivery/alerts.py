"""Alerts and reminders that stand in a chat, and how each of their lines ends (C5, X5).

What was told of a deadline is noted when it has arrived. When the deadline is over, the message is
drawn anew: nobody runs after what a colleague has done.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete, select

from core import events as e
from core.addresses import Address, MessageRef
from core.delivery.channel import Delivery
from core.delivery.digest_lines import LINES, MORE, About, about_ticket
from core.delivery.outbox import row, write
from core.delivery.pacing import Priority
from core.models import Alert, AlertLine, Message, Person, Ticket
from core.subscribers import Subscriber
from core.texts import unpack
from core.tx import ReadTx, Tx

# Which text tells of which deadline.
TOLD: Final[Mapping[str, str]] = {
    "group.reminder": "answer_near",
    "alert.overdue": "answer",
    "group.clock_near.reaction": "reaction_near",
    "group.clock_near.resolution": "resolution_near",
    "alert.clock.reaction": "reaction",
    "alert.clock.resolution": "resolution",
}
DIGESTS: Final = frozenset({"alert.digest", "group.digest"})
_ENDED: Final = frozenset({"resolved", "closed", "cancelled"})
_ANSWERED: Final = _ENDED | {"answered", "waiting", "frozen"}
# What ends a line of a kind.
_ENDS: Final[Mapping[str, frozenset[str]]] = {
    "answer": _ANSWERED,
    "reaction": _ANSWERED | {"taken"},
    "resolution": _ENDED,
    "woke": _ANSWERED,
}
_NEAR: Final = "_near"
# A card and its alert change together: what changes again meanwhile is one edit.
WAIT: Final = 2.0


@dataclass(frozen=True, slots=True)
class AlertEntry:
    """A line of an alert as it is now; ``name`` is who has ended it, if somebody did."""

    ticket_id: int
    kind: str
    deadline: datetime | None
    ended_at: datetime | None
    outcome: str | None
    name: str | None
    about: About

    @property
    def late(self) -> timedelta | None:
        """By how much it ended too late."""
        if self.deadline is None or self.ended_at is None or self.ended_at <= self.deadline:
            return None
        return self.ended_at - self.deadline


@dataclass(frozen=True, slots=True)
class StandingAlert:
    """An alert: where it stands, and its lines."""

    message: MessageRef
    entries: tuple[AlertEntry, ...]
    more: int = 0


async def alert_of(tx: ReadTx, alert_id: int) -> StandingAlert | None:
    """The alert as it should look now."""
    alert = await tx.find(Alert, alert_id)
    if alert is None:
        return None
    query = select(AlertLine, Ticket).join(Ticket, Ticket.id == AlertLine.ticket_id)
    query = query.where(AlertLine.alert_id == alert_id)
    rows = await tx.rows(query.order_by(AlertLine.deadline, AlertLine.ticket_id))
    entries = tuple([await _entry(tx, line, ticket) for line, ticket in rows])
    return StandingAlert(MessageRef(alert.channel, alert.chat, alert.message), entries, alert.more)


async def _entry(tx: ReadTx, line: AlertLine, ticket: Ticket) -> AlertEntry:
    person = None if line.person_id is None else await tx.find(Person, line.person_id)
    return AlertEntry(
        ticket_id=line.ticket_id,
        kind=line.kind,
        deadline=line.deadline,
        ended_at=line.ended_at,
        outcome=line.outcome,
        name=None if person is None else person.name,
        about=await about_ticket(tx, ticket),
    )


class AnyAlert:
    """Whether any line of an alert waits for its end: most of the time there is none."""


_OPEN_LINE: Final = select(AlertLine.alert_id).where(AlertLine.ended_at.is_(None))


async def note_alert(tx: Tx, delivery: Delivery, message: str) -> None:
    """Note what an alert or a reminder, now standing there, tells of."""
    lines = list(_lines(delivery))
    if not lines:
        return
    alert = Alert(
        channel=delivery.channel,
        chat=delivery.address,
        message=message,
        more=int(delivery.facts.get(MORE) or 0),
        created_at=tx.now,
    )
    await tx.insert(alert)
    await tx.insert(
        *(
            AlertLine(alert_id=alert.id, ticket_id=number, kind=kind, deadline=deadline)
            for number, kind, deadline in lines
        )
    )
    tx.invalidate(AnyAlert)


def _lines(delivery: Delivery) -> Iterator[tuple[int, str, datetime | None]]:
    kind, facts = TOLD.get(delivery.key or ""), unpack(dict(delivery.facts))
    if kind is not None and delivery.ticket_id is not None:
        yield delivery.ticket_id, kind, facts.get("deadline") or facts.get("due")
    if delivery.key in DIGESTS:
        for line in facts.get(LINES) or ():
            yield int(line[0]), str(line[1]), line[2]


async def end_lines(tx: Tx, events: Sequence[e.Event]) -> None:
    """End the lines whose deadlines these events have ended, and have their alerts drawn anew."""
    if not await tx.any_row(AnyAlert, _OPEN_LINE):
        return
    for event in events:
        outcome = _outcome(event)
        if outcome is None or event.ticket_id is None:
            continue
        query = select(AlertLine).where(
            AlertLine.ticket_id == event.ticket_id, AlertLine.ended_at.is_(None)
        )
        over = [each for each in await tx.all(query) if outcome in _ends(each.kind)]
        person = await _who(tx, event) if over else None
        for line in over:
            line.ended_at, line.outcome, line.person_id = tx.now, outcome, person
        await _redraw(tx, sorted({line.alert_id for line in over}))


async def forget_alerts(tx: Tx, events: Sequence[e.Event]) -> None:
    """Forget the alerts of groups that have become other chats: nobody can edit them there."""
    for event in events:
        if isinstance(event, e.ChatMoved):
            await _forget(tx, Address.parse(event.old))


async def _forget(tx: Tx, chat: Address) -> None:
    here = select(Alert.id).where(Alert.channel == chat.channel, Alert.chat == chat.chat)
    await tx.change(delete(AlertLine).where(AlertLine.alert_id.in_(here)))
    await tx.change(delete(Alert).where(Alert.channel == chat.channel, Alert.chat == chat.chat))


def _ends(kind: str) -> frozenset[str]:
    return _ENDS.get(kind.removesuffix(_NEAR), frozenset())


def _outcome(event: e.Event) -> str | None:
    match event:
        case e.AnswerDelivered():
            # only the answer that ended the wait
            return "answered" if event.waiting_since is None else None
        case e.TicketTaken():
            return "taken"
        case e.StateEntered() if event.old != event.new:
            return event.category
    return None


async def _who(tx: Tx, event: e.Event) -> int | None:
    if isinstance(event, e.AnswerDelivered):
        return (await tx.get(Message, event.message_id)).author_id
    return tx.actor.person_id


async def _redraw(tx: Tx, alerts: Sequence[int]) -> None:
    rows: list[dict[str, Any]] = []
    for number in alerts:
        alert = await tx.get(Alert, number)
        chat = Address(alert.channel, alert.chat)
        rows.append(
            row(
                tx,
                chat,
                "alert",
                Priority.CARD_REFRESH,
                ordering_key=f"{chat.chat}:alert:{number}",
                facts={"alert": number},
                dedup_key=f"alert:{number}@{chat.chat}",
                wait=WAIT,
            )
        )
    await write(tx, rows)


SUBSCRIBER: Final = Subscriber(
    "alerts", (e.AnswerDelivered, e.TicketTaken, e.StateEntered), end_lines, unless_empty=AnyAlert
)
MOVED: Final = Subscriber("alerts of a group that moved", (e.ChatMoved,), forget_alerts)
