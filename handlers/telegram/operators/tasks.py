"""Commands about tasks: the list, one of them, done; resolving a ticket with some (B10, B21)."""

from collections.abc import Iterator
from typing import Final

from channels.telegram.messages.renderer import Renderer
from channels.telegram.screens import work as work_screens
from channels.telegram.screens.callbacks import Settle, TaskVerb
from channels.telegram.screens.keyboards import Keyboard
from channels.telegram.screens.screen import clipped
from core.errors import Unreadable
from core.people.staff import id_of
from core.tasks import resolution, task_actions
from core.tasks.lists import TaskFacts, TaskPage, list_tasks, open_ids, task_of
from core.tasks.resolution import Choice, TasksOpen
from core.texts import Key
from core.tx import ReadTx
from core.words.aliases import TASK_VERBS, TASKS
from core.words.names import clean_name
from core.words.numbers import TASK_NUMBER
from handlers.telegram.operators.command_parser import Command
from handlers.telegram.operators.context import (
    LONGEST_REASON,
    CommandContext,
    OperatorContext,
    example,
)
from handlers.telegram.responder import Responder

_TITLE: Final = 60
_RESULT: Final = 500
_DONE: Final = "👌"


async def tasks(context: CommandContext) -> None:
    """Open tasks: all, or one's own."""
    wanted = context.command.rest.casefold()
    view = TASKS.get(wanted)
    if view is None:
        raise Unreadable("refusal.no_task_list", words=wanted[:40])
    await context.say(*await page(context, view, 0, context.sender.telegram_id))


async def page(
    context: OperatorContext, view: str, ticket_id: int, asker: int
) -> tuple[str, Keyboard]:
    """A page of the list as HTML, and its buttons. ``asker`` is whose ``mine`` are."""
    found = await context.look(_list, view, ticket_id, asker)
    responder = context.responder
    lines = [_line(responder, task) for task in found.tasks]
    head = responder.html(f"tasks.head.{view}", {"n": found.total})
    text = "\n".join([head, *lines]) if lines else responder.html(f"tasks.empty.{view}")
    return text, work_screens.tasks(responder.renderer, view, found.page, found.pages)


async def _list(tx: ReadTx, view: str, ticket_id: int, asker: int) -> TaskPage:
    person = (await id_of(tx, asker) or 0) if view == "mine" else None
    return await list_tasks(tx, ticket_id, person=person)


def _line(responder: Responder, task: TaskFacts) -> str:
    facts = {
        "task": task.id,
        "title": clean_name(task.title, _TITLE),
        "name": clean_name(task.assignee) if task.assignee else Key("person.nobody"),
        "number": task.number,
    }
    return responder.html("task.line", facts)


async def task(context: CommandContext) -> None:
    """Show a task; or take it, or cancel it for a reason."""
    number, words = await _which(context)
    first, _, reason = words.partition(" ")
    verb = TASK_VERBS.get(first.casefold()) if first else "show"
    if verb is None:
        raise Unreadable("operators.malformed", words=words[:40], example=example("task"))
    if verb == "take":
        await context.act(task_actions.take_task, number)
    if verb == "cancel":
        await context.act(task_actions.cancel_task, number, _fitting(reason.strip()), context.said)
    text, keyboard = await shown(context, number)
    await context.say(text, keyboard)


async def done(context: CommandContext) -> None:
    """A task is done; the words are its result."""
    number, words = await _which(context)
    await context.act(task_actions.finish_task, number, _fitting(words), context.said)


def _fitting(words: str) -> str | None:
    if len(words) > LONGEST_REASON:
        raise Unreadable("operators.too_long", limit=LONGEST_REASON)
    return words or None


async def _which(context: CommandContext) -> tuple[int, str]:
    """The task that the command names, or the open one of the ticket it replies to."""
    rest, shown_as = context.command.rest, example(context.command.name)
    found = TASK_NUMBER.match(rest)
    named = None if found is None else int(found["task"])
    after = rest if found is None else rest[found.end() :].strip()
    if not context.number:
        if named is None:
            raise Unreadable("refusal.which_task_at_all", example=shown_as)
        return named, after
    here = await context.look(open_ids, context.number)
    if named is not None and (named in here or (found is not None and found["sign"])):
        return named, after
    if len(here) == 1:
        return here[0], rest
    if not here:
        raise Unreadable("refusal.no_task_here", number=context.number)
    several = ", ".join(f"T{number}" for number in here)
    raise Unreadable("refusal.which_task", number=context.number, tasks=several, example=shown_as)


