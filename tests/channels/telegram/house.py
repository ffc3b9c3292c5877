"""What the tests of the channel do: let people speak, and let the outbox leave."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import aiogram.types
from sqlalchemy import select

from channels.telegram.channel import TelegramChannel
from channels.telegram.contents import Service, Unsupported, read
from channels.telegram.gateway import Gateway, make_bot
from core import journal
from core.company import Company
from core.db import Database
from core.delivery import claims, outbox
from core.delivery.channel import Outgoing, SendError, Sent
from core.delivery.pacing import Pacer
from core.desk import Desk
from core.models import OutboxRow, Person
from core.people.directory import Caller, arrive, enter_dialogue
from core.texts import Texts
from core.tickets import receipts
from core.tickets.conversation import reply
from core.tickets.intake import file_unfiled, hear
from core.tickets.said import Said
from core.tx import Look, Tx
from sandbox import Chat, Message, World
from sandbox import Person as Somebody

Mutation = Callable[[Tx], Awaitable[Any]]


class Free(Pacer):
    """No limits: these tests are about other things."""

    def delay(self, address: str, priority: Any, now: float, count: int = 1) -> float:
        del priority, count
        return max(self._blocked_until.get(address, 0.0) - now, 0.0)


@dataclass
class Left:
    """What came of one parcel."""

    parcel: Outgoing
    sent: Sent | None = None
    error: SendError | None = None

    @property
    def name(self) -> str:
        return self.parcel.key or self.parcel.kind


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@dataclass
class House:
    world: World
    texts: Texts
    database: Database
    clock: Clock = field(default_factory=Clock)
    language: str = "ru"

    def __post_init__(self) -> None:
        world = self.world
        self.anna = world.user("Anna", started=True, language=self.language)
        self.oleg = world.user("Oleg")
        self.group = world.supergroup("Operators", members=[self.oleg], bot="admin")
        self.alerts = world.channel("Alerts")
        self.bot = make_bot(world.token, world.api_url, timeout=3)
        self.gateway = Gateway(self.bot, Free())
        company = Company(
            language=self.language, operators_chat=self.group.id, alerts_chat=self.alerts.id
        )
        recorders = (journal.record, outbox.record)
        self.desk = Desk(self.database, company, recorders, clock=self.clock)
        self.begin_anew()

    def begin_anew(self) -> None:
        """Another process: nothing is known but what stands in the database."""
        self.channel = TelegramChannel(self.gateway, self.desk, self.texts)

    # people

    def caller(self, person: Somebody) -> Caller:
        return Caller(person.id, person.first_name, None, self.language)

    def read(self, message: Message) -> Said:
        said = self.read_any(message)
        assert isinstance(said, Said), said
        return said

    def read_any(self, message: Message) -> Said | Unsupported | Service:
        parsed = aiogram.types.Message.model_validate(message.to_json(), context={"bot": self.bot})
        self.gateway.note_incoming(parsed.chat, parsed.message_id)
        return read(parsed)

    async def open(self, message: Message, *, who: Somebody | None = None) -> int:
        """A ticket of this message."""
        caller = self.caller(who or self.anna)

        async def describing(tx: Tx) -> None:
            person = await arrive(tx, caller, "customer")
            enter_dialogue(person, {"step": "describe"})

        await self.desk.run(describing)
        heard = await self.desk.run(hear, caller, self.read(message))
        assert heard.ticket is not None
        return heard.ticket.id

    async def hear(self, message: Message, *, number: int | None = None) -> None:
        """Words that join a ticket."""
        heard = await self.desk.run(hear, self.caller(self.anna), self.read(message))
        if heard.ticket is None:
            await self.desk.run(file_unfiled, self.caller(self.anna), number)

    async def answer(self, number: int, message: Message) -> None:
        await self.as_operator(lambda tx: reply(tx, number, self.read(message)))

    async def as_operator(self, action: Mutation) -> Any:
        async def acting(tx: Tx) -> Any:
            await arrive(tx, self.caller(self.oleg), "operator")
            return await action(tx)

        return await self.desk.run(acting)

    # the outbox

    async def pump(self) -> list[Left]:
        """Let everything leave that waits, whenever it is due, each in its turn."""
        left: list[Left] = []
        while parcel := await self.next():
            left.append(await self.carry(parcel))
        return left

    async def next(self) -> Outgoing | None:
        """Claim the next row."""

        async def first(look: Look) -> int | None:
            query = select(OutboxRow.id).where(OutboxRow.state == "queued").order_by(OutboxRow.id)
            return (await look.session.scalars(query.limit(1))).one_or_none()

        row = await self.desk.read(first)
        if row is None:
            return None
        (parcel,) = await self.desk.run(claims.claim, [row], self.channel.mark())
        if parcel.channel == "telegram":
            return parcel
        await self.desk.run(claims.end, row, "sent")
        return await self.next()

    async def carry(self, parcel: Outgoing) -> Left:
        try:
            sent = await self.channel.send(parcel)
        except SendError as error:
            if error.permanent:
                await self.refuse(parcel, error.reason)
            return Left(parcel, error=error)
        await self.settle(parcel, sent)
        return Left(parcel, sent)

    async def settle(self, parcel: Outgoing, sent: Sent) -> None:
        async def ended(tx: Tx) -> None:
            await claims.end(tx, parcel.id, "sent")
            await receipts.arrived(tx, parcel, sent)

        await self.desk.run(ended)

    async def refuse(self, parcel: Outgoing, reason: str) -> None:
        async def ended(tx: Tx) -> None:
            await claims.end(tx, parcel.id, "failed", error=reason)
            await receipts.refused(tx, parcel, reason)

        await self.desk.run(ended)

    def parcel(self, kind: str, chat: Chat | Somebody, **about: Any) -> Outgoing:
        """A parcel that no row stands for."""
        facts: dict[str, Any] = {
            "id": 999,
            "channel": "telegram",
            "address": str(chat.id),
            "locale": self.language,
            "key": None,
            "facts": {},
            "ticket_id": None,
            "created_at": self.clock(),
            "mark": self.channel.mark(),
        }
        return Outgoing(kind=kind, **(facts | about))

    async def change_person(self, **values: Any) -> None:
        async def changed(tx: Tx) -> None:
            query = select(Person).where(Person.telegram_id == self.anna.id)
            person = (await tx.session.scalars(query)).one()
            for name, value in values.items():
                setattr(person, name, value)

        await self.desk.run(changed)

    def pass_time(self, **span: float) -> None:
        self.clock.now += timedelta(**span)
