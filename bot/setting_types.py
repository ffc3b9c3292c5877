"""Parses the values of settings: durations, lists, addresses, masks.

Each function takes the text of a variable and returns its value, or raises ValueError with the
second half of a sentence whose first half is the variable's name. No message quotes an address or a
secret.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Final
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo

from pydantic import SecretStr

from channels.telegram.addresses import NEVER_A_PERSON
from core.company import BUDGETED, LIMITED, SEVERAL, Limit
from core.words.numbers import is_mask
from handlers.mail.mailbox_url import MailboxUrl, is_loopback

# Telegram's own accounts: an anonymous group admin, Telegram itself, somebody writing as a channel.
# Each stands for anybody at all, so none may be an administrator.

_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_DURATION: Final = re.compile(r"([0-9]{1,6})([smhd])")
_MAILBOX: Final = re.compile(r"[^@\s,<>]+@[^@\s,<>]+")
_NAMED_MAILBOX: Final = re.compile(r"(?:[^<>@,\r\n]*<[^@\s,<>]+@[^@\s,<>]+>|[^@\s,<>]+@[^@\s,<>]+)")


def duration(value: object) -> timedelta:
    """Return the length of `90s`, `15m`, `4h`, `3d`; it must be positive."""
    if isinstance(value, timedelta):
        return value
    matched = _DURATION.fullmatch(str(value).strip().lower())
    if not matched:
        raise ValueError("is not a duration: a whole number and one of s, m, h, d")
    number, unit = matched.groups()
    if int(number) == 0:
        raise ValueError("must be longer than nothing")
    return timedelta(**{_UNITS[unit]: int(number)})


def tick(value: timedelta) -> timedelta:
    """Check the interval of the sweep: a longer one would be taken for a downtime."""
    if not timedelta(milliseconds=100) <= value <= timedelta(minutes=1):
        raise ValueError("must be between 0.1 and 60 seconds")
    return value


def duration_or_off(value: object) -> timedelta | None:
    """Return a duration, or None for `off` and `0`."""
    if value is None or str(value).strip().lower() in {"off", "0"}:
        return None
    return duration(value)


def several_or_off(value: object) -> int:
    """Return a number from 2 to 1000, or 0 for `off` and `0`."""
    words = str(value).strip().lower()
    if words in {"off", "0"}:
        return 0
    if not words.isascii() or not words.isdecimal() or int(words) not in SEVERAL:
        raise ValueError("must be a whole number from 2 to 1000, or off")
    return int(words)


def count_or_off(value: object) -> int | None:
    """Return a whole number above 0, or None for `off`, without a limit."""
    words = str(value).strip().lower()
    if words == "off":
        return None
    if not words.isascii() or not words.isdecimal() or int(words) not in BUDGETED:
        raise ValueError("must be a whole number from 1 to 1000000000, or off")
    return int(words)


def patience(value: timedelta) -> timedelta:
    """Check how long an answer may take: nobody waits for longer."""
    if not timedelta(seconds=1) <= value <= timedelta(minutes=10):
        raise ValueError("must be between 1 second and 10 minutes")
    return value


def limit_or_off(value: object) -> Limit | None:
    """Return the limit of `10/1m`, a number from 1 to 1000 within a duration; None for `off`."""
    if value is None or isinstance(value, Limit):
        return value
    words = str(value).strip().lower()
    if words in {"off", "0"}:
        return None
    count, _, span = words.partition("/")
    if not count.isascii() or not count.isdecimal() or int(count) not in LIMITED:
        raise ValueError("must be a number from 1 to 1000, a slash and a duration, or off")
    return Limit(int(count), duration(span))


def time_zone(value: object) -> ZoneInfo:
    """Return the zone of an IANA name. ZoneInfo raises other errors for paths and directories."""
    try:
        return value if isinstance(value, ZoneInfo) else ZoneInfo(str(value).strip())
    except (OSError, ValueError, KeyError):
        raise ValueError("is not a time zone of the IANA database") from None


def split(value: object) -> tuple[str, ...]:
    """Split a comma-separated list; empty items are dropped."""
    pieces = value.split(",") if isinstance(value, str) else value
    if not isinstance(pieces, list | tuple):
        pieces = [pieces]
    return tuple(part for piece in pieces if (part := str(piece).strip()))


def people(value: object) -> tuple[int, ...]:
    """Return Telegram ids of people, in the order given, each once."""
    ids = []
    for part in split(value):
        if not part.isascii() or not part.isdecimal() or int(part) == 0:
            raise ValueError("must be ids of people: positive numbers, comma-separated")
        if int(part) in NEVER_A_PERSON:
            raise ValueError(f"has {part}, an account of Telegram's own, open to anybody")
        ids.append(int(part))
    return tuple(dict.fromkeys(ids))


def mailboxes(value: object) -> tuple[str, ...]:
    """Return bare e-mail addresses from a comma-separated list."""
    boxes = split(value)
    if not all(_MAILBOX.fullmatch(box) for box in boxes):
        raise ValueError("must be e-mail addresses, comma-separated")
    return boxes


def sender(value: str) -> str:
    """Check an e-mail address with or without a name before it."""
    if not _NAMED_MAILBOX.fullmatch(value.strip()):
        raise ValueError("is not an e-mail address")
    return value.strip()


def group(value: int) -> int:
    """Check the id of a group or a channel."""
    if value >= 0:
        raise ValueError("must be a group or a channel: their ids are negative")
    return value


def number_mask(value: str) -> str:
    """Check the text around a ticket's number, such as `SR-{0}`."""
    if not is_mask(value):
        raise ValueError("must contain {0} once, with no digit or brace beside it")
    return value


