"""Telegram's login in an ordinary browser: a code of this browser's own attempt, once (S15)."""

import asyncio
import base64
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import pytest
from aiohttp import web

from core.desk import Desk
from core.people.staff import by_operator, enrol
from core.texts import Texts
from handlers.http.app import coming_in
from handlers.http.app.staff_access import Entrance
from handlers.http.app.telegram_login import COOKIE, SERVER, TelegramLogin
from handlers.http.door import make_door
from handlers.http.health import Vitals
from tests.actions import people
from tests.clock import Clock
from tests.handlers.http.app_browser import TOKEN, Browser, in_the_group
from tests.handlers.http.conftest import Visitor, served

ID = "123456"
SECRET = "a secret of BotFather"
HOME = "https://desk.example.org"
ABSENT: Final = object()
SAME: Final = object()
"""The nonce of the attempt."""


@dataclass(slots=True)
class Provider:
    """What Telegram's server does: it gives out codes, and a token for each, once. Who somebody is
    in Telegram it says to who has asked for the profile, and it does not say the nonce again.
    """

    clock: Clock
    who: int = people.number(people.OLGA)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)
    status: int = 200
    url: str = ""
    piece: int = 0
    """So many bytes of a token are sent at once; 0: all of them."""

    def agree(self, asked: str) -> str:
        """Somebody says yes; returns where their browser is led to."""
        given = {name: values[0] for name, values in parse_qs(urlsplit(asked).query).items()}
        assert given["client_id"] == ID and given["response_type"] == "code"
        assert given["code_challenge_method"] == "S256" and "openid" in given["scope"].split()
        assert len(given["state"]) <= 64
        code = f"code-{len(self.codes)}"
        self.codes[code] = given
        back = urlsplit(given["redirect_uri"])
        assert given["redirect_uri"].startswith(HOME)
        return f"{back.path}?code={code}&state={given['state']}"

    async def token(self, request: web.Request) -> web.StreamResponse:
        if self.status != 200:
            return web.Response(status=self.status)
        form = await request.post()
        given = self.codes.pop(str(form["code"]), None)
        challenge = hashlib.sha256(str(form["code_verifier"]).encode()).digest()
        shown = base64.urlsafe_b64encode(challenge).rstrip(b"=").decode()
        known = base64.b64encode(f"{ID}:{SECRET}".encode()).decode()
        is_ours = request.headers["Authorization"] == f"Basic {known}"
        if given is None or given["code_challenge"] != shown or not is_ours:
            return web.json_response({"error": "invalid_grant"}, status=400)
        now = int(self.clock().timestamp())
        claims = {"iss": SERVER, "aud": ID, "iat": now, "exp": now + 3600, "sub": "9"}
        if "profile" in given["scope"].split():
            claims |= {"id": self.who, "name": "Somebody", "preferred_username": "somebody"}
        claims |= self.claims
        if claims.get("nonce") is SAME:
            claims["nonce"] = given["nonce"]
        claims = {name: value for name, value in claims.items() if value is not ABSENT}
        said = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
        whole = web.json_response({"id_token": f"e30.{said}.c2ln"})
        return await self._in_pieces(request, whole.body) if self.piece else whole

    async def _in_pieces(self, request: web.Request, body: Any) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Type": "application/json"})
        await answer.prepare(request)
        for at in range(0, len(body), self.piece):
            await answer.write(body[at : at + self.piece])
            for _ in range(5):  # whoever reads may see that much alone
                await asyncio.sleep(0)
        return answer


@pytest.fixture
async def provider(clock: Clock) -> AsyncIterator[Provider]:
    made, app = Provider(clock), web.Application()
    app.router.add_post("/token", made.token)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    made.url = f"http://{host}:{port}"
    yield made
    await runner.cleanup()


@asynccontextmanager
async def door(desk: Desk, texts: Texts, login: TelegramLogin | None) -> AsyncIterator[Visitor]:
    entrance = Entrance(TOKEN, in_the_group, telegram=login)
    vitals = Vitals(lambda: 0.0, lambda: 0)
    async with served(make_door(desk, texts, vitals, entrance=entrance)) as visitor:
        yield visitor


@pytest.fixture
async def visitor(
    desk: Desk, texts: Texts, provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Visitor]:
    monkeypatch.setattr(coming_in, "LOGIN_RATE", (1000.0, 1000.0))
    await desk.run(by_operator, people.OLGA, enrol)
    async with door(desk, texts, TelegramLogin(ID, SECRET, HOME, provider.url)) as visitor:
        yield visitor


@dataclass(slots=True)
class Guest:
    """Somebody who comes with an ordinary browser: it keeps the attempt beside the session."""

    browser: Browser
    attempt: str = ""

    async def begin(self) -> str:
        assert await self.browser.get("/app/login/telegram") == 303
        self.attempt = self.browser.headers["Set-Cookie"].partition(";")[0]
        return str(self.browser.headers["Location"])

    async def come_back(self, path: str, attempt: str | None = None) -> int:
        self.browser.cookie = self.attempt if attempt is None else attempt
        return await self.browser.get(path)


async def test_who_works_here_logs_in_with_telegram(visitor: Visitor, provider: Provider) -> None:
    guest = Guest(Browser(visitor))
    await guest.browser.get("/app")
    assert 'href="/app/login/telegram"' in guest.browser.html
    asked = await guest.begin()
    kept = guest.browser.headers["Set-Cookie"]
    assert "HttpOnly" in kept and "SameSite=Lax" in kept and "Path=/app/login" in kept
    assert await guest.come_back(provider.agree(asked)) == 303
    assert guest.browser.headers["Location"] == "/app"
    assert f".{people.number(people.OLGA)}." in guest.browser.cookie
    assert await guest.browser.get("/app") == 200 and 'id="table"' in guest.browser.html


