"""A canary token is let loose everywhere a token can get to; no entry may show it."""

import asyncio
import json
import logging
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest

from bot.logs import Mask, bound
from tests.harness import logged

CANARY = "987654321:AAcanary_canary-canaryCANARYcanary0"
SHORT = "42:TESTING"
PASSWORD = "p@ss/w0rd"

logger = logging.getLogger("tests.logs")
LocaleMiddleware = Callable[[], str]


@pytest.fixture(params=["console", "json"])
def spoken(request: pytest.FixtureRequest) -> Iterator[LocaleMiddleware]:
    with logged(request.param, secrets=[SHORT, PASSWORD]) as stream:
        yield stream.getvalue


def in_a_message(secret: str) -> None:
    logger.info(f"using {secret} now")


def in_an_argument(secret: str) -> None:
    logger.warning("got %s and %r", secret, {"token": secret})


def in_an_address(secret: str) -> None:
    logger.error("GET https://api.telegram.org/bot%s/getMe failed", secret)


def in_a_file_address(secret: str) -> None:
    logger.error("https://api.telegram.org/file/bot%s/photos/1.jpg", secret)


def in_an_exception(secret: str) -> None:
    try:
        raise RuntimeError(f"https://api.telegram.org/bot{secret}/x")
    except RuntimeError:
        logger.exception("boom")


def in_the_cause_of_an_exception(secret: str) -> None:
    try:
        try:
            raise OSError(secret)
        except OSError as cause:
            raise RuntimeError("outer") from cause
    except RuntimeError:
        logger.exception("boom")


def in_an_extra_field(secret: str) -> None:
    logger.info("asked", extra={"request": f"/bot{secret}/getUpdates"})


def in_a_field(secret: str) -> None:
    with bound(request=f"/bot{secret}/getUpdates"):
        logger.info("asked")


def beside_cyrillic(secret: str) -> None:
    logger.info("токен%sконец", f" {secret} ")


WAYS = [
    in_a_message,
    in_an_argument,
    in_an_address,
    in_a_file_address,
    in_an_exception,
    in_the_cause_of_an_exception,
    in_a_field,
    in_an_extra_field,
    beside_cyrillic,
]


@pytest.mark.parametrize("let_loose", WAYS)
@pytest.mark.parametrize("secret", [CANARY, SHORT, PASSWORD])
def test_a_secret_never_appears(
    spoken: LocaleMiddleware, let_loose: Callable[[str], None], secret: str
) -> None:
    let_loose(secret)
    assert secret not in spoken()
    assert "***" in spoken()


@pytest.mark.parametrize(
    ("line", "masked"),
    [
        ("postgresql+asyncpg://u:secret@host/db", "postgresql+asyncpg://u:***@host/db"),
        ("smtp://u:p@ss@host:25", "smtp://u:***@host:25"),
        ("redis://:secret@host", "redis://:***@host"),
        ("http://127.0.0.1:8080/health", "http://127.0.0.1:8080/health"),
        ("write to support@example.com", "write to support@example.com"),
        ("12:30:45 ticket 123456: opened", "12:30:45 ticket 123456: opened"),
    ],
)
def test_addresses_lose_their_password_and_nothing_else(line: str, masked: str) -> None:
    assert Mask()(line) == masked


def test_a_secret_with_quotes_is_hidden_as_json_spells_it(spoken: LocaleMiddleware) -> None:
    del spoken
    assert 'a"b' not in json.loads(Mask(['a"b'])(json.dumps({"message": 'say a"b'})))["message"]


def test_a_secret_that_begins_another_does_not_uncover_its_end() -> None:
    assert Mask(["abc", "abcdef"])("abcdef") == "***"


def last_json(text: str) -> dict[str, object]:
    entry = json.loads(text.splitlines()[-1])
    assert isinstance(entry, dict)
    return entry


@pytest.mark.parametrize("spoken", ["json"], indirect=True)
def test_a_json_entry_is_one_line_with_utc_time(spoken: LocaleMiddleware) -> None:
    with bound(update_id=7, level="nonsense"):
        try:
            raise ValueError("two\nlines")
        except ValueError:
            logger.exception("не вышло\nсовсем")
    assert spoken().count("\n") == 1
    entry = last_json(spoken())
    assert datetime.fromisoformat(str(entry["time"])).utcoffset() == timedelta(0)
    assert (entry["level"], entry["logger"]) == ("error", "tests.logs")
    assert entry["message"] == "не вышло\nсовсем"
    assert entry["update_id"] == 7
    assert "ValueError: two" in str(entry["traceback"])


