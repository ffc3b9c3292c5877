"""The directory changed by taps and words in an admin's private chat (X12)."""

import json
from dataclasses import replace
from typing import Final

from channels.telegram.screens.buttons import LONGEST_LABEL
from channels.telegram.screens.callback_data import parse, parted
from channels.telegram.screens.directory_entries import PAGE, DirectoryKind, DirectoryKinds
from channels.telegram.screens.entry_buttons import AskValue
from core.directory.entry_edits import mark_of_key
from core.directory.kinds import KINDS
from core.directory.reader import read_directory
from core.directory.shapes import asked_fields
from core.directory.store import apply_directory, restore_version, show_directory
from core.models import TicketArticle
from core.tx import Tx
from core.words.names import visible
from tests.channels.telegram.hostile import HOSTILE
from tests.handlers.operators.group import Group

ENTRIES: Final = """
[[topic]]
code = "payment"
titles = { ru = "Оплата", en = "Payment" }

[[service]]
code = "video"
titles = { ru = "Видео" }

[[calendar]]
code = "office"
title = "Контора"
zone = "Europe/Moscow"
week = { mon = ["09:00-18:00"] }

[[agreement]]
code = "standard"
title = "Обычное"
calendar = "office"
terms = [{ reaction = "4h" }]

[[closing_reason]]
code = "mended"
titles = { ru = "Починили" }

[[field]]
code = "entrance"
titles = { ru = "Подъезд" }
kind = "text"

[[team]]
code = "first"
titles = { ru = "Первая линия" }

[[response]]
code = "reboot"
title = "Перезагрузить"
texts = { ru = "Перезагрузите камеру." }

[[article]]
code = "app"
title = "Приложение"
text = "Оно есть в магазинах."
language = "ru"

[[view]]
code = "old"
titles = { ru = "Старые" }

[[rule]]
code = "fire"
title = "Пожар"
event = "opened"
then = { priority = "urgent" }

[[report]]
code = "figures"
what = "week"
days = ["mon"]

[[notice]]
code = "payments"
event = "taken"
topic = "payment"

[[text]]
code = "ticket.opened"
texts = { ru = "Записали: #{number}." }

[[tag]]
word = "vip"

[[mailbox]]
code = ""
"""
# Of these the chat of the tests makes none: they need an account, which `/contract` makes.
_WITHOUT: Final = ("account_agreement", "account_domain")


async def filled(group: Group) -> None:
    text = ENTRIES.replace('code = ""', 'address = "help@frontdoor.example"')
    await group.desk.run(apply_directory, read_directory(text))


async def presses(group: Group, *parts: str) -> None:
    for part in parts:
        label = next(one for one in group.boss.last.buttons if part in one)
        await group.boss.press(label)
        await group.settle()


async def says(group: Group, words: str) -> str:
    await group.boss.say(words)
    await group.settle()
    return group.boss.last.text


def data_of(group: Group) -> dict[str, str]:
    """What the buttons of the last message carry, by their label."""
    rows = group.boss.last.to_json(nested=False)["reply_markup"]["inline_keyboard"]
    return {one["text"]: one["callback_data"] for row in rows for one in row}


async def taps(group: Group, data: str) -> None:
    await group.boss.press_data(group.boss.last, data)
    await group.settle()


async def test_every_value_of_every_kind_is_asked_for_at_the_third_tap(group: Group) -> None:
    """Also that each screen can be left again, and that no button is longer than it may be."""
    await filled(group)
    await says(group, "/directory")
    for kind in (one for one in KINDS if one.name not in _WITHOUT):
        await says(group, "/directory")
        first = DirectoryKind(kind=kind.name, page=0).pack()
        assert first in {parted(data)[0] for data in data_of(group).values()}
        await taps(group, first)  # the first tap
        if not kind.single:
            entries = [data for data in data_of(group).values() if data.startswith("de:show:")]
            await taps(group, entries[-1])  # the second
        assert all(len(label) <= LONGEST_LABEL for label in data_of(group))
        asked = [one for one in map(_parsed, data_of(group).values()) if isinstance(one, AskValue)]
        wanted = [one.mark for one in asked_fields(kind, ("ru", "en")) if one.name != kind.key]
        assert [one.field for one in asked] == wanted, kind.name
        await taps(group, asked[-1].pack())  # the third: it is asked
        assert "‹ Назад" in group.boss.last.buttons
        text = group.boss.last.text
        await presses(group, "‹ Назад")
        assert group.boss.last.text != text, "back at the entry"


