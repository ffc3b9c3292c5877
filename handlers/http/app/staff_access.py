"""Who asks for a page of the app, and what somebody sees who may not (S15, S23)."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from math import ceil
from typing import Final

from fastapi import Request
from fastapi.responses import Response

from channels.telegram.screens.screen import Renderer
from core.addresses import Address
from core.allowances import AskedTooMuch
from core.desk import Desk
from core.errors import Refusal
from core.people.app_logins import staff_at
from core.people.identity import Sender
from core.signing_key import find_signing_key
from core.texts import Texts
from handlers.http.app import pages, session
from handlers.http.app.paths import see
from handlers.http.app.session import Session
from handlers.http.app.shell import frame
from handlers.http.app.telegram_login import TelegramLogin
from handlers.http.app.too_often import draw_too_often
from handlers.http.limits import Buckets

# Requests a second and at once of somebody who is in.
RATE: Final = (5.0, 60.0)


@dataclass(frozen=True, slots=True)
class Entrance:
    """How people are known: ``bot_token`` is what Telegram signs with; ``confirm`` tells whether
    somebody works here still, or raises :class:`Refusal` where that cannot be found out (S1).
    ``frames``: where the app may be shown inside other pages, beside Telegram's. ``telegram``:
    Telegram's login for ordinary browsers, where the desk has it.
    """

    bot_token: str
    confirm: Callable[[Address], Awaitable[bool]]
    frames: tuple[str, ...] = ()
    telegram: TelegramLogin | None = None


@dataclass(frozen=True, slots=True)
class StaffRequest:
    """A request of somebody who works here; ``is_admin``: who sees statistics, too (H1)."""

    session: Session
    sender: Sender
    renderer: Renderer
    is_admin: bool


@dataclass(slots=True)
class StaffAccess:
    """Finds out who asks, and draws pages for them."""

    desk: Desk
    texts: Texts
    entrance: Entrance
    asked: Buckets = field(default_factory=lambda: Buckets(*RATE))
    # of each person the path of the page that their last form leads to
    _led: dict[str, str] = field(init=False, default_factory=dict)

    async def of(self, request: Request) -> StaffRequest | Response:
        """Return who asks, or the response for somebody who may not be here."""
        key = await self.desk.read(find_signing_key)
        found = session.session_of(request, key, self.desk.clock())
        if found is None:
            return self.stranger(None, HTTPStatus.OK)
        sender = await self.worker(found.address)
        if isinstance(sender, Response):
            return sender
        renderer = self.renderer(sender.language)
        if (wait := self._wait(request, str(found.address))) > 0:
            return await self._too_often(request, renderer, ceil(wait))
        is_admin = found.address in self.desk.company.admins
        return StaffRequest(found, sender, renderer, is_admin)

    def lead(self, visit: StaffRequest, path: str) -> Response:
        """Lead there after a form was done. That page is not refused for haste: it shows what was
        done.
        """
        self._led[str(visit.session.address)] = path.partition("#")[0]
        return see(path)

    def _wait(self, request: Request, who: str) -> float:
        """Count a request and return 0, or return the seconds to wait. The page that a form led to
        was counted with the form, once.
        """
        if _is_opened(request) and self._led.get(who) == request.url.path:
            del self._led[who]
            return 0.0
        return self.asked.take(who, time.monotonic())

    async def _too_often(self, request: Request, renderer: Renderer, wait: int) -> Response:
        """Return the page that says when to ask again, with a way there."""
        body = await draw_too_often(renderer, request, wait)
        page = self.frame(renderer, renderer.html("app.title"), body, HTTPStatus.TOO_MANY_REQUESTS)
        page.headers["Retry-After"] = str(wait)
        return page

    async def worker(self, address: Address) -> Sender | Response:
        """Return who works here and is reached there, or the response for everybody else."""
        sender = await self.desk.read(staff_at, address)
        try:
            if sender is not None and await self.entrance.confirm(address):
                return sender
        except Refusal as refused:
            return self.stranger(refused.key, HTTPStatus.SERVICE_UNAVAILABLE)
        return self.stranger("app.login.staff_only", HTTPStatus.FORBIDDEN)

    async def may_stay(self, address: Address) -> bool | None:
        """Return whether they still work here; None if it cannot be found out now."""
        try:
            known = await self.desk.read(staff_at, address) is not None
            return known and await self.entrance.confirm(address)
        except Refusal:
            return None

    def page(
        self, visit: StaffRequest, body: str, status: int = HTTPStatus.OK, *, title: str = ""
    ) -> Response:
        """Return a page of somebody who is in: its head leads everywhere they may go."""
        renderer = visit.renderer
        head = pages.draw_head(renderer, visit.session.token, for_admin=visit.is_admin)
        title = title or renderer.html("app.title")
        # who hears a page, and does not see it, is told what it is
        heading = "" if "<h1" in body else f'<h1 class="unseen">{title}</h1>'
        return self.frame(renderer, title, heading + body, status, head=head)

    def refused(self, visit: StaffRequest, why: Refusal, beside: str = "") -> Response:
        """Return a page that says why. ``beside``: HTML that stands before it."""
        body = f'{beside}<p class="bad" role="alert">{told(visit, why)}</p>'
        page = self.page(visit, body, HTTPStatus.UNPROCESSABLE_ENTITY)
        tell_when(page, why)
        return page

    def frame(
        self,
        renderer: Renderer,
        title: str,
        body: str,
        status: int = HTTPStatus.OK,
        *,
        head: str = "",
        live: bool = True,
    ) -> Response:
        """Return a page as `shell.frame` does."""
        frames = self.entrance.frames
        return frame(renderer, title, body, status, head=head, live=live, frames=frames)

    def stranger(self, fault: str | None, status: HTTPStatus) -> Response:
        """Return the page of somebody who is not known; ``fault``: the key of what is wrong."""
        renderer = self.renderer(None)
        by_telegram = self.entrance.telegram is not None
        body = pages.draw_login(renderer, fault, by_telegram=by_telegram)
        return self.frame(renderer, renderer.html("app.title"), body, status, live=False)

    def renderer(self, language: str | None) -> Renderer:
        """Return what speaks this language, or the company's."""
        company = self.desk.company
        locale = language or company.language
        return Renderer(self.texts, locale, self.desk.clock(), company.zone)


def _is_opened(request: Request) -> bool:
    """Whether a page is opened with nothing asked of it; a part of one that asks for itself again
    is none.
    """
    by_itself = "hx-request" in request.headers and "hx-boosted" not in request.headers
    return request.method == "GET" and not by_itself and not request.url.query


def tell_when(page: Response, why: Refusal) -> None:
    """Let a page say in its head, too, when whoever has asked too much may ask again (S40)."""
    if isinstance(why, AskedTooMuch):
        page.status_code = HTTPStatus.TOO_MANY_REQUESTS
        page.headers["Retry-After"] = str(why.facts["n"])


def told(visit: StaffRequest, refused: Refusal) -> str:
    """Return why something was refused, as HTML."""
    return visit.renderer.html(refused.key, **refused.facts)
