"""Who comes to the desk in Telegram, from where, and what is seen of what it does about it."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from aiogram.types import Update

from channels.telegram.addresses import chat_address
from core.directory.reader import read_directory
from core.directory.store import apply_directory
from sandbox import Chat, Message, Person
from sandbox.server.stats import CallRecord
from tests.actions.company_directory import put_team
from tests.handlers.operators.group import Group
from tests.handlers.operators.matrix_wishes import Wish

NAME: Final = "Канарейкина"
EMAIL: Final = "kanareika@example.org"  # of the same customer, as an operator has noted it
WORDS: Final = "тайная калитка"
ACTORS: Final = (
    *("stranger", "customer", "muted", "blocked", "other_customer"),
    *("operator", "former_operator", "of_another_team", "admin"),
    *("other_bot", "anonymous_admin", "channel", "linked_channel"),
)
PLACES: Final = ("operators", "topic", "team", "private", "foreign", "former", "alerts")
RESPONSE: Final = """
[[response]]
code = "reboot"
title = "Перезагрузить камеру"
texts = { ru = "Выключите камеру на минуту." }
"""
_STRANGER: Final = {"id": 990, "is_bot": False, "first_name": "Ева", "language_code": "ru"}
# What the desk's work consists of; a stranger's own row of `person` is none of it.
_WORK: Final = (
    *("ticket", "message", "note", "timer", "task", "journal", "sent_message", "outbox"),
    *("inbox", "setting", "linked_chat", "contact_point", "link", "outage"),
)
# What asks Telegram and shows nobody anything.
ASKS: Final = frozenset({"getchatmember", "getchat", "getme", "getchatadministrators"})


@dataclass(slots=True)
class Cast:
    """A desk with a ticket whose customer and words must not be seen, and everybody around it.

    ``showed_contacts``: by which wishes the customer's address was seen.
    """

    group: Group
    team: Chat
    alerts: Chat
    people: dict[str, Person]
    card: dict[str, Any]
    opening: int
    answer: Message
    received: Message
    number: int = 70_000
    keys: list[str] = field(default_factory=list)
    showed_contacts: set[str] = field(default_factory=set)
    _known: Any = None

    def sender(self, actor: str) -> dict[str, Any]:
        """How Telegram shows the actor in a message."""
        if actor in self.people:
            return {"from": self.people[actor].to_json()}
        if actor == "stranger":
            return {"from": _STRANGER}
        if actor == "other_bot":
            return {"from": {"id": 77, "is_bot": True, "first_name": "B"}}
        if actor == "anonymous_admin":
            anonymous = {"id": 1087968824, "is_bot": True, "first_name": "Group"}
            return {"from": anonymous, "sender_chat": self.group.chat.brief()}
        channel = {"id": -1009, "type": "channel", "title": "C"}
        if actor == "channel":
            channel_bot = {"id": 136817688, "is_bot": True, "first_name": "Channel"}
            return {"from": channel_bot, "sender_chat": channel}
        telegram = {"id": 777000, "is_bot": False, "first_name": "Telegram"}
        return {"from": telegram, "sender_chat": channel, "is_automatic_forward": True}

    async def work(self) -> dict[str, Any]:
        """The rows of the desk's work. That a refusal is removed again after a while is none."""
        rows = await self.group.everything()
        work: dict[str, Any] = {name: rows[name] for name in _WORK}
        work["outbox"] = [row for row in work["outbox"] if "remove" not in row]
        return work

    def place(self, where: str, who: dict[str, Any]) -> dict[str, Any]:
        """The chat of an update, and what else shows where in it."""
        if where in {"operators", "topic"}:
            threaded = {"message_thread_id": 41, "is_topic_message": True}
            return {"chat": dict(self.group.chat.brief())} | (threaded if where == "topic" else {})
        if where == "team":
            return {"chat": dict(self.team.brief())}
        if where == "private":
            return {"chat": {"id": who["from"]["id"], "type": "private", "first_name": "X"}}
        if where == "alerts":
            return {"chat": dict(self.alerts.brief())}
        number = {"foreign": -100777, "former": -100888}[where]
        return {"chat": {"id": number, "type": "supergroup", "title": "F"}}

    def update(self, wish: Wish, actor: str, where: str) -> dict[str, Any]:
        """What Telegram tells of the wish."""
        self.number += 1
        who = self.sender(actor)
        there = self.place(where, who)
        if wish.kind == "button":
            return {"callback_query": self._press(wish, who, there, where)}
        if wish.kind == "inline":
            return {"inline_query": self._asks_inline(wish, who, there)}
        if wish.kind == "reaction":
            return {"message_reaction": self._reacts(who, there)}
        message = {
            "message_id": self.number,
            "date": self.card["date"],
            "text": wish.words,
            **there,
            **who,
        }
        if where in {"operators", "topic"}:
            message["reply_to_message"] = self.card
        kind = "channel_post" if where == "alerts" else "message"
        if wish.kind == "edit":
            message |= self._edited(where)
            kind = f"edited_{kind}"
        return {kind: message}

    def _edited(self, where: str) -> dict[str, Any]:
        """What the desk has passed on: the customer's first words, or the operator's answer."""
        edited = self.opening if where == "private" else self.answer.id
        text = f"правка {self.number}"
        return {"message_id": edited, "text": text, "edit_date": self.card["date"]}

    def _asks_inline(
        self, wish: Wish, who: dict[str, Any], there: dict[str, Any]
    ) -> dict[str, Any]:
        return {
            "id": str(self.number),
            "from": who["from"],
            "query": wish.words,
            "offset": "",
            "chat_type": there["chat"]["type"],
        }

    def _reacts(self, who: dict[str, Any], there: dict[str, Any]) -> dict[str, Any]:
        """Another emoji each time, below what the desk has sent there."""
        below = self.received.id if there["chat"]["type"] == "private" else self.card["message_id"]
        by = {"actor_chat": who["sender_chat"]} if "sender_chat" in who else {"user": who["from"]}
        return {
            "chat": there["chat"],
            "message_id": below,
            "date": self.card["date"],
            "old_reaction": [],
            "new_reaction": [{"type": "emoji", "emoji": "👍👎"[self.number % 2]}],
            **by,
        }

    def _press(
        self, wish: Wish, who: dict[str, Any], there: dict[str, Any], where: str
    ) -> dict[str, Any]:
        own = {"id": self.group.bot.id, "is_bot": True, "first_name": "bot"}
        below = {"message_id": 5, "date": self.card["date"], "from": own, "text": "x", **there}
        return {
            "id": str(self.number),
            "from": who["from"],
            "chat_instance": "1",
            "data": wish.words,
            "message": self.card | there if where in {"operators", "topic"} else below,
        }

    async def act(self, wish: Wish, actor: str, where: str, *, look: bool = False) -> Seen:
        """Let it happen, and see what comes of it; ``look`` into the database, too."""
        self.keys.clear()
        self.group.desk.contact_reads.take()
        calls = len(self.group.world.calls)
        raw = {"update_id": self.number, **self.update(wish, actor, where)}
        update = Update.model_validate(raw, context={"bot": self.group.bot})
        await self.group.feed(update)
        await self.group.acknowledged()
        said = [call for call in self.group.world.calls[calls:] if not _is_silent(call)]
        shown = " ".join(json.dumps(one.params, ensure_ascii=False, default=str) for one in said)
        changed = look and not said and not self.keys and await self.has_changed()
        if EMAIL in shown:
            self.showed_contacts.add(wish.name)
        noted = self.group.desk.contact_reads.take()
        whose = frozenset((one.reader, one.person_id) for one in noted)
        return Seen(tuple(self.keys), bool(said), changed, shown, whose)

    async def has_changed(self) -> bool:
        """Return whether the desk has written down something since this was asked last."""
        before, self._known = self._known, await self._changes()
        return bool(self._known != before)

    async def _changes(self) -> Any:
        return await self.group.rows(
            "SELECT (SELECT max(id) FROM journal), (SELECT count(*) FROM setting),"
            " (SELECT max(id) FROM outbox WHERE kind <> 'remove')"
        )


