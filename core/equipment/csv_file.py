"""Reads a CSV file of cameras, or reports every wrong line. Pure.

The header is ``number,name,owner`` in any order; ``address`` and ``area`` are known too, and every
other column is kept with the camera as it is. An owner is a Telegram id, a phone in international
form or an e-mail address; several are separated by ``;``.
"""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from io import StringIO
from typing import Final

from core.addresses import TELEGRAM
from core.words.aliases import CAMERA_COLUMNS
from core.words.contact_values import EMAIL, PHONE, read_email, read_phone, typed_phone
from core.words.pasted import fold_number, visible

REQUIRED: Final = ("number", "name", "owner")
LONGEST: Final = {"number": 64, "name": 200, "address": 300, "area": 100}
# Ten digits that begin with 9, and longer ones, are phones without their +: Telegram counts its
# people by ten digits, and has not come to 9 yet.
_USER_ID: Final = re.compile(r"[1-9][0-9]{0,8}|[1-8][0-9]{9}", re.ASCII)
_BARE_PHONE: Final = re.compile(r"9[0-9]{9}|[1-9][0-9]{10,14}", re.ASCII)
# The line by which spreadsheets are told the delimiter.
_DELIMITER_LINE: Final = re.compile(r"\s*\"?sep=(.)\"?[ \t]*\r?\n", re.IGNORECASE)
_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f]")
_SHOWN: Final = 60

Owner = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Wrong:
    """A line of the file that cannot be used; ``line`` counts from 1, the header's line."""

    line: int
    why: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.why}"


@dataclass(frozen=True, slots=True)
class Read:
    """A camera of the file. ``owners`` are kind and value."""

    number: str
    name: str
    address: str = ""
    area: str = ""
    owners: frozenset[Owner] = frozenset()
    fields: dict[str, str] = field(default_factory=dict)


class WrongFile(Exception):
    """The file cannot be imported; `faults` names every wrong line."""

    def __init__(self, faults: Sequence[Wrong]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(map(str, faults)))


def read_cameras(raw: bytes) -> list[Read]:
    """Return the cameras of a file, in order. Raises :class:`WrongFile` with all that is wrong."""
    text = _decoded(raw)
    told = _DELIMITER_LINE.match(text)
    body = text[told.end() :] if told else text
    skipped = text[: len(text) - len(body.lstrip())].count("\n")
    body = body.lstrip()
    head, _, _ = body.partition("\n")
    delimiter = told[1] if told else _delimiter(head)
    reader = csv.reader(StringIO(body, newline=""), delimiter=delimiter, strict=True)
    return _Reading(reader, skipped).read()


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as bad:
        line = raw.count(b"\n", 0, bad.start) + 1
        why = "this is not UTF-8; in a spreadsheet choose «CSV UTF-8» when saving"
        raise WrongFile([Wrong(line, why)]) from None


def _delimiter(head: str) -> str:
    """Return the header's delimiter: the names of columns contain neither."""
    try:
        return csv.Sniffer().sniff(head, delimiters=",;").delimiter
    except csv.Error:
        return ","


