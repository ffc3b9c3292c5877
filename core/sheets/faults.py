"""What is wrong with a table, as symbolic texts with the lines of the file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

_SHOWN: Final = 60


@dataclass(frozen=True, slots=True)
class Wrong:
    """A line of the file that cannot be used; ``line`` counts from 1, the header's line.

    ``key`` is a text without its line, ``facts`` are what it names.
    """

    line: int
    key: str
    facts: Mapping[str, Any] = field(default_factory=dict)


class WrongFile(Exception):
    """The file cannot be imported; `faults` names every wrong line."""

    def __init__(self, faults: Sequence[Wrong]) -> None:
        self.faults = tuple(sorted(faults, key=lambda one: one.line))
        super().__init__("; ".join(f"{one.line}: {one.key}" for one in self.faults))


def wrong(line: int, name: str, **facts: Any) -> Wrong:
    """Return the fault ``sheet.fault.<name>`` of a line."""
    return Wrong(line, f"sheet.fault.{name}", facts)


def quoted(words: str) -> tuple[str]:
    """Return what stands in a cell for a text that quotes it (`{value:quoted}`): not too long, and
    a sign that cannot be shown as one that can.
    """
    shown = "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in words)
    return (shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…",)
