"""The table of the operators' commands, and how one of them is carried out."""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Final

from channels.telegram.messages.message_parser import read
from channels.telegram.screens.bot_profile import ADMIN_IN_PRIVATE, CUSTOMER
from channels.telegram.screens.card import ASSISTED
from channels.telegram.screens.help import SECTIONS, HelpSection, draw, draw_private
from core.allowances import LIGHT
from core.errors import NotAllowed, Refusal, Unreadable
from core.teams.teams import HIGHEST
from core.texts import Key
from core.tickets.incoming import IncomingMessage
from core.words.numbers import find_number
from core.words.when import WhenError, parse_when
from handlers.effort import limited
from handlers.telegram.context import ButtonContext, MessageContext
from handlers.telegram.guesses import closest, with_other_names
from handlers.telegram.operators import (
    agreements,
    articles,
    assistant,
    endings,
    fields,
    people,
    private,
    read_commands,
    responses,
    states,
    statistics,
    tags,
    tasks,
    teams,
    ticket_commands,
    transcripts,
    write_first,
)
from handlers.telegram.operators.context import (
    Command,
    CommandContext,
    example,
    name_for,
    parse,
)
from handlers.telegram.origin import is_borrowed

__all__ = ["COMMANDS", "Command", "Number", "Row", "Words", "carry_out", "parse"]

Handler = Callable[[CommandContext], Awaitable[None]]


class Number(Enum):
    """Whether the command is about one ticket."""

    NONE = auto()
    NEEDED = auto()


class Words(Enum):
    """Whether words follow."""

    NONE = auto()
    MAY = auto()
    MUST = auto()


class Sign(Enum):
    """What shows that the command was carried out.

    ``SHOWN``: something else does, a receipt or a list. ``REACTION``: nothing does but ours.
    ``CARD``: the ticket's card, which the operator looks at if they reply to it; otherwise we
    react. ``CARD_UNLESS_SAID``: the same, but where words went to the customer, only their arrival
    is acknowledged (X2).
    """

    SHOWN = auto()
    REACTION = auto()
    CARD = auto()
    CARD_UNLESS_SAID = auto()


@dataclass(frozen=True, slots=True)
class Row:
    """A command. Its texts are ``operators.example.<name>`` and ``operators.help.<name>``.

    ``other``: its words name another ticket; in a reply a number alone is that one's. ``effort``:
    what it takes of the allowance of whoever asks (`core.allowances`).
    """

    handler: Handler
    number: Number = Number.NEEDED
    words: Words = Words.NONE
    sign: Sign = Sign.CARD
    admins: bool = False
    other: bool = False
    effort: int = 0


async def help_(context: CommandContext) -> None:
    """A screen with a section of the commands that this person may use; in private all that work
    there.
    """
    if context.in_private:
        await context.say(draw_help_in_private(context))
        return
    first = next(iter(SECTIONS))
    assistant = context.desk.company.assistance is not None
    admin = _is_admin(context)
    await context.show(draw(context.renderer, first, admin=admin, assistant=assistant))


_NO, _MAY, _MUST = Number.NONE, Words.MAY, Words.MUST
_SHOWN: Final = Sign.SHOWN
_REACTION: Final = Sign.REACTION

