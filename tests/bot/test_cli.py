"""The command line: what each command answers, and one line for each thing that is wrong."""

import asyncio
import json
import logging
import os
import pwd
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from bot import cli, database_access, migrations
from bot.commands import FINE, IN_USE, WRONG
from bot.process import App
from bot.settings import NAMES
from core.db import Database
from sandbox.process import python, tied
from tests.postgres import Postgres, in_a_thread

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "42:c4naryN3verShownc4naryN3verShown1234"
POSTGRES = "postgresql+asyncpg://desk:c4nary@{}/desk"
# Whatever works with the database.
COMMANDS = (["run"], ["migrate"], ["quarantine", "show"], ["quarantine", "replay", "1"])
named = pytest.mark.parametrize("command", COMMANDS, ids=" ".join)


@dataclass
class Terminal:
    """Runs commands in this process: a process of its own costs a second each."""

    folder: Path
    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    @property
    def database(self) -> Path:
        return self.folder / "data" / "desk.db"

    def set(self, **variables: str) -> None:
        for name, value in variables.items():
            self.monkeypatch.setenv(name, value)

    def run(self, *command: str) -> tuple[int, str, str]:
        code = cli.main(command)
        out, err = self.capsys.readouterr()
        assert "Traceback" not in err
        assert "c4nary" not in out + err
        return code, out, err

    def refused(self, *command: str, code: int = WRONG) -> str:
        """The one line that a command has to say about what is wrong."""
        ended, out, err = self.run(*command)
        assert (ended, out) == (code, ""), err
        (line,) = err.splitlines()
        return line

    def asks(self, sql: str, *values: object) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(self.database)) as connection, connection:
            return connection.execute(sql, values).fetchall()


@pytest.fixture
def terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Terminal]:
    """A working folder and an environment with a token and nothing else in it."""
    for name in (*NAMES, "FAULT_POINT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(database_access, "WAIT_LIMIT", 0)
    monkeypatch.chdir(tmp_path)
    terminal = Terminal(tmp_path, monkeypatch, capsys)
    # Nobody listens there: a desk that got so far would wait for Telegram, and the test for it.
    terminal.set(BOT_TOKEN=TOKEN, TELEGRAM_API_URL="http://127.0.0.1:9")
    terminal.set(DATABASE_URL=f"sqlite+aiosqlite:///{terminal.database}")
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield terminal
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)


