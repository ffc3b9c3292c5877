"""The export: whole, safe to open, and in memory that does not grow with it."""

import csv
import hashlib
import io
import stat
import threading
import tracemalloc
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from sqlalchemy import insert

from bot.app import LOCALES
from bot.cli import parse_arguments
from bot.commands import FINE, WRONG
from bot.commands.export import command
from bot.settings import load_settings
from core.company import Company
from core.db import Database
from core.desk import Desk
from core.directory.reader import read_directory
from core.directory.store import apply_directory
from core.models import Message
from core.people.staff import by_operator
from core.reports import table_files
from core.reports.export import TABLES, Wish
from core.reports.table_files import write_tables
from core.subscriptions import SUBSCRIBERS
from core.texts import Texts
from core.tickets.conversation import note
from core.tickets.field_edits import set_field
from core.tickets.lifecycle import take
from core.tickets.search_index import index_new
from tests.actions import people
from tests.clock import Clock

FIELDS = """
[[field]]
code = "contract"
kind = "text"
titles = { en = "=Contract" }

[[field]]
code = "cost"
kind = "number"
titles = { en = "Cost" }

[[field]]
code = "visit"
kind = "date"
titles = { en = "Visit" }

[[field]]
code = "paid"
kind = "yes_no"
titles = { en = "Paid" }
"""
TEXTS = Texts.load(LOCALES, "en")
# What spreadsheets take for formulas, also behind a space and in wide letters.
FORMULAS = ["=1+1", "+7", "-2", "@SUM(A1)", "\t=1", "＝1+1", " =cmd|'/c calc'!A0", "\u200b=1"]


@pytest.fixture
async def desk(own_sqlite_url: str) -> AsyncIterator[Desk]:
    database = Database(own_sqlite_url)
    yield Desk(database, Company(language="en"), SUBSCRIBERS, clock=Clock())
    await database.close()


async def run(url: str, *arguments: str) -> int:
    settings = load_settings({"DATABASE_URL": url, "DEFAULT_LANGUAGE": "en"})
    return await command(settings, parse_arguments(["export", *arguments]))


def read_csv(path: Path) -> list[list[str]]:
    raw = path.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline=""), delimiter=";"))