async def test_every_entry_of_a_long_list_is_asked_about_within_three_taps(group: Group) -> None:
    """Those of the first page by two taps; others by their words, which need none."""
    long = PAGE + 15
    text = "".join(
        f'[[topic]]\ncode = "t{n}"\ntitles = {{ ru = "Подъезд {n:03}", en = "Door {n:03}" }}\n'
        for n in range(long)
    )
    await group.desk.run(apply_directory, read_directory(text))
    await says(group, "/directory")
    await taps(group, DirectoryKind(kind="topic", page=0).pack())  # the first tap
    assert "/directory и слова из названия" in group.boss.last.text
    shown = [one for one in group.boss.last.buttons if "Подъезд" in one]
    assert len(group.boss.last.buttons) <= 100, "Telegram shows no more"
    for title in (f"Подъезд {n:03}" for n in range(long)):
        if any(title in one for one in shown):
            continue  # the second tap, and the third asks
        await says(group, f"/directory {title.lower()}")
        assert title in group.boss.last.text
        asked = [one for one in map(_parsed, data_of(group).values()) if isinstance(one, AskValue)]
        assert asked, "the first tap asks"
    await says(group, "/directory")
    await taps(group, DirectoryKind(kind="topic", page=0).pack())
    await presses(group, "›")
    assert any("Подъезд 054" in one for one in group.boss.last.buttons)
    await presses(group, "‹ Назад")
    assert "Темы" in " ".join(group.boss.last.buttons)


async def test_words_find_entries_of_any_kind(group: Group) -> None:
    await filled(group)
    await says(group, "/directory оплата")
    assert any(one.startswith("Оплата · ") for one in group.boss.last.buttons) or (
        "Оплата" in group.boss.last.text
    )
    await says(group, "/directory нетакого")
    assert group.boss.last.text.startswith("Ничего не называется «нетакого».")
    await says(group, "/directory " + "".join(HOSTILE[:1]))
    assert group.boss.last.text


async def test_the_name_of_a_part_opens_it(group: Group) -> None:
    await filled(group)
    for words in ("темы", "Topic"):
        await says(group, f"/directory {words}")
        assert group.boss.last.text.startswith("Темы")
        assert DirectoryKinds().pack() in data_of(group).values(), "back to all parts"


async def test_settings_and_topics_are_found_by_their_names(group: Group) -> None:
    for command in ("/settings", "/настройки"):
        assert (await says(group, command)).startswith("Настройка\n")
    for command in ("/topics", "/темы"):
        assert (await says(group, command)).startswith("Темы")
    assert "/setup" not in group.boss.last.text, "the desk is ready"
    assert "канал, администраторы" in await says(group, "/directory settings")


async def test_where_no_group_answers_yet_the_set_up_is_named(group: Group) -> None:
    group.desk.company = replace(group.desk.company, operators_chat=None)
    for command in ("/directory", "/topics", "/directory settings"):
        assert "нет группы операторов. По шагам — /setup" in await says(group, command)


async def test_the_topic_of_cameras_is_said_to_be_opened_by_the_menu(group: Group) -> None:
    await says(group, "/topics")
    await presses(group, "📷 Неисправность камеры")
    assert "Открывается кнопкой «📷 Неисправность камеры»" in group.boss.last.text
    assert "Сейчас выключено" not in group.boss.last.text
    await presses(group, "Включить")
    assert "Открывается кнопкой" not in group.boss.last.text


async def test_what_tells_of_cameras_does_not_say_that_their_topic_is_off(group: Group) -> None:
    article = '[[article]]\ncode = "restart"\ntitle = "Restart"\ntext = "Wait."\n'
    text = f'{article}language = "ru"\ntopic = "camera"\n'
    await group.desk.run(apply_directory, read_directory(text))
    shown = await says(group, "/directory restart")
    assert "Тема: Неисправность камеры\n" in shown


def _parsed(data: str) -> object:
    return parse(parted(data)[0])


async def test_hostile_words_are_shown_as_text_and_break_nothing(group: Group) -> None:
    await filled(group)
    before = await group.desk.read(show_directory)
    await says(group, "/directory")
    await presses(group, "Готовые ответы", "Перезагрузить", "Название")
    for words in HOSTILE[::6]:
        shown = await says(group, words)
        assert "Станет: " in shown or "✋" in shown, words
        if "Станет: " in shown:
            assert visible(words).split()[0] in shown, words
            await presses(group, "‹ Назад")
    assert await group.desk.read(show_directory) == before


async def test_cancel_ends_the_question_and_the_next_words_are_words(group: Group) -> None:
    await filled(group)
    await says(group, "/directory")
    await presses(group, "Темы", "Оплата", "Срок ответа")
    assert await says(group, "/cancel") == "Хорошо, ничего не меняю."
    assert "Станет" not in await says(group, "2 дня")


async def test_a_button_of_the_menu_is_no_answer(group: Group) -> None:
    await filled(group)
    await says(group, "/directory")
    await presses(group, "Темы", "Оплата", "Название (русский)")
    assert "Станет" not in await says(group, "📂 Мои обращения")


