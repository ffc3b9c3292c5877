"""What buttons carry: small tables of typed values, at most 64 bytes, read strictly.

Whoever forges a button's data changes nothing that they could not say in a command: data names a
wish, never a right (S5). Anything that was not packed here is ``None``.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

LONGEST: Final = 64

# «close» asks once more; «close!» does it
TICKET_VERBS: Final = frozenset(
    {
        "take",
        "resolve",
        "wait",
        "freeze",
        "more",
        "back",
        "close",
        "cancel",
        "close!",
        "cancel!",
        "release",
        "reopen",
        "unfreeze",
        "journal",
        "why",
        "assign",
        "escalate",
        "tasks",
    }
)
FREEZES: Final = ("1h", "tomorrow", "monday", "week", "other", "ever")
# «cancel» asks once more, «back» takes the question back
TASK_VERBS: Final = frozenset({"take", "done", "cancel", "cancel!", "back"})
SETTLINGS: Final = ("complete", "cancel", "leave")
MENUS: Final = frozenset({"new", "mine", "back", "language", "cameras"})
# «other» asks for words; «known» wants to be told when somebody else's fault is over
TROUBLES: Final = ("picture", "quality", "archive", "view", "other", "known")
# questions that are answered by a button, and the ways out
HAND_STEPS: Final = (
    *("customer", "purpose", "topic", "service", "category", "assignee"),
    *("back", "leave", "save"),
)
# «ask» leads to the spans, «back» from them; the others decide
OUTAGE_STEPS: Final = ("ask", "back", "no", "1h", "3h", "tomorrow", "ever")
# of the company, what an admin may choose
FIELDS: Final = ("name", "zone", "language", "answer_deadline")
SET_UPS: Final = frozenset({*FIELDS, "list", "trial", "admins", "invite"})

# «ask» asks once more
DISMISSALS: Final = ("ask", "sure")


@dataclass(frozen=True, slots=True)
class TicketVerb:
    """Do this to the ticket, or show what can be done."""

    verb: str
    number: int

    def pack(self) -> str:
        """As a button carries it."""
        return _packed("t", self.verb, self.number)


@dataclass(frozen=True, slots=True)
class FreezeFor:
    """Freeze the ticket for this long: a code of `FREEZES`."""

    number: int
    code: str

    def pack(self) -> str:
        """As a button carries it."""
        return _packed("f", self.code, self.number)


@dataclass(frozen=True, slots=True)
class HandTo:
    """Give the ticket to this team or person; ``up``: to the team's higher support level."""

    number: int
    team: str = ""
    person: int = 0
    up: bool = False

    def pack(self) -> str:
        """As a button carries it."""
        if self.person:
            return _packed("np", self.number, self.person)
        return _packed("nu" if self.up else "nt", self.number, self.team)


@dataclass(frozen=True, slots=True)
class TaskVerb:
    """Do this to the task, or show what can be done: one of `TASK_VERBS`."""

    verb: str
    task: int

    def pack(self) -> str:
        """As a button carries it."""
        return _packed("j", self.verb, self.task)


@dataclass(frozen=True, slots=True)
class TaskPage:
    """A page of the open tasks, counted from 0: of all, or of ``mine``."""

    view: str
    page: int = 0

    def pack(self) -> str:
        """As a button carries it."""
        return _packed("jl", self.view, self.page)


@dataclass(frozen=True, slots=True)
class Settle:
    """Resolve the ticket; its open tasks are completed, cancelled or left: one of `SETTLINGS`."""

    number: int
    choice: str

    def pack(self) -> str:
        """As a button carries it."""
        return _packed("js", self.choice, self.number)


@dataclass(frozen=True, slots=True)
class AnswerRetry:
    """Send the answer that failed again."""

    message_id: int

    def pack(self) -> str:
        """As a button carries it."""
        return _packed("a", self.message_id)


@dataclass(frozen=True, slots=True)
class Question:
    """These thanks are a question after all."""

    message_id: int

    def pack(self) -> str:
        """As a button carries it."""
        return _packed("q", self.message_id)


@dataclass(frozen=True, slots=True)
class QueuePage:
    """A page of a list: what follows the cursor, or what stands before it."""

    view: str
    cursor: str = ""
    backward: bool = False

    def pack(self) -> str:
        """As a button carries it. Raises ValueError for a cursor that does not fit."""
        packed = _packed("l", self.view, "-" if self.backward else "+", self.cursor)
        if parse(packed) != self:
            raise ValueError(packed)
        return packed


@dataclass(frozen=True, slots=True)
class Topic:
    """What the new ticket is about: a topic's code."""

    code: str

    def pack(self) -> str:
        """As a button carries it."""
        return _packed("p", self.code)


