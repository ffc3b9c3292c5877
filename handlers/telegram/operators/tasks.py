"""Commands about tasks: lists, one of them, a new one; resolving a ticket with some (B10, B21)."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

from channels.telegram.screens import tasks as screens
from channels.telegram.screens.buttons import Keyboard
from channels.telegram.screens.screen import Screen
from channels.telegram.screens.tasks import AssignTask, NextUp, ResolveTasks, TaskVerb
from core.addresses import Address
from core.errors import Refusal, Unreadable
from core.models import Task
from core.people.staff import id_of
from core.tasks import task_actions
from core.tasks.lists import TaskFacts, TaskPage, list_ended, list_tasks, open_ids, task_of
from core.tasks.next_up import next_up
from core.tasks.task_actions import Choice, TasksOpen
from core.tasks.task_opening import create_task, reopen_task
from core.teams.assignee_parser import read_hand_over
from core.teams.members import Colleague, colleagues_of
from core.tickets.fields import FieldsMissing
from core.tickets.list_lines import Line
from core.tickets.unanswered import Unanswered, note_asked, unless_unanswered
from core.tx import ReadTx, Tx
from core.words.aliases import NEW_TASK, TASK_VERBS, TASKS
from core.words.numbers import TASK_NUMBER, find_number
from handlers.telegram.operators import articles
from handlers.telegram.operators.context import (
    LONGEST_REASON,
    Command,
    CommandContext,
    OperatorContext,
    example,
    read_reason,
)
from handlers.telegram.operators.fields import ask_missing
from handlers.telegram.operators.teams import mentioned
from handlers.telegram.responder import ShownAt

P = ParamSpec("P")
R = TypeVar("R")

_DONE: Final = "👌"


async def tasks(context: CommandContext) -> None:
    """Open tasks: all, or one's own; or those that have ended."""
    wanted = context.command.rest.casefold()
    view = TASKS.get(wanted)
    if view is None:
        raise Unreadable("refusal.no_task_list", words=wanted[:40])
    if view == "ended":
        await context.show(await ended_page(context, 0))
        return
    await context.show(await page(context, view, 0, context.sender.address))


async def what_next(context: CommandContext) -> None:
    """What whoever asks should do next (D2)."""
    await context.show(await _next_screen(context))


async def look_again(context: Any, _data: NextUp) -> None:
    """The same list as it is by now."""
    await context.toast()
    await context.edit(await _next_screen(context))


async def _next_screen(context: OperatorContext) -> Screen:
    found = await context.read(_next_for, context.sender.address)
    return screens.draw_next_up(context.renderer, found, context.desk.company.zone)


async def _next_for(tx: ReadTx, asker: Address) -> list[Line | TaskFacts]:
    return await next_up(tx, await id_of(tx, asker))


async def ended_page(context: OperatorContext, before: int) -> Screen:
    """Tasks that have ended, from the last on, or before this one."""
    found = await context.read(list_ended, before or None)
    return screens.draw_ended(context.renderer, found, first=not before)


async def page(context: OperatorContext, view: str, page_index: int, asker: Address) -> Screen:
    """A page of the list. ``asker`` is whose ``mine`` are."""
    found = await context.read(_list, view, page_index, asker)
    return screens.draw_list(context.renderer, view, found)


async def _list(tx: ReadTx, view: str, page_index: int, asker: Address) -> TaskPage:
    person = (await id_of(tx, asker) or 0) if view == "mine" else None
    return await list_tasks(tx, page_index, person=person)


async def task(context: CommandContext) -> None:
    """Show a task; make a new one; or take, assign, cancel or reopen one."""
    first, _, words = context.command.rest.partition(" ")
    if first.casefold() in NEW_TASK:
        await _new(context, words.strip())
        return
    number, words = await _which(context)
    first, _, rest = words.partition(" ")
    verb = TASK_VERBS.get(first.casefold()) if first else "show"
    if verb is None:
        raise Unreadable("refusal.task_verb", words=words[:40], number=number)
    if verb != "show":
        await _VERBS[verb](context, number, rest.strip())
    # what has changed concerns the colleagues, a look nobody but whoever looks
    shown = replace(context, quiet=verb == "show")
    await shown.show(await screen_of(context, number))


