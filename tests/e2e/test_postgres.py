"""The main story on a real PostgreSQL, with a death in the middle of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from tests.e2e.stage import Stage, staged
from tests.postgres import OwnPostgres, Postgres, Unavailable, start_own

pytestmark = pytest.mark.postgres

PATIENCE = 90.0


class Store:
    """The desk's database, asked directly."""

    def __init__(self, url: str) -> None:
        self.url = url

    async def ask(self, sql: str, *values: Any) -> list[Any]:
        connection = await asyncpg.connect(self.url.replace("+asyncpg", ""))
        try:
            return [tuple(row) for row in await connection.fetch(sql, *values)]
        finally:
            await connection.close()

    async def rest(self) -> None:
        """Wait until everything that came in is handled and everything has left."""
        waits = (
            "SELECT (SELECT count(*) FROM inbox WHERE state='new')"
            " + (SELECT count(*) FROM outbox WHERE state IN ('queued','sending'))"
        )
        async with asyncio.timeout(PATIENCE):
            while (await self.ask(waits))[0][0]:
                await asyncio.sleep(0.05)


@pytest.fixture
def store(postgres: Postgres) -> Iterator[Store]:
    with postgres.database() as url:
        yield Store(url)


@asynccontextmanager
async def a_desk_on(store: Store, folder: Path) -> AsyncIterator[Stage]:
    async with staged(folder) as stage:
        stage.settings["DATABASE_URL"] = store.url
        async with stage.process():
            yield stage


async def test_the_main_story_with_a_death_in_the_middle(store: Store, tmp_path: Path) -> None:
    async with a_desk_on(store, tmp_path) as stage:
        anna, bot = stage.customer("Анна"), stage.bot
        assert bot is not None
        number, card = await stage.open_ticket(anna, "Нет картинки")
        await (await stage.olga.press_soon("Взять", message=card)).answer(PATIENCE)
        await anna.expect(f"Обращение #{number} взяли в работу.", timeout=PATIENCE)
        other = await (await stage.oleg.press_data(card, f"t:take:{number}")).answer(PATIENCE)
        assert other.text.startswith(f"#{number} уже взято: Ольга")
        answer = await stage.olga.reply(card, "Смотрим")
        await anna.expect("Смотрим", timeout=PATIENCE)
        await stage.group.expect_reaction(answer, "👌", timeout=PATIENCE)

        # it dies with words on their way, and people go on while nobody listens
        stage.world.faults.slow(1.0, method="sendMessage", chat=anna)
        on_its_way = await stage.olga.reply(card, "Едем к вам")
        await store_has(store, "SELECT 1 FROM message WHERE text='Едем к вам'")
        await bot.kill()
        await anna.say("Подъезд третий")
        photo = await anna.send_photo(caption="вот дверь")
        await stage.olga.reply(card, "/note ждём поставку")
        await bot.start()

        await anna.expect("Едем к вам", timeout=PATIENCE, since="start")
        await stage.group.expect_reaction(on_its_way, "👌", timeout=PATIENCE)
        await stage.group.expect("Подъезд третий", reply_to=card, timeout=PATIENCE, since="start")
        picture = await stage.group.expect(kind="photo", timeout=PATIENCE, since="start")
        assert picture.file_bytes == photo.file_bytes
        await stage.world.until(lambda: card.text.startswith("🔴"), PATIENCE, "words wait")

        await stage.olga.reply(card, "/freeze 2s ждём поставку")
        await anna.expect("отложили до", timeout=PATIENCE)
        woke = await stage.group.expect("проснулось", timeout=PATIENCE, since="start")
        assert woke.text == f"🟡→🔴 #{number} проснулось: «ждём поставку». 👷 Ольга"

        await stage.olga.reply(card, "/resolve заменили кабель")
        await anna.expect(f"По обращению #{number} готово: заменили кабель", timeout=PATIENCE)
        await (await anna.press("Да, спасибо")).answer(PATIENCE)
        await anna.expect(f"Обращение #{number} закрыто", timeout=PATIENCE)
        await stage.world.until(lambda: card.text.startswith("⚪"), PATIENCE, "the card is white")
        # what was just said is found some seconds later: the index follows the journal
        await store_has(store, "SELECT 1 FROM search_word WHERE word LIKE 'картин%'")
        await stage.olga.say(stage.group, "/find картинка")
        await stage.group.expect(f"#{number} Анна · Нет картинки", timeout=PATIENCE)
        await store.rest()
        await nothing_lost_or_doubled(stage, store, number)


async def nothing_lost_or_doubled(stage: Stage, store: Store, number: int) -> None:
    said = [m.text for chat in (*stage.world.chats.values(),) for m in chat.bot_messages]
    for words in ("Смотрим", "Едем к вам", "Подъезд третий", "вот дверь"):
        assert said.count(words) == 1, words
    assert sum("проснулось" in text for text in said) == 1
    assert await store.ask("SELECT state FROM ticket WHERE id=$1", number) == [("closed",)]
    assert await store.ask("SELECT DISTINCT state FROM inbox") == [("done",)]
    left = {state for (state,) in await store.ask("SELECT DISTINCT state FROM outbox")}
    assert left <= {"sent", "dropped"}
    events = [
        event
        for (event,) in await store.ask(
            "SELECT event FROM journal WHERE ticket_id=$1 ORDER BY id", number
        )
    ]
    for once in ("ticket_opened", "ticket_taken", "ticket_woke"):
        assert events.count(once) == 1
    assert events.count("answer_delivered") == 2


