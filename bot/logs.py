"""The log: one record, one entry, in console or JSON format, without secrets.

Masking comes last, on the rendered entry with its traceback: a token may stand in an exception's
text, in a URL or in an argument, and only the finished line has them all.

A warning or an error that repeats itself is one entry, and another with the count after a minute:
a locked database must not bury what else happens.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from copy import copy
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final, Literal, TextIO

# No \b before the digits: in /bot123456:AA… there is none between the t and the 1.
_TOKEN: Final = re.compile(r"(?<!\d)\d{6,12}:[\w-]{30,}")
_PASSWORD: Final = re.compile(r"(://[^:/@\s]*:)[^/\s]+@")
# PostgreSQL quotes the row that it refuses, with a customer's words in it (S31).
_ROW: Final = re.compile(r"(DETAIL: ).*?(?=\n\[SQL|\n\nThe above|\n\nDuring|\Z)", re.DOTALL)
_HIDDEN: Final = "***"

# Loggers that write on every tick or request; their errors are still logged.
_QUIET_LOGGERS: Final = {
    "apscheduler.executors": logging.ERROR,  # "maximum number of running instances", each tick
    "apscheduler.scheduler": logging.ERROR,
    "aiohttp.access": logging.WARNING,
    "asyncio": logging.INFO,  # which selector a loop uses
    "alembic": logging.WARNING,
    "aiogram.event": logging.WARNING,
}

# Seconds within which an entry that repeats itself is counted only.
FOLD: Final = 60.0
# What every record has; the rest is what its caller gave as `extra`.
_OF_RECORD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}

_context: ContextVar[Mapping[str, object]] = ContextVar("_context", default=MappingProxyType({}))


@contextmanager
def bound(**fields: object) -> Iterator[None]:
    """Add these fields (an update's id, say) to every entry logged inside."""
    token = _context.set({**_context.get(), **fields})
    try:
        yield
    finally:
        _context.reset(token)


def configure(
    level: str,
    format: Literal["console", "json"],  # noqa: A002 - named as the setting is
    *,
    secrets: Iterable[str] = (),
    stream: TextIO | None = None,
) -> None:
    """Set up the root logger; a second call replaces the first."""
    handler = _Folding(stream or sys.stderr)
    shape: logging.Formatter = _Json() if format == "json" else _Console()
    handler.setFormatter(_Masked(shape, Mask(secrets)))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name, least in _QUIET_LOGGERS.items():
        logging.getLogger(name).setLevel(max(least, root.level))
    logging.captureWarnings(capture=True)


@dataclass(slots=True)
class _Fold:
    """An entry that was written at ``since``, in monotonic seconds, and repeated since."""

    first: logging.LogRecord
    since: float
    bound: Mapping[str, object]
    times: int = 0


class _Folding(logging.StreamHandler[TextIO]):
    """Writes what repeats itself once, and a minute later again with the number of repetitions."""

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self._folds: dict[tuple[object, ...], _Fold] = {}  # the oldest first

    def emit(self, record: logging.LogRecord) -> None:
        now = time.monotonic()
        self._write_counts(until=now - FOLD)
        if record.levelno < logging.WARNING:
            super().emit(record)
            return
        fold = self._folds.setdefault(kind_of(record), _Fold(record, now, _context.get()))
        if fold.first is record:
            super().emit(record)
        else:
            fold.times += 1

    def close(self) -> None:
        self._write_counts(until=float("inf"))
        super().close()

    def _write_counts(self, until: float) -> None:
        for kind, fold in list(self._folds.items()):
            if fold.since > until:
                return
            del self._folds[kind]
            if fold.times:
                self._write_count(fold)

    def _write_count(self, fold: _Fold) -> None:
        again = copy(fold.first)
        again.exc_info = again.stack_info = None
        again.repeated = fold.times
        token = _context.set(fold.bound)
        try:
            super().emit(again)
        finally:
            _context.reset(token)


def kind_of(record: logging.LogRecord) -> tuple[object, ...]:
    """Return what two entries have in common that say the same.

    Of a message its first line: the rest is a statement. Two errors about different things are two.
    """
    first_line = record.getMessage().partition("\n")[0]
    kind = record.name, record.levelno, first_line
    if record.levelno < logging.ERROR:
        return kind
    cause = record.exc_info[1] if record.exc_info else None
    return (*kind, str(fields_of(record)), type(cause), str(cause).partition("\n")[0])


class Mask:
    """Replaces what looks like a secret, and what is known to be one, by ``***``."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        # json.dumps escapes quotes in a secret, for one
        known = {spelled for secret in secrets if secret for spelled in (secret, _escaped(secret))}
        longest_first = sorted(known, key=len, reverse=True)  # one may be the beginning of another
        self._known = re.compile("|".join(map(re.escape, longest_first))) if known else None

    def __call__(self, line: str) -> str:
        """Return the line without secrets."""
        if self._known:
            line = self._known.sub(_HIDDEN, line)
        line = _TOKEN.sub(_HIDDEN, line)
        return _PASSWORD.sub(rf"\g<1>{_HIDDEN}@", line)


class _Masked(logging.Formatter):
    def __init__(self, inner: logging.Formatter, mask: Mask) -> None:
        super().__init__()
        self._inner, self._mask = inner, mask

    def format(self, record: logging.LogRecord) -> str:
        return self._mask(self._inner.format(record))


class _Console(logging.Formatter):
    """`12:00:01.250 INFO    core.desk: ticket opened  [update_id=7]`, then a traceback."""

    def format(self, record: logging.LogRecord) -> str:
        time = datetime.fromtimestamp(record.created, UTC).astimezone()
        clock = time.strftime("%H:%M:%S.") + f"{record.msecs:03.0f}"
        line = f"{clock} {record.levelname:<7} {record.name}: {_one_line(message_of(record))}"
        if fields := fields_of(record):
            facts = " ".join(f"{key}={_one_line(str(value))}" for key, value in fields.items())
            line = f"{line}  [{facts}]"
        return "\n".join((line, *_tracebacks(self, record)))


class _Json(logging.Formatter):
    """One object, one line."""

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, Any] = {
            **fields_of(record),  # first: a field may not pass itself off as the time or the level
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": message_of(record),
        }
        if traceback := "\n".join(_tracebacks(self, record)):
            entry["traceback"] = traceback
        return json.dumps(entry, ensure_ascii=False, default=str)


def fields_of(record: logging.LogRecord) -> Mapping[str, object]:
    """Return what is bound where the record was made, and what its caller gave as `extra`."""
    given = {name: value for name, value in vars(record).items() if name not in _OF_RECORD}
    return {**_context.get(), **given}


def _tracebacks(formatter: logging.Formatter, record: logging.LogRecord) -> Iterator[str]:
    if record.exc_info:
        yield without_rows(formatter.formatException(record.exc_info))
    if record.stack_info:
        yield formatter.formatStack(record.stack_info)


def message_of(record: logging.LogRecord) -> str:
    """Return its words, without rows of the database."""
    return without_rows(record.getMessage())


def without_rows(text: str) -> str:
    """Return the text without the rows that PostgreSQL quotes."""
    return _ROW.sub(rf"\g<1>{_HIDDEN}", text)


def _one_line(text: str) -> str:
    """Escape line ends, so that a customer's words cannot forge an entry."""
    return text.replace("\r", "\\r").replace("\n", "\\n")


def _escaped(secret: str) -> str:
    return json.dumps(secret, ensure_ascii=False)[1:-1]
