"""Operators, their teams, and who is on duty."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from core.addresses import Address
from core.errors import NotAllowed, NothingToDo
from core.events import DutyBegan, DutyEnded
from core.models import Duty, Person, TeamMember
from core.people.contact_points import handles_of
from core.people.permissions import may
from core.teams.teams import TeamFacts, Teams, teams_of
from core.tx import ReadTx, Tx


async def begin_duty(tx: Tx) -> None:
    """Put the actor on duty. Raises :class:`NothingToDo` if they are already."""
    person = _mine(tx)
    if await tx.find(Duty, person) is not None:
        raise NothingToDo("refusal.on_duty")
    await tx.insert(Duty(person_id=person, since=tx.now))
    tx.emit(DutyBegan(ticket_id=None, person_id=person))


async def end_duty(tx: Tx) -> None:
    """Take the actor off duty. Raises :class:`NothingToDo` if they are not on it."""
    person = _mine(tx)
    row = await tx.find(Duty, person)
    if row is None:
        raise NothingToDo("refusal.off_duty")
    await tx.delete(row)
    tx.emit(DutyEnded(ticket_id=None, person_id=person))


def _mine(tx: Tx) -> int:
    if not may(tx.actor.role, "duty") or tx.actor.person_id is None:
        raise NotAllowed("duty")
    return tx.actor.person_id


@dataclass(frozen=True, slots=True)
class Colleague:
    """An operator. ``teams`` are those that take tickets, the lowest level first."""

    id: int
    address: Address | None
    name: str
    handle: str | None
    on_duty: bool
    teams: tuple[TeamFacts, ...]


async def colleagues_of(tx: ReadTx) -> list[Colleague]:
    """Return all operators who have not left, by name."""
    teams = await teams_of(tx)
    rows = await tx.rows(
        select(Person, Duty.since)
        .outerjoin(Duty, Duty.person_id == Person.id)
        .where(Person.operator_since.is_not(None), Person.operator_left.is_(None))
        .order_by(Person.name, Person.id)
    )
    found = [(person, since is not None) for person, since in rows]
    ids = [person.id for person, _ in found]
    belonging, handles = await _memberships(tx, ids), await handles_of(tx, ids)
    return [
        Colleague(
            person.id,
            person.address,
            person.name,
            handles.get(person.id),
            on_duty,
            _sorted(teams, belonging.get(person.id, ())),
        )
        for person, on_duty in found
    ]


async def _memberships(tx: ReadTx, people: Sequence[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    query = select(TeamMember.person_id, TeamMember.team).where(TeamMember.person_id.in_(people))
    for person, team in await tx.rows(query):
        found.setdefault(person, []).append(team)
    return found


def _sorted(teams: Teams, codes: Sequence[str]) -> tuple[TeamFacts, ...]:
    return tuple(team for team in teams.offered if team.code in codes)
