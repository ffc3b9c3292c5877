"""What has happened, in the past tense. The journal and the notices are made of these.

Every event has ``ticket_id`` (``None``: it concerns a person or the desk). All other fields are
facts for the journal, so they are plain values: numbers, words, instants.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any, Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A fact about a ticket."""

    ticket_id: int | None

    def facts(self) -> dict[str, Any]:
        """All fields but the ticket's."""
        return {f.name: getattr(self, f.name) for f in fields(self) if f.name != "ticket_id"}


@dataclass(frozen=True, slots=True, kw_only=True)
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


@dataclass(frozen=True, slots=True, kw_only=True)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class FloodBegan(Event):
    """A customer has written more than is posted one by one; ``told``: they are told so (S10)."""

    person_id: int
    message_id: int
    told: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketNotOpened(Event):
    """A customer has opened too many tickets of late: the words of another are in this one (S10).

    ``topic``: what it was to be about.
    """

    person_id: int
    topic: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRestricted(Event):
    """An operator has muted or blocked somebody until then (S10); once for each open ticket."""

    person_id: int
    kind: str
    until: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RestrictionLifted(Event):
    """An operator has ended it before its time."""

    person_id: int
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonTurnedAway(Event):
    """Somebody who is blocked has written, and is told so; what comes after is not answered."""

    person_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageShown(Event):
    """An operator has had a message of the ticket posted in the group, as it is."""

    message_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WordsKept(Event):
    """A customer's words wait until they say where they belong (A4); they are asked.

    ``reply`` is where the words stand; ``choices`` are open tickets: number and subject.
    """

    person_id: int
    reply: str
    choices: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerReacted(Event):
    """The customer has set a reaction on an answer; ``None``: has taken it back. ``liked`` is
    False for a reaction that says that something is wrong. Without a ``message_id`` it is the
    answer to «does everything work?».
    """

    message_id: int | None
    emoji: str | None
    liked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionAfterAll(Event):
    """Thanks turned out to be a question: an operator said so."""

    message_id: int
    answer_due: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketTaken(Event):
    """An operator became the assignee (B3). ``by_answer``: by answering first."""

    assignee_id: int
    by_answer: bool
    first: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketReleased(Event):
    """The assignee gave the ticket back."""

    assignee_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketAssigned(Event):
    """Somebody gave the ticket to a person or a team (B8). ``to`` is their name at that time.

    ``assignee_id`` and ``team`` are what holds from now on, with the support ``level``;
    ``concerns`` the people whose work it is now, but for who acted: the assignee, or of a team
    those on duty; ``why`` the beginning of what was said about it, which is an internal note as a
    whole.
    """

    assignee_id: int | None
    old_assignee_id: int | None
    team: str | None
    old_team: str | None
    level: int
    old_level: int
    to: str
    by: str
    first: bool
    concerns: tuple[int, ...]
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketEscalated(TicketAssigned):
    """The ticket went up to a higher support level (B11)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorLeft(Event):
    """Somebody is in no group of operators any more; ``numbers``: tickets that were theirs."""

    person_id: int
    name: str
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyBegan(Event):
    """Somebody is on duty from now on."""

    person_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyEnded(Event):
    """Somebody is off duty."""

    person_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskOpened(Event):
    """There is work behind the ticket: an ``equipment`` task or a ``diagnose`` task (B9, B21).

    ``by_hand``: somebody made it for a ticket that stood there already.
    """

    task_id: int
    kind: str
    assignee_id: int | None
    title: str
    by_hand: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskTaken(Event):
    """Somebody made a task theirs."""

    task_id: int
    kind: str
    assignee_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskAssigned(Event):
    """Somebody gave a task to a colleague (B21). ``what`` is the task's own title; ``concerns``:
    who is told, if that is not who did it.
    """

    task_id: int
    kind: str
    assignee_id: int
    what: str
    to: str
    by: str
    concerns: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskReopened(Event):
    """A task that had ended is to be done after all (B21); it is whose it was."""

    task_id: int
    kind: str
    assignee_id: int | None
    what: str
    by: str
    concerns: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskDone(Event):
    """A task was done: ``outcome`` says by code what came of it, ``result`` in words.

    ``assignee_id`` is whose it was in the end: who finishes a task that nobody has taken, has it.
    ``by_hand``: a person, ``done_by``, said so; otherwise it follows from what happened to the
    ticket. ``holder_id`` is who holds the ticket; ``active``: work on the ticket goes on.
    """

    task_id: int
    kind: str
    assignee_id: int | None
    outcome: str
    result: str | None = None
    by_hand: bool = False
    done_by: int | None = None
    holder_id: int | None = None
    active: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskCancelled(Event):
    """A task is not to be done any more; the fields are those of `TaskDone`."""

    task_id: int
    kind: str
    assignee_id: int | None
    outcome: str
    result: str | None = None
    by_hand: bool = False
    done_by: int | None = None
    holder_id: int | None = None
    active: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TasksLeft(Event):
    """The ticket has ended, and tasks behind it are open: their ids and titles (B10, B21).

    ``chosen``: an operator has said that they go on; otherwise operators are asked.
    """

    tasks: tuple[tuple[int, str], ...]
    chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerDelivered(Event):
    """The customer's side accepted the answer; only this ends the answer deadline (C1, X2)."""

    message_id: int
    waiting_since: datetime | None
    answer_due: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerFailed(Event):
    """The answer could not be delivered; said aloud, with a way to try again (X2).

    ``by_letter``: it had gone by mail.
    """

    message_id: int
    reason: str
    by_letter: bool = False
    waiting_since: datetime | None = None
    answer_due: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerRedirected(Event):
    """The customer's chat refused the answer; it goes by mail instead, ``to`` this address (F8)."""

    message_id: int
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerRetried(Event):
    """An operator had a failed answer sent again."""

    message_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SilentCustomerMailed(Event):
    """Answers that arrived in a chat go by mail, too: the customer did not react (F8).

    ``message_id``: the first of the ``messages``.
    """

    message_id: int
    messages: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyNotMailed(Event):
    """What was to reach a silent customer by mail never will; in the chat it has arrived."""

    message_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerWithdrawn(Event):
    """An operator took an answer back (X8). ``messages``: it, or all pieces of its album."""

    message_id: int
    messages: tuple[int, ...]
    old: str
    waiting_since: datetime | None
    answer_due: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteWritten(Event):
    """An internal note (B16). ``said_with`` is the action whose reason it is: ``assignment``,
    ``task``.
    """

    note_id: int
    said_with: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteEdited(Event):
    """An internal note was changed."""

    note_id: int
    old: str


