"""Reads the first sheet of an XLSX workbook, as Excel, LibreOffice and Google Sheets write it.

A workbook is an archive: what it would unpack to is bounded before anything is unpacked, and one
that declares entities is refused. A few bytes may name a cell far to the right, or the same long
words again and again: what the rows come to is bounded, too.
"""

import zipfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, time
from io import BytesIO
from typing import Any, Final

from core.sheets.faults import WrongFile, wrong

MAGIC: Final = b"PK\x03\x04"
# Bytes that a workbook may unpack to, rows that are looked at, and bytes that they may come to.
_UNPACKED: Final = 64_000_000
_MOST_ROWS: Final = 200_000
_HELD: Final = 128_000_000
_CELL: Final = 8  # bytes, even if it is empty


def read_workbook(raw: bytes) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of the first sheet with their numbers; formulas as they were calculated last.

    Raises :class:`WrongFile` for what is no workbook, or too large.
    """
    _demand_sound(raw)
    from openpyxl import load_workbook

    try:
        book = load_workbook(BytesIO(raw), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # what the file says of its size may be wrong
        rows = _bounded(sheet.iter_rows(values_only=True))
    except WrongFile:
        raise
    except Exception:  # noqa: BLE001 - the library raises whatever a torn archive leads to
        raise WrongFile([wrong(1, "no_workbook")]) from None
    width = _width(rows)
    for number, cells in enumerate(rows, 1):
        yield number, cells + [""] * (width - len(cells))


def _bounded(rows: Iterable[Sequence[Any]]) -> list[list[str]]:
    """The rows without what is empty at their ends. Raises :class:`WrongFile` for too many."""
    found: list[list[str]] = []
    held = width = 0
    for row in rows:
        if len(found) == _MOST_ROWS:
            raise WrongFile([wrong(_MOST_ROWS + 1, "too_many", most=_MOST_ROWS)])
        held += _CELL * max(width, len(row))
        _demand_room(held)
        found.append(_trimmed(row))
        held += sum(map(len, found[-1]))
        width = width or len(found[-1])
    _demand_room(held)
    return found


def _demand_room(held: int) -> None:
    if held > _HELD:
        raise WrongFile([wrong(1, "too_large", size=_HELD // 1_000_000)])


def _width(rows: Iterable[list[str]]) -> int:
    """How many columns the header has: the first row that holds something."""
    return next((len(cells) for cells in rows if cells), 0)


def _demand_sound(raw: bytes) -> None:
    try:
        with zipfile.ZipFile(BytesIO(raw)) as archive:
            if sum(part.file_size for part in archive.infolist()) > _UNPACKED:
                raise WrongFile([wrong(1, "too_large", size=_UNPACKED // 1_000_000)])
            sound = not any(_declares(archive.read(part)) for part in archive.infolist())
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, RuntimeError, OSError):
        sound = False
    if not sound:
        raise WrongFile([wrong(1, "no_workbook")])


def _declares(part: bytes) -> bool:
    """Whether a part declares a document type, also where each letter has two or four bytes."""
    return b"<!DOCTYPE" in part or (b"\0" in part and b"<!DOCTYPE" in part.replace(b"\0", b""))


def _trimmed(row: Sequence[Any]) -> list[str]:
    """What the cells show, without those at the end that show nothing."""
    end = len(row)
    while end and row[end - 1] is None:
        end -= 1
    cells = [_words(value) for value in row[:end]]
    while cells and not cells[-1].strip():
        cells.pop()
    return cells


def _words(value: Any) -> str:
    """What the cell shows: whole numbers without a point, days as 2026-11-30."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).upper()
        case float() if value.is_integer():
            return str(int(value))
        case datetime():
            midnight = value.time() == time()
            return value.date().isoformat() if midnight else f"{value:%Y-%m-%d %H:%M}"
        case date():
            return value.isoformat()
    return str(value)
