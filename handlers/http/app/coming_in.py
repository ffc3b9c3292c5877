"""How somebody comes in, by Telegram or a link, and goes out again (S15)."""

import logging
import time
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

from fastapi import Request
from fastapi.responses import Response

from core.addresses import Address
from core.desk import Desk
from core.people.app_logins import count_once, is_known_link, use_link
from core.signing_key import find_signing_key
from handlers.http.app import pages, session, telegram_login
from handlers.http.app.last_list import forget_list
from handlers.http.app.paths import lead_to, see
from handlers.http.app.staff_access import StaffAccess
from handlers.http.limits import Buckets
from handlers.http.pages.form import read_fields

log = logging.getLogger(__name__)

# Requests a second and at once of an address that tries to come in.
LOGIN_RATE: Final = (0.2, 20.0)
_START: Final = "t"


@dataclass(slots=True)
class ComingIn:
    """Begins sessions and ends them; ``secure``: their cookies are for https only."""

    desk: Desk
    access: StaffAccess
    secure: bool
    tried: Buckets = field(default_factory=lambda: Buckets(*LOGIN_RATE))

    async def log_in(self, request: Request) -> Response:
        """Begin a session for whom Telegram vouches, once for each time that it does."""
        if self._tries_too_often(request):
            return self.access.stranger("app.login.often", HTTPStatus.TOO_MANY_REQUESTS)
        fields = await read_fields(request)
        signed, token = fields.get("init_data", ""), self.access.entrance.bot_token
        start = fields.get("start", "").removeprefix(_START)
        if await self._is_in(request, session.signed_by_telegram(token, signed)):
            return lead_to(start)  # the page was only loaded again
        address = session.read_init_data(token, signed, self.desk.clock())
        if address is None or not await self.desk.run(count_once, signed):
            return self.access.stranger("app.login.refused", HTTPStatus.FORBIDDEN)
        return await self._let_in(address, start)

    async def ask_telegram(self, request: Request) -> Response:
        """Lead to Telegram's login; what was begun is kept by this browser."""
        login = self.access.entrance.telegram
        if login is None:
            return self.access.stranger("app.login.none", HTTPStatus.NOT_FOUND)
        if self._tries_too_often(request):
            return self.access.stranger("app.login.often", HTTPStatus.TOO_MANY_REQUESTS)
        attempt, key = telegram_login.begin(), await self.desk.read(find_signing_key)
        response = see(login.address(attempt))
        kept, age = attempt.kept(key, self.desk.clock()), telegram_login.LIFETIME
        secure = "; Secure" if self.secure else ""
        response.headers.append(
            "Set-Cookie",
            f"{telegram_login.COOKIE}={kept}; Path=/app/login; Max-Age={age.seconds}; HttpOnly;"
            f" SameSite=Lax{secure}",
        )
        return response

    async def hear_telegram(self, request: Request) -> Response:
        """Begin a session for whom Telegram names, in the browser that has asked, once."""
        login, given = self.access.entrance.telegram, request.query_params
        if login is None:
            return self.access.stranger("app.login.none", HTTPStatus.NOT_FOUND)
        if self._tries_too_often(request):
            return self.access.stranger("app.login.often", HTTPStatus.TOO_MANY_REQUESTS)
        now, key = self.desk.clock(), await self.desk.read(find_signing_key)
        kept = request.cookies.get(telegram_login.COOKIE, "")
        attempt = telegram_login.read_attempt(key, kept, given.get("state", ""), now)
        if attempt is None or not await self.desk.run(count_once, attempt.state):
            return self.access.stranger("app.login.refused", HTTPStatus.FORBIDDEN)
        try:
            address = await login.finish(attempt, given.get("code", ""), now)
        except telegram_login.LoginAway as why:
            log.warning("Telegram's login does not answer: %s", why)
            return self.access.stranger("app.login.away", HTTPStatus.SERVICE_UNAVAILABLE)
        if address is None:
            return self.access.stranger("app.login.refused", HTTPStatus.FORBIDDEN)
        return await self._let_in(address)

    async def _is_in(self, request: Request, address: Address | None) -> bool:
        """Return whether this browser has a session of this very person."""
        key = await self.desk.read(find_signing_key)
        held = session.session_of(request, key, self.desk.clock())
        return held is not None and held.address == address

    async def show_entrance(self, request: Request, secret: str) -> Response:
        """Show a button to whoever holds a link that still counts."""
        if self._tries_too_often(request) or not await self.desk.read(is_known_link, secret):
            return self.access.stranger("app.enter.over", HTTPStatus.NOT_FOUND)
        renderer = self.access.renderer(None)
        body = pages.draw_entrance(renderer)
        title = renderer.html("app.title")
        return self.access.frame(renderer, title, body, live=False)

    async def come_in(self, request: Request, secret: str) -> Response:
        """Begin a session for whose link it is; it counts once."""
        address = None
        if not self._tries_too_often(request):
            address = await self.desk.run(use_link, secret)
        if address is None:
            return self.access.stranger("app.enter.over", HTTPStatus.NOT_FOUND)
        return await self._let_in(address, request.query_params.get("t", ""))

    async def log_out(self, request: Request) -> Response:
        """End the session in this browser."""
        visit = await self.access.of(request)
        if isinstance(visit, Response):
            return visit
        response = self.access.stranger("app.login.out", HTTPStatus.OK)
        if session.is_own_form(visit.session, (await read_fields(request)).get("token", "")):
            session.end_session(response)
            forget_list(response)
        return response

    async def _let_in(self, address: Address, start: str = "") -> Response:
        sender = await self.access.worker(address)
        if isinstance(sender, Response):
            return sender
        key = await self.desk.read(find_signing_key)
        response = lead_to(start)
        session.begin_session(response, key, address, self.desk.clock(), secure=self.secure)
        return response

    def _tries_too_often(self, request: Request) -> bool:
        who = request.client.host if request.client else ""
        return self.tried.take(who, time.monotonic()) > 0
