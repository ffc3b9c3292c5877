"""One act of a person as it came in, checked: who, where, with what."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from sandbox.demo import Demo
from sandbox.page.words import Refused
from sandbox.people.buttons import Press
from sandbox.people.chat import Chat
from sandbox.people.person import Person
from sandbox.people.world import World
from sandbox.server.media import Upload
from sandbox.server.message import Message, ServerChat

Json = dict[str, Any]

FILE_LIMIT: Final = 20  # MB: what a bot could download


@dataclass(slots=True)
class ActRequest:
    """The body of ``POST /page/act`` and its files, turned into people, chats and messages.

    Whatever does not exist or may not be done raises :class:`Refused`.
    """

    demo: Demo
    body: Json
    files: list[Upload] = field(default_factory=list)
    presses: list[Press] = field(default_factory=list)  # their answers are awaited

    @property
    def world(self) -> World:
        """Where it is done."""
        return self.demo.world

    @property
    def person(self) -> Person:
        """Who does it."""
        return self.someone("as")

    def someone(self, name: str) -> Person:
        """The person whose id is in this field."""
        found = self.world.people.get(self.number(name))
        if found is None:
            raise Refused("no_person", status=404)
        return found

    @property
    def chat(self) -> Chat:
        """Where: the person's own private chat if nothing is said."""
        if self.body.get("chat") is None:
            return self.person.chat
        return self.chat_in("chat")

    def chat_in(self, name: str) -> Chat:
        """The chat whose id is in this field; the person is in it."""
        chat = self.world.chats.get(self.number(name))
        if chat is None or chat.deleted:
            raise Refused("no_chat", status=404)
        if chat.person is not None and chat.person is not self.person:
            raise Refused("not_yours")
        if chat.person is None and not self.inside(chat, self.person):
            raise Refused("not_member", name=self.person.name, chat=chat.title)
        return chat

    @staticmethod
    def inside(chat: Chat, person: Person) -> bool:
        """The person is a member now."""
        member = chat.member(person)
        return member is not None and member.present

    @property
    def rules(self) -> bool:
        """The person is an admin of the chat."""
        member = self.chat.member(self.person)
        return member is not None and member.is_admin

    @property
    def open_chat(self) -> Chat:
        """The chat, if the person can write there."""
        chat = self.chat
        self.can_write(chat)
        return chat

    def can_write(self, chat: ServerChat) -> None:
        """Refuse what the apps would not let the person do."""
        if chat.person is not None and chat.access == "blocked":
            raise Refused("blocked", status=409)
        if chat.migrated_to_id is not None:
            raise Refused("moved", status=409)
        member = chat.members.get(self.person.id)
        if chat.kind == "channel" and not (member is not None and member.is_admin):
            raise Refused("not_poster")

    @property
    def message(self) -> Message:
        """The message that it is about."""
        return self.message_in("message")

    def message_in(self, name: str) -> Message:
        """The message whose number is in this field."""
        found = self.chat.get(self.number(name))
        if found is None or found.deleted:
            raise Refused("no_message", status=404)
        return found

    @property
    def where(self) -> Json:
        """The topic that is written in, where the chat has topics."""
        number = self.body.get("topic")
        if number is None or not self.chat.has_topics:
            return {}
        if isinstance(number, bool) or not isinstance(number, int):
            raise Refused("bad_value", field="topic")
        return {"topic": number} if number in self.chat.topics else {}

    @property
    def reply_to(self) -> Message | None:
        """The message that is replied to, if any."""
        return self.message_in("reply_to") if self.body.get("reply_to") is not None else None

    def number(self, name: str) -> int:
        """A whole number."""
        value = self.body.get(name)
        if isinstance(value, bool) or not isinstance(value, int):
            raise Refused("bad_value", field=name)
        return value

    def text(self, name: str, default: str | None = None, *, limit: int = 255) -> str:
        """Words, not empty; ``default`` when the field is missing."""
        value = self.body.get(name, default)
        if not isinstance(value, str):
            raise Refused("bad_value", field=name)
        if not value.strip():
            raise Refused("empty")
        if len(value) > limit:
            raise Refused("too_long", limit=limit)
        return value

    def maybe(self, name: str, *, limit: int) -> str | None:
        """Words, if there are any."""
        value = self.body.get(name)
        if value is None or value == "":
            return None
        return self.text(name, limit=limit)
