"""Keyboards about the work behind tickets: whom to hand over to, what to do with tasks."""

from collections.abc import Iterator, Sequence
from typing import Final

from channels.telegram.messages.renderer import Renderer
from channels.telegram.screens.callbacks import (
    SETTLINGS,
    HandTo,
    Settle,
    TaskPage,
    TaskVerb,
    TicketVerb,
)
from channels.telegram.screens.keyboards import Button, Keyboard, button, rows_of, short
from core.tasks.lists import TaskFacts
from core.tasks.rules import OPEN
from core.teams.members import Colleague
from core.teams.teams import TeamFacts

# So many names are offered; the others are reached by the command.
MOST: Final = 10


def whom(
    renderer: Renderer, ticket_id: int, teams: Sequence[TeamFacts], people: Sequence[Colleague]
) -> Keyboard:
    """Teams, and people on duty."""
    offered = [_team(renderer, team, HandTo(ticket_id, team.code)) for team in teams[:MOST]]
    for one in people[: MOST - len(offered)]:
        label = short(renderer.plain("button.assign.person", name=one.name))
        offered.append(button(label, HandTo(ticket_id, person=one.id)))
    return rows_of([*offered, _back(renderer, ticket_id)])


def levels(renderer: Renderer, ticket_id: int, teams: Sequence[TeamFacts]) -> Keyboard:
    """Teams of higher levels."""
    offered = [
        _team(renderer, team, HandTo(ticket_id, team.code, up=True)) for team in teams[:MOST]
    ]
    return rows_of([*offered, _back(renderer, ticket_id)])


def _team(renderer: Renderer, team: TeamFacts, does: HandTo) -> Button:
    key = "button.assign.level" if does.up else "button.assign.team"
    return button(
        short(renderer.plain(key, team=team.title(renderer.locale), level=team.level)), does
    )


def _back(renderer: Renderer, ticket_id: int) -> Button:
    return button(renderer.plain("button.verb.back"), TicketVerb("back", ticket_id))


def task(renderer: Renderer, facts: TaskFacts) -> Keyboard | None:
    """What can be done with a task; nothing with one that has ended."""
    if facts.state != OPEN:
        return None
    verbs = ["done", "cancel"] if facts.assignee_id is not None else ["take", "done", "cancel"]
    return rows_of(
        button(renderer.plain(f"button.task.{verb}"), TaskVerb(verb, facts.id)) for verb in verbs
    )


def cancel_task(renderer: Renderer, ticket_id: int) -> Keyboard:
    """It asks once more."""
    return rows_of(
        [
            button(renderer.plain("button.task.sure"), TaskVerb("cancel!", ticket_id)),
            button(renderer.plain("button.task.back"), TaskVerb("back", ticket_id)),
        ]
    )


def tasks(renderer: Renderer, view: str, page: int, pages: int) -> Keyboard:
    """The other list, and the ways to other pages."""
    turns = list(_turns(view, page, pages))
    other = "mine" if view == "all" else "all"
    switch = [button(renderer.plain(f"button.tasks.{other}"), TaskPage(other))]
    return Keyboard(inline_keyboard=[turns, switch] if turns else [switch])


def _turns(view: str, page: int, pages: int) -> Iterator[Button]:
    if page > 0:
        yield button("‹", TaskPage(view, page - 1))
    if pages > 1:
        yield button(f"{page + 1} / {pages}", TaskPage(view, page))
    if page < pages - 1:
        yield button("›", TaskPage(view, page + 1))


def settle(renderer: Renderer, ticket_id: int) -> Keyboard:
    """What becomes of the open tasks of a ticket that is resolved."""
    return rows_of(
        button(renderer.plain(f"button.settle.{choice}"), Settle(ticket_id, choice))
        for choice in SETTLINGS
    )
