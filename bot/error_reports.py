"""Errors are told to a Sentry server as well, where `SENTRY_DSN` names one (X14, S34).

What leaves is what the log says of an error and no more: the entry, the ids bound to it, the types
and texts of the exceptions and the lines of code that they went through, with secrets and rows
masked as in the log. No variables, no requests, no earlier entries, no names of people or machines.
An error that repeats itself is told once a minute.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import urlsplit

from pydantic import SecretStr

from bot.logs import FOLD, Mask, fields_of, kind_of, message_of, without_rows

if TYPE_CHECKING:
    from sentry_sdk.types import Event, Hint

# Seconds for what is not told yet when the process ends.
LAST_WORDS: Final = 2.0
# Seconds for an answer when it is tried out.
PATIENCE: Final = 8.0
_TAKEN: Final = range(200, 300)
# Of an error that says something else each time so many kinds are remembered.
_KINDS: Final = 1000
# What of an event leaves as the library has it.
_OF_EVENT: Final = ("event_id", "timestamp", "platform", "level", "logger", "sdk")
# What of a frame leaves: where in our code and the libraries' it is, not what it worked on.
_OF_FRAME: Final = ("filename", "abs_path", "module", "function", "lineno", "in_app")


class NoSentry(Exception):
    """`sentry-sdk` is not installed."""


class NotTaken(Exception):
    """The server takes nothing with this DSN; the message says why."""


@contextmanager
def error_reports(dsn: SecretStr | None, secrets: Iterable[str]) -> Iterator[None]:
    """Tell the server at ``dsn`` of every error that is logged inside; ``None``: of none.

    ``secrets``: what must not leave. Raises :class:`NoSentry`.
    """
    if dsn is None:
        yield
        return
    try:
        import sentry_sdk
        from sentry_sdk.integrations.logging import LoggingIntegration
    except ImportError:
        raise NoSentry from None
    sentry_sdk.init(
        dsn.get_secret_value(),
        release="",  # or it asks git
        server_name="",
        before_send=_Report(Mask(secrets)),
        integrations=[LoggingIntegration(level=None, event_level=logging.ERROR)],
        default_integrations=False,
        auto_enabling_integrations=False,
        auto_session_tracking=False,
        include_local_variables=False,
        include_source_context=False,
        max_breadcrumbs=0,
        send_client_reports=False,
    )
    try:
        yield
    finally:
        sentry_sdk.get_client().close(timeout=LAST_WORDS)


async def try_out(dsn: SecretStr) -> None:
    """Send the server an envelope with nothing in it. Raises :class:`NotTaken`."""
    import aiohttp  # only `check` tries it out

    parts = urlsplit(dsn.get_secret_value())
    folder, _, project = parts.path.rpartition("/")
    where = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{folder}/api/{project}/envelope/"
    key = f"Sentry sentry_version=7, sentry_client=frontdoor/1, sentry_key={parts.username}"
    timeout = aiohttp.ClientTimeout(total=PATIENCE)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.post(where, data="{}\n", headers={"x-sentry-auth": key}) as answer,
        ):
            if answer.status not in _TAKEN:
                raise NotTaken(f"it answers {answer.status}")
    except (aiohttp.ClientError, OSError, ValueError) as error:
        raise NotTaken(type(error).__name__) from None


class _Report:
    """Makes what is told of what the library knows."""

    def __init__(self, mask: Mask) -> None:
        self._mask = mask
        self._told: dict[tuple[object, ...], float] = {}  # the oldest first

    def __call__(self, event: Event, hint: Hint) -> Event | None:
        record = hint.get("log_record")
        if not isinstance(record, logging.LogRecord) or not self._is_news(record):
            return None
        told = cast("Event", {name: event.get(name) for name in _OF_EVENT})
        told["logentry"] = {"formatted": self._mask(message_of(record))}
        told["extra"] = {name: self._mask(str(value)) for name, value in fields_of(record).items()}
        told["exception"] = {"values": [*map(self._exception, _exceptions(event))]}
        return told

    def _is_news(self, record: logging.LogRecord) -> bool:
        """Whether nothing of the kind was told within a minute."""
        kind, now = kind_of(record), time.monotonic()
        last = self._told.pop(kind, None)
        if last is not None and now - last < FOLD:
            self._told[kind] = last
            return False
        self._told[kind] = now
        while len(self._told) > _KINDS:
            del self._told[next(iter(self._told))]
        return True

    def _exception(self, given: dict[str, Any]) -> dict[str, Any]:
        frames = (given.get("stacktrace") or {}).get("frames", ())
        shown = [{name: frame[name] for name in _OF_FRAME if name in frame} for frame in frames]
        return {
            "type": given.get("type"),
            "module": given.get("module"),
            "value": self._mask(without_rows(str(given.get("value") or ""))),
            "stacktrace": {"frames": shown},
        }


def _exceptions(event: Event) -> list[dict[str, Any]]:
    return list((event.get("exception") or {}).get("values", ()))
