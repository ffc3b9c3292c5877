"""To whom a ticket can be assigned or escalated: the buttons behind «more» on its card."""

from collections.abc import Sequence
from typing import Annotated, Final

from aiogram.filters.callback_data import CallbackData

from channels.telegram.screens.buttons import Button, Id, Keyboard, button, matching, rows_of, short
from channels.telegram.screens.card import TicketVerb
from channels.telegram.screens.screen import Renderer
from core.teams.members import Colleague
from core.teams.teams import TeamFacts

# So many are offered; the others are reached by the command.
MOST: Final = 10

TeamCode = Annotated[str, matching("[a-z0-9][a-z0-9_.-]{0,31}")]


class AssignPerson(CallbackData, prefix="np"):
    """Assign the ticket to this operator."""

    ticket_id: Id
    person: Id


class AssignTeam(CallbackData, prefix="nt"):
    """Assign the ticket to this team."""

    ticket_id: Id
    team: TeamCode


class EscalateTo(CallbackData, prefix="nu"):
    """Take the ticket to this team's higher support level."""

    ticket_id: Id
    team: TeamCode


AssignData = AssignPerson | AssignTeam | EscalateTo


def assignees(
    renderer: Renderer, ticket_id: int, teams: Sequence[TeamFacts], people: Sequence[Colleague]
) -> Keyboard:
    """Teams, and people on duty."""
    offered = [
        _team(renderer, team, AssignTeam(ticket_id=ticket_id, team=team.code))
        for team in teams[:MOST]
    ]
    for one in people[: MOST - len(offered)]:
        label = short(renderer.plain("button.assign.person", name=one.name))
        offered.append(button(label, AssignPerson(ticket_id=ticket_id, person=one.id)))
    return rows_of([*offered, _back(renderer, ticket_id)])


def levels(renderer: Renderer, ticket_id: int, teams: Sequence[TeamFacts]) -> Keyboard:
    """Teams of higher support levels."""
    offered = [
        _team(renderer, team, EscalateTo(ticket_id=ticket_id, team=team.code))
        for team in teams[:MOST]
    ]
    return rows_of([*offered, _back(renderer, ticket_id)])


def _team(renderer: Renderer, team: TeamFacts, data: AssignTeam | EscalateTo) -> Button:
    key = "button.assign.level" if isinstance(data, EscalateTo) else "button.assign.team"
    label = renderer.plain(key, team=team.title(renderer.locale), level=team.level)
    return button(short(label), data)


def _back(renderer: Renderer, ticket_id: int) -> Button:
    label = renderer.plain("button.verb.back")
    return button(label, TicketVerb(verb="back", ticket_id=ticket_id))