async def store_has(store: Store, sql: str) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await store.ask(sql):
            await asyncio.sleep(0.02)


@pytest.fixture
def own_server() -> Iterator[OwnPostgres]:
    """A server that the story may break."""
    try:
        server = start_own()
    except Unavailable as why:
        pytest.skip(f"no PostgreSQL to break: {why}")
    server.configure(synchronous_commit="on")  # a crash loses nothing that was committed
    server.halt()
    server.start()
    yield server
    server.stop()


async def test_the_desk_outlives_its_server(own_server: OwnPostgres, tmp_path: Path) -> None:
    with own_server.database() as url:
        store = Store(url)
        async with a_desk_on(store, tmp_path) as stage:
            people = [stage.customer(f"Человек {n}") for n in range(3)]
            numbers = [(await stage.open_ticket(one, "Вопрос"))[0] for one in people]
            for round_number, end in enumerate((own_server.halt, own_server.crash)):
                for one in people:
                    await one.say(f"Вслед {round_number}")
                await asyncio.to_thread(end)
                for one in people:
                    await one.say(f"Пока нет базы {round_number}")
                await asyncio.sleep(1.0)
                own_server.start(wait=False)
                for one in people:
                    await one.say(f"Снова {round_number}")
            said = len(people) * 6
            query = "SELECT count(*) FROM message WHERE text ~ '^(Вслед|Пока|Снова)'"
            async with asyncio.timeout(PATIENCE * 2):
                while not await answers(store, query, said):
                    await asyncio.sleep(0.1)
            assert stage.bot is not None
            assert stage.bot.running
            assert await store.ask("SELECT DISTINCT state FROM inbox") == [("done",)]
            for number in numbers:
                texts = await store.ask(
                    "SELECT text FROM message WHERE ticket_id=$1 ORDER BY id", number
                )
                expected = [f"{w} {n}" for n in (0, 1) for w in ("Вслед", "Пока нет базы", "Снова")]
                assert [text for (text,) in texts][1:] == expected


async def answers(store: Store, sql: str, expected: int) -> bool:
    """Whether the server is there and counts as many."""
    try:
        return await store.ask(sql) == [(expected,)]
    except (OSError, asyncpg.PostgresError):
        return False


async def test_of_several_processes_another_takes_over_when_the_leader_is_killed(
    store: Store, tmp_path: Path
) -> None:
    async with a_desk_on(store, tmp_path) as stage:
        leader = stage.bot
        assert leader is not None
        await another_is_there(stage, store, "second")
        people = [stage.customer(f"Человек {n}") for n in range(4)]
        numbers = [(await stage.open_ticket(one, "Вопрос"))[0] for one in people]
        for round_number in range(3):
            for one in people:
                await one.say(f"Вслед {round_number}")
            if round_number == 1:
                await leader.kill()
        said = len(people) * 3
        query = "SELECT count(*) FROM message WHERE text LIKE 'Вслед%'"
        async with asyncio.timeout(PATIENCE):
            while not await answers(store, query, said):
                await asyncio.sleep(0.05)
        await store.rest()
        for number in numbers:
            texts = await store.ask(
                "SELECT text FROM message WHERE ticket_id=$1 ORDER BY id", number
            )
            assert [text for (text,) in texts][1:] == [f"Вслед {n}" for n in range(3)]
        shown = [m.text for m in stage.group.bot_messages if m.text.startswith("Вслед")]
        assert len(shown) == said
        assert await store.ask("SELECT count(*) FROM inbox WHERE state <> 'done'") == [(0,)]


async def another_is_there(stage: Stage, store: Store, name: str) -> None:
    """Start one more process of the same desk, and wait until it works beside the first."""
    second = stage.process()
    second.log = stage.folder / f"{name}.log"
    await second.start(wait=False)
    locks = (
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ShareLock'"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    )
    async with asyncio.timeout(PATIENCE):
        while not await answers(store, locks, 2):
            await asyncio.sleep(0.05)


async def test_a_lead_that_cannot_be_taken_over_yet_is_taken_over_later(
    store: Store, tmp_path: Path
) -> None:
    """Its connections are cut, and cut again while it takes over: that ended the process."""
    waiting = (
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
        " AND wait_event_type = 'Lock' AND query LIKE '%system_state%'"
    )
    cut = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid NOT IN (pg_backend_pid(), $1)"
    )
    async with a_desk_on(store, tmp_path) as stage:
        anna = stage.customer("Анна")
        await stage.open_ticket(anna, "Вопрос")
        holder = await asyncpg.connect(store.url.replace("+asyncpg", ""))
        async with holder.transaction():
            await holder.execute("SELECT 1 FROM system_state WHERE name = 'leader' FOR UPDATE")
            await store.ask(cut, holder.get_server_pid())
            first = await some(store, waiting)
            await store.ask(cut, holder.get_server_pid())
            while await some(store, waiting) == first:  # the next try
                await asyncio.sleep(0.02)
        await holder.close()
        assert stage.bot is not None
        assert stage.bot.running
        await anna.say("Вы ещё здесь?")
        await stage.group.expect("Вы ещё здесь?", timeout=PATIENCE, since="start")


async def some(store: Store, sql: str) -> list[Any]:
    """What the query finds, once it finds something."""
    async with asyncio.timeout(PATIENCE):
        while not (found := await store.ask(sql)):
            await asyncio.sleep(0.02)
    return found
