"""A query that takes too long is broken off and refused; nothing else notices (S40)."""

from typing import Any

import pytest
from sqlalchemy import Integer, text

from core.desk import Desk, reading_within
from core.errors import Refusal
from core.tx import ReadTx
from tests.actions.people import opens

# Nobody waits for the end of it.
_ENDLESS = """
WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 2000000000)
SELECT count(*) AS n FROM c"""


async def count(tx: ReadTx, query: str) -> int:
    counted: Any = text(query).columns(n=Integer)
    return int(await tx.first(counted) or 0)


async def test_what_takes_too_long_is_refused_and_the_next_one_is_asked_as_ever(desk: Desk) -> None:
    await opens(desk)
    few = "SELECT count(*) AS n FROM ticket"
    for _ in range(6):  # no reader is left behind with the limit, or broken
        with reading_within(0.05), pytest.raises(Refusal, match=r"refusal\.took_too_long"):
            await desk.read(count, _ENDLESS)
        assert await desk.read(count, few) == 1
    with reading_within(60.0):
        assert await desk.read(count, few) == 1


async def test_others_are_not_limited(desk: Desk) -> None:
    """Longer than the limit that somebody else has, whatever the machine is."""
    some = _ENDLESS.replace("2000000000", "300000")
    with reading_within(0.001), pytest.raises(Refusal):
        await desk.read(count, some)
    assert await desk.read(count, some) == 300_000
    await opens(desk)
