"""What customers and operators say to each other, and what becomes of it."""

from datetime import datetime

from core.events.event import Event, event


@event
class CustomerWrote(Event):
    """A customer's message joined the ticket (A11).

    ``turned``: the ticket now needs an answer; ``confirms``: it says that everything works;
    ``flood``: the first message of the flood that it is part of.
    """

    message_id: int
    album: str | None
    counts: bool
    turned: bool
    answer_due: datetime | None
    confirms: bool = False
    flood: int | None = None


@event
class FloodBegan(Event):
    """A customer has written more than is posted one by one; ``told``: they are told so (S10)."""

    person_id: int
    message_id: int
    told: bool


@event
class MessageShown(Event):
    """An operator has had a message of the ticket posted in the group, as it is."""

    message_id: int


@event
class WordsKept(Event):
    """A customer's words wait until they say where they belong (A4); they are asked.

    ``reply`` is where the words stand; ``choices`` are open tickets: number and subject.
    """

    person_id: int
    reply: str
    choices: tuple[tuple[int, str], ...]


@event
class MessageEdited(Event):
    """Public words were changed by their author; the old ones are kept here (X8).

    ``announced``: operators do not look at the ticket now, so that they are told; ``turned``: it
    goes back to work.
    """

    message_id: int
    from_customer: bool
    old: str
    new: str
    announced: bool = False
    turned: bool = False


@event
class CustomerReacted(Event):
    """The customer has set a reaction on an answer; ``None``: has taken it back. ``liked`` is
    False for a reaction that says that something is wrong. Without a ``message_id`` it is the
    answer to «does everything work?».
    """

    message_id: int | None
    emoji: str | None
    liked: bool


@event
class QuestionAfterAll(Event):
    """Thanks turned out to be a question: an operator said so."""

    message_id: int
    answer_due: datetime | None


@event
class AnswerWritten(Event):
    """An operator answered the customer; it is on its way (B4). ``to_all``: it goes to everybody
    whose ticket is part of this one, too (X9). ``concerns``: the colleague who holds the ticket
    while ``by`` begins to answer in it.
    """

    message_id: int
    album: str | None
    to_all: bool = False
    concerns: tuple[int, ...] = ()
    by: str = ""


@event
class AnswerDelivered(Event):
    """The customer's side accepted the answer; only this ends the answer deadline (C1, X2)."""

    message_id: int
    waiting_since: datetime | None
    answer_due: datetime | None


@event
class AnswerFailed(Event):
    """The answer could not be delivered; said aloud, with a way to try again (X2).

    ``by_letter``: it had gone by mail.
    """

    message_id: int
    reason: str
    by_letter: bool = False
    waiting_since: datetime | None = None
    answer_due: datetime | None = None


@event
class AnswerRedirected(Event):
    """The customer's chat refused the answer; it goes by mail instead, ``to`` this address (F8)."""

    message_id: int
    to: str


@event
class AnswerRetried(Event):
    """An operator had a failed answer sent again."""

    message_id: int


@event
class SilentCustomerMailed(Event):
    """Answers that arrived in a chat go by mail, too: the customer did not react (F8).

    ``message_id``: the first of the ``messages``.
    """

    message_id: int
    messages: tuple[int, ...]


@event
class CopyNotMailed(Event):
    """What was to reach a silent customer by mail never will; in the chat it has arrived."""

    message_id: int


@event
class AnswerWithdrawn(Event):
    """An operator took an answer back (X8). ``messages``: it, or all pieces of its album."""

    message_id: int
    messages: tuple[int, ...]
    old: str
    waiting_since: datetime | None
    answer_due: datetime | None


@event
class NoteWritten(Event):
    """An internal note (B16). ``said_with`` is the action whose reason it is: ``assignment``,
    ``task``.
    """

    note_id: int
    said_with: str | None = None


@event
class NoteEdited(Event):
    """An internal note was changed."""

    note_id: int
    old: str


@event
class KindRefused(Event):
    """Something that cannot be carried was refused in words (X8, R31)."""

    person_id: int
    kind: str


@event
class WordsNotShown(Event):
    """What a customer sent was refused where operators read (X2). ``content_kind`` and ``words``
    describe it; ``told``: the customer is told, and the sign that it has arrived is taken back.
    """

    message_id: int
    content_kind: str
    words: str
    told: bool


@event
class CardNotShown(Event):
    """The ticket's card was refused where operators read: they do not see the ticket (X2)."""


@event
class FormSent(Event):
    """The ticket was opened by the web form; ``consent``: the version of what was agreed to."""

    consent: str


@event
class CallRecorded(Event):
    """An operator has talked with the customer by phone (A7): the last word is ours."""

    note_id: int
    waiting_since: datetime | None
    answer_due: datetime | None