@pytest.mark.parametrize("spoken", ["console"], indirect=True)
def test_a_customers_words_cannot_forge_an_entry(spoken: LocaleMiddleware) -> None:
    with bound(name="Eve\n00:00:00 ERROR fake"):
        logger.info("said %s", "hello\n12:00:00 CRITICAL core: all is lost")
    assert spoken().count("\n") == 1


@pytest.mark.parametrize("spoken", ["json"], indirect=True)
async def test_each_task_has_its_own_fields(spoken: LocaleMiddleware) -> None:
    async def work(number: int) -> None:
        with bound(ticket=number):
            await asyncio.sleep(0)
            with bound(update_id=number * 10):
                logger.info("inside")
            logger.info("outside")

    await asyncio.gather(work(1), work(2))
    logger.info("after")
    seen = [json.loads(line) for line in spoken().splitlines() if "tests.logs" in line]
    assert {(e["ticket"], e["update_id"]) for e in seen if e["message"] == "inside"} == {
        (1, 10),
        (2, 20),
    }
    assert all("update_id" not in e for e in seen if e["message"] == "outside")
    assert "ticket" not in seen[-1]


def test_what_speaks_on_every_tick_is_silent(spoken: LocaleMiddleware) -> None:
    logging.getLogger("apscheduler.scheduler").warning("maximum number of running instances")
    logging.getLogger("apscheduler.executors.default").info("Running job")
    logging.getLogger("aiohttp.access").info("GET /health 200")
    assert not spoken()
    logging.getLogger("apscheduler.executors.default").error("job raised")
    assert "job raised" in spoken()


def test_whatever_is_given_as_extra_is_in_the_entry(spoken: LocaleMiddleware) -> None:
    with bound(update_id=7):
        logger.info("a delivery failed", extra={"outbox": 12, "ticket": 5, "reason": "flood"})
    entry = spoken().splitlines()[-1]
    if entry.startswith("{"):
        expected = {"update_id": 7, "outbox": 12, "ticket": 5, "reason": "flood"}
        assert expected.items() <= json.loads(entry).items()
    else:
        assert entry.endswith("[update_id=7 outbox=12 ticket=5 reason=flood]")


def test_what_repeats_itself_is_one_entry_and_a_count(
    spoken: LocaleMiddleware, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr("bot.logs.time.monotonic", lambda: now[0])
    for number in range(1419):
        with bound(update_id=number):
            logger.warning("tried again: %s", f"database is locked\n[SQL: statement {number}]")
        now[0] += 0.04
    assert spoken().count("database is locked") == 1
    now[0] += 60
    logger.info("something else")
    first, again, other = spoken().splitlines()
    assert "database is locked" in first
    assert "database is locked" in again
    assert "1418" in again.partition("repeated")[2]
    assert "something else" in other


def test_errors_about_different_things_and_whatever_is_no_warning_are_not_folded(
    spoken: LocaleMiddleware,
) -> None:
    for number in (1, 2, 2):
        logger.error("a delivery could not be sent", extra={"outbox": number})
        logger.info("a delivery failed")
    assert spoken().count("could not be sent") == 2
    assert spoken().count("a delivery failed") == 3


def test_a_count_is_written_at_the_end_too(spoken: LocaleMiddleware) -> None:
    logger.warning("locked")
    logger.warning("locked")
    logging.getLogger().handlers[0].close()
    assert "repeated" in spoken().splitlines()[-1]


WORDS = "шлагбаум\n\nи ворота"
REFUSED = f"null value in column\nDETAIL:  Failing row contains (1, {WORDS}).\n[SQL: INSERT]"


def test_what_a_customer_wrote_is_not_shown_where_postgresql_refuses_it(
    spoken: LocaleMiddleware,
) -> None:
    try:
        try:
            raise ValueError(REFUSED.partition("\n[")[0])
        except ValueError as error:
            raise RuntimeError(REFUSED) from error
    except RuntimeError as error:
        logging.getLogger("desk").warning("it failed: %s", error, exc_info=error)
    said = spoken()
    assert "шлагбаум" not in said
    assert "ворота" not in said
    assert "[SQL: INSERT]" in said
    assert "RuntimeError" in said
