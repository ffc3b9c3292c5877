"""Reads the rows of a CSV file with the line of each, or of a workbook's first sheet."""

import csv
import re
from collections.abc import Iterator
from io import StringIO
from typing import Final

from core.sheets.faults import Wrong, WrongFile, wrong
from core.sheets.workbook import MAGIC, read_workbook

Row = tuple[int, list[str]]
"""A line of the file, counted from 1, and its cells."""

# The line by which spreadsheets are told the delimiter.
_DELIMITER_LINE: Final = re.compile(r"\s*\"?sep=(.)\"?[ \t]*\r?\n", re.IGNORECASE)


def read_rows(raw: bytes) -> Iterator[Row]:
    """Yield the rows that hold something, in order. Raises :class:`WrongFile` where the file cannot
    be read on.
    """
    rows = read_workbook(raw) if raw.startswith(MAGIC) else _read_csv(raw)
    return ((line, cells) for line, cells in rows if any(cell.strip() for cell in cells))


def _read_csv(raw: bytes) -> Iterator[Row]:
    """Yield rows with the line that each begins in; the csv module counts where one ends."""
    text = _decoded(raw)
    told = _DELIMITER_LINE.match(text)
    body = text[told.end() :] if told else text
    skipped = text[: len(text) - len(body.lstrip())].count("\n")
    body = body.lstrip()
    delimiter = told[1] if told else _delimiter(body.partition("\n")[0])
    reader = csv.reader(StringIO(body, newline=""), delimiter=delimiter, strict=True)
    while True:
        line = skipped + reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as torn:
            raise WrongFile([_torn(line, str(torn))]) from None
        yield line, row


def _torn(line: int, why: str) -> Wrong:
    """What the csv module stumbled over, which it says in English."""
    longest = csv.field_size_limit()
    return (
        wrong(line, "cell_long", longest=longest) if "field limit" in why else wrong(line, "quotes")
    )


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as bad:
        raise WrongFile([wrong(raw.count(b"\n", 0, bad.start) + 1, "no_utf8")]) from None


def _delimiter(head: str) -> str:
    """Return the header's delimiter: the names of columns contain neither."""
    try:
        return csv.Sniffer().sniff(head, delimiters=",;\t").delimiter
    except csv.Error:
        return ","
