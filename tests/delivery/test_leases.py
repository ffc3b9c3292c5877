"""A chat is one process's until it gives it back, and how many connections that takes (R23)."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import text

from core.db import postgres as postgres_module
from core.desk import Desk
from core.tx import ReadTx

pytestmark = pytest.mark.postgres


async def test_a_chat_is_one_process_s_until_it_gives_it_back(two: list[Desk]) -> None:
    first, second = (desk.database for desk in two)
    async with first.lease("chat") as held:
        assert held
        async with second.lease("chat") as other:
            assert not other
        async with second.lease("another") as other:
            assert other
    async with second.lease("chat") as other:
        assert other


async def test_a_process_takes_no_more_connections_than_it_says_however_much_is_to_be_done(
    two: list[Desk],
) -> None:
    count = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"

    async def look(tx: ReadTx) -> int:
        return int(await tx.session.scalar(text(count)) or 0)

    one = two[0]
    await two[1].database.close()
    counted = [
        number
        for desk_does in (one.run, one.read)
        for number in await asyncio.gather(*(desk_does(look) for _ in range(60)))
    ]
    assert max(counted) <= postgres_module.WRITERS + postgres_module.READERS + 2
    assert max(counted) >= postgres_module.WRITERS


async def test_many_chats_are_asked_for_and_given_back_together(
    two: list[Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    store: Any = two[0].database._store
    asked, rows = list[int](), store.processes._rows

    async def counted(statement: Any, **given: Any) -> Any:
        if "numbers" in given:
            asked.append(len(given["numbers"]))
        return await rows(statement, **given)

    monkeypatch.setattr(store.processes, "_rows", counted)
    all_held = asyncio.Barrier(50)

    async def hold(number: int) -> bool:
        async with two[0].database.lease(f"chat {number}") as held:
            await all_held.wait()
            return held

    assert all(await asyncio.gather(*map(hold, range(50))))
    assert asked == [50, 50]
    async with two[1].database.lease("chat 7") as other:
        assert other, "it was given back"


async def test_a_chat_that_nobody_waits_for_any_more_is_given_back(two: list[Desk]) -> None:
    async def hold() -> None:
        async with two[0].database.lease("chat"):
            raise AssertionError

    asking = asyncio.create_task(hold())
    await asyncio.sleep(0)  # it has asked
    await asyncio.sleep(0)
    asking.cancel()
    async with asyncio.timeout(30):
        while True:
            async with two[1].database.lease("chat") as other:
                if other:
                    return
