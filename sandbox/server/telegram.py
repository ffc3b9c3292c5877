"""Telegram as the methods of the Bot API see it: users, chats and what can happen between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.server.actions import Actions
from sandbox.server.bot_messages import BotMessages
from sandbox.server.context import Context
from sandbox.server.events import Events
from sandbox.server.members import User
from sandbox.server.membership import Membership
from sandbox.server.message import ServerChat
from sandbox.server.polling import LongPolling
from sandbox.server.topics import Topics
from sandbox.server.updates import Updates
from sandbox.server.webhook import WebhookDelivery
from sandbox.server.webhook_settings import WebhookSettings

Json = dict[str, Any]


def _menu_button() -> Json:
    return {"type": "commands"}


@dataclass(slots=True)
class BotProfile:
    """What the bot has said about itself."""

    commands: dict[tuple[Any, ...], list[Json]] = field(default_factory=dict)  # by scope, language
    texts: dict[tuple[str, str], str] = field(default_factory=dict)  # by field and language
    default_rights: dict[bool, Json] = field(default_factory=dict)  # by "for channels"
    menu_button: Json = field(default_factory=_menu_button)

    def forget(self) -> None:
        """The bot has said nothing yet."""
        self.commands.clear()
        self.texts.clear()
        self.menu_button = _menu_button()


class Telegram:
    """Users, chats, the bot, and the parts that change them.

    ``users`` and ``chats`` are filled by whoever makes them, also while the server runs.
    """

    def __init__(
        self,
        context: Context,
        users: Mapping[int, User],
        chats: Mapping[int, ServerChat],
    ) -> None:
        self.context = context
        self.users = users
        self.chats = chats
        self.updates = Updates(context)
        self.polling = LongPolling(self.updates)
        self.delivery = WebhookDelivery(self.updates)
        self.webhook = WebhookSettings(self.updates, self.polling, self.delivery)
        self.events = Events(context, self.updates, chats)
        self.membership = Membership(context, self.events, users)
        self.topics = Topics(self.events)
        self.actions = Actions(context, self.events, self.membership)
        self.bot_messages = BotMessages(context, users)
        self.profile = BotProfile()
        self.drafts: dict[int, list[Json]] = {}  # by chat, what the bot is still writing
        self.unsupported: list[str] = []  # methods that were called and are not played
        self.logged_out = False

    def find_chat(self, value: Any) -> ServerChat | None:
        """Chat by identifier or @username."""
        if isinstance(value, str):
            text = value.strip()
            if text.startswith("@"):
                return self._chat_named(text[1:].lower())
            try:
                value = int(text)
            except ValueError:
                return None
        return self.chats.get(value) if isinstance(value, int) else None

    def _chat_named(self, name: str) -> ServerChat | None:
        for chat in self.chats.values():
            if chat.username and chat.username.lower() == name:
                return chat
        return None

    def visible_commands(self, person: User, chat: ServerChat) -> list[Json]:
        """Commands that the app shows to the person in the chat (scopes and languages resolved)."""
        language = (person.language or "").split("-")[0]
        for scope in _scopes(person, chat):
            for code in dict.fromkeys((language, "")):
                found = self.profile.commands.get((*scope, code))
                if found:
                    return found
        return []

    def forget(self) -> None:
        """Nothing has happened: no messages, no updates; people and chats stay."""
        self.updates.clear()
        self.context.clock.offset = 0.0
        self.context.limiter.reset()
        self.context.violations.refused.clear()
        self.membership.join_grace.clear()
        self.actions.forget()
        self.drafts.clear()
        self.profile.forget()
        for chat in self.chats.values():
            chat.forget()

    async def close(self) -> None:
        """Stop polling and the webhook."""
        self.polling.close()
        await self.delivery.close()


def _scopes(person: User, chat: ServerChat) -> list[tuple[Any, ...]]:
    """``BotCommandScope``, the narrowest first."""
    if chat.kind == "private":
        return [("chat", chat.id), ("all_private_chats",), ("default",)]
    member = chat.members.get(person.id)
    admin = member is not None and member.is_admin
    scopes: list[tuple[Any, ...]] = [("chat_member", chat.id, person.id)]
    if admin:
        scopes.append(("chat_administrators", chat.id))
    scopes.append(("chat", chat.id))
    if admin:
        scopes.append(("all_chat_administrators",))
    return [*scopes, ("all_group_chats",), ("default",)]
