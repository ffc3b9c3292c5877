"""What `make run` shows while pip installs for the first time."""

from __future__ import annotations

from tools.install import progress

PIP = """\
Collecting aiogram==3.31.0 (from -r requirements.lock (line 1))
  Downloading aiogram-3.31.0-py3-none-any.whl (1.2 MB)
Collecting aiosqlite==0.22.1 (from -r requirements.lock (line 5))
  Using cached aiosqlite-0.22.1-py3-none-any.whl (17 kB)
Installing collected packages: aiosqlite, aiogram
Successfully installed aiogram-3.31.0 aiosqlite-0.22.1
"""


def test_the_first_start_says_how_far_it_is() -> None:
    said: list[str] = []
    shown = [line.strip() for line in progress(PIP.splitlines(keepends=True), said, 2)]
    fetched = ["1 of 2: aiogram", "2 of 2: aiosqlite"]
    assert shown == [*fetched, "2 fetched, they are unpacked now …"]
    assert "".join(said) == PIP  # for who has to see why it failed