@dataclass(frozen=True, slots=True)
class Seen:
    """What came of a wish: the ``refusals``, whether anything was ``said``, or else ``changed`` if
    that was looked for, and the words that were ``shown``. ``noted``: who has been shown whose
    contact data, as the desk's journal of that has it.
    """

    refusals: tuple[str, ...]
    said: bool
    changed: bool
    shown: str
    noted: frozenset[tuple[str, int]]


def _is_silent(call: CallRecord) -> bool:
    """It asks Telegram, or offers nothing."""
    if call.method.lower() == "answerinlinequery":
        return call.params["results"] in ("[]", [])
    return call.method.lower() in ASKS


class _Keys(logging.Handler):
    def __init__(self, keys: list[str]) -> None:
        super().__init__()
        self.keys = keys

    def emit(self, record: logging.LogRecord) -> None:
        if record.getMessage() == "refused":
            self.keys.append(str(record.__dict__["key"]))


@asynccontextmanager
async def cast_of(group: Group) -> AsyncIterator[Cast]:
    """Everybody is there: customers with tickets 1 to 4, three groups, a channel."""
    world = group.world
    for known in (group.anna, group.boss):
        await known.say("/start")
    await group.settle()
    group.anna.last_name = NAME
    await group.desk.run(apply_directory, read_directory(RESPONSE))
    await group.ticket(WORDS)
    opening = group.said_last
    await group.says(group.olga, f"/contact 1 {EMAIL}")
    others = [world.user(name, language="ru", started=True) for name in ("Белла", "Вика", "Гена")]
    for person in others:
        await group.ticket(f"Другое, {person.full_name}", by=person)
    await group.says(group.olga, "/mute 3 2h спам")
    await group.says(group.olga, "/block 4 2h спам")
    other = world.user("Ольгерд", language="ru")
    team = world.supergroup("Выезд", members=[other, group.boss], bot="admin")
    await group.desk.run(put_team, "field", {"ru": "Выезд"}, chat=team.id)
    await other.say(team, "Всем привет")
    alerts = world.channel("Тревоги", members=[group.boss], bot="admin")
    group.known_as(alerts_chat=chat_address(alerts.id))
    # Oleg's leaving was never told to us
    await group.says(group.oleg, "/take 1")
    await group.says(group.oleg, "/release 1")
    await group.oleg.leave(group.chat)
    answer = await group.says(group.olga, "Смотрим", to=await group.card(1))
    await group.forget()
    await group.deliver()
    people = {
        "customer": group.anna,
        "other_customer": others[0],
        "muted": others[1],
        "blocked": others[2],
        "operator": group.olga,
        "former_operator": group.oleg,
        "of_another_team": other,
        "admin": group.boss,
    }
    card = (await group.card(1)).to_json(nested=False)
    received = group.anna.chat.find("Смотрим")
    made = Cast(group, team, alerts, people, card, opening, answer, received)
    log, keys = logging.getLogger("handlers.telegram.origin"), _Keys(made.keys)
    level = log.level
    log.addHandler(keys)
    log.setLevel(logging.INFO)
    try:
        yield made
    finally:
        log.removeHandler(keys)
        log.setLevel(level)
