"""Commands about tasks: the list, one of them, done; resolving a ticket with some (B10, B21)."""

from collections.abc import Iterator
from typing import Final

from channels.telegram import work_menus
from channels.telegram.callbacks import Settle, TaskVerb
from channels.telegram.keyboards import Keyboard
from channels.telegram.screens import clipped
from channels.telegram.voice import Voice
from core.errors import Unreadable
from core.people.operators import id_of
from core.tasks import resolving, working
from core.tasks.lists import TaskFacts, TaskPage, list_tasks, open_ids, task_of
from core.tasks.resolving import Choice, TasksOpen
from core.texts import Key
from core.tx import Look
from core.words.aliases import TASK_VERBS, TASKS
from core.words.names import clean_name
from core.words.numbers import TASK_NUMBER
from handlers.operators.asking import LONGEST_REASON, Asked, Visit, example
from handlers.operators.parsing import Command
from handlers.speech import Speech

_TITLE: Final = 60
_RESULT: Final = 500
_DONE: Final = "👌"


async def tasks(asked: Asked) -> None:
    """Open tasks: all, or one's own."""
    wanted = asked.command.rest.casefold()
    view = TASKS.get(wanted)
    if view is None:
        raise Unreadable("refusal.no_task_list", words=wanted[:40])
    await asked.say(*await page(asked, view, 0, asked.caller.telegram_id))


async def page(visit: Visit, view: str, number: int, asker: int) -> tuple[str, Keyboard]:
    """A page of the list as HTML, and its buttons. ``asker`` is whose ``mine`` are."""
    found = await visit.look(_list, view, number, asker)
    speech = visit.speech
    lines = [_line(speech, task) for task in found.tasks]
    head = speech.html(f"tasks.head.{view}", {"n": found.total})
    text = "\n".join([head, *lines]) if lines else speech.html(f"tasks.empty.{view}")
    return text, work_menus.tasks(speech.voice, view, found.page, found.pages)


async def _list(look: Look, view: str, number: int, asker: int) -> TaskPage:
    person = (await id_of(look, asker) or 0) if view == "mine" else None
    return await list_tasks(look, number, person=person)


def _line(speech: Speech, task: TaskFacts) -> str:
    facts = {
        "task": task.id,
        "title": clean_name(task.title, _TITLE),
        "name": clean_name(task.assignee) if task.assignee else Key("person.nobody"),
        "number": task.number,
    }
    return speech.html("task.line", facts)


async def task(asked: Asked) -> None:
    """Show a task; or take it, or cancel it for a reason."""
    number, words = await _which(asked)
    first, _, reason = words.partition(" ")
    verb = TASK_VERBS.get(first.casefold()) if first else "show"
    if verb is None:
        raise Unreadable("operators.malformed", words=words[:40], example=example("task"))
    if verb == "take":
        await asked.act(working.take_task, number)
    if verb == "cancel":
        await asked.act(working.cancel_task, number, _fitting(reason.strip()), asked.said)
    text, keyboard = await shown(asked, number)
    await asked.say(text, keyboard)


async def done(asked: Asked) -> None:
    """A task is done; the words are its result."""
    number, words = await _which(asked)
    await asked.act(working.finish_task, number, _fitting(words), asked.said)


def _fitting(words: str) -> str | None:
    if len(words) > LONGEST_REASON:
        raise Unreadable("operators.too_long", limit=LONGEST_REASON)
    return words or None


async def _which(asked: Asked) -> tuple[int, str]:
    """The task that the command names, or the open one of the ticket it replies to."""
    rest, shown_as = asked.command.rest, example(asked.command.name)
    found = TASK_NUMBER.match(rest)
    named = None if found is None else int(found["task"])
    after = rest if found is None else rest[found.end() :].strip()
    if not asked.number:
        if named is None:
            raise Unreadable("refusal.which_task_at_all", example=shown_as)
        return named, after
    here = await asked.look(open_ids, asked.number)
    if named is not None and (named in here or (found is not None and found["sign"])):
        return named, after
    if len(here) == 1:
        return here[0], rest
    if not here:
        raise Unreadable("refusal.no_task_here", number=asked.number)
    several = ", ".join(f"T{number}" for number in here)
    raise Unreadable("refusal.which_task", number=asked.number, tasks=several, example=shown_as)


