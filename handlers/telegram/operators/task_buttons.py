"""Buttons of tasks, and of what becomes of them when their ticket ends."""

from typing import Any

from channels.telegram.screens import tasks as task_screen
from channels.telegram.screens.screen import Screen
from channels.telegram.screens.tasks import (
    AssignTask,
    CloseTasks,
    EndedPage,
    EndTasksAs,
    ResolveTasks,
    SettleLeft,
    TaskPage,
    TaskVerb,
)
from core.tasks.task_actions import Choice, settle_left
from handlers.telegram.operators import (
    tasks,
)
from handlers.telegram.operators.context import GroupButton, asker_of, name_for
from handlers.telegram.operators.context import parse as parse_command


async def press(context: GroupButton, data: TaskVerb) -> None:
    """Lead to other buttons of the task's message, or do what the button says."""
    if data.verb == "cancel":
        await context.toast()
        await context.show_buttons(task_screen.confirm_cancel(context.renderer, data.task))
        return
    if data.verb == "assign":
        keyboard = await tasks.colleagues_for(context, data.task)
        if keyboard is None:
            await context.toast("nobody_to_task", alert=True, task=data.task)
        else:
            await context.toast()
            await context.show_buttons(keyboard)
        return
    done = await tasks.act(context, data)
    await context.toast(done, task=data.task)
    await context.edit(await tasks.screen_of(context, data.task))


async def assign(context: GroupButton, data: AssignTask) -> None:
    """Give the task to a colleague."""
    name = await tasks.assign_by_button(context, data)
    await context.toast("task_assign", task=data.task, to=name)
    await context.edit(await tasks.screen_of(context, data.task))


async def turn_ended(context: GroupButton, data: EndedPage) -> None:
    """Another page of tasks that have ended."""
    screen = await tasks.ended_page(context, data.before)
    await context.toast()
    await context.edit(screen)


async def turn(context: GroupButton, data: TaskPage) -> None:
    """Another page of a list of tasks."""
    asker, _ = asker_of(context)
    screen = await tasks.page(context, data.view, data.page, asker)
    await context.toast()
    await context.edit(screen)


async def end_for_reason(context: GroupButton, data: EndTasksAs) -> None:
    """Resolve the ticket for the reason that was chosen before its tasks were asked about."""
    how: dict[str, Any] = {"choice": Choice(data.choice), "closing": data.reason}
    await tasks.ended(context, data.ticket_id, "resolve", sure=True, **how)
    await context.toast("resolve", number=data.ticket_id)
    done = context.renderer.html("tasks.settled.resolve", number=data.ticket_id)
    await context.edit(Screen(done))


async def end_with_tasks(context: GroupButton, data: ResolveTasks) -> None:
    """Resolve or close the ticket, with the words of the command that was asked about."""
    verb = "close" if isinstance(data, CloseTasks) else "resolve"
    _, said = asker_of(context)
    username = await name_for(context.responder.bot, said)
    command = parse_command(said, username, *context.desk.company.number_masks)
    await tasks.end_with_tasks(context, data, verb, command)
    await context.toast(verb, number=data.ticket_id)
    done = context.renderer.html(f"tasks.settled.{verb}", number=data.ticket_id)
    await context.edit(Screen(done))


async def settle_left_tasks(context: GroupButton, data: SettleLeft) -> None:
    """The question about tasks of a ticket that ended without an operator becomes the answer."""
    choice = Choice(data.choice)
    await context.act(settle_left, data.ticket_id, choice)
    await context.toast()
    done = context.renderer.html(f"tasks.left.{choice}", number=data.ticket_id)
    await context.edit(Screen(done))