@dataclass(frozen=True, slots=True, kw_only=True)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class EndingDescribed(Event):
    """Somebody has said why the ticket ended, how long the work on it took, or which article helped
    (B20); all as they are now. ``at``: when it ended.
    """

    at: datetime
    reason: str | None
    spent: timedelta | None
    article: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketRated(Event):
    """The customer has rated the work, from 1 to 5, or chosen another rating than ``before``.
    ``said``: in words, and not by a button.
    """

    resolved_at: datetime
    assignee_id: int | None
    value: int
    before: int | None
    said: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingExplained(Event):
    """The customer has said why; ``aside``: in words that are no message of the ticket."""

    resolved_at: datetime
    value: int
    comment: str
    aside: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingAsked(Event):
    """The customer has said nothing about a resolution, and is asked once more (B14).
    ``closes``: when the ticket will be closed without an answer. ``unclear``: they have said
    something that is neither a yes nor a no.
    """

    closes: datetime | None
    unclear: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketsClosed(Event):
    """What the desk has closed by itself since it last said so, because nobody answered (B15): the
    first of them, and how many there are.
    """

    tickets: tuple[int, ...]
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldSet(Event):
    """A field of the company's own holds another ``value``, or none (B18). ``shown`` and ``old``
    are the words by which it is and was found.
    """

    field: str
    value: str | None
    shown: str
    old: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldAsked(Event):
    """The customer is asked for a field that a new ticket must have; ``asked`` is its title in
    their language, ``options`` what they choose from. ``again``: their words did not fit it.
    """

    field: str
    asked: str
    field_kind: str
    options: tuple[str, ...]
    again: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicChanged(Event):
    """The ticket is about something else."""

    old: str | None
    new: str
    answer_due: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerDueChanged(Event):
    """The company or the topic has another answer deadline, and this ticket goes by it (C1)."""

    answer_due: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TitleChanged(Event):
    """The ticket has another title; the customer never sees it (A3)."""

    old: str
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlineNear(Event):
    """The answer deadline is close (C5). ``after_downtime``: the desk was down meanwhile (R14)."""

    due: datetime
    after_downtime: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlineMissed(Event):
    """The answer deadline has passed (C5). ``after_downtime``: the desk was down meanwhile."""

    due: datetime
    after_downtime: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class ClocksSet(Event):
    """What was promised for the ticket, and until when (C4). Spans are working seconds.

    ``agreement`` is ``None`` when nothing is promised any more.
    """

    agreement: str | None
    calendar: str | None
    reaction: int | None
    resolution: int | None
    reaction_due: datetime | None
    resolution_due: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockNear(Event):
    """The reaction or resolution deadline is close (C5); ``kind`` says which.

    ``in_outage``: the ticket is one of those that reported an outage, which goes on.
    """

    kind: str
    deadline: datetime
    after_downtime: bool = False
    in_outage: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockMissed(Event):
    """The reaction or resolution deadline has passed (C5); ``kind`` says which.

    ``in_outage``: the ticket is one of those that reported an outage, which goes on.
    """

    kind: str
    deadline: datetime
    after_downtime: bool = False
    in_outage: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NextContactSet(Event):
    """When the customer is to hear from us next (C6); ``None``: whenever there is something."""

    at: datetime | None
    old: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactDue(Event):
    """The day has come to write to the customer (C6)."""

    at: datetime
    after_downtime: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactsPassed(Event):
    """The daily list of those who should have heard from us (C6): the oldest first."""

    numbers: tuple[int, ...]
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketWoke(Event):
    """A frozen ticket's time has come (B17); ``reason`` is what it was frozen for.

    ``waiting``: the customer waits for an answer.
    """

    reason: str | None
    waiting: bool
    after_downtime: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StillPaused(Event):
    """A week has passed in a pause without an end (X15); ``category`` of its state."""

    category: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CaughtUp(Event):
    """What fell due together comes as one digest: after a downtime (R14), or at one moment (X5).

    ``down`` is the length of the gap in seconds, 0 for one moment; the lists are ticket numbers,
    oldest first. ``late`` are those whose reaction or resolution is overdue. ``deadlines`` says of
    one moment which of which ticket it was.
    """

    down: int
    overdue: tuple[int, ...]
    near: tuple[int, ...]
    woke: tuple[int, ...]
    late: tuple[int, ...] = ()
    deadlines: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonUnreachable(Event):
    """Nothing reaches this person any more. ``by_answer``: it was an answer that failed;
    ``by_letter``: it was a mail. ``to``: an address that was only noted of them, to which an
    operator's answer goes all the same (F8).
    """

    person_id: int
    reason: str
    by_answer: bool = False
    by_letter: bool = False
    to: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerRedirected(Event):
    """The customer has blocked us in their chat, and is answered by mail from now on (F8)."""

    person_id: int
    to: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonReachable(Event):
    """The person can be written to again."""

    person_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateQuarantined(Event):
    """An update could not be understood or handled; it is kept aside (R11).

    ``total``: how many are kept aside by now, this one included.
    """

    inbox_id: int
    update_id: str
    error: str
    total: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class EventChainCut(Event):
    """Events caused each other without end: ``event`` was not handed to ``subscriber`` any more.

    ``depth`` is how many subscribers had acted one upon another by then.
    """

    event: str
    subscriber: str
    depth: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KindRefused(Event):
    """Something that cannot be carried was refused in words (X8, R31)."""

    person_id: int
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WordsNotShown(Event):
    """What a customer sent was refused where operators read (X2). ``content_kind`` and ``words``
    describe it; ``told``: the customer is told, and the sign that it has arrived is taken back.
    """

    message_id: int
    content_kind: str
    words: str
    told: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CardNotShown(Event):
    """The ticket's card was refused where operators read: they do not see the ticket (X2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatMoved(Event):
    """A group got a new id; stored ids follow."""

    old: str
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatLinked(Event):
    """An admin gave a chat its role: ``operators`` or ``alerts``; ``before`` had it until then."""

    role: str
    chat: str
    before: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskTroubled(Event):
    """The bot cannot do its work in the chat with this role (X14); ``code`` says why, ``team``
    whose own group it is. ``title`` is what the chat is called; ``other``: another chat of the
    desk, that is in order.
    """

    role: str
    code: str
    chat: str | None
    team: str = ""
    title: str = ""
    other: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskWell(Event):
    """It can again; ``code`` was the trouble, the rest is as in :class:`DeskTroubled`."""

    role: str
    code: str
    chat: str | None
    team: str = ""
    title: str = ""
    other: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskSick(Event):
    """Something is wrong with the desk itself (X14): `core.setup.desk_health.CODES`.

    ``to_alerts``: the alert channel can be written to; otherwise the operators hear of it.
    """

    code: str
    to_alerts: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskRecovered(Event):
    """That is over; the rest is as in :class:`DeskSick`."""

    code: str
    to_alerts: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported(Event):
    """An admin got tickets, messages, notes and journal as a file: of all time, or of a period.
    ``view``: of one list only.
    """

    since: datetime | None
    until: datetime | None
    view: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptMade(Event):
    """Somebody got the ticket as a file; ``internal``: with its notes and its journal."""

    internal: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyCreated(Event):
    """Another system has a key (A9)."""

    name: str
    scopes: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRevoked(Event):
    """A key opens nothing any more."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyUsed(Event):
    """Another system brought the customer's words, or changed a link; it calls them so."""

    key: str
    external_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookAdded(Event):
    """Another system is called when something happens (A13); ``url`` as it may be read."""

    name: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookRemoved(Event):
    """It is not called any more."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookStopped(Event):
    """It took nothing for too long, or said that it is ``gone``; what waited was ``dropped``."""

    name: str
    url: str
    gone: bool
    dropped: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookResumed(Event):
    """An admin has it called again."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FormSent(Event):
    """The ticket was opened by the web form; ``consent``: the version of what was agreed to."""

    consent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentGiven(Event):
    """Somebody has agreed to this version of what is done with their data; ``origin``: where."""

    person_id: int
    version: str
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentRefused(Event):
    """Somebody who was known already has not agreed."""

    person_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminAppointed(Event):
    """Somebody became an admin; ``by`` says how: ``claim`` or ``invitation``. ``invited_by`` is the
    name of who had made the invitation.
    """

    person_id: int
    by: str
    invited_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminDismissed(Event):
    """Somebody is no admin any more."""

    person_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CompanyChanged(Event):
    """An admin chose something for the company."""

    what: str
    value: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored(Event):
    """The database was restored from a backup; tickets are numbered from ``first_number`` on."""

    epoch: int
    first_number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxReleased(Event):
    """An admin lets leave what waited after a restore, but for ``dropped`` rows of the backup."""

    dropped: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneVerified(Event):
    """A person has shared their own contact: the phone is theirs. ``before`` had it until then."""

    person_id: int
    phone: str
    before: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CamerasImported(Event):
    """The cameras were brought in line with a file; the numbers count cameras."""

    new: int
    changed: int
    unchanged: int
    deactivated: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultReported(Event):
    """The ticket is about a fault of this camera (A2); ``camera`` is its number."""

    camera_id: int
    camera: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultKnown(Event):
    """The fault is part of another ticket's, ``parent``, and the customer is told so (X9).

    Nothing is owed to them before it is over: ``waiting_since`` and ``answer_due`` are empty.
    ``area``, ``words``, ``until``: of the outage, where the parent is one. ``fresh``: the ticket
    begins with it; the others were there before the outage was known.
    """

    parent: int
    camera: str
    fresh: bool
    area: str | None
    words: str | None
    until: datetime | None
    waiting_since: datetime | None = None
    answer_due: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultAlone(Event):
    """The ticket's outage ended without a solution: an answer is owed to its customer again."""

    parent: int
    waiting_since: datetime | None
    answer_due: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutageOffered(Event):
    """Operators are asked whether the faults of an area have one cause (X9).

    ``tickets`` are those reported so far; the newest of them stands for the area in the buttons.
    """

    area: str
    tickets: tuple[int, ...]
    span: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class OutageDeclined(Event):
    """The faults of the area are not one; ``by_time``: nobody has decided.

    ``tickets`` are those that were held back meanwhile: now they get their cards.
    """

    area: str
    tickets: tuple[int, ...]
    by_time: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OutageOpened(Event):
    """The ticket is the parent of all faults of an area from now on (X9)."""

    area: str
    words: str
    until: datetime | None
    reporters: int
    waiting_since: datetime | None
    answer_due: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutageRestated(Event):
    """Operators know more: other words, another end; reporters are told."""

    area: str
    words: str
    until: datetime | None
    waiting_since: datetime | None
    answer_due: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutageClosed(Event):
    """The outage is over; ``solved``: by a solution, which its reporters are told."""

    area: str
    solved: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ParentSet(Event):
    """The ticket is part of another one, ``parent``, from now on (B12); ``old`` was it before."""

    parent: int
    old: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ParentLeft(Event):
    """The ticket stands alone again."""

    parent: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildJoined(Event):
    """Another ticket is part of this one (B12)."""

    child: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildLeft(Event):
    """Another ticket is no longer part of this one."""

    child: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketLinked(Event):
    """The ticket has to do with ``other``, another one (B19)."""

    link_id: int
    other: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectLinked(Event):
    """The ticket has to do with an object elsewhere (B19); ``old_state``: it was linked before."""

    link_id: int
    url: str
    title: str | None
    state: str | None
    old_state: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlinked(Event):
    """A link was taken away; ``what`` is the other ticket's number, or the address."""

    link_id: int
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketSplit(Event):
    """The ticket was made of a part of ``source``'s correspondence (A6)."""

    source: int
    message_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowedUp(Event):
    """The customer wrote ``words`` after the end: they began ``follow_up``, another ticket (B6)."""

    follow_up: int
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JunkRestored(Event):
    """Words of a junk ticket are shown to operators after all (F4): one event for each message.

    ``first``: of the ticket's.
    """

    message_id: int
    album: str | None
    first: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitOff(Event):
    """A part of the ticket's correspondence became a ticket of its own, ``other`` (A6)."""

    other: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketMerged(Event):
    """What the ticket had is in another one of the same customer now, ``into`` (A6).

    ``assignee_id`` had it; ``concerns``: they do not have the other one, and are told.
    """

    into: int
    assignee_id: int | None
    concerns: tuple[int, ...]
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeReceived(Event):
    """The ticket has what was ``source``'s (A6). ``kept``: what moved, for bringing it back."""

    source: int
    waiting_since: datetime | None
    answer_due: datetime | None
    kept: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeUndone(Event):
    """The ticket stands by itself again; it had been merged ``into`` another one."""

    into: int
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeReturned(Event):
    """The ticket has given back what had been ``source``'s, these ``messages`` among it."""

    source: int
    waiting_since: datetime | None
    answer_due: datetime | None
    messages: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRecorded(Event):
    """An operator has talked with the customer by phone (A7): the last word is ours."""

    note_id: int
    waiting_since: datetime | None
    answer_due: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamGiven(Event):
    """The ticket is with this team, at this support level, from its beginning (A5).

    ``to`` is what the team is called; ``by`` and ``concerns`` are as in :class:`TicketAssigned`.
    """

    team: str
    level: int
    to: str
    by: str
    concerns: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactMade(Event):
    """An operator made somebody known to the desk (A5); ``name`` is what they are called."""

    person_id: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactPointAdded(Event):
    """Somebody can be reached at ``value``, a ``phone`` or an ``email``, as was said of them."""

    person_id: int
    kind: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactPointRemoved(Event):
    """Somebody cannot be reached there."""

    person_id: int
    kind: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonDescribed(Event):
    """What is known of somebody has changed: ``what`` is ``name``, ``language``, ``zone`` or
    ``account``.
    """

    person_id: int
    what: str
    old: str | None
    new: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PeopleMerged(Event):
    """``merged_id`` turned out to be ``person_id``: all that was theirs is this person's now.

    ``by``: ``operator``, or ``phone``, when they have proved one that both had. ``insisted``: both
    had written to us, and an admin said that they are one all the same.
    """

    person_id: int
    merged_id: int
    merged_name: str
    by: str
    insisted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerChanged(Event):
    """The ticket's customer turned out to be ``customer_id``; ``old`` and ``new`` are names.

    ``active``: the ticket has not ended.
    """

    customer_id: int
    old: str
    new: str
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonErased(Event):
    """What was known of a customer was erased, with the words of so many ``tickets`` (S31)."""

    person_id: int
    tickets: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionApplied(Event):
    """What the company does not keep any longer was erased: the words of so many ``tickets``, and
    so many ``people`` with all that is known of them (S31).
    """

    tickets: int
    people: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordsErased(Event):
    """Records of the desk's own work were older than the company keeps them: so many handled
    ``updates``, ended ``deliveries``, answered ``calls`` of other systems (S31).
    """

    updates: int
    deliveries: int
    calls: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountOpened(Event):
    """A company or household became known."""

    account_id: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractSigned(Event):
    """An account has a contract, or the same one with other terms; days are ISO dates."""

    account_id: int
    number: str
    agreement: str | None
    since: str | None
    until: str | None


