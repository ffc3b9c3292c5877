"""Resolving a ticket with unfinished tasks (B10): somebody must say what becomes of them.

A *diagnose and resolve* task ends with its ticket (B9), so nobody is asked about it.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from core.errors import Refusal
from core.models import Task, Ticket
from core.tasks.rules import CANCELLED, DIAGNOSE, DONE
from core.tasks.task_recorder import end_tasks, open_tasks
from core.tickets.lifecycle import move
from core.tx import Tx
from core.words.aliases import TASK_CHOICES

_CHOSEN: Final = re.compile(r"(\w+)\s*(?:[:,—–-]\s*|\Z)")
WITH_TICKET: Final = "with_ticket"


class Choice(StrEnum):
    """What becomes of the open tasks of a ticket that is resolved."""

    COMPLETE = "complete"
    CANCEL = "cancel"
    LEAVE = "leave"


@dataclass(frozen=True, slots=True)
class Unfinished:
    """An open task, as the question shows it."""

    id: int
    title: str


class TasksOpen(Refusal):
    """The ticket is not resolved yet: somebody has to say what becomes of its open tasks."""

    def __init__(self, ticket_id: int, tasks: tuple[Unfinished, ...]) -> None:
        super().__init__("refusal.tasks_open", number=ticket_id, n=len(tasks))
        self.number = ticket_id
        self.tasks = tasks


async def resolve(
    tx: Tx, ticket_id: int, *, reason: str | None = None, choice: Choice | None = None
) -> Ticket:
    """Resolve the ticket.

    Raises :class:`TasksOpen`, having changed nothing, where a choice is needed; otherwise what
    moving a ticket raises.
    """
    ticket = await move(tx, ticket_id, "resolve", reason=reason)
    unfinished = [task for task in await open_tasks(tx, ticket_id) if task.kind != DIAGNOSE]
    if unfinished and choice is None:
        raise TasksOpen(ticket_id, tuple(Unfinished(task.id, task.title) for task in unfinished))
    await _settle(tx, unfinished, choice)
    return ticket


async def _settle(tx: Tx, tasks: list[Task], choice: Choice | None) -> None:
    states = {Choice.COMPLETE: DONE, Choice.CANCEL: CANCELLED}
    if choice in states:
        await end_tasks(tx, tasks, states[choice], WITH_TICKET, by_hand=True)


def read_choice(words: str) -> tuple[Choice | None, str]:
    """Read «завершить: заменили кабель» into the choice and the reason.

    The word stands alone, or before a colon, a comma or a dash: otherwise it belongs to the reason.
    """
    found = _CHOSEN.match(words.strip())
    choice = None if found is None else TASK_CHOICES.get(found[1].casefold())
    if found is None or choice is None:
        return None, words
    return Choice(choice), words.strip()[found.end() :]
