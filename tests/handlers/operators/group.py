"""The operator group in process: the sandbox's server, all rooms, a real database and channel."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aiogram import Bot
from sqlalchemy import text

from channels.telegram.addresses import chat_address
from channels.telegram.channel import TelegramChannel
from channels.telegram.client.gateway import Gateway, make_bot
from channels.telegram.messages.message_parser import message_ref
from core.company import Company
from core.db import Database, Row
from core.delivery import outbox_store
from core.delivery.channel import SendError
from core.delivery.pacing import Pacer
from core.desk import Desk
from core.people.identity import Sender
from core.subscriptions import SUBSCRIBERS
from core.texts import Texts
from core.tickets import customer_dialogue, delivery_results, intake
from core.tickets.incoming import IncomingMessage
from handlers import telegram as telegram_handlers
from handlers.telegram.operators.membership import Memberships
from sandbox import Chat, Press, World
from sandbox import Message as Sent
from sandbox import Person as Human

LOCALES = Path(__file__).parents[3] / "locales"
ADMIN_ID = 777_001


class Hasty(Pacer):
    """Nobody waits in a test."""

    def delay(self, *_args: Any, **_options: Any) -> float:
        return 0.0

    def delay_of_all(self, now: float) -> float:
        del now
        return 0.0


# Seconds for what is shown while the conversation goes on.
PATIENCE = 20.0


@dataclass(slots=True)
class Clock:
    """The desk's clock; it can be put forward, and stands still where minutes are counted."""

    ahead: timedelta = timedelta()
    stands: datetime | None = None

    def __call__(self) -> datetime:
        return (self.stands or datetime.now(UTC)) + self.ahead


@dataclass(slots=True)
class Group:
    """Operators in their group, a customer, and the desk between them."""

    world: World
    bot: Bot
    database: Database
    texts: Texts
    chat: Chat
    olga: Human
    oleg: Human
    boss: Human
    anna: Human
    clock: Clock = field(default_factory=Clock)
    desk: Desk = field(init=False)
    memberships: Memberships = field(init=False)
    door: Any = field(init=False)
    channel: TelegramChannel = field(init=False)
    _offset: int = 0
    _ref: int = 5000

    def __post_init__(self) -> None:
        company = Company(
            operators_chat=chat_address(self.chat.id), admins=frozenset({chat_address(ADMIN_ID)})
        )
        self.desk = Desk(self.database, company, SUBSCRIBERS, clock=self.clock)
        gateway = Gateway(self.bot, Hasty())
        self.memberships = Memberships(self.bot, self.desk)
        self.door = telegram_handlers.dispatcher(
            self.desk, self.texts, gateway.open_menus, self.memberships
        )
        self.channel = TelegramChannel(gateway, self.desk, self.texts)

    # ------------------------------------------------------------------ the desk works

    async def settle(self) -> None:
        """Handle what people did, until nothing is left."""
        while updates := await self.bot.get_updates(offset=self._offset, timeout=0):
            for update in updates:
                self._offset = update.update_id + 1
                await self.door.feed_update(self.bot, update)
            await self.door["acknowledgements"].finish(PATIENCE)

    async def deliver(self) -> None:
        """Let leave what waits, in the order of the outbox."""
        self.clock.ahead += timedelta(seconds=3)
        while ready := await self.desk.read(outbox_store.find_ready, ()):
            for delivery in await self.desk.run(outbox_store.claim, [ready[0].id], {}):
                try:
                    sent = await self.channel.send(delivery)
                except SendError as error:
                    await self.desk.run(delivery_results.refused, delivery, error.reason)
                    await self.desk.run(outbox_store.end, delivery.id, "failed")
                else:
                    await self.desk.run(delivery_results.arrived, delivery, sent)
                    await self.desk.run(outbox_store.end, delivery.id, "sent")

    async def ticket(self, words: str = "Не показывает камера", by: Human | None = None) -> int:
        """A ticket of the customer, its card in the group."""
        person = by or self.anna
        sender = Sender(chat_address(person.id), person.full_name, None, "ru")
        self._ref += 1
        await self.desk.run(customer_dialogue.choose_topic, sender, "picture")
        said = IncomingMessage(
            message_ref(person.id, self._ref), "text", words, {"kind": "text", "text": words}
        )
        heard = await self.desk.run(intake.hear, sender, said)
        assert heard.ticket is not None
        await self.deliver()
        return heard.ticket.id

    async def card(self, number: int) -> Sent:
        """The card of a ticket."""
        card = "SELECT message FROM sent_message WHERE ticket_id=:n AND role='card'"
        ((message,),) = await self.rows(card, n=number)
        found = self.chat.get(int(message))
        assert found is not None
        return found

    # ------------------------------------------------------------------ operators work

    async def says(self, who: Human, words: str, to: Sent | None = None, **how: Any) -> Sent:
        """Somebody writes in the group, perhaps as a reply."""
        how |= {} if to is None else {"reply_to": to}
        message = await who.say(self.chat, words, **how)
        await self.settle()
        return message

    async def presses(self, who: Human, message: Sent, label: str) -> Press:
        press = await who.press(label, message=message)
        await self.settle()
        return press

    async def forges(self, who: Human, message: Sent, data: str) -> Press:
        press = await who.press_data(message, data)
        await self.settle()
        return press

    # ------------------------------------------------------------------ looking

    def answers(self, to: Sent) -> list[str]:
        """What we answered to a message in the group."""
        return [m.text for m in self.chat.bot_messages if m.reply_to is to]

    async def rows(self, sql: str, **values: Any) -> list[Any]:
        async with self.database.read() as session:
            return list(await session.execute(text(sql), values))

    async def row(self, number: int) -> Any:
        """A ticket."""
        (found,) = await self.rows("SELECT * FROM ticket WHERE id=:n", n=number)
        return found

    async def said(self, number: int) -> list[str]:
        """What operators answered, in order."""
        found = await self.rows(
            "SELECT text FROM message WHERE ticket_id=:n AND NOT from_customer"
            " AND withdrawn_at IS NULL ORDER BY id",
            n=number,
        )
        return [text for (text,) in found]

    async def notes(self, number: int) -> list[str]:
        found = await self.rows("SELECT text FROM note WHERE ticket_id=:n ORDER BY id", n=number)
        return [text for (text,) in found]

    async def everything(self) -> dict[str, list[Any]]:
        """All that the database holds."""
        async with self.database.read() as session:
            return {
                table.name: [tuple(row) for row in await session.execute(table.select())]
                for table in Row.metadata.sorted_tables
            }


@asynccontextmanager
async def operator_group(url: str, texts: Texts) -> AsyncIterator[Group]:
    """A world and a desk on the database at ``url``, which has its tables."""
    async with World.start(strict_polling=False) as world:
        olga, oleg = world.user("Ольга", language="ru"), world.user("Олег", language="ru")
        boss = world.user("Вера", language="ru", id=ADMIN_ID, started=True)
        anna = world.user("Анна", language="ru", started=True)
        chat = world.supergroup("Операторы", members=[olga, oleg, boss], bot="admin")
        bot = make_bot(world.token, world.api_url)
        database = Database(url)
        try:
            yield Group(world, bot, database, texts, chat, olga, oleg, boss, anna)
        finally:
            await bot.session.close()
            await database.close()
