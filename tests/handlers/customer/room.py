"""The private chat in process: the sandbox's server, a real dispatcher, a real database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aiogram import Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from sqlalchemy import text

from channels.telegram.addresses import chat_address
from channels.telegram.channel import TelegramChannel
from channels.telegram.client.gateway import Gateway
from channels.telegram.messages import message_parser
from core.company import Company
from core.db import Database, Row
from core.delivery import outbox_store
from core.desk import Desk
from core.people.identity import Sender, arrive
from core.subscriptions import SUBSCRIBERS
from core.texts import Texts
from core.tickets import conversation, lifecycle
from core.tickets.incoming import IncomingMessage
from core.tx import Tx
from handlers.telegram import dispatcher
from handlers.telegram.operators.membership import Memberships
from sandbox import Message as Sent
from sandbox import Person, Press, World
from tests.unhurried import Unhurried

LOCALES = Path(__file__).parents[3] / "locales"
GROUP = -1001
PATIENCE = 20.0
OPERATOR = Sender(chat_address(900), "Олег Операторов")


@dataclass(slots=True)
class Clock:
    """The desk's clock; it can be put forward."""

    ahead: timedelta = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass(slots=True)
class PrivateRoom:
    """Customers, and the desk that they write to."""

    world: World
    bot: Bot
    database: Database
    texts: Texts
    clock: Clock = field(default_factory=Clock)
    company: Company = field(default_factory=lambda: Company(operators_chat=chat_address(GROUP)))
    gateway: Gateway = field(init=False)
    desk: Desk = field(init=False)
    dispatcher: Dispatcher = field(init=False)
    _offset: int = 0

    def __post_init__(self) -> None:
        self.gateway = Gateway(self.bot, Unhurried())
        self.restart()

    def restart(self) -> None:
        """Everything in memory is gone; what is left is the database."""
        self.desk = Desk(self.database, self.company, SUBSCRIBERS, clock=self.clock)
        memberships = Memberships(self.bot, self.desk)
        self.dispatcher = dispatcher(self.desk, self.texts, self.gateway.open_menus, memberships)

    def known_as(self, **facts: Any) -> None:
        """The company has other settings from now on."""
        self.company = self.desk.company = replace(self.company, **facts)

    async def settle(self) -> None:
        """Hand over what people did until nothing is left."""
        while await self.hand_over():
            await self.dispatcher["acknowledgements"].finish(PATIENCE)
            await self._deliver_questions()

    async def hand_over(self) -> int:
        """Hand over what people have done so far. Returns how many updates it was."""
        updates = await self.bot.get_updates(offset=self._offset, timeout=0)
        for update in updates:
            self._offset = update.update_id + 1
            await self.dispatcher.feed_update(self.bot, update)
        return len(updates)

    async def _deliver_questions(self) -> None:
        """Questions about kept words leave by the outbox; here they are all that does."""
        found = await self.rows(
            "SELECT id FROM outbox WHERE state = 'queued' AND key LIKE 'customer.ask.%' ORDER BY id"
        )
        channel = TelegramChannel(self.gateway, self.desk, self.texts)
        for delivery in await self.desk.run(
            outbox_store.claim, [number for (number,) in found], {}
        ):
            await channel.send(delivery)
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
            await conversation.reply(
                tx,
                number,
                IncomingMessage(
                    message_parser.message_ref(GROUP, message_ref), "text", words, {"kind": "text"}
                ),
            )

        await self.desk.run(act)

    async def note(self, number: int, words: str) -> None:
        """An operator notes something that is none of the customer's business."""

        async def act(tx: Tx) -> None:
            await arrive(tx, OPERATOR, "operator")
            await conversation.note(
                tx, number, IncomingMessage(message_parser.message_ref(GROUP, 99), "text", words)
            )

        await self.desk.run(act)

    # ------------------------------------------------------------------ looking

    def says(self, locale: str, key: str, **facts: Any) -> str:
        """What the catalogue says, without markup."""
        return self.texts.say(locale, key, facts, now=self.clock(), zone=self.company.zone)

    async def rows(self, sql: str, **values: Any) -> list[Any]:
        async with self.database.read() as session:
            return list(await session.execute(text(sql), values))

    async def notices(self) -> list[str]:
        """Keys of what waits for the customer in the outbox, in order."""
        found = await self.rows(
            "SELECT key FROM outbox WHERE person_id IS NOT NULL AND key LIKE 'ticket.%' ORDER BY id"
        )
        return [key for (key,) in found]

    async def everything(self) -> dict[str, list[Any]]:
        """All that the database holds."""
        async with self.database.read() as session:
            return {
                table.name: [tuple(row) for row in await session.execute(table.select())]
                for table in Row.metadata.sorted_tables
            }


@asynccontextmanager
async def private_room(url: str, texts: Texts, **company: Any) -> AsyncIterator[PrivateRoom]:
    """A world and a desk on the database at ``url``, which has its tables."""
    async with World.start(strict_polling=False) as world:
        session = AiohttpSession(api=TelegramAPIServer.from_base(world.api_url))
        bot = Bot(world.token, session=session)
        database = Database(url)
        room = PrivateRoom(
            world,
            bot,
            database,
            texts,
            company=Company(operators_chat=chat_address(GROUP), **company),
        )
        try:
            yield room
        finally:
            await session.close()
            await database.close()
