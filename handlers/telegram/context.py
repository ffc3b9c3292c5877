"""What a handler is given: the update, who acts, the desk, and a way to answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiogram import Bot
from aiogram.types import CallbackQuery, Message

from channels.telegram.messages.message_parser import message_ref
from channels.telegram.screens.buttons import OpenMenus
from channels.telegram.screens.screen import Renderer, Screen
from core.addresses import MessageRef
from core.desk import Desk
from core.files import FileStore
from core.people.identity import Sender
from handlers.telegram.responder import Keyboard, Responder


@dataclass(frozen=True, slots=True)
class Context:
    """What every update comes with."""

    bot: Bot
    desk: Desk
    menu_words: Mapping[str, str]  # label of the menu below the chat → its step
    open_menus: OpenMenus
    responder: Responder
    sender: Sender
    files: FileStore | None = field(default=None, kw_only=True)

    @property
    def renderer(self) -> Renderer:
        """Renders in the language and zone of whoever acts."""
        return self.responder.renderer


@dataclass(frozen=True, slots=True)
class MessageContext(Context):
    """A message that a person sent."""

    message: Message

    async def say(self, text: str, keyboard: Keyboard | None = None) -> None:
        """Send HTML to the same chat."""
        await self.responder.say(self.message.chat.id, text, keyboard=keyboard)

    async def show(self, screen: Screen) -> None:
        """Send a screen to the same chat."""
        await self.say(screen.html, screen.keyboard)


@dataclass(frozen=True, slots=True)
class ButtonContext(Context):
    """A button that a person pressed."""

    query: CallbackQuery

    @property
    def message(self) -> Any:
        """The message with the button; ``None`` if Telegram does not tell it."""
        return self.query.message

    @property
    def place(self) -> MessageRef | None:
        """Where the message with the button stands."""
        message = self.message
        return None if message is None else message_ref(message.chat.id, message.message_id)

    async def toast(self, text: str = "") -> None:
        """Answer the button, with a line of text or without."""
        await self.responder.toast(self.query, text)

    async def show(self, screen: Screen | str, toast: str = "") -> None:
        """Answer the button, and edit its message into this screen."""
        shown = Screen(screen) if isinstance(screen, str) else screen
        await self.toast(toast)
        await self.edit(shown)

    async def edit(self, screen: Screen) -> None:
        """Edit the message with the button into this screen."""
        await self.responder.edit(self.message, screen.html, keyboard=screen.keyboard)
