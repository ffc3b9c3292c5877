"""Teams: titles, support levels, groups of their own, members."""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Final, Self, cast

from pydantic import AfterValidator, Field, PlainValidator
from pydantic import WithJsonSchema as Json
from sqlalchemy import delete, func, select

from core.delivery.card_updates import move_card
from core.delivery.linked_chats import OperatorChats, operator_chat_of
from core.directory.faults import Problem, refusal
from core.directory.fields import Code, Titles
from core.directory.schema import Directory, DirectoryEntry
from core.models import Person, Team, TeamMember, Ticket, TicketTeam
from core.people.identity import NEVER_A_PERSON, Sender, find_by_telegram, recognise
from core.teams.teams import HIGHEST, Teams, teams_of
from core.tx import ReadTx, Tx

_USERNAME: Final = re.compile(r"@?\w{1,64}", re.ASCII)
# Telegram promises that its ids have at most so many bits.
_LARGEST_ID: Final = 2**52


def _read_member(value: Any) -> int | str:
    if isinstance(value, str) and _USERNAME.fullmatch(value):
        return value
    is_id = isinstance(value, int) and not isinstance(value, bool)
    if not is_id or not 0 < value <= _LARGEST_ID or value in NEVER_A_PERSON:
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
                chat=row.chat,
                members=members.get(row.code, []),
                active=row.active,
            )
            for row in await tx.session.scalars(select(Team).order_by(Team.level, Team.code))
        ]

    async def check(self, tx: ReadTx, directory: Directory) -> list[Problem]:
        """Members are people whom we know; the group is nobody else's."""
        return [*self._check_group(directory), *await self._check_people(tx)]

    def _check_group(self, directory: Directory) -> list[Problem]:
        company = directory.company
        if self.chat is None:
            return []
        if self.chat in {company.operators_chat, company.alerts_chat}:
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
            found = await _ids_of(tx, member)
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
            chat=self.chat,
            active=self.active,
        )
        await self.save(tx, row)
        await self._put_members(tx)
        title = (await teams_of(tx))[self.code].title(tx.company.language)
        for ticket, old in before:
            await move_card(tx, ticket, old, title)

    async def _put_members(self, tx: Tx) -> None:
        await tx.session.execute(delete(TeamMember).where(TeamMember.team == self.code))
        for member in self.members:
            (telegram_id,) = await _ids_of(tx, member)
            person = await find_by_telegram(tx, telegram_id)
            if person is None:
                person = await recognise(tx, Sender(telegram_id, ""))
            tx.session.add(TeamMember(team=self.code, person_id=person.id))
        await tx.session.flush()


async def _members(tx: ReadTx) -> dict[str, list[int | str]]:
    query = (
        select(TeamMember.team, Person.username, Person.telegram_id)
        .join(Person, TeamMember.person_id == Person.id)
        .order_by(Person.id)
    )
    shared = await _shared_names(tx)
    members: dict[str, list[int | str]] = {}
    for team, username, telegram_id in await tx.session.execute(query):
        named = username and username.lower() not in shared
        known = f"@{username}" if named else int(telegram_id or 0)
        members.setdefault(team, []).append(known)
    return members


async def _shared_names(tx: ReadTx) -> set[str | None]:
    """Names that several people have had: they say nobody."""
    name = func.lower(Person.username)
    query = select(name).group_by(name).having(func.count() > 1)
    return set(await tx.session.scalars(query))


async def _ids_of(tx: ReadTx, member: int | str) -> list[int]:
    """The Telegram ids of somebody written by it, or by the name that Telegram knows."""
    if isinstance(member, int):
        return [member]
    name = member.removeprefix("@").lower()
    query = select(Person.telegram_id).where(func.lower(Person.username) == name)
    return [known for known in await tx.session.scalars(query) if known is not None]


async def _open_tickets(tx: Tx, team: str) -> list[tuple[Ticket, int | None]]:
    """The team's tickets that have not ended, and the chat of each."""
    query = (
        select(Ticket)
        .join(TicketTeam, TicketTeam.ticket_id == Ticket.id)
        .where(TicketTeam.team == team, Ticket.closed_at.is_(None))
        .order_by(Ticket.id)
        .with_for_update(of=Ticket)
    )
    return [
        (ticket, await operator_chat_of(tx, ticket.id))
        for ticket in await tx.session.scalars(query)
    ]
