"""What a rule asks of a ticket, its customer and its camera. Each condition is a line of a table.

Text is compared with globs (`*` and `?`) and with words in any of their forms; there are neither
regular expressions nor expressions. What is not there (no camera, no team) fits nothing.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Final, TypeVar, cast

from sqlalchemy import select
from sqlalchemy.sql.selectable import TypedReturnsRows

from core.models import (
    Account,
    AccountMember,
    Camera,
    Classification,
    Message,
    Person,
    Ticket,
    TicketCamera,
    TicketTeam,
)
from core.tickets.card import tags_of
from core.tickets.fields import texts_by_field
from core.tickets.resolutions import newest_of
from core.tx import ReadTx
from core.words.stems import fold, stems_of

R = TypeVar("R")


@dataclass(slots=True)
class Case:
    """A ticket, and the message that the event is about; the rest is read when it is asked for."""

    tx: ReadTx
    ticket: Ticket
    message_id: int | None = None
    _read: dict[str, Any] = field(default_factory=dict)

    async def text(self) -> str:
        """Return the words of the message, or of the ticket's beginning."""
        if self.message_id is None:
            return self.ticket.opening
        query = select(Message.text).where(Message.id == self.message_id)
        return await self._once("text", query) or ""

    async def kind(self) -> Classification | None:
        """Return service, category and priority, where they are set."""
        of_it = Classification.ticket_id == self.ticket.id
        return await self._once("kind", select(Classification).where(of_it))

    async def team(self) -> str | None:
        """Return the code of its team."""
        of_it = TicketTeam.ticket_id == self.ticket.id
        return await self._once("team", select(TicketTeam.team).where(of_it))

    async def customer(self) -> Person:
        """Return whose ticket it is."""
        return await self.tx.get(Person, self.ticket.customer_id)

    async def account(self) -> str | None:
        """Return the company that the customer belongs to."""
        of_it = AccountMember.person_id == self.ticket.customer_id
        query = select(Account.name).join(AccountMember, AccountMember.account_id == Account.id)
        return await self._once("account", query.where(of_it).limit(1))

    async def camera(self) -> Camera | None:
        """Return the camera that it is about."""
        query = select(Camera).join(TicketCamera, TicketCamera.camera_id == Camera.id)
        return await self._once("camera", query.where(TicketCamera.ticket_id == self.ticket.id))

    async def _once(self, name: str, query: TypedReturnsRows[R]) -> R | None:
        if name not in self._read:
            self._read[name] = await self.tx.first(query)
        return cast("R | None", self._read[name])


async def holds(case: Case, conditions: Mapping[str, Any]) -> bool:
    """Return whether all of them hold; of a condition's values one is enough."""
    for name, wanted in conditions.items():
        if not await CONDITIONS[name](case, wanted):
            return False
    return True


Holds = Callable[[Case, Any], Awaitable[bool]]


async def _words(case: Case, wanted: Sequence[str]) -> bool:
    """One of them, with all of its words, stands in the text."""
    there = stems_of(await case.text())
    return any(stems_of(phrase) <= there for phrase in wanted)


async def _tags(case: Case, wanted: Sequence[str]) -> bool:
    return bool({*wanted} & {*await tags_of(case.tx, case.ticket.id)})


async def _team(case: Case, wanted: Sequence[str]) -> bool:
    return await case.team() in wanted


async def _account(case: Case, wanted: Sequence[str]) -> bool:
    return _like(await case.account(), wanted)


async def _language(case: Case, wanted: Sequence[str]) -> bool:
    return (await case.customer()).language in wanted


async def _unassigned(case: Case, wanted: bool) -> bool:  # noqa: FBT001
    return (case.ticket.assignee_id is None) is wanted


async def _ratings(case: Case, wanted: Sequence[int]) -> bool:
    ending = await newest_of(case.tx, case.ticket.id)
    return ending is not None and ending.rating in wanted


async def _fields(case: Case, wanted: Mapping[str, Sequence[str]]) -> bool:
    """Each of them holds something like one of its values."""
    said = await texts_by_field(case.tx, case.ticket.id)
    return all(_like(said.get(code), values) for code, values in wanted.items())


def _is_field(name: str) -> Holds:
    async def holds(case: Case, wanted: Sequence[str]) -> bool:
        return getattr(case.ticket, name) in wanted

    return holds


def _is_kind(name: str) -> Holds:
    async def holds(case: Case, wanted: Sequence[str]) -> bool:
        return getattr(await case.kind(), name, None) in wanted

    return holds


def _camera_like(name: str) -> Holds:
    async def holds(case: Case, wanted: Sequence[str]) -> bool:
        return _like(getattr(await case.camera(), name, None), wanted)

    return holds


def _like(value: str | None, globs: Sequence[str]) -> bool:
    """Letters in either case; what is not there is like nothing."""
    return value is not None and any(fnmatchcase(fold(value), fold(one)) for one in globs)


CONDITIONS: Final[Mapping[str, Holds]] = {
    "topics": _is_field("topic"),
    "states": _is_field("state"),
    "origins": _is_field("origin"),
    "unassigned": _unassigned,
    "services": _is_kind("service"),
    "categories": _is_kind("category"),
    "priorities": _is_kind("priority"),
    "tags": _tags,
    "teams": _team,
    "words": _words,
    "languages": _language,
    "accounts": _account,
    "cameras": _camera_like("number"),
    "areas": _camera_like("area"),
    "ratings": _ratings,
    "fields": _fields,
}
