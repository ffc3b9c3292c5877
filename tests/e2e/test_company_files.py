"""A canned response and an article with a file, over the wire: added in the chat, shown, sent."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from sandbox import Message, Person
from tests.e2e.looking import assert_sealed, soon
from tests.e2e.stage import Stage, staged

PDF = b"%PDF-1.4 how to restart"
WORDS = {
    "ru": {
        "text": "Выключите камеру на минуту.",
        "add": "📎 Приложить файл",
        "ask": "Пришлите файлы",
        "added": "теперь идёт с",
        "done": "Готово",
        "apply": "Применить",
        "applied": "Справочник изменён",
        "send": "Отправить",
        "get": "📎 Получить файлы: 1",
        "found": "Нашлось",
        "line": "📎 restart.pdf · 1 КБ",
    },
    "en": {
        "text": "Please unplug the camera for a minute.",
        "add": "📎 Add a file",
        "ask": "Send files",
        "added": "now goes with",
        "done": "Done",
        "apply": "Apply",
        "applied": "The directory is changed",
        "send": "Send",
        "get": "📎 Get the files: 1",
        "found": "Found",
        "line": "📎 restart.pdf · 1 KB",
    },
}


@pytest.fixture(params=["ru", "en"])
async def stage(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stage]:
    folder = tmp_path_factory.mktemp("files")
    async with staged(folder, language=request.param, draws_soon=True) as stage:
        stage.settings["FILES_URL"] = f"file://{folder}/files"
        async with stage.process():
            yield stage
        assert_sealed(stage)
        stage.clean()


async def add_file(stage: Stage, words: dict[str, str], screen: Message) -> None:
    """The admin adds the file to the entry on this screen."""
    admin = stage.admin
    await admin.press(words["add"], message=screen)
    await admin.expect(words["ask"], edited=None)
    await admin.send_document(data=PDF, name="restart.pdf")
    added = await admin.expect(words["added"])
    await admin.press(words["done"], message=added)
    await soon(lambda: words["line"] in added.text)


def is_file(message: Message) -> bool:
    return message.kind == "document" and message.file_bytes == PDF


async def expect_file(person: Person, count: int) -> None:
    """So many times the file has come to them by now."""
    await soon(lambda: [is_file(one) for one in person.chat.bot_messages].count(True) == count)


async def test_a_response_and_an_article_bring_their_files(stage: Stage) -> None:
    words, admin = WORDS[stage.language], stage.admin
    await admin.say(f"/t_add restart Restart\n{words['text']}")
    await admin.expect("restart")
    await admin.say("/t restart")
    await add_file(stage, words, await admin.expect(words["text"], button=words["add"]))
    alice = stage.customer()
    number, card = await stage.open_ticket(alice, "1234")
    await stage.olga.reply(card, "/t restart")
    screen = await stage.group.expect(words["text"])
    assert screen.text.splitlines()[-2:] == [words["text"], words["line"]]
    await stage.olga.press(words["send"], message=screen)
    await alice.expect(words["text"])
    await expect_file(alice, 1)
    await stage.settle()

    article = (
        '[[article]]\ncode = "lamp"\ntitle = "The lamp"\nstatus = "public"\n'
        f'language = "{stage.language}"\ntext = "{words["text"]} #"\n'
    )
    await admin.say(article)
    await admin.press_soon(words["apply"])
    await admin.expect(words["applied"], edited=None)
    await admin.say("/directory")
    for label in ("Статьи" if stage.language == "ru" else "Articles", "The lamp"):
        await admin.press_soon(label)
    await add_file(stage, words, await admin.expect(": lamp", button=words["add"], edited=None))
    await alice.say("/faq lamp")
    await alice.press_soon("📄 The lamp")
    await soon(lambda: alice.last.text.endswith(words["line"]))
    await alice.press(words["get"])
    await expect_file(alice, 2)
    await stage.settle()
    (events,) = stage.query("SELECT count(*) FROM journal WHERE event = 'response_sent'")
    assert events == (1,) and number