@dataclass(frozen=True, slots=True)
class Menu:
    """A step of the customer's menu."""

    name: str

    def pack(self) -> str:
        """As a button carries it."""
        return _packed("m", self.name)


@dataclass(frozen=True, slots=True)
class File:
    """Where kept words belong: a ticket, a new one (``None``), or nowhere (``forget``)."""

    number: int | None = None
    forget: bool = False

    def pack(self) -> str:
        """As a button carries it."""
        return _packed("w", "no" if self.forget else (self.number or "new"))


@dataclass(frozen=True, slots=True)
class Mine:
    """Show the customer their own ticket."""

    number: int

    def pack(self) -> str:
        """As a button carries it."""
        return _packed("o", self.number)


@dataclass(frozen=True, slots=True)
class Confirm:
    """The customer's answer to «does everything work?»."""

    number: int
    yes: bool

    def pack(self) -> str:
        """As a button carries it."""
        return _packed("c", "y" if self.yes else "n", self.number)


@dataclass(frozen=True, slots=True)
class Language:
    """Speak this language from now on."""

    code: str

    def pack(self) -> str:
        """As a button carries it."""
        return _packed("g", self.code)


@dataclass(frozen=True, slots=True)
class SetUp:
    """A step of setting the desk up: one of `SET_UPS`."""

    step: str

    def pack(self) -> str:
        """As a button carries it."""
        return _packed("s", self.step)


@dataclass(frozen=True, slots=True)
class Chosen:
    """This value for a field of the company."""

    field: str
    value: str

    def pack(self) -> str:
        """As a button carries it."""
        return _packed("v", self.field, self.value)


@dataclass(frozen=True, slots=True)
class Dismiss:
    """This person is to be no admin any more: one of `DISMISSALS`."""

    verb: str
    person: int

    def pack(self) -> str:
        """As a button carries it."""
        return _packed("ad", self.verb, self.person)


@dataclass(frozen=True, slots=True)
class LinkChat:
    """Give the chat this role."""

    role: str
    chat: int

    def pack(self) -> str:
        """As a button carries it."""
        return _packed("k", self.role, self.chat)


@dataclass(frozen=True, slots=True)
class CameraPick:
    """The customer means this camera, by its id."""

    camera: int

    def pack(self) -> str:
        """As a button carries it."""
        return _packed("ci", self.camera)


@dataclass(frozen=True, slots=True)
class CameraTrouble:
    """What is wrong with the camera: a code of `TROUBLES`."""

    code: str
    camera: int

    def pack(self) -> str:
        """As a button carries it."""
        return _packed("ct", self.code, self.camera)


@dataclass(frozen=True, slots=True)
class CameraPage:
    """A page of the customer's cameras, counted from 0."""

    page: int

    def pack(self) -> str:
        """As a button carries it."""
        return _packed("cp", self.page)


@dataclass(frozen=True, slots=True)
class OutageStep:
    """What becomes of the faults in the area of this ticket: a code of `OUTAGE_STEPS`."""

    code: str
    number: int

    def pack(self) -> str:
        """As a button carries it."""
        return _packed("x", self.code, self.number)


@dataclass(frozen=True, slots=True)
class Classify:
    """The ticket is of this service, category or priority: ``aspect`` says which, by its code."""

    aspect: str
    code: str
    number: int

    def pack(self) -> str:
        """As a button carries it."""
        return _packed("kd", self.aspect[0], self.code, self.number)


_ASPECTS: Final = {"s": "service", "c": "category", "p": "priority"}


@dataclass(frozen=True, slots=True)
class Hand:
    """A step of opening a ticket by hand, and what was chosen there: a code of `HAND_STEPS`."""

    step: str
    value: str = ""

    def pack(self) -> str:
        """As a button carries it."""
        return _packed("h", self.step, self.value)


@dataclass(frozen=True, slots=True)
class Who:
    """Show a person; or say that ``other`` is the same one, which is asked once more."""

    verb: str
    person: int
    other: int = 0

    def pack(self) -> str:
        """As a button carries it."""
        return _packed("u", self.verb, self.person, self.other)


@dataclass(frozen=True, slots=True)
class MakeParent:
    """The ticket ``number`` becomes part of ``parent``."""

    number: int
    parent: int

    def pack(self) -> str:
        """As a button carries it."""
        return _packed("r", self.number, self.parent)


Callback = (
    TicketVerb
    | Classify
    | FreezeFor
    | AnswerRetry
    | Question
    | QueuePage
    | Topic
    | Menu
    | File
    | Mine
    | Confirm
    | Language
    | SetUp
    | Chosen
    | Dismiss
    | LinkChat
    | CameraPick
    | CameraTrouble
    | CameraPage
    | OutageStep
    | Hand
    | Who
    | MakeParent
    | HandTo
    | TaskVerb
    | TaskPage
    | Settle
)