def name_of(event: Event | type[Event]) -> str:
    """The journal's name of an event, or of its type: ``TicketOpened`` → ``ticket_opened``."""
    kind = event if isinstance(event, type) else type(event)
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in kind.__name__).lstrip("_")


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseSent(Event):
    """A canned response became an answer, or only did what it does (E1)."""

    response: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleSent(Event):
    """A public article became an answer (B13)."""

    article: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticleLinked(Event):
    """The ticket is about what an article says (B13)."""

    article: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketTagged(Event):
    """Tags were given and taken (D3)."""

    added: tuple[str, ...]
    removed: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TagRenamed(Event):
    """An admin gave a tag another name, or joined it with the tag of that name."""

    old: str
    new: str
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTold(Event):
    """A rule tells colleagues something of a ticket (E2). ``to``: who, a word of the directory;
    ``concerns``: whom it calls, the assignee or those of the team.
    """

    to: str
    text: str
    concerns: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleRan(Event):
    """A rule's conditions held (E2). ``done``: which of its actions were possible."""

    rule: str
    title: str
    done: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AssistantAsked(Event):
    """Somebody has asked the assistant (X17). ``kind``: what for."""

    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AssistantAnswered(Event):
    """A question to the assistant has ended: ``outcome`` is `answered`, or why it was not.

    ``asked`` and ``answered`` are tokens, as the server has counted them.
    """

    kind: str
    outcome: str
    asked: int
    answered: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SuggestionEnded(Event):
    """What became of a suggestion: it was `inserted`, `changed` by whoever asked, `dropped`, or
    `forgotten`, because nobody decided.
    """

    kind: str
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SuggestionLost(Event):
    """Nobody will see what the assistant was asked for: the process has ended meanwhile.

    ``concerns``: who has asked; ``assignee_id``: the same, whom the notice is for.
    """

    kind: str
    concerns: tuple[int, ...]
    assignee_id: int
