"""Operators are the members of the operator group: who works, and who no longer does (G1, S1)."""

from collections.abc import Awaitable, Callable
from typing import Concatenate, ParamSpec, TypeVar

from core.errors import NotAllowed
from core.models import Person
from core.people.directory import Caller, arrive, find_by_telegram
from core.people.roll import Roll, works_here
from core.tx import Look, Tx

P = ParamSpec("P")
R = TypeVar("R")


async def by_operator(
    tx: Tx,
    caller: Caller,
    action: Callable[Concatenate[Tx, P], Awaitable[R]],
    /,
    *args: P.args,
    **options: P.kwargs,
) -> R:
    """Run an action for somebody who acts in the operator group.

    Raises :class:`NotAllowed` for those who have left it, until they join again.
    """
    person = await arrive(tx, caller, "operator")
    if person.operator_left is not None:
        raise NotAllowed("work")
    if person.operator_since is None:
        person.operator_since = tx.now
        tx.forget(Roll)
    return await action(tx, *args, **options)


async def for_operator(
    look: Look,
    caller: Caller,
    query: Callable[Concatenate[Look, P], Awaitable[R]],
    /,
    *args: P.args,
    **options: P.kwargs,
) -> R:
    """Let somebody in the operator group look. Raises :class:`NotAllowed` as `by_operator` does."""
    person = await find_by_telegram(look, caller.telegram_id)
    if person is not None and person.operator_left is not None:
        raise NotAllowed("look")
    return await query(look, *args, **options)


async def enrol(tx: Tx) -> None:
    """Nothing but to be seen at work: whoever acts in the group is an operator (`by_operator`)."""
    del tx


async def at_the_desk(
    tx: Tx,
    caller: Caller,
    action: Callable[Concatenate[Tx, P], Awaitable[R]],
    /,
    *args: P.args,
    **options: P.kwargs,
) -> R:
    """Run an action for somebody who works here but acts elsewhere, in private: nobody becomes an
    operator by it. Raises :class:`NotAllowed` for all others.
    """
    if not await works_here(tx, caller.telegram_id):
        raise NotAllowed("work")
    await arrive(tx, caller, "operator")
    return await action(tx, *args, **options)


async def for_worker(
    look: Look,
    caller: Caller,
    query: Callable[Concatenate[Look, P], Awaitable[R]],
    /,
    *args: P.args,
    **options: P.kwargs,
) -> R:
    """Let somebody look who works here, wherever. Raises :class:`NotAllowed` for all others."""
    if not await works_here(look, caller.telegram_id):
        raise NotAllowed("look")
    return await query(look, *args, **options)


async def for_admin(
    look: Look,
    caller: Caller,
    query: Callable[Concatenate[Look, P], Awaitable[R]],
    /,
    *args: P.args,
    **options: P.kwargs,
) -> R:
    """Let an admin look. Raises :class:`NotAllowed` for everybody else."""
    if caller.telegram_id not in look.company.admins:
        raise NotAllowed("report")
    return await query(look, *args, **options)


async def id_of(look: Look, telegram_id: int) -> int | None:
    """The person's id with the desk, if they are known."""
    person: Person | None = await find_by_telegram(look, telegram_id)
    return None if person is None else person.id
