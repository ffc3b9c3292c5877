"""Who is no operator any more, though nobody told us, keeps nothing (S1)."""

import asyncio
import time
from types import SimpleNamespace

import pytest
from aiogram.exceptions import TelegramServerError

from channels.telegram.addresses import chat_address
from channels.telegram.client.api_errors import is_passing
from core.errors import Refusal
from handlers.telegram import link_throttle
from handlers.telegram.operators import membership
from sandbox import Person
from tests.handlers.operators.group import Group


async def leave_unnoticed(group: Group, person: Person) -> None:
    """The person leaves while the update about it is lost."""
    await person.leave(group.chat)
    await group.forget()


async def at_work(group: Group) -> None:
    """Oleg works on two tickets, Olga on one."""
    for words, who in (("Калитка", group.oleg), ("Шлагбаум", group.oleg), ("Домофон", group.olga)):
        number = await group.ticket(words)
        await group.says(who, f"/take {number}")
    await group.deliver()


async def assignees(group: Group) -> dict[int, str | None]:
    query = (
        "SELECT t.id, p.name FROM ticket t LEFT JOIN person p ON p.id=t.assignee_id ORDER BY t.id"
    )
    return dict([tuple(row) for row in await group.rows(query)])


async def test_who_left_unnoticed_is_asked_about_before_they_read_or_act(
    group: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    await at_work(group)
    card = await group.card(1)
    await group.oleg.say("/start")
    await leave_unnoticed(group, group.oleg)
    monkeypatch.setattr(membership, "CONFIRMED_FOR", 0.0)
    group.app.memberships._confirmed.clear()  # an hour later
    await group.oleg.say("/who Анна")
    await group.settle()
    assert "команда для операторов" in group.oleg.last.text.lower() or "/help" in (
        group.oleg.last.text
    )
    assert "Анна" not in group.oleg.last.text
    press = await group.forges(group.oleg, card, "t:take:3")
    assert "нет прав" in (await press.answer()).text


async def test_the_app_asks_telegram_as_the_chat_does(group: Group) -> None:
    await at_work(group)
    await leave_unnoticed(group, group.oleg)
    memberships = group.app.memberships
    memberships._confirmed.clear()  # an hour later
    olga, oleg, boss = map(chat_address, (group.olga.id, group.oleg.id, group.boss.id))
    assert await memberships.confirm(olga) and not await memberships.confirm(oleg)
    assert await assignees(group) == {1: None, 2: None, 3: "Ольга"}
    memberships._confirmed.clear()
    group.world.faults.error(502, times=9, method="getChatMember")
    with pytest.raises(Refusal):
        await memberships.confirm(olga)
    assert await memberships.confirm(boss), "an admin is none by a group"


async def test_the_tickets_of_who_left_return_to_the_queue_and_the_team_is_told(
    group: Group,
) -> None:
    await at_work(group)
    await group.oleg.leave(group.chat)
    await group.settle()
    await group.deliver()
    assert await assignees(group) == {1: None, 2: None, 3: "Ольга"}
    told = [m.text for m in group.chat.bot_messages if "больше не в группе" in m.text]
    assert told == [
        "👤 Олег больше не в группе операторов. Вернулись в очередь 2 обращения: #1, #2."
    ]


async def test_at_the_start_and_when_the_group_is_replaced_everybody_is_asked_about(
    group: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(membership, "LOOK_EVERY", 0.02)
    await at_work(group)
    await leave_unnoticed(group, group.oleg)
    watch = asyncio.create_task(group.app.memberships.run())
    try:
        async with asyncio.timeout(30):
            while (await assignees(group))[1] is not None:
                await asyncio.sleep(0.01)
        assert (await assignees(group))[3] == "Ольга"
        fresh = group.world.supergroup("Новая группа", members=[group.boss], bot="admin")
        group.desk.company = type(group.desk.company)(
            operators_chat=chat_address(fresh.id), admins=group.desk.company.admins
        )
        async with asyncio.timeout(30):
            while (await assignees(group))[3] is not None:
                await asyncio.sleep(0.01)
    finally:
        watch.cancel()


async def test_what_cannot_be_examined_is_refused_and_costs_nobody_their_tickets(
    group: Group,
) -> None:
    await at_work(group)
    card = await group.card(3)
    group.app.memberships._confirmed.clear()
    group.world.faults.error(502, times=9, method="getChatMember")
    press = await group.forges(group.olga, card, "t:release:3")
    assert "не могу сейчас проверить" in (await press.answer()).text.lower()
    group.world.faults.clear()
    await group.chat.remove_bot()
    press = await group.forges(group.olga, card, "t:release:3")
    assert await assignees(group) == {1: "Олег", 2: "Олег", 3: "Ольга"}


async def test_words_wait_until_telegram_can_be_asked_about_who_wrote_them(group: Group) -> None:
    """What is written while Telegram is out of reach is not lost: its update waits in the queue."""
    number = await group.ticket()
    card = await group.card(number)
    group.app.memberships._confirmed.clear()
    group.world.faults.error(502, times=9, method="getChatMember")
    with pytest.raises(TelegramServerError) as failed:
        await group.says(group.olga, "Выезжаем", card)
    assert is_passing(failed.value)
    assert await group.said(number) == []
    group.world.faults.clear()
    await group.says(group.olga, "Выехали", card)
    assert await group.said(number) == ["Выехали"]


async def test_an_operator_is_asked_about_once_an_hour_not_at_every_step(
    group: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    await at_work(group)
    before = len(group.world.calls_of("getChatMember"))
    for _ in range(5):
        await group.says(group.olga, "/queue")
    assert len(group.world.calls_of("getChatMember")) == before
    later = SimpleNamespace(monotonic=lambda: time.monotonic() + 3601)
    monkeypatch.setattr(membership, "time", later)
    await group.says(group.olga, "/queue")
    assert len(group.world.calls_of("getChatMember")) == before + 1


async def test_the_bot_leaves_a_group_that_a_stranger_adds_it_to(group: Group) -> None:
    eve = group.world.user("Ева")
    foreign = group.world.supergroup("Чужая", members=[eve], bot=None)
    await foreign.add_bot(by=eve)
    await group.settle()
    assert not foreign.bot.present
    own = group.world.supergroup("Вторая", members=[group.boss], bot=None)
    await own.add_bot(by=group.boss)
    await group.settle()
    assert own.bot.present


async def test_links_are_throttled(group: Group, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(5):
        await group.anna.say("/start cam_1")
    await group.settle()
    assert "ссылок подряд" not in group.anna.last.text
    await group.anna.say("/start admin_guess")
    await group.settle()
    assert "Слишком много ссылок подряд" in group.anna.last.text
    await group.anna.say("/start")
    await group.settle()
    assert "ссылок" not in group.anna.last.text, "a plain start is no link"
    await group.boss.say("/start admin_guess")
    await group.settle()
    assert "ссылок подряд" not in group.boss.last.text, "others open theirs"
    monkeypatch.setattr(link_throttle, "WITHIN", 0.0)  # the minute is over
    await group.anna.say("/start admin_guess")
    await group.settle()
    assert "ссылок подряд" not in group.anna.last.text


# Whoever was seen in the group is known


async def handed_over(group: Group, words: str) -> str | None:
    """Whose the ticket is after Olga has handed it over so."""
    await group.ticket()
    await group.says(group.olga, f"/assign 1 {words}")
    return (await assignees(group))[1]


@pytest.mark.parametrize("words", ["@oleg_op", "@олег", "Олег", "олег"])
async def test_a_colleague_who_has_only_chatted_can_be_assigned(group: Group, words: str) -> None:
    group.oleg.username = "oleg_op"
    await group.says(group.oleg, "Доброе утро")
    assert await handed_over(group, words) == "Олег"


async def test_a_colleague_who_joined_can_be_assigned(group: Group) -> None:
    igor = group.world.user("Игорь", username="igor_op")
    await group.chat.add_member(igor)
    await group.settle()
    assert await handed_over(group, "@igor_op") == "Игорь"


async def test_an_admin_of_the_group_can_be_assigned_before_they_have_written(
    group: Group,
) -> None:
    group.oleg.username = "oleg_op"
    await group.chat.promote(group.oleg, can_pin_messages=True)
    await group.forget()
    await group.app.memberships.examine_all()
    assert await handed_over(group, "@oleg_op") == "Олег"


async def test_who_chats_without_being_a_member_is_not_known(group: Group) -> None:
    await group.says(group.oleg, "Доброе утро")
    group.world.inject(
        {
            "message": {
                "message_id": 9001,
                "date": group.chat.messages[-1].date,
                "chat": group.chat.brief(),
                "text": "комментарий",
                "from": {"id": 4242, "is_bot": False, "first_name": "Чужой"},
            }
        }
    )
    await group.settle()
    assert await handed_over(group, "Чужой") is None


async def test_a_username_means_whoever_has_it_now(group: Group) -> None:
    group.oleg.username = "duty"
    await group.says(group.oleg, "Доброе утро")
    group.oleg.username, group.boss.username = None, "duty"
    await group.says(group.boss, "Доброе утро")
    assert await handed_over(group, "@duty") == "Вера"


async def test_names_are_brought_up_to_date_by_the_hourly_look(group: Group) -> None:
    group.oleg.username = "duty"
    await group.says(group.oleg, "Доброе утро")
    group.oleg.username = None
    await group.app.memberships.examine_all()
    assert await handed_over(group, "@duty") is None


async def test_handing_over_offers_everybody_on_duty(group: Group) -> None:
    people = [group.world.user(f"Дежурный {n}") for n in range(12)]
    for one in people:
        await group.chat.add_member(one)
        await group.says(one, "/on")
    number = await group.ticket()
    card = await group.card(number)
    await group.presses(group.olga, card, "⋯ Ещё")
    await group.presses(group.olga, card, "Передать")
    labels = [label for label in card.buttons if "Дежурный" in label]
    assert len(labels) == 12
