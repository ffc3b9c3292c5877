"""What a start imports: by a desk in a process of its own, up to its first update handled."""

import asyncio
import subprocess
from importlib import import_module
from pathlib import Path

import pytest

from bot import late_imports
from sandbox.process import python, tied

ROOT = Path(__file__).resolve().parent.parent.parent
# What costs a start much and gives it nothing, each with the reason for which it is at hand at all.
HEAVY = {
    "aiogram.dispatcher": "bots that are made otherwise than the desk",
    "aiogram.methods.send_game": "as many other methods, nothing",
    "aiogram.types.passport_data": "as many other types, nothing",
    "aiosmtplib": "mail",
    "aiohttp": "files, other systems' webhooks, the sandbox",
    "apscheduler": "jobs, which whoever waits comes before",
    "alembic": "changes of the tables",
    "asyncpg": "PostgreSQL",
    "babel": "catalogues that are written otherwise than ours",
    "channels.email": "mail",
    "fastapi": "HTTP",
    "handlers.http.door": "HTTP",
    "handlers.mail.handler": "mail",
    "openpyxl": "tables of Excel",
    "sandbox": "trying the desk out",
    "sentry_sdk": "errors told elsewhere",
    "snowballstemmer": "the search",
    "starlette": "HTTP",
    "uvicorn": "HTTP",
    "xlsxwriter": "exports",
}
SCRIPT = """
import asyncio, json, os, sys
from pathlib import Path
import bot.cli
from bot.lazy_aiogram import defer_types

defer_types()
import bot.commands.run
from bot import app as application
from bot.database_access import open_for_writing
from bot.settings import load_settings
from core import inbox

SAID = {
    "update_id": 1,
    "message": {
        "message_id": 1,
        "date": 1,
        "chat": {"id": 5, "type": "private", "first_name": "A"},
        "from": {"id": 5, "is_bot": False, "first_name": "A", "language_code": "ru"},
        "text": "Камера не показывает",
    },
}


async def main():
    settings = load_settings()
    url = settings.database_url.get_secret_value()
    async with open_for_writing(url) as database:
        app = application.build(settings, database)
        await app.prepare()
        raw = inbox.Raw("1", "5", json.dumps(SAID))
        await app.desk.run(inbox.store, f"telegram:{app.bot.id}", [raw])
        queue = asyncio.create_task(app.update_queue.run())
        await asyncio.wait_for(app.update_queue.first_handled.wait(), 120)
        print("\\n".join(sorted(sys.modules)), flush=True)
        os._exit(0)


asyncio.run(main())
"""


def _settings(folder: Path) -> dict[str, str]:
    return {
        "BOT_TOKEN": "123456:" + "a" * 35,
        "TELEGRAM_API_URL": "http://127.0.0.1:9",  # nobody listens there
        "DATABASE_URL": f"sqlite+aiosqlite:///{folder / 'desk.db'}",
        "PYTHONPATH": str(ROOT),
    }


def _run(folder: Path, *command: str) -> str:
    done = subprocess.run(
        tied(python(*command)),
        cwd=folder,
        env=_settings(folder),
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The modules of a desk that has handled its first update, with tables that were there."""
    folder = tmp_path_factory.mktemp("start")
    _run(folder, "-m", "bot", "migrate")
    return set(_run(folder, "-c", SCRIPT).split())


def test_a_start_imports_nothing_heavy_that_it_does_not_need(imported: set[str]) -> None:
    assert {"bot.app", "aiogram", "handlers.telegram.customer.routes"} <= imported
    assert not HEAVY.keys() & imported


def test_what_is_imported_late_was_not_imported_before(imported: set[str]) -> None:
    assert not late_imports.LATE.keys() & imported


async def test_what_is_late_comes_once_an_update_was_handled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(late_imports, "import_module", asked.append)
    monkeypatch.setattr(late_imports, "PATIENCE", 3600.0)
    handled = asyncio.Event()
    late = asyncio.create_task(late_imports.import_late(handled))
    await asyncio.sleep(0)
    assert not asked
    handled.set()
    await late
    assert asked == [*late_imports.LATE]


async def test_what_is_not_urgent_waits_for_the_first_update_or_for_calm() -> None:
    handled = asyncio.Event()
    waits = asyncio.create_task(late_imports.until_handled(handled, 3600.0))
    await asyncio.sleep(0)
    assert not waits.done()
    handled.set()
    await waits
    await late_imports.until_handled(asyncio.Event(), 0.0)


async def test_a_desk_that_nobody_writes_to_imports_it_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(late_imports, "import_module", asked.append)
    monkeypatch.setattr(late_imports, "PATIENCE", 0.0)
    await late_imports.import_late(asyncio.Event())
    assert asked == [*late_imports.LATE]


@pytest.mark.parametrize("name", late_imports.LATE)
def test_what_is_imported_late_is_there(name: str) -> None:
    assert import_module(name).__name__ == name
