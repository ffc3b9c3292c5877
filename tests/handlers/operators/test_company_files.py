"""Files of responses and articles in the chats: sent to the bot by an admin, shown, delivered."""

from pathlib import Path

import pytest

from core.directory.reader import read_directory
from core.directory.store import apply_directory, show_directory
from core.files import name_of
from sandbox import Message as Sent
from sandbox import Person
from tests.handlers.operators.group import Group

FILE = """
[[response]]
code = "reboot"
title = "Перезагрузить камеру"
topic = "picture"
texts = { ru = "Выключите камеру на минуту." }

[[article]]
code = "how"
title = "Как перезагрузить"
text = "Вот схема."
status = "public"
language = "ru"
"""
PDF = b"%PDF-1.4 how to"
PNG = b"\x89PNG plan"


@pytest.fixture
async def desk(group: Group, tmp_path: Path) -> Group:
    """The group, with a store of its own."""
    group.settings["FILES_URL"] = f"file://{tmp_path}/files"
    group.restart()
    await group.desk.run(apply_directory, read_directory(FILE))
    return group


async def says(group: Group, who: Person, words: str) -> None:
    await who.say(words)
    await group.settle()


async def sends(group: Group, data: bytes, name: str, who: Person | None = None) -> None:
    await (who or group.boss).send_document(data=data, name=name)
    await group.settle()


async def presses(group: Group, label: str, who: Person | None = None) -> None:
    await (who or group.boss).press(label)
    await group.settle()


def name_in(message: Sent) -> str | None:
    """What its file is called, if it brings one."""
    document = message.to_json(nested=False).get("document")
    return None if document is None else str(document["file_name"])


def documents(who: Person) -> list[tuple[str, bytes]]:
    """Names and bytes of the files that the bot sent them, in order."""
    sent = [(name_in(one), one) for one in who.chat.bot_messages]
    return [(name, one.file_bytes) for name, one in sent if name is not None]


def below(group: Group, message: Sent) -> Sent:
    (screen,) = [one for one in group.chat.bot_messages if one.reply_to is message]
    return screen


async def with_files(group: Group) -> None:
    await says(group, group.boss, "/t reboot")
    await presses(group, "📎 Приложить файл")
    await sends(group, PDF, "Инструкция.pdf")
    await sends(group, PNG, "схема.png")
    await presses(group, "Готово")


async def test_an_admin_adds_files_to_a_response_and_takes_one_out(desk: Group) -> None:
    await says(desk, desk.boss, "/t reboot")
    await presses(desk, "📎 Приложить файл")
    assert desk.boss.last.text.startswith("Пришлите файлы для «Перезагрузить камеру»")
    await sends(desk, PDF, "Инструкция.pdf")
    assert desk.boss.last.text.startswith(
        "📎 Инструкция.pdf теперь идёт с «Перезагрузить камеру». Файлов там: 1."
    )
    await sends(desk, b"MZ", "setup.exe")
    assert desk.boss.last.text.startswith("«setup.exe» — программа.")
    await sends(desk, PDF, "Снова.pdf")
    assert desk.boss.last.text == "Файл «Снова.pdf» уже приложен."
    await sends(desk, PNG, "схема.png")
    await presses(desk, "Готово")
    shown = desk.boss.last
    written = await desk.desk.read(show_directory)
    assert f'files = ["Инструкция.pdf sha256:{name_of(PDF)}", "схема.png' in written
    assert shown.text.splitlines()[-3:-1] == ["📎 Инструкция.pdf · 1 КБ", "📎 схема.png · 1 КБ"]
    await presses(desk, "✖️ Инструкция.pdf")
    assert shown.text.splitlines()[-2:-1] == ["📎 схема.png · 1 КБ"]
    origins = await desk.rows("SELECT origin FROM directory_version ORDER BY number")
    assert [origin for (origin,) in origins][-3:] == ["screen"] * 3


async def test_a_file_of_whoever_was_not_asked_is_a_message_like_any_other(desk: Group) -> None:
    await sends(desk, PDF, "Инструкция.pdf")
    assert await desk.rows("SELECT * FROM company_file") == []
    await with_files(desk)
    kept = await desk.rows("SELECT count(*) FROM company_file")
    await sends(desk, b"later", "после.pdf")
    assert await desk.rows("SELECT count(*) FROM company_file") == kept == [(2,)]


async def test_a_response_is_shown_with_its_files_and_goes_with_them(desk: Group) -> None:
    await with_files(desk)
    number = await desk.ticket()
    screen = below(desk, await desk.says(desk.olga, f"/t {number} reboot"))
    words = ["Выключите камеру на минуту.", "📎 Инструкция.pdf · 1 КБ", "📎 схема.png · 1 КБ"]
    assert screen.text.splitlines()[1:] == words
    await desk.presses(desk.olga, screen, "Отправить")
    assert screen.text.splitlines()[1:] == words
    await desk.deliver()
    said = [name_in(one) or one.text for one in desk.anna.chat.bot_messages[-3:]]
    assert said == ["Выключите камеру на минуту.", "Инструкция.pdf", "схема.png"]
    assert documents(desk.anna) == [("Инструкция.pdf", PDF), ("схема.png", PNG)]
    assert len(await desk.said(number)) == 3


async def test_a_reader_is_sent_the_files_of_an_article_when_they_ask(desk: Group) -> None:
    await says(desk, desk.boss, "/directory")
    for label in ("Статьи", "Как перезагрузить", "📎 Приложить файл"):
        await presses(desk, label)
    await sends(desk, PDF, "Инструкция.pdf")
    await says(desk, desk.anna, "/faq перезагрузить")
    await presses(desk, "📄 Как перезагрузить", desk.anna)
    assert desk.anna.last.text.splitlines()[-1] == "📎 Инструкция.pdf · 1 КБ"
    for _ in range(2):
        await presses(desk, "📎 Получить файлы: 1", desk.anna)
    assert documents(desk.anna) == [("Инструкция.pdf", PDF)] * 2
    number = await desk.ticket()
    screen = below(desk, await desk.says(desk.olga, f"/kb {number} перезагрузить"))
    await desk.presses(desk.olga, screen, "Как перезагрузить")
    assert screen.text.splitlines()[-1] == "📎 Инструкция.pdf · 1 КБ"
    await desk.presses(desk.olga, screen, "Отправить")
    await desk.deliver()
    assert documents(desk.anna)[2:] == [("Инструкция.pdf", PDF)]
