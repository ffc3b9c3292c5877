"""The work behind a ticket as its card shows it: with which team it is, which tasks are open."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select

from core.models import Person, Task, Team, TicketTeam
from core.models.tasks import IS_OPEN
from core.tx import Look

_TEAM: Final = select(TicketTeam.level, Team.titles, Team.code).outerjoin_from(
    TicketTeam, Team, TicketTeam.team == Team.code
)
_TASKS: Final = (
    select(Task.id, Task.kind, Person.name)
    .outerjoin_from(Task, Person, Task.assignee_id == Person.id)
    .where(IS_OPEN)
    .order_by(Task.id)
)


@dataclass(frozen=True, slots=True)
class OpenTask:
    """A task that is not finished; without an ``assignee`` nobody has taken it."""

    id: int
    kind: str
    assignee: str | None


@dataclass(frozen=True, slots=True)
class Behind:
    """``team`` is its title; ``level`` the support level, 1 is the first."""

    team: str | None = None
    level: int = 1
    tasks: tuple[OpenTask, ...] = ()


NOTHING: Final = Behind()


async def work_behind(look: Look, number: int) -> Behind:
    """What stands behind the ticket now."""
    rows = await look.session.execute(_TASKS.where(Task.ticket_id == number))
    tasks = tuple(OpenTask(*row) for row in rows)
    place: Any = (
        await look.session.execute(_TEAM.where(TicketTeam.ticket_id == number))
    ).one_or_none()
    if place is None:
        return Behind(tasks=tasks)
    titles = dict(place.titles or {})
    title = titles.get(look.company.language) or next(iter(titles.values()), place.code)
    return Behind(title, place.level, tasks)
