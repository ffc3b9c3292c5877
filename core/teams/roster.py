"""Who can be given a ticket now, as menus offer it."""

from core.models import Ticket
from core.teams.colleagues import Colleague, colleagues_of
from core.teams.directory import TeamFacts, teams_of
from core.teams.handing import Standing, standing_of
from core.tx import Look


async def standing_at(look: Look, number: int) -> Standing:
    """With whom the ticket of this number is; nobody, if there is none."""
    ticket = await look.session.get(Ticket, number)
    return Standing() if ticket is None else await standing_of(look, ticket)


async def takers(look: Look, number: int) -> tuple[list[TeamFacts], list[Colleague]]:
    """Teams, and colleagues on duty, who do not have the ticket already."""
    now = await standing_at(look, number)
    teams = [
        team
        for team in (await teams_of(look)).offered
        if team.code != now.team or now.assignee is not None
    ]
    people = [one for one in await colleagues_of(look) if one.on_duty and one.id != now.assignee]
    return teams, people


async def above(look: Look, number: int) -> tuple[list[TeamFacts], int]:
    """Teams of higher levels than the ticket's, and its level."""
    level = (await standing_at(look, number)).level
    return [team for team in (await teams_of(look)).offered if team.level > level], level
