"""A bot that dies and is started again, and the ledger of what must have come of a story."""

from __future__ import annotations

import asyncio
import re
import signal
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from sandbox import Chat, Message, Person
from tests.e2e.stage import Stage
from tests.e2e.warm import WarmProcesses

NUMBER = re.compile(r"#(\d+)")
# A card begins with its sign, its number and its title; no list of several tickets does.
CARD = re.compile(r"\S+ #(\d+) · ")
# What must stand, how often it does, and how often it must.
Times = tuple[str, int, int]
# So long may a step take while the bot dies and comes back, on a machine that does other things.
PATIENCE = 45.0


@asynccontextmanager
async def dying(
    stage: Stage, warm_processes: WarmProcesses, plans: Sequence[str]
) -> AsyncIterator[list[str]]:
    """The bot, killed where the plans say, one life after the other; then it lives on.

    Gives the list of the deaths so far. In the end all plans have come true.
    """
    bot = stage.warm_process(warm_processes)
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
        async with asyncio.timeout(4 * PATIENCE):
            await lives
    finally:
        lives.cancel()
        await asyncio.gather(lives, return_exceptions=True)
        await bot.stop()
    assert deaths == list(plans)


async def eventually(stage: Stage, condition: object, what: str) -> None:
    await stage.world.until(condition, PATIENCE, what)  # type: ignore[arg-type]


def overdue_in(message: Message) -> set[int]:
    """The tickets that an alert told of as overdue, whatever it was edited to since."""
    first = message.revisions[0].text if message.revisions else message.text
    late = "просрочено" in first.casefold()
    return {int(found) for found in re.findall(r"#(\d+)", first)} if late else set()


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
        wrong = [f"{what}: {n} times, not {due}" for what, n, due in self._times() if n != due]
        return wrong + self._rows()

    def lost(self) -> int:
        """Of how many things not all stand that must."""
        return sum(n < due for _, n, due in self._times())

    def _times(self) -> Iterator[Times]:
        yield from self._words()
        yield from self._cards()
        yield from self._confirmations()
        yield from self._alerts()

    def _words(self) -> Iterator[Times]:
        shown = {chat.id: standing(chat) for chat, _ in (*self.said, *self.files)}
        texts = {chat: "\0".join(m.text for m in stands) for chat, stands in shown.items()}
        for chat, text in self.said:
            yield f"{text!r} in {chat.title!r}", texts[chat.id].count(text), 1
        files = {
            chat: Counter(str((m.media or {}).get("file_unique_id")) for m in stands)
            for chat, stands in shown.items()
        }
        for chat, file in self.files:
            yield f"a file in {chat.title!r}", files[chat.id][file], 1

    def _cards(self) -> Iterator[Times]:
        heads = (CARD.match(message.text) for message in standing(self.stage.group))
        shown = Counter(int(head[1]) for head in heads if head)
        for (ticket,) in self.stage.query("SELECT id FROM ticket"):
            yield f"a card of {ticket}", shown[ticket], 1

    def _confirmations(self) -> Iterator[Times]:
        rows = self.stage.query(
            "SELECT ticket.id, substr(address, 10) FROM ticket"
            " JOIN person ON customer_id = person.id"
        )
        for ticket, person in rows:
            stands = standing(self.stage.world.chats[int(person)])
            times = sum(f"Обращение #{ticket} принято" in m.text for m in stands)
            yield f"the confirmation of {ticket}", times, 1

    def _alerts(self) -> Iterator[Times]:
        missed = self.stage.query("SELECT ticket_id FROM journal WHERE event = 'deadline_missed'")
        due = Counter(ticket for (ticket,) in missed)
        told = Counter(ticket for m in standing(self.stage.alerts) for ticket in overdue_in(m))
        for ticket in due | told:
            yield f"an alert of {ticket}", told[ticket], due[ticket]

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
