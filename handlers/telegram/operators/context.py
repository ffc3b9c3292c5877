"""What an operator's handler is given: the command that was typed, and ways to the desk.

Every call of the desk is authorised.
"""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import KW_ONLY, dataclass, replace
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

from aiogram import Bot
from aiogram.types import InaccessibleMessage, InlineKeyboardMarkup, Message

from channels.telegram.addresses import chat_address, chat_id
from channels.telegram.screens.screen import Renderer, Screen
from core.addresses import Address
from core.desk import Desk
from core.errors import Unreadable
from core.people.identity import Sender
from core.people.staff import as_staff, by_operator, for_operator, for_worker
from core.texts import Key
from core.tickets import conversation
from core.tickets.answering import begin_answering
from core.tickets.incoming import IncomingMessage
from core.tx import ReadTx, Tx
from core.words.aliases import ALIASES, LISTS
from core.words.names import clean_name, units
from core.words.numbers import find_number
from handlers.telegram.context import ButtonContext
from handlers.telegram.responder import Responder, ShownAt

NOTE: Final = "//"

# A name ends at a sign «_», behind which a number may stand, but for the names with one.
_HEAD: Final = re.compile(
    r"/(?P<name>next_up|merge_tickets|[^\W\d_]{1,32})(?:@(?P<bot>\w{1,64}))?(?=[\s\d#№_]|\Z)"
)


@dataclass(frozen=True, slots=True)
class Command:
    """A command as it was typed. ``at`` is where ``words`` begin in the text.

    ``bare``: the number has neither a sign nor a mask, so it may be a word as well.
    ``rest`` is everything behind the name, if the number was not meant as one.
    """

    name: str
    typed: str
    number: int | None
    bare: bool
    words: str
    rest: str
    at: int

    def without_number(self) -> "Command":
        """The same where the number belongs to the words."""
        at = self.at - (len(self.rest) - len(self.words))
        return replace(self, number=None, bare=False, words=self.rest, at=at)


def parse(text: str, bot_username: str, *masks: str) -> Command | None:
    """The command with which the text begins. ``None``: none, or another bot's."""
    found = _HEAD.match(text)
    if found is None or _is_foreign(found, bot_username):
        return None
    typed = found["name"].lower()
    rest = text[found.end() :].lstrip("_ \t\n\r\xa0").rstrip()
    if typed in LISTS and (not rest or typed not in ALIASES):  # what is said behind it is not
        return Command("queue", typed, number=None, bare=False, words=typed, rest=typed, at=0)
    numbered = find_number(rest, *masks)
    number, words = numbered if numbered is not None else (None, rest)
    words = words.lstrip()
    return Command(
        name=ALIASES.get(typed, typed),
        typed=typed,
        number=number,
        bare=number is not None and rest[:1].isdecimal(),
        words=words,
        rest=rest,
        at=len(text.rstrip()) - len(words),
    )


def answer_to(name: str, text: str) -> Command:
    """The command whose words were asked for, and are these."""
    words = text.strip()
    return Command(name, name, number=None, bare=False, words=words, rest=words, at=0)


def is_named(text: str) -> bool:
    """A command for the bot of a certain name: whether it is ours, only our name can tell."""
    found = _HEAD.match(text)
    return found is not None and bool(found["bot"])


def is_foreign(text: str, bot_username: str) -> bool:
    """A command for another bot: nothing of ours, and nobody's answer."""
    found = _HEAD.match(text)
    return found is not None and _is_foreign(found, bot_username)


def _is_foreign(found: re.Match[str], bot_username: str) -> bool:
    return bool(found["bot"]) and found["bot"].casefold() != bot_username.casefold()


def text_of(incoming: IncomingMessage) -> str:
    """What the person typed. The name of a file, say, is no words of theirs."""
    return str(incoming.content.get("text") or "")


def is_note(text: str) -> bool:
    """The words are meant for colleagues only."""
    return text.lstrip().startswith(NOTE)


def without_mark(incoming: IncomingMessage) -> IncomingMessage:
    """The note itself, without its ``//``."""
    text = text_of(incoming)
    at = text.index(NOTE) + len(NOTE)
    return without_head(incoming, at + len(text[at:]) - len(text[at:].lstrip()))


def without_head(incoming: IncomingMessage, at: int) -> IncomingMessage:
    """The same without what stands before this place in its text; entities keep their words."""
    text = text_of(incoming)
    cut, shift = text[at:], units(text[:at])
    entities = [_moved(entity, shift) for entity in incoming.content.get("entities") or []]
    content: dict[str, Any] = {
        **incoming.content,
        "text": cut,
        "entities": [entity for entity in entities if entity["length"] > 0],
    }
    return replace(incoming, text=cut, content=content)


def _moved(entity: dict[str, Any], shift: int) -> dict[str, Any]:
    start = int(entity["offset"]) - shift
    end = start + int(entity["length"])
    return {**entity, "offset": max(start, 0), "length": end - max(start, 0)}


P = ParamSpec("P")
R = TypeVar("R")

LONGEST_REASON: Final = 1000


