"""A company that asks for consent before anything of a customer is stored (S31)."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.e2e.beside import apply_directory
from tests.e2e.looking import assert_sealed, value
from tests.e2e.stage import EXPECTED, Stage, staged

DIRECTORY = """
[settings]
consent = { ru = "Храним ваше имя и переписку год, чтобы отвечать.", en = "We keep your words." }
consent_version = "{version}"
"""


@pytest.fixture
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    async with staged(tmp_path_factory.mktemp("consent"), draws_soon=True) as stage:
        yield stage
        assert_sealed(stage)
        stage.world.assert_clean(ignore=EXPECTED)


async def test_words_wait_for_the_yes_through_a_restart_and_a_no_leaves_nothing(
    stage: Stage,
) -> None:
    people = "SELECT count(*) FROM person WHERE operator_since IS NULL AND admin_since IS NULL"
    anna, eve = stage.customer("Анна"), stage.customer("Ева")
    async with stage.process():
        await apply_directory(stage, DIRECTORY.replace("{version}", "1"))
        known = value(stage, people)
        await anna.say("Камера не работает")
        await anna.say("С самого утра")
        await stage.settle()
        assert value(stage, people) == known and value(stage, "SELECT count(*) FROM message") == 0
    async with stage.process():
        await anna.press_soon("Даю согласие")
        await anna.expect("принято")
        await stage.settle()
        assert value(stage, "SELECT count(*) FROM message WHERE ticket_id = 1") == 2
        await eve.say("Ничего не скажу")
        await eve.press_soon("Не даю")
        await eve.expect("стёрли", edited=True)
        await stage.settle()
    assert value(stage, "SELECT count(*) FROM inbox WHERE raw LIKE '%Ничего не скажу%'") == 0
    assert value(stage, "SELECT count(*) FROM person WHERE name = 'Ева'") == 0
