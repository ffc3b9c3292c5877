"""Who is choosing an answer to a ticket just now: its card tells the colleagues for a minute (X6).

Nobody tells the desk who types; whoever opens a canned response or an article does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from core.delivery.card_updates import refresh_cards
from core.delivery.pacing import Priority
from core.models import Person, SystemState, Ticket
from core.tickets.catalog import workflow_of
from core.tx import ReadTx, Tx

SHOWN_FOR: Final = timedelta(minutes=1)
_STATE: Final = "answering"


@dataclass(frozen=True, slots=True)
class Begun:
    """Somebody has begun to answer in a ticket, and it is shown until then."""

    ticket_id: int
    person_id: int
    name: str
    until: datetime


class Answering(tuple[Begun, ...]):
    """All who have begun, whether that is over or not; cached."""

    __slots__ = ()


async def _read(tx: ReadTx) -> Answering:
    row = await tx.find(SystemState, _STATE)
    return Answering(_unpacked(row.value)) if row is not None else Answering()


def _unpacked(value: dict[str, Any]) -> list[Begun]:
    return [
        Begun(ticket, person, name, datetime.fromisoformat(until))
        for ticket, person, name, until in value.get("begun", [])
    ]


async def who_answers(tx: ReadTx, ticket_id: int) -> Sequence[str]:
    """Return the names of those who have begun to answer in the ticket within the last minute."""
    known = await tx.cached(Answering, _read)
    return [one.name for one in known if one.ticket_id == ticket_id and one.until > tx.now]


async def begin_answering(tx: Tx, ticket_id: int) -> str | None:
    """Show on the ticket's card that the actor is about to answer, unless it is theirs anyway.

    Returns the name of the colleague who holds the ticket, if somebody else does.
    """
    ticket, me = await tx.find(Ticket, ticket_id), tx.actor.person_id
    if ticket is None or me is None or ticket.assignee_id == me:
        return None
    if (await workflow_of(tx)).state(ticket.state).final:
        return None
    known = await _held(tx)
    if not any(one.ticket_id == ticket_id and one.person_id == me for one in known):
        begun = Begun(ticket_id, me, tx.actor.name, tx.now + SHOWN_FOR)
        await _store(tx, [*known, begun])
        await _draw(tx, ticket_id)
        # once more when it is over, in a row of its own: a refresh meanwhile does not replace it
        await _draw(tx, ticket_id, wait=SHOWN_FOR.total_seconds(), name=f"answering:{me}")
    holder = ticket.assignee_id
    return None if holder is None else (await tx.get(Person, holder)).name


async def end_answering(tx: Tx, ticket_id: int) -> bool:
    """Show it no longer: the actor has answered, or will not. Returns whether it was shown."""
    if not any(one.ticket_id == ticket_id for one in await tx.cached(Answering, _read)):
        return False
    known, me = await _held(tx), tx.actor.person_id
    left = [one for one in known if (one.ticket_id, one.person_id) != (ticket_id, me)]
    if len(left) == len(known):
        return False
    await _store(tx, left)
    await _draw(tx, ticket_id)
    return True


async def _held(tx: Tx) -> list[Begun]:
    """Return those that are not over, as they are now, locked until the transaction ends."""
    row = await tx.find(SystemState, _STATE, hold=True)
    if row is None:
        return []
    tx.pin([row])
    return [one for one in _unpacked(row.value) if one.until > tx.now]


async def _store(tx: Tx, begun: Sequence[Begun]) -> None:
    packed = [[one.ticket_id, one.person_id, one.name, one.until.isoformat()] for one in begun]
    await tx.put(SystemState(name=_STATE, value={"begun": packed}, at=tx.now))
    await tx.write()
    tx.invalidate(Answering)


async def _draw(tx: Tx, ticket_id: int, *, wait: float = 0.0, name: str = "card") -> None:
    await refresh_cards(tx, [ticket_id], Priority.CARD_REFRESH, wait=wait, name=name)
