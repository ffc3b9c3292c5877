"""What `tools.torture.days` counts: what chats have forgotten, and what a process came to hold."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from sandbox import Chat
from tests.e2e.stage import Stage, staged
from tools.torture.days import Days, Memory
from tools.torture.desk_under_test import DeskUnderTest

BUTTON = {"inline_keyboard": [[{"text": "Взять", "callback_data": "take"}]]}


def copy(stage: Stage, chat: Chat, number: int, **more: Any) -> None:
    """The bot shows there what was said."""
    stage.world.telegram.bot_messages.send(chat, {"text": f"Слова №{number:05}."}, **more)


async def test_what_a_chat_forgets_counts_as_it_stood(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        made, group = DeskUnderTest(stage, cast(Any, None)), stage.group
        made.said = 5
        copy(stage, group, 1)
        copy(stage, group, 2)
        copy(stage, group, 2)
        copy(stage, group, 3)
        group.messages[-1].deleted = True
        copy(stage, group, 4, markup=BUTTON)
        copy(stage, group, 5)
        before = +await made.standing()
        made.forget(group, keep=1)
        assert [message.text[-3:-1] for message in group.messages] == ["04", "05"]
        copy(stage, group, 1)
        made.forget(group, keep=1)
        assert before == {"00001": 1, "00002": 2, "00004": 1, "00005": 1}
        assert +await made.standing() == before | {"00001": 2}


def test_growth_is_that_of_the_process_that_lived_longest() -> None:
    memory = Memory()
    memory.note(0, 50.0)
    memory.note(10_000, 90.0)
    memory.died()
    for updates, megabytes in ((10_000, 60), (20_000, 80), (60_000, 95), (110_000, 89)):
        memory.note(updates, megabytes)
    assert memory.words() == (
        "one process for 100,000 updates: 80 MB after a tenth of them, 89 in the end, 95 at most,"
        " +1.00 for 10,000"
    )


@pytest.mark.parametrize(("faults", "deaths"), [(1_000, 20), (12, 2)])
def test_no_process_dies_between_the_first_and_the_last_part(faults: int, deaths: int) -> None:
    days = SimpleNamespace(sizes=SimpleNamespace(faults=faults))
    died = [n for n in range(1, faults + 1) if Days._is_death(cast(Days, days), n)]
    assert len(died) == deaths
    assert not [n for n in died if faults / 10 < n <= faults * 9 / 10]
