"""Figures and how they are shown: each says what it is, what it should be, and its spread."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure. ``aim`` is an upper bound; without one it is only told."""

    name: str
    value: float
    unit: str
    aim: float | None = None
    low: float | None = None
    high: float | None = None
    note: str = ""

    @property
    def met(self) -> bool | None:
        return None if self.aim is None else self.value <= self.aim

    def line(self) -> str:
        mark = {None: " ", True: "✓", False: "✗"}[self.met]
        aim = "" if self.aim is None else f"aim ≤ {_short(self.aim)}"
        spread = ""
        if self.low is not None and self.high is not None and self.low != self.high:
            spread = f"  [{_short(self.low)} … {_short(self.high)}]"
        note = f"  ({self.note})" if self.note else ""
        return f"{mark} {_short(self.value):>9} {self.unit:<5} {aim:<11} {self.name}{spread}{note}"


def _short(value: float) -> str:
    if value == int(value) and abs(value) < 1e9:
        return f"{int(value):,}"
    digits = 3 if abs(value) < 1 else 2 if abs(value) < 10 else 1
    return f"{value:,.{digits}f}"


def median_of(
    name: str, values: Sequence[float], unit: str, aim: float | None = None, note: str = ""
) -> Figure:
    """The median of some rounds, and their range."""
    return Figure(name, statistics.median(values), unit, aim, min(values), max(values), note)


@dataclass(slots=True)
class Report:
    """What one run has measured: printed as it comes, written down at the end."""

    parts: dict[str, list[Figure]] = field(default_factory=dict)

    def add(self, part: str, figures: Sequence[Figure]) -> None:
        self.parts.setdefault(part, []).extend(figures)
        print(f"\n{part}")
        for figure in figures:
            print(f"  {figure.line()}", flush=True)

    def write(self, path: Path, about: dict[str, Any]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        parts = {
            part: [asdict(figure) | {"met": figure.met} for figure in figures]
            for part, figures in self.parts.items()
        }
        path.write_text(json.dumps({"about": about, "figures": parts}, indent=2) + "\n", "utf-8")
