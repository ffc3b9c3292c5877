"""Reads the first sheet of an XLSX workbook, as Excel, LibreOffice and Google Sheets write it.

A workbook is an archive: what it would unpack to is bounded before anything is unpacked, and one
that declares entities is refused.
"""

import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from io import BytesIO
from itertools import islice
from typing import Any, Final

from core.sheets.faults import WrongFile, wrong

MAGIC: Final = b"PK\x03\x04"
# Bytes that a workbook may unpack to, and rows that are looked at.
_UNPACKED: Final = 64_000_000
_MOST_ROWS: Final = 200_000


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
        rows = list(islice(sheet.iter_rows(values_only=True), _MOST_ROWS + 1))
    except Exception:  # noqa: BLE001 - the library raises whatever a torn archive leads to
        raise WrongFile([wrong(1, "no_workbook")]) from None
    if len(rows) > _MOST_ROWS:
        raise WrongFile([wrong(len(rows), "too_many", most=_MOST_ROWS)])
    width = 0
    for number, row in enumerate(rows, 1):
        cells = _trimmed([_words(value) for value in row])
        width = width or len(cells)  # that of the header
        yield number, cells + [""] * (width - len(cells))


def _demand_sound(raw: bytes) -> None:
    try:
        with zipfile.ZipFile(BytesIO(raw)) as archive:
            if sum(part.file_size for part in archive.infolist()) > _UNPACKED:
                raise WrongFile([wrong(1, "too_large", size=_UNPACKED // 1_000_000)])
            sound = all(b"<!DOCTYPE" not in archive.read(part) for part in archive.infolist())
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, RuntimeError, OSError):
        sound = False
    if not sound:
        raise WrongFile([wrong(1, "no_workbook")])


def _trimmed(cells: list[str]) -> list[str]:
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