def parse(data: str | None) -> Callback | None:
    """What a button carried, or ``None`` for anything that we have not packed."""
    if not data or not data.isascii() or len(data) > LONGEST:
        return None
    for pattern, build in _TABLE:
        found = pattern.fullmatch(data)
        if found:
            return build(*found.groups(""))
    return None


def _packed(*parts: object) -> str:
    packed = ":".join(map(str, parts))
    if len(packed.encode()) > LONGEST:
        raise ValueError(packed)
    return packed


def _any_of(words: frozenset[str] | tuple[str, ...]) -> str:
    return "|".join(map(re.escape, sorted(words)))


# 18 digits fit into the 64 bits of every database.
_NUMBER: Final = "([1-9][0-9]{0,17})"
_CODE: Final = "([A-Za-z0-9_.-]{1,48})"
_TEAM: Final = "([a-z0-9][a-z0-9_.-]{0,31})"

_SHAPES: Final[tuple[tuple[str, Callable[..., Callback]], ...]] = (
    (f"t:({_any_of(TICKET_VERBS)}):{_NUMBER}", lambda verb, number: TicketVerb(verb, int(number))),
    (
        f"kd:([scp]):([a-z0-9_.-]{{1,32}}):{_NUMBER}",
        lambda aspect, code, number: Classify(_ASPECTS[aspect], code, int(number)),
    ),
    (f"f:({_any_of(FREEZES)}):{_NUMBER}", lambda code, number: FreezeFor(int(number), code)),
    (f"a:{_NUMBER}", lambda number: AnswerRetry(int(number))),
    (f"q:{_NUMBER}", lambda number: Question(int(number))),
    (
        "l:([a-z0-9_]{1,16}):([+-]):([A-Za-z0-9_.,:;|+=-]{0,44})",
        lambda view, way, cursor: QueuePage(view, cursor, backward=way == "-"),
    ),
    (f"p:{_CODE}", Topic),
    (f"m:({_any_of(MENUS)})", Menu),
    ("w:new", File),
    ("w:no", lambda: File(forget=True)),
    (f"w:{_NUMBER}", lambda number: File(int(number))),
    (f"o:{_NUMBER}", lambda number: Mine(int(number))),
    (f"c:(y|n):{_NUMBER}", lambda answer, number: Confirm(int(number), yes=answer == "y")),
    ("g:([a-z]{2,3})", Language),
    (f"s:({_any_of(SET_UPS)})", SetUp),
    (f"v:({_any_of(FIELDS)}):([A-Za-z0-9/_+-]{{1,40}})", Chosen),
    (f"ad:({_any_of(DISMISSALS)}):{_NUMBER}", lambda verb, person: Dismiss(verb, int(person))),
    (f"ci:{_NUMBER}", lambda number: CameraPick(int(number))),
    (f"ct:({_any_of(TROUBLES)}):{_NUMBER}", lambda code, number: CameraTrouble(code, int(number))),
    ("cp:(0|[1-9][0-9]{0,5})", lambda page: CameraPage(int(page))),
    (f"h:({_any_of(HAND_STEPS)}):([A-Za-z0-9_.-]{{0,40}})", Hand),
    (
        f"u:(show|merge|merge!):{_NUMBER}:(0|{_NUMBER[1:]}",
        lambda verb, person, other: Who(verb, int(person), int(other)),
    ),
    (
        f"r:{_NUMBER}:{_NUMBER}",
        lambda number, parent: MakeParent(int(number), int(parent)),
    ),
    (f"x:({_any_of(OUTAGE_STEPS)}):{_NUMBER}", lambda code, number: OutageStep(code, int(number))),
    (f"np:{_NUMBER}:{_NUMBER}", lambda number, who: HandTo(int(number), person=int(who))),
    (f"nt:{_NUMBER}:{_TEAM}", lambda number, team: HandTo(int(number), team)),
    (f"nu:{_NUMBER}:{_TEAM}", lambda number, team: HandTo(int(number), team, up=True)),
    (f"j:({_any_of(TASK_VERBS)}):{_NUMBER}", lambda verb, task: TaskVerb(verb, int(task))),
    ("jl:(all|mine):(0|[1-9][0-9]{0,5})", lambda view, page: TaskPage(view, int(page))),
    (
        f"js:({_any_of(SETTLINGS)}):{_NUMBER}",
        lambda choice, number: Settle(int(number), choice),
    ),
    ("k:(operators|alerts):(-[1-9][0-9]{0,17})", lambda role, chat: LinkChat(role, int(chat))),
)
_TABLE: Final = tuple((re.compile(shape, re.ASCII), build) for shape, build in _SHAPES)