async def test_a_folder_gets_a_csv_file_for_each_table(
    desk: Desk, own_sqlite_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await people.opens(desk, text='Dark; "very" dark\r\nsince yesterday')
    await desk.run(by_operator, people.OLGA, note, 1, people.writes("ask Oleg"))
    folder = tmp_path / "out"
    assert await run(own_sqlite_url, str(folder)) == FINE
    assert sorted(file.stem for file in folder.iterdir()) == sorted(TABLES)
    (head, row) = read_csv(folder / "tickets.csv")
    ticket = dict(zip(head, row, strict=True))
    assert (ticket["Number"], ticket["Topic"], ticket["Customer"]) == ("1", "Payment", "Alice")
    assert ticket["Opened"] == "2026-11-23 12:30:00"  # as the company's clock shows it
    (_, message) = read_csv(folder / "messages.csv")
    assert 'Dark; "very" dark\r\nsince yesterday' in message
    (_, noted) = read_csv(folder / "notes.csv")
    assert "ask Oleg" in noted
    assert {row[4] for row in read_csv(folder / "journal.csv")[1:]} >= {"ticket_opened"}
    for file in folder.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "1 tickets, 1 messages, 1 notes" in capsys.readouterr().out


async def test_nothing_that_people_wrote_is_calculated(
    desk: Desk, own_sqlite_url: str, tmp_path: Path
) -> None:
    for formula in FORMULAS:
        await people.opens(desk, text=formula)
        await people.leaves_dialogue(desk, people.ALICE)
    assert await run(own_sqlite_url, str(tmp_path / "out")) == FINE
    assert await run(own_sqlite_url, str(tmp_path / "out.xlsx")) == FINE
    texts = [row[6] for row in read_csv(tmp_path / "out" / "messages.csv")[1:]]
    assert texts == [f"'{formula}" for formula in FORMULAS]
    book = openpyxl.load_workbook(tmp_path / "out.xlsx")
    kinds = {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row}
    assert "f" not in kinds
    shown = [row[6].value for row in book["messages"].iter_rows(min_row=2)]
    assert shown == FORMULAS


async def test_a_workbook_has_typed_cells_and_cuts_what_excel_cannot_hold(
    desk: Desk, own_sqlite_url: str, tmp_path: Path
) -> None:
    await people.opens(desk, text="x" * 40_000)
    assert await run(own_sqlite_url, str(tmp_path / "out.xlsx")) == FINE
    book = openpyxl.load_workbook(tmp_path / "out.xlsx")
    assert book.sheetnames == list(TABLES)
    (ticket,) = book["tickets"].iter_rows(min_row=2, values_only=True)
    assert ticket[0] == 1 and ticket[8] == datetime(2026, 11, 23, 12, 30)  # noqa: DTZ001
    (message,) = book["messages"].iter_rows(min_row=2, values_only=True)
    assert len(str(message[6])) == table_files.LONGEST_CELL and str(message[6]).endswith("…")


async def test_what_does_not_fit_a_sheet_goes_on_in_the_next(
    desk: Desk, own_sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table_files, "MOST_ROWS", 3)
    for text in ("one", "two", "three"):
        await people.opens(desk, text=text)
        await people.leaves_dialogue(desk, people.ALICE)
    assert await run(own_sqlite_url, str(tmp_path / "out.xlsx")) == FINE
    book = openpyxl.load_workbook(tmp_path / "out.xlsx")
    assert [book[name].max_row for name in ("tickets", "tickets 2")] == [3, 2]


async def test_days_narrow_it_down_by_the_companys_clock(
    desk: Desk, own_sqlite_url: str, tmp_path: Path
) -> None:
    clock: Any = desk.clock
    for hour in (20, 22):  # 23:00 and 1:00 of the next day in Moscow
        clock.now = datetime(2026, 11, 23, hour, tzinfo=UTC)
        await people.opens(desk)
        await people.leaves_dialogue(desk, people.ALICE)
    for day, number in (("2026-11-23", "1"), ("2026-11-24", "2")):
        folder = tmp_path / day
        assert await run(own_sqlite_url, str(folder), "--since", day, "--until", day) == FINE
        assert [row[0] for row in read_csv(folder / "tickets.csv")[1:]] == [number]


async def test_nothing_is_overwritten_and_nothing_half_done_stays(
    desk: Desk, own_sqlite_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await people.opens(desk)
    (tmp_path / "out.xlsx").write_text("mine")
    assert await run(own_sqlite_url, str(tmp_path / "out.xlsx")) == WRONG
    assert "exists already" in capsys.readouterr().err
    assert (tmp_path / "out.xlsx").read_text() == "mine"
    (tmp_path / "file").write_text("")
    assert await run(own_sqlite_url, str(tmp_path / "file" / "out")) == WRONG
    assert not list(tmp_path.glob(".*unfinished*"))


async def peak(desk: Desk, target: Path) -> int:
    """Bytes that an export takes at its most."""
    tracemalloc.start()
    try:
        await write_tables(desk, TEXTS, target, Wish())
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


async def add_messages(desk: Desk, count: int) -> None:
    row = {
        "ticket_id": 1,
        "author_id": 1,
        "from_customer": True,
        "content": {"kind": "text"},
        "counts": True,
        "in_card": False,
        "source_channel": "x",
        "source_chat": "x",
        "source_message": "x",
        "created_at": desk.clock(),
    }
    rows = [row | {"text": f"words {n} " * 20} for n in range(count)]
    async with desk.database.write() as session:
        await session.execute(insert(Message), rows)


@pytest.mark.parametrize("name", ["out", "out.xlsx"])
async def test_memory_does_not_grow_with_what_is_exported(
    desk: Desk, tmp_path: Path, name: str
) -> None:
    await people.opens(desk)
    await add_messages(desk, 3_000)
    await peak(desk, tmp_path / f"first-{name}")
    few = await peak(desk, tmp_path / f"few-{name}")
    await add_messages(desk, 12_000)
    many = await peak(desk, tmp_path / f"many-{name}")
    assert many < 1.5 * few, (few, many)


async def test_a_workbook_is_packed_beside_the_loop(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A million rows take half a minute, in which no chat would be answered."""
    await people.opens(desk)
    packed: list[threading.Thread] = []
    pack = xlsxwriter.Workbook.close

    def close(book: xlsxwriter.Workbook) -> None:
        packed.append(threading.current_thread())
        pack(book)

    monkeypatch.setattr(xlsxwriter.Workbook, "close", close)
    await write_tables(desk, TEXTS, tmp_path / "out.xlsx", Wish())
    assert packed and threading.main_thread() not in packed


async def test_one_ticket_is_a_page_with_its_files(
    desk: Desk, own_sqlite_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await people.opens(desk, text="the <lamp> is dark")
    await desk.run(by_operator, people.OLGA, note, 1, people.writes("call the electrician"))
    page, public = tmp_path / "one.html", tmp_path / "public.html"
    assert await run(own_sqlite_url, str(page), "--ticket", "1") == FINE
    html = page.read_text("utf-8")
    assert "the &lt;lamp&gt; is dark" in html and "call the electrician" in html
    printed = capsys.readouterr().out
    assert hashlib.sha256(page.read_bytes()).hexdigest() in printed and "internal" in printed
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    assert await run(own_sqlite_url, str(public), "--ticket", "1", "--public") == FINE
    assert "electrician" not in public.read_text("utf-8")
    assert ">Subject<" in html and ">Subject<" not in public.read_text("utf-8")
    assert "for the customer" in capsys.readouterr().out
    assert await run(own_sqlite_url, str(tmp_path / "none.html"), "--ticket", "9") == WRONG
    assert "#9" in capsys.readouterr().err and not (tmp_path / "none.html").exists()


async def test_a_list_or_a_search_has_its_tickets_alone(
    desk: Desk, own_sqlite_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for text in ("the lamp is dark", "the gate creaks"):
        await people.opens(desk, text=text)
        await people.leaves_dialogue(desk, people.ALICE)
    await desk.run(by_operator, people.OLGA, take, 2)
    await desk.run(index_new)
    for name, arguments, numbers in (
        ("free", ("--list", "free"), ["1"]),
        ("queue", ("--list", "queue"), ["1", "2"]),
        ("find", ("--find", "creaking gates"), ["2"]),
        ("none", ("--find", "weather"), []),
    ):
        assert await run(own_sqlite_url, str(tmp_path / name), *arguments) == FINE
        assert [row[0] for row in read_csv(tmp_path / name / "tickets.csv")[1:]] == numbers
        said = {row[1] for row in read_csv(tmp_path / name / "messages.csv")[1:]}
        assert said == set(numbers)
    assert await run(own_sqlite_url, str(tmp_path / "wrong"), "--list", "mine") == WRONG
    assert "queue, free, overdue" in capsys.readouterr().err
    assert not (tmp_path / "wrong").exists()


async def test_own_fields_are_columns_with_their_titles_and_no_formulas(
    desk: Desk, own_sqlite_url: str, tmp_path: Path
) -> None:
    await desk.run(apply_directory, read_directory(FIELDS))
    await people.opens(desk)
    for words in ("contract +7", "cost 12,5", "visit 2026-12-01", "paid yes"):
        await desk.run(by_operator, people.OLGA, set_field, 1, words)
    assert await run(own_sqlite_url, str(tmp_path / "out")) == FINE
    assert await run(own_sqlite_url, str(tmp_path / "out.xlsx")) == FINE
    head, row = read_csv(tmp_path / "out" / "tickets.csv")
    assert head[-4:] == ["'=Contract", "Cost", "Visit", "Paid"]
    assert row[-4:] == ["'+7", "12.5", "2026-12-01", "yes"]
    sheet = openpyxl.load_workbook(tmp_path / "out.xlsx")["tickets"]
    kinds = [cell.data_type for cell in sheet[2][-4:]]
    assert kinds == ["s", "n", "d", "s"] and sheet[1][-4].data_type == "s"
