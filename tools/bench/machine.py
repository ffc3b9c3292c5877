"""How fast this machine is just now, so that seconds of different days can be compared."""

from __future__ import annotations

import json
import sqlite3
import statistics
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_ROUNDS: Final = 5
_TIMES: Final = 20_000
_UPDATE: Final = {"message": {"chat": {"id": 1}, "text": "Не работает", "entities": []}}


@dataclass(frozen=True, slots=True)
class _Said:
    """As much as a record of the desk holds."""

    number: int
    text: str


def piece_seconds() -> float:
    """CPU seconds for a fixed piece of work: what the desk does for a message, without the desk.

    20,000 times: JSON written and read, a record made, a row written to SQLite and read back.
    The median of five, which together take a second of CPU on a slow machine.
    """
    return statistics.median(_piece() for _ in range(_ROUNDS))


def _piece() -> float:
    began = time.process_time()
    database = sqlite3.connect(":memory:")
    database.execute("CREATE TABLE said (id INTEGER PRIMARY KEY, text TEXT)")
    for number in range(_TIMES):
        update: Mapping[str, Mapping[str, str]] = json.loads(json.dumps(_UPDATE))
        said = _Said(number, update["message"]["text"])
        database.execute("INSERT INTO said VALUES (?, ?)", (said.number, said.text))
        database.execute("SELECT text FROM said WHERE id = ?", (number,)).fetchone()
    database.close()
    return time.process_time() - began
