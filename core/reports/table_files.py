"""Writes tables to files for a spreadsheet: CSV and XLSX, safe to open, in flat memory (H2, S13).

What people wrote stays words: in CSV a cell that a spreadsheet would calculate gets an apostrophe
before it, in XLSX every cell is typed as a text.
"""

import asyncio
import csv
import os
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from datetime import date, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Protocol, Self
from zoneinfo import ZoneInfo

from core.desk import Desk
from core.reports.export import TABLES, TICKETS, Wish, rows_of, with_fields
from core.reports.overdue import COLUMNS, overdue_rows
from core.reports.ticket_metrics import count_all
from core.reports.ticket_rows import Cell, Row
from core.texts import Key, Texts

# Signs by which a spreadsheet knows a formula, also as wide letters; and what hides one.
_FORMULA: Final = tuple("=+-@\t\r\n＝＋－＠|%")
# Excel's own limits.
MOST_ROWS: Final = 1_048_576
LONGEST_CELL: Final = 32_767
_CUT: Final = "…"


class TableWriter(Protocol):
    """Takes tables one after the other, rows a page at a time."""

    def begin(self, title: str, columns: Sequence[str]) -> None:
        """Begin a table."""
        ...

    def write(self, rows: Iterable[Row]) -> None:
        """Add rows to it."""
        ...


class CsvWriter:
    """One file for each table in a folder: UTF-8 with a mark, ``;`` between cells."""

    def __init__(self, folder: Path, zone: ZoneInfo) -> None:
        self._folder = folder
        self._zone = zone
        self._file: Any = None
        self._writer: Any = None

    def __enter__(self) -> Self:
        self._folder.mkdir(mode=0o700, parents=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()

    def begin(self, title: str, columns: Sequence[str]) -> None:
        """Begin a file named after the table."""
        if self._file is not None:
            self._file.close()
        path = self._folder / f"{title}.csv"
        self._file = path.open("w", encoding="utf-8-sig", newline="")
        path.chmod(0o600)
        self._writer = csv.writer(self._file, delimiter=";", lineterminator="\r\n")
        self._writer.writerow([_csv_cell(name, self._zone) for name in columns])

    def write(self, rows: Iterable[Row]) -> None:
        """Add rows to the file."""
        self._writer.writerows([_csv_cell(cell, self._zone) for cell in row] for row in rows)


def _csv_cell(cell: Cell, zone: ZoneInfo) -> str | float:
    match cell:
        case None:
            return ""
        case datetime():
            return f"{cell.astimezone(zone):%Y-%m-%d %H:%M:%S}"
        case date():
            return cell.isoformat()
        case int() | float():
            return cell
        case Key():
            return cell.key
    return f"'{cell}" if cell.lstrip(" \u00a0\ufeff\u200b").startswith(_FORMULA) else cell


class XlsxWriter:
    """One workbook, a sheet for each table; what does not fit goes on in another sheet."""

    def __init__(self, path: Path, zone: ZoneInfo) -> None:
        import xlsxwriter

        self._zone = zone
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        self._book = xlsxwriter.Workbook(str(path), options)
        self._instant = self._book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self._day = self._book.add_format({"num_format": "yyyy-mm-dd"})
        self._head = self._book.add_format({"bold": True})
        self._title, self._part = "", 1
        self._columns: Sequence[str] = ()
        self._sheet: Any = None
        self._at = 0

    def close(self) -> None:
        """Pack the workbook."""
        self._book.close()

    def begin(self, title: str, columns: Sequence[str]) -> None:
        """Begin a sheet."""
        self._title, self._columns, self._part = title, tuple(columns), 1
        self._add_sheet(title)

    def write(self, rows: Iterable[Row]) -> None:
        """Add rows to the sheet, or to the next one."""
        for row in rows:
            if self._at == MOST_ROWS:
                self._part += 1
                self._add_sheet(f"{self._title} {self._part}")
            for column, cell in enumerate(row):
                self._put(column, cell)
            self._at += 1

    def _add_sheet(self, title: str) -> None:
        self._sheet = self._book.add_worksheet(title)
        self._sheet.freeze_panes(1, 0)
        for column, name in enumerate(self._columns):
            self._sheet.write_string(0, column, name, self._head)
        self._at = 1

    def _put(self, column: int, cell: Cell) -> None:
        match cell:
            case None:
                return
            case datetime():
                local = cell.astimezone(self._zone).replace(tzinfo=None)
                self._sheet.write_datetime(self._at, column, local, self._instant)
            case date():
                midnight = datetime(cell.year, cell.month, cell.day)  # noqa: DTZ001 Excel's
                self._sheet.write_datetime(self._at, column, midnight, self._day)
            case int() | float():
                self._sheet.write_number(self._at, column, cell)
            case str():
                long = len(cell) > LONGEST_CELL
                self._sheet.write_string(
                    self._at, column, cell[: LONGEST_CELL - 1] + _CUT if long else cell
                )


XLSX: Final = ".xlsx"


async def write_tables(desk: Desk, texts: Texts, target: Path, wish: Wish) -> dict[str, int]:
    """Write all tables to ``target``, a workbook or a folder; returns how many rows of each."""
    zone = desk.company.zone
    await count_all(desk)  # whose the time was is as of now
    wish = await with_fields(desk, wish)
    if target.suffix.lower() != XLSX:
        with CsvWriter(target, zone) as folder:
            return await _write(desk, texts, folder, wish)
    os.close(os.open(target, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600))
    async with _workbook(target, zone) as book:
        return await _write(desk, texts, book, wish)


async def write_overdue(desk: Desk, texts: Texts, target: Path) -> None:
    """Write what is overdue to a workbook (C7)."""
    async with _workbook(target, desk.company.zone) as book:
        book.begin("overdue", [_heading(desk, texts, column) for column in COLUMNS])
        async for rows in overdue_rows(desk):
            await asyncio.to_thread(book.write, rows)


@asynccontextmanager
async def _workbook(target: Path, zone: ZoneInfo) -> AsyncIterator[XlsxWriter]:
    """A workbook is packed at its end, which takes half a minute for a million rows: elsewhere."""
    book = XlsxWriter(target, zone)
    try:
        yield book
    finally:
        await asyncio.to_thread(book.close)


async def _write(desk: Desk, texts: Texts, writer: TableWriter, wish: Wish) -> dict[str, int]:
    counts: dict[str, int] = {}
    for name, table in TABLES.items():
        own = wish.fields if name == TICKETS else ()
        titles = [field.title(desk.company.language) for field in own]
        writer.begin(name, [*(_heading(desk, texts, one) for one in table.columns), *titles])
        counts[name] = 0
        async for rows in rows_of(desk, name, wish):
            said = [tuple(_said(desk, texts, cell) for cell in row) for row in rows]
            await asyncio.to_thread(writer.write, said)  # a page takes long enough to be felt
            counts[name] += len(rows)
    return counts


def _said(desk: Desk, texts: Texts, cell: Cell) -> Cell:
    return _text(desk, texts, cell.key) if isinstance(cell, Key) else cell


def _heading(desk: Desk, texts: Texts, column: str) -> str:
    return _text(desk, texts, f"export.{column}")


def _text(desk: Desk, texts: Texts, key: str) -> str:
    company = desk.company
    return texts.say(company.language, key, now=desk.clock(), zone=company.zone)
