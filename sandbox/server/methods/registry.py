"""Handlers of methods and what they have in common."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from sandbox.server.context import Context
from sandbox.server.errors import ApiError, Severity, bad_request, forbidden, too_many_requests
from sandbox.server.media import Upload
from sandbox.server.members import User
from sandbox.server.message import Message, ServerChat
from sandbox.server.schema import MethodInfo
from sandbox.server.telegram import Telegram

Json = dict[str, Any]
Access = Literal["read", "members", "edit", "write"]


@dataclass(slots=True)
class Call:
    """One call of a method with checked parameters."""

    telegram: Telegram
    info: MethodInfo
    values: Json
    uploads: dict[str, Upload] = field(default_factory=dict)
    connection: Any = None
    started: float = 0.0
    note: str | None = None  # description of a successful answer
    chat_id: int | None = None

    @property
    def context(self) -> Context:
        """The clock, the identifiers and the records."""
        return self.telegram.context

    def get(self, name: str, default: Any = None) -> Any:
        """Value of a parameter."""
        value = self.values.get(name)
        return default if value is None else value

    def report(self, kind: str, text: str, severity: Severity = "error") -> None:
        """Record a violation of this call."""
        self.context.violations.add(kind, text, self.info.name, self.chat_id, severity)

    # ------------------------------------------------------------------ look-ups

    def chat(self, name: str = "chat_id", access: Access = "write") -> ServerChat:
        """The chat of a parameter, if the bot may use it this way."""
        value = self.values.get(name)
        chat = self.telegram.find_chat(value)
        if chat is None:
            raise bad_request("chat not found", violation="chat_not_found", severity="warning")
        if name == "chat_id":
            self.chat_id = chat.id
        self.check_access(chat, access)
        return chat

    def check_access(self, chat: ServerChat, access: Access) -> None:
        if chat.kind == "private":
            if not chat.known:
                raise bad_request("chat not found", violation="chat_not_found", severity="warning")
            if chat.access == "deactivated" and access in ("edit", "write"):
                self._note_refusal(chat, "deactivated account")
                raise forbidden("user is deactivated")
            return
        member = chat.members.get(self.context.bot_id)
        if chat.deleted:
            self._note_refusal(chat, "deleted chat")
            if chat.kind == "group":
                raise forbidden("the group chat was deleted")
            raise bad_request("chat not found", violation="chat_not_found", severity="warning")
        if chat.kind == "group":
            if chat.migrated_to_id is not None:
                if access in ("write", "members"):
                    raise ApiError(
                        400,
                        "Bad Request: group chat was upgraded to a supergroup chat",
                        parameters={"migrate_to_chat_id": chat.migrated_to_id},
                    )
                return
            if access == "read":
                if member is None:
                    raise bad_request("chat not found", severity="warning")
                return
        public = chat.username is not None
        if member is not None and member.present:
            return
        if member is not None and member.status == "kicked":
            self._note_refusal(chat, "kicked from the chat")
            raise forbidden(f"bot was kicked from the {chat.kind} chat")
        if public and access == "read":
            return
        if member is None and not public:
            raise bad_request("chat not found", violation="chat_not_found", severity="warning")
        self._note_refusal(chat, "not a member of the chat")
        raise forbidden(f"bot is not a member of the {chat.kind} chat")

    def _note_refusal(self, chat: ServerChat, reason: str) -> None:
        self.context.violations.refuse(chat.id, chat.title, self.info.name, reason)

    def message(
        self,
        chat: ServerChat,
        what: str,
        name: str = "message_id",
    ) -> Message:
        """An existing message that the bot can see."""
        message = chat.visible(int(self.get(name, 0)))
        if message is None:
            raise bad_request(f"{what} not found")
        return message

    def user_id(self, name: str = "user_id") -> int:
        """A valid user identifier."""
        value = int(self.get(name, 0))
        if value <= 0:
            raise bad_request("invalid user_id specified", violation="invalid_parameters")
        return value

    def person(self, name: str = "user_id") -> User:
        """A known user."""
        person = self.telegram.users.get(self.user_id(name))
        if person is None:
            raise bad_request("user not found", violation="user_not_found", severity="warning")
        return person

    # ------------------------------------------------------------------ permissions

    def need_right(self, chat: ServerChat, right: str, text: str) -> None:
        """The bot must be an administrator with this right."""
        if not chat.bot_can(right):
            raise bad_request(text, violation="not_enough_rights", severity="warning")

    def check_can_write(self, chat: ServerChat, what: str = "text messages") -> None:
        """The server's own checks when a message is really sent."""
        if chat.kind == "private":
            if chat.access == "blocked":
                self._note_refusal(chat, "blocked by the user")
                raise forbidden("bot was blocked by the user")
            if chat.access == "never":
                if self.telegram.membership.join_grace.get(chat.id, 0.0) > self.context.clock.now():
                    return
                self._note_refusal(chat, "the user never pressed Start")
                raise forbidden("bot can't initiate conversation with a user")
            return
        member = chat.members.get(self.context.bot_id)
        if chat.kind == "channel":
            if not chat.bot_can("can_post_messages"):
                raise bad_request(
                    "need administrator rights in the channel chat",
                    violation="not_enough_rights",
                    severity="warning",
                )
            return
        if member is not None and member.is_admin:
            return
        restricted = member is not None and member.status == "restricted"
        rights = (member.rights or {}) if member is not None and restricted else {}
        allowed = (
            rights.get("can_send_messages", False)
            if restricted
            else chat.permissions.get("can_send_messages", True)
        )
        if not allowed:
            raise bad_request(
                f"not enough rights to send {what} to the chat",
                violation="not_enough_rights",
                severity="warning",
            )

    def rate(self, chat: ServerChat, count: int = 1, *, edit: bool = False) -> None:
        """Count against the rate limits."""
        refusal = self.context.limiter.check(chat.id, self.started, count=count, edit=edit)
        if refusal is None:
            return
        if refusal.ignored:
            self.report(
                "ignored_retry_after",
                f"called again before retry_after was over ({refusal.reason})",
            )
        raise too_many_requests(refusal.retry_after)


Handler = Callable[[Call], Any]
HANDLERS: dict[str, Handler] = {}


def method(*names: str) -> Callable[[Handler], Handler]:
    """Register a function as the handler of methods (it may be a coroutine function)."""

    def register(handler: Handler) -> Handler:
        for name in names:
            HANDLERS[name.lower()] = handler
        return handler

    return register
