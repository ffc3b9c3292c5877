"""How many of our own functions and files one message enters: not more than it did."""

import pytest

from tools import walk
from tools.walked import PACKAGES

# Functions and files, and room for what only some runs enter (one that waits for another): on 30
# November 2026 a customer's message entered 272 in 63 and an operator's answer 392 in 84 on a quiet
# machine, 276 and 403 on a busy one. Seven of the files are of what was one: deliveries are told by
# subject, and the disk is waited for apart from the commit. A customer's message aims at 220 in 55.
MOST = {
    "a customer's message in an open ticket": (277, 63),
    "an operator's answer": (405, 84),
}


@pytest.fixture(scope="module")
async def walks(tmp_path_factory: pytest.TempPathFactory) -> list[walk.Walk]:
    return await walk.measure(tmp_path_factory.mktemp("walk"))


async def test_a_message_enters_no_more_of_our_code_than_before(walks: list[walk.Walk]) -> None:
    by_name = {one.name: one for one in walks}
    assert set(by_name) == set(walk.NAMES)
    for name, (functions, files) in MOST.items():
        one = by_name[name]
        assert len(one.functions) <= functions and len(one.files) <= files, one.listed()


@pytest.mark.parametrize("number", range(len(walk.NAMES)))
async def test_each_stage_of_a_message_is_seen_and_nothing_but_the_product(
    walks: list[walk.Walk], number: int
) -> None:
    one = walks[number]
    names = {name for _file, name, _line in one.functions}
    assert {"Poller._poll", "UpdateHandler.handle", "Desk.run", "TelegramChannel.send"} <= names
    assert {file.partition("/")[0] for file in one.files} <= set(PACKAGES), one.listed()
