"""A bot that dies and is started again, and the ledger of what must have come of a story."""

from __future__ import annotations

import asyncio
import re
import signal
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from sandbox import Message, Person
from sandbox.chat import Chat
from tests.wire.stage import Stage
from tests.wire.warm import Nursery, warm

NUMBER = re.compile(r"#(\d+)")
# So long may a step take while the bot dies and comes back, on a machine that does other things.
PATIENCE = 45.0


@asynccontextmanager
async def dying(stage: Stage, nursery: Nursery, plans: Sequence[str]) -> AsyncIterator[list[str]]:
    """The bot, killed where the plans say, one life after the other; then it lives on.

    Gives the list of the deaths so far. In the end all plans have come true.
    """
    bot = warm(stage, nursery)
    deaths: list[str] = []

    async def live() -> None:
        for plan in plans:
            bot.env["FAULT_POINT"] = plan
            await bot.start(wait=False)
            code = await bot.wait()
            assert code == -signal.SIGKILL, f"the bot ended with {code}:\n{bot.tail(60)}"
            deaths.append(plan)
        del bot.env["FAULT_POINT"]
        await bot.start(wait=False)

    lives = asyncio.create_task(live())
    try:
        yield deaths
        async with asyncio.timeout(PATIENCE):
            await lives
    finally:
        lives.cancel()
        await asyncio.gather(lives, return_exceptions=True)
        await bot.stop()
    assert deaths == list(plans)


async def eventually(stage: Stage, condition: object, what: str) -> None:
    await stage.world.until(condition, PATIENCE, what)  # type: ignore[arg-type]


@dataclass
class Ledger:
    """What people said, and where it must stand exactly once."""

    stage: Stage
    said: list[tuple[Chat, str]] = field(default_factory=list)
    files: list[tuple[Chat, str]] = field(default_factory=list)

    def must_stand(self, chat: Chat, text: str) -> None:
        self.said.append((chat, text))

    def must_show(self, chat: Chat, messages: Sequence[Message]) -> None:
        self.files += [(chat, str((m.media or {})["file_unique_id"])) for m in messages]

    def problems(self) -> list[str]:
        """Everything lost, and everything doubled."""
        found = []
        for chat, text in self.said:
            times = sum(text in message.text for message in standing(chat))
            if times != 1:
                found.append(f"{text!r} stands {times} times in {chat.title!r}")
        for chat, file in self.files:
            times = sum((m.media or {}).get("file_unique_id") == file for m in standing(chat))
            if times != 1:
                found.append(f"a file stands {times} times in {chat.title!r}")
        return found + self._cards() + self._confirmations() + self._alerts() + self._rows()

    def _cards(self) -> list[str]:
        shown = Counter(
            number(message) for message in standing(self.stage.group) if message.keyboard
        )
        tickets = {row[0] for row in self.stage.query("SELECT id FROM ticket")}
        return [f"ticket {n} has {shown[n]} cards" for n in tickets if shown[n] != 1]

    def _confirmations(self) -> list[str]:
        rows = self.stage.query(
            "SELECT ticket.id, telegram_id FROM ticket JOIN person ON customer_id = person.id"
        )
        found = []
        for ticket, person in rows:
            chat = self.stage.world.chats[person]
            times = sum(f"Обращение #{ticket} принято" in m.text for m in standing(chat))
            if times != 1:
                found.append(f"ticket {ticket} was confirmed {times} times")
        return found

    def _alerts(self) -> list[str]:
        due = Counter(
            row[0]
            for row in self.stage.query(
                "SELECT ticket_id FROM journal WHERE event = 'deadline_missed'"
            )
        )
        told = Counter(number(m) for m in standing(self.stage.alerts) if "просрочено" in m.text)
        return [] if due == told else [f"missed: {dict(due)}, alerts: {dict(told)}"]

    def _rows(self) -> list[str]:
        left = self.stage.query("SELECT state, count(*) FROM inbox GROUP BY state")
        sent = self.stage.query("SELECT state, count(*) FROM outbox GROUP BY state")
        found = [f"inbox: {rows} {state}" for state, rows in left if state != "done"]
        return found + [
            f"outbox: {rows} {state}" for state, rows in sent if state not in {"sent", "dropped"}
        ]


def standing(chat: Chat) -> list[Message]:
    """What the bot has sent there, and nobody has deleted."""
    return [message for message in chat.messages if message.from_bot and not message.deleted]


def number(message: Message) -> int:
    found = NUMBER.search(message.text)
    return int(found[1]) if found else 0


async def opens(stage: Stage, person: Person, text: str) -> tuple[int, Message]:
    """Somebody opens a ticket, however often the bot dies meanwhile."""
    await person.say(text)
    await person.press_soon("Открыть", timeout=PATIENCE)
    accepted = await person.expect("принято", timeout=PATIENCE)
    return number(accepted), await stage.card(number(accepted), timeout=PATIENCE)
