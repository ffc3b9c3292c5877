"""Telegram's login for an ordinary browser: OpenID Connect with a code and PKCE (S15).

See https://core.telegram.org/bots/telegram-login. What was begun is kept by the browser, signed;
the answer counts once, and only there. Who logs in is told by Telegram's server itself, over TLS,
in exchange for the code: so the token's own signature need not be read, whatever its algorithm and
its key, which may change (OpenID Connect Core 3.1.3.7). Telegram does not say the nonce again: what
binds a code to its attempt is PKCE. A nonce that is said must be this attempt's.
"""

import base64
import binascii
import hashlib
import hmac
import logging
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

import aiohttp
import orjson

from channels.telegram.addresses import chat_address
from core.addresses import Address
from core.signing_key import is_signed, signature
from core.tx import demand_no_transaction

log = logging.getLogger(__name__)

SERVER: Final = "https://oauth.telegram.org"
COOKIE: Final = "frontdoor_login"
PATH: Final = "/app/login/telegram"
# So long somebody may take for Telegram's questions.
LIFETIME: Final = timedelta(minutes=10)
# A token is asked for at once; what is older was made for another time.
FRESH: Final = timedelta(minutes=5)
_AHEAD: Final = timedelta(minutes=1)
_TIMEOUT: Final = aiohttp.ClientTimeout(total=10)
_LONGEST: Final = 64 * 1024
_KEPT: Final = re.compile(
    r"([\w-]{43})\.([\w-]{43})\.([\w-]{22})\.(\d{1,12})\.([0-9a-f]{20})", re.ASCII
)
_CODE: Final = re.compile(r"[\x21-\x7e]{1,4096}", re.ASCII)
_PARTS: Final = 3
_FURTHEST: Final = 9_999_999_999


class LoginAway(Exception):
    """Telegram's server does not answer, or answers what is none."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A login that somebody has begun in this browser: what only it knows."""

    state: str
    verifier: str
    nonce: str

    def kept(self, key: bytes, now: datetime) -> str:
        """Return it as the browser keeps it."""
        until = int((now + LIFETIME).timestamp())
        words = f"{self.state}.{self.verifier}.{self.nonce}.{until}"
        return f"{words}.{signature(key, f'login {words}')}"


def begin() -> Attempt:
    """Return a new attempt."""
    return Attempt(secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(16))


def read_attempt(key: bytes, kept: str, state: str, now: datetime) -> Attempt | None:
    """Return the attempt that this answer belongs to; ``None`` for one that is over, of another
    browser or forged.
    """
    found = _KEPT.fullmatch(kept)
    if found is None or int(found[4]) < now.timestamp():
        return None
    words = kept.rpartition(".")[0]
    if not is_signed(key, f"login {words}", found[5]):
        return None
    is_same = hmac.compare_digest(found[1].encode(), state.encode(errors="replace"))
    return Attempt(found[1], found[2], found[3]) if is_same else None


@dataclass(frozen=True, slots=True)
class TelegramLogin:
    """``client_id``: the bot's number; ``secret``: of BotFather, for logins; ``public_url``: where
    Telegram leads back to.
    """

    client_id: str
    secret: str
    public_url: str
    server: str = SERVER

    @property
    def back(self) -> str:
        """Return the address that Telegram leads back to."""
        return f"{self.public_url}{PATH}/back"

    def address(self, attempt: Attempt) -> str:
        """Return where the browser goes to be asked."""
        digest = hashlib.sha256(attempt.verifier.encode()).digest()
        given = {
            "client_id": self.client_id,
            "redirect_uri": self.back,
            "response_type": "code",
            # «sub» is another number; the one by which chats know a person belongs to the profile
            "scope": "openid profile",
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        return f"{self.server}/auth?{urlencode(given)}"

    async def finish(self, attempt: Attempt, code: str, now: datetime) -> Address | None:
        """Return who has logged in; ``None`` where Telegram's server does not say so. Raises
        :class:`LoginAway`.
        """
        if not _CODE.fullmatch(code):
            return None
        given = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.back,
            "client_id": self.client_id,
            "code_verifier": attempt.verifier,
        }
        claims = _claims(await self._exchange(given))
        return self._user(claims, attempt, now)

    async def _exchange(self, given: Mapping[str, str]) -> str:
        """Return the token for a code; empty for one that does not count."""
        demand_no_transaction("Telegram's login")
        known = base64.b64encode(f"{self.client_id}:{self.secret}".encode()).decode()
        headers = {"Authorization": f"Basic {known}"}
        try:
            async with (
                aiohttp.ClientSession(
                    timeout=_TIMEOUT, cookie_jar=aiohttp.DummyCookieJar()
                ) as calls,
                calls.post(
                    f"{self.server}/token", data=given, headers=headers, allow_redirects=False
                ) as answer,
            ):
                body = await _whole(answer)
                if answer.status >= 500:  # noqa: PLR2004
                    raise LoginAway(str(answer.status))
                found = orjson.loads(body) if answer.ok else {}
        except (aiohttp.ClientError, TimeoutError, OSError, orjson.JSONDecodeError) as error:
            raise LoginAway(type(error).__name__) from error
        token = found.get("id_token") if isinstance(found, dict) else None
        return token if isinstance(token, str) else ""

    def _user(self, claims: Mapping[str, Any], attempt: Attempt, now: datetime) -> Address | None:
        """Whom the claims name, if they are of Telegram, for us, this attempt and just now."""
        nonce = str(claims.get("nonce", attempt.nonce))
        is_this = hmac.compare_digest(nonce.encode(), attempt.nonce.encode())
        if claims.get("iss") != SERVER or not self._is_for_us(claims) or not is_this:
            return None
        made, ends = _instant(claims.get("iat")), _instant(claims.get("exp"))
        if made is None or ends is None or not -_AHEAD <= now - made <= FRESH or ends <= now:
            return None
        number = claims.get("id")
        is_person = isinstance(number, int) and not isinstance(number, bool) and number > 0
        return chat_address(number) if is_person and isinstance(number, int) else None

    def _is_for_us(self, claims: Mapping[str, Any]) -> bool:
        """Whether the token is for the desk, and for nobody else besides."""
        audience = claims.get("aud")
        named = {*map(str, audience)} if isinstance(audience, list) else {str(audience)}
        return named == {self.client_id} == {str(claims.get("azp", self.client_id))}


async def _whole(answer: aiohttp.ClientResponse) -> bytes:
    """Return all that was answered, in however many pieces it comes. Raises :class:`LoginAway` for
    what is longer than any token.
    """
    body = bytearray()
    async for piece in answer.content.iter_any():
        body += piece
        if len(body) > _LONGEST:
            raise LoginAway("the answer is too long")
    return bytes(body)


def _claims(token: str) -> Mapping[str, Any]:
    """Return what a token says; nothing for what is none."""
    parts = token.split(".")
    if len(parts) != _PARTS:
        return {}
    try:
        read = orjson.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (binascii.Error, ValueError):
        return {}
    return read if isinstance(read, dict) else {}


def _instant(value: Any) -> datetime | None:
    is_number = isinstance(value, int) and not isinstance(value, bool) and 0 < value < _FURTHEST
    return datetime.fromtimestamp(value, UTC) if is_number else None
