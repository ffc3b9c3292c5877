"""What an operator's handler is given, and its only ways to the desk: every call is authorised."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Concatenate, Final, ParamSpec, TypeVar

from aiogram import Bot
from aiogram.types import InaccessibleMessage, InlineKeyboardMarkup, Message

from channels.telegram.screens.screen import Renderer, Screen
from core.desk import Desk
from core.errors import Unreadable
from core.people.identity import Sender
from core.people.staff import by_operator, for_operator
from core.texts import Key
from core.tickets.incoming import IncomingMessage
from core.tx import ReadTx, Tx
from handlers.telegram.operators.command_parser import Command, is_named, without_head
from handlers.telegram.responder import Responder

P = ParamSpec("P")
R = TypeVar("R")

LONGEST_REASON: Final = 1000


@dataclass(frozen=True, slots=True)
class OperatorContext:
    """An operator, and the message of their group that it is about."""

    desk: Desk
    responder: Responder
    sender: Sender
    message: Message | InaccessibleMessage

    async def act(
        self,
        action: Callable[Concatenate[Tx, P], Awaitable[R]],
        *args: P.args,
        **options: P.kwargs,
    ) -> R:
        """Run an action as this operator."""
        return await self.desk.run(by_operator, self.sender, action, *args, **options)

    async def read(
        self,
        query: Callable[Concatenate[ReadTx, P], Awaitable[R]],
        *args: P.args,
        **options: P.kwargs,
    ) -> R:
        """Run a query as this operator."""
        return await self.desk.read(for_operator, self.sender, query, *args, **options)

    @property
    def renderer(self) -> Renderer:
        """Renders in the language and zone of whoever acts."""
        return self.responder.renderer

    async def show(self, screen: Screen) -> None:
        """Answer below the message with a screen."""
        await self.say(screen.html, screen.keyboard)

    async def say(
        self, text: str | Sequence[str], keyboard: InlineKeyboardMarkup | None = None
    ) -> None:
        """Answer below the message; blocks in as few messages as they take."""
        await self.responder.say(
            self.message.chat.id, text, keyboard=keyboard, reply_to=self.message.message_id
        )


@dataclass(frozen=True, slots=True)
class CommandContext(OperatorContext):
    """A command, with the ticket's number where it has one."""

    message: Message
    incoming: IncomingMessage
    command: Command
    number: int = 0

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


async def name_for(bot: Bot, text: str) -> str:
    """Our username, where the words call a bot by its name; nothing else needs to know it.

    Telegram is asked once. Where it cannot be asked, the update is tried again later:
    a command that may be another bot's is neither obeyed nor dropped.
    """
    return (await bot.me()).username or "" if is_named(text) else ""


def example(name: str) -> Key:
    """How the command is written correctly."""
    return Key(f"operators.example.{name}")