COMMANDS: Final[dict[str, Row]] = {
    "take": Row(ticket_commands.take),
    "release": Row(ticket_commands.release),
    "reply": Row(ticket_commands.reply, words=_MUST, sign=_SHOWN),
    "t": Row(responses.choose, words=_MAY, sign=_SHOWN),
    "kb": Row(articles.find, words=_MAY, sign=_SHOWN, effort=LIGHT),
    "draft": Row(assistant.draft, sign=_SHOWN),
    "summary": Row(assistant.summary, sign=_SHOWN),
    "translate": Row(assistant.translate, words=_MAY, sign=_SHOWN),
    "note": Row(ticket_commands.note, words=_MUST, sign=_SHOWN),
    "wait": Row(ticket_commands.wait, words=_MAY, sign=Sign.CARD_UNLESS_SAID),
    "freeze": Row(ticket_commands.freeze, words=_MAY),
    "unfreeze": Row(ticket_commands.unfreeze),
    "resolve": Row(tasks.resolve, words=_MAY, sign=_SHOWN),
    "close": Row(tasks.close, words=_MAY, sign=_SHOWN),
    "cancel": Row(ticket_commands.cancel, words=_MAY),
    "reopen": Row(ticket_commands.reopen),
    "reason": Row(endings.reason, words=_MAY, sign=_SHOWN),
    "spent": Row(endings.spent, words=_MAY, sign=_SHOWN),
    "used": Row(endings.used, words=_MAY, sign=_SHOWN),
    "field": Row(fields.field, words=_MAY, sign=_SHOWN),
    "state": Row(states.state, words=_MAY, sign=_SHOWN),
    "assign": Row(teams.assign, words=_MUST),
    "escalate": Row(teams.escalate, words=_MAY),
    "tasks": Row(tasks.tasks, _NO, _MAY, _SHOWN),
    "next_up": Row(tasks.what_next, _NO, _MAY, _SHOWN),
    "task": Row(tasks.task, _NO, _MAY, _SHOWN),
    "done": Row(tasks.done, _NO, _MAY),
    "on": Row(teams.on, _NO, sign=_REACTION),
    "off": Row(teams.off, _NO, sign=_REACTION),
    "teams": Row(teams.teams, _NO, sign=_SHOWN),
    "outage": Row(ticket_commands.outage, words=_MUST),
    "broadcast": Row(ticket_commands.broadcast, words=_MUST, sign=_SHOWN),
    "title": Row(ticket_commands.title, words=_MUST),
    "topic": Row(agreements.topic, words=_MAY, sign=_SHOWN),
    "tag": Row(tags.tag, words=_MAY, sign=_SHOWN),
    "tags": Row(tags.tags, _NO, _MAY, _SHOWN),
    "class": Row(agreements.class_, words=_MAY, sign=_SHOWN),
    "priority": Row(agreements.priority, words=_MAY, sign=_SHOWN),
    "next": Row(agreements.next_, words=_MUST, sign=_REACTION),
    "why": Row(agreements.why_, sign=_SHOWN),
    "times": Row(agreements.times, sign=_SHOWN),
    "undo": Row(ticket_commands.undo, _NO, _MAY, _SHOWN),
    "ticket": Row(read_commands.ticket, sign=_SHOWN),
    "messages": Row(read_commands.messages, sign=_SHOWN),
    "data": Row(read_commands.data, sign=_SHOWN),
    "journal": Row(read_commands.journal, words=_MAY, sign=_SHOWN),
    "transcript": Row(transcripts.transcript, words=_MAY, sign=_SHOWN),
    "queue": Row(read_commands.queue, _NO, _MAY, _SHOWN),
    "views": Row(read_commands.views, _NO, _MAY, _SHOWN),
    "board": Row(read_commands.board, _NO, _MAY, _REACTION),
    "my": Row(read_commands.my, _NO, _MAY, _SHOWN),
    "overdue": Row(read_commands.overdue, _NO, _MAY, _SHOWN),
    "find": Row(read_commands.find, _NO, _MUST, _SHOWN, effort=LIGHT),
    "new": Row(private.lead_to_new, _NO, _MAY, _SHOWN),
    "call": Row(private.lead_to_call, _NO, _MAY, _SHOWN),
    "app": Row(private.lead_to_app, _NO, sign=_SHOWN),
    "write": Row(write_first.write, _NO, _MUST, _SHOWN),
    "who": Row(people.who, _NO, _MUST, _SHOWN, effort=LIGHT),
    "contact": Row(people.contact, words=_MUST, sign=_SHOWN),
    "mute": Row(people.mute, words=_MUST, sign=_SHOWN),
    "block": Row(people.block, words=_MUST, sign=_SHOWN),
    "unblock": Row(people.unblock, sign=_SHOWN),
    "blocked": Row(people.blocked, _NO, _MAY, _SHOWN, admins=True),
    "merge": Row(people.merge_, words=_MUST, sign=_SHOWN, other=True),
    "split": Row(ticket_commands.split, _NO, _MAY, _SHOWN),
    "merge_tickets": Row(ticket_commands.merge, words=_MUST, sign=_SHOWN, other=True),
    "similar": Row(ticket_commands.similar, sign=_SHOWN, effort=LIGHT),
    "link": Row(ticket_commands.link, words=_MUST, other=True),
    "unlink": Row(ticket_commands.unlink, words=_MUST, other=True),
    "contract": Row(people.contract, _NO, _MUST, _SHOWN, admins=True),
    "help": Row(help_, _NO, _MAY, _SHOWN),
    "report": Row(read_commands.report, _NO, _MAY, _SHOWN, admins=True),
    "stats": Row(statistics.stats, _NO, _MAY, _SHOWN, admins=True),
}