async def _new(context: CommandContext, words: str) -> None:
    """`new 12 words`; in reply to a ticket, its number need not be said."""
    found = find_number(words, *context.desk.company.number_masks)
    number, title = (context.number, words) if found is None else found
    if context.number and number != context.number and words[:1].isdecimal():
        number, title = context.number, words  # «2 камеры»: what is to be done
    if not number:
        facts = {"name": "/task new", "example": example("task_new")}
        raise Unreadable("operators.missing_number", **facts)
    made = await context.act(create_task, number, _fitting(title.strip()) or "")
    await context.show(await screen_of(context, made.id))


async def _take(context: CommandContext, number: int, _words: str) -> None:
    await context.act(task_actions.take_task, number)


async def _assign(context: CommandContext, number: int, words: str) -> None:
    if not words:
        raise Unreadable("operators.missing_words", example=example("task_assign"))
    await context.act(_assign_named, number, words, mentioned(context))


async def _assign_named(tx: Tx, number: int, words: str, who: Address | None) -> Task:
    wish = await read_hand_over(tx, words, who)
    person = None if wish.target is None else wish.target.person
    if person is None:
        raise Unreadable("refusal.task_for_people", task=number, example=example("task_assign"))
    return await task_actions.assign_task(tx, number, person)


async def _cancel(context: CommandContext, number: int, words: str) -> None:
    await context.act(task_actions.cancel_task, number, _fitting(words), context.incoming)


async def _reopen(context: CommandContext, number: int, words: str) -> None:
    await context.act(reopen_task, number, _fitting(words), context.incoming)


_VERBS: Final = {"take": _take, "assign": _assign, "cancel": _cancel, "reopen": _reopen}


async def done(context: CommandContext) -> None:
    """A task is done; the words are its result."""
    number, words = await _which(context)
    await context.act(task_actions.finish_task, number, _fitting(words), context.incoming)


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
    here = await context.read(open_ids, context.number)
    if named is not None and (named in here or (found is not None and found["sign"])):
        return named, after
    if len(here) == 1:
        return here[0], rest
    if not here:
        raise Unreadable("refusal.no_task_here", number=context.number)
    several = ", ".join(f"T{number}" for number in here)
    raise Unreadable("refusal.which_task", number=context.number, tasks=several, example=shown_as)


async def screen_of(context: OperatorContext, task_id: int) -> Screen:
    """A task, and what can be done with it. Raises :class:`Unreadable` without one."""
    found = await context.read(task_of, task_id)
    if found is None:
        raise Unreadable("refusal.no_such_task", task=task_id)
    return screens.draw(context.renderer, found)


# Buttons


async def show_tasks(context: OperatorContext, ticket_id: int) -> ShownAt:
    """The open tasks of a ticket, each with its buttons. Returns where they are."""
    here = await context.read(open_ids, ticket_id)
    if not here:
        raise Unreadable("refusal.no_task_here", number=ticket_id)
    place: ShownAt = "nowhere"
    for task_number in here:
        place = await context.show(await screen_of(context, task_number))
    return place


async def act(context: OperatorContext, data: TaskVerb) -> str:
    """Do what a button of a task says. Returns the key of the toast; «back» does nothing."""
    match data.verb:
        case "take":
            await context.act(task_actions.take_task, data.task)
            return "task_take"
        case "done":
            await context.act(task_actions.finish_task, data.task)
            return "task_done"
        case "cancel!":
            await context.act(task_actions.cancel_task, data.task)
            return "task_cancel"
        case "reopen":
            await context.act(reopen_task, data.task)
            return "task_reopen"
    return ""


async def colleagues_for(context: OperatorContext, task_id: int) -> Keyboard | None:
    """Whom the task may be given to; ``None`` if there is nobody else."""
    found, people = await context.read(_task_and_people, task_id)
    others = [one for one in people if found is None or one.id != found.assignee_id]
    return screens.whom(context.renderer, task_id, others) if others else None


