"""``/app``: sign in, the table, a ticket, its buttons (S15, S23)."""

import asyncio
import logging
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response, StreamingResponse

from channels.telegram.screens.journal import names_of
from channels.telegram.screens.screen import Renderer
from channels.telegram.screens.transcript import LARGEST, TranscriptFile, file_name
from core.addresses import Address
from core.desk import Desk
from core.errors import NoSuchTicket, Refusal
from core.file_making import STAFF
from core.files import Attachments, title_of
from core.people.app_logins import count_once, is_known_link, staff_at, use_link
from core.people.identity import Sender
from core.people.staff import as_staff, for_worker, id_of
from core.reports.transcript import Transcript, make_transcript
from core.responses.sending import prepare
from core.responses.staff_page import Draft, find_page, find_said
from core.setup.signing_key import find_signing_key
from core.texts import Texts
from core.tickets.conversation_pages import NEWEST
from core.tickets.lists import VIEWS, Page, count_by_marker, found_of, page_of, page_of_view
from core.tickets.unanswered import Unanswered, note_asked
from core.tickets.views import open_view, views_for
from core.tx import ReadTx
from core.words.numbers import find_number
from handlers.http.app import pages, session
from handlers.http.app.actions import ACTIONS, Form
from handlers.http.app.pages import ListQuery
from handlers.http.app.session import Session
from handlers.http.app.shell import frame, static_routes
from handlers.http.app.streams import HEADERS, Follower, Streams
from handlers.http.files import to_be_saved
from handlers.http.guard import RETRY_AFTER
from handlers.http.limits import Buckets
from handlers.http.pages.form import read_fields

log = logging.getLogger(__name__)

# Requests a second and at once: of somebody who is in, and of an address that tries to come in.
RATE: Final = (5.0, 60.0)
LOGIN_RATE: Final = (0.2, 20.0)
_LONGEST_NUMBER: Final = 15
# Seconds for getting all files of a ticket: proxies wait a minute for an answer.
FETCH_WITHIN: Final = 45.0
_START: Final = "t"


@dataclass(frozen=True, slots=True)
class Entrance:
    """How people are known: ``bot_token`` is what Telegram signs with; ``confirm`` tells whether
    somebody works here still, or raises :class:`Refusal` where that cannot be found out (S1).
    """

    bot_token: str
    confirm: Callable[[Address], Awaitable[bool]]


def app_routes(
    desk: Desk,
    texts: Texts,
    entrance: Entrance,
    public_url: str | None,
    attachments: Attachments,
) -> APIRouter:
    """Return the routes. ``public_url``: where people reach us; with https cookies are for https
    only. ``attachments``: the files of messages.
    """
    routes = static_routes()
    secure = (public_url or "").startswith("https://")
    app = _App(desk, texts, entrance, secure, attachments)
    for path, method, handler in (
        ("/app", "GET", app.show_table),
        ("/app/live", "GET", app.follow),
        ("/app/login", "POST", app.log_in),
        ("/app/logout", "POST", app.log_out),
        ("/app/enter/{secret}", "GET", app.show_entrance),
        ("/app/enter/{secret}", "POST", app.come_in),
        ("/app/t/{number}", "GET", app.show_ticket),
        ("/app/t/{number}", "POST", app.act),
        ("/app/t/{number}/transcript", "POST", app.send_transcript),
        ("/app/t/{number}/file/{message}", "GET", app.send_file),
    ):
        routes.add_api_route(path, handler, methods=[method])
    return routes


@dataclass(frozen=True, slots=True)
class _Visit:
    """A request of somebody who works here."""

    session: Session
    sender: Sender
    renderer: Renderer


