"""Who hears of what: one line per notice. Pure.

An event may have several notices. ``when`` decides by the event alone, ``if_stored`` by the ticket
and the message that it is about, as they are stored. ``wait`` holds a row back for some seconds, so
that what changes again meanwhile is one message (X5). Rows with the same ``dedup_key`` that still
wait are one row. The order of the lines is the order of leaving.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from core import events as e
from core.delivery.pacing import Priority
from core.words.ratings import BAD, verdict_of


@dataclass(frozen=True, slots=True)
class Stored:
    """What is stored of an event's ticket and message: where the ticket came from, and whether its
    card shows the message's words whole. ``flooded``: the message is part of a flood.
    ``by_letter``: the customer writes where a program may answer what a program says.
    ``repeated``: they open one after the other there, so that each must not be acknowledged.
    ``promised``: the customer has been told that the ticket is here, and what is promised.
    ``in_topic``: it has a topic in its customer's private chat.
    """

    origin: str = ""
    in_card: bool = False
    flooded: bool = False
    by_letter: bool = False
    repeated: bool = False
    promised: bool = True
    in_topic: bool = False


IfStored = Callable[[Any, Stored], bool]


class Audience(StrEnum):
    """Whom a notice is for."""

    CUSTOMER = "customer"
    CUSTOMER_MAIL = "customer_mail"  # the customer, by mail, wherever they write from
    OPERATORS = "operators"
    ALERTS = "alerts"
    STAFF_MAIL = "staff_mail"
    ASSIGNEE = "assignee"
    REPORTERS = "reporters"  # customers whose tickets are part of this one
    ADMINS = "admins"  # all who can be reached, but for whom it is about and who did it
    PERSON = "person"  # whom the event is about, unless they did it themselves
    OTHER_CHAT = "other_chat"  # the desk's chat that is in order, when another is not


@dataclass(frozen=True, slots=True)
class Notice:
    """One line: to whom, which operation of the channel, which text key, how urgent.

    ``key`` may depend on the event. ``reply`` names what the message answers: ``card`` (the
    ticket's), ``source`` (the message the event is about, where its author wrote it). ``silent``:
    it goes only where the company has it told (`core.delivery.own_notices`).
    """

    to: Audience
    kind: str
    priority: Priority
    key: str | Callable[[Any], str | None] | None = None
    when: Callable[[Any], bool] | None = None
    if_stored: IfStored | None = None
    wait: float = 0.0
    dedup_key: str | None = None
    reply: str | None = None
    extra: tuple[tuple[str, Any], ...] = ()
    silent: bool = False


CARD_WAIT: Final = 2.0
ALBUM_WAIT: Final = 1.0
FLOOD_WAIT: Final = 2.0
FOLD_WAIT: Final = 10.0


def is_shown(event: e.TicketOpened) -> bool:
    """The group is to look at the new ticket now; otherwise its card is posted when something else
    happens to it.
    """
    return event.part_of not in e.HIDDEN and not event.undecided


def _unreachable(event: e.PersonUnreachable) -> str:
    by_letter = "_by_letter" if event.by_letter else "_noted" if event.to else ""
    return f"group.unreachable{by_letter}"


# Origins of tickets whose customers are told of them by another notice, or have no customer.
_TOLD_OTHERWISE: Final = frozenset({"split", "outage"})


def _is_told_here(event: e.TicketOpened) -> bool:
    told = event.part_of is None and event.origin not in _TOLD_OTHERWISE
    return told and not event.silent


_CARD_NEW: Final = Notice(
    Audience.OPERATORS,
    "card",
    Priority.GROUP_NEWS,
    when=is_shown,
    dedup_key="card:{ticket_id}",
)


def _card(when: Callable[[Any], bool] | None = None, if_stored: IfStored | None = None) -> Notice:
    return Notice(
        Audience.OPERATORS,
        "card",
        Priority.CARD_REFRESH,
        when=when,
        if_stored=if_stored,
        wait=CARD_WAIT,
        dedup_key="card:{ticket_id}",
    )


def _frozen(event: e.StateEntered) -> str:
    until = "_until" if event.until else ""
    return f"ticket.frozen{until}{'_reason' if event.reason and event.public else ''}"


def _with_reason(key: str) -> Callable[[e.StateEntered], str]:
    return lambda event: f"{key}_reason" if event.reason else key


def _closed(event: e.StateEntered) -> str:
    """Why it was closed stays among the operators, unless they say otherwise."""
    return "ticket.closed_reason" if event.reason and event.public else "ticket.closed"


def _reopened(event: e.StateEntered) -> str | None:
    """A customer who answers our question is not told that work goes on: they know."""
    return None if event.old_category == "waiting" else _if_moved("ticket.reopened")(event)


def _unless_rated(text: Callable[[e.StateEntered], str]) -> Callable[[e.StateEntered], str | None]:
    """What follows from a rating is said with it."""
    return lambda event: None if event.rated else text(event)


def _rated(event: e.TicketRated) -> str:
    """Which words answer a rating."""
    return f"customer.rated.{verdict_of(event.value)}"


def _judged(event: e.RatingAsked) -> str:
    """Which words ask once more what the customer thinks of a resolution."""
    if event.unclear:
        return "ticket.unclear"
    return "ticket.unjudged_closes" if event.closes else "ticket.unjudged"


def _if_moved(key: str) -> Callable[[e.StateEntered], str | None]:
    return lambda event: key if event.old != event.new else None


# what the customer is told of a move, by its verb; a verb without a line is silent (G3)
STATE_TEXTS: Final[dict[str, Callable[[e.StateEntered], str | None]]] = {
    "freeze": _frozen,
    "resolve": _with_reason("ticket.resolved"),
    "close": _unless_rated(_closed),
    "expire": lambda _event: "ticket.closed",
    "cancel": _with_reason("ticket.cancelled"),
    "reopen": _unless_rated(lambda _event: "ticket.reopened"),
    "hear": _reopened,
}

# moves of which customers hear only where the company says so
_SILENT_MOVES: Final = {"reply": "ticket.answered", "wait": "ticket.waiting"}
_ENDED: Final = frozenset({"closed", "cancelled"})
# moves of the customer that operators are told of
_BY_CUSTOMER: Final = frozenset({"dispute", "withdraw"})
UNASK: Final = "unask"
"""The buttons of «does everything work?» are taken off."""


def _ends_question(event: e.StateEntered) -> bool:
    return event.old_category == "resolved" and event.category != "resolved"


# verbs that leave the card as it is unless the state changes
_QUIET_VERBS: Final = frozenset({"reply", "hear"})


def _told_by_customer(event: e.StateEntered) -> str:
    if event.verb == "withdraw":
        return "group.withdrawn"
    return "group.disputed_to" if event.concerns else "group.disputed"


def _state_text(event: e.StateEntered) -> str | None:
    text = STATE_TEXTS.get(event.verb)
    return None if text is None else text(event)


def _failure(event: e.AnswerFailed) -> str:
    reason = "blocked" if event.reason == "blocked" else "other"
    return f"answer.failed.{'letter_' if event.by_letter else ''}{reason}"


def _known(event: e.FaultKnown) -> str:
    if event.area is None:
        return "ticket.known"
    return "ticket.known_area" if event.fresh else "ticket.joined_area"


_TO = Audience


def _tell_colleague(key: str | Callable[[Any], str | None]) -> Notice:
    """What whoever has it now hears in private, or in the group: see `acknowledgements`."""
    return Notice(
        Audience.ASSIGNEE,
        "text",
        Priority.GROUP_NEWS,
        key,
        when=lambda event: bool(event.concerns) and event.assignee_id is not None,
    )


def _assigned(key: str) -> tuple[Notice, ...]:
    """The new assignee hears of it in private (or in the group, see `receipts`), a team in its
    group, and why, if that was said; the customer that somebody is at it now.
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
        _card(),
        _tell_colleague(lambda event: f"staff.{told(key, event)}"),
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


def _is_by_itself(event: e.Event) -> bool:
    """Not of those that a digest tells of, together."""
    in_outage = getattr(event, "in_outage", False)
    return not (getattr(event, "after_downtime", False) or in_outage)


# The origin of the ticket with which an admin tries the whole way: it alarms nobody.
TRIAL: Final = "trial"


def _is_in_earnest(_event: e.Event, stored: Stored) -> bool:
    return stored.origin != TRIAL


def _is_below_card(_event: e.Event, stored: Stored) -> bool:
    """Neither the card nor the post of a flood stands for these words: they are posted below it."""
    return not (stored.in_card or stored.flooded)


def _goes_to_all(event: Any, stored: Stored) -> bool:
    """An operator's words to an outage, or to all, are words to everybody who reported it (X9)."""
    return stored.origin == "outage" or getattr(event, "to_all", False)


def _to_reporters(kind: str, **how: Any) -> Notice:
    return Notice(Audience.REPORTERS, kind, Priority.TICKET_ACK, **how)


def _of_desk(outcome: Callable[[Any], str], mail: str) -> tuple[Notice, ...]:
    """What is told of the desk's own chats (X14): to admins, to the other chat, by mail."""

    def key(event: Any) -> str:
        return f"setup.{event.role}.{outcome(event)}"

    return (
        Notice(Audience.ADMINS, "text", Priority.GROUP_NEWS, key),
        Notice(Audience.OTHER_CHAT, "text", Priority.GROUP_NEWS, key),
        Notice(
            Audience.STAFF_MAIL, "text", Priority.GROUP_NEWS, lambda event: f"{mail}.{event.role}"
        ),
    )


def _of_health(outcome: str, mail: str) -> tuple[Notice, ...]:
    """What is told of the desk's own health (X14): by every way, of which some may work."""

    def key(event: Any) -> str:
        return f"health.{outcome}.{event.code}"

    whens: dict[Audience, Callable[[Any], bool] | None] = {
        Audience.ADMINS: None,
        Audience.ALERTS: lambda event: event.to_alerts,
        Audience.OPERATORS: lambda event: not event.to_alerts,
        Audience.STAFF_MAIL: None,
    }
    return tuple(
        Notice(
            to,
            "text",
            Priority.GROUP_NEWS,
            mail if to is Audience.STAFF_MAIL else key,
            when=when,
        )
        for to, when in whens.items()
    )


_WORDS_BELOW_CARD: Final = (
    Notice(
        Audience.OPERATORS,
        "content",
        Priority.GROUP_NEWS,
        when=lambda event: event.album is None,
        if_stored=_is_below_card,
    ),
    Notice(
        Audience.OPERATORS,
        "content",
        Priority.GROUP_NEWS,
        when=lambda event: event.album is not None,
        if_stored=_is_below_card,
        wait=ALBUM_WAIT,
        dedup_key="album:{album}",
    ),
)
_DONE_BY_ANOTHER: Final = Notice(
    Audience.OPERATORS,
    "text",
    Priority.GROUP_NEWS,
    lambda event: f"group.task.{'done_result' if event.result else 'done'}",
    when=_is_by_another,
    reply="card",
)

NOTICES: Final[dict[type[e.Event], tuple[Notice, ...]]] = {
    e.TicketOpened: (
        _CARD_NEW,
        Notice(
            _TO.CUSTOMER,
            "text",
            Priority.TICKET_ACK,
            "ticket.opened",
            when=_is_told_here,
            if_stored=lambda _event, stored: not stored.repeated,
        ),
        Notice(
            _TO.STAFF_MAIL,
            "text",
            Priority.GROUP_NEWS,
            "mail.ticket_opened",
            when=is_shown,
        ),
    ),
    e.CustomerWrote: (
        *_WORDS_BELOW_CARD,
        Notice(
            _TO.OPERATORS,
            "flood",
            Priority.CARD_REFRESH,
            when=lambda event: event.flood is not None,
            wait=FOLD_WAIT,
            dedup_key="flood:{flood}",
        ),
        _card(lambda event: event.turned),
        Notice(
            _TO.CUSTOMER,
            "text",
            Priority.TICKET_ACK,
            "customer.verdict.content",
            when=lambda event: event.confirms,
        ),
    ),
    e.FloodBegan: (
        Notice(
            _TO.CUSTOMER,
            "text",
            Priority.TICKET_ACK,
            "customer.flood",
            when=lambda event: event.told,
            if_stored=lambda _event, stored: not stored.by_letter,
        ),
    ),
    e.TicketNotOpened: (
        Notice(_TO.CUSTOMER, "text", Priority.TICKET_ACK, "customer.ticket_limit"),
    ),
    e.PersonTurnedAway: (
        Notice(_TO.CUSTOMER, "text", Priority.ANSWER_TO_ACTOR, "customer.blocked"),
    ),
    e.MessageShown: (Notice(_TO.OPERATORS, "content", Priority.GROUP_NEWS),),
    e.WordsKept: (
        Notice(
            _TO.CUSTOMER,
            "text",
            Priority.ANSWER_TO_ACTOR,
            lambda event: "customer.ask.which" if event.choices else "customer.ask.whether",
        ),
    ),
    e.MessageEdited: (
        Notice(
            _TO.OPERATORS,
            "edit",
            Priority.GROUP_NEWS,
            when=lambda event: event.from_customer,
            if_stored=_is_below_card,
            dedup_key="edit:{message_id}",
        ),
        _card(if_stored=lambda event, stored: stored.in_card or event.turned),
        Notice(
            _TO.OPERATORS,
            "text",
            Priority.GROUP_NEWS,
            "group.edited",
            when=lambda event: event.announced,
            wait=CARD_WAIT,
            dedup_key="edited:{message_id}",
            reply="card",
        ),
        Notice(
            _TO.CUSTOMER,
            "edit",
            Priority.HUMAN_ANSWER,
            when=lambda event: not event.from_customer,
            dedup_key="edit:{message_id}",
        ),
        _to_reporters(
            "edit", when=lambda event: not event.from_customer, dedup_key="edit:{message_id}"
        ),
    ),
    e.CustomerReacted: (
        Notice(
            _TO.OPERATORS,
            "reaction",
            Priority.RECEIPT,
            when=lambda event: event.message_id is not None,
            dedup_key="receipt:{message_id}",
            reply="source",
            extra=(("emoji", "👌"),),
        ),
        Notice(
            _TO.OPERATORS,
            "text",
            Priority.GROUP_NEWS,
            "group.disliked",
            when=lambda event: event.message_id is not None and not event.liked,
            dedup_key="disliked:{message_id}",
            reply="source",
        ),
        Notice(
            _TO.CUSTOMER,
            "text",
            Priority.TICKET_ACK,
            lambda event: f"customer.verdict.{'content' if event.liked else 'disputed'}",
            when=lambda event: event.message_id is None,
        ),
    ),
    e.QuestionAfterAll: (_card(),),
    e.TicketTaken: (
        Notice(
            _TO.CUSTOMER,
            "text",
            Priority.TICKET_ACK,
            "ticket.taken",
            when=lambda event: event.first and not event.by_answer,
        ),
        _card(),
    ),
    e.TicketAssigned: _assigned("assigned"),
    e.TicketEscalated: _assigned("escalated"),
    # one that is made with its ticket stands on the card already
    e.TaskOpened: (_card(lambda event: event.assignee_id is not None or event.by_hand),),
    e.TaskTaken: (_card(),),
    e.TaskAssigned: (_card(), _tell_colleague("staff.task_assigned")),
    e.TaskReopened: (_card(), _tell_colleague("staff.task_reopened")),
    e.TaskDone: (_DONE_BY_ANOTHER, _card()),
    # a task that went over to the parent of an outage: its card goes, too
    e.TaskCancelled: (_card(lambda event: event.outcome != "merged"),),
    e.TasksLeft: (
        Notice(
            _TO.OPERATORS,
            "text",
            Priority.GROUP_NEWS,
            "group.tasks_left",
            when=lambda event: not event.chosen,
            reply="card",
        ),
    ),
    e.AnswerWritten: (
        Notice(
            _TO.CUSTOMER, "content", Priority.HUMAN_ANSWER, when=lambda event: event.album is None
        ),
        Notice(
            _TO.CUSTOMER,
            "content",
            Priority.HUMAN_ANSWER,
            when=lambda event: event.album is not None,
            wait=ALBUM_WAIT,
            dedup_key="album:{album}",
        ),
        Notice(
            _TO.ASSIGNEE,
            "text",
            Priority.GROUP_NEWS,
            "staff.answered",
            when=lambda event: bool(event.concerns),
            dedup_key="answered:{ticket_id}",
        ),
        _to_reporters("content", when=lambda event: event.album is None, if_stored=_goes_to_all),
        _to_reporters(
            "content",
            when=lambda event: event.album is not None,
            if_stored=_goes_to_all,
            wait=ALBUM_WAIT,
            dedup_key="album:{album}",
        ),
    ),
    e.AnswerDelivered: (
        Notice(
            _TO.OPERATORS,
            "reaction",
            Priority.RECEIPT,
            dedup_key="receipt:{message_id}",
            reply="source",
            extra=(("emoji", "👌"),),
        ),
        _card(),
    ),
    e.AnswerFailed: (
        Notice(_TO.OPERATORS, "text", Priority.HUMAN_ANSWER, _failure, reply="source"),
        _card(),
    ),
    e.AnswerRedirected: (
        Notice(_TO.OPERATORS, "text", Priority.GROUP_NEWS, "answer.redirected", reply="source"),
        _card(),
    ),
    e.AnswerRetried: (
        Notice(_TO.CUSTOMER, "content", Priority.HUMAN_ANSWER),
        _to_reporters("content", if_stored=_goes_to_all),
    ),
    e.SilentCustomerMailed: (Notice(_TO.CUSTOMER_MAIL, "unread", Priority.HUMAN_ANSWER),),
    e.CopyNotMailed: (
        Notice(_TO.OPERATORS, "text", Priority.GROUP_NEWS, "group.copy_not_mailed", reply="card"),
    ),
    e.AnswerWithdrawn: (
        Notice(_TO.CUSTOMER, "delete", Priority.HUMAN_ANSWER),
        _to_reporters("delete"),
        Notice(
            _TO.OPERATORS,
            "reaction",
            Priority.RECEIPT,
            dedup_key="receipt:{message_id}",
            reply="source",
            extra=(("emoji", None),),
        ),
        _card(),
    ),
    e.NoteWritten: (
        Notice(
            _TO.OPERATORS,
            "reaction",
            Priority.RECEIPT,
            when=lambda event: event.said_with is None,
            dedup_key="note:{note_id}",
            reply="source",
            extra=(("emoji", "✍"),),
        ),
    ),
    e.StateEntered: (
        Notice(_TO.CUSTOMER, "text", Priority.TICKET_ACK, _state_text),
        Notice(
            _TO.CUSTOMER,
            "text",
            Priority.TICKET_ACK,
            lambda event: _SILENT_MOVES[event.verb],
            when=lambda event: event.verb in _SILENT_MOVES and event.category != event.old_category,
            silent=True,
        ),
        Notice(_TO.CUSTOMER, UNASK, Priority.TICKET_ACK, when=_ends_question),
        Notice(
            _TO.CUSTOMER,
            "topic",
            Priority.CARD_REFRESH,
            when=lambda event: (event.category in _ENDED) != (event.old_category in _ENDED),
            if_stored=lambda _event, stored: stored.in_topic,
            dedup_key="topic:{ticket_id}",
        ),
        Notice(
            _TO.OPERATORS,
            "text",
            Priority.GROUP_NEWS,
            _told_by_customer,
            when=lambda event: event.verb in _BY_CUSTOMER and not event.rated,
            reply="card",
        ),
        Notice(
            _TO.OPERATORS,
            "text",
            Priority.GROUP_NEWS,
            "group.came_back",
            when=lambda event: event.verb == "hear" and bool(event.concerns),
            dedup_key="came_back:{ticket_id}",
            reply="card",
        ),
        _card(lambda event: event.verb not in _QUIET_VERBS or event.old != event.new),
    ),
    e.FieldSet: (_card(),),
    e.FieldAsked: (
        Notice(
            _TO.CUSTOMER,
            "text",
            Priority.TICKET_ACK,
            lambda event: "customer.field.again" if event.again else "customer.field.ask",
        ),
    ),
    e.EndingDescribed: (_card(),),
    e.TicketRated: (
        Notice(
            _TO.CUSTOMER,
            "text",
            Priority.TICKET_ACK,
            _rated,
            when=lambda event: event.said,
        ),
        Notice(
            _TO.OPERATORS,
            "text",
            Priority.GROUP_NEWS,
            "group.rated",
            when=lambda event: verdict_of(event.value) == BAD,
            reply="card",
        ),
        _card(),
    ),
    e.RatingExplained: (
        Notice(
            _TO.OPERATORS,
            "text",
            Priority.GROUP_NEWS,
            "group.rating_explained",
            when=lambda event: event.aside,
            reply="card",
        ),
        _card(),
    ),
    e.RatingAsked: (
        Notice(
            _TO.CUSTOMER,
            "text",
            Priority.TICKET_ACK,
            _judged,
        ),
    ),
    e.TicketsClosed: (
        Notice(_TO.OPERATORS, "text", Priority.GROUP_NEWS, "group.closed_by_itself"),
    ),
    e.TicketClassified: (_card(),),
    e.ClocksSet: (_card(),),
    e.ClockNear: (
        Notice(
            _TO.OPERATORS,
            "text",
            Priority.GROUP_NEWS,
            lambda event: f"group.clock_near.{event.kind}",
            when=_is_by_itself,
            reply="card",
        ),
    ),
    e.ClockMissed: (
        Notice(
            _TO.ALERTS,
            "text",
            Priority.GROUP_NEWS,
            lambda event: f"alert.clock.{event.kind}",
            when=_is_by_itself,
            if_stored=_is_in_earnest,
        ),
        Notice(
            _TO.STAFF_MAIL,
            "text",
            Priority.GROUP_NEWS,
            lambda event: f"mail.clock.{event.kind}",
            when=_is_by_itself,
            if_stored=_is_in_earnest,
        ),
        _card(_is_by_itself),
        Notice(
            _TO.OPERATORS,
            "card",
            Priority.DIGEST,
            when=lambda event: not _is_by_itself(event),
            dedup_key="card:{ticket_id}",
        ),
    ),
    e.ContactDue: (
        Notice(
            _TO.OPERATORS,
            "text",
            Priority.GROUP_NEWS,
            "group.contact",
            when=_is_by_itself,
            reply="card",
        ),
    ),
    e.NextContactSet: (_card(),),
    e.ContactsPassed: (
        Notice(_TO.OPERATORS, "text", Priority.GROUP_NEWS, "group.contacts_passed"),
    ),
    e.TopicChanged: (_card(),),
    e.TitleChanged: (_card(),),
    e.AnswerDueChanged: (_card(),),
    e.TicketTagged: (_card(),),
    e.RuleTold: (
        _rule_tells(_TO.OPERATORS, "group", "group.rule_tells"),
        _rule_tells(_TO.OPERATORS, "team", "group.rule_calls"),
        _rule_tells(_TO.ALERTS, "alerts", "group.rule_tells"),
        _rule_tells(_TO.ADMINS, "admins", "staff.rule_tells"),
        _rule_tells(_TO.ASSIGNEE, "assignee", "staff.rule_tells"),
    ),
    e.RuleRan: (
        Notice(
            _TO.OPERATORS,
            "text",
            Priority.GROUP_NEWS,
            "group.rule_answered",
            when=lambda event: "response" in event.done,
            reply="card",
        ),
    ),
    e.DeadlineNear: (
        Notice(
            _TO.OPERATORS,
            "text",
            Priority.GROUP_NEWS,
            "group.reminder",
            when=_is_by_itself,
            reply="card",
        ),
    ),
    e.DeadlineMissed: (
        Notice(
            _TO.CUSTOMER,
            "text",
            Priority.TICKET_ACK,
            "ticket.late",
            if_stored=lambda _event, stored: stored.promised,
        ),
        Notice(
            _TO.ALERTS,
            "text",
            Priority.GROUP_NEWS,
            "alert.overdue",
            when=_is_by_itself,
            if_stored=_is_in_earnest,
        ),
        Notice(
            _TO.STAFF_MAIL,
            "text",
            Priority.GROUP_NEWS,
            "mail.overdue",
            when=_is_by_itself,
            if_stored=_is_in_earnest,
        ),
        _card(_is_by_itself),
        Notice(
            _TO.OPERATORS,
            "card",
            Priority.DIGEST,
            when=lambda event: not _is_by_itself(event),
            dedup_key="card:{ticket_id}",
        ),
    ),
    e.TicketWoke: (
        Notice(
            _TO.OPERATORS,
            "text",
            Priority.GROUP_NEWS,
            "group.woke",
            when=_is_by_itself,
            reply="card",
        ),
    ),
    e.StillPaused: (
        Notice(
            _TO.OPERATORS,
            "text",
            Priority.GROUP_NEWS,
            lambda event: f"group.still.{event.category}",
            reply="card",
        ),
    ),
    e.CaughtUp: (
        Notice(
            _TO.ALERTS,
            "text",
            Priority.GROUP_NEWS,
            "alert.digest",
            when=lambda event: bool(event.overdue or event.late),
        ),
        Notice(
            _TO.STAFF_MAIL,
            "text",
            Priority.GROUP_NEWS,
            lambda event: "mail.digest" if event.down else "mail.digest_now",
            when=lambda event: bool(event.overdue or event.late),
        ),
        Notice(
            _TO.OPERATORS,
            "text",
            Priority.GROUP_NEWS,
            "group.digest",
            when=lambda event: bool(event.near or event.woke),
        ),
    ),
    e.FaultKnown: (Notice(_TO.CUSTOMER, "text", Priority.TICKET_ACK, _known),),
    e.FaultAlone: (_card(),),
    e.OutageOffered: (Notice(_TO.OPERATORS, "text", Priority.GROUP_NEWS, "group.outage_offer"),),
    e.OutageRestated: (_to_reporters("text", key="ticket.outage_news"), _card()),
    e.PersonUnreachable: (
        Notice(
            _TO.OPERATORS,
            "text",
            Priority.GROUP_NEWS,
            _unreachable,
            when=lambda event: not event.by_answer,  # a failed answer says so already
            reply="card",
        ),
    ),
    e.CustomerRedirected: (
        Notice(
            _TO.OPERATORS,
            "text",
            Priority.GROUP_NEWS,
            "group.redirected",
            when=lambda event: event.ticket_id is not None,
            reply="card",
        ),
    ),
    e.WordsNotShown: (
        Notice(_TO.OPERATORS, "text", Priority.GROUP_NEWS, "group.not_shown", reply="card"),
        Notice(
            _TO.CUSTOMER,
            "reaction",
            Priority.RECEIPT,
            when=lambda event: event.told,
            dedup_key="receipt:{message_id}",
            reply="source",
            extra=(("emoji", None),),
        ),
        Notice(
            _TO.CUSTOMER,
            "text",
            Priority.TICKET_ACK,
            "ticket.not_shown",
            when=lambda event: event.told,
            reply="source",
        ),
    ),
    e.CardNotShown: tuple(
        Notice(to, "text", Priority.GROUP_NEWS, "alert.card_refused")
        for to in (_TO.ALERTS, _TO.ADMINS)
    ),
    e.ParentSet: (_card(),),
    e.ParentLeft: (_card(),),
    e.ChildJoined: (_card(),),
    e.ChildLeft: (_card(),),
    e.TicketLinked: (_card(),),
    e.ObjectLinked: (_card(),),
    e.Unlinked: (_card(),),
    e.TicketSplit: (Notice(_TO.CUSTOMER, "text", Priority.TICKET_ACK, "ticket.split"),),
    e.SplitOff: (_card(),),
    e.TicketMerged: (
        Notice(_TO.CUSTOMER, "text", Priority.TICKET_ACK, "ticket.merged"),
        _tell_colleague("staff.merged"),
    ),
    e.MergeReceived: (_card(),),
    e.SuggestionLost: (_tell_colleague("staff.suggestion_lost"),),
    e.MergeUndone: (Notice(_TO.CUSTOMER, "text", Priority.TICKET_ACK, "ticket.unmerged"),),
    e.MergeReturned: (_card(),),
    e.FollowedUp: (_card(),),
    e.JunkRestored: (
        Notice(
            _TO.OPERATORS,
            "card",
            Priority.GROUP_NEWS,
            when=lambda event: event.first,
            dedup_key="card:{ticket_id}",
        ),
        *_WORDS_BELOW_CARD,
        Notice(
            _TO.CUSTOMER,
            "text",
            Priority.TICKET_ACK,
            "ticket.opened",
            when=lambda event: event.first,
            if_stored=lambda _event, stored: not stored.repeated,
        ),
    ),
    e.CallRecorded: (_card(),),
    e.TeamGiven: (
        _card(),
        Notice(
            _TO.OPERATORS,
            "text",
            Priority.GROUP_NEWS,
            "group.assigned.team",
            when=lambda event: bool(event.concerns),
            reply="card",
        ),
    ),
    e.CustomerChanged: (_card(lambda event: event.active),),
    e.OperatorLeft: (Notice(_TO.OPERATORS, "text", Priority.GROUP_NEWS, "group.operator_left"),),
    e.UpdateQuarantined: (  # a flood of them is one alert, with the newest and how many there are
        Notice(
            _TO.ALERTS,
            "text",
            Priority.GROUP_NEWS,
            "alert.quarantined",
            wait=FLOOD_WAIT,
            dedup_key="quarantined",
        ),
    ),
    e.DeskTroubled: _of_desk(lambda event: event.code, "mail.troubled"),
    e.DeskWell: _of_desk(lambda _event: "well", "mail.well"),
    e.DeskSick: _of_health("sick", "mail.sick"),
    e.DeskRecovered: _of_health("over", "mail.recovered"),
    e.AdminAppointed: (
        Notice(
            _TO.ADMINS,
            "text",
            Priority.GROUP_NEWS,
            "setup.admin.appointed",
            when=lambda event: event.by == "invitation",
        ),
    ),
    e.WebhookStopped: (
        Notice(
            _TO.ADMINS,
            "text",
            Priority.GROUP_NEWS,
            lambda event: "webhook.gone" if event.gone else "webhook.stopped",
        ),
    ),
    e.RetentionApplied: (Notice(_TO.ADMINS, "text", Priority.GROUP_NEWS, "retention.applied"),),
    e.AdminDismissed: (
        Notice(_TO.ADMINS, "text", Priority.GROUP_NEWS, "setup.admin.dismissed"),
        Notice(_TO.PERSON, "text", Priority.GROUP_NEWS, "setup.admin.you_dismissed"),
    ),
    e.EventChainCut: (
        Notice(
            _TO.ALERTS,
            "text",
            Priority.GROUP_NEWS,
            "alert.chain_cut",
            wait=FLOOD_WAIT,
            dedup_key="chain_cut",
        ),
    ),
}


def notices_of(event: e.Event) -> list[Notice]:
    """The lines that apply to this event, in the order of leaving."""
    lines = NOTICES.get(type(event), ())
    return [line for line in lines if line.when is None or line.when(event)]
