"""``/app``: sign in, the table, a ticket, its buttons (S15, S23)."""

import asyncio
import logging
import tempfile
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response, StreamingResponse

from channels.telegram.screens.journal import names_of
from channels.telegram.screens.transcript import LARGEST, TranscriptFile, file_name
from core.addresses import Address
from core.allowances import LIGHT
from core.desk import Desk
from core.errors import NoSuchTicket, Refusal
from core.file_making import STAFF
from core.files import Attachments, title_of
from core.people.app_logins import count_once, is_known_link, use_link
from core.people.staff import as_staff, for_worker, id_of
from core.reports.transcript import Transcript, make_transcript
from core.responses.sending import prepare
from core.responses.staff_page import Draft, TicketPage, find_page, find_said
from core.signing_key import find_signing_key
from core.tasks.task_actions import TasksOpen
from core.texts import Texts
from core.tickets.attached_files import AttachedFile
from core.tickets.conversation_pages import NEWEST
from core.tickets.found_lists import found_of, found_within
from core.tickets.list_lines import Page
from core.tickets.lists import VIEWS, PageRequest, count_by_marker, page_within
from core.tickets.unanswered import Unanswered, note_asked
from core.tickets.views import open_view, views_for
from core.tx import ReadTx
from core.words.numbers import find_number
from handlers.effort import limited
from handlers.http.app import assistance, pages, session, streams, telegram_login
from handlers.http.app.actions import ACTIONS
from handlers.http.app.board_routes import board_routes
from handlers.http.app.fields import Viewer
from handlers.http.app.given import Form
from handlers.http.app.knowledge import find_articles, find_shown
from handlers.http.app.narrowing import ListQuery, find_offered, read_query
from handlers.http.app.pages import Table
from handlers.http.app.selectable import Choices, find_choices
from handlers.http.app.shell import static_routes
from handlers.http.app.staff_access import Entrance, StaffAccess, StaffRequest, tell_when, told
from handlers.http.app.streams import HEADERS, Follower, Streams
from handlers.http.files import to_be_saved
from handlers.http.guard import RETRY_AFTER
from handlers.http.limits import Buckets
from handlers.http.pages.form import read_fields
from handlers.http.problems import Problem
from handlers.http.uploads import Form as SentForm
from handlers.http.uploads import note_stored, read_form, store_files

if TYPE_CHECKING:
    from core.assistant.service import Assistant
    from core.assistant.suggestions import Suggested

log = logging.getLogger(__name__)

# Requests a second and at once of an address that tries to come in.
LOGIN_RATE: Final = (0.2, 20.0)
_LONGEST_NUMBER: Final = 15
# Characters of an article's code.
_CODE: Final = 32
# Seconds for getting all files of a ticket: proxies wait a minute for an answer.
FETCH_WITHIN: Final = 45.0
_START: Final = "t"


def app_routes(
    desk: Desk,
    texts: Texts,
    entrance: Entrance,
    public_url: str | None,
    attachments: Attachments,
    assistant: "Assistant | None" = None,
) -> APIRouter:
    """Return the routes. ``public_url``: where people reach us; with https cookies are for https
    only. ``attachments``: the files of messages; ``assistant``: where the desk has one.
    """
    routes = static_routes()
    secure = (public_url or "").startswith("https://")
    access = StaffAccess(desk, texts, entrance)
    app = _App(desk, access, secure, attachments, assistant)
    for path, method, handler in (
        ("/app", "GET", app.show_table),
        ("/app/live", "GET", app.follow),
        ("/app/login", "POST", app.log_in),
        (telegram_login.PATH, "GET", app.ask_telegram),
        (f"{telegram_login.PATH}/back", "GET", app.hear_telegram),
        ("/app/logout", "POST", app.log_out),
        ("/app/enter/{secret}", "GET", app.show_entrance),
        ("/app/enter/{secret}", "POST", app.come_in),
        ("/app/t/{number}", "GET", app.show_ticket),
        ("/app/t/{number}", "POST", app.act),
        ("/app/t/{number}/transcript", "POST", app.send_transcript),
        ("/app/t/{number}/file/{message}", "GET", app.send_file),
    ):
        routes.add_api_route(path, handler, methods=[method])
    routes.include_router(board_routes(desk, access))
    return routes