@dataclass(slots=True)
class _App:
    desk: Desk
    texts: Texts
    entrance: Entrance
    secure: bool
    attachments: Attachments
    asked: Buckets = field(default_factory=lambda: Buckets(*RATE))
    tried: Buckets = field(default_factory=lambda: Buckets(*LOGIN_RATE))
    streams: Streams = field(init=False)

    def __post_init__(self) -> None:
        self.streams = Streams(self.desk.changes, self.desk.clock)

    async def show_table(self, request: Request) -> Response:
        """Show a list, or the page that signs in."""
        visit = await self._visit(request)
        if isinstance(visit, Response):
            return visit
        given = request.query_params
        asked = ListQuery(given.get("view", "queue"), given.get("find", "").strip()[:200])
        listed = await self._listed(visit, asked, given)
        if isinstance(listed, Response):
            return listed
        counts = await self.desk.read(for_worker, visit.sender, count_by_marker)
        views = await self.desk.read(views_for, visit.sender.address)
        here = f"{request.url.path}?{request.url.query}"
        body = pages.draw_table(visit.renderer, asked, listed, counts, views, here)
        return self._page(visit, body)

    async def _listed(
        self, visit: _Visit, asked: ListQuery, given: Mapping[str, str]
    ) -> Page | Response:
        numbered = find_number(asked.words, self.desk.company.number_mask)
        if numbered is not None and not numbered[1].strip():
            return _see(f"/app/t/{numbered[0]}")
        backward = "before" in given
        cursor = given.get("before") or given.get("after") or ""
        try:
            return await self.desk.read(
                for_worker, visit.sender, _page_of, visit.sender.address, asked, cursor, backward
            )
        except Refusal:  # a list that is no more
            return _see("/app")

    async def show_ticket(self, request: Request, number: str) -> Response:
        """Show a ticket; with a canned response in its answer box, if one was chosen."""
        visit = await self._visit(request)
        if isinstance(visit, Response):
            return visit
        code = request.query_params.get("response", "")
        shown = pages.Viewer(visit.session.token)
        try:
            if code:
                prepared = await self.desk.read(
                    for_worker, visit.sender, prepare, _number(number), code, visit.sender.name
                )
                shown = pages.Viewer(visit.session.token, prepared=prepared)
        except Refusal as refused:
            fault = _told(visit, refused)
            shown = pages.Viewer(visit.session.token, fault=fault)
        return await self._ticket(request, visit, number, shown)

    async def _ticket(
        self, request: Request, visit: _Visit, number: str, shown: pages.Viewer
    ) -> Response:
        asked = _number(request.query_params.get("page", ""), NEWEST)
        try:
            found = await self.desk.read(
                for_worker, visit.sender, find_page, _number(number), asked
            )
        except NoSuchTicket as refused:
            body = f'<p><a href="/app">‹ {visit.renderer.html("app.back")}</a></p>'
            body += f'<p class="bad" role="alert">{_told(visit, refused)}</p>'
            return self._page(visit, body, HTTPStatus.NOT_FOUND)
        names = await self.desk.read(names_of)
        here = f"/app/t/{found.card.number}" + ("" if asked == NEWEST else f"?page={asked}")
        status = HTTPStatus.UNPROCESSABLE_ENTITY if shown.fault else HTTPStatus.OK
        body = pages.draw_ticket(visit.renderer, found, names, shown, here)
        return self._page(visit, body, status, title=pages.page_title(found))

    async def act(self, request: Request, number: str) -> Response:
        """Do what a button says, and show the ticket as it is then."""
        visit = await self._visit(request)
        if isinstance(visit, Response):
            return visit
        fields = await read_fields(request)
        action = ACTIONS.get(fields.get("verb", ""))
        text = fields.get("text", "")
        if action is None or not session.is_own_form(visit.session, fields.get("token", "")):
            return await self._refused(request, visit, number, "app.fault.form", text)
        if len(text) > pages.LONGEST:
            return await self._refused(request, visit, number, "app.fault.long", text)
        draft = Draft(text, fields.get("once", "")[:64], *await self._shown(visit, number, fields))
        try:
            await self.desk.run(
                as_staff,
                visit.sender,
                action,
                _number(number),
                Form(draft, fields.get("until", "")),
            )
        except Refusal as refused:
            if isinstance(refused, Unanswered):
                await self.desk.run(as_staff, visit.sender, note_asked, refused)
            shown = pages.Viewer(visit.session.token, text, _told(visit, refused))
            return await self._ticket(request, visit, number, shown)
        return _see(f"/app/t/{_number(number)}")

    async def follow(self, request: Request) -> Response:
        """Say whenever something changes: of ``?ticket=``, or anywhere."""
        visit = await self._visit(request)
        if isinstance(visit, Response):
            # a browser asks for a stream again and again, unless it is refused
            return Response(status_code=HTTPStatus.FORBIDDEN)
        if not self.streams.has_room:
            return Response(status_code=HTTPStatus.SERVICE_UNAVAILABLE, headers=RETRY_AFTER)
        address, until = visit.session.address, visit.session.until
        follower = Follower(str(address), until, partial(self._may_stay, address))
        events = self.streams.follow(
            follower, _number(request.query_params.get("ticket", "")) or None
        )
        return StreamingResponse(events, media_type="text/event-stream", headers=HEADERS)

    async def _may_stay(self, address: Address) -> bool | None:
        """Return whether they still work here; None if it cannot be found out now."""
        try:
            known = await self.desk.read(staff_at, address) is not None
            return known and await self.entrance.confirm(address)
        except Refusal:
            return None

    async def send_file(self, request: Request, number: str, message: str) -> Response:
        """Give out the file of a message, to be saved."""
        visit = await self._visit(request)
        if isinstance(visit, Response):
            return visit
        ticket, said = _number(number), _number(message)
        try:
            found = await self.desk.read(for_worker, visit.sender, find_said, ticket, said)
            data = await self.attachments.read(found.content)
        except NoSuchTicket:
            return self._without_file(visit, number, "web.no_file", HTTPStatus.NOT_FOUND)
        except OSError as error:
            log.warning("a file is not to be had: %s", type(error).__name__)
            away = HTTPStatus.SERVICE_UNAVAILABLE
            return self._without_file(visit, number, "app.file_away", away)
        return to_be_saved(data, title_of(found.content, found.text))

    def _without_file(self, visit: _Visit, number: str, key: str, status: HTTPStatus) -> Response:
        say = visit.renderer.html
        back = f'<p><a href="/app/t/{_number(number)}">‹ {say("app.back_to_ticket")}</a></p>'
        body = f'{back}<p class="bad" role="alert">{say(key)}</p>'
        return self._page(visit, body, status)

    async def send_transcript(self, request: Request, number: str) -> Response:
        """Make the ticket one file, to be saved (H2)."""
        visit = await self._visit(request)
        if isinstance(visit, Response):
            return visit
        fields = await read_fields(request)
        if not session.is_own_form(visit.session, fields.get("token", "")):
            return await self._refused(request, visit, number, "app.fault.form", "")
        internal = fields.get("kind") == "internal"
        try:
            async with self.desk.file_making.begin(visit.session.address, STAFF):
                found = await self.desk.run(
                    as_staff, visit.sender, make_transcript, _number(number), internal=internal
                )
                return await self._transcript(visit, found)
        except Refusal as refused:
            shown = pages.Viewer(visit.session.token, "", _told(visit, refused))
            return await self._ticket(request, visit, number, shown)

    async def _transcript(self, visit: _Visit, found: Transcript) -> Response:
        names = await self.desk.read(names_of)
        named = self.desk.company.sign_answers
        file = TranscriptFile(visit.renderer, names, self.attachments, named, LARGEST, FETCH_WITHIN)
        with tempfile.TemporaryDirectory(prefix="frontdoor-") as folder:
            target = Path(folder) / file_name(found.card.number, internal=found.internal)
            await file.write(target, found)
            data = await asyncio.to_thread(target.read_bytes)
        given = f'attachment; filename="{target.name}"'
        return Response(data, media_type="text/html", headers={"Content-Disposition": given})

    async def _shown(
        self, visit: _Visit, number: str, fields: Mapping[str, str]
    ) -> tuple[str, str]:
        """The canned response that goes as it was shown; changed words are no longer it."""
        code = fields.get("response", "")
        if not code or fields.get("verb") != "answer":
            return "", ""
        try:
            prepared = await self.desk.read(
                for_worker, visit.sender, prepare, _number(number), code, visit.sender.name
            )
        except Refusal:
            return "", ""
        same = prepared.text.split() == fields.get("text", "").split()
        return (code, fields.get("digest", "")) if same else ("", "")

    async def _refused(
        self, request: Request, visit: _Visit, number: str, key: str, typed: str
    ) -> Response:
        fault = visit.renderer.html(key)
        shown = pages.Viewer(visit.session.token, typed, fault)
        return await self._ticket(request, visit, number, shown)

    # ------------------------------------------------------------------ coming in

    async def log_in(self, request: Request) -> Response:
        """Begin a session for whom Telegram vouches, once for each time that it does."""
        if self._tries_too_often(request):
            return self._stranger("app.login.often", HTTPStatus.TOO_MANY_REQUESTS)
        fields = await read_fields(request)
        signed = fields.get("init_data", "")
        address = session.read_init_data(self.entrance.bot_token, signed, self.desk.clock())
        if address is None or not await self.desk.run(count_once, signed):
            return self._stranger("app.login.refused", HTTPStatus.FORBIDDEN)
        start = fields.get("start", "").removeprefix(_START)
        return await self._let_in(address, start)

    async def show_entrance(self, request: Request, secret: str) -> Response:
        """Show a button to whoever holds a link that still counts."""
        if self._tries_too_often(request) or not await self.desk.read(is_known_link, secret):
            return self._stranger("app.enter.over", HTTPStatus.NOT_FOUND)
        renderer = self._renderer(None)
        body = pages.draw_entrance(renderer)
        return frame(renderer, renderer.html("app.title"), body, live=False)

    async def come_in(self, request: Request, secret: str) -> Response:
        """Begin a session for whose link it is; it counts once."""
        address = None
        if not self._tries_too_often(request):
            address = await self.desk.run(use_link, secret)
        if address is None:
            return self._stranger("app.enter.over", HTTPStatus.NOT_FOUND)
        return await self._let_in(address)

    async def log_out(self, request: Request) -> Response:
        """End the session in this browser."""
        visit = await self._visit(request)
        if isinstance(visit, Response):
            return visit
        response = self._stranger("app.login.out", HTTPStatus.OK)
        if session.is_own_form(visit.session, (await read_fields(request)).get("token", "")):
            session.end_session(response)
        return response

    async def _let_in(self, address: Address, start: str = "") -> Response:
        sender = await self._worker(address)
        if isinstance(sender, Response):
            return sender
        key = await self.desk.read(find_signing_key)
        response = _see(f"/app/t/{_number(start)}" if start.isdecimal() else "/app")
        session.begin_session(response, key, address, self.desk.clock(), secure=self.secure)
        return response

    def _page(
        self, visit: _Visit, body: str, status: int = HTTPStatus.OK, *, title: str = ""
    ) -> Response:
        """A page of somebody who is in."""
        say = visit.renderer.html
        head = pages.draw_head(visit.renderer, visit.session.token)
        return frame(visit.renderer, title or say("app.title"), body, status, head=head)

    async def _visit(self, request: Request) -> _Visit | Response:
        """Return who asks, or the response for somebody who may not be here."""
        key = await self.desk.read(find_signing_key)
        found = session.session_of(request, key, self.desk.clock())
        if found is None:
            return self._stranger(None, HTTPStatus.OK)
        sender = await self._worker(found.address)
        if isinstance(sender, Response):
            return sender
        renderer = self._renderer(sender.language)
        if self.asked.take(str(found.address), time.monotonic()) > 0:
            body = f'<p class="bad" role="alert">{renderer.html("app.login.often")}</p>'
            title = renderer.html("app.title")
            return frame(renderer, title, body, HTTPStatus.TOO_MANY_REQUESTS)
        return _Visit(found, sender, renderer)

    async def _worker(self, address: Address) -> Sender | Response:
        """Return who works here and is reached there, or the response for everybody else."""
        sender = await self.desk.read(staff_at, address)
        try:
            if sender is not None and await self.entrance.confirm(address):
                return sender
        except Refusal as refused:
            return self._stranger(refused.key, HTTPStatus.SERVICE_UNAVAILABLE)
        return self._stranger("app.login.staff_only", HTTPStatus.FORBIDDEN)

    def _renderer(self, language: str | None) -> Renderer:
        company = self.desk.company
        locale = language or company.language
        return Renderer(self.texts, locale, self.desk.clock(), company.zone)

    def _stranger(self, fault: str | None, status: HTTPStatus) -> Response:
        renderer = self._renderer(None)
        body = pages.draw_login(renderer, fault)
        return frame(renderer, renderer.html("app.title"), body, status, live=False)

    def _tries_too_often(self, request: Request) -> bool:
        who = request.client.host if request.client else ""
        return self.tried.take(who, time.monotonic()) > 0


async def _page_of(
    tx: ReadTx,
    asker: Address,
    asked: ListQuery,
    cursor: str,
    backward: bool,  # noqa: FBT001
) -> Page:
    if asked.words:
        return await found_of(tx, asked.words, cursor, backward=backward)
    person = await id_of(tx, asker)
    how: dict[str, Any] = {"backward": backward, "person": person}
    if asked.view in VIEWS:
        return await page_of(tx, asked.view, cursor, size=PAGE, **how)
    return await page_of_view(tx, await open_view(tx, asker, asked.view), cursor, **how)


PAGE: Final = 25


def _number(words: str, otherwise: int = 0) -> int:
    """Return a number that was asked for; 0, which no ticket has, for what is none."""
    is_number = words.isascii() and words.isdecimal() and len(words) <= _LONGEST_NUMBER
    return int(words) if is_number else otherwise


def _told(visit: _Visit, refused: Refusal) -> str:
    return visit.renderer.html(refused.key, **refused.facts)


def _see(path: str) -> RedirectResponse:
    return RedirectResponse(path, HTTPStatus.SEE_OTHER)