# What only shows works in the private chat, too (X16): it concerns whoever asks.
READING: Final = frozenset(
    {"queue", "my", "overdue", "find", "ticket", "journal", "why", "times", "teams", "help"}
    | {"next_up", "transcript", "data", "views"}
)


# What concerns nobody else in the group, either: lists, and menus that somebody chooses from. What
# was chosen shows on the ticket's card.
_FOR_ONE: Final = (
    READING
    | {
        "tags",
        "who",
        "tasks",
        "similar",
        "messages",
        "blocked",
        "report",
        "new",
        "call",
        "app",
    }
    | {"t", "kb", "app", *ASSISTED}
    | {"class", "priority", "topic", "state", "reason", "spent", "used", "field", "contact"}
)


def draw_help_in_private(context: CommandContext | ButtonContext) -> str:
    """The text of `/help` in the private chat of somebody who works here."""
    admin = context.sender.address in context.desk.company.admins
    usable = READING | private.COMMANDS.keys()
    return draw_private(context.renderer, usable, ADMIN_IN_PRIVATE if admin else ())


async def show_help_in_private(pressed: ButtonContext, _data: HelpSection) -> None:
    """A button of the help as it was: all that works there."""
    await pressed.show(draw_help_in_private(pressed))


async def on_private_message(context: MessageContext) -> bool:
    """A command of somebody who works here, that only shows, in their private chat. Raises
    :class:`Refusal` for what they do elsewhere, or may not do; each is told where it works.
    """
    message, text = context.message, context.message.text or ""
    if not text.startswith("/") or is_borrowed(message):
        return False
    command = parse(text, await name_for(context.bot, text), *context.desk.company.number_masks)
    incoming = read(message)
    if command is None or not isinstance(incoming, IncomingMessage):
        return False
    if command.name not in READING:
        _demand_ours(context, command)
        return False
    asked = CommandContext(
        context.desk,
        context.responder,
        context.sender,
        message,
        incoming,
        command,
        in_private=True,
    )
    await carry_out(asked, None)
    return True


def _demand_ours(context: MessageContext, command: Command) -> None:
    """Raise :class:`Refusal` for a command of the group or of admins. Customers' go on, and what is
    no command at all.
    """
    name, row = command.name, COMMANDS.get(command.name)
    if name in CUSTOMER or (row is None and name not in OF_ADMINS):
        return
    if name in _absent(context):
        raise _unknown(context, command)
    for_admins = row is None or row.admins
    key = "operators" if not for_admins or _is_admin(context) else "admins"
    raise Refusal(f"refusal.{key}_only", command=f"/{command.typed}")


async def carry_out(context: CommandContext, replied: int | None) -> None:
    """Do what the command says. ``replied`` is the ticket of the message it replies to.

    Raises :class:`Refusal` with one line: what was wrong, and how it is written.
    """
    command = context.command
    row = None if command.name in _absent(context) else COMMANDS.get(command.name)
    if row is None:
        raise _unknown(context, command)
    if row.admins and not _is_admin(context):
        raise NotAllowed(command.name)
    if row.number is Number.NEEDED:
        command, number = _numbered(context, row, replied)
        context = replace(context, command=command, number=number)
    elif replied is not None:
        context = replace(context, number=replied)
    with limited(context.desk, context.sender, row.effort):
        await row.handler(replace(context, quiet=command.name in _FOR_ONE))
    if command.name in _MOVES:
        await states.show_next(context, context.number)
    if _needs_reaction(context, row):
        context.responder.react(context.message, _DONE)


