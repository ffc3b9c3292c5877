"""Tickets as their journals tell them (D6): entry after entry gives what the tables must say."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import select

from core.models import (
    Classification,
    JournalEntry,
    NextContact,
    Resolution,
    Task,
    TicketField,
    TicketParent,
    TicketTeam,
)
from core.texts import unpack
from tests.actions.store import Store


class TaskTold(NamedTuple):
    """A task: what it is, how it stands or ended, whose it is."""

    kind: str
    state: str
    assignee: int | None
    outcome: str | None = None
    result: str | None = None


class EndingTold(NamedTuple):
    """An ending: its rating and why, its reason, the time that somebody has noted, what helped."""

    rating: int | None = None
    comment: str | None = None
    reason: str | None = None
    spent: timedelta | None = None
    article: str | None = None


class Present(NamedTuple):
    """What the journal answers for."""

    state: str = ""
    assignee: int | None = None
    waiting: datetime | None = None
    due: datetime | None = None
    customer: int | None = None
    topic: str | None = None
    title: str = ""
    place: tuple[str | None, int] = (None, 1)
    kind: tuple[str | None, str | None, str | None] = (None, None, None)
    parent: int | None = None
    contact: datetime | None = None
    tasks: Mapping[int, TaskTold] = {}
    endings: Mapping[datetime, EndingTold] = {}
    fields: Mapping[str, str] = {}


@dataclass
class Played:
    """A ticket as its entries tell it."""

    now: Present = field(default_factory=Present)

    def play(self, at: datetime, event: str, facts: Mapping[str, Any]) -> None:
        """Take in one entry; most change nothing that is told here."""
        change = _CHANGES.get(event)
        if change is not None:
            self.now = self.now._replace(**change(self.now, at, facts))


Facts = Mapping[str, Any]
Changes = Callable[[Present, datetime, Facts], dict[str, Any]]


def _opened(_now: Present, at: datetime, facts: Facts) -> dict[str, Any]:
    told = {name: facts[name] for name in ("state", "topic", "title")}
    told["customer"] = facts["customer_id"]
    return told | {"waiting": at, "due": facts["answer_due"]}


def _asked(now: Present, at: datetime, facts: Facts) -> dict[str, Any]:
    if not facts.get("turned", True):
        return {}
    return {"waiting": now.waiting or at, "due": facts["answer_due"]}


def _owed(_now: Present, _at: datetime, facts: Facts) -> dict[str, Any]:
    return {"waiting": facts["waiting_since"], "due": facts["answer_due"]}


_STOPPED: Mapping[str, bool] = {"resolved": True, "closed": True, "cancelled": False}


def _entered(now: Present, at: datetime, facts: Facts) -> dict[str, Any]:
    entered = {"state": facts["new"], "assignee": facts["assignee_id"], **_owed(now, at, facts)}
    ends = _STOPPED.get(facts["category"], False) and facts["old_category"] not in _STOPPED
    if not ends:
        return entered
    before = now.endings.get(at, EndingTold())
    told = {"reason": facts["closing"], "article": facts.get("article")}
    return entered | {"endings": {**now.endings, at: before._replace(**told)}}


def _ending(name: str, *told: str) -> Changes:
    """The ending named by ``name`` is what the facts say."""

    def changed(now: Present, _at: datetime, facts: Facts) -> dict[str, Any]:
        named = {"value": "rating"}
        values = {named.get(fact, fact): facts.get(fact) for fact in told}
        ending = now.endings[facts[name]]._replace(**values)
        return {"endings": {**now.endings, facts[name]: ending}}

    return changed


def _given(_now: Present, _at: datetime, facts: Facts) -> dict[str, Any]:
    return {"assignee": facts["assignee_id"], "place": (facts["team"], facts["level"])}


def _known(now: Present, at: datetime, facts: Facts) -> dict[str, Any]:
    return {"parent": facts["parent"], **_owed(now, at, facts)}


def _topic(_now: Present, _at: datetime, facts: Facts) -> dict[str, Any]:
    return {"topic": facts["new"], "due": facts["answer_due"]}


def _classified(_now: Present, _at: datetime, facts: Facts) -> dict[str, Any]:
    return {"kind": (facts["service"], facts["category"], facts["priority"])}


def _fact(name: str, fact: str) -> Changes:
    return lambda _now, _at, facts: {name: facts[fact]}


def _task_opened(now: Present, _at: datetime, facts: Facts) -> dict[str, Any]:
    return _task(now, facts, TaskTold(facts["kind"], "open", facts["assignee_id"]))


def _task_taken(now: Present, _at: datetime, facts: Facts) -> dict[str, Any]:
    task = now.tasks[facts["task_id"]]
    return _task(now, facts, task._replace(assignee=facts["assignee_id"]))


def _task_ended(state: str) -> Changes:
    names = ("assignee_id", "outcome", "result")

    def ended(now: Present, _at: datetime, facts: Facts) -> dict[str, Any]:
        told = [facts[name] for name in names]
        return _task(now, facts, TaskTold(facts["kind"], state, *told))

    return ended


def _task(now: Present, facts: Facts, task: TaskTold) -> dict[str, Any]:
    return {"tasks": {**now.tasks, facts["task_id"]: task}}


def _filled(now: Present, _at: datetime, facts: Facts) -> dict[str, Any]:
    others = {code: value for code, value in now.fields.items() if code != facts["field"]}
    return {
        "fields": others if facts["value"] is None else {**others, facts["field"]: facts["value"]}
    }


_CHANGES: Mapping[str, Changes] = {
    "ticket_opened": _opened,
    "customer_wrote": _asked,
    "question_after_all": _asked,
    "merge_received": _owed,
    "merge_returned": _owed,
    "ticket_taken": _fact("assignee", "assignee_id"),
    "ticket_released": lambda *_: {"assignee": None},
    "ticket_assigned": _given,
    "ticket_escalated": _given,
    "team_given": lambda _now, _at, facts: {"place": (facts["team"], facts["level"])},
    "state_entered": _entered,
    "field_set": _filled,
    "ticket_rated": _ending("resolved_at", "value"),
    "rating_explained": _ending("resolved_at", "comment"),
    "ending_described": _ending("at", "reason", "spent", "article"),
    "answer_delivered": _owed,
    "answer_failed": _owed,
    "answer_withdrawn": _owed,
    "call_recorded": _owed,
    "fault_known": _known,
    "fault_alone": _owed,
    "outage_opened": _owed,
    "outage_restated": _owed,
    "parent_set": _fact("parent", "parent"),
    "parent_left": lambda *_: {"parent": None},
    "topic_changed": _topic,
    "answer_due_changed": lambda _now, _at, facts: {"due": facts["answer_due"]},
    "title_changed": _fact("title", "new"),
    "ticket_classified": _classified,
    "customer_changed": _fact("customer", "customer_id"),
    "next_contact_set": _fact("contact", "at"),
    "task_opened": _task_opened,
    "task_taken": _task_taken,
    "task_assigned": _task_taken,
    "task_reopened": _task_opened,
    "task_done": _task_ended("done"),
    "task_cancelled": _task_ended("cancelled"),
}


async def replayed(store: Store, number: int) -> Present:
    """The ticket as its whole journal tells it."""
    played = Played()
    entries = select(JournalEntry).where(JournalEntry.ticket_id == number)
    for entry in await store.rows(entries.order_by(JournalEntry.id)):
        played.play(entry.at, entry.event, unpack(entry.facts))
    return played.now


async def present(store: Store, number: int) -> Present:
    """The ticket as the tables say it is."""

    async def of(model: Any, key: Any) -> list[Any]:
        ordered = model.__table__.primary_key
        return await store.rows(select(model).where(key == number).order_by(*ordered))

    ticket = await store.ticket(number)
    team = await of(TicketTeam, TicketTeam.ticket_id)
    kind = await of(Classification, Classification.ticket_id)
    part = await of(TicketParent, TicketParent.child_id)
    contact = await of(NextContact, NextContact.ticket_id)
    return Present(
        state=ticket.state,
        assignee=ticket.assignee_id,
        waiting=ticket.waiting_since,
        due=ticket.answer_due,
        customer=ticket.customer_id,
        topic=ticket.topic,
        title=ticket.title,
        place=(team[0].team, team[0].level) if team else (None, 1),
        kind=(kind[0].service, kind[0].category, kind[0].priority) if kind else (None, None, None),
        parent=part[0].parent_id if part else None,
        contact=contact[0].at if contact else None,
        tasks={task.id: told(task) for task in await of(Task, Task.ticket_id)},
        endings={row.at: ended(row) for row in await of(Resolution, Resolution.ticket_id)},
        fields={row.field: row.value for row in await of(TicketField, TicketField.ticket_id)},
    )


def ended(row: Any) -> EndingTold:
    """The row of an ending, as far as the journal answers for it."""
    spent = None if row.spent is None else timedelta(seconds=row.spent)
    return EndingTold(row.rating, row.comment, row.reason, spent, row.article)


def told(task: Any) -> TaskTold:
    """The row of a task, as far as the journal answers for it."""
    return TaskTold(task.kind, task.state, task.assignee_id, task.outcome, task.result)
