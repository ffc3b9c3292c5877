"""The private chat in process: the sandbox's server, a real dispatcher, a real database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from channels.telegram.addresses import chat_address
from channels.telegram.messages import message_parser
from core.delivery import outbox_store
from core.people.identity import Sender, arrive
from core.texts import Texts
from core.tickets import conversation, lifecycle
from core.tickets.delivery_results import arrived
from core.tickets.incoming import IncomingMessage
from core.tx import Tx
from sandbox import Message as Sent
from sandbox import Person, Press, World
from tests.harness import Harness

GROUP = -1001
OPERATOR = Sender(chat_address(900), "Олег Операторов")


@dataclass(slots=True, kw_only=True)
class PrivateChat(Harness):
    """Customers, and the desk that they write to."""

    async def acknowledged(self) -> None:
        await Harness.acknowledged(self)
        await self._deliver_questions()

    async def _deliver_questions(self) -> None:
        """Questions about kept words, and what takes their place, leave by the outbox; here they
        are all that does.
        """
        found = await self.rows(
            "SELECT id FROM outbox WHERE state = 'queued' AND (key LIKE 'customer.ask.%'"
            " OR CAST(facts AS TEXT) LIKE '%\"in_place_of\"%') ORDER BY id"
        )
        for delivery in await self.desk.run(
            outbox_store.claim, [number for (number,) in found], {}
        ):
            await self.channel.send(delivery)
            await self.desk.run(outbox_store.end, delivery.id, "sent")

    # ------------------------------------------------------------------ people

    def customer(self, name: str = "Анна", language: str = "ru", **about: Any) -> Person:
        return self.world.user(name, language=language, started=True, **about)

    async def say(self, person: Person, words: str, **how: Any) -> Sent:
        message = await person.say(words, **how)
        await self.settle()
        return message

    async def press(self, person: Person, label: str, **where: Any) -> Press:
        """Press a button and wait for what comes of it."""
        press = await person.press(label, **where)
        await self.settle()
        return press

    async def forge(self, person: Person, data: str) -> Press:
        """Press a button that was never shown, on the bot's last message."""
        press = await person.press_data(person.last, data)
        await self.settle()
        return press

    async def open_ticket(self, person: Person, words: str = "Нет изображения") -> int:
        """A ticket about payment, opened by way of the menu."""
        await self.say(person, "/new")
        await self.forge(person, "p:payment")
        await self.say(person, words)
        return int((await self.rows("SELECT max(id) FROM ticket"))[0][0])

    async def move(self, number: int, verb: str, **given: Any) -> None:
        """An operator moves a ticket."""

        async def act(tx: Tx) -> None:
            await arrive(tx, OPERATOR, "operator")
            await lifecycle.move(tx, number, verb, **given)

        await self.desk.run(act)

    async def answer(self, number: int, words: str, message_ref: int = 1) -> None:
        """An operator answers."""

        async def act(tx: Tx) -> None:
            await arrive(tx, OPERATOR, "operator")
            content = {"kind": "text", "text": words, "entities": []}
            ref = message_parser.message_ref(GROUP, message_ref)
            await conversation.reply(tx, number, IncomingMessage(ref, "text", words, content))

        await self.desk.run(act)

    async def note(self, number: int, words: str) -> None:
        """An operator notes something that is none of the customer's business."""

        async def act(tx: Tx) -> None:
            await arrive(tx, OPERATOR, "operator")
            await conversation.note(
                tx, number, IncomingMessage(message_parser.message_ref(GROUP, 99), "text", words)
            )

        await self.desk.run(act)

    async def deliver(self) -> None:
        """Let all leave that waits for customers."""
        rows = await self.rows(
            "SELECT id FROM outbox WHERE state = 'queued' AND person_id IS NOT NULL ORDER BY id"
        )
        for delivery in await self.desk.run(outbox_store.claim, [n for (n,) in rows], {}):
            sent = await self.channel.send(delivery)
            await self.desk.run(arrived, delivery, sent)
            await self.desk.run(outbox_store.end, delivery.id, "sent")

    # ------------------------------------------------------------------ looking

    def says(self, locale: str, key: str, **facts: Any) -> str:
        """What the catalogue says, without markup."""
        return self.texts.say(locale, key, facts, now=self.clock(), zone=self.desk.company.zone)

    async def notices(self) -> list[str]:
        """Keys of what waits for the customer in the outbox, in order."""
        found = await self.rows(
            "SELECT key FROM outbox WHERE person_id IS NOT NULL AND key LIKE 'ticket.%' ORDER BY id"
        )
        return [key for (key,) in found]


@asynccontextmanager
async def private_chat(url: str, texts: Texts, **facts: Any) -> AsyncIterator[PrivateChat]:
    """A world and a desk on the database at ``url``, which has its tables."""
    async with World.start(strict_polling=False) as world:
        settings = {"OPERATOR_CHAT_ID": str(GROUP)}
        async with PrivateChat.of(world, url, texts, settings=settings, facts=facts) as chat:
            yield chat
