"""Notices and texts in an admin's private chat: shown with an example, changed by taps (G3, G4)."""

from channels.telegram.screens.directory_entries import PAGE
from core.directory.reader import read_directory
from core.directory.store import apply_directory
from sandbox import Message, Person
from tests.handlers.operators.group import Group


async def says(group: Group, words: str, who: Person | None = None) -> Message:
    sent = await (who or group.boss).say(words)
    await group.settle()
    return sent


async def presses(group: Group, label: str) -> None:
    await group.boss.press(label)
    await group.settle()


async def kept(group: Group) -> list[tuple[str, bool, str, int]]:
    query = "SELECT event, told, channel, delay FROM own_notice ORDER BY code"
    return [(event, bool(on), way, delay) for event, on, way, delay in await group.rows(query)]


async def test_a_notice_is_reached_in_one_tap_and_changed_by_the_second(group: Group) -> None:
    await says(group, "/уведомления")
    shown = group.boss.last
    assert shown.text.startswith("Уведомления")
    assert {"🔔 принято", "🔔 решено", "🔕 ответили", "🔔 назначение"} <= set(shown.buttons)
    await presses(group, "🔔 взяли в работу")
    assert "Обращение #12 взяли в работу." in shown.text, "an example in the reader's language"
    assert "Русский:" in shown.text and "English:" in shown.text
    await presses(group, "Через 10 минут")
    assert "Через 10 мин" in shown.text
    await presses(group, "И так, и письмом")
    await presses(group, "🔕 Не сообщать")
    assert await kept(group) == [("taken", False, "both", 600)]
    assert "Не сообщаем" in shown.text and shown.buttons == ["🔔 Сообщать", "‹ Назад"]
    await presses(group, "‹ Назад")
    assert "🔕 взяли в работу" in shown.buttons
    await presses(group, "‹ Назад")
    assert "Уведомления · 1" in shown.buttons, "the parts of the directory"
    await presses(group, "Уведомления · 1")
    assert "🔕 взяли в работу" in shown.buttons
    authors = await group.rows("SELECT origin FROM directory_version ORDER BY number")
    assert authors[-1][0] == "screen"


async def test_notices_for_topics_are_paged_with_a_way_back(group: Group) -> None:
    topics = "".join(
        f'[[topic]]\ncode = "t{n}"\ntitles = {{ ru = "Тема {n}" }}\n' for n in range(PAGE)
    )
    notices = "".join(
        f'[[notice]]\ncode = "n{n}"\nevent = "taken"\ntopic = "t{n}"\ndelay = "1h"\n'
        for n in range(PAGE)
    )
    await group.desk.run(apply_directory, read_directory(topics + notices))
    await says(group, "/уведомления")
    first = group.boss.last.buttons
    assert "🔔 принято" in first and len(first) == PAGE + 3, "a page, ›, new, back"
    label = next(one for one in first if "›" in one)
    await presses(group, label)
    second = group.boss.last.buttons
    assert not set(second) & {"🔔 принято"} and any("‹" in one for one in second)
    await presses(group, next(one for one in second if one.startswith("‹") and "Назад" not in one))
    assert group.boss.last.buttons == first
    await presses(group, "‹ Назад")
    assert any(one.startswith("Уведомления · ") for one in group.boss.last.buttons)


async def test_other_words_are_shown_in_both_languages_before_they_are_kept(group: Group) -> None:
    sent = await says(group, "/notices taken ru\nДобрый день, {customer}: <b>#{number}</b> у нас.")
    shown = group.boss.last
    assert shown.reply_to is sent and shown.buttons == ["Оставить так", "Не менять"]
    assert "Добрый день, Анна: <b>#12</b> у нас." in shown.text, "markup is text"
    assert "working on ticket #12" in shown.text, "English is the bot's own"
    assert await kept(group) == []
    await presses(group, "Оставить так")
    assert await kept(group) == [("taken", True, "chat", 0)]
    assert "Словами бота" in shown.buttons
    number = await group.ticket()
    await group.says(group.olga, f"/take {number}")
    await group.deliver()
    assert group.anna.last.text == f"Добрый день, Анна: <b>#{number}</b> у нас."
    await presses(group, "Словами бота")
    assert "Добрый день" not in shown.text and "Словами бота" not in shown.buttons


async def test_what_cannot_be_said_is_refused_with_the_reason(group: Group) -> None:
    await says(group, "/notices taken ru\n{reason}")
    assert "в скобках бывает только {customer}, {first_name}, {number}" in group.boss.last.text
    await says(group, "/notices taken de\nGuten Tag")
    assert group.boss.last.text.startswith("После названия нужен язык: en, ru.")
    await says(group, "/notices born")
    assert group.boss.last.text.startswith("Уведомления born нет. Есть: registered")
    await says(group, "/notices taken ru\nДругие слова")
    await presses(group, "Не менять")
    assert group.boss.last.text == "Хорошо, всё осталось как было."
    assert await kept(group) == []


async def test_nobody_else_reaches_them(group: Group) -> None:
    await says(group, "/notices taken ru\nУ нас.")
    shown = group.boss.last
    rows = shown.to_json(nested=False)["reply_markup"]["inline_keyboard"]
    for person in (group.olga, group.anna):
        await says(group, "/start", person)
        before = len(person.chat.bot_messages)
        await says(group, "/notices", person)
        await says(group, "/texts взяли", person)
        heard = [message.text for message in person.chat.bot_messages[before:]]
        assert not any("Уведомления" in text or "ticket.taken" in text for text in heard)
        for data in (rows[0][0]["callback_data"], "os:taken:off", "ol"):
            await person.press_data(person.chat.bot_messages[0], data)
        await group.settle()
    assert await kept(group) == []


async def test_a_text_is_found_by_its_words_and_given_as_a_table(group: Group) -> None:
    await says(group, "/texts взяли в работу")
    found = group.boss.last.text
    assert "ticket.taken: Обращение #{number} взяли в работу." in found
    await says(group, "/тексты ticket.taken")
    table = group.boss.last.text.partition("\n")[2]
    assert table.startswith('[[text]]\ncode = "ticket.taken"\n')
    await says(group, table.replace("взяли в работу", "у мастера"))
    assert group.boss.last.buttons == ["Применить", "Не менять"]
    await presses(group, "Применить")
    ((code,),) = await group.rows("SELECT code FROM own_text")
    assert code == "ticket.taken"
    await says(group, "/texts абракадабра")
    assert group.boss.last.text == "Текстов со словами «абракадабра» нет."
    await says(group, "/texts")
    assert group.boss.last.text.startswith("Найти текст бота")
