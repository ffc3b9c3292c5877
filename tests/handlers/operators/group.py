"""The operator group in process: the sandbox's server, all rooms, a real database and channel."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from channels.telegram.addresses import chat_address
from channels.telegram.messages.message_parser import message_ref
from core.delivery import outbox_store
from core.delivery.channel import SendError
from core.people.identity import Sender
from core.texts import Texts
from core.tickets import customer_dialogue, delivery_results, intake
from core.tickets.incoming import IncomingMessage
from sandbox import Chat, Press, World
from sandbox import Message as Sent
from sandbox import Person as Human
from tests.harness import Harness
from tests.leaving import find_leaving

ADMIN_ID = 777_001


@dataclass(slots=True, kw_only=True)
class Group(Harness):
    """Operators in their group, a customer, and the desk between them."""

    chat: Chat
    olga: Human
    oleg: Human
    boss: Human
    anna: Human
    _ref: int = 5000

    async def forget(self) -> None:
        """What people did so far never reaches the desk."""
        for update in await self.bot.get_updates(offset=self._offset, timeout=0):
            self._offset = update.update_id + 1

    async def deliver(self) -> None:
        """Let leave what waits, in the order of the outbox."""
        self.clock.move(3)
        while ready := await self.desk.read(find_leaving):
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
        sender = Sender(chat_address(person.id), person.full_name, None, person.language)
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

    @property
    def said_last(self) -> int:
        """The number of the message by which the customer of the last ticket opened it."""
        return self._ref

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

    async def resolves(self, who: Human, card: Sent) -> Press:
        """Somebody presses «resolved» although the customer has no answer: it is asked once."""
        await self.presses(who, card, "✅ Решено")
        return await self.presses(who, card, "✅ Решено")

    async def forges(self, who: Human, message: Sent, data: str) -> Press:
        """Somebody presses a button that the message does not have."""
        press = await who.press_data(message, data)
        await self.settle()
        return press

    # ------------------------------------------------------------------ looking

    def answers(self, to: Sent) -> list[str]:
        """What we answered to a message in the group."""
        return [m.text for m in self.chat.bot_messages if m.reply_to is to]

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


@asynccontextmanager
async def operator_group(url: str, texts: Texts) -> AsyncIterator[Group]:
    """A world and a desk on the database at ``url``, which has its tables."""
    async with World.start(strict_polling=False) as world:
        olga, oleg = world.user("Ольга", language="ru"), world.user("Олег", language="ru")
        boss = world.user("Вера", language="ru", id=ADMIN_ID, started=True)
        anna = world.user("Анна", language="ru", started=True)
        chat = world.supergroup("Операторы", members=[olga, oleg, boss], bot="admin")
        people = {"chat": chat, "olga": olga, "oleg": oleg, "boss": boss, "anna": anna}
        settings = {"ADMIN_IDS": str(ADMIN_ID)}
        chosen = {"operators_chat": chat_address(chat.id)}
        async with Group.of(world, url, texts, settings=settings, facts=chosen, **people) as group:
            yield group
