"""No actions of operators leave an unanswered ticket in silence (X15), from the tables of moves."""

from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import delete

from core.db import Database
from core.desk import Desk
from core.errors import Refusal
from core.models import Message, Ticket, Timer
from core.sla.answer_clock import unanswered_since
from core.tasks.task_actions import resolve
from core.tickets.catalog import workflow_of
from core.tickets.lifecycle import move, release, take
from core.tickets.next_contact import plan_contact
from core.tickets.sweep import sweep
from core.tx import Actor, ReadTx, Tx
from tests.actions.answer_factories import answers, arrives, fails, last_message, stored, timers_of
from tests.actions.people import opens, operator
from tests.clock import Clock

Act = Callable[[Desk, Actor, int, Clock], Awaitable[Any]]


def _moves(verb: str, hours: int = 0) -> Act:
    async def act(desk: Desk, who: Actor, ticket: int, clock: Clock) -> None:
        until = clock.now + timedelta(hours=hours) if hours else None
        await desk.run_as(who, move, ticket, verb, until=until)

    return act


def _says(*, wait: bool, arrives_there: bool | None) -> Act:
    async def act(desk: Desk, who: Actor, ticket: int, clock: Clock) -> None:
        message = await answers(desk, who, ticket, wait=wait)
        if arrives_there:
            await arrives(desk, message)
        elif arrives_there is False:
            await fails(desk, message)

    return act


def _acts(action: Callable[..., Awaitable[Any]]) -> Act:
    async def act(desk: Desk, who: Actor, ticket: int, clock: Clock) -> None:
        await desk.run_as(who, action, ticket)

    return act


async def _plans(desk: Desk, who: Actor, ticket: int, clock: Clock) -> None:
    await desk.run_as(who, plan_contact, ticket, clock.now + timedelta(hours=1))


async def _sleeps_over(desk: Desk, who: Actor, ticket: int, clock: Clock) -> None:
    clock.move(hours=3)
    await desk.run(sweep)


# Every verb of the table of moves that an operator has, and what else they can do.
ACTIONS: Final[dict[str, Act]] = {
    "take": _acts(take),
    "release": _acts(release),
    "reply": _says(wait=False, arrives_there=True),
    "reply that is on its way": _says(wait=False, arrives_there=None),
    "reply that fails": _says(wait=False, arrives_there=False),
    "wait with a question": _says(wait=True, arrives_there=True),
    "wait with a question that fails": _says(wait=True, arrives_there=False),
    "wait": _moves("wait"),
    "freeze": _moves("freeze"),
    "freeze for two hours": _moves("freeze", 2),
    "unfreeze": _moves("unfreeze"),
    "resolve": _acts(resolve),
    "close": _moves("close"),
    "cancel": _moves("cancel"),
    "reopen": _moves("reopen"),
    "next": _plans,
    "three hours pass": _sleeps_over,
}
OF_OTHERS: Final = frozenset({"hear", "confirm", "dispute", "expire", "wake", "junk"})


async def _is_safe(desk: Desk, ticket_id: int) -> bool:
    """Answered, or a deadline, a next date, an ended state."""

    async def look(tx: ReadTx) -> bool:
        ticket = await tx.get(Ticket, ticket_id)
        state = (await workflow_of(tx)).state(ticket.state)
        if state.final or state.resolution or ticket.answer_due is not None:
            return True
        return await unanswered_since(tx, ticket) is None

    dated = {"wake", "contact", "review", "answer"}
    return await desk.read(look) or bool(dated & await timers_of(desk, ticket_id))


async def _print(desk: Desk, ticket_id: int) -> tuple[Any, ...]:
    """What decides how the ticket can go on."""
    row = await stored(desk, ticket_id)
    message = await last_message(desk, ticket_id)

    async def arrived(tx: ReadTx) -> bool:
        return (await tx.get(Message, message)).delivered_at is not None

    timers = frozenset(await timers_of(desk, ticket_id))
    late = row.answer_due is not None, row.answer_left is not None
    return row.state, timers, late, await desk.read(arrived)


async def _play(desk: Desk, clock: Clock, who: Actor, names: Sequence[str]) -> int | None:
    """Do these with a new ticket; ``None`` if the last is refused."""
    number = (await opens(desk)).id
    for name in names:
        try:
            await ACTIONS[name](desk, who, number, clock)
        except Refusal:
            return None
    return number


async def _forget_timers(tx: Tx) -> None:
    """The sweep has nothing to do with tickets that were looked at."""
    await tx.change(delete(Timer))


def test_every_move_that_an_operator_has_is_among_the_actions() -> None:
    """A new verb is tried, too."""
    from core.tickets.default_workflow import MOVES

    verbs = {move.verb for move in MOVES} - OF_OTHERS
    assert verbs <= set(ACTIONS)


async def test_no_four_actions_of_operators_leave_an_unanswered_ticket_in_silence(
    own_sqlite_url: str, clock: Clock, company: Any
) -> None:
    """Sequences that lead to the same ticket are continued once."""
    from core.subscriptions import SUBSCRIBERS

    database = Database(own_sqlite_url)
    desk = Desk(database, company, SUBSCRIBERS, clock=clock)
    who = await operator(desk)
    seen: set[tuple[Any, ...]] = set()
    ahead: deque[tuple[str, ...]] = deque([()])
    silent = []
    while ahead:
        begun = ahead.popleft()
        for name in ACTIONS:
            names = (*begun, name)
            number = await _play(desk, clock, who, names)
            if number is None:
                continue
            if not await _is_safe(desk, number):
                silent.append(names)
            shape = await _print(desk, number)
            if shape not in seen and len(names) < 4:
                seen.add(shape)
                ahead.append(names)
            await desk.run(_forget_timers)
    await database.close()
    assert len(seen) > 20
    assert silent == []
