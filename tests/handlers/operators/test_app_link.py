"""``/app`` in private: a way to the table of tickets, for those who work here."""

from typing import Any

import pytest

from core.people.app_logins import use_link
from tests.handlers.operators.group import Group


async def _asks(group: Group, words: str = "/app") -> None:
    await group.says(group.olga, "/on")
    await group.olga.say(words)
    await group.settle()


@pytest.mark.parametrize("words", ["/app", "/таблица"])
async def test_an_operator_gets_a_button_and_a_link_that_counts_once(
    group: Group, words: str
) -> None:
    group.settings["PUBLIC_URL"] = "https://desk.example.org"
    group.restart()
    await _asks(group, words)
    shown = group.olga.last.to_json(nested=False)["reply_markup"]["inline_keyboard"][0]
    assert shown[0]["web_app"] == {"url": "https://desk.example.org/app"}
    address, _, secret = shown[1]["url"].rpartition("/")
    assert address == "https://desk.example.org/app/enter"
    who = await group.desk.run(use_link, secret)
    assert who is not None and who.chat == str(group.olga.id)
    assert await group.desk.run(use_link, secret) is None


def buttons(message: Any) -> list[dict[str, Any]]:
    """The buttons below a message, in a row."""
    rows = message.to_json(nested=False)["reply_markup"]["inline_keyboard"]
    return [one for row in rows for one in row]


async def more(group: Group, number: int) -> list[dict[str, Any]]:
    """What the card shows behind «more»."""
    await group.presses(group.olga, await group.card(number), "⋯ Ещё")
    return buttons(await group.card(number))


async def test_from_the_group_one_press_leads_to_the_way_in(group: Group) -> None:
    group.settings["PUBLIC_URL"] = "https://desk.example.org"
    group.restart()
    await group.says(group.olga, "/app")
    await group.settle()
    led = buttons(group.chat.bot_messages[-1])
    assert len(led) == 1 and led[0]["url"].endswith("?start=app")
    await group.olga.start("app")
    await group.settle()
    assert buttons(group.olga.last)[0]["web_app"] == {"url": "https://desk.example.org/app"}


async def test_a_bot_with_a_main_mini_app_opens_it_from_the_group(group: Group) -> None:
    group.settings["PUBLIC_URL"] = "https://desk.example.org"
    group.restart()
    me = await group.bot.me()
    group.bot._me = me.model_copy(update={"has_main_web_app": True})
    await group.says(group.olga, "/app")
    await group.settle()
    led = [one["url"] for one in buttons(group.chat.bot_messages[-1])]
    assert led == [f"https://t.me/{me.username}?{way}" for way in ("startapp", "start=app")]


@pytest.mark.parametrize(("main", "way"), [(True, "startapp=t"), (False, "start=app_")])
async def test_a_card_opens_its_ticket_in_the_app(group: Group, main: bool, way: str) -> None:
    group.settings["PUBLIC_URL"] = "https://desk.example.org"
    group.restart()
    me = await group.bot.me()
    group.bot._me = me.model_copy(update={"has_main_web_app": main})
    number = await group.ticket()
    urls = [one["url"] for one in await more(group, number) if "url" in one]
    assert urls == [f"https://t.me/{me.username}?{way}{number}"]
    if main:
        return
    await group.says(group.olga, "/on")
    await group.olga.start(f"app_{number}")
    await group.settle()
    opened, browser = buttons(group.olga.last)
    assert opened["web_app"] == {"url": f"https://desk.example.org/app/t/{number}"}
    assert browser["url"].endswith(f"?t={number}")


async def test_where_there_is_no_app_a_card_and_the_group_lead_nowhere(group: Group) -> None:
    number = await group.ticket()
    assert [one for one in await more(group, number) if "url" in one] == []
    await group.says(group.olga, "/app")
    await group.settle()
    assert "PUBLIC_URL" in group.chat.bot_messages[-1].text


async def test_without_an_address_of_the_server_it_is_said_what_is_missing(group: Group) -> None:
    await _asks(group)
    assert "PUBLIC_URL" in group.olga.last.text


async def test_a_customer_is_not_told_of_it(group: Group) -> None:
    await group.anna.say("/app")
    await group.settle()
    assert "Не знаю команды /app" in group.anna.last.text