_DONE: Final = "👌"
# Commands that may move a ticket to a state which leaves the list.
_MOVES: Final = frozenset({"wait", "freeze", "resolve", "close", "cancel", "state"})


def _needs_reaction(context: CommandContext, row: Row) -> bool:
    if row.sign is Sign.REACTION:
        return True
    if context.incoming.reply_to is not None or row.sign is Sign.SHOWN:
        return False
    said = bool(context.command.words) or context.incoming.kind != "text"
    return row.sign is Sign.CARD or not said


def _is_admin(context: CommandContext | MessageContext) -> bool:
    return context.sender.address in context.desk.company.admins


def _absent(context: CommandContext | MessageContext) -> Collection[str]:
    """The commands that this desk does not have: those of the assistant where there is none."""
    return ASSISTED if context.desk.company.assistance is None else ()


OF_ADMINS: Final = frozenset(
    {"setup", "directory", "topics", "notices", "texts", "key", "webhook"}
    | {"quarantine", "junk", "health", "restored", "export", "rules"}
)
"""Commands of admins that do nothing in a group."""


def usable_in_group(*, admin: bool, absent: Collection[str] = ()) -> Collection[str]:
    """Return the commands that somebody of this role may use there, by all their names."""
    return with_other_names(
        [name for name, row in COMMANDS.items() if name not in absent and (admin or not row.admins)]
    )


def _unknown(context: CommandContext | MessageContext, command: Command) -> Refusal:
    typed = f"/{command.typed}"
    if command.name in OF_ADMINS:
        return Unreadable("refusal.in_private_only", command=typed)
    usable = usable_in_group(admin=_is_admin(context), absent=_absent(context))
    guess = closest(command.typed, usable, with_other_names([*COMMANDS]))
    if guess is None:
        return Unreadable("refusal.unknown_command", command=typed)
    return Unreadable("refusal.unknown_command_guess", command=typed, guess=f"/{guess}")


def _numbered(context: CommandContext, row: Row, replied: int | None) -> tuple[Command, int]:
    """The command and its ticket: the one it names, or the one it replies to."""
    command = context.command
    shown = example(command.name)
    if replied is not None and command.number != replied:
        command = _in_reply(context, row, replied)
    number = command.number or replied
    if number is None:
        raise _no_number(command, shown)
    if row.words is Words.NONE and command.words:
        raise Unreadable("operators.malformed", words=command.words[:40], example=shown)
    if row.words is Words.MUST and not command.words and context.incoming.kind == "text":
        raise Unreadable("operators.missing_words", example=shown)
    return command, number


def _no_number(command: Command, shown: Key) -> Refusal:
    if command.words[:1].isdigit() or command.words[:1] in {"#", "№"}:
        return Unreadable("operators.bad_number", words=command.words[:40], example=shown)
    facts = {"name": f"/{command.typed}", "example": shown}
    return Unreadable("operators.missing_number", **facts)


def _in_reply(context: CommandContext, row: Row, replied: int) -> Command:
    """A reply to one ticket that begins with a bare figure: a number, or a word of the text?

    What goes to a customer must not go to another one because it begins with a figure (S25).
    """
    command = context.command
    if row.other and not _names_two(context):
        return command.without_number()
    if not command.bare or row.words is Words.NONE:
        return command
    if command.name == "freeze" and _begins_with_time(context):
        return command.without_number()
    if command.name == "escalate" and (command.number or 0) <= HIGHEST:
        return command.without_number()  # a support level
    raise Unreadable("operators.which", number=replied, other=command.number)


def _names_two(context: CommandContext) -> bool:
    """Behind the number comes another one, or an address: the first is the ticket's own."""
    words = context.command.words
    return "://" in words or find_number(words, *context.desk.company.number_masks) is not None


def _begins_with_time(context: CommandContext) -> bool:
    """«2 дня»: the figure belongs to the time; in «12 завтра» it does not."""
    now, zone = context.desk.clock(), context.desk.company.zone
    try:
        if parse_when(context.command.words, now, zone).at is not None:
            return False
        return (
            bool(context.command.words)
            and parse_when(context.command.rest, now, zone).at is not None
        )
    except WhenError:
        return False
