"""The transcript is what it was when its golden files were written: every screen, both languages.

``golden/<part>.md`` is the transcript without instants, spans and ids. Whatever is in the diff,
people would see otherwise; if that is meant, write it anew and say why in the commit:

    GOLDEN=write pytest -n 0 tests/tools/test_transcript.py
"""

from __future__ import annotations

import asyncio
import difflib
import os
from pathlib import Path
from typing import Final

import pytest

from tests.e2e.normal_form import timeless, without_days
from tests.e2e.warm import WarmProcesses
from tools.transcript.__main__ import PARTS, played

FOLDER: Final = Path(__file__).parents[2] / "tools" / "transcript" / "golden"


@pytest.fixture(scope="module")
async def books(forking: WarmProcesses) -> dict[str, list[str]]:
    """All parts, played side by side: most of their time is waiting."""
    del forking  # their bots are forked meanwhile
    lines = await asyncio.gather(*map(played, PARTS))
    return dict(zip(PARTS, lines, strict=True))


@pytest.mark.parametrize("part", PARTS)
async def test_people_see_what_they_saw_before(books: dict[str, list[str]], part: str) -> None:
    file = FOLDER / f"{part}.md"
    text = without_days(timeless("\n".join(books[part]))).strip() + "\n"
    if os.environ.get("GOLDEN") == "write":
        file.write_text(text, encoding="utf-8")
    golden = file.read_text(encoding="utf-8")
    difference = "\n".join(
        difflib.unified_diff(
            golden.splitlines(), text.splitlines(), f"golden {file.name}", "now", n=6, lineterm=""
        )
    )
    assert not difference, f"people would see something else:\n{difference}"
