"""Keyboards about the work behind tickets: whom to hand over to, what to do with tasks."""

from collections.abc import Iterator, Sequence
from typing import Final

from channels.telegram.callbacks import (
    SETTLINGS,
    HandTo,
    Settle,
    TaskPage,
    TaskVerb,
    TicketVerb,
)
from channels.telegram.keyboards import Button, Keyboard, button, rows_of, short
from channels.telegram.voice import Voice
from core.tasks.lists import TaskFacts
from core.tasks.rules import OPEN
from core.teams.colleagues import Colleague
from core.teams.directory import TeamFacts

# So many names are offered; the others are reached by the command.
MOST: Final = 10


def whom(
    voice: Voice, number: int, teams: Sequence[TeamFacts], people: Sequence[Colleague]
) -> Keyboard:
    """Teams, and people on duty."""
    offered = [_team(voice, team, HandTo(number, team.code)) for team in teams[:MOST]]
    for one in people[: MOST - len(offered)]:
        label = short(voice.plain("button.assign.person", name=one.name))
        offered.append(button(label, HandTo(number, person=one.id)))
    return rows_of([*offered, _back(voice, number)])


def levels(voice: Voice, number: int, teams: Sequence[TeamFacts]) -> Keyboard:
    """Teams of higher levels."""
    offered = [_team(voice, team, HandTo(number, team.code, up=True)) for team in teams[:MOST]]
    return rows_of([*offered, _back(voice, number)])


def _team(voice: Voice, team: TeamFacts, does: HandTo) -> Button:
    key = "button.assign.level" if does.up else "button.assign.team"
    return button(short(voice.plain(key, team=team.title(voice.locale), level=team.level)), does)


def _back(voice: Voice, number: int) -> Button:
    return button(voice.plain("button.verb.back"), TicketVerb("back", number))


def task(voice: Voice, facts: TaskFacts) -> Keyboard | None:
    """What can be done with a task; nothing with one that has ended."""
    if facts.state != OPEN:
        return None
    verbs = ["done", "cancel"] if facts.assignee_id is not None else ["take", "done", "cancel"]
    return rows_of(
        button(voice.plain(f"button.task.{verb}"), TaskVerb(verb, facts.id)) for verb in verbs
    )


def cancel_task(voice: Voice, number: int) -> Keyboard:
    """It asks once more."""
    return rows_of(
        [
            button(voice.plain("button.task.sure"), TaskVerb("cancel!", number)),
            button(voice.plain("button.task.back"), TaskVerb("back", number)),
        ]
    )


def tasks(voice: Voice, view: str, page: int, pages: int) -> Keyboard:
    """The other list, and the ways to other pages."""
    turns = list(_turns(view, page, pages))
    other = "mine" if view == "all" else "all"
    switch = [button(voice.plain(f"button.tasks.{other}"), TaskPage(other))]
    return Keyboard(inline_keyboard=[turns, switch] if turns else [switch])


def _turns(view: str, page: int, pages: int) -> Iterator[Button]:
    if page > 0:
        yield button("‹", TaskPage(view, page - 1))
    if pages > 1:
        yield button(f"{page + 1} / {pages}", TaskPage(view, page))
    if page < pages - 1:
        yield button("›", TaskPage(view, page + 1))


def settle(voice: Voice, number: int) -> Keyboard:
    """What becomes of the open tasks of a ticket that is resolved."""
    return rows_of(
        button(voice.plain(f"button.settle.{choice}"), Settle(number, choice))
        for choice in SETTLINGS
    )
