"""What an operator is asked: buttons for topics, a question for a date; `/help` in sections."""

import pytest

from channels.telegram.screens.help import FOR_ADMINS, IN_PRIVATE, SECTIONS
from core.texts import Texts
from handlers.telegram.operators.commands import COMMANDS
from sandbox import Message as Sent
from tests.handlers.operators.group import Group


def answer(group: Group, to: Sent) -> Sent:
    """What was answered to a message in the group."""
    return next(m for m in group.chat.bot_messages if m.reply_to is to)


# Another date


async def asked_for_date(group: Group) -> tuple[int, Sent]:
    """Olga wants another date for a new ticket: its number, and what she is asked."""
    number = await group.ticket()
    card = await group.card(number)
    await group.presses(group.olga, card, "Заморозить")
    press = await group.presses(group.olga, card, "Другая дата")
    assert press.text == "Ответьте на вопрос ниже."
    return number, answer(group, card)


async def test_another_date_is_asked_for_and_the_reply_freezes(group: Group) -> None:
    number, question = await asked_for_date(group)
    assert question.text.startswith(f"Ольга, до какого времени заморозить #{number}?")
    assert question.force_reply
    await group.says(group.olga, "завтра 18:00 ждём поставку", question)
    row = await group.row(number)
    assert (row.state, row.reason) == ("frozen", "ждём поставку")
    assert await group.said(number) == []


async def test_a_reply_without_a_time_is_asked_again(group: Group) -> None:
    number, question = await asked_for_date(group)
    said = await group.says(group.olga, "5/6", question)
    assert f"/freeze {number}" in answer(group, said).text
    assert (await group.row(number)).state == "new"
    await group.says(group.olga, "завтра", question)
    assert (await group.row(number)).state == "frozen"


async def test_a_note_below_the_question_stays_a_note(group: Group) -> None:
    number, question = await asked_for_date(group)
    await group.says(group.olga, "// поставщик молчит", question)
    assert await group.notes(number) == ["поставщик молчит"]
    assert (await group.row(number)).state == "new"


# Topics


async def test_a_topic_without_words_offers_all_others(group: Group) -> None:
    number = await group.ticket()
    offered = answer(group, await group.says(group.olga, f"/topic {number}"))
    assert offered.text == f"#{number}: какая тема?"
    assert "Оплата" in offered.buttons and "Качество изображения" not in offered.buttons
    press = await group.presses(group.olga, offered, "Оплата")
    assert press.text == offered.text == f"#{number}: тема «Оплата»."
    assert (await group.row(number)).topic == "payment"


# Help


async def test_help_is_a_screen_with_sections(group: Group) -> None:
    told = answer(group, await group.says(group.olga, "/help"))
    assert len(told.text.split("\n")) < 20
    assert "/take 12" in told.text and "/queue" not in told.text
    await group.presses(group.olga, told, "Списки и поиск")
    assert "/queue" in told.text and "/take 12" not in told.text


async def test_only_admins_find_their_section_and_what_to_do_in_private(group: Group) -> None:
    told = answer(group, await group.says(group.olga, "/help"))
    assert "Администратору" not in told.buttons
    told = answer(group, await group.says(group.boss, "/help"))
    await group.presses(group.boss, told, "Администратору")
    assert "/report" in told.text and "/setup" in told.text


def test_every_command_stands_in_one_section(texts: Texts) -> None:
    named = [name for section in SECTIONS.values() for name in section]
    assert sorted(named) == sorted(COMMANDS)
    assert {name for name, row in COMMANDS.items() if row.admins} == set(SECTIONS[FOR_ADMINS])
    assert {f"command.private.{name}" for name in IN_PRIVATE} <= set(texts.keys("ru"))


# In private


@pytest.mark.parametrize(("who", "admin"), [("olga", False), ("boss", True)])
async def test_staff_are_greeted_as_staff_and_find_their_help(
    group: Group, who: str, admin: bool
) -> None:
    person = getattr(group, who)
    await group.says(person, "/on")
    await person.say("/start")
    await group.settle()
    assert "/queue" in person.last.text
    assert ("/setup" in person.last.text) == ("/report" in person.last.text) == admin
    await person.say("/help")
    await group.settle()
    assert "/queue" in person.last.text
    assert "/take 12" not in person.last.text, "that is for the group"
    assert ("/quarantine" in person.last.text) == admin


async def test_customers_are_greeted_as_customers(group: Group) -> None:
    await group.anna.say("/start")
    await group.settle()
    assert "/queue" not in group.anna.last.text