@pytest.fixture(scope="session")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database that is up to date, to be copied."""
    path = tmp_path_factory.mktemp("tables") / "desk.db"

    async def make() -> None:
        database = Database(f"sqlite+aiosqlite:///{path}")
        await migrations.migrate(database)
        await database.close()

    in_a_thread(make())
    return path


@pytest.fixture
def ready(terminal: Terminal, tables: Path) -> Terminal:
    """A terminal with a database that is up to date."""
    terminal.database.parent.mkdir()
    shutil.copyfile(tables, terminal.database)
    return terminal


# ------------------------------------------------------------------ what it is asked


def test_help_names_every_command(terminal: Terminal) -> None:
    with pytest.raises(SystemExit) as ended:
        terminal.run("--help")
    assert ended.value.code == FINE
    said = terminal.capsys.readouterr().out
    assert all(f"    {command.name}" in said for command in cli.COMMANDS)


@pytest.mark.parametrize(
    "words", [[], ["dance"], ["quarantine"], ["quarantine", "eat"], ["quarantine", "replay", "x"]]
)
def test_what_is_no_command_is_wrong(terminal: Terminal, words: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        terminal.run(*words)
    assert ended.value.code == WRONG
    assert "usage: python -m bot" in terminal.capsys.readouterr().err


# ------------------------------------------------------------------ the environment


# What a command cannot do without.
MORE: Final = {
    "quarantine": ("show",),
    "directory": ("show",),
    "import": ("cameras", "cameras.csv"),
    "restore": ("backup.db",),
    "export": ("tickets.xlsx",),
    "key": ("list",),
    "webhook": ("list",),
    "person": ("find", "anna"),
}


@pytest.mark.parametrize(
    "name", [command.name for command in cli.COMMANDS if command.name != "backup"]
)
def test_every_command_refuses_wrong_variables_with_a_line_for_each(
    terminal: Terminal, name: str
) -> None:
    terminal.set(BOT_TOKEN="c4nary", ADMIN_IDS="@anna", SWEEP_INTERVAL="often")
    code, out, err = terminal.run(name, *MORE.get(name, ()))
    assert (code, out) == (WRONG, "")
    assert [line.split()[0] for line in err.splitlines()] == [
        "BOT_TOKEN",
        "ADMIN_IDS",
        "SWEEP_INTERVAL",
    ]
    assert not terminal.database.parent.exists()


def test_a_misspelt_name_is_hinted_at_wherever_it_stands(ready: Terminal) -> None:
    ready.set(OPERATOR_CHATID="-1001")
    (ready.folder / ".env").write_text("ALERT_CHATID=-1002\n")
    (ready.folder / ".env").chmod(0o600)
    code, out, err = ready.run("migrate")
    assert (code, out) == (FINE, "the database is up to date\n")
    assert err.splitlines() == [
        "ALERT_CHATID is not a variable of Frontdoor: did you mean ALERT_CHAT_ID?",
        "OPERATOR_CHATID is not a variable of Frontdoor: did you mean OPERATOR_CHAT_ID?",
    ]


def test_a_dotenv_in_another_encoding_is_named(terminal: Terminal) -> None:
    (terminal.folder / ".env").write_bytes("COMPANY_NAME=Наш двор\n".encode("cp1251"))
    assert terminal.refused("migrate") == ".env is not UTF-8 from byte 13 on; save it in UTF-8"


def test_a_dotenv_that_may_not_be_read_is_named(terminal: Terminal) -> None:
    (terminal.folder / ".env").write_text("COMPANY_NAME=Наш двор\n")
    (terminal.folder / ".env").chmod(0)
    with not_as_root():
        assert terminal.refused("migrate") == ".env cannot be read: Permission denied"


def test_an_unknown_fault_point_is_named(terminal: Terminal) -> None:
    terminal.set(FAULT_POINT="nowhere:1")
    assert terminal.refused("migrate").startswith("FAULT_POINT: ")


# ------------------------------------------------------------------ the database


def test_migrate_makes_the_tables_and_the_folder_and_may_be_repeated(terminal: Terminal) -> None:
    for _ in range(2):
        assert terminal.run("migrate") == (FINE, "the database is up to date\n", "")
    assert terminal.asks("SELECT version_num FROM alembic_version") == [(migrations.head(),)]


@named
def test_a_database_of_a_later_release_is_left_alone(ready: Terminal, command: list[str]) -> None:
    ready.asks("UPDATE alembic_version SET version_num = '9999'")
    said = ready.refused(*command)
    assert said.startswith("DATABASE_URL: a later release has changed it (it is at 9999")
    assert "restore the backup" in said


def test_the_doctor_sees_a_database_of_a_later_release(ready: Terminal) -> None:
    ready.asks("UPDATE alembic_version SET version_num = '9999'")
    code, out, _ = ready.run("check")
    assert code == WRONG
    assert "→ look at DATABASE_URL: a later release has changed it" in out


@named
def test_a_folder_that_cannot_be_made_is_named(terminal: Terminal, command: list[str]) -> None:
    (terminal.folder / "file").write_text("no folder")
    terminal.set(DATABASE_URL=f"sqlite+aiosqlite:///{terminal.folder}/file/desk.db")
    said = terminal.refused(*command)
    reasons = "it cannot be opened: ", "it has no tables of this release yet"
    assert said.removeprefix("DATABASE_URL: ").startswith(reasons)


@named
def test_a_file_that_is_no_database_is_named(ready: Terminal, command: list[str]) -> None:
    ready.database.write_bytes(b"no database at all" * 100)
    assert ready.refused(*command) == "DATABASE_URL: it cannot be opened: file is not a database"


@pytest.mark.parametrize("command", [["run"], ["migrate"]], ids=" ".join)
def test_a_folder_that_may_not_be_written_to_is_named(ready: Terminal, command: list[str]) -> None:
    ready.database.parent.chmod(0o500)
    ready.monkeypatch.chdir("/")
    with not_as_root():
        assert "it cannot be opened: " in ready.refused(*command)
    ready.database.parent.chmod(0o700)


@contextmanager
def not_as_root() -> Iterator[None]:
    """Root may write anywhere, so root becomes nobody for a while."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(pwd.getpwnam("nobody").pw_uid)
    try:
        yield
    finally:
        os.seteuid(0)


@named
def test_a_postgresql_out_of_reach_is_named(terminal: Terminal, command: list[str]) -> None:
    terminal.set(DATABASE_URL=POSTGRES.format("127.0.0.1:9"))
    assert "DATABASE_URL: it cannot be opened: " in terminal.refused(*command)


def test_the_doctor_sees_a_postgresql_out_of_reach(terminal: Terminal) -> None:
    terminal.set(DATABASE_URL=POSTGRES.format("127.0.0.1:9"))
    code, out, _ = terminal.run("check")
    assert code == WRONG
    assert "WRONG  PostgreSQL database cannot be worked with" in out


@pytest.mark.postgres
@named
def test_a_postgresql_without_that_database_is_named(
    terminal: Terminal, postgres: Postgres, command: list[str]
) -> None:
    terminal.set(DATABASE_URL=postgres.url("nosuch"))
    said = terminal.refused(*command)
    assert said == 'DATABASE_URL: it cannot be opened: database "nosuch" does not exist'


