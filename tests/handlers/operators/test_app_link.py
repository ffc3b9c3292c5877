"""``/app`` in private: a way to the table of tickets, for those who work here."""

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


async def test_from_the_group_one_press_leads_to_the_way_in(group: Group) -> None:
    group.settings["PUBLIC_URL"] = "https://desk.example.org"
    group.restart()
    await group.says(group.olga, "/app")
    await group.settle()
    led = group.chat.bot_messages[-1].to_json(nested=False)["reply_markup"]["inline_keyboard"]
    assert led[0][0]["url"].endswith("?start=app")
    await group.olga.start("app")
    await group.settle()
    shown = group.olga.last.to_json(nested=False)["reply_markup"]["inline_keyboard"][0]
    assert shown[0]["web_app"] == {"url": "https://desk.example.org/app"}


async def test_without_an_address_of_the_server_it_is_said_what_is_missing(group: Group) -> None:
    await _asks(group)
    assert "PUBLIC_URL" in group.olga.last.text


async def test_a_customer_is_not_told_of_it(group: Group) -> None:
    await group.anna.say("/app")
    await group.settle()
    assert "Не знаю команды /app" in group.anna.last.text
