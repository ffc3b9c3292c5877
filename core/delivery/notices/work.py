"""Who hears of assignees, teams and tasks, of what rules tell, and of suggestions. Pure."""

from typing import Any, Final

from core import events as e
from core.delivery.notices.notice import Audience, Notice, NoticeTable, card, tell_colleague
from core.delivery.pacing import Priority


def _assigned(key: str) -> tuple[Notice, ...]:
    """The new assignee hears of it in private (or in the group, see `acknowledgements`), a team in
    its group, and why, if that was said; the customer that somebody is at it now.
    """

    def told(about: str, event: Any) -> str:
        return f"{about}.why" if event.why else about

    return (
        Notice(
            Audience.CUSTOMER,
            "text",
            Priority.TICKET_ACK,
            "ticket.taken",
            when=lambda event: event.first and event.assignee_id is not None,
        ),
        card(),
        tell_colleague(lambda event: f"staff.{told(key, event)}"),
        Notice(
            Audience.OPERATORS,
            "text",
            Priority.GROUP_NEWS,
            lambda event: f"group.{key}.{told('team', event)}",
            when=lambda event: bool(event.concerns) and event.assignee_id is None,
            reply="card",
        ),
    )


def _rule_tells(to: Audience, named: str, key: str) -> Notice:
    reply = "card" if to is Audience.OPERATORS else None
    return Notice(
        to, "text", Priority.GROUP_NEWS, key, when=lambda event: event.to == named, reply=reply
    )


def _is_by_another(event: e.TaskDone) -> bool:
    """Who holds the ticket and works on must hear of it."""
    return event.by_hand and event.active and event.holder_id != event.done_by


_DONE_BY_ANOTHER: Final = Notice(
    Audience.OPERATORS,
    "text",
    Priority.GROUP_NEWS,
    lambda event: f"group.task.{'done_result' if event.result else 'done'}",
    when=_is_by_another,
    reply="card",
)


NOTICES: Final[NoticeTable] = {
    e.TicketTaken: (
        Notice(
            Audience.CUSTOMER,
            "text",
            Priority.TICKET_ACK,
            "ticket.taken",
            when=lambda event: event.first and not event.by_answer,
        ),
        card(),
    ),
    e.TicketAssigned: _assigned("assigned"),
    e.TicketEscalated: _assigned("escalated"),
    # one that is made with its ticket stands on the card already
    e.TaskOpened: (card(lambda event: event.assignee_id is not None or event.by_hand),),
    e.TaskTaken: (card(),),
    e.TaskAssigned: (card(), tell_colleague("staff.task_assigned")),
    e.TaskReopened: (card(), tell_colleague("staff.task_reopened")),
    e.TaskDone: (_DONE_BY_ANOTHER, card()),
    # a task that went over to the parent of an outage: its card goes, too
    e.TaskCancelled: (card(lambda event: event.outcome != "merged"),),
    e.TasksLeft: (
        Notice(
            Audience.OPERATORS,
            "text",
            Priority.GROUP_NEWS,
            "group.tasks_left",
            when=lambda event: not event.chosen,
            reply="card",
        ),
    ),
    e.TeamGiven: (
        card(),
        Notice(
            Audience.OPERATORS,
            "text",
            Priority.GROUP_NEWS,
            "group.assigned.team",
            when=lambda event: bool(event.concerns),
            reply="card",
        ),
    ),
    e.OperatorLeft: (
        Notice(Audience.OPERATORS, "text", Priority.GROUP_NEWS, "group.operator_left"),
    ),
    e.RuleTold: (
        _rule_tells(Audience.OPERATORS, "group", "group.rule_tells"),
        _rule_tells(Audience.OPERATORS, "team", "group.rule_calls"),
        _rule_tells(Audience.ALERTS, "alerts", "group.rule_tells"),
        _rule_tells(Audience.ADMINS, "admins", "staff.rule_tells"),
        _rule_tells(Audience.ASSIGNEE, "assignee", "staff.rule_tells"),
    ),
    e.RuleRan: (
        Notice(
            Audience.OPERATORS,
            "text",
            Priority.GROUP_NEWS,
            "group.rule_answered",
            when=lambda event: "response" in event.done,
            reply="card",
        ),
    ),
    e.SuggestionLost: (tell_colleague("staff.suggestion_lost"),),
}