async def _task_and_people(tx: ReadTx, task_id: int) -> tuple[TaskFacts | None, list[Colleague]]:
    people = await colleagues_of(tx)
    return await task_of(tx, task_id), [one for one in people if one.on_duty] or people


async def assign_by_button(context: OperatorContext, data: AssignTask) -> str:
    """Give the task to the colleague. Returns their name."""
    return await context.act(_assign_person, data)


async def _assign_person(tx: Tx, data: AssignTask) -> str:
    for one in await colleagues_of(tx):
        if one.id == data.person:
            await task_actions.assign_task(tx, data.task, one)
            return one.name
    raise Refusal("refusal.outdated")


async def new_by_button(context: OperatorContext, ticket_id: int) -> ShownAt:
    """Open a task of the ticket, and show it below: there it is taken or assigned."""
    made = await context.act(create_task, ticket_id)
    return await context.show(await screen_of(context, made.id))


# Resolving


async def resolve(context: CommandContext) -> None:
    """Resolve the ticket; the words are the solution. Open tasks are asked about."""
    choice, words = task_actions.read_choice(context.reason or "")
    if await ended(context, context.number, "resolve", reason=words or None, choice=choice):
        _acknowledge(context)


async def close(context: CommandContext) -> None:
    """Close the ticket. Open tasks are asked about."""
    choice, words = task_actions.read_choice(context.reason or "")
    reason, public = read_reason(words)
    how: dict[str, Any] = {"reason": reason, "public": public, "choice": choice}
    if await ended(context, context.number, "close", **how):
        _acknowledge(context)


def _acknowledge(context: CommandContext) -> None:
    if context.incoming.reply_to is None:
        context.responder.react(context.message, _DONE)


ENDINGS: Final = {"resolve": task_actions.resolve, "close": task_actions.close}


async def ended(
    context: OperatorContext, ticket_id: int, verb: str, *, sure: bool = False, **how: Any
) -> bool:
    """Resolve or close the ticket, or ask what becomes of its open tasks: then it is not ended.

    Raises :class:`Unanswered` the first time that its customer would get no answer, unless whoever
    acts is ``sure``: they were told, and have chosen to go on.
    """
    try:
        await _end(context, ticket_id, verb, sure=sure, **how)
    except TasksOpen as unfinished:
        # the words of the command are read from what the question replies to: in the group
        asking = context if how.get("reason") else replace(context, quiet=True)
        await asking.show(screens.ask_outcome(context.renderer, unfinished))
        return False
    except FieldsMissing as missing:
        if not await ask_missing(replace(context, quiet=True), missing):
            raise
        return False
    if verb == "resolve":
        await articles.offer(context, ticket_id)
    return True


async def _end(
    context: OperatorContext, ticket_id: int, verb: str, *, sure: bool = False, **how: Any
) -> None:
    """End the ticket; of an ending that says nothing to the customer it is asked first."""
    told = how.get("reason") and (verb == "resolve" or how.get("public"))
    if sure or told:
        await context.act(ENDINGS[verb], ticket_id, **how)
    else:
        await end_asking(context, verb, ENDINGS[verb], ticket_id, **how)


async def end_asking(
    context: OperatorContext,
    verb: str,
    action: Callable[Concatenate[Tx, int, P], Awaitable[R]],
    ticket_id: int,
    *args: P.args,
    **how: P.kwargs,
) -> R:
    """Run what ends a ticket. Raises :class:`Unanswered` once for each unanswered message."""
    try:
        return await context.act(unless_unanswered, verb, action, ticket_id, *args, **how)
    except Unanswered as asked:
        await context.act(note_asked, asked)
        raise


async def end_with_tasks(
    context: OperatorContext, data: ResolveTasks, verb: str, command: Command | None
) -> None:
    """A button of the question; the words of the command that was asked about still count."""
    words = command.words if command is not None and command.name == verb else ""
    _, rest = task_actions.read_choice(words)
    how: dict[str, Any] = {"reason": _fitting(rest)}
    if verb == "close":
        how["reason"], how["public"] = read_reason(_fitting(rest))
    await _end(context, data.ticket_id, verb, sure=True, choice=Choice(data.choice), **how)
