"""`/export` for admins: everything as a workbook, sent to whoever asked, and noted."""

import io
from typing import Any
from zipfile import ZipFile

import openpyxl
import pytest
from sqlalchemy import select

from core.directory.reader import read_directory
from core.directory.store import apply_directory
from core.models import JournalEntry
from core.tickets.search_index import index_new
from handlers.telegram.admins import export
from tests.handlers.operators.group import Group

VIEW = """
[[view]]
code = "repeated"
titles = { ru = "Повторы", en = "Repeated" }
tags = ["повтор"]
order = "newest"
"""


def documents(who: Any) -> list[Any]:
    return [m for m in who.chat.bot_messages if m.to_json(nested=False).get("document")]


async def exported(group: Group) -> list[Any]:
    async with group.desk.database.read() as session:
        query = select(JournalEntry.facts).where(JournalEntry.event == "exported")
        return list(await session.scalars(query.order_by(JournalEntry.id)))


async def received(group: Group, words: str) -> Any:
    """The workbook that comes after these words."""
    await group.boss.say(words)
    await group.settle()
    document = documents(group.boss)[-1].to_json(nested=False)["document"]
    assert document["file_name"].endswith(".xlsx")
    file = await group.bot.get_file(document["file_id"])
    data = io.BytesIO()
    await group.bot.download_file(str(file.file_path), data)
    return openpyxl.load_workbook(data)


async def test_an_admin_gets_everything_as_a_workbook(group: Group) -> None:
    await group.ticket()
    book = await received(group, "/export")
    assert book.sheetnames == ["tickets", "messages", "notes", "journal", "reads"]
    assert book["tickets"]["A2"].value == 1 and book["tickets"]["A1"].value == "Номер"
    book = await received(group, "/выгрузка 01.01.2020 2020-01-31")
    assert book["tickets"].max_row == 1
    assert [facts["since"] is None for facts in await exported(group)] == [True, False]


async def test_what_is_overdue_comes_as_a_workbook_with_days_in_work(group: Group) -> None:
    await group.ticket("Первая беда")
    await group.ticket("Вторая беда")
    group.clock.move(days=5)
    await group.ticket("Ещё не просрочена")
    book = await received(group, "/report overdue xlsx")
    head, *rows = book["overdue"].iter_rows(values_only=True)
    assert head[0] == "Номер" and head[-1] == "Последние слова клиента"
    assert [row[0] for row in rows] == [1, 2]
    assert [row[7:] for row in rows] == [(48, 5, "Первая беда"), (48, 5, "Вторая беда")]
    await group.anna.say("/report overdue xlsx")
    await group.settle()
    assert not documents(group.anna)


@pytest.mark.parametrize(
    "words", ["вчера", "2026-13-01", "1 2 3", "2026-11-01 2026-11-02 2026-11-03"]
)
async def test_days_that_are_none_get_an_example(group: Group, words: str) -> None:
    await group.boss.say(f"/export {words}")
    await group.settle()
    assert "/export 2026-11-01 2026-11-30" in group.boss.last.text
    assert not await exported(group)


async def test_what_a_chat_cannot_take_is_said(
    group: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "LARGEST", 10)
    await group.boss.say("/export")
    await group.settle()
    assert "python -m bot export" in group.boss.last.text
    assert not documents(group.boss)


async def test_nobody_else_exports_anything(group: Group) -> None:
    stranger = group.world.user("Ева", started=True)
    for who in (stranger, group.olga):
        await who.say("/export")
    await group.settle()
    assert not await exported(group)
    assert not documents(stranger) and not documents(group.olga)


