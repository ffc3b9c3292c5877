"""`/health` for admins: how the desk is, and deliveries that failed."""

import pytest
from sqlalchemy import select

from bot.commands.checks.storage import _REMEDIES, _SYMPTOMS
from channels.telegram.screens.health import KINDS, REASONS
from core.models import OutboxRow
from core.setup.desk_health import CODES
from core.texts import Texts
from core.tx import Tx
from tests.handlers.operators.group import Group


async def fail_one(group: Group) -> int:
    """A delivery to the group that has failed for good; its id."""

    async def fail(tx: Tx) -> int:
        query = select(OutboxRow).where(
            OutboxRow.address == str(group.chat.id), OutboxRow.state != "failed"
        )
        row = await tx.first(query.order_by(OutboxRow.id).limit(1))
        assert row is not None
        row.state, row.error = "failed", "bad_request"
        return row.id

    await group.ticket()
    return await group.desk.run(fail)


async def state_of(group: Group, number: int) -> str:
    ((state,),) = await group.rows("SELECT state FROM outbox WHERE id=:n", n=number)
    return str(state)


async def test_an_admin_sees_that_the_desk_is_well(group: Group) -> None:
    await group.boss.say("/health")
    await group.settle()
    assert group.boss.last.text.startswith("Бот здоров")
    assert "Не обработано сообщений: 0, отложено: 0" in group.boss.last.text


@pytest.mark.parametrize(("button", "becomes"), [("↻ {}", "queued"), ("Убрать {}", "dropped")])
async def test_an_admin_sends_a_failed_delivery_again_or_drops_it(
    group: Group, button: str, becomes: str
) -> None:
    number = await fail_one(group)
    await group.boss.say("/health")
    await group.settle()
    shown = group.boss.last
    (line,) = [line for line in shown.text.split("\n") if f"✕ {number}" in line]
    assert "карточка #1 → группа операторов: сообщение не приняли" in line
    await group.presses(group.boss, shown, button.format(number))
    assert await state_of(group, number) == becomes
    assert f"✕ {number}" not in shown.text


async def test_all_of_them_are_dropped_after_a_question(group: Group) -> None:
    numbers = [await fail_one(group) for _ in range(2)]
    await group.boss.say("/health")
    await group.settle()
    shown = group.boss.last
    await group.presses(group.boss, shown, "Убрать все")
    assert "Отправить" in shown.text
    assert {await state_of(group, number) for number in numbers} == {"failed"}
    await group.presses(group.boss, shown, "‹ Назад")
    assert "Бот здоров" in shown.text
    await group.presses(group.boss, shown, "Убрать все")
    await group.presses(group.boss, shown, "Убрать все")
    assert {await state_of(group, number) for number in numbers} == {"dropped"}


@pytest.mark.parametrize("locale", ["ru", "en"])
def test_whatever_can_fail_has_words(texts: Texts, locale: str) -> None:
    keys = texts.keys(locale)
    assert {f"health.kind.{kind}" for kind in (*KINDS, "other")} <= set(keys)
    assert {f"health.error.{reason}" for reason in (*REASONS, "other")} <= set(keys)
    for code in (*CODES, "store"):
        assert {f"health.sick.{code}", f"health.over.{code}"} <= set(keys)
    assert set(CODES) == set(_SYMPTOMS) == set(_REMEDIES)


async def test_nobody_else_sees_it(group: Group) -> None:
    number = await fail_one(group)
    for person in (group.anna, group.olga):
        await person.say("/health")
        await group.settle()
        assert "Бот здоров" not in person.last.text
        press = await group.forges(person, person.last, f"fd:drop:{number}")
        assert (await press.answer()).text == "Кнопка устарела."
    assert await state_of(group, number) == "failed"
