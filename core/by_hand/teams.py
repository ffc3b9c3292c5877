"""Teams to which a ticket that was opened by hand may be given."""

from sqlalchemy import select

from core.models import Team
from core.tx import Look


async def list_teams(look: Look, language: str) -> tuple[tuple[str, str], ...]:
    """Teams that work, as code and title in this language."""
    rows = await look.session.scalars(select(Team).where(Team.active).order_by(Team.code))
    return tuple((row.code, _title(row, language)) for row in rows)


def _title(team: Team, language: str) -> str:
    titles = {str(code): str(title) for code, title in (team.titles or {}).items()}
    return titles.get(language) or next(iter(titles.values()), team.code)
