"""What a handler is given, and the only ways it has to the desk."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Concatenate, Final, ParamSpec, TypeVar

from aiogram import Bot
from aiogram.types import InaccessibleMessage, InlineKeyboardMarkup, Message

from core.desk import Desk
from core.errors import Unreadable
from core.people.directory import Caller
from core.people.operators import by_operator, for_operator
from core.texts import Key
from core.tickets.said import Said
from core.tx import Look, Tx
from handlers.operators.parsing import Command, is_named, without_head
from handlers.speech import Speech

P = ParamSpec("P")
R = TypeVar("R")

LONGEST_REASON: Final = 1000


@dataclass(frozen=True, slots=True)
class Visit:
    """An operator at work: who they are, and the message of the group that it is about."""

    desk: Desk
    speech: Speech
    caller: Caller
    message: Message | InaccessibleMessage

    async def act(
        self,
        action: Callable[Concatenate[Tx, P], Awaitable[R]],
        *args: P.args,
        **options: P.kwargs,
    ) -> R:
        """Run an action as this operator."""
        return await self.desk.run(by_operator, self.caller, action, *args, **options)

    async def look(
        self,
        query: Callable[Concatenate[Look, P], Awaitable[R]],
        *args: P.args,
        **options: P.kwargs,
    ) -> R:
        """Look as this operator."""
        return await self.desk.read(for_operator, self.caller, query, *args, **options)

    async def say(
        self, text: str | Sequence[str], keyboard: InlineKeyboardMarkup | None = None
    ) -> None:
        """Answer below the message; blocks in as few messages as they take."""
        await self.speech.say(
            self.message.chat.id, text, keyboard=keyboard, reply_to=self.message.message_id
        )


@dataclass(frozen=True, slots=True)
class Asked(Visit):
    """A command, with the ticket's number where it has one."""

    message: Message
    said: Said
    command: Command
    number: int = 0

    @property
    def words(self) -> Said:
        """What was said behind the command, with whatever was attached to it."""
        return without_head(self.said, self.command.at)

    @property
    def reason(self) -> str | None:
        """The words behind the command, where they are a reason."""
        words = self.command.words
        if len(words) > LONGEST_REASON:
            raise Unreadable("operators.too_long", limit=LONGEST_REASON)
        return words or None


async def name_for(bot: Bot, text: str) -> str:
    """Our username, where the words call a bot by its name; nothing else needs to know it.

    Telegram is asked once. Where it cannot be asked, the update waits until it can (see the lanes):
    a command that may be another bot's is neither obeyed nor dropped.
    """
    return (await bot.me()).username or "" if is_named(text) else ""


def example(name: str) -> Key:
    """How the command is written correctly."""
    return Key(f"operators.example.{name}")