@dataclass(slots=True)
class _App:
    desk: Desk
    access: StaffAccess
    secure: bool
    attachments: Attachments
    assistant: "Assistant | None" = None
    tried: Buckets = field(default_factory=lambda: Buckets(*LOGIN_RATE))
    streams: Streams = field(init=False)

    def __post_init__(self) -> None:
        self.streams = Streams(self.desk.changes, self.desk.clock)

    async def show_table(self, request: Request) -> Response:
        """Show a list, or the page that signs in."""
        visit = await self.access.of(request)
        if isinstance(visit, Response):
            return visit
        asked = read_query(request.query_params)
        numbered = find_number(asked.words, *self.desk.company.number_masks)
        if numbered is not None and not numbered[1].strip():
            return _see(f"/app/t/{numbered[0]}")
        try:
            with limited(self.desk, visit.sender, LIGHT if asked.words else 0):
                table = await self._table(visit, asked, request.query_params)
        except Refusal as why:
            if why.key == "refusal.outdated":  # a list that is no more
                return _see("/app")
            views = await self.desk.read(views_for, visit.sender.address)
            return self.access.refused(visit, why, pages.draw_ways(visit.renderer, asked, views))
        here = f"{request.url.path}?{request.url.query}"
        return self.access.page(visit, pages.draw_table(visit.renderer, asked, table, here))

    async def _table(
        self, visit: StaffRequest, asked: ListQuery, given: Mapping[str, str]
    ) -> Table:
        """Return the page that is asked for. Raises :class:`Refusal`."""
        cursor = given.get("before") or given.get("after") or ""
        backward, address = "before" in given, visit.sender.address
        page, counts = await self.desk.read(
            for_worker, visit.sender, _page_of, address, asked, cursor, backward
        )
        views = await self.desk.read(views_for, address)
        return Table(page, counts, views, await self.desk.read(find_offered))

    async def show_ticket(self, request: Request, number: str) -> Response:
        """Show a ticket; with a canned response in its answer box, if one was chosen."""
        visit = await self.access.of(request)
        if isinstance(visit, Response):
            return visit
        given, shown = request.query_params, self._viewer(visit)
        try:
            shown = await self._looked_up(visit, _number(number), given, shown)
        except Refusal as refused:
            shown = replace(shown, fault=told(visit, refused))
            page = await self._ticket(request, visit, number, shown)
            tell_when(page, refused)
            return page
        return await self._ticket(request, visit, number, shown)

    async def _looked_up(
        self, visit: StaffRequest, number: int, given: Mapping[str, str], shown: Viewer
    ) -> Viewer:
        """Add the articles that are searched for, the one that is read, the canned response that
        is chosen. Raises :class:`Refusal`.
        """
        code, article, sender = given.get("response", ""), given.get("article", ""), visit.sender
        if "kb" in given:
            with limited(self.desk, sender, LIGHT):
                found = await self.desk.read(for_worker, sender, find_articles, number, given["kb"])
            shown = replace(shown, found=found)
        if article:
            read = await self.desk.read(for_worker, sender, find_shown, article[:_CODE])
            shown = replace(shown, article=read)
        if code:
            prepared = await self.desk.read(for_worker, sender, prepare, number, code, sender.name)
            shown = replace(shown, prepared=prepared)
        return shown

    def _viewer(self, visit: StaffRequest) -> Viewer:
        return Viewer(
            visit.session.token,
            takes_files=self.attachments.store is not None,
            assisted=self.assistant is not None,
        )

    async def _ticket(
        self, request: Request, visit: StaffRequest, number: str, shown: Viewer
    ) -> Response:
        asked = _number(request.query_params.get("page", ""), NEWEST)
        role = "admin" if visit.is_admin else "operator"
        try:
            found, choices = await self.desk.read(
                for_worker, visit.sender, _everything, _number(number), asked, role
            )
        except NoSuchTicket as refused:
            body = f'<p><a href="/app">‹ {visit.renderer.html("app.back")}</a></p>'
            body += f'<p class="bad" role="alert">{told(visit, refused)}</p>'
            return self.access.page(visit, body, HTTPStatus.NOT_FOUND)
        names = await self.desk.read(names_of)
        if self.assistant is not None:
            shown = replace(shown, suggested=await self.desk.read(self._suggested, visit, number))
        here = f"/app/t/{found.card.number}" + ("" if asked == NEWEST else f"?page={asked}")
        status = HTTPStatus.UNPROCESSABLE_ENTITY if shown.fault else HTTPStatus.OK
        body = pages.draw_ticket(visit.renderer, found, choices, names, shown, here)
        return self.access.page(visit, body, status, title=pages.page_title(found))

    async def _suggested(
        self, tx: ReadTx, visit: StaffRequest, number: str
    ) -> Sequence["Suggested"]:
        person = await id_of(tx, visit.sender.address)
        if self.assistant is None or person is None:
            return ()
        return await self.assistant.own(tx, _number(number), person)

    async def act(self, request: Request, number: str) -> Response:
        """Do what a button says, and show the ticket as it is then."""
        visit = await self.access.of(request)
        if isinstance(visit, Response):
            return visit
        try:
            return await self._act(request, visit, number, await read_form(request))
        finally:
            await request.close()  # files that were read to the disk

    async def _act(
        self, request: Request, visit: StaffRequest, number: str, form: SentForm
    ) -> Response:
        fields, verb = form.fields, form.fields.get("verb", "")
        shown = replace(self._viewer(visit), verb=verb, given=fields)
        known = {*ACTIONS, *(assistance.VERBS if self.assistant is not None else ())}
        if fault := _fault_of(form, visit, known):
            shown = replace(shown, fault=visit.renderer.html(fault))
            return await self._ticket(request, visit, number, shown)
        if self.assistant is not None and verb in assistance.VERBS:
            return await self._assist(request, visit, number, shown, self.assistant)
        files = await self._kept(form)
        if files is None:
            shown = replace(shown, fault=visit.renderer.html("web.fault.files_away"))
            return await self._ticket(request, visit, number, shown)
        response = await self._shown(visit, number, fields)
        attached = tuple(AttachedFile(**one) for one in files)
        text, once = fields.get("text", ""), fields.get("once", "")[:64]
        sent = Form(Draft(text, once, **response, files=attached), fields)
        try:
            await self._run(visit, verb, _number(number), sent)
        except Refusal as refused:
            if isinstance(refused, Unanswered):
                await self.desk.run(as_staff, visit.sender, note_asked, refused)
            unfinished = refused.tasks if isinstance(refused, TasksOpen) else ()
            shown = replace(shown, fault=told(visit, refused), unfinished=unfinished)
            return await self._ticket(request, visit, number, shown)
        return _see(f"/app/t/{_number(number)}")

    async def _assist(
        self,
        request: Request,
        visit: StaffRequest,
        number: str,
        shown: Viewer,
        assistant: "Assistant",
    ) -> Response:
        """Ask the assistant, or decide what becomes of what it suggests."""
        given, verb, ticket = shown.given, shown.verb, _number(number)
        desk, sender, words = self.desk, visit.sender, given.get("text", "")
        try:
            if verb in assistance.ASKED:
                locale = visit.renderer.locale
                await assistance.ask(desk, assistant, sender, locale, ticket, verb, words)
                return _see(f"/app/t/{ticket}#assistant")
            which, once = given.get("suggestion", ""), given.get("once", "")[:64]
            words = await assistance.decide(desk, assistant, sender, ticket, verb, which, once)
        except Refusal as refused:
            return await self._ticket(
                request, visit, number, replace(shown, fault=told(visit, refused))
            )
        if not words:
            return _see(f"/app/t/{ticket}")
        return await self._ticket(request, visit, number, replace(shown, given={"text": words}))

    async def _run(self, visit: StaffRequest, verb: str, number: int, sent: Form) -> None:
        """Run an action; files that it has not sent, being refused or sent before, are noted to be
        deleted.
        """
        names: list[Mapping[str, Any]] = [asdict(one) for one in sent.draft.files]
        try:
            done = await self.desk.run(as_staff, visit.sender, ACTIONS[verb], number, sent)
        except Exception:
            await note_stored(self.desk, names)
            raise
        if done is False:
            await note_stored(self.desk, names)

    async def _kept(self, form: SentForm) -> list[Mapping[str, Any]] | None:
        """The files of an answer where they are kept; ``None`` while they cannot be."""
        store = self.attachments.store
        if store is None or not form.files or form.fields.get("verb") != "answer":
            return []
        try:
            return await store_files(form.files, store, self.desk)
        except OSError:
            log.exception("files of an answer cannot be stored")
            return None

    async def follow(self, request: Request) -> Response:
        """Say whenever something changes: of ``?ticket=``, or anywhere; seldom for the board and
        for what is found by words.
        """
        visit = await self.access.of(request)
        if isinstance(visit, Response):
            return _no_stream(visit)
        if not self.streams.has_room:
            return Response(status_code=HTTPStatus.SERVICE_UNAVAILABLE, headers=RETRY_AFTER)
        address, until = visit.session.address, visit.session.until
        follower = Follower(str(address), until, partial(self.access.may_stay, address))
        ticket = _number(request.query_params.get("ticket", "")) or None
        for_board = request.query_params.get("of") == "board"
        gathered = streams.GATHERED_FOR_THE_BOARD if for_board else streams.GATHERED
        events = self.streams.follow(follower, ticket, gathered)
        return StreamingResponse(events, media_type="text/event-stream", headers=HEADERS)

    async def send_file(self, request: Request, number: str, message: str) -> Response:
        """Give out the file of a message, to be saved."""
        visit = await self.access.of(request)
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

    def _without_file(
        self, visit: StaffRequest, number: str, key: str, status: HTTPStatus
    ) -> Response:
        say = visit.renderer.html
        back = f'<p><a href="/app/t/{_number(number)}">‹ {say("app.back_to_ticket")}</a></p>'
        body = f'{back}<p class="bad" role="alert">{say(key)}</p>'
        return self.access.page(visit, body, status)

    async def send_transcript(self, request: Request, number: str) -> Response:
        """Make the ticket one file, to be saved (H2)."""
        visit = await self.access.of(request)
        if isinstance(visit, Response):
            return visit
        fields = await read_fields(request)
        if not session.is_own_form(visit.session, fields.get("token", "")):
            fault = visit.renderer.html("app.fault.form")
            shown = replace(self._viewer(visit), fault=fault)
            return await self._ticket(request, visit, number, shown)
        internal = fields.get("kind") == "internal"
        try:
            async with self.desk.file_making.begin(visit.session.address, STAFF):
                found = await self.desk.run(
                    as_staff, visit.sender, make_transcript, _number(number), internal=internal
                )
                return await self._transcript(visit, found)
        except Refusal as refused:
            shown = replace(self._viewer(visit), fault=told(visit, refused))
            return await self._ticket(request, visit, number, shown)

    async def _transcript(self, visit: StaffRequest, found: Transcript) -> Response:
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
        self, visit: StaffRequest, number: str, fields: Mapping[str, str]
    ) -> dict[str, Any]:
        """The canned response or the article that goes as it was shown, as fields of a draft;
        changed words are no longer the response, but its files go with them.
        """
        code, article = fields.get("response", ""), fields.get("article", "")[:_CODE]
        if fields.get("verb") != "answer" or not (code or article):
            return {}
        words, digest = fields.get("text", "").split(), fields.get("digest", "")
        if article:
            return {"article": article, "digest": digest}
        try:
            prepared = await self.desk.read(
                for_worker, visit.sender, prepare, _number(number), code, visit.sender.name
            )
        except Refusal:
            return {}
        same = prepared.text.split() == words
        if not same and not prepared.files:
            return {}
        return {"response": code, "digest": digest, "changed": not same}

    # ------------------------------------------------------------------ coming in

    async def log_in(self, request: Request) -> Response:
        """Begin a session for whom Telegram vouches, once for each time that it does."""
        if self._tries_too_often(request):
            return self.access.stranger("app.login.often", HTTPStatus.TOO_MANY_REQUESTS)
        fields = await read_fields(request)
        signed, token = fields.get("init_data", ""), self.access.entrance.bot_token
        start = fields.get("start", "").removeprefix(_START)
        if await self._is_in(request, session.signed_by_telegram(token, signed)):
            return _to(start)  # the page was only loaded again
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
        response = _see(login.address(attempt))
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
        return response

    async def _let_in(self, address: Address, start: str = "") -> Response:
        sender = await self.access.worker(address)
        if isinstance(sender, Response):
            return sender
        key = await self.desk.read(find_signing_key)
        response = _to(start)
        session.begin_session(response, key, address, self.desk.clock(), secure=self.secure)
        return response

    def _tries_too_often(self, request: Request) -> bool:
        who = request.client.host if request.client else ""
        return self.tried.take(who, time.monotonic()) > 0


