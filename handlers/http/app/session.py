"""Who looks at the Mini App: Telegram's signed data, and the session that begins with it (S15).

A session is a signed cookie without rights of its own: whether its person works here is asked at
every request. A form carries a token that only a page of this session could have given it.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import parse_qsl

import orjson
from fastapi import Request
from fastapi.responses import Response

from channels.telegram.addresses import chat_address
from core.addresses import Address
from core.signing_key import is_signed, signature

COOKIE: Final = "frontdoor_app"
LIFETIME: Final = timedelta(hours=12)
# Telegram signs when the app is opened; what is older may have been found somewhere.
FRESH: Final = timedelta(minutes=5)
_AHEAD: Final = timedelta(minutes=1)
_COOKIE: Final = re.compile(r"([a-z]{1,16})\.([A-Za-z0-9@+_-]{1,100})\.(\d{1,12})\.([0-9a-f]{20})")


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody's session: where they are reached, the token of its forms, and when it ends (in
    seconds of the epoch).
    """

    address: Address
    token: str
    until: int


def read_init_data(token: str, init_data: str, now: datetime) -> Address | None:
    """Return who opened the app, if Telegram signed this for our bot just now; else ``None``."""
    fields = _signed_fields(token, init_data)
    return _user_of(fields) if _is_fresh(fields.get("auth_date", ""), now) else None


def signed_by_telegram(token: str, init_data: str) -> Address | None:
    """Return whom Telegram has signed this for, whenever; ``None`` if it has not."""
    return _user_of(_signed_fields(token, init_data))


def _signed_fields(token: str, init_data: str) -> Mapping[str, str]:
    """Return the fields, if Telegram has signed them for our bot; else none.

    ``token``: the bot's. See https://core.telegram.org/bots/webapps#validating-data-received-via-the-mini-app
    """
    try:
        pairs = parse_qsl(init_data, strict_parsing=True, max_num_fields=20, errors="strict")
    except (ValueError, UnicodeDecodeError):
        return {}
    fields = dict(pairs)
    is_signed = len(fields) == len(pairs) and _is_signed_by_telegram(token, fields)
    return fields if is_signed else {}


def _is_signed_by_telegram(token: str, fields: Mapping[str, str]) -> bool:
    told = "\n".join(f"{name}={fields[name]}" for name in sorted(fields) if name != "hash")
    key = hmac.new(b"WebAppData", token.encode(), hashlib.sha256).digest()
    signed = hmac.new(key, told.encode(), hashlib.sha256).hexdigest()
    return hmac.compare_digest(signed.encode(), fields.get("hash", "").encode())


def _is_fresh(auth_date: str, now: datetime) -> bool:
    if not (auth_date.isascii() and auth_date.isdecimal() and len(auth_date) <= len("9999999999")):
        return False
    return -_AHEAD <= now - datetime.fromtimestamp(int(auth_date), UTC) <= FRESH


def _user_of(fields: Mapping[str, str]) -> Address | None:
    try:
        user = orjson.loads(fields.get("user", ""))
    except orjson.JSONDecodeError:
        return None
    number = user.get("id") if isinstance(user, dict) else None
    if not isinstance(number, int) or number <= 0 or user.get("is_bot") is True:
        return None
    return chat_address(number)


def begin_session(
    response: Response, key: bytes, address: Address, now: datetime, *, secure: bool
) -> None:
    """Give the browser a session. ``secure``: it came by https; Telegram's own page embeds us, so
    that the cookie has to be allowed there.
    """
    until = int((now + LIFETIME).timestamp())
    signed = signature(key, _words(address, until))
    value = f"{address.channel}.{address.chat}.{until}.{signed}"
    how = "SameSite=None; Secure; Partitioned" if secure else "SameSite=Lax"
    age = int(LIFETIME.total_seconds())
    cookie = f"{COOKIE}={value}; Path=/app; Max-Age={age}; HttpOnly; {how}"
    response.headers.append("Set-Cookie", cookie)


def end_session(response: Response) -> None:
    """Take it away."""
    response.headers.append("Set-Cookie", f"{COOKIE}=; Path=/app; Max-Age=0; HttpOnly")


def session_of(request: Request, key: bytes, now: datetime) -> Session | None:
    """Return the session of a request; ``None`` for one that is over, forged or not there."""
    value = request.cookies.get(COOKIE, "")
    found = _COOKIE.fullmatch(value)
    if found is None or int(found[3]) < now.timestamp():
        return None
    address = Address(found[1], found[2])
    if not is_signed(key, _words(address, int(found[3])), found[4]):
        return None
    return Session(address, signature(key, f"app form {value}"), int(found[3]))


def is_own_form(session: Session, claimed: str) -> bool:
    """Whether a form was given out by a page of this session."""
    return hmac.compare_digest(session.token.encode(), claimed.encode())


def _words(address: Address, until: int) -> str:
    return f"app {address} {until}"
