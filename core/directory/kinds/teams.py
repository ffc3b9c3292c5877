"""Teams: titles, support levels, groups of their own, members."""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Final, Self, cast

from pydantic import AfterValidator, Field, PlainValidator
from pydantic import WithJsonSchema as Json
from sqlalchemy import delete, func, select

from core.addresses import TELEGRAM, Address
from core.delivery.card_updates import move_card
from core.delivery.linked_chats import OperatorChats, operator_chat_of
from core.directory.faults import Problem, refusal
from core.directory.fields import AsPeopleSay, Code, Titles, one_of
from core.directory.schema import Directory, DirectoryEntry
from core.models import ContactPoint, Team, TeamMember, Ticket, TicketTeam
from core.people.identity import Sender, find_by_address, recognise
from core.teams.auto_assignment import CHOICES
from core.teams.teams import HIGHEST, Teams, teams_of
from core.tx import ReadTx, Tx

_NAME: Final = re.compile(r"@?\w{1,64}", re.ASCII)
_IN_TELEGRAM: Final = ContactPoint.kind == TELEGRAM
# Telegram promises that its ids have at most so many bits.
_LARGEST_ID: Final = 2**52


def _read_member(value: Any) -> int | str:
    if isinstance(value, str) and _NAME.fullmatch(value):
        return value
    is_id = isinstance(value, int) and not isinstance(value, bool)
    if not is_id or not 0 < value <= _LARGEST_ID:
        raise refusal("member", value)
    return cast("int", value)


def _check_members(members: list[int | str]) -> list[int | str]:
    seen = set()
    for member in members:
        known = str(member).removeprefix("@").lower()
        if known in seen:
            raise refusal("member_twice", member)
        seen.add(known)
    return members


def _check_chat(chat: int) -> int:
    if not -_LARGEST_ID <= chat < 0:
        raise refusal("not_a_group", chat)
    return chat


Member = Annotated[
    int | str,
    PlainValidator(_read_member),
    Json({"type": ["integer", "string"], "examples": ["@olga", 123456789]}),
    AsPeopleSay("member"),
]


