"""The company's teams: titles, support levels, chats (E3); cached."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select

from core.addresses import Address
from core.models import Team
from core.tx import ReadTx

HIGHEST: Final = 9


@dataclass(frozen=True, slots=True)
class TeamFacts:
    """A team. ``titles`` by language; ``level`` of support, 1 is the first; ``chat`` its own.

    ``auto_assign``: how its tickets are given to those on duty, `load` or `turn`; None: they are
    not.
    """

    code: str
    titles: Mapping[str, str]
    level: int
    chat: Address | None
    active: bool
    auto_assign: str | None = None

    def title(self, language: str) -> str:
        """Return the title in this language, or in another if there is none."""
        return self.titles.get(language) or next(iter(self.titles.values()), self.code)


class Teams(dict[str, TeamFacts]):
    """All teams by code, the first level first."""

    @property
    def offered(self) -> list[TeamFacts]:
        """Return those that take tickets."""
        return [team for team in self.values() if team.active]

    @property
    def with_group(self) -> list[TeamFacts]:
        """Return those with a group of their own."""
        return [team for team in self.offered if team.chat is not None]

    def of_chat(self, chat: Address) -> TeamFacts | None:
        """Return the team whose own group this chat is."""
        return next((team for team in self.with_group if team.chat == chat), None)

    @property
    def levels(self) -> list[int]:
        """Return the support levels that there are, ascending."""
        return sorted({team.level for team in self.offered})


async def teams_of(tx: ReadTx) -> Teams:
    """Return the teams, cached until the directory changes."""
    return await tx.cached(Teams, _read)


async def _read(tx: ReadTx) -> Teams:
    rows = await tx.all(select(Team).order_by(Team.level, Team.code))
    return Teams((row.code, _facts(row)) for row in rows)


def _facts(row: Team) -> TeamFacts:
    return TeamFacts(row.code, dict(row.titles), row.level, row.chat, row.active, row.auto_assign)
