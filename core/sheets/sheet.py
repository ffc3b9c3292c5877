"""What a table of one kind holds: its columns, and how a row becomes a record. Pure.

Every column that a kind does not know is kept with the record as it is: technical data (T1).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

from core.sheets.faults import Wrong, WrongFile, quoted, wrong
from core.sheets.rows import Row, read_rows
from core.words.aliases import FAILED_CELLS
from core.words.pasted import fold_number, visible

_UNPRINTABLE: Final = re.compile(r"[\x00-\x1f\x7f]")

R = TypeVar("R")


@dataclass(slots=True)
class Cells:
    """A row. ``known``: by the names of the kind's columns that the file has; ``free``: the others
    that hold something, by their titles.
    """

    line: int
    known: dict[str, str]
    free: dict[str, str]
    faults: list[Wrong] = field(default_factory=list)

    def wrong(self, name: str, **facts: Any) -> None:
        """Note what is wrong with the row."""
        self.faults.append(wrong(self.line, name, **facts))


@dataclass(frozen=True, slots=True)
class Sheet(Generic[R]):
    """A kind of table. ``name``: as the command line calls it.

    ``required``: columns without which there is no file; ``filled``: those of them that hold
    something in every row; ``key``: the one whose content is each row's own, ``folded`` says what
    two spellings of it have in common; ``longest``: how many characters a known column holds;
    ``titles``: other names of the columns, in lower case.

    ``record`` returns what a row says, or notes in it what is wrong: then the result is not used.
    """

    name: str
    required: tuple[str, ...]
    filled: tuple[str, ...]
    key: str
    longest: Mapping[str, int]
    titles: Mapping[str, str]
    record: Callable[[Cells], R]
    folded: Callable[[str], str] = fold_number

    def columns_of(self, head: Sequence[str]) -> list[str]:
        """Return the names of the columns: those of the kind, others as they are written."""
        names = [visible(cell) for cell in head]
        while names and not names[-1]:  # «;;» at the end: columns that a spreadsheet adds
            names.pop()
        return [self._column(name) for name in names]

    def _column(self, name: str) -> str:
        known = self.titles.get(name.casefold(), name.casefold())
        return known if known in {*self.required, *self.longest} else name

    def fits(self, head: Sequence[str]) -> bool:
        """Return whether a file with this header has the columns that are required."""
        return set(self.required) <= set(self.columns_of(head))


def read_sheet(sheet: Sheet[R], raw: bytes) -> list[R]:
    """Return the records of a file, in order. Raises :class:`WrongFile` with all that is wrong."""
    return _Reading(sheet).read(raw)


def read_head(raw: bytes) -> list[str]:
    """Return the first row of a file. Raises :class:`WrongFile` where there is none to read."""
    return next(iter(read_rows(raw)), (1, []))[1]


class _Reading(Generic[R]):
    """Reads the file once, and collects faults instead of stopping."""

    def __init__(self, sheet: Sheet[R]) -> None:
        self._sheet = sheet
        self._faults: list[Wrong] = []
        self._seen: dict[str, int] = {}

    def read(self, raw: bytes) -> list[R]:
        rows = read_rows(raw)
        columns = self._columns(*next(rows, (1, [])))
        found = []
        try:
            for row in rows:
                found += self._record(row, columns)
        except WrongFile as torn:
            raise WrongFile([*self._faults, *torn.faults]) from None
        if self._faults:
            raise WrongFile(self._faults)
        return found

    def _columns(self, line: int, head: Sequence[str]) -> list[str]:
        columns, required = self._sheet.columns_of(head), self._sheet.required
        header = {"header": ",".join(required)}
        folded = [name.casefold() for name in columns]
        missing = [name for name in required if name not in columns]
        twice = sorted({name for name in folded if name and folded.count(name) > 1})
        faults = [wrong(line, "no_column", column=name, **header) for name in missing]
        faults += [wrong(line, "column_twice", column=name, **header) for name in twice]
        if "" in columns:
            faults.append(wrong(line, "column_unnamed", **header))
        if faults:
            raise WrongFile(faults)
        return columns

    def _record(self, row: Row, columns: Sequence[str]) -> list[R]:
        """The record of a row; none if it is wrong."""
        line, cells = row
        if not any(cell.strip() for cell in cells[len(columns) :]):
            cells = cells[: len(columns)]
        if len(cells) != len(columns):
            self._faults.append(wrong(line, "width", n=len(cells), header=len(columns)))
            return []
        read = self._cells(line, dict(zip(columns, map(visible, cells), strict=True)))
        record = self._sheet.record(read)
        self._faults += read.faults
        return [] if read.faults else [record]

    def _cells(self, line: int, cells: Mapping[str, str]) -> Cells:
        own = {*self._sheet.required, *self._sheet.longest}
        known = {name: cell for name, cell in cells.items() if name in own}
        free = {name: cell for name, cell in cells.items() if name not in own and cell}
        read = Cells(line, known, free)
        for name, cell in cells.items():
            if _UNPRINTABLE.search(cell):
                read.wrong("unprintable", column=name)
            elif cell in FAILED_CELLS:
                read.wrong("cell_error", column=name, value=cell)
            elif len(cell) > self._sheet.longest.get(name, len(cell)):
                read.wrong("too_long", column=name, longest=self._sheet.longest[name])
        for name in self._sheet.filled:
            if not cells[name]:
                read.wrong("empty", column=name)
        self._demand_own(read, cells[self._sheet.key])
        return read

    def _demand_own(self, read: Cells, words: str) -> None:
        folded = self._sheet.folded(words)
        if folded and folded in self._seen:
            facts = {"column": self._sheet.key, "value": quoted(words)}
            read.wrong("twice", **facts, first=self._seen[folded])
        self._seen.setdefault(folded, read.line)
