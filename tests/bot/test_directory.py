"""``directory``: shown, checked and applied beside a desk, which reads anew what it keeps."""

import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot import cli
from bot.cache_refresh import CacheRefresh
from core.company import Company
from core.db import Database
from core.desk import Desk
from core.teams.teams import teams_of

TEAM = '[[team]]\ncode = "field"\ntitles = { en = "Field crew" }\nlevel = 2\n'


@pytest.fixture
def database(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Path]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "desk.db"
    monkeypatch.setenv("DATABASE_URL", f"sqlite+aiosqlite:///{path}")
    assert cli.main(["migrate"]) == cli.FINE
    capsys.readouterr()
    yield path
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)


def written(folder: Path, text: str) -> str:
    file = folder / "directory.toml"
    file.write_text(text, encoding="utf-8")
    return str(file)


def test_what_is_shown_can_be_applied_and_changes_nothing(
    database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["directory", "show"]) == cli.FINE
    shown = capsys.readouterr().out
    assert '[[topic]]\ncode = "general"' in shown
    assert cli.main(["directory", "apply", written(tmp_path, shown)]) == cli.FINE
    assert capsys.readouterr().out == "the file changes nothing\n"


def test_a_check_says_what_apply_then_does(
    database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(tmp_path, TEAM)
    assert cli.main(["directory", "check", file]) == cli.FINE
    said = capsys.readouterr().out
    assert "+[[team]]" in said and "+level = 2" in said
    assert cli.main(["directory", "apply", file]) == cli.FINE
    assert capsys.readouterr().out == said
    assert cli.main(["directory", "apply", file]) == cli.FINE
    assert capsys.readouterr().out == "the file changes nothing\n"


def test_a_wrong_file_changes_nothing_and_every_fault_is_named(
    database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(tmp_path, TEAM + '[[topic]]\ncode = "x"\n[[colour]]\ncode = "x"\n')
    assert cli.main(["directory", "apply", file]) == cli.WRONG
    out, err = capsys.readouterr()
    *faults, last = err.splitlines()
    assert [fault.partition(";")[0] for fault in faults] == [
        "nobody knows [[colour]]",
        "topic x: titles is missing",
    ]
    assert (out, last) == ("", f"{file}: nothing was changed")
    assert cli.main(["directory", "apply"]) == cli.WRONG
    assert capsys.readouterr().err == "directory apply: name a file\n"


def test_a_desk_that_runs_beside_knows_of_it_soon(
    database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.cache_refresh.LOOK_EVERY", 0.01)

    async def live() -> list[list[str]]:
        store = Database(f"sqlite+aiosqlite:///{database}")
        store.lock()
        desk, seen = Desk(store, Company()), list[list[str]]()
        news: list[None] = []
        before = desk.cache
        reading = asyncio.create_task(CacheRefresh(desk, lambda: news.append(None)).run())
        try:
            while desk.cache is before:  # it has looked once
                await asyncio.sleep(0.01)
            for text in (TEAM, TEAM + TEAM.replace("field", "second")):
                seen.append(list(await desk.read(teams_of)))
                file = written(tmp_path, text)
                assert await asyncio.to_thread(cli.main, ["directory", "apply", file]) == cli.FINE
                async with asyncio.timeout(20):
                    while list(await desk.read(teams_of)) == seen[-1]:
                        await asyncio.sleep(0.01)
            seen.append(list(await desk.read(teams_of)))
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
            await store.close()
        assert len(news) == len(seen) - 1
        return seen

    assert asyncio.run(live()) == [[], ["field"], ["field", "second"]]
