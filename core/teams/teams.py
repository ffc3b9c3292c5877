"""The company's teams: titles, support levels, chats (E3). Read once and kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select

from core.cache import cached
from core.models import Team
from core.tx import ReadTx

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
    return await cached(tx, Teams, _read)


async def _read(tx: ReadTx) -> Teams:
    rows = await tx.session.scalars(select(Team).order_by(Team.level, Team.code))
    return Teams((row.code, _facts(row)) for row in rows)


def _facts(row: Team) -> TeamFacts:
    return TeamFacts(row.code, dict(row.titles), row.level, row.chat, row.active)
