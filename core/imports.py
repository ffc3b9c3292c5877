"""The tables that admins bring, from the command line and the chat: cameras, accounts, contracts.

A kind is a row of `KINDS`: what its file looks like, and how what is known is brought in line.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from core.contacts import account_import
from core.equipment import camera_import
from core.equipment.csv_file import CAMERAS
from core.sheets.plan import Plan
from core.sheets.sheet import Sheet
from core.tx import ReadTx, Tx


@dataclass(frozen=True, slots=True)
class ImportKind:
    """A kind of table. ``compare`` says what a file changes, ``apply`` writes a part of that, and
    ``note`` puts all of it into the journal. ``retires``: what a file does not name can be switched
    off.
    """

    sheet: Sheet[Any]
    compare: Callable[..., Awaitable[Plan[Any]]]
    apply: Callable[[Tx, Plan[Any]], Awaitable[None]]
    note: Callable[[Tx, Plan[Any]], Awaitable[None]]
    retires: bool = False


def _noted(kind: Sheet[Any]) -> Callable[[Tx, Plan[Any]], Awaitable[None]]:
    return partial(account_import.note_import, kind.name)


# The more a file must have, the earlier: every file of contracts could be one of accounts.
KINDS: Final = {
    kind.sheet.name: kind
    for kind in (
        ImportKind(
            CAMERAS,
            camera_import.compare,
            camera_import.apply,
            camera_import.note_import,
            retires=True,
        ),
        ImportKind(
            account_import.CONTRACTS,
            account_import.compare_contracts,
            account_import.apply_contracts,
            _noted(account_import.CONTRACTS),
        ),
        ImportKind(
            account_import.ACCOUNTS,
            account_import.compare_accounts,
            account_import.apply_accounts,
            _noted(account_import.ACCOUNTS),
        ),
    )
}


_OF_CAMERAS: Final = {"number", "name"}


class OtherwiseMeanwhile(Exception):
    """The file would change something else than was shown; nothing was changed."""


def kind_of(head: Sequence[str]) -> ImportKind | None:
    """Return the kind of table that a header is of; ``None``: of none.

    Cameras without their owners are none: «Номер, Название» would make a company of each.
    """
    if set(CAMERAS.columns_of(head)) >= _OF_CAMERAS and not CAMERAS.fits(head):
        return _kind_of(head, besides=account_import.ACCOUNTS.name)
    return _kind_of(head)


def _kind_of(head: Sequence[str], besides: str = "") -> ImportKind | None:
    fitting = (kind for name, kind in KINDS.items() if kind.sheet.fits(head) and name != besides)
    return next(fitting, None)


async def plan_import(
    tx: ReadTx, kind: str, records: Sequence[Any], *, retire: bool = False
) -> Plan[Any]:
    """Return what the records of a file change. ``retire``: what it does not name is switched off,
    where the kind can be. Raises :class:`WrongFile` for what does not go with what is known.
    """
    found = KINDS[kind]
    how = {"deactivate_missing": True} if retire and found.retires else {}
    return await found.compare(tx, records, **how)


async def bring(
    tx: Tx, kind: str, records: Sequence[Any], *, expected: str, retire: bool = False
) -> Plan[Any]:
    """Bring what is known in line with a file, in one step. ``expected``: the digest of the plan
    that was shown. Raises :class:`OtherwiseMeanwhile`, and what :func:`plan_import` does.
    """
    plan = await plan_import(tx, kind, records)
    if plan.digest != expected:
        raise OtherwiseMeanwhile
    if retire:
        plan = await plan_import(tx, kind, records, retire=True)
    for batch in plan.batches():
        await KINDS[kind].apply(tx, batch)
        await asyncio.sleep(0)  # on SQLite nothing else here lets others have the loop
    if plan:
        await KINDS[kind].note(tx, plan)
    await tx.write()
    tx.forget_rows()
    return plan
