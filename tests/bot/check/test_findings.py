"""`check`: every finding says what is wrong, and what to do about it."""

import os
from typing import Any

import pytest

from bot import cli
from bot.commands import FINE, WRONG
from bot.commands.checks.result import Finding
from core.db import Database
from tests.bot.check.practice import Practice


async def test_where_all_is_well_it_says_so_line_by_line(practice: Practice) -> None:
    lines = [str(finding) for finding in await practice.examine()]
    assert lines == [
        "ok     SQLite database can be written to",
        "ok     SQLite database is empty: the first `python -m bot run` makes the tables",
        f"ok     files can be stored in file://{practice.folder}/files",
        "ok     the bot is @help_bot",
        "ok     the operator group is “Операторы”, the bot is an admin there",
        "ok     the alert channel is “Просрочки”, the bot is an admin there",
    ]
    assert not (practice.folder / "files").exists()


async def test_it_runs_beside_the_desk(practice: Practice) -> None:
    desk = Database(practice.environment()["DATABASE_URL"])
    desk.lock()
    assert next(f.what for f in await practice.examine()).endswith("in use: the desk is running")
    assert not await practice.faults()
    await desk.close()


async def test_what_is_wrong_in_one_place_does_not_hide_the_others(practice: Practice) -> None:
    (practice.folder / "file").write_text("no folder")
    await practice.group.demote_bot(practice.anna)
    found = await practice.faults(
        DATABASE_URL=f"sqlite+aiosqlite:///{practice.folder}/file/x.db",
        ALERT_CHAT_ID="-1001",
        ADMIN_IDS="",
        SMTP_URL="smtp://127.0.0.1:9",
        MAIL_FROM="desk@example.com",
    )
    assert len(found) == 5


def test_its_exit_code_tells_whether_something_is_wrong(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def examined(findings: list[Finding]) -> list[Finding]:
        return findings

    def found(*findings: Finding) -> Any:
        monkeypatch.setattr("bot.commands.check.examine", lambda _settings: examined([*findings]))
        return cli.main(["check"])

    for name in ("BOT_TOKEN", "FAULT_POINT"):
        monkeypatch.delenv(name, raising=False)
    assert os.environ.get("BOT_TOKEN") is None
    assert found(Finding("one", True)) == FINE
    assert found(Finding("one", True), Finding("two", False, "do this")) == WRONG
    assert capsys.readouterr().out.endswith("ok     one\nWRONG  two\n       → do this\n")
