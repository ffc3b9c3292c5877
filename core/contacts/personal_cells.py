"""Which technical data are about a person: cells of their account, its contracts, their cameras.

A company's data are not a person's: of an account with other members those cells are that name
the person, their phone or their address; of one that nobody else belongs to, a household, all are
(S31).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select

from core.models import (
    Account,
    AccountMember,
    Camera,
    CameraOwner,
    ContactPoint,
    Contract,
    Person,
)
from core.tx import ReadTx, Tx
from core.words.contact_values import DETAILS, PHONE

_NO_DIGIT: Final = re.compile(r"\D+")
# Of a phone so many of its last digits are looked for: it is written with +7, with 8, or without.
_DIGITS: Final = 10
# What may stand in an address before its end.
_OF_ADDRESS: Final = r"[\w.+-]"
# Shorter names are parts of other words.
_SHORTEST_NAME: Final = 4


@dataclass(frozen=True, slots=True)
class Marks:
    """By what a cell names a person: words in one case, as a whole, and the last digits of phones.

    «Anna» is not named by «Hanna», nor ``ann@example.org`` by ``joann@example.org``.
    """

    words: frozenset[str]
    digits: frozenset[str]

    def are_in(self, cell: str) -> bool:
        """Return whether the cell names the person."""
        folded, digits = cell.casefold(), _NO_DIGIT.sub("", cell)
        return any(_as_a_whole(word, folded) for word in self.words) or any(
            number in digits for number in self.digits
        )


def _as_a_whole(word: str, cell: str) -> bool:
    """Whether a name or an address stands in a cell, and not within a longer one."""
    before = _OF_ADDRESS if "@" in word else r"\w"
    return word in cell and re.search(rf"(?<!{before}){re.escape(word)}(?!\w)", cell) is not None


@dataclass(frozen=True, slots=True)
class Cells:
    """Cells of one row that are about a person. ``row``: an account, a contract or a camera."""

    row: Any
    cells: Mapping[str, str]


async def find_cells(tx: ReadTx, people: Sequence[int]) -> list[Cells]:
    """Return what is about these people, who are one: account, contracts, cameras, in this order.
    The account is there even if nothing is known of it.
    """
    marks, found = await _marks(tx, people), list[Cells]()
    for account, alone in await _accounts(tx, people):
        found.append(_cells(account, marks, whole=alone))
        contracts = select(Contract).where(Contract.account_id == account.id)
        for contract in await tx.all(contracts.order_by(Contract.number)):
            found.append(_cells(contract, marks, whole=alone))
    found += [_cells(camera, marks, whole=False) for camera in await _cameras(tx, people)]
    return [one for one in found if one.cells or isinstance(one.row, Account)]


async def erase_cells(tx: Tx, people: Sequence[int]) -> None:
    """Erase from technical data what is about these people."""
    for one in await find_cells(tx, people):
        kept = {title: cell for title, cell in one.row.fields.items() if title not in one.cells}
        if len(kept) < len(one.row.fields):
            one.row.fields = kept


def _cells(row: Any, marks: Marks, *, whole: bool) -> Cells:
    cells = {str(title): str(cell) for title, cell in row.fields.items()}
    return Cells(row, {t: cell for t, cell in cells.items() if whole or marks.are_in(cell)})


async def _marks(tx: ReadTx, people: Sequence[int]) -> Marks:
    names = await tx.all(select(Person.name).where(Person.id.in_(people)))
    points = await tx.rows(
        select(ContactPoint.kind, ContactPoint.value).where(
            ContactPoint.person_id.in_(people), ContactPoint.kind.in_(DETAILS)
        )
    )
    words = {name.casefold() for name in names if len(name) >= _SHORTEST_NAME}
    words |= {value.casefold() for kind, value in points if kind != PHONE}
    digits = {_NO_DIGIT.sub("", value)[-_DIGITS:] for kind, value in points if kind == PHONE}
    return Marks(frozenset(words), frozenset(digits))


async def _accounts(tx: ReadTx, people: Sequence[int]) -> list[tuple[Account, bool]]:
    """Their accounts, and whether nobody else belongs to each."""
    member = AccountMember
    theirs = select(member.account_id).where(member.person_id.in_(people))
    found = []
    for account in await tx.all(select(Account).where(Account.id.in_(theirs)).order_by(Account.id)):
        others = select(member.person_id).where(
            member.account_id == account.id, member.person_id.not_in(people)
        )
        found.append((account, await tx.first(others.limit(1)) is None))
    return found


async def _cameras(tx: ReadTx, people: Sequence[int]) -> Sequence[Camera]:
    owned = (
        select(CameraOwner.camera_id)
        .join(
            ContactPoint,
            (ContactPoint.kind == CameraOwner.kind) & (ContactPoint.value == CameraOwner.value),
        )
        .where(ContactPoint.person_id.in_(people))
    )
    return await tx.all(select(Camera).where(Camera.id.in_(owned)).order_by(Camera.number))


def told(found: Sequence[Cells]) -> Iterator[dict[str, Any]]:
    """Yield what is about a person as their document has it."""
    for one in found:
        kind, name = _NAMES[type(one.row)]
        yield {"kind": kind, "name": getattr(one.row, name), "data": dict(one.cells)}


_NAMES: Final[Mapping[type[Any], tuple[str, str]]] = {
    Account: ("account", "name"),
    Contract: ("contract", "number"),
    Camera: ("camera", "number"),
}