@pytest.mark.parametrize("who", [people.ALICE, people.EVE])
async def test_nobody_else_is_let_in(visitor: Visitor, provider: Provider, who: Any) -> None:
    guest, provider.who = Guest(Browser(visitor)), people.number(who)
    assert await guest.come_back(provider.agree(await guest.begin())) == 403
    assert await guest.browser.get("/app") == 200 and 'id="login"' in guest.browser.html


async def test_an_answer_counts_once_and_in_the_browser_that_has_asked(
    visitor: Visitor, provider: Provider, clock: Clock
) -> None:
    guest, thief = Guest(Browser(visitor)), Guest(Browser(visitor))
    path = provider.agree(await guest.begin())
    await thief.begin()
    for attempt in ("", thief.attempt, guest.attempt[:-1] + "0", f"{COOKIE}=x", f"{COOKIE}=é"):
        if attempt != guest.attempt:
            assert await thief.come_back(path, attempt) == 403
    assert len(provider.codes) == 1  # nothing was asked for it
    assert await guest.come_back(path) == 303
    provider.codes["code-0"] = {"code_challenge": ""}
    assert await guest.come_back(path) == 403
    late = Guest(Browser(visitor))
    path = provider.agree(await late.begin())
    clock.move(minutes=11)
    assert await late.come_back(path) == 403


FOREIGN: Final[tuple[dict[str, Any], ...]] = (
    {"iss": "https://oauth.example.org"},
    {"aud": "654321"},
    {"aud": ["654321"]},
    {"aud": None},
    {"aud": ABSENT},
    {"aud": []},
    {"aud": [ID, "654321"]},
    {"azp": "654321"},
    {"azp": None},
    {"iat": 1},
    {"iat": "now"},
    {"iat": True},
    {"iat": ABSENT},
    {"exp": 1},
    {"exp": ABSENT},
    {"exp": 10**30},
    {"nonce": "another"},
    {"nonce": None},
    {"nonce": ""},
    {"id": "201"},
    {"id": -100},
    {"id": True},
    {"id": None},
    {"id": ABSENT},
    {"id": ABSENT, "sub": str(people.number(people.OLGA))},
)


async def test_a_token_that_is_not_for_this_login_is_nobody(
    visitor: Visitor, provider: Provider
) -> None:
    for claims in FOREIGN:
        guest, provider.claims = Guest(Browser(visitor)), claims
        assert await guest.come_back(provider.agree(await guest.begin())) == 403, claims
        assert "frontdoor_app=" not in guest.browser.cookie


@pytest.mark.parametrize(
    "claims", [{"nonce": SAME}, {"azp": ID}, {"aud": int(ID)}, {"aud": [ID], "azp": int(ID)}]
)
async def test_what_a_token_may_say_besides_is_read(
    visitor: Visitor, provider: Provider, claims: dict[str, Any]
) -> None:
    guest, provider.claims = Guest(Browser(visitor)), claims
    assert await guest.come_back(provider.agree(await guest.begin())) == 303


@pytest.mark.parametrize(("seconds", "status"), [(59, 303), (61, 403), (-299, 303), (-301, 403)])
async def test_clocks_may_differ_by_a_minute_and_a_token_is_of_the_last_five(
    visitor: Visitor, provider: Provider, clock: Clock, seconds: int, status: int
) -> None:
    """Positive: Telegram's clock is ahead of ours."""
    made = int(clock().timestamp()) + seconds
    guest, provider.claims = Guest(Browser(visitor)), {"iat": made, "exp": made + 3600}
    assert await guest.come_back(provider.agree(await guest.begin())) == status


async def test_forged_codes_and_states_are_nobody(visitor: Visitor, provider: Provider) -> None:
    guest = Guest(Browser(visitor))
    path = provider.agree(await guest.begin())
    state = path.partition("&state=")[2]
    for forged in (
        "/app/login/telegram/back",
        f"/app/login/telegram/back?state={state}",
        "/app/login/telegram/back?code=code-0&state=",
        "/app/login/telegram/back?code=code-0&state=%C3%A9",
        f"/app/login/telegram/back?code=%0d%0a&state={state}",
        f"/app/login/telegram/back?error=access_denied&state={state}",
    ):
        guest = Guest(guest.browser, guest.attempt)
        assert await guest.come_back(forged) == 403, forged
    fresh = Guest(Browser(visitor))
    state = provider.agree(await fresh.begin()).partition("&state=")[2]
    assert await fresh.come_back(f"/app/login/telegram/back?code=guess&state={state}") == 403


async def test_a_token_that_comes_in_pieces_is_read_whole_and_one_without_end_is_not(
    visitor: Visitor, provider: Provider
) -> None:
    guest, provider.piece = Guest(Browser(visitor)), 50
    assert await guest.come_back(provider.agree(await guest.begin())) == 303
    guest, provider.piece = Guest(Browser(visitor)), 16 * 1024
    provider.claims = {"more": "x" * 256 * 1024}
    assert await guest.come_back(provider.agree(await guest.begin())) == 503


async def test_where_telegram_does_not_answer_it_is_said(
    visitor: Visitor, provider: Provider
) -> None:
    guest, provider.status = Guest(Browser(visitor)), 503
    assert await guest.come_back(provider.agree(await guest.begin())) == 503
    assert "does not answer" in guest.browser.html


async def test_without_the_secret_of_botfather_there_is_no_such_way(
    desk: Desk, texts: Texts
) -> None:
    async with door(desk, texts, None) as visitor:
        browser = Browser(visitor)
        assert await browser.get("/app") == 200 and "login/telegram" not in browser.html
        for path in ("/app/login/telegram", "/app/login/telegram/back?code=x&state=y"):
            assert await browser.get(path) == 404
