"""A ticket is opened, answered and closed over a pipe of text lines: the core needs no Telegram."""

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final

import pytest
from sqlalchemy import select

from bot.migrations import migrate
from core import inbox
from core.addresses import Address, MessageRef
from core.company import Company
from core.db import Database
from core.delivery.channel import Delivery, SendError, Sent
from core.delivery.courier import Courier
from core.delivery.pacing import Pacer
from core.desk import Desk
from core.inbox import Raw
from core.models import OutboxRow
from core.people.identity import Sender
from core.people.staff import by_operator
from core.subscriptions import SUBSCRIBERS
from core.texts import Texts
from core.tickets.card import card_of, words_of
from core.tickets.conversation import reply
from core.tickets.customer_dialogue import begin_ticket, say_whether_helped
from core.tickets.delivery_results import FOLLOW_UPS
from core.tickets.incoming import IncomingMessage, find_location
from core.tickets.intake import hear
from core.tickets.lifecycle import move

PIPE: Final = "pipe"
STAFF: Final = Address(PIPE, "staff")
LOCALES: Final = Path(__file__).parents[2] / "locales"


class PipeChannel:
    """Writes one line for each delivery: the chat, the line's number there, the words."""

    name = PIPE

    def __init__(self, out: BinaryIO, desk: Desk) -> None:
        self._out = out
        self._desk = desk
        self._texts = Texts.load(LOCALES, "en")
        self._lines: Counter[str] = Counter()

    async def recall(self) -> None:
        """Nothing is known of what stands where: nobody lives longer than the pipe."""

    def probe_context(self) -> dict[str, Any]:
        return {}

    async def was_delivered(self, delivery: Delivery) -> Sent | None:
        del delivery
        return None

    async def close(self) -> None:
        self._out.close()

    async def send(self, delivery: Delivery) -> Sent:
        if delivery.kind == "unask":
            return Sent()  # there are no buttons here
        words, note = await self._words(delivery)
        self._lines[delivery.address] += 1
        number = str(self._lines[delivery.address])
        self._out.write(f"{delivery.address}\t{number}\t{words}\n".encode())
        return Sent((number,), note)

    async def _words(self, delivery: Delivery) -> tuple[str, dict[str, Any]]:
        match delivery.kind:
            case "text":
                now, zone = self._desk.clock(), self._desk.company.zone
                key = delivery.key or ""
                said = self._texts.say(delivery.locale, key, delivery.facts, now=now, zone=zone)
                return " ".join(said.split()), {}
            case "content":
                (words,) = await self._desk.read(words_of, delivery.message_id or 0)
                return f"{words.author}: {words.text}", {}
            case "card":
                card = await self._desk.read(card_of, delivery.ticket_id or 0)
                assert card is not None
                return f"card #{card.number} {card.state.code}", {"digest": card.state.code}
            case "reaction":
                return str(delivery.facts["emoji"]), {}
        raise SendError("unsupported", delivery.kind, permanent=True)


class Lines:
    """What came out of the pipe so far, for people who wait for theirs."""

    def __init__(self, stream: asyncio.StreamReader) -> None:
        self._stream = stream
        self._unread: list[tuple[str, str, str]] = []

    async def expect(self, chat: str, words: str) -> str:
        """Wait for a line with these words in this chat; returns its number."""
        async with asyncio.timeout(60):
            while True:
                for line in self._unread:
                    if line[0] == chat and words in line[2]:
                        self._unread.remove(line)
                        return line[1]
                read = (await self._stream.readline()).decode().rstrip("\n")
                here, number, said = read.split("\t")
                self._unread.append((here, number, said))


class Stage:
    """The desk with the pipe as its only channel, and both ends of the pipe."""

    def __init__(self, desk: Desk, lines: Lines) -> None:
        self.desk = desk
        self.lines = lines
        self._said: Counter[str] = Counter()

    async def say(self, who: str, words: str, *, chat: str | None = None, to: str = "") -> None:
        """Somebody's line reaches the inbox, and is handled as an effect of its row."""
        chat = chat or who
        self._said[chat] += 1
        number = f"{who}-{self._said[chat]}"
        raw = f"{chat}\t{number}\t{to}\t{who}\t{words}"
        await self.desk.run(inbox.store, PIPE, [Raw(f"{chat}/{number}", chat, raw)])
        (row,) = await self.desk.read(inbox.list_unfinished, 0, 10)
        with self.desk.handling(row.id):
            await self._handle(*row.raw.split("\t"))

    async def _handle(self, chat: str, number: str, to: str, who: str, words: str) -> None:
        sender = Sender(Address(PIPE, who), who.title(), who, "en")
        answered = MessageRef(PIPE, chat, to) if to else None
        incoming = IncomingMessage(MessageRef(PIPE, chat, number), "text", words, reply_to=answered)
        run = self.desk.run
        if chat == STAFF.chat:
            assert answered is not None
            found = await self.desk.read(find_location, answered)
            assert found is not None and found.ticket_id is not None
            if words == "/resolve":
                await run(by_operator, sender, move, found.ticket_id, "resolve")
            else:
                await run(by_operator, sender, reply, found.ticket_id, incoming)
        elif words == "/new":
            await run(begin_ticket, sender)
        elif words == "yes":
            await run(say_whether_helped, sender, 1, content=True)
        else:
            await run(hear, sender, incoming)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = Database(f"sqlite+aiosqlite:///{tmp_path / 'desk.db'}")
    await migrate(database)
    yield database
    await database.close()


@pytest.fixture
async def stage(database: Database) -> AsyncIterator[Stage]:
    company = Company(language="en", operators_chat=STAFF, admins=frozenset())
    desk = Desk(database, company, SUBSCRIBERS)
    async with pipe() as (lines, out):
        channel = PipeChannel(out, desk)
        courier = Courier(desk, {PIPE: channel}, Pacer(), FOLLOW_UPS)
        running = asyncio.create_task(courier.run())
        yield Stage(desk, lines)
        await courier.stop()
        await running
        await channel.close()


@asynccontextmanager
async def pipe() -> AsyncIterator[tuple[Lines, BinaryIO]]:
    """A pipe of the operating system: what is read from it, and what writes into it."""
    reading, writing = os.pipe()
    stream = asyncio.StreamReader()
    source, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(stream), os.fdopen(reading, "rb")
    )
    yield Lines(stream), os.fdopen(writing, "wb", buffering=0)
    source.close()


async def test_a_ticket_is_opened_answered_and_closed_without_telegram(stage: Stage) -> None:
    await stage.say("anna", "/new")
    await stage.say("anna", "The door does not open")
    card = await stage.lines.expect("staff", "card #1 new")
    await stage.lines.expect("anna", "#1")
    await stage.say("olga", "Please press twice", chat="staff", to=card)
    await stage.lines.expect("anna", "Olga: Please press twice")
    await stage.lines.expect("staff", "👌")
    await stage.lines.expect("staff", "card #1 in_progress")
    await stage.say("anna", "Thanks, and the gate?")
    copy = await stage.lines.expect("staff", "Anna: Thanks, and the gate?")
    await stage.say("olga", "/resolve", chat="staff", to=copy)
    await stage.lines.expect("anna", "Does everything work?")
    await stage.say("anna", "yes")
    await stage.lines.expect("staff", "card #1 closed")

    async with stage.desk.database.read() as session:
        rows = (await session.execute(select(OutboxRow.channel, OutboxRow.state))).all()
    assert {channel for channel, _ in rows} == {PIPE}
    assert {state for _, state in rows} <= {"sent", "sending"}