async def test_a_button_below_an_older_answer_applies_nothing(group: Group) -> None:
    await filled(group)
    await says(group, "/directory")
    await presses(group, "Темы", "Оплата", "Срок ответа")
    await says(group, "2 дня")
    older, data = group.boss.last, data_of(group)["Применить"]
    await says(group, "/directory")
    await presses(group, "Темы", "Оплата", "Срок ответа")
    await says(group, "3 дня")
    press = await group.forges(group.boss, older, data)
    assert (await press.answer()).text == "Кнопка устарела."
    await presses(group, "Применить")
    assert "Срок ответа: 3 дня" in group.boss.last.text


async def test_who_is_no_admin_is_refused_with_a_forged_button(group: Group) -> None:
    await filled(group)
    await says(group, "/directory")
    await presses(group, "Темы", "Оплата", "Срок ответа")
    await says(group, "2 дня")
    data = data_of(group)["Применить"]
    await group.olga.start()
    await group.settle()
    before = await group.desk.read(show_directory)
    for forged in (data, "en:new:topic::", "ea:topic:0123abcd:abcdef"):
        press = await group.forges(group.olga, group.olga.last, forged)
        assert (await press.answer()).text == "Кнопка устарела."
    assert await group.desk.read(show_directory) == before


async def test_whoever_was_slower_sees_what_the_other_changed(group: Group) -> None:
    await filled(group)
    await says(group, "/directory")
    await presses(group, "Темы", "Оплата", "Срок ответа")
    await says(group, "2 дня")
    other = ENTRIES.split("[[service]]")[0].replace("Оплата", "Деньги")
    await group.desk.run(apply_directory, read_directory(other))
    await presses(group, "Применить")
    shown = group.boss.last.text
    assert "справочник изменили" in shown and "Деньги" in shown and "Станет: 2 дня" in shown
    await presses(group, "Применить")
    ((titles, seconds),) = await group.rows(
        "SELECT titles, answer_seconds FROM topic WHERE code = 'payment'"
    )
    assert json.loads(titles)["ru"] == "Деньги" and seconds == 2 * 86400


async def test_the_words_of_a_notice_are_asked_for_at_the_third_tap(group: Group) -> None:
    await filled(group)
    await says(group, "/directory")
    await presses(group, "Уведомления")
    assert "payments" in group.boss.last.buttons, "an entry for a topic alone"
    await presses(group, "взяли в работу", "Слова по-русски")
    assert "✋" in await says(group, "Занимается {nobody}.")
    await says(group, "Занимается {operator}.")
    await presses(group, "Добавить")
    assert 'texts = { ru = "Занимается {operator}." }' in await group.desk.read(show_directory)
    await says(group, "/directory")
    await presses(group, "Уведомления", "взяли в работу", "Слова по-русски")
    assert "Сейчас: Занимается {operator}." in group.boss.last.text, "the entry that is there"


async def test_what_was_changed_is_taken_back_by_a_button(group: Group) -> None:
    await filled(group)
    before = await group.desk.read(show_directory)
    await says(group, "/directory")
    await presses(group, "Настройки", "Срок ответа")
    assert "✋" in await says(group, "3 часа"), "shorter than the reminder"
    await says(group, "4 дня")
    await presses(group, "Применить", "Вернуть как было")
    assert await group.desk.read(show_directory) == before


async def test_an_article_is_deleted_after_a_question_and_an_old_version_has_it(
    group: Group,
) -> None:
    await filled(group)
    await says(group, "/directory Приложение")
    await presses(group, "Приложение · Статьи", "🗑 Удалить")
    assert "Удалить статью?" in group.boss.last.text
    await presses(group, "Назад")
    await presses(group, "🗑 Удалить")
    gone = data_of(group)["Да, удалить"]
    await presses(group, "Да, удалить")
    assert "Приложение" not in group.boss.last.text
    assert await group.rows("SELECT code FROM article") == []
    press = await group.boss.press_data(group.boss.last, gone)
    await group.settle()
    assert (await press.answer()).text == "Кнопка устарела."
    await group.desk.run(restore_version, 2)
    assert await group.rows("SELECT code FROM article") == [("app",)]


async def test_an_article_that_tickets_know_stays(group: Group) -> None:
    await filled(group)
    number = await group.ticket()

    async def link(tx: Tx) -> None:
        await tx.insert(TicketArticle(ticket_id=number, article="app", at=tx.now))

    await group.desk.run(link)
    await says(group, "/directory Приложение")
    await presses(group, "Приложение · Статьи")
    press = await group.boss.press("🗑 Удалить")
    await group.settle()
    assert (await press.answer()).text.startswith("Статья есть в 1 обращении, поэтому она остаётся")
    assert await group.rows("SELECT code FROM article") == [("app",)]


async def test_only_articles_are_deleted_and_only_by_admins(group: Group) -> None:
    await filled(group)
    await says(group, "/directory Оплата")
    assert "🗑 Удалить" not in group.boss.last.buttons
    await taps(group, f"en:removed:topic:{mark_of_key('payment')}:")
    assert ("payment",) in await group.rows("SELECT code FROM topic ORDER BY code")