async def shown(visit: Visit, number: int) -> tuple[str, Keyboard | None]:
    """A task as HTML, and what can be done with it. Raises :class:`Unreadable` without one."""
    facts = await visit.look(task_of, number)
    if facts is None:
        raise Unreadable("refusal.no_such_task", task=number)
    return "\n".join(_screen(visit.speech, facts)), work_menus.task(visit.speech.voice, facts)


def _screen(speech: Speech, facts: TaskFacts) -> Iterator[str]:
    kind = Key(f"task.kind.{facts.kind}")
    yield speech.html("task.head", {"task": facts.id, "kind": kind})
    yield speech.html("task.title", {"title": clean_name(facts.title, 200)})
    yield " · ".join(_about(speech, facts))
    if facts.outcome is not None and facts.closed_at is not None:
        ended = {"outcome": Key(f"task.outcome.{facts.outcome}"), "at": facts.closed_at}
        yield speech.html("task.ended", ended)
    if facts.result:
        yield speech.html("task.result", {"words": clipped(facts.result, _RESULT)})


def _about(speech: Speech, facts: TaskFacts) -> Iterator[str]:
    ticket = {"marker": str(facts.marker), "number": facts.number}
    yield speech.html("task.ticket", ticket)
    if facts.camera is not None:
        yield speech.html("task.camera", {"camera": clean_name(facts.camera)})
    if facts.level > 1:
        yield speech.html("task.level", {"level": facts.level})
    name = clean_name(facts.assignee) if facts.assignee else Key("person.nobody")
    yield speech.html("task.assignee", {"name": name})
    yield speech.html("task.opened", {"at": facts.opened_at})


# Buttons


async def show_of(visit: Visit, number: int) -> None:
    """The open tasks of a ticket, each with its buttons."""
    here = await visit.look(open_ids, number)
    if not here:
        raise Unreadable("refusal.no_task_here", number=number)
    for task_number in here:
        await visit.say(*await shown(visit, task_number))


def keyboard_for(voice: Voice, wish: TaskVerb) -> Keyboard | None:
    """What a button of a task only leads to, if it leads to buttons."""
    return work_menus.cancel_task(voice, wish.task) if wish.verb == "cancel" else None


async def work(visit: Visit, wish: TaskVerb) -> str:
    """What a button of a task does, and what to say of it; «back» does nothing."""
    match wish.verb:
        case "take":
            await visit.act(working.take_task, wish.task)
            return "task_take"
        case "done":
            await visit.act(working.finish_task, wish.task)
            return "task_done"
        case "cancel!":
            await visit.act(working.cancel_task, wish.task)
            return "task_cancel"
    return ""


# Resolving


async def resolve(asked: Asked) -> None:
    """Done; the words are the solution. What becomes of open tasks is asked, or said first."""
    choice, words = resolving.read_choice(asked.reason or "")
    if not await resolved(asked, asked.number, words or None, choice):
        return
    if asked.said.reply_to is None:
        await asked.speech.react(asked.message, _DONE)


async def resolved(
    visit: Visit, number: int, reason: str | None = None, choice: Choice | None = None
) -> bool:
    """Resolve the ticket, or ask what becomes of its open tasks: then it is not resolved yet."""
    try:
        await visit.act(resolving.resolve, number, reason=reason, choice=choice)
    except TasksOpen as unfinished:
        await visit.say(*_question(visit.speech, unfinished))
        return False
    return True


def _question(speech: Speech, unfinished: TasksOpen) -> tuple[str, Keyboard]:
    number = {"number": unfinished.number}
    lines = [speech.html("tasks.unfinished", number)]
    lines += [
        speech.html(
            "tasks.unfinished_line", {"task": one.id, "title": clean_name(one.title, _TITLE)}
        )
        for one in unfinished.tasks
    ]
    lines.append(speech.html("tasks.unfinished_ask", number))
    return "\n".join(lines), work_menus.settle(speech.voice, unfinished.number)


async def settle(visit: Visit, wish: Settle, command: Command | None) -> None:
    """A button of the question: the words of the command that was asked about still count."""
    words = command.words if command is not None and command.name == "resolve" else ""
    _, reason = resolving.read_choice(words)
    choice = Choice(wish.choice)
    await visit.act(resolving.resolve, wish.number, reason=_fitting(reason), choice=choice)