@dataclass(frozen=True, slots=True)
class OperatorContext:
    """An operator, and the message of their group, or of their private chat, that it is about.

    ``quiet``: what is answered concerns only whoever acts.
    """

    desk: Desk
    responder: Responder
    sender: Sender
    message: Message | InaccessibleMessage
    _: KW_ONLY
    in_private: bool = False
    quiet: bool = False

    async def act(
        self,
        action: Callable[Concatenate[Tx, P], Awaitable[R]],
        *args: P.args,
        **options: P.kwargs,
    ) -> R:
        """Run an action as this operator."""
        if self.in_private:
            return await self.desk.run(as_staff, self.sender, action, *args, **options)
        return await self.desk.run(by_operator, self.sender, action, *args, **options)

    async def read(
        self,
        query: Callable[Concatenate[ReadTx, P], Awaitable[R]],
        *args: P.args,
        **options: P.kwargs,
    ) -> R:
        """Run a query as this operator."""
        if self.in_private:
            return await self.desk.read(for_worker, self.sender, query, *args, **options)
        return await self.desk.read(for_operator, self.sender, query, *args, **options)

    async def answer(
        self, ticket_id: int, words: IncomingMessage, *, by: str | None = None
    ) -> None:
        """Answer the customer; whoever begins to answer in a colleague's ticket is told whose it
        is, and the colleague is, too (X6).
        """
        holder = await self.desk.run(
            by_operator, self.sender, conversation.answer, ticket_id, words, by=by
        )
        if holder is not None:
            facts = {"number": ticket_id, "name": clean_name(holder)}
            await replace(self, quiet=True).say(self.renderer.html("operators.held", **facts))

    async def begin_answer(self, ticket_id: int, screen: Screen) -> Screen:
        """The screen on which an answer is chosen; colleagues see on the ticket's card that
        somebody chooses one, who is told if a colleague holds the ticket (X6).
        """
        holder = await self.act(begin_answering, ticket_id)
        if holder is None:
            return screen
        held = self.renderer.html("operators.held_by", number=ticket_id, name=clean_name(holder))
        return replace(screen, html=f"{held}\n{screen.html}")

    @property
    def screen_id(self) -> str:
        """What names the message, which is a screen of ours: one that only one person sees, too."""
        alone = getattr(self.message, "ephemeral_message_id", None)
        number = self.message.message_id if alone is None else f"e{alone}"
        return f"{self.message.chat.id}:{number}"

    @property
    def renderer(self) -> Renderer:
        """Renders in the language and zone of whoever acts."""
        return self.responder.renderer

    async def show(self, screen: Screen) -> ShownAt:
        """Answer below the message with a screen. Returns where it is."""
        return await self.say(screen.html, screen.keyboard)

    async def say(
        self, text: str | Sequence[str], keyboard: InlineKeyboardMarkup | None = None
    ) -> ShownAt:
        """Answer below the message; blocks in as few messages as they take. Returns where."""
        if self.quiet and not self.in_private:
            reader = chat_id(self.sender.address)
            return await self.responder.say_to_one(reader, self.message, text, keyboard)
        said = await self.responder.say(
            self.message.chat.id, text, keyboard=keyboard, reply_to=self.message.message_id
        )
        return "below" if said else "nowhere"


@dataclass(frozen=True, slots=True)
class CommandContext(OperatorContext):
    """A command, with the ticket's number where it has one."""

    message: Message
    incoming: IncomingMessage
    command: Command
    number: int = 0

    def acknowledge(self) -> None:
        """A sign that it was done; below a card that is replied to, the card shows it."""
        if self.incoming.reply_to is None:
            self.responder.react(self.message, "👌")

    @property
    def words(self) -> IncomingMessage:
        """What was said behind the command, with whatever was attached to it."""
        return without_head(self.incoming, self.command.at)

    @property
    def reason(self) -> str | None:
        """The words behind the command, where they are a reason."""
        words = self.command.words
        if len(words) > LONGEST_REASON:
            raise Unreadable("operators.too_long", limit=LONGEST_REASON)
        return words or None


@dataclass(frozen=True, slots=True)
class GroupButton(OperatorContext):
    """A button that an operator pressed, on a message in the operators' group."""

    button: ButtonContext

    async def toast(self, verb: str = "", *, alert: bool = False, **facts: Any) -> None:
        """Say what was done, or just stop the button's clock."""
        text = self.responder.plain(f"operators.toast.{verb}", facts) if verb else ""
        await self.responder.toast(self.button.query, text, alert=alert)

    async def say_where(self, place: ShownAt) -> None:
        """Say in a toast where what was asked for is."""
        await self.toast(f"shown.{place}")

    async def show_buttons(self, keyboard: InlineKeyboardMarkup | None) -> None:
        """Other buttons below the same message."""
        await self.responder.show_buttons(self.message, keyboard)

    async def edit(self, screen: Screen) -> None:
        """Edit the message with the button into this screen."""
        await self.responder.edit(self.message, screen.html, keyboard=screen.keyboard)


async def name_for(bot: Bot, text: str) -> str:
    """Our username, where the words call a bot by its name; nothing else needs to know it.

    Telegram is asked once. Where it cannot be asked, the update is tried again later:
    a command that may be another bot's is neither obeyed nor dropped.
    """
    return (await bot.me()).username or "" if is_named(text) else ""


def example(name: str) -> Key:
    """How the command is written correctly."""
    return Key(f"operators.example.{name}")


FOR_CUSTOMER: Final = "!"


def read_reason(words: str | None) -> tuple[str | None, bool]:
    """The reason, and whether it is meant for the customer, too: that begins with ``!``."""
    bare = (words or "").strip()
    public = bare.startswith(FOR_CUSTOMER)
    return bare.removeprefix(FOR_CUSTOMER).strip() or None, public


def asker_of(context: GroupButton) -> tuple[Address, str]:
    """Who wrote what the message answers, and how; without such words, who presses."""
    asked = getattr(context.message, "reply_to_message", None)
    author = None if asked is None else asked.from_user
    if asked is None or author is None or author.is_bot:
        return context.sender.address, ""
    return chat_address(author.id), asked.text or asked.caption or ""