def bot_token(value: SecretStr) -> SecretStr:
    """Check the shape only; `python -m bot check` asks Telegram."""
    token = value.get_secret_value().strip()
    if not re.fullmatch(r"[0-9]{1,20}:[A-Za-z0-9_-]{3,}", token):
        raise ValueError("is not a bot token: digits, a colon, letters, as BotFather gave it")
    return SecretStr(token)


def webhook_secret(value: SecretStr) -> SecretStr:
    """Check that it is long enough, in the characters that Telegram sends back."""
    if not re.fullmatch(r"[A-Za-z0-9_-]{16,256}", value.get_secret_value()):
        raise ValueError("must be 16 to 256 characters out of A-Z a-z 0-9 _ -")
    return value


def database(value: SecretStr) -> SecretStr:
    """Check that the URL names a database that outlives the process, by a driver we ship."""
    parts = _parts(value.get_secret_value())
    if parts.scheme == "postgresql+asyncpg":
        if len(parts.path) < len("/x"):
            raise ValueError("names no database after the host")
    elif parts.scheme != "sqlite+aiosqlite":
        raise ValueError("must begin with sqlite+aiosqlite:/// or postgresql+asyncpg://")
    elif parts.netloc or len(parts.path) < len("/x"):
        raise ValueError("must name a file after three slashes, or four for an absolute path")
    elif ":memory:" in parts.path:
        raise ValueError("must be a file: a desk in memory forgets every ticket at exit")
    return value


def server(*schemes: str) -> Callable[[SecretStr], SecretStr]:
    """Return a check for URLs that may hold a password."""

    def checked(value: SecretStr) -> SecretStr:
        _with_host(value.get_secret_value(), schemes)
        return value

    return checked


def outgoing(value: SecretStr) -> SecretStr:
    """Check the mail server: plain text only on this machine, or by an explicit option."""
    text = value.get_secret_value()
    _with_host(text, ("smtp", "smtps", "smtp+starttls"))
    parts = _parts(text)
    plain = parts.scheme == "smtp" and not is_loopback(parts.hostname or "")
    if plain and parts.query != "insecure=1":
        raise ValueError(
            "sends mail unprotected: use smtps:// or smtp+starttls://, or add ?insecure=1"
        )
    return value


