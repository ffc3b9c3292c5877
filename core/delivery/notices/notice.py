"""A notice, and those that several subjects have. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from core import events as e
from core.delivery.pacing import Priority


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


NoticeTable = dict[type[e.Event], tuple[Notice, ...]]
"""The lines of each event, in the order of leaving."""

CARD_WAIT: Final = 2.0


def card(when: Callable[[Any], bool] | None = None, if_stored: IfStored | None = None) -> Notice:
    """The ticket's card is drawn anew."""
    return Notice(
        Audience.OPERATORS,
        "card",
        Priority.CARD_REFRESH,
        when=when,
        if_stored=if_stored,
        wait=CARD_WAIT,
        dedup_key="card:{ticket_id}",
    )


def tell_colleague(key: str | Callable[[Any], str | None]) -> Notice:
    """What whoever has it now hears in private, or in the group: see `acknowledgements`."""
    return Notice(
        Audience.ASSIGNEE,
        "text",
        Priority.GROUP_NEWS,
        key,
        when=lambda event: bool(event.concerns) and event.assignee_id is not None,
    )


def to_reporters(kind: str, **how: Any) -> Notice:
    """Customers whose tickets are part of this one get it."""
    return Notice(Audience.REPORTERS, kind, Priority.TICKET_ACK, **how)
