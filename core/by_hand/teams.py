"""Teams to which a ticket that was opened by hand may be given."""

from sqlalchemy import select

from core.events import TeamGiven
from core.models import Team, Ticket, TicketTeam
from core.tx import Look, Tx


async def list_teams(look: Look, language: str) -> tuple[tuple[str, str], ...]:
    """Teams that work, as code and title in this language."""
    rows = await look.session.scalars(select(Team).where(Team.active).order_by(Team.code))
    return tuple((row.code, _title(row, language)) for row in rows)


def _title(team: Team, language: str) -> str:
    titles = {str(code): str(title) for code, title in (team.titles or {}).items()}
    return titles.get(language) or next(iter(titles.values()), team.code)


async def give_to_team(tx: Tx, ticket: Ticket, code: str) -> None:
    """The new ticket is with this team, at the level of the team."""
    team = await tx.session.get_one(Team, code)
    await tx.put(TicketTeam(ticket_id=ticket.id, team=code, level=team.level))
    tx.emit(TeamGiven(ticket_id=ticket.id, team=code, level=team.level))
