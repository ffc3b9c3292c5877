"""Saved lists of open tickets (D2): which tickets, in which order, for whom."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import and_, exists, or_, select

from core.addresses import Address
from core.errors import Refusal
from core.models import Classification, TeamMember, Ticket, TicketTag, TicketTeam, ViewRow
from core.people.identity import find_by_address
from core.tickets.filters import MARKED, ME, NOBODY, Filters, marked
from core.tickets.workflow import RESOLVED
from core.tx import ReadTx

URGENCY: Final = "urgency"
ORDERS: Final = (URGENCY, "newest", "oldest")
ASSIGNEES: Final = ("me", "nobody", "anybody")
_ENDED: Final = "resolved"
MARKERS: Final = (*MARKED, _ENDED)
ROLES: Final = ("operator", "admin")


@dataclass(frozen=True, slots=True)
class View:
    """A saved list. ``conditions`` hold all of them; of a condition's values any."""

    code: str
    titles: Mapping[str, str]
    conditions: Mapping[str, Any]
    order: str
    role: str | None
    team: str | None
    active: bool

    def title(self, language: str) -> str:
        """Return the title in this language, or in another if there is none."""
        return self.titles.get(language) or next(iter(self.titles.values()), self.code)

    @property
    def states(self) -> Sequence[str] | None:
        """Codes of the states whose tickets it has; None: of any."""
        return list(self.conditions.get("states", ())) or None

    @property
    def with_resolved(self) -> bool:
        """Tickets that are resolved and not closed yet are in no list that does not name them."""
        return bool(self.conditions.get("states")) or _ENDED in self._markers

    @property
    def _markers(self) -> Sequence[str]:
        return list(self.conditions.get("markers", ()))

    def marked_by(self, filters: Filters) -> tuple["View", Filters]:
        """Return the list and the filters; what is resolved is marked as what is answered, so that
        a list that has it is narrowed down to both.
        """
        if filters.marker != "answered" or not self.with_resolved:
            return self, filters
        kept = [one for one in self._markers or MARKERS if one in {"answered", _ENDED}]
        if not kept:
            return self, filters
        conditions = {**self.conditions, "markers": kept}
        return replace(self, conditions=conditions), filters.without("marker")

    def excludes(self, filters: Filters, person: int | None) -> bool:
        """Return whether no ticket of the list can be let through; ``person``: who «me» is."""
        given, who = filters.given(), self.conditions.get("assignee")
        if who and filters.assignee and not is_assigned(who, filters.assignee, person):
            return True
        kept = ((one, self.conditions.get(name)) for name, one in _ONE_EACH.items())
        return any(values and one in given and given[one] not in values for one, values in kept)

    def where(self, tx: ReadTx, person: int | None, lead: str = "") -> list[Any]:
        """Return the conditions as SQL, without the states and the one that is called ``lead``;
        ``person``: who «me» is.
        """
        built = [
            build(tx, self.conditions[name])
            for name, build in _CONDITIONS.items()
            if name != lead and self.conditions.get(name)
        ]
        who = self.conditions.get("assignee")
        return [*built, _ASSIGNED[who](person)] if who else built


# A ticket has one of each: what its conditions are called, and the filter of it.
_ONE_EACH: Final = {
    "markers": "marker",
    "states": "state",
    "topics": "topic",
    "teams": "team",
    "priorities": "priority",
}


def is_assigned(who: str, asked: str, person: int | None) -> bool:
    """Return whether tickets of ``who``, one of `ASSIGNEES`, can be those of a filter."""
    if who == "anybody":
        return asked != NOBODY
    return asked in {ME, str(person)} if who == ME else asked == NOBODY


def _marked(tx: ReadTx, wanted: Sequence[str]) -> Any:
    known = {name: and_(*marked(tx, name)) for name in MARKED}
    known[_ENDED] = Ticket.queue_rank == RESOLVED
    return or_(*(known[name] for name in wanted))


def _of_team(_tx: ReadTx, wanted: Sequence[str]) -> Any:
    return exists().where(TicketTeam.ticket_id == Ticket.id, TicketTeam.team.in_(wanted))


def _tagged(_tx: ReadTx, wanted: Sequence[str]) -> Any:
    return exists().where(TicketTag.ticket_id == Ticket.id, TicketTag.tag.in_(wanted))


def _prioritised(_tx: ReadTx, wanted: Sequence[str]) -> Any:
    of_it = Classification.ticket_id == Ticket.id
    return exists().where(of_it, Classification.priority.in_(wanted))


def _older(tx: ReadTx, seconds: int) -> Any:
    return Ticket.opened_at <= tx.now - timedelta(seconds=seconds)


_CONDITIONS: Final[Mapping[str, Callable[[ReadTx, Any], Any]]] = {
    "markers": _marked,
    "topics": lambda _tx, wanted: Ticket.topic.in_(wanted),
    "teams": _of_team,
    "tags": _tagged,
    "priorities": _prioritised,
    "older": _older,
}
_ASSIGNED: Final[Mapping[str, Callable[[int | None], Any]]] = {
    "me": lambda person: Ticket.assignee_id == (person or 0),
    "nobody": lambda _person: Ticket.assignee_id.is_(None),
    "anybody": lambda _person: Ticket.assignee_id.is_not(None),
}


class Views(dict[str, View]):
    """All of them by code, in the order of the directory."""


async def views_of(tx: ReadTx) -> Views:
    """Return the saved lists, cached until the directory changes."""
    return await tx.cached(Views, _read_views)


async def _read_views(tx: ReadTx) -> Views:
    rows = await tx.all(select(ViewRow).order_by(ViewRow.position, ViewRow.code))
    return Views(
        (
            row.code,
            View(row.code, row.titles, row.conditions, row.order, row.role, row.team, row.active),
        )
        for row in rows
    )


async def views_for(tx: ReadTx, asker: Address) -> list[View]:
    """Return the lists that are offered to somebody: for their role, and of their teams."""
    views = [view for view in (await views_of(tx)).values() if view.active]
    if asker in tx.company.admins or not any(view.role or view.team for view in views):
        return views
    person = await find_by_address(tx, asker)
    mine = select(TeamMember.team).where(TeamMember.person_id == (person.id if person else 0))
    teams = {None, *await tx.all(mine)}
    return [view for view in views if view.team in teams and view.role != "admin"]


async def find_view(tx: ReadTx, asker: Address, words: str) -> View | None:
    """Return the list with this code, or whose title begins so, among those for this person."""
    wanted, views = words.casefold(), await views_for(tx, asker)
    for view in views:
        if wanted == view.code:
            return view
    for view in views:
        names = [title.casefold() for title in view.titles.values()]
        if wanted and any(name.startswith(wanted) for name in names):
            return view
    return None


async def open_view(tx: ReadTx, asker: Address, code: str) -> View:
    """Return the list of a button. Raises :class:`Refusal` where it is not theirs, or gone."""
    found = next((view for view in await views_for(tx, asker) if view.code == code), None)
    if found is None:
        raise Refusal("refusal.outdated")
    return found
