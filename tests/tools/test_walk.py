"""How many of our own functions and files one message enters: not more than it did."""

from pathlib import Path

import pytest

from tools import walk
from tools.walked import PACKAGES

# Functions and files. On a busy machine whoever waits for another enters a few more: on 30 November
# 2026 a customer's message entered 272 in 63 and an operator's answer 392 in 84 alone, 276 and 403
# at load 6. So of a few walks one must keep within them. Seven of the files are of what was one:
# deliveries are told by subject, and the disk is waited for apart from the commit. A customer's
# message aims at 220 in 55.
MOST = {
    "a customer's message in an open ticket": (276, 63),
    "an operator's answer": (400, 84),
}
WALKS = 4


@pytest.fixture(scope="module")
async def walks(tmp_path_factory: pytest.TempPathFactory) -> list[walk.Walk]:
    return await walk.measure(tmp_path_factory.mktemp("walk"))


def too_long(walks: list[walk.Walk]) -> list[str]:
    """What the walks enter that enter too much."""
    by_name = {one.name: one for one in walks}
    assert set(by_name) == set(walk.NAMES)
    bounds = ((by_name[name], *most) for name, most in MOST.items())
    return [
        one.listed()
        for one, functions, files in bounds
        if len(one.functions) > functions or len(one.files) > files
    ]


async def test_a_message_enters_no_more_of_our_code_than_before(
    walks: list[walk.Walk], tmp_path: Path
) -> None:
    for again in range(1, WALKS):
        if not too_long(walks):
            return
        (folder := tmp_path / str(again)).mkdir()
        walks = await walk.measure(folder)
    assert not too_long(walks)


@pytest.mark.parametrize("number", range(len(walk.NAMES)))
async def test_each_stage_of_a_message_is_seen_and_nothing_but_the_product(
    walks: list[walk.Walk], number: int
) -> None:
    one = walks[number]
    names = {name for _file, name, _line in one.functions}
    assert {"Poller._poll", "UpdateHandler.handle", "Desk.run", "TelegramChannel.send"} <= names
    assert {file.partition("/")[0] for file in one.files} <= set(PACKAGES), one.listed()
