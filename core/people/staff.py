"""Operators are the members of the operator group: who works, and who no longer does (G1, S1).

Whoever is let in here is the reader of what is read for them (`ReadTx.shows`, S36).
"""

from collections.abc import Awaitable, Callable
from typing import Concatenate, ParamSpec, TypeVar

from core.addresses import Address
from core.errors import NotAllowed
from core.models import Person
from core.people.identity import Sender, arrive, find_by_address
from core.people.operator_ids import OperatorIds, works_here
from core.tx import ReadTx, Tx

P = ParamSpec("P")
R = TypeVar("R")


async def by_operator(
    tx: Tx,
    sender: Sender,
    action: Callable[Concatenate[Tx, P], Awaitable[R]],
    /,
    *args: P.args,
    **options: P.kwargs,
) -> R:
    """Run an action for somebody who acts in the operator group.

    Raises :class:`NotAllowed` for those who have left it, until they join again.
    """
    person = await arrive(tx, sender, "operator")
    if person.operator_left is not None:
        raise NotAllowed("work")
    if person.operator_since is None:
        person.operator_since = tx.now
        tx.invalidate(OperatorIds)
    tx.reader = str(sender.address)
    return await action(tx, *args, **options)


async def for_operator(
    tx: ReadTx,
    sender: Sender,
    query: Callable[Concatenate[ReadTx, P], Awaitable[R]],
    /,
    *args: P.args,
    **options: P.kwargs,
) -> R:
    """Let somebody in the operator group look. Raises :class:`NotAllowed` as `by_operator` does."""
    person = await find_by_address(tx, sender.address)
    if person is not None and person.operator_left is not None:
        raise NotAllowed("look")
    tx.reader = str(sender.address)
    return await query(tx, *args, **options)


async def enrol(tx: Tx) -> None:
    """Nothing but to be seen at work: whoever acts in the group is an operator (`by_operator`)."""
    del tx


async def as_staff(
    tx: Tx,
    sender: Sender,
    action: Callable[Concatenate[Tx, P], Awaitable[R]],
    /,
    *args: P.args,
    **options: P.kwargs,
) -> R:
    """Run an action for somebody who works here but acts elsewhere, in private: nobody becomes an
    operator by it. Raises :class:`NotAllowed` for all others.
    """
    if not await works_here(tx, sender.address):
        raise NotAllowed("work")
    await arrive(tx, sender, "operator")
    tx.reader = str(sender.address)
    return await action(tx, *args, **options)


async def for_worker(
    tx: ReadTx,
    sender: Sender,
    query: Callable[Concatenate[ReadTx, P], Awaitable[R]],
    /,
    *args: P.args,
    **options: P.kwargs,
) -> R:
    """Let somebody look who works here, wherever. Raises :class:`NotAllowed` for all others."""
    if not await works_here(tx, sender.address):
        raise NotAllowed("look")
    tx.reader = str(sender.address)
    return await query(tx, *args, **options)


async def for_admin(
    tx: ReadTx,
    sender: Sender,
    query: Callable[Concatenate[ReadTx, P], Awaitable[R]],
    /,
    *args: P.args,
    **options: P.kwargs,
) -> R:
    """Let an admin look. Raises :class:`NotAllowed` for everybody else."""
    if sender.address not in tx.company.admins:
        raise NotAllowed("report")
    tx.reader = str(sender.address)
    return await query(tx, *args, **options)


async def as_admin(
    tx: Tx,
    sender: Sender,
    action: Callable[Concatenate[Tx, P], Awaitable[R]],
    /,
    *args: P.args,
    **options: P.kwargs,
) -> R:
    """Run an action for an admin. Raises :class:`NotAllowed` for everybody else."""
    if sender.address not in tx.company.admins:
        raise NotAllowed("set_up")
    await arrive(tx, sender, "operator")
    tx.reader = str(sender.address)
    return await action(tx, *args, **options)


async def id_of(tx: ReadTx, address: Address) -> int | None:
    """The person's id with the desk, if they are known."""
    person: Person | None = await find_by_address(tx, address)
    return None if person is None else person.id
