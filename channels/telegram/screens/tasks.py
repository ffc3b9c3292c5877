"""Tasks behind tickets: one task, the list, and what becomes of them when a ticket is resolved."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from aiogram.filters.callback_data import CallbackData
from pydantic import Field

from channels.telegram.screens.buttons import (
    LARGEST,
    Button,
    Id,
    Keyboard,
    PageIndex,
    button,
    matching,
    one_of,
    page_turns,
    rows_of,
    short,
)
from channels.telegram.screens.screen import Renderer, Screen, clipped
from channels.telegram.screens.ticket_list import draw_lines
from core.tasks import lists
from core.tasks.lists import TaskFacts
from core.tasks.rules import EQUIPMENT, OPEN
from core.tasks.task_actions import TasksOpen
from core.teams.members import Colleague
from core.texts import Key
from core.tickets.list_lines import Line
from core.words.names import clean_name

_TITLE: Final = 60
_RESULT: Final = 500
_CHOICES: Final = ("complete", "cancel", "leave")
_OFFERED: Final = ("take", "done", "assign", "cancel")
_LISTS: Final = ("all", "mine", "ended")
_MOST_LEFT: Final = 10


class TaskVerb(CallbackData, prefix="j"):
    """Do this to the task. ``cancel`` asks once more, ``cancel!`` does it, ``assign`` asks to whom,
    ``back`` takes the question back.
    """

    verb: Annotated[str, one_of((*_OFFERED, "cancel!", "reopen", "back"))]
    task: Id


class AssignTask(CallbackData, prefix="ja"):
    """Give the task to this colleague."""

    task: Id
    person: Id


class TaskPage(CallbackData, prefix="jl"):
    """A page of the open tasks, counted from 0: of all, or of ``mine``."""

    view: Annotated[str, one_of(("all", "mine"))]
    page: PageIndex = 0


class EndedPage(CallbackData, prefix="je"):
    """The tasks that ended last; or last before this one, ``0`` for the first page."""

    before: Annotated[int, Field(ge=0, le=LARGEST)] = 0


class ResolveTasks(CallbackData, prefix="js"):
    """Resolve the ticket; its open tasks are completed, cancelled or left."""

    choice: Annotated[str, one_of(_CHOICES)]
    ticket_id: Id


class CloseTasks(ResolveTasks, prefix="jc"):
    """The same, when the ticket is closed."""


class SettleLeft(ResolveTasks, prefix="jx"):
    """What becomes of the open tasks of a ticket that has ended without an operator."""


class EndTasksAs(CallbackData, prefix="jr"):
    """The same, when the ticket is resolved for a closing reason."""

    choice: Annotated[str, one_of(_CHOICES)]
    ticket_id: Id
    reason: Annotated[str, matching("[a-z0-9][a-z0-9_.-]{0,31}")]


_SETTLE: Final[dict[str, type[ResolveTasks]]] = {"resolve": ResolveTasks, "close": CloseTasks}


def draw_list(renderer: Renderer, view: str, found: lists.TaskPage) -> Screen:
    """A page of the list."""
    lines = [_list_line(renderer, task) for task in found.tasks]
    head = renderer.html(f"tasks.head.{view}", n=found.total)
    text = "\n".join([head, *lines]) if lines else renderer.html(f"tasks.empty.{view}")
    return Screen(text, list_keyboard(renderer, view, found.page, found.pages))


def _list_line(renderer: Renderer, task: TaskFacts) -> str:
    name = clean_name(task.assignee) if task.assignee else Key("person.nobody")
    title = clean_name(task.title, _TITLE)
    return renderer.html("task.line", task=task.id, title=title, name=name, number=task.number)


class NextUp(CallbackData, prefix="nx"):
    """Show anew what to do next."""


def draw_next_up(renderer: Renderer, found: Sequence[Line | TaskFacts], zone: ZoneInfo) -> Screen:
    """Tickets and tasks in one list, the most urgent first."""
    again = rows_of([button(renderer.plain("button.next_up"), NextUp())])
    if not found:
        return Screen(renderer.html("next_up.nothing"), again)
    tickets = [one for one in found if isinstance(one, Line)]
    drawn = iter(draw_lines(renderer, tickets, zone))
    lines = [next(drawn) if isinstance(one, Line) else _list_line(renderer, one) for one in found]
    return Screen("\n".join([renderer.html("next_up.head"), *lines]), again)


def draw_ended(renderer: Renderer, found: lists.EndedTasks, *, first: bool) -> Screen:
    """Some ended tasks, the latest first, with what came of each."""
    lines = [_ended_line(renderer, task) for task in found.tasks]
    text = renderer.html("tasks.head.ended" if lines else "tasks.empty.ended")
    turns = [] if first else [button("‹", EndedPage())]
    turns += [] if found.earlier is None else [button("›", EndedPage(before=found.earlier))]
    rows = [turns, _switch(renderer, "ended")]
    keyboard = Keyboard(inline_keyboard=[row for row in rows if row])
    return Screen("\n".join([text, *lines]), keyboard)


def _ended_line(renderer: Renderer, task: TaskFacts) -> str:
    outcome = Key(f"task.outcome.{task.outcome}")
    ended = renderer.html("task.ended", outcome=outcome, at=task.closed_at)
    return f"{_list_line(renderer, task)} · {ended}"


def _switch(renderer: Renderer, view: str) -> list[Button]:
    """The ways to the other lists."""
    return [
        button(
            renderer.plain(f"button.tasks.{other}"),
            EndedPage() if other == "ended" else TaskPage(view=other),
        )
        for other in _LISTS
        if other != view
    ]


def list_keyboard(renderer: Renderer, view: str, page: int, pages: int) -> Keyboard:
    """The ways to other pages, and to the other lists."""
    turns = list(page_turns(page, pages, lambda to: TaskPage(view=view, page=to)))
    switch = _switch(renderer, view)
    return Keyboard(inline_keyboard=[turns, switch] if turns else [switch])


def draw(renderer: Renderer, task: TaskFacts) -> Screen:
    """A task, and what can be done with it."""
    return Screen("\n".join(_lines(renderer, task)), keyboard(renderer, task))


def _lines(renderer: Renderer, task: TaskFacts) -> Iterator[str]:
    yield renderer.html("task.head", task=task.id, kind=Key(f"task.kind.{task.kind}"))
    yield renderer.html("task.title", title=clean_name(task.title, 200))
    yield " · ".join(_details(renderer, task))
    if task.outcome is not None and task.closed_at is not None:
        outcome = Key(f"task.outcome.{task.outcome}")
        yield renderer.html("task.ended", outcome=outcome, at=task.closed_at)
    if task.result:
        yield renderer.html("task.result", words=clipped(task.result, _RESULT))


def _details(renderer: Renderer, task: TaskFacts) -> Iterator[str]:
    yield renderer.html("task.ticket", marker=str(task.marker), number=task.number)
    if task.camera is not None:
        yield renderer.html("task.camera", camera=clean_name(task.camera))
    if task.level > 1:
        yield renderer.html("task.level", level=task.level)
    name = clean_name(task.assignee) if task.assignee else Key("person.nobody")
    yield renderer.html("task.assignee", name=name)
    yield renderer.html("task.opened", at=task.opened_at)


def keyboard(renderer: Renderer, task: TaskFacts) -> Keyboard | None:
    """What can be done with a task. A diagnosis goes the way of its ticket."""
    verbs = [verb for verb in _OFFERED if verb != "take" or task.assignee_id is None]
    if task.state != OPEN:
        verbs = ["reopen"]
    if task.kind != EQUIPMENT:
        verbs = [verb for verb in verbs if verb not in {"assign", "reopen"}]
    return rows_of(
        button(renderer.plain(f"button.task.{verb}"), TaskVerb(verb=verb, task=task.id))
        for verb in verbs
    )


def whom(renderer: Renderer, task: int, people: Sequence[Colleague]) -> Keyboard:
    """To whom the task is given."""
    offered = [
        button(
            short(renderer.plain("button.assign.person", name=one.name)),
            AssignTask(task=task, person=one.id),
        )
        for one in people
    ]
    back = button(renderer.plain("button.task.back"), TaskVerb(verb="back", task=task))
    return rows_of([*offered, back])


def confirm_cancel(renderer: Renderer, task: int) -> Keyboard:
    """Cancelling asks once more."""
    return rows_of(
        [
            button(renderer.plain("button.task.sure"), TaskVerb(verb="cancel!", task=task)),
            button(renderer.plain("button.task.back"), TaskVerb(verb="back", task=task)),
        ]
    )


def ask_outcome(renderer: Renderer, unfinished: TasksOpen) -> Screen:
    """The ticket is to be resolved or closed: what becomes of its open tasks?"""
    ticket_id, verb = unfinished.number, unfinished.verb
    lines = [renderer.html(f"tasks.unfinished.{verb}", number=ticket_id)]
    lines += [
        renderer.html("tasks.unfinished_line", task=one.id, title=clean_name(one.title, _TITLE))
        for one in unfinished.tasks
    ]
    lines.append(renderer.html("tasks.unfinished_ask", number=ticket_id, verb=verb))
    return Screen("\n".join(lines), outcome_keyboard(renderer, ticket_id, verb, unfinished.closing))


def outcome_keyboard(
    renderer: Renderer, ticket_id: int, verb: str = "resolve", closing: str | None = None
) -> Keyboard:
    """Complete, cancel or leave them."""

    def data(choice: str) -> CallbackData:
        if closing is not None:
            return EndTasksAs(choice=choice, ticket_id=ticket_id, reason=closing)
        return _SETTLE[verb](choice=choice, ticket_id=ticket_id)

    return _outcomes(renderer, data)


def settle_left(renderer: Renderer, ticket_id: int) -> Keyboard:
    """The same below the news that a ticket has ended and its tasks have not."""
    return _outcomes(renderer, lambda choice: SettleLeft(choice=choice, ticket_id=ticket_id))


def _outcomes(renderer: Renderer, data: Callable[[str], CallbackData]) -> Keyboard:
    return rows_of(
        button(renderer.plain(f"button.settle.{choice}"), data(choice)) for choice in _CHOICES
    )


def left_lines(tasks: Iterable[tuple[int, str]]) -> str:
    """Tasks, a line each, where their titles are facts of a text."""
    lines = [f"🛠 T{task} {clean_name(title, _TITLE)}" for task, title in tasks]
    more = "\n…" if len(lines) > _MOST_LEFT else ""
    return "\n".join(lines[:_MOST_LEFT]) + more
