"""`/stats` for admins: a picture with its period and numbers, and the lists behind them."""

from pathlib import Path
from typing import Any

import pytest

from core.reports import charts
from tests.handlers.operators.group import Group


def photos(who: Any) -> list[Any]:
    return [m for m in who.chat.bot_messages if m.to_json(nested=False).get("photo")]


async def test_an_admin_gets_one_picture_and_its_numbers(group: Group) -> None:
    await group.ticket()
    await group.ticket()
    await group.boss.say("/статистика неделя")
    await group.settle()
    (message,) = photos(group.boss)
    caption = message.to_json(nested=False)["caption"]
    assert "Новых 2, закрыто 0, сейчас открыто 2" in caption
    await group.boss.press("Очередь · 2", message=message)
    await group.settle()
    assert "#1" in group.boss.last.text and "#2" in group.boss.last.text


async def test_a_topic_alone_is_counted_and_what_is_none_is_refused_with_the_choices(
    group: Group,
) -> None:
    await group.ticket()
    await group.boss.say("/stats today оплата")
    await group.settle()
    assert "Новых 0" in photos(group.boss)[-1].to_json(nested=False)["caption"]
    for words, said in (("неделя погода", "погода"), ("31.02", "/stats month")):
        await group.boss.say(f"/stats {words}")
        await group.settle()
        assert said in group.boss.last.text
    assert len(photos(group.boss)) == 1


async def test_without_a_picture_the_numbers_come_all_the_same(
    group: Group, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(charts, "_WORKER", tmp_path / "none.py")
    await group.ticket()
    await group.boss.say("/stats")
    await group.settle()
    assert not photos(group.boss)
    assert "Новых 1" in group.boss.last.text


async def test_in_the_group_it_comes_to_the_private_chat_of_whoever_asked(group: Group) -> None:
    await group.ticket()
    posts = len(group.chat.bot_messages)
    asked = await group.says(group.boss, "/stats неделя")
    await group.acknowledged()
    assert "Новых 1" in photos(group.boss)[-1].to_json(nested=False)["caption"]
    assert asked.bot_reactions == ["👌"] and len(group.chat.bot_messages) == posts
    await group.boss.press("Очередь · 1", message=photos(group.boss)[-1])
    await group.settle()
    assert "#1" in group.boss.last.text
    wrong = await group.says(group.boss, "/stats неделя погода")
    assert "погода" in "\n".join(group.answers(wrong))


async def test_without_a_picture_or_a_private_chat_the_numbers_are_seen_by_them_alone(
    group: Group, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    await group.ticket()
    await group.boss.block_bot()
    await group.settle()
    for _ in range(2):
        asked = await group.says(group.boss, "/stats")
        await group.acknowledged()
        (told,) = [one for one in group.chat.bot_messages if one.reply_to is asked]
        assert "Новых 1" in told.text and told.extra["receiver_user"]["id"] == group.boss.id
        monkeypatch.setattr(charts, "_WORKER", tmp_path / "none.py")
    assert not photos(group.boss)


async def test_nobody_else_sees_statistics(group: Group) -> None:
    await group.ticket()
    for who in (group.anna, group.olga):
        await who.say("/stats")
    await group.settle()
    refused = await group.says(group.olga, "/stats")
    assert "Новых" not in "\n".join(group.answers(refused))
    assert not photos(group.anna) and not photos(group.olga)