@pytest.mark.postgres
def test_what_must_be_alone_is_refused_beside_a_process_on_postgresql(
    terminal: Terminal, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def runs(app: App) -> None:
        pytest.fail("it is not refused, and would run for ever")

    monkeypatch.setattr(App, "run", runs)
    monkeypatch.setattr("bot.commands.run.MIGRATION_WAIT", 0.0)
    with postgres.database() as url:
        terminal.set(DATABASE_URL=url)
        assert "no tables of this release yet" in terminal.refused("quarantine", "show")
        assert terminal.run("migrate")[0] == FINE
        assert terminal.run("quarantine", "show") == (FINE, "", "")
        other = Database(url)
        with asyncio.Runner() as runner:
            runner.run(other.hold(other.close))
            said = terminal.refused("run", code=IN_USE)
            assert terminal.refused("migrate", code=IN_USE) == said
            runner.run(other.close())
        assert said.startswith("DATABASE_URL: another process works with ")


@pytest.mark.parametrize("command", [c for c in COMMANDS if c[0] != "quarantine"])
def test_a_database_that_another_process_holds_is_refused(
    ready: Terminal, command: list[str]
) -> None:
    other = Database(f"sqlite+aiosqlite:///{ready.database}")
    other.lock()
    said = ready.refused(*command, code=IN_USE)
    asyncio.run(other.close())
    assert said == f"DATABASE_URL: another process works with {ready.database}; stop it first"


# ------------------------------------------------------------------ quarantine


@pytest.mark.parametrize("command", [["show"], ["replay", "1"]])
def test_quarantine_makes_no_database_where_there_is_none(
    terminal: Terminal, command: list[str]
) -> None:
    said = terminal.refused("quarantine", *command)
    assert said.endswith("no tables of this release yet; `python -m bot migrate` makes them")
    assert not terminal.database.parent.exists()


def quarantined(terminal: Terminal) -> None:
    raw = json.dumps({"update_id": 77, "message": "нет"}, ensure_ascii=False)
    terminal.asks(
        "INSERT INTO inbox (id, source, external_id, ordering_key, raw, state, error, received_at)"
        " VALUES (5, 'telegram:42', '77', '0', ?, 'quarantined', 'cannot be parsed',"
        " '2026-11-22 03:00:00')",
        raw,
    )


def test_quarantine_shows_what_was_put_aside_even_beside_the_desk(ready: Terminal) -> None:
    assert ready.run("quarantine", "show") == (FINE, "", "")
    quarantined(ready)
    desk = Database(f"sqlite+aiosqlite:///{ready.database}")
    desk.lock()
    code, out, _ = ready.run("quarantine", "show")
    asyncio.run(desk.close())
    assert code == FINE
    assert out == '5\tupdate 77\tcannot be parsed\n\t{"update_id": 77, "message": "нет"}\n'
    assert ready.run("quarantine", "show", "--before", "5") == (FINE, "", "")
    _, out, _ = ready.run("quarantine", "show", "--limit", "1")
    assert out.endswith("older ones: quarantine show --before 5\n")


@pytest.mark.parametrize("words", [["5"], ["--all"]])
def test_quarantine_replays_each_once_beside_the_desk(ready: Terminal, words: list[str]) -> None:
    quarantined(ready)
    desk = Database(f"sqlite+aiosqlite:///{ready.database}")
    desk.lock()
    said = "1 will be handled again, by a running desk at once\n"
    assert ready.run("quarantine", "replay", *words) == (FINE, said, "")
    assert ready.asks("SELECT state, error, external_id FROM inbox") == [("new", None, "77")]
    for unknown in (["5"], ["6"], []):
        said = ready.refused("quarantine", "replay", *unknown)
        hint = "name numbers that `quarantine show` prints, or --all"
        assert said == f"quarantine replay: {hint}"
    asyncio.run(desk.close())


def test_an_open_env_file_is_named(terminal: Terminal) -> None:
    env = terminal.folder / ".env"
    env.write_text("COMPANY_NAME=Dvor\n")
    env.chmod(0o644)
    _, _, said = terminal.run("migrate")
    assert ".env can be read by others; `chmod 600 .env`" in said
    env.chmod(0o600)
    _, _, said = terminal.run("migrate")
    assert "chmod" not in said


# ------------------------------------------------------------------ as a process


def test_what_the_desk_writes_is_its_users_only(terminal: Terminal, tmp_path: Path) -> None:
    """Also a database that an earlier release left open."""
    environment = dict(os.environ) | {"PYTHONPATH": str(ROOT)}

    def run(*command: str) -> None:
        arguments = tied(python("-m", "bot", *command))
        subprocess.run(arguments, env=environment, check=True, capture_output=True, timeout=120)

    run("migrate")
    run("backup", str(terminal.folder / "copy.db"))
    files = [*terminal.database.parent.iterdir(), terminal.folder / "copy.db"]
    assert {file.name for file in files} >= {"desk.db", "desk.db.lock", "copy.db"}
    assert {oct(file.stat().st_mode & 0o077) for file in files} == {"0o0"}
    terminal.database.chmod(0o644)
    run("migrate")
    assert terminal.database.stat().st_mode & 0o077 == 0


def test_the_exit_code_reaches_whoever_started_it(terminal: Terminal) -> None:
    terminal.set(ADMIN_IDS="@anna")
    ended = subprocess.run(
        tied(python("-m", "bot", "run")),
        env=dict(os.environ) | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (ended.returncode, ended.stdout) == (WRONG, "")
    assert ended.stderr.startswith("ADMIN_IDS must be ids of people")
    assert len(ended.stderr.splitlines()) == 1