class TeamEntry(DirectoryEntry):
    """A team with all its members. ``chat``: a group of its own; cards of its open tickets move
    there.
    """

    name = "team"
    caches: ClassVar[tuple[type, ...]] = (Teams, OperatorChats)

    code: Code
    titles: Titles
    level: Annotated[int, Field(ge=1, le=HIGHEST)] = 1
    chat: Annotated[int, AfterValidator(_check_chat)] | None = None
    members: Annotated[list[Member], AfterValidator(_check_members)] = Field(default_factory=list)
    auto_assign: Annotated[str, *one_of(CHOICES)] | None = None
    active: bool = True

    @classmethod
    async def load(cls, tx: ReadTx) -> Sequence[Self]:
        """The first level first."""
        members = await _members(tx)
        return [
            cls.stored(
                code=row.code,
                titles=row.titles,
                level=row.level,
                chat=None if row.chat is None else int(row.chat.chat),
                members=members.get(row.code, []),
                auto_assign=row.auto_assign,
                active=row.active,
            )
            for row in await tx.all(select(Team).order_by(Team.level, Team.code))
        ]

    async def check(self, tx: ReadTx, directory: Directory) -> list[Problem]:
        """Members are people whom we know; the group is nobody else's."""
        return [*self._check_group(directory), *await self._check_people(tx)]

    def _group(self) -> Address | None:
        return None if self.chat is None else Address(TELEGRAM, str(self.chat))

    def _check_group(self, directory: Directory) -> list[Problem]:
        company = directory.company
        if self.chat is None:
            return []
        if self._group() in {company.operators_chat, company.alerts_chat}:
            return [Problem(("chat",), "directory_file.fault.companys_group")]
        if holder := self._holder(directory):
            return [Problem(("chat",), "directory_file.fault.others_group", {"value": holder})]
        return []

    def _holder(self, directory: Directory) -> str | None:
        """Another team that has this group, or will not have left it when this one is put."""
        written = list(directory.put.get(self.name, {}))
        before = written[: written.index(self.code)] if self.code in written else written
        now = cast("Mapping[str, TeamEntry]", directory.stored.get(self.name, {}))
        then = cast("Mapping[str, TeamEntry]", directory.entries(self.name))
        for code, team in then.items():
            stays = code in now and code not in before and now[code].chat == self.chat
            if code != self.code and (team.chat == self.chat or stays):
                return code
        return None

    async def _check_people(self, tx: ReadTx) -> list[Problem]:
        problems, seen = [], set()
        for at, member in enumerate(self.members):
            found = await _addresses_of(tx, member)
            key = "unknown_member" if len(found) != 1 else "member_twice"
            if len(found) != 1 or found[0] in seen:
                facts = {"value": str(member)}
                problems.append(Problem(("members", at), f"directory_file.fault.{key}", facts))
            seen.update(found)
        return problems

    async def put(self, tx: Tx, position: int) -> None:  # noqa: ARG002
        """Who has never been seen becomes known by the id."""
        before = await _open_tickets(tx, self.code)
        row = Team(
            code=self.code,
            titles=self.titles,
            level=self.level,
            chat=self._group(),
            active=self.active,
            auto_assign=self.auto_assign,
        )
        await self.save(tx, row)
        await self._put_members(tx)
        title = (await teams_of(tx))[self.code].title(tx.company.language)
        for ticket, old in before:
            await move_card(tx, ticket, old, title)

    async def _put_members(self, tx: Tx) -> None:
        theirs = TeamMember.team == self.code
        turns = select(TeamMember.person_id, TeamMember.given_at).where(theirs)
        given = {person: at for person, at in await tx.rows(turns)}  # noqa: C416
        await tx.change(delete(TeamMember).where(theirs))
        for member in self.members:
            (address,) = await _addresses_of(tx, member)
            person = await find_by_address(tx, address)
            if person is None:
                person = await recognise(tx, Sender(address, ""))
            at = given.get(person.id)
            await tx.insert(TeamMember(team=self.code, person_id=person.id, given_at=at))


async def _members(tx: ReadTx) -> dict[str, list[int | str]]:
    query = (
        select(TeamMember.team, ContactPoint.handle, ContactPoint.value)
        .join(ContactPoint, ContactPoint.person_id == TeamMember.person_id)
        .where(_IN_TELEGRAM)
        .order_by(ContactPoint.person_id)
    )
    shared = await _shared_names(tx)
    members: dict[str, list[int | str]] = {}
    for team, handle, chat in await tx.rows(query):
        known = f"@{handle}" if handle and handle not in shared else int(chat)
        members.setdefault(team, []).append(known)
    return members


async def _shared_names(tx: ReadTx) -> set[str | None]:
    """Names that several people have had, in data of releases before: they say nobody."""
    handle = ContactPoint.handle
    query = select(handle).where(_IN_TELEGRAM).group_by(handle).having(func.count() > 1)
    return set(await tx.all(query))


async def _addresses_of(tx: ReadTx, member: int | str) -> list[Address]:
    """Where somebody writes from who is written by their id, or by the name that Telegram knows."""
    if isinstance(member, int):
        return [Address(TELEGRAM, str(member))]
    handle = member.removeprefix("@").lower()
    query = select(ContactPoint.value).where(_IN_TELEGRAM, ContactPoint.handle == handle)
    return [Address(TELEGRAM, chat) for chat in await tx.all(query)]


async def _open_tickets(tx: Tx, team: str) -> list[tuple[Ticket, Address | None]]:
    """The team's tickets that have not ended, and the chat of each."""
    query = (
        select(Ticket)
        .join(TicketTeam, TicketTeam.ticket_id == Ticket.id)
        .where(TicketTeam.team == team, Ticket.closed_at.is_(None))
        .order_by(Ticket.id)
        .with_for_update(of=Ticket, key_share=True)
    )
    return [(ticket, await operator_chat_of(tx, ticket.id)) for ticket in await tx.all(query)]
