"""The company's teams: titles, support levels, chats, members (E3). Read once and kept.

``put_team`` changes them; it refuses whole what it cannot put as it stands.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import delete, select

from core.delivery.card_updates import move_card
from core.delivery.linked_chats import OperatorChats, operator_chat_of
from core.models import Team, TeamMember, Ticket, TicketTeam
from core.people.identity import NEVER_A_PERSON, Sender, find_by_telegram, recognise
from core.tx import ReadTx, Tx

# As buttons carry them.
CODE: Final = re.compile(r"[a-z0-9][a-z0-9_.-]{0,31}")
LONGEST_TITLE: Final = 100
HIGHEST: Final = 9


@dataclass(frozen=True, slots=True)
class TeamFacts:
    """A team. ``titles`` by language; ``level`` of support, 1 is the first; ``chat`` its own."""

    code: str
    titles: Mapping[str, str]
    level: int
    chat: int | None
    active: bool

    def title(self, language: str) -> str:
        """The title in this language, or in whichever there is."""
        return self.titles.get(language) or next(iter(self.titles.values()), self.code)


class Teams(dict[str, TeamFacts]):
    """All teams by code, the first level first."""

    @property
    def offered(self) -> list[TeamFacts]:
        """Those that take tickets."""
        return [team for team in self.values() if team.active]

    @property
    def housed(self) -> list[TeamFacts]:
        """Those with a group of their own."""
        return [team for team in self.offered if team.chat is not None]

    def of_chat(self, chat: int) -> TeamFacts | None:
        """Whose own group this chat is."""
        return next((team for team in self.housed if team.chat == chat), None)

    @property
    def levels(self) -> list[int]:
        """The support levels that there are, upwards."""
        return sorted({team.level for team in self.offered})


async def teams_of(tx: ReadTx) -> Teams:
    """The teams, read once and kept until the directory changes."""
    found: Teams | None = tx.cache.get(Teams)
    if found is None:
        rows = await tx.session.scalars(select(Team).order_by(Team.level, Team.code))
        found = tx.cache[Teams] = Teams((row.code, _facts(row)) for row in rows)
    return found


def _facts(row: Team) -> TeamFacts:
    return TeamFacts(row.code, dict(row.titles), row.level, row.chat, row.active)


class BadTeam(ValueError):
    """A team cannot be put as it is. ``where`` names it, ``why`` says what is wrong with it."""

    def __init__(self, where: str, why: str) -> None:
        super().__init__(f"{where}: {why}")
        self.where = where
        self.why = why


async def put_team(
    tx: Tx,
    code: str,
    titles: Mapping[str, str],
    *,
    level: int = 1,
    chat: int | None = None,
    members: Sequence[int] = (),
    active: bool = True,
) -> None:
    """Put a team, new or instead of the one with this code.

    ``members`` are Telegram ids, all of them; who has never been seen becomes known by the id.
    ``chat`` is a group of the team's own: the cards of its open tickets move there. Raises
    :class:`BadTeam`, and has changed nothing then.
    """
    await _check(tx, code, titles, level, chat, members)
    before = await _housed(tx, code)
    await tx.session.merge(
        Team(code=code, titles=dict(titles), level=level, chat=chat, active=active)
    )
    await tx.session.flush()
    await _put_members(tx, code, members)
    tx.invalidate(Teams, OperatorChats)
    title = (await teams_of(tx))[code].title(tx.company.language)
    for ticket, old in before:
        await move_card(tx, ticket, old, title)


async def _check(
    tx: Tx,
    code: str,
    titles: Mapping[str, str],
    level: int,
    chat: int | None,
    members: Sequence[int],
) -> None:
    where = f"team {code!r}"
    if not CODE.fullmatch(code):
        raise BadTeam(where, "a code has up to 32 of a–z, 0–9, «_», «.», «-»")
    if not titles or not all(0 < len(title.strip()) <= LONGEST_TITLE for title in titles.values()):
        raise BadTeam(where, f"a title has 1 to {LONGEST_TITLE} characters")
    if not 1 <= level <= HIGHEST:
        raise BadTeam(where, f"a level is from 1 to {HIGHEST}")
    bad = [who for who in members if who <= 0 or who in NEVER_A_PERSON]
    if bad or len(set(members)) != len(members):
        raise BadTeam(where, f"members are Telegram ids of people, each once; not {bad}")
    if chat is not None:
        await _check_chat(tx, where, code, chat)


async def _check_chat(tx: Tx, where: str, code: str, chat: int) -> None:
    if chat >= 0:
        raise BadTeam(where, f"a group's id is below zero; {chat} is a person's")
    if chat in {tx.company.operators_chat, tx.company.alerts_chat}:
        raise BadTeam(where, f"chat {chat} is the company's, not a team's own")
    query = select(Team.code).where(Team.chat == chat, Team.code != code)
    other = (await tx.session.scalars(query)).one_or_none()
    if other is not None:
        raise BadTeam(where, f"chat {chat} is that of the team {other!r}")


async def _put_members(tx: Tx, code: str, members: Sequence[int]) -> None:
    await tx.session.execute(delete(TeamMember).where(TeamMember.team == code))
    for telegram_id in members:
        person = await find_by_telegram(tx, telegram_id)
        if person is None:
            person = await recognise(tx, Sender(telegram_id, ""))
        tx.session.add(TeamMember(team=code, person_id=person.id))
    await tx.session.flush()


async def _housed(tx: Tx, code: str) -> list[tuple[Ticket, int | None]]:
    """The team's tickets that have not ended, and the chat of each."""
    query = (
        select(Ticket)
        .join(TicketTeam, TicketTeam.ticket_id == Ticket.id)
        .where(TicketTeam.team == code, Ticket.closed_at.is_(None))
        .order_by(Ticket.id)
        .with_for_update(of=Ticket)
    )
    return [
        (ticket, await operator_chat_of(tx, ticket.id))
        for ticket in await tx.session.scalars(query)
    ]