def _fault_of(form: SentForm, visit: StaffRequest, known: Collection[str]) -> str | None:
    """Return the key of what is wrong with a form before anything is done."""
    fields = form.fields
    if form.unread or form.fault:
        return form.unread or form.fault
    is_own = session.is_own_form(visit.session, fields.get("token", ""))
    if fields.get("verb") not in known or not is_own:
        return "app.fault.form"
    return "app.fault.long" if len(fields.get("text", "")) > pages.LONGEST else None


def _no_stream(page: Response) -> Response:
    """Refuse a stream to whom this page is shown instead: a browser gives it up then, and does not
    ask again and again. Who has only asked too much is told when to come again.
    """
    if page.status_code != HTTPStatus.TOO_MANY_REQUESTS:
        return Response(status_code=HTTPStatus.FORBIDDEN)
    wait = {"Retry-After": page.headers["Retry-After"]}
    raise Problem(HTTPStatus.TOO_MANY_REQUESTS, "too_many_requests", headers=wait)


async def _everything(tx: ReadTx, number: int, asked: int, role: str) -> tuple[TicketPage, Choices]:
    found = await find_page(tx, number, asked)
    return found, await find_choices(tx, found.card, role)


async def _page_of(
    tx: ReadTx,
    asker: Address,
    asked: ListQuery,
    cursor: str,
    backward: bool,  # noqa: FBT001
) -> tuple[Page, Mapping[str, int]]:
    """Return the page, and how many tickets of the list have which marker."""
    person = await id_of(tx, asker)
    base = asked.view if asked.view in VIEWS else await open_view(tx, asker, asked.view)
    counts = await count_by_marker(tx, base, asked.filters, person)
    if asked.words and asked.filters.given():
        found = await found_within(tx, asked.words, asked.filters, cursor, person=person)
        return found, counts
    if asked.words:
        return await found_of(tx, asked.words, cursor, backward=backward), counts
    wanted = PageRequest(asked.view, cursor, backward, person, PAGE, counted=False)
    return await page_within(tx, base, asked.filters, asked.order, wanted), counts


PAGE: Final = 25


def _number(words: str, otherwise: int = 0) -> int:
    """Return a number that was asked for; 0, which no ticket has, for what is none."""
    is_number = words.isascii() and words.isdecimal() and len(words) <= _LONGEST_NUMBER
    return int(words) if is_number else otherwise


def _to(start: str) -> RedirectResponse:
    """Lead to the ticket that the app was opened at, or to the table."""
    return _see(f"/app/t/{_number(start)}" if start.isdecimal() else "/app")


def _see(path: str) -> RedirectResponse:
    return RedirectResponse(path, HTTPStatus.SEE_OTHER)