class _Reading:
    """Reads the file once, and collects faults instead of stopping."""

    def __init__(self, reader: Iterator[list[str]], skipped: int) -> None:
        self._reader = reader
        self._skipped = skipped
        self._faults: list[Wrong] = []
        self._seen: dict[str, int] = {}

    def read(self) -> list[Read]:
        columns = self._columns(next(self._rows(), (1, []))[1])
        found = [camera for row in self._rows() if (camera := self._camera(*row, columns))]
        if self._faults:
            raise WrongFile(self._faults)
        return found

    def _rows(self) -> Iterator[tuple[int, list[str]]]:
        """Yield rows with the line that each begins in; the csv module counts where one ends."""
        while True:
            line = self._line + 1
            try:
                row = next(self._reader)
            except StopIteration:
                return
            except csv.Error as torn:
                self._faults.append(Wrong(line, f"the quotes are wrong: {torn}"))
                raise WrongFile(self._faults) from None
            if any(cell.strip() for cell in row):
                yield line, row

    @property
    def _line(self) -> int:
        return self._skipped + int(self._reader.line_num)  # type: ignore[attr-defined] # csv's own reader

    def _columns(self, head: list[str]) -> list[str]:
        names = [visible(cell) for cell in head]
        while names and not names[-1]:  # «;;» at the end: columns that a spreadsheet adds
            names.pop()
        columns = [CAMERA_COLUMNS.get(name.casefold(), name.casefold()) for name in names]
        missing = [name for name in REQUIRED if name not in columns]
        twice = sorted({name for name in columns if columns.count(name) > 1 and name})
        faults = [f"there is no column {name}" for name in missing]
        faults += [f"the column {name} is there twice" for name in twice]
        if "" in columns:
            faults.append("a column has no name")
        if faults:
            why = "; ".join(faults) + "; the header is number,name,owner and whatever else"
            raise WrongFile([Wrong(self._skipped + 1, why)])
        known = {*REQUIRED, *LONGEST}
        return [
            column if column in known else name for column, name in zip(columns, names, strict=True)
        ]

    def _camera(self, line: int, row: list[str], columns: list[str]) -> Read | None:
        if len(row) > len(columns) and not any(cell.strip() for cell in row[len(columns) :]):
            row = row[: len(columns)]
        if len(row) != len(columns):
            self._wrong(line, f"it has {len(row)} columns, the header has {len(columns)}")
            return None
        cells = {name: visible(cell) for name, cell in zip(columns, row, strict=True)}
        known = len(self._faults)
        self._check(line, cells)
        owners = self._owners(line, cells["owner"])
        if len(self._faults) > known:
            return None
        kept = {*REQUIRED, *LONGEST}
        return Read(
            cells["number"],
            cells["name"],
            cells.get("address", ""),
            cells.get("area", ""),
            owners,
            {name: cell for name, cell in cells.items() if name not in kept and cell},
        )

    def _check(self, line: int, cells: dict[str, str]) -> None:
        for name, cell in cells.items():
            if _UNPRINTABLE.search(cell):
                self._wrong(line, f"{name} has a line break or another sign that cannot be shown")
            elif len(cell) > LONGEST.get(name, len(cell)):
                self._wrong(line, f"{name} is longer than {LONGEST[name]} characters")
        for name in ("number", "name"):
            if not cells[name]:
                self._wrong(line, f"{name} is empty")
        number = fold_number(cells["number"])
        if number and number in self._seen:
            first = self._seen[number]
            self._wrong(line, f"number {_shown(cells['number'])} is in line {first} already")
        self._seen.setdefault(number, line)

    def _owners(self, line: int, cell: str) -> frozenset[Owner]:
        found = set()
        for words in filter(None, map(str.strip, cell.split(";"))):
            try:
                found.add(read_owner(words))
            except ValueError as why:
                self._wrong(line, f"owner {_shown(words)} {why}")
        return frozenset(found)

    def _wrong(self, line: int, why: str) -> None:
        self._faults.append(Wrong(line, why))


def read_owner(words: str) -> Owner:
    """Return kind and value of an owner. Raises ValueError with the second half of a sentence."""
    if _BARE_PHONE.fullmatch(words):
        raise ValueError("looks like a phone; write it with +, such as +79161234567")
    if words.startswith("+") or not words.isdecimal():
        phone = read_phone(words) if words.startswith("+") else typed_phone(words)
        if phone is not None:
            return PHONE, phone
    if words.startswith("+"):
        raise ValueError("is not a phone in international form, such as +79161234567")
    if "@" in words:
        address = read_email(words)
        if address is None:
            raise ValueError("is not an e-mail address")
        return EMAIL, address
    if _USER_ID.fullmatch(words):
        return TELEGRAM, words
    raise ValueError("is neither a Telegram id nor a phone with + nor an e-mail address")


def _shown(words: str) -> str:
    return repr(words if len(words) <= _SHOWN else f"{words[:_SHOWN]}…")