async def test_an_admin_whose_file_cannot_be_made_is_told(
    group: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(export, "write_tables", full)
    await group.boss.say("/export")
    await group.settle()
    assert group.boss.last.text.startswith("Не получилось")
    assert "space" not in group.boss.chat.transcript(echo=False)


async def archive(group: Group, words: str) -> dict[str, list[str]]:
    """The lines of the text files that come after these words, by name."""
    await group.boss.say(words)
    await group.settle()
    document = documents(group.boss)[-1].to_json(nested=False)["document"]
    assert document["file_name"].endswith(".zip")
    file = await group.bot.get_file(document["file_id"])
    data = io.BytesIO()
    await group.bot.download_file(str(file.file_path), data)
    with ZipFile(data) as packed:
        return {
            one: packed.read(one).decode("utf-8-sig").split("\r\n") for one in packed.namelist()
        }


async def test_csv_comes_as_an_archive(group: Group) -> None:
    await group.ticket("=1+1")
    files = await archive(group, "/export csv")
    assert sorted(files) == ["journal.csv", "messages.csv", "notes.csv", "reads.csv", "tickets.csv"]
    assert files["tickets.csv"][0].startswith("Номер;Знак;Состояние")
    assert "'=1+1" in files["messages.csv"][1]
    files = await archive(group, "/export overdue csv")
    assert len(files["tickets.csv"]) == 2, "the heading and the end"


async def test_a_list_by_name_a_saved_one_or_a_search_has_its_tickets(group: Group) -> None:
    await group.desk.run(apply_directory, read_directory(VIEW))
    first, second = await group.ticket("Калитка скрипит"), await group.ticket("Темно во дворе")
    await group.says(group.olga, f"/take {second}")
    await group.says(group.olga, f"/tag {first} повтор")
    await group.desk.run(index_new)
    for words, numbers in (
        ("free", [first]),
        ("ничьи", [first]),
        ("queue", [first, second]),
        ("repeated", [first]),
        ("Повторы", [first]),
        ("find темно двор", [second]),
        ("find #повтор", [first]),
        (f"поиск {second}", [second]),
        ("2020-01-01 2020-01-31 queue", []),
    ):
        book = await received(group, f"/export {words}")
        assert [row[0] for row in book["tickets"].iter_rows(min_row=2, values_only=True)] == numbers
        said = {row[1] for row in book["messages"].iter_rows(min_row=2, values_only=True)}
        assert said == set(numbers), words
    views = [facts["view"] for facts in await exported(group)]
    assert views[:3] == ["free", "free", "queue"] and views[5] == "find"


async def numbers_of(group: Group) -> list[Any]:
    """The tickets of the workbook that came last."""
    document = documents(group.boss)[-1].to_json(nested=False)["document"]
    file = await group.bot.get_file(document["file_id"])
    data = io.BytesIO()
    await group.bot.download_file(str(file.file_path), data)
    sheet = openpyxl.load_workbook(data)["tickets"]
    return [row[0] for row in sheet.iter_rows(min_row=2, values_only=True)]


async def listed(group: Group, who: Any, words: str) -> Any:
    """The list that this command of theirs brings."""
    asked = await group.says(who, words)
    return next(one for one in group.chat.bot_messages if one.reply_to is asked)


async def many(group: Group) -> list[int]:
    """More tickets than a page has."""
    return [await group.ticket(f"Темно во дворе {number}") for number in range(11)]


async def test_a_list_is_had_as_a_file_by_a_button_below_it(group: Group) -> None:
    await group.desk.run(apply_directory, read_directory(VIEW))
    numbers = await many(group)
    taken = await group.ticket("Калитка скрипит")
    await group.says(group.olga, f"/take {taken}")
    await group.desk.run(index_new)
    for words in ("/queue free", "/find темно"):
        shown = await listed(group, group.boss, words)
        press = await group.presses(group.boss, shown, "📄 Файлом")
        assert press.text == "Готовлю таблицу, пришлю файлом."
        assert sorted(await numbers_of(group)) == numbers, words
        await group.presses(group.boss, shown, "›")
        assert shown.buttons[-1] == "📄 Файлом", "the other page, too"
    assert [facts["view"] for facts in await exported(group)] == ["free", "find"]


async def test_a_list_that_is_seen_at_a_glance_has_no_button_more(group: Group) -> None:
    await group.desk.run(apply_directory, read_directory(VIEW))
    first, _ = await group.ticket("Калитка скрипит"), await group.ticket("Темно во дворе")
    await group.says(group.olga, f"/tag {first} повтор")
    shown = await listed(group, group.boss, "/queue повторы")
    assert not shown.buttons
    await group.forges(group.boss, shown, "xl:repeated")
    await group.settle()
    assert await numbers_of(group) == [first], "it was longer when the button came"


async def test_only_admins_have_lists_as_files(group: Group) -> None:
    await many(group)
    shown = await listed(group, group.olga, "/queue")
    assert "›" in shown.buttons and "📄 Файлом" not in shown.buttons
    await group.forges(group.olga, shown, "xl:queue")
    await group.anna.press_data(group.anna.last, "xl:queue")
    await group.settle()
    assert not await exported(group)
    assert not documents(group.olga) and not documents(group.anna)


async def test_an_admin_without_a_private_chat_is_told_where_the_file_would_come(
    group: Group,
) -> None:
    await many(group)
    await group.boss.block_bot()
    await group.settle()
    shown = await listed(group, group.boss, "/queue")
    await group.presses(group.boss, shown, "📄 Файлом")
    told = [one for one in group.chat.bot_messages if one.reply_to is shown]
    assert told and "личный чат" in told[-1].text
    assert told[-1].extra["receiver_user"]["id"] == group.boss.id
