"""Telegram hands over again what it has handed over before: nothing happens twice (R1, R2)."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest

from sandbox import Message, Person
from tests.e2e.looking import everything, value
from tests.e2e.stage import Stage

SEED = 20261122
REDELIVERIES = 200
# So many of them come while people write; the others after a crash, out of an older offset.
MEANWHILE = 140
TURNS = 60


@dataclass
class Postman:
    """Delivers again what the bot has had already: runs of updates, from anywhere in the past."""

    stage: Stage
    chance: random.Random
    count: int = 0

    def again(self, most: int) -> None:
        had = [*self.stage.world.updates._delivered]
        begin = self.chance.randrange(len(had))
        for number in had[begin : begin + self.chance.randint(1, most)]:
            self.stage.world.redeliver(number)
            self.count += 1

    def latest(self, count: int) -> None:
        """As with an offset that was lost: the newest ones again, in their order."""
        for number in [*self.stage.world.updates._delivered][-count:]:
            self.stage.world.redeliver(number)
            self.count += 1


@dataclass
class Case:
    """A ticket, and what was said in it."""

    person: Person
    number: int
    card: Message
    said: dict[Message, str] = field(default_factory=dict)
    answered: dict[Message, str] = field(default_factory=dict)
    notes: int = 0


class Talk:
    """People write, edit, answer and note at random; each remembers what must stand where."""

    def __init__(self, stage: Stage, chance: random.Random, cases: list[Case]) -> None:
        self.stage, self.chance, self.cases = stage, chance, cases
        self.turns = 0

    async def turn(self) -> None:
        self.turns += 1
        act = self.chance.choice([self.write, self.write, self.edit, self.answer, self.note])
        await act(self.chance.choice(self.cases), self.turns)

    async def write(self, case: Case, turn: int) -> None:
        words = f"Слово {turn}."
        person = case.person
        sent = await (person.say(words) if turn % 3 else person.send_photo(caption=words))
        case.said[sent] = words

    async def edit(self, case: Case, turn: int) -> None:
        if case.said:
            sent = self.chance.choice([*case.said])
            await case.person.edit(sent, f"Правка {turn}.")
            about = f"👤 {case.person.name} · #{case.number} · исправлено"
            case.said[sent] = f"{about}\nПравка {turn}."

    async def answer(self, case: Case, turn: int) -> None:
        words = f"Ответ {turn}."
        case.answered[await self.stage.olga.reply(case.card, words)] = words

    async def note(self, case: Case, turn: int) -> None:
        await self.stage.oleg.reply(case.card, f"// заметка {turn}")
        case.notes += 1


@pytest.fixture
async def told(stage: Stage) -> AsyncIterator[tuple[Stage, Postman, list[Case]]]:
    """Six tickets, sixty turns of talk, and 140 updates that came again meanwhile."""
    chance = random.Random(SEED)
    postman = Postman(stage, chance)
    async with stage.process():
        cases = []
        for name in ("Анна", "Борис", "Вера", "Глеб", "Дина", "Егор"):
            person = stage.customer(name)
            number, card = await stage.open_ticket(person, f"Начало: {name}")
            cases.append(Case(person, number, card))
            postman.again(3)
        talk = Talk(stage, chance, cases)
        while talk.turns < TURNS or postman.count < MEANWHILE:
            await talk.turn()
            await stage.world.until(lambda: not stage.world.updates.pending, 30, "all is taken")
            if postman.count < MEANWHILE:
                postman.again(5)
        await stage.settle(60)
        yield stage, postman, cases


async def test_two_hundred_redeliveries_double_nothing_and_lose_nothing(
    told: tuple[Stage, Postman, list[Case]],
) -> None:
    stage, postman, cases = told
    assert stage.world.stats.updates_redelivered == postman.count >= MEANWHILE
    everybody_has_what_was_said_once(stage, cases)

    before, seen = everything(stage), stage.world.transcript()
    assert stage.bot is not None
    await stage.bot.kill()
    postman.latest(REDELIVERIES - postman.count)
    await stage.bot.start()
    await stage.settle(60)
    assert postman.count == REDELIVERIES == stage.world.stats.updates_redelivered
    assert everything(stage) == before
    assert stage.world.transcript() == seen

    await cases[0].person.say("И после этого.")  # and it goes on
    await stage.group.expect("И после этого.", reply_to=cases[0].card, timeout=30)
    stage.clean()


def everybody_has_what_was_said_once(stage: Stage, cases: list[Case]) -> None:
    assert value(stage, "SELECT count(*) FROM ticket") == len(cases)
    assert value(stage, "SELECT count(*) FROM inbox WHERE state != 'done'") == 0
    cards = Counter(m.id for m in stage.group.bot_messages if m.keyboard and not m.deleted)
    assert sorted(cards) == sorted(case.card.id for case in cases)
    for case in cases:
        below = [m for m in stage.group.bot_messages if m.reply_to is case.card]
        assert [m.text for m in below] == list(case.said.values())
        got = [m.text for m in case.person.chat.bot_messages if m.text.startswith("Ответ ")]
        assert got == list(case.answered.values())
        confirmed = [m for m in case.person.chat.bot_messages if "принято" in m.text]
        assert len(confirmed) == 1
        notes = value(stage, "SELECT count(*) FROM note WHERE ticket_id = ?", case.number)
        assert notes == case.notes
