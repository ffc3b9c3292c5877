"""What a Sentry server is told: the error and its ids; neither secrets nor anybody's words."""

from __future__ import annotations

import asyncio
import logging
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot.error_reports import NoSentry, error_reports
from bot.logs import bound
from bot.settings import WrongConfiguration, load_settings
from sandbox.process import python, tied
from tests.sentry import Sentry, sentry_server

log = logging.getLogger("core.tests")

ROOT = Path(__file__).resolve().parents[2]

TOKEN = "4242424242:c4naryN3verShownc4naryN3verShown123"
WORDS = "пожар в серверной"
ROW = f'duplicate key\nDETAIL: Key (text)=({WORDS}) already exists.\n[SQL: INSERT INTO "t"]'


@pytest.fixture
async def sentry() -> AsyncIterator[Sentry]:
    async with sentry_server() as server:
        yield server


def fails(words: str) -> None:
    """Log an error whose exception has another behind it, as the desk does."""
    customers_words = words
    try:
        try:
            raise ValueError(ROW)
        except ValueError as cause:
            raise RuntimeError(f"https://api.telegram.org/bot{TOKEN}/sendMessage") from cause
    except RuntimeError:
        with bound(update_id=7):
            log.exception("update %s failed", 7, extra={"ticket_id": len(customers_words)})


async def test_an_error_is_told_with_its_ids_and_without_words_or_secrets(sentry: Sentry) -> None:
    def happens() -> None:
        with error_reports(sentry.dsn, ["hush"]):
            log.warning("not an error, hush")
            fails(WORDS)
            log.error("hush is no secret any more")

    await asyncio.to_thread(happens)
    first, second = sentry.events
    assert first["logentry"] == {"formatted": "update 7 failed"}
    assert first["extra"] == {"update_id": "7", "ticket_id": str(len(WORDS))}
    told = first["exception"]["values"]
    assert [one["type"] for one in told] == ["ValueError", "RuntimeError"]
    assert "duplicate key" in told[0]["value"] and told[1]["stacktrace"]["frames"]
    assert {name for one in told for frame in one["stacktrace"]["frames"] for name in frame} <= {
        *("filename", "abs_path", "module", "function", "lineno", "in_app")
    }
    assert second["logentry"]["formatted"] == "*** is no secret any more"
    raw = "".join(sentry.raw)
    for hidden in (TOKEN, WORDS, WORDS.encode("ascii", "backslashreplace").decode(), "hush"):
        assert hidden not in raw
    assert not {"user", "request", "server_name", "modules", "breadcrumbs"} & {*first, *second}


async def test_what_repeats_itself_is_told_once(sentry: Sentry) -> None:
    def happens() -> None:
        with error_reports(sentry.dsn, ()):
            for _ in range(20):
                fails(WORDS)
            log.error("something else")

    await asyncio.to_thread(happens)
    assert len(sentry.events) == 2


def test_a_server_that_is_not_there_stops_nothing(caplog: pytest.LogCaptureFixture) -> None:
    with error_reports(SecretStr("http://key@127.0.0.1:9/7"), ()):
        log.error("nobody hears this")
    assert "nobody hears this" in caplog.text


def test_a_desk_without_an_address_does_not_even_load_the_library() -> None:
    asked = "import sys, bot.error_reports as r\n"
    asked += "with r.error_reports(None, ()): assert 'sentry_sdk' not in sys.modules"
    subprocess.run(tied(python("-c", asked)), cwd=ROOT, check=True)


async def test_errors_of_later_are_not_told(sentry: Sentry) -> None:
    def happens() -> None:
        with error_reports(sentry.dsn, ()):
            log.error("inside")
        log.error("outside")

    await asyncio.to_thread(happens)
    assert [one["logentry"]["formatted"] for one in sentry.events] == ["inside"]


def test_who_has_not_installed_it_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentry_sdk", None)
    with pytest.raises(NoSentry), error_reports(SecretStr("http://key@127.0.0.1:9/7"), ()):
        pytest.fail("nobody would hear of errors")


@pytest.mark.parametrize(
    "dsn", ["key@host/7", "https://host/7", "https://k3y@there", "ftp://k@h/7"]
)
def test_an_address_that_is_none_is_refused_and_not_shown(dsn: str) -> None:
    with pytest.raises(WrongConfiguration) as refused:
        load_settings({"SENTRY_DSN": dsn})
    assert any("SENTRY_DSN" in fault for fault in refused.value.faults)
    assert dsn not in str(refused.value.faults)
