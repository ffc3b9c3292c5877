"""Moving a ticket to a state by its name: what is possible now, and doing it (B1)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from core.errors import MoveRefused, NoSuchTicket, NothingToDo, Refusal, Unreadable
from core.models import Ticket
from core.tickets.catalog import workflow_of
from core.tickets.lifecycle import access, before_move, enter, move, refuse_unless_open
from core.tickets.list_lines import Line
from core.tickets.lists import page_of
from core.tickets.workflow import BY_HAND, SET, State
from core.tx import ReadTx, Tx
from core.words.names import unquoted
from core.words.state_names import former_names


@dataclass(frozen=True, slots=True)
class Ways:
    """The state of a ticket, and the states that somebody may move it to now, each with the verb
    that it counts as. ``known``: all states by code. ``leads``: where a verb alone leads from here;
    another state of the same category is reached by its name only.
    """

    ticket_id: int
    state: State
    ways: Mapping[str, str]
    known: Mapping[str, State]
    leads: Mapping[str, str]

    @property
    def offered(self) -> list[State]:
        """Return them in the order of the directory."""
        return [self.known[code] for code in self.ways]

    def listed(self, language: str) -> list[str]:
        """Return their names."""
        return [state.title(language) for state in self.offered]


async def ways_of(tx: ReadTx, ticket_id: int, role: str) -> Ways:
    """Return where somebody with this role may move the ticket. Raises :class:`NoSuchTicket`."""
    ticket = await tx.find(Ticket, ticket_id)
    if ticket is None:
        raise NoSuchTicket(ticket_id)
    workflow = await workflow_of(tx)
    ways = workflow.ways(ticket.state, role)
    leads = workflow.leads(ticket.state)
    return Ways(ticket_id, workflow.state(ticket.state), ways, workflow.states, leads)


def find_state(ways: Ways, words: str, language: str) -> State:
    """Return the state meant by a code or the beginning of a name, a possible one first.

    Raises :class:`Unreadable` with those that are possible.
    """
    wanted = unquoted(words).casefold()
    possible = [*ways.offered, *(one for one in ways.known.values() if one.active)]
    whole = [one for one in possible if wanted in _names(one)]
    begun = [one for one in possible if any(name.startswith(wanted) for name in _names(one))]
    found = next(iter(whole or begun), None)
    if found is None or not wanted:
        facts = {"words": words[:40], "allowed": ways.listed(language)}
        raise Unreadable("refusal.no_such_state", **facts)
    return found


def _names(state: State) -> list[str]:
    former = former_names(state.code, state.titles)
    return [name.casefold() for name in (state.code, *state.titles.values(), *former)]


# What an admin has written into the directory is an admin's move.
_ROLE_OF_RULES: Final = {"system": "admin"}


async def move_to(tx: Tx, ticket_id: int, code: str, *, reason: str | None = None) -> State:
    """Let an operator move a ticket to a state by its code; returns the state.

    It counts as the verb that leads there, if one does. Raises :class:`MoveRefused`, and
    :class:`Refusal` with what is possible instead.
    """
    ticket = await access(tx, ticket_id, SET)
    ways = await ways_of(tx, ticket_id, _ROLE_OF_RULES.get(tx.actor.role, tx.actor.role))
    new, verb = ways.known.get(code), ways.ways.get(code)
    if new is None or verb is None:
        raise _refused(tx, ways, new)
    timers = await before_move(tx, ticket, ways.state, new)
    return await enter(tx, ticket, verb, to=new, reason=reason, timers=timers)


async def move_by_name(tx: Tx, ticket_id: int, target: str) -> None:
    """Move a ticket by a verb, or to a state by its code. Raises as `move` and `move_to` do."""
    if target in BY_HAND:
        await move(tx, ticket_id, target)
    else:
        await move_to(tx, ticket_id, target)


def _refused(tx: Tx, ways: Ways, new: State | None) -> Refusal:
    if new is None or not ways.ways:
        return MoveRefused(ways.ticket_id, ways.state.category)
    facts = {"number": ways.ticket_id, "state": new.title(tx.company.language)}
    if new.code == ways.state.code:
        return NothingToDo("refusal.same_state", **facts)
    refuse_unless_open(tx, new)
    return Refusal("refusal.no_way", **facts, allowed=ways.listed(tx.company.language))


async def next_after(tx: ReadTx, ticket_id: int) -> Line | None:
    """Return the most urgent other ticket, where this one is in a state that leaves the list."""
    ticket = await tx.find(Ticket, ticket_id)
    if ticket is None or not (await workflow_of(tx)).state(ticket.state).leave_list:
        return None
    page = await page_of(tx, "queue", size=2)
    return next((line for line in page.lines if line.number != ticket_id), None)
