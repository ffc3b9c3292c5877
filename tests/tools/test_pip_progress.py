"""What `make run` shows while pip installs for the first time."""

from __future__ import annotations

from tools.pip_progress import progress

PIP = """\
Collecting aiogram==3.31.0 (from -r requirements.lock (line 1))
  Downloading aiogram-3.31.0-py3-none-any.whl (1.2 MB)
Collecting aiosqlite==0.22.1 (from -r requirements.lock (line 5))
  Using cached aiosqlite-0.22.1-py3-none-any.whl (17 kB)
Installing collected packages: aiosqlite, aiogram
Successfully installed aiogram-3.31.0 aiosqlite-0.22.1
"""
FAILED = "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.\n    got 1234\n"


def shown(said: str) -> list[str]:
    return [line.strip() for line in progress(said.splitlines(keepends=True), "2")]


def test_the_first_start_says_how_far_it_is() -> None:
    fetched = ["1 of 2: aiogram", "2 of 2: aiosqlite"]
    assert shown(PIP) == [*fetched, "2 fetched, they are unpacked now …"]


def test_what_went_wrong_is_passed_on_whole() -> None:
    assert shown(FAILED) == [line.strip() for line in FAILED.splitlines()]