def mail_sources(value: object) -> tuple[SecretStr, ...]:
    """Return the addresses of mailboxes, separated by spaces."""
    if isinstance(value, tuple):
        return value
    urls = str(value).split()
    for url in urls:
        MailboxUrl.parse(url)
    return tuple(map(SecretStr, urls))


def files(value: str) -> str:
    """Check where files lie: a folder or a bucket."""
    parts = _parts(value.strip())
    if parts.scheme not in ("file", "s3") or not (parts.netloc or parts.path.strip("/")):
        raise ValueError("must be a folder as file://data/files, or a bucket as s3://name")
    return value.strip()


def on_or_off(value: object) -> bool:
    """Return True for `on`, False for `off`."""
    if isinstance(value, bool):
        return value
    words = str(value).strip().lower()
    if words not in ("on", "off"):
        raise ValueError("must be on or off")
    return words == "on"


def names(value: object) -> tuple[str, ...]:
    """Return words from a comma-separated list, in lower case."""
    return tuple(part.lower() for part in split(value))


def proxy(value: SecretStr) -> SecretStr:
    """Check the URL of a proxy; there is no usual port for all of them."""
    address = value.get_secret_value().strip()
    _with_host(address, ("socks5", "http"))
    if not _parts(address).port:
        raise ValueError("names no port after the host")
    return SecretStr(address)


def web(*schemes: str) -> Callable[[str], str]:
    """Return a check for URLs without a secret; it drops the slash at the end."""

    def checked(value: str) -> str:
        _with_host(value.strip(), schemes)
        return value.strip().rstrip("/")

    return checked


def model_server(value: str) -> str:
    """Check where a language model is: what is shown to people must hold no password, and a path is
    put behind it.
    """
    url = web("https", "http")(value)
    parts = _parts(url)
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("must end with its path, and hold no user: the key is ASSISTANT_KEY")
    return url


def secret_web(value: SecretStr) -> SecretStr:
    """Return a URL that is a key itself: nobody is shown it."""
    _with_host(value.get_secret_value().strip(), ("https", "http"))
    return SecretStr(value.get_secret_value().strip())


def sentry_dsn(value: SecretStr) -> SecretStr:
    """Check that it has what Sentry shows: a key before the @, and a project behind the host."""
    url = value.get_secret_value().strip()
    _with_host(url, ("https", "http"))
    parts = _parts(url)
    if not parts.username or not parts.path.rpartition("/")[2].isdecimal():
        raise ValueError("must be the DSN as Sentry shows it: https://key@host/project")
    return SecretStr(url)


def listen(value: object) -> tuple[str, int]:
    """Return host and port of `host:port`; an IPv6 host in brackets; port 0 takes a free one."""
    if isinstance(value, tuple):
        return value
    host, _, port = str(value).strip().rpartition(":")
    if not host or not port.isascii() or not port.isdecimal() or not int(port) < 2**16:
        raise ValueError("must be a host, a colon and a port")
    return host.strip("[]"), int(port)


def lower(value: object) -> object:
    """Return text in lower case, so that `INFO` is as good as `info`."""
    return value.strip().lower() if isinstance(value, str) else value


def _parts(address: str) -> SplitResult:
    try:
        parts = urlsplit(address)
        _ = parts.port  # raises here rather than at the first use
    except ValueError:
        raise ValueError("is not a well-formed address") from None  # urllib's words quote it
    return parts


def _with_host(address: str, schemes: tuple[str, ...]) -> None:
    parts = _parts(address)
    if parts.scheme not in schemes:
        raise ValueError("must begin with " + " or ".join(f"{scheme}://" for scheme in schemes))
    if not parts.hostname:
        raise ValueError("names no host")
