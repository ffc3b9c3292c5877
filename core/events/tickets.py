"""Tickets: how they begin, move, are described, rated and ended."""

from datetime import datetime, timedelta
from typing import Final

from core.events.event import Event, event


@event
class TicketOpened(Event):
    """A customer has a new ticket (A1). ``follows`` is the ended ticket that it goes on from.

    ``part_of``: its fault is known, so that it is part of an ``outage`` or of another ``fault``
    from the beginning (X9); or it is ``junk`` (F4). ``undecided``: operators are being asked just
    now whether the faults of its area are one outage. ``silent``: the customer is not told, because
    somebody else may have written in their name, nobody reads there, or their mailbox confirms
    nothing. ``question``: the message in which its customer was asked whether to open it.
    ``mailbox``: the address of ours that it was written to.
    """

    customer_id: int
    topic: str | None
    title: str
    state: str
    origin: str
    follows: int | None
    answer_due: datetime | None
    part_of: str | None = None
    undecided: bool = False
    silent: bool = False
    question: str | None = None
    mailbox: str | None = None


# Parts of what operators see by itself, or do not look at: such tickets get no card at first.
HIDDEN: Final = frozenset({"outage", "junk"})


@event
class TicketNotOpened(Event):
    """A customer has opened too many tickets of late: the words of another are in this one (S10).

    ``topic``: what it was to be about.
    """

    person_id: int
    topic: str | None


@event
class StateEntered(Event):
    """The ticket moved: ``verb`` led from ``old`` to ``new``.

    ``category`` and ``old_category`` are those of the states; ``reason`` the words given with it,
    of a freeze or a closing meant for the customer only if ``public``; ``until`` the wake-up of a
    freeze. ``assignee_id`` is who holds the ticket afterwards.
    ``clock`` is what the new state does to the clocks of agreements: ``runs``, ``pauses``,
    ``stops``; it is said here because a company may change a state's flags later.
    ``parent``: it moved because this ticket did, which it is a part of. ``closing``: the closing
    reason that was chosen, by code; ``article``: the one that helped; ``rated``: the customer's
    rating moved it. ``concerns``: who held it before it came back to nobody.
    """

    verb: str
    old: str
    new: str
    old_category: str
    category: str
    reason: str | None
    until: datetime | None
    assignee_id: int | None
    waiting_since: datetime | None
    answer_due: datetime | None
    clock: str = ""
    parent: int | None = None
    public: bool = False
    closing: str | None = None
    article: str | None = None
    rated: bool = False
    concerns: tuple[int, ...] = ()


@event
class EndingDescribed(Event):
    """Somebody has said why the ticket ended, how long the work on it took, or which article helped
    (B20); all as they are now. ``at``: when it ended.
    """

    at: datetime
    reason: str | None
    spent: timedelta | None
    article: str | None = None


@event
class TicketRated(Event):
    """The customer has rated the work, from 1 to 5, or chosen another rating than ``before``.
    ``said``: in words, and not by a button.
    """

    resolved_at: datetime
    assignee_id: int | None
    value: int
    before: int | None
    said: bool = False


@event
class RatingExplained(Event):
    """The customer has said why; ``aside``: in words that are no message of the ticket."""

    resolved_at: datetime
    value: int
    comment: str
    aside: bool


@event
class RatingAsked(Event):
    """The customer has said nothing about a resolution, and is asked once more (B14).
    ``closes``: when the ticket will be closed without an answer. ``unclear``: they have said
    something that is neither a yes nor a no.
    """

    closes: datetime | None
    unclear: bool = False


@event
class TicketsClosed(Event):
    """What the desk has closed by itself since it last said so, because nobody answered (B15): the
    first of them, and how many there are.
    """

    tickets: tuple[int, ...]
    total: int


@event
class FieldSet(Event):
    """A field of the company's own holds another ``value``, or none (B18). ``shown`` and ``old``
    are the words by which it is and was found.
    """

    field: str
    value: str | None
    shown: str
    old: str


@event
class FieldAsked(Event):
    """The customer is asked for a field that a new ticket must have; ``asked`` is its title in
    their language, ``options`` what they choose from. ``again``: their words did not fit it.
    """

    field: str
    asked: str
    field_kind: str
    options: tuple[str, ...]
    again: bool


@event
class TopicChanged(Event):
    """The ticket is about something else."""

    old: str | None
    new: str
    answer_due: datetime | None


@event
class TitleChanged(Event):
    """The ticket has another title; the customer never sees it (A3)."""

    old: str
    new: str


@event
class TicketClassified(Event):
    """The ticket has another service, category or priority (B7, D4); codes, or ``None``.

    ``agreement`` is the one that an operator named, if they did.
    """

    service: str | None
    category: str | None
    priority: str | None
    old_service: str | None
    old_category: str | None
    old_priority: str | None
    agreement: str | None = None


@event
class JunkRestored(Event):
    """Words of a junk ticket are shown to operators after all (F4): one event for each message.

    ``first``: of the ticket's.
    """

    message_id: int
    album: str | None
    first: bool


@event
class TicketTagged(Event):
    """Tags were given and taken (D3)."""

    added: tuple[str, ...]
    removed: tuple[str, ...]


@event
class TagRenamed(Event):
    """An admin gave a tag another name, or joined it with the tag of that name."""

    old: str
    new: str
    total: int
