"""What can be chosen for a field: entries of another kind, colleagues, states, accounts (X12)."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import select

from core.directory.fields import DAYS
from core.directory.kinds import KINDS
from core.directory.kinds.responses import VERBS
from core.directory.kinds.setting_types import LANGUAGES
from core.directory.kinds.tickets import TopicEntry
from core.directory.schema import DirectoryEntry
from core.directory.shapes import Shape
from core.directory.spoken import Source
from core.equipment.faults import TOPIC as FAULTS
from core.models import Account
from core.teams.members import Colleague, colleagues_of
from core.tickets.catalog import workflow_of
from core.tx import ReadTx

MARK: Final = 8
_MOST_ACCOUNTS: Final = 60
_BY_NAME: Final = {kind.name: kind for kind in KINDS}


@dataclass(frozen=True, slots=True)
class Choice:
    """A value that can be chosen. ``title``: what the company calls it; None: the desk has a word
    for it. ``offered``: it can be chosen now. ``by_menu``: it is not, since a button of the
    customer's menu opens it, and nobody has switched it off.
    """

    value: Any
    title: str | None = None
    offered: bool = True
    by_menu: bool = False

    @property
    def mark(self) -> str:
        """Return what a button carries of it."""
        return mark_of(self.value)


def mark_of(value: Any) -> str:
    """Return what tells a value from the others of its list in few signs."""
    return sha256(repr(value).encode()).hexdigest()[:MARK]


Choices = dict[Source, Sequence[Choice]]


async def choices_for(tx: ReadTx, shapes: Iterable[Shape]) -> Choices:
    """Return what there is to choose from for these shapes and those inside of them, by source."""
    found: Choices = {}
    for shape in (inner for one in shapes for inner in one.inner()):
        source = shape.source
        if source is not None and source not in found:
            found[source] = await _FROM[source[0]](tx, source)
    return found


async def _entries(tx: ReadTx, source: Source) -> Sequence[Choice]:
    entries = await _BY_NAME[source[1]].load(tx)
    return [_choice(one, tx.company.language) for one in entries]


def _choice(entry: DirectoryEntry, language: str) -> Choice:
    key, active = entry.key_value, getattr(entry, "active", True)
    by_menu = opened_by_menu(entry.name, key, active=active)
    return Choice(key, title_of(entry, language), active, by_menu)


def opened_by_menu(kind: str, key: str, *, active: bool | None) -> bool:
    """Return whether it is off among its like because a button of the menu opens it."""
    return (kind, key, active) == (TopicEntry.name, FAULTS, False)


def title_of(entry: DirectoryEntry, language: str) -> str:
    """Return what an entry is called in a language, or in another one, or its key."""
    titles: dict[str, str] = getattr(entry, "titles", None) or {}
    own = titles.get(language) or next(iter(titles.values()), getattr(entry, "title", None))
    return own or entry.key_value


async def _words(_tx: ReadTx, source: Source) -> Sequence[Choice]:
    return [Choice(int(one) if one.isdecimal() else one) for one in source[1:]]


async def _colleagues(tx: ReadTx) -> Sequence[Choice]:
    members = [(_member(one), one.name) for one in await colleagues_of(tx)]
    return [Choice(member, name) for member, name in members if member is not None]


def _member(one: Colleague) -> int | str | None:
    """How a team's table names somebody; None for who has no chat."""
    if one.handle:
        return f"@{one.handle}"
    chat = "" if one.address is None else one.address.chat
    return int(chat) if chat.isdecimal() else None


async def _handles(tx: ReadTx) -> Sequence[Choice]:
    return [Choice(f"@{one.handle}", one.name) for one in await colleagues_of(tx) if one.handle]


async def _states(tx: ReadTx) -> Sequence[Choice]:
    state_kind = _BY_NAME["state"]
    own = {one.key_value: one for one in await state_kind.load(tx)}
    return [
        Choice(code, title_of(own[code], tx.company.language) if code in own else None)
        for code in (await workflow_of(tx)).states
    ]


async def _targets(tx: ReadTx) -> Sequence[Choice]:
    entered = (await workflow_of(tx)).entered()
    return [
        *(Choice(verb) for verb in VERBS),
        *(one for one in await _states(tx) if one.value in entered),
    ]


async def _accounts(tx: ReadTx) -> Sequence[Choice]:
    names = await tx.all(select(Account.name).order_by(Account.name).limit(_MOST_ACCOUNTS))
    return [Choice(name, name) for name in names]


async def _languages(_tx: ReadTx) -> Sequence[Choice]:
    return [Choice(one) for one in LANGUAGES]


async def _weekdays(_tx: ReadTx) -> Sequence[Choice]:
    return [Choice(one) for one in DAYS]


async def _none(_tx: ReadTx) -> Sequence[Choice]:
    return ()


_OF_THE_DESK: Final[dict[str, Callable[[ReadTx], Awaitable[Sequence[Choice]]]]] = {
    "member": _colleagues,
    "handle": _handles,
    "state": _states,
    "target": _targets,
    "account": _accounts,
    "language": _languages,
    "weekday": _weekdays,
}


async def _spoken(tx: ReadTx, source: Source) -> Sequence[Choice]:
    """What only can be written has none."""
    return await _OF_THE_DESK.get(source[1], _none)(tx)


_FROM: Final[dict[str, Callable[[ReadTx, Source], Awaitable[Sequence[Choice]]]]] = {
    "kind": _entries,
    "words": _words,
    "spoken": _spoken,
}
