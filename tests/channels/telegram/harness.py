"""What the tests of the channel do: let people speak, and let the outbox leave."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import aiogram.types
from sqlalchemy import select

from channels.telegram.addresses import chat_address
from channels.telegram.messages.incoming_updates import parse_update
from channels.telegram.messages.message_parser import Service, Unsupported, read
from core.delivery import outbox_store
from core.delivery.channel import Delivery, SendError, Sent
from core.models import OutboxRow, Person
from core.people.identity import Sender, arrive, enter_dialogue
from core.texts import Texts
from core.tickets import delivery_results
from core.tickets.conversation import reply
from core.tickets.incoming import IncomingMessage
from core.tickets.intake import hear
from core.tickets.unassigned import file_unassigned_messages
from core.tx import ReadTx, Tx
from sandbox import Chat, Message, World
from sandbox import Person as Somebody
from tests.clock import Clock
from tests.harness import Harness

Mutation = Callable[[Tx], Awaitable[Any]]


@dataclass
class Left:
    """What came of one delivery."""

    delivery: Delivery
    sent: Sent | None = None
    error: SendError | None = None

    @property
    def name(self) -> str:
        return self.delivery.key or self.delivery.kind


@dataclass(slots=True, kw_only=True)
class ChannelHarness(Harness):
    """A desk, its Telegram channel and a strict Telegram, with a customer and an operator."""

    anna: Somebody
    oleg: Somebody
    group: Chat
    alerts: Chat
    language: str = "ru"

    # people

    def sender(self, person: Somebody) -> Sender:
        return Sender(chat_address(person.id), person.first_name, None, self.language)

    def read(self, message: Message) -> IncomingMessage:
        said = self.read_any(message)
        assert isinstance(said, IncomingMessage), said
        return said

    def read_any(self, message: Message) -> IncomingMessage | Unsupported | Service:
        """As the desk reads it, which is as aiogram's own types say it."""
        raw = message.to_json()
        update = parse_update(json.dumps({"update_id": 1, "message": raw}), self.bot)
        assert update is not None and isinstance(update.event, aiogram.types.Message)
        parsed = update.event
        self.gateway.known_ids.note(parsed.chat.id, parsed.message_id)
        said = read(parsed)
        assert said == read(aiogram.types.Message.model_validate(raw, context={"bot": self.bot}))
        return said

    async def open(self, message: Message, *, who: Somebody | None = None) -> int:
        """A ticket of this message."""
        sender = self.sender(who or self.anna)

        async def describing(tx: Tx) -> None:
            person = await arrive(tx, sender, "customer")
            enter_dialogue(person, {"step": "describe"})

        await self.desk.run(describing)
        heard = await self.desk.run(hear, sender, self.read(message))
        assert heard.ticket is not None
        return heard.ticket.id

    async def hear(self, message: Message, *, number: int | None = None) -> None:
        """Words that join a ticket."""
        heard = await self.desk.run(hear, self.sender(self.anna), self.read(message))
        if heard.ticket is None:
            await self.desk.run(file_unassigned_messages, self.sender(self.anna), number)

    async def answer(self, number: int, message: Message) -> None:
        await self.as_operator(lambda tx: reply(tx, number, self.read(message)))

    async def as_operator(self, action: Mutation) -> Any:
        async def acting(tx: Tx) -> Any:
            await arrive(tx, self.sender(self.oleg), "operator")
            return await action(tx)

        return await self.desk.run(acting)

    # the outbox

    async def pump(self) -> list[Left]:
        """Let everything leave that waits, whenever it is due, each in its turn."""
        left: list[Left] = []
        while delivery := await self.next():
            left.append(await self.carry(delivery))
        return left

    async def next(self) -> Delivery | None:
        """Claim the next row."""

        async def first(tx: ReadTx) -> int | None:
            query = select(OutboxRow.id).where(OutboxRow.state == "queued").order_by(OutboxRow.id)
            return (await tx.session.scalars(query.limit(1))).one_or_none()

        row = await self.desk.read(first)
        if row is None:
            return None
        delivery = await self.desk.run(self._claim, row)
        if delivery.channel == "telegram":
            return delivery
        await self.desk.run(outbox_store.end, row, "sent")
        return await self.next()

    async def _claim(self, tx: Tx, row: int) -> Delivery:
        """As the courier does."""
        (delivery,) = await outbox_store.claim(tx, [row], self.channel.probe_context())
        if delivery.channel != "telegram":
            return delivery
        return replace(delivery, found=await self.channel.read_ahead(tx, delivery))

    async def carry(self, delivery: Delivery) -> Left:
        try:
            sent = await self.channel.send(delivery)
        except SendError as error:
            if error.permanent:
                await self.refuse(delivery, error.reason)
            return Left(delivery, error=error)
        await self.end(delivery, sent)
        return Left(delivery, sent)

    async def end(self, delivery: Delivery, sent: Sent) -> None:
        async def ended(tx: Tx) -> None:
            await outbox_store.end(tx, delivery.id, "sent")
            await delivery_results.arrived(tx, delivery, sent)

        await self.desk.run(ended)

    async def refuse(self, delivery: Delivery, reason: str) -> None:
        async def ended(tx: Tx) -> None:
            await outbox_store.end(tx, delivery.id, "failed", error=reason)
            await delivery_results.refused(tx, delivery, reason)

        await self.desk.run(ended)

    def delivery(self, kind: str, chat: Chat | Somebody, **about: Any) -> Delivery:
        """A delivery that no row stands for."""
        facts: dict[str, Any] = {
            "id": 999,
            "channel": "telegram",
            "address": str(chat.id),
            "locale": self.language,
            "key": None,
            "facts": {},
            "ticket_id": None,
            "created_at": self.clock(),
            "probe_context": self.channel.probe_context(),
        }
        return Delivery(kind=kind, **(facts | about))

    async def change_person(self, **values: Any) -> None:
        async def changed(tx: Tx) -> None:
            query = select(Person).where(Person.address == chat_address(self.anna.id))
            person = (await tx.session.scalars(query)).one()
            for name, value in values.items():
                setattr(person, name, value)

        await self.desk.run(changed)


@asynccontextmanager
async def channel_harness(
    world: World, url: str, texts: Texts, language: str = "ru"
) -> AsyncIterator[ChannelHarness]:
    """A harness on the database at ``url``, which has its tables. Its clock does not run."""
    anna = world.user("Anna", started=True, language=language)
    oleg = world.user("Oleg")
    group = world.supergroup("Operators", members=[oleg], bot="admin")
    alerts = world.channel("Alerts")
    settings = {
        "DEFAULT_LANGUAGE": language,
        "OPERATOR_CHAT_ID": str(group.id),
        "ALERT_CHAT_ID": str(alerts.id),
    }
    clock = Clock(datetime(2026, 11, 21, 9, 30, tzinfo=UTC))
    people = {"anna": anna, "oleg": oleg, "group": group, "alerts": alerts}
    async with ChannelHarness.of(
        world, url, texts, settings=settings, clock=clock, language=language, **people
    ) as harness:
        yield harness
