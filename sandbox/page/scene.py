"""What there is to see in the world: people, chats with all that they show, the latest messages."""

from __future__ import annotations

from itertools import islice
from typing import Any, Final

from sandbox.demo import Demo
from sandbox.page.message_view import fingerprint, keyboard_view, message_view
from sandbox.people.chat import Chat
from sandbox.server.chat import GENERAL_TOPIC, Topic
from sandbox.server.members import User
from sandbox.server.message import Message
from sandbox.server.topics import icon_of

Json = dict[str, Any]

SHOWN: Final = 200  # messages of a chat
IN_FORUMS: Final = 5  # times as many, in all topics together
TYPING: Final = 5.0  # seconds that a chat action lasts, or until the bot's message comes


class Scene:
    """The world of a demonstration as the page shows it, ``shown`` messages of each chat."""

    def __init__(self, demo: Demo, shown: int = SHOWN) -> None:
        self.demo = demo
        self.shown = shown
        self.world = demo.world
        self._drawn: dict[int, dict[int, tuple[tuple[Any, ...], Json]]] = {}

    # ------------------------------------------------------------------ people

    def bot(self) -> Json:
        """The bot's account."""
        user, profile = self.world.context.bot_user, self.world.profile
        name = profile.get(("name", "")) or user["first_name"]
        about = profile.get(("short_description", ""), "")
        return {"id": user["id"], "name": name, "username": user["username"], "about": about}

    def people(self) -> list[Json]:
        """Everybody whose part can be taken."""
        return [
            {
                "id": person.id,
                "name": person.full_name,
                "username": person.username,
                "language": person.language or "",
                "role": self.role(person),
                "blocked": person.chat.access == "blocked",
            }
            for person in self.world.people.values()
        ]

    def role(self, person: User) -> str:
        """``admin``, ``operator`` or ``customer``, by the operators' group."""
        group = self.demo.group.migrated_to or self.demo.group
        member = group.member(person)
        if member is None or not member.present:
            return "customer"
        return "admin" if member.is_admin else "operator"

    # ------------------------------------------------------------------ chats

    def chats(self) -> dict[int, Json]:
        """All chats without their messages, private ones first."""
        alive = [chat for chat in self.world.chats.values() if not chat.deleted]
        alive.sort(key=lambda chat: _ORDER[chat.kind])
        return {chat.id: self._chat(chat) for chat in alive}

    def _chat(self, chat: Chat) -> Json:
        pins = [message.id for message in chat.pinned]
        member = chat.members.get(self.world.bot_id)
        return {
            "id": chat.id,
            "kind": "group" if chat.kind == "supergroup" else chat.kind,
            "title": chat.title,
            "person": chat.person.id if chat.person is not None else None,
            "access": chat.access if chat.person is not None else None,
            "members": [uid for uid, m in chat.members.items() if m.present],
            "admins": [uid for uid, m in chat.members.items() if m.is_admin],
            "bot": member.status if member is not None else None,
            "about": chat.description or "",
            "migrated_to": chat.migrated_to.id if chat.migrated_to is not None else None,
            "topics": _topics(chat),
            "pinned": pins[-1] if pins else None,
            "pins": pins,
            "typing": self._typing(chat),
            **self._keyboards(chat),
            **self._commands(chat),
        }

    def _typing(self, chat: Chat) -> str | bool:
        if not chat.actions:
            return False
        moment, action, _ = chat.actions[-1]
        if self.world.clock.now() - moment > TYPING:
            return False
        newest = next((m for m in reversed(chat.history.values()) if m.from_bot), None)
        return False if newest is not None and newest.date >= int(moment) else action

    def _keyboards(self, chat: Chat) -> Json:
        if chat.person is not None:
            return {"keyboard": keyboard_view(_standing(chat, chat.person.id)), "keyboards": {}}
        shown = {str(uid): keyboard_view(_standing(chat, uid)) for uid in chat.reply_keyboards}
        return {
            "keyboard": None,
            "keyboards": {uid: keyboard for uid, keyboard in shown.items() if keyboard},
        }

    def _commands(self, chat: Chat) -> Json:
        """The menu of commands: of the owner of a private chat, of each member of a group."""
        menu = chat.menu_button or self.world.telegram.profile.menu_button
        shown: Json = {"commands": [], "commands_for": {}, "menu": menu, "description": ""}
        if chat.person is not None:
            shown["commands"] = self.world.telegram.visible_commands(chat.person, chat)
            shown["description"] = self._description(chat.person)
        elif chat.kind != "channel":
            people = [self.world.people.get(uid) for uid, m in chat.members.items() if m.present]
            shown["commands_for"] = {
                str(person.id): self.world.telegram.visible_commands(person, chat)
                for person in people
                if person is not None
            }
        return shown

    def _description(self, person: User) -> str:
        """What an empty chat says: “What can this bot do?”."""
        profile = self.world.profile
        language = (person.language or "").split("-")[0]
        return profile.get(("description", language)) or profile.get(("description", ""), "")

    # ------------------------------------------------------------------ messages

    def messages(self, chat: Chat) -> dict[int, Json]:
        """The latest messages, the oldest first; only what has changed is drawn anew."""
        before = self._drawn.get(chat.id, {})
        people, drawn = self.world.people, {}
        shown = self.shown * (IN_FORUMS if chat.has_topics else 1)
        for message in _latest(chat, shown):
            look = fingerprint(message)
            known = before.get(message.id)
            same = known is not None and known[0] == look
            drawn[message.id] = known if known and same else (look, message_view(message, people))
        self._drawn[chat.id] = drawn
        return {number: view for number, (_, view) in drawn.items()}


_ORDER: Final = {"private": 0, "group": 1, "supergroup": 1, "channel": 2}


def _topics(chat: Chat) -> list[Json]:
    """The topics of a chat that has any; those of a private chat have no «General» among them."""
    if not chat.has_topics:
        return []
    alive = [topic for topic in chat.topics.values() if not topic.deleted]
    if chat.person is not None:
        alive.insert(0, Topic(GENERAL_TOPIC, "General"))
    return [
        {"id": one.id, "name": one.name, "closed": one.closed, "icon": icon_of(one)}
        for one in alive
    ]


def _standing(chat: Chat, person_id: int) -> Message | None:
    message = chat.reply_keyboards.get(person_id)
    return None if message is None or message.deleted else message


def _latest(chat: Chat, most: int) -> list[Message]:
    newest = islice((m for m in reversed(chat.history.values()) if not m.deleted), most)
    return list(newest)[::-1]
