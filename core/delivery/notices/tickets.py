"""Who hears that tickets begin, move, are described, rated and ended. Pure."""

from collections.abc import Callable
from typing import Final

from core import events as e
from core.delivery.notices.messages import WORDS_BELOW_CARD
from core.delivery.notices.notice import Audience, Notice, NoticeTable, card
from core.delivery.pacing import Priority
from core.words.ratings import BAD, verdict_of


def is_shown(event: e.TicketOpened) -> bool:
    """The group is to look at the new ticket now; otherwise its card is posted when something else
    happens to it.
    """
    return event.part_of not in e.HIDDEN and not event.undecided


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


NOTICES: Final[NoticeTable] = {
    e.TicketOpened: (
        _CARD_NEW,
        Notice(
            Audience.CUSTOMER,
            "text",
            Priority.TICKET_ACK,
            "ticket.opened",
            when=_is_told_here,
            if_stored=lambda _event, stored: not stored.repeated,
        ),
        Notice(
            Audience.STAFF_MAIL,
            "text",
            Priority.GROUP_NEWS,
            "mail.ticket_opened",
            when=is_shown,
        ),
    ),
    e.TicketNotOpened: (
        Notice(Audience.CUSTOMER, "text", Priority.TICKET_ACK, "customer.ticket_limit"),
    ),
    e.StateEntered: (
        Notice(Audience.CUSTOMER, "text", Priority.TICKET_ACK, _state_text),
        Notice(
            Audience.CUSTOMER,
            "text",
            Priority.TICKET_ACK,
            lambda event: _SILENT_MOVES[event.verb],
            when=lambda event: event.verb in _SILENT_MOVES and event.category != event.old_category,
            silent=True,
        ),
        Notice(Audience.CUSTOMER, UNASK, Priority.TICKET_ACK, when=_ends_question),
        Notice(
            Audience.CUSTOMER,
            "topic",
            Priority.CARD_REFRESH,
            when=lambda event: (event.category in _ENDED) != (event.old_category in _ENDED),
            if_stored=lambda _event, stored: stored.in_topic,
            dedup_key="topic:{ticket_id}",
        ),
        Notice(
            Audience.OPERATORS,
            "text",
            Priority.GROUP_NEWS,
            _told_by_customer,
            when=lambda event: event.verb in _BY_CUSTOMER and not event.rated,
            reply="card",
        ),
        Notice(
            Audience.OPERATORS,
            "text",
            Priority.GROUP_NEWS,
            "group.came_back",
            when=lambda event: event.verb == "hear" and bool(event.concerns),
            dedup_key="came_back:{ticket_id}",
            reply="card",
        ),
        card(lambda event: event.verb not in _QUIET_VERBS or event.old != event.new),
    ),
    e.FieldSet: (card(),),
    e.FieldAsked: (
        Notice(
            Audience.CUSTOMER,
            "text",
            Priority.TICKET_ACK,
            lambda event: "customer.field.again" if event.again else "customer.field.ask",
        ),
    ),
    e.EndingDescribed: (card(),),
    e.TicketRated: (
        Notice(
            Audience.CUSTOMER,
            "text",
            Priority.TICKET_ACK,
            _rated,
            when=lambda event: event.said,
        ),
        Notice(
            Audience.OPERATORS,
            "text",
            Priority.GROUP_NEWS,
            "group.rated",
            when=lambda event: verdict_of(event.value) == BAD,
            reply="card",
        ),
        card(),
    ),
    e.RatingExplained: (
        Notice(
            Audience.OPERATORS,
            "text",
            Priority.GROUP_NEWS,
            "group.rating_explained",
            when=lambda event: event.aside,
            reply="card",
        ),
        card(),
    ),
    e.RatingAsked: (
        Notice(
            Audience.CUSTOMER,
            "text",
            Priority.TICKET_ACK,
            _judged,
        ),
    ),
    e.TicketsClosed: (
        Notice(Audience.OPERATORS, "text", Priority.GROUP_NEWS, "group.closed_by_itself"),
    ),
    e.TicketClassified: (card(),),
    e.TopicChanged: (card(),),
    e.TitleChanged: (card(),),
    e.TicketTagged: (card(),),
    e.JunkRestored: (
        Notice(
            Audience.OPERATORS,
            "card",
            Priority.GROUP_NEWS,
            when=lambda event: event.first,
            dedup_key="card:{ticket_id}",
        ),
        *WORDS_BELOW_CARD,
        Notice(
            Audience.CUSTOMER,
            "text",
            Priority.TICKET_ACK,
            "ticket.opened",
            when=lambda event: event.first,
            if_stored=lambda _event, stored: not stored.repeated,
        ),
    ),
}
