"""Operators as those who can be given a ticket: who there is, in which teams, who is on duty."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from core.models import Duty, Person, TeamMember
from core.teams.directory import TeamFacts, Teams, teams_of
from core.tx import Look


@dataclass(frozen=True, slots=True)
class Colleague:
    """An operator. ``teams`` are those that take tickets, the lowest level first."""

    id: int
    telegram_id: int
    name: str
    username: str | None
    on_duty: bool
    teams: tuple[TeamFacts, ...]


async def colleagues_of(look: Look) -> list[Colleague]:
    """All operators who have not left, by name."""
    teams = await teams_of(look)
    rows = await look.session.execute(
        select(Person, Duty.since)
        .outerjoin(Duty, Duty.person_id == Person.id)
        .where(Person.operator_since.is_not(None), Person.operator_left.is_(None))
        .order_by(Person.name, Person.id)
    )
    found = [(person, since is not None) for person, since in rows]
    belonging = await _memberships(look, [person.id for person, _ in found])
    return [
        Colleague(
            person.id,
            person.telegram_id or 0,
            person.name,
            person.username,
            on_duty,
            _sorted(teams, belonging.get(person.id, ())),
        )
        for person, on_duty in found
    ]


async def _memberships(look: Look, people: Sequence[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    query = select(TeamMember.person_id, TeamMember.team).where(TeamMember.person_id.in_(people))
    for person, team in await look.session.execute(query):
        found.setdefault(person, []).append(team)
    return found


def _sorted(teams: Teams, codes: Sequence[str]) -> tuple[TeamFacts, ...]:
    return tuple(team for team in teams.offered if team.code in codes)