async def shown(context: OperatorContext, ticket_id: int) -> tuple[str, Keyboard | None]:
    """A task as HTML, and what can be done with it. Raises :class:`Unreadable` without one."""
    facts = await context.look(task_of, ticket_id)
    if facts is None:
        raise Unreadable("refusal.no_such_task", task=ticket_id)
    return "\n".join(_screen(context.responder, facts)), work_screens.task(
        context.responder.renderer, facts
    )


def _screen(responder: Responder, facts: TaskFacts) -> Iterator[str]:
    kind = Key(f"task.kind.{facts.kind}")
    yield responder.html("task.head", {"task": facts.id, "kind": kind})
    yield responder.html("task.title", {"title": clean_name(facts.title, 200)})
    yield " · ".join(_about(responder, facts))
    if facts.outcome is not None and facts.closed_at is not None:
        ended = {"outcome": Key(f"task.outcome.{facts.outcome}"), "at": facts.closed_at}
        yield responder.html("task.ended", ended)
    if facts.result:
        yield responder.html("task.result", {"words": clipped(facts.result, _RESULT)})


def _about(responder: Responder, facts: TaskFacts) -> Iterator[str]:
    ticket = {"marker": str(facts.marker), "number": facts.number}
    yield responder.html("task.ticket", ticket)
    if facts.camera is not None:
        yield responder.html("task.camera", {"camera": clean_name(facts.camera)})
    if facts.level > 1:
        yield responder.html("task.level", {"level": facts.level})
    name = clean_name(facts.assignee) if facts.assignee else Key("person.nobody")
    yield responder.html("task.assignee", {"name": name})
    yield responder.html("task.opened", {"at": facts.opened_at})


# Buttons


async def show_of(context: OperatorContext, ticket_id: int) -> None:
    """The open tasks of a ticket, each with its buttons."""
    here = await context.look(open_ids, ticket_id)
    if not here:
        raise Unreadable("refusal.no_task_here", number=ticket_id)
    for task_number in here:
        await context.say(*await shown(context, task_number))


def keyboard_for(renderer: Renderer, wish: TaskVerb) -> Keyboard | None:
    """What a button of a task only leads to, if it leads to buttons."""
    return work_screens.cancel_task(renderer, wish.task) if wish.verb == "cancel" else None


async def work(context: OperatorContext, wish: TaskVerb) -> str:
    """What a button of a task does, and what to say of it; «back» does nothing."""
    match wish.verb:
        case "take":
            await context.act(task_actions.take_task, wish.task)
            return "task_take"
        case "done":
            await context.act(task_actions.finish_task, wish.task)
            return "task_done"
        case "cancel!":
            await context.act(task_actions.cancel_task, wish.task)
            return "task_cancel"
    return ""


# Resolving


async def resolve(context: CommandContext) -> None:
    """Done; the words are the solution. What becomes of open tasks is asked, or said first."""
    choice, words = resolution.read_choice(context.reason or "")
    if not await resolved(context, context.number, words or None, choice):
        return
    if context.said.reply_to is None:
        await context.responder.react(context.message, _DONE)


async def resolved(
    context: OperatorContext,
    ticket_id: int,
    reason: str | None = None,
    choice: Choice | None = None,
) -> bool:
    """Resolve the ticket, or ask what becomes of its open tasks: then it is not resolved yet."""
    try:
        await context.act(resolution.resolve, ticket_id, reason=reason, choice=choice)
    except TasksOpen as unfinished:
        await context.say(*_question(context.responder, unfinished))
        return False
    return True


def _question(responder: Responder, unfinished: TasksOpen) -> tuple[str, Keyboard]:
    number = {"number": unfinished.number}
    lines = [responder.html("tasks.unfinished", number)]
    lines += [
        responder.html(
            "tasks.unfinished_line", {"task": one.id, "title": clean_name(one.title, _TITLE)}
        )
        for one in unfinished.tasks
    ]
    lines.append(responder.html("tasks.unfinished_ask", number))
    return "\n".join(lines), work_screens.settle(responder.renderer, unfinished.number)


async def settle(context: OperatorContext, wish: Settle, command: Command | None) -> None:
    """A button of the question: the words of the command that was asked about still count."""
    words = command.words if command is not None and command.name == "resolve" else ""
    _, reason = resolution.read_choice(words)
    choice = Choice(wish.choice)
    await context.act(resolution.resolve, wish.number, reason=_fitting(reason), choice=choice)
