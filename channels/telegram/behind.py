"""The lines of a card about the work behind its ticket: the team, the open tasks."""

from collections.abc import Iterator

from channels.telegram.voice import Voice
from core.texts import Key
from core.tickets.behind import OpenTask
from core.tickets.card import Card
from core.words.names import clean_name


def team(card: Card, voice: Voice) -> Iterator[str]:
    """With whom the ticket is, where there are teams; the first level goes without saying."""
    behind = card.behind
    if behind.team is not None:
        key = "card.team_level" if behind.level > 1 else "card.team"
        yield voice.html(key, team=clean_name(behind.team), level=behind.level)


def tasks(card: Card, voice: Voice) -> Iterator[str]:
    """The open tasks on one line."""
    if card.behind.tasks:
        listed = " · ".join(_task(card, task, voice) for task in card.behind.tasks)
        yield voice.html("card.tasks") + " " + listed


def _task(card: Card, task: OpenTask, voice: Voice) -> str:
    """A task of the ticket's assignee, who stands on the card already, goes without a name."""
    kind = Key(f"task.kind.{task.kind}")
    if task.assignee is None or task.assignee == card.assignee:
        return voice.html("card.task", task=task.id, kind=kind)
    return voice.html("card.task_of", task=task.id, kind=kind, name=clean_name(task.assignee))
