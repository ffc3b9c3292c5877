"""``/app/stats``: the board, its pictures, and the tickets behind its numbers; for admins (H1)."""

import hashlib
import logging
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from http import HTTPStatus
from typing import Any, Final
from zoneinfo import ZoneInfo

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from channels.telegram.screens.statistics import picture_words
from core.allowances import HEAVY, LIGHT
from core.desk import Desk
from core.errors import Refusal
from core.people.staff import for_admin
from core.reports.charts import LAYOUTS, THEMES, NotDrawn, draw_svg, picture_of
from core.reports.measured import FIGURES, Figure, count_of, named_part, page_of_figure, scopes_of
from core.reports.statistics import ALL, Scope, Statistics, statistics_of
from core.reports.ticket_metrics import count_all
from core.words.instants import read_instant
from core.words.periods import check_span, read_period
from handlers.effort import limited
from handlers.http.app.board import (
    BOARD,
    CHOSEN,
    PERIODS,
    TICKETS,
    Board,
    BoardQuery,
    draw_board,
    draw_figure,
    scope_code,
)
from handlers.http.app.last_list import note_list
from handlers.http.app.staff_access import StaffAccess, StaffRequest, tell_when
from handlers.http.guard import RETRY_AFTER

log = logging.getLogger(__name__)

USUAL: Final = "week"
PAGE: Final = 25
# Pictures that are kept: of a few boards, in both themes and widths.
KEPT: Final = 32
# With its page it is as much as statistics in the chat; a browser may ask for one while another is
# drawn.
_PICTURE: Final = HEAVY - LIGHT
_CACHED: Final = {"Cache-Control": "private, max-age=3600"}


def board_routes(desk: Desk, access: StaffAccess, *, secure: bool) -> APIRouter:
    """Return the routes of the board. ``secure``: cookies are for https only."""
    board, routes = _BoardPages(desk, access, secure), APIRouter()
    for path, handler in (
        (BOARD, board.show),
        (TICKETS, board.show_tickets),
        (f"{BOARD}/picture.svg", board.send_picture),
    ):
        routes.add_api_route(path, handler, methods=["GET"])
    return routes


@dataclass(slots=True)
class _BoardPages:
    desk: Desk
    access: StaffAccess
    secure: bool
    pictures: OrderedDict[str, bytes] = field(default_factory=OrderedDict)

    async def show(self, request: Request) -> Response:
        """Show the board."""
        visit = await self._admin(request)
        if isinstance(visit, Response):
            return visit
        try:
            with limited(self.desk, visit.sender, LIGHT):
                return await self._board(visit, request.query_params)
        except Refusal as why:
            return self._refused(visit, why)

    async def _board(self, visit: StaffRequest, given: Mapping[str, str]) -> Response:
        asked, scopes, fault = await self._asked(visit, given)
        await count_all(self.desk)
        found = await self._read(visit, statistics_of, asked.since, asked.until, asked.scope)
        overdue = Figure("overdue", asked.since, asked.until, asked.scope)
        board = Board(
            asked,
            found,
            await self._read(visit, count_of, overdue),
            scopes,
            _digest(self._specification(visit, found, "light", "wide"))[:12],
            visit.renderer.html(fault) if fault else "",
        )
        title = visit.renderer.html("board.title")
        status = HTTPStatus.UNPROCESSABLE_ENTITY if fault else HTTPStatus.OK
        return self.access.page(visit, draw_board(visit.renderer, board), status, title=title)

    async def show_tickets(self, request: Request) -> Response:
        """Show the tickets that a number counts."""
        visit = await self._admin(request)
        if isinstance(visit, Response):
            return visit
        try:
            with limited(self.desk, visit.sender, LIGHT):
                page = await self._tickets(visit, request.query_params)
        except Refusal as why:
            return self._refused(visit, why)
        if page.status_code == HTTPStatus.OK:
            note_list(page, f"{TICKETS}?{request.query_params}", secure=self.secure)
        return page

    async def _tickets(self, visit: StaffRequest, given: Mapping[str, str]) -> Response:
        asked, _, fault = await self._asked(visit, given)
        # PostgreSQL knows no NUL, and an empty code means something
        column, _, code = given.get("part", "").replace("\0", "\ufffd").partition(":")
        part = await self._read(visit, named_part, column, code[:100]) if column else ALL
        name = given.get("figure", "")
        if fault or part is None or name not in FIGURES:  # a link of long ago, or none of ours
            return RedirectResponse(BOARD, HTTPStatus.SEE_OTHER)
        figure = Figure(name, asked.since, asked.until, asked.scope, part)
        cursor, backward = given.get("before") or given.get("after") or "", "before" in given
        page = await self._read(visit, page_of_figure, figure, cursor, backward=backward, size=PAGE)
        body = draw_figure(visit.renderer, asked, figure, page)
        return self.access.page(visit, body, title=visit.renderer.html("board.title"))

    async def send_picture(self, request: Request) -> Response:
        """Give out the picture of a board, in one theme and width."""
        visit = await self._admin(request)
        if isinstance(visit, Response):
            return visit
        try:
            with limited(self.desk, visit.sender, _PICTURE):
                return await self._picture(visit, request.query_params)
        except Refusal as why:  # nobody reads the words of a picture that is none
            said = Response(status_code=HTTPStatus.SERVICE_UNAVAILABLE, headers=RETRY_AFTER)
            tell_when(said, why)
            return said

    async def _picture(self, visit: StaffRequest, given: Mapping[str, str]) -> Response:
        theme, layout = given.get("theme", "light"), given.get("layout", "wide")
        asked, _, fault = await self._asked(visit, given)
        if fault or theme not in THEMES or layout not in LAYOUTS:
            return Response(status_code=HTTPStatus.NOT_FOUND)
        found = await self._read(visit, statistics_of, asked.since, asked.until, asked.scope)
        try:
            drawn = await self._drawn(self._specification(visit, found, theme, layout))
        except (NotDrawn, OSError) as reason:
            log.warning("statistics were not drawn: %s", reason)
            return Response(status_code=HTTPStatus.SERVICE_UNAVAILABLE)
        return Response(drawn, media_type="image/svg+xml", headers=_CACHED)

    def _refused(self, visit: StaffRequest, why: Refusal) -> Response:
        back = f'<p><a href="{BOARD}">‹ {visit.renderer.html("board.title")}</a></p>'
        return self.access.refused(visit, why, back)

    async def _admin(self, request: Request) -> StaffRequest | Response:
        """Return the visit of an admin; statistics are shown to nobody else, here as in a chat."""
        visit = await self.access.of(request)
        if isinstance(visit, Response) or visit.is_admin:
            return visit
        fault = visit.renderer.html("board.fault.admins")
        body = f'<p class="bad" role="alert">{fault}</p>'
        return self.access.page(visit, body, HTTPStatus.FORBIDDEN)

    async def _read(self, visit: StaffRequest, query: Any, *args: Any, **options: Any) -> Any:
        return await self.desk.read(for_admin, visit.sender, query, *args, **options)

    async def _asked(
        self, visit: StaffRequest, given: Mapping[str, str]
    ) -> tuple[BoardQuery, list[Scope], str]:
        """Return what was asked for, what can be, and the key of what is wrong with it."""
        scopes = await self._read(visit, scopes_of)
        wanted = given.get("scope", "")
        scope = next((one for one in scopes if scope_code(one) == wanted), None)
        fault = "board.fault.scope" if wanted and scope is None else ""
        zone = self.desk.company.zone
        today = self.desk.clock().astimezone(zone).date()
        try:
            period, since, until = _period(given, today, zone)
        except ValueError:
            fault = "board.fault.days"
            period, (since, until, _) = USUAL, read_period(USUAL, today)
        return BoardQuery(period, since, until, scope or ALL), scopes, fault

    def _specification(
        self, visit: StaffRequest, found: Statistics, theme: str, layout: str
    ) -> dict[str, Any]:
        words = picture_words(visit.renderer, found, self.desk.company.name)
        return picture_of(found, words, theme, layout)

    async def _drawn(self, specification: Mapping[str, Any]) -> bytes:
        """Return the picture; the same is drawn once."""
        digest = _digest(specification)
        drawn = self.pictures.get(digest)
        if drawn is None:
            drawn = self.pictures[digest] = await draw_svg(specification)
            if len(self.pictures) > KEPT:
                self.pictures.popitem(last=False)
        else:
            self.pictures.move_to_end(digest)
        return drawn


def _period(given: Mapping[str, str], today: date, zone: ZoneInfo) -> tuple[str, date, date]:
    """Return the name of a period and its days. Raises ValueError for days that are none."""
    if given.get("since") or given.get("until"):
        since, until = (_day(given.get(name, ""), zone) for name in ("since", "until"))
        check_span(since, until)
        return CHOSEN, since, until
    name = given.get("period", USUAL)
    if name not in PERIODS:
        raise ValueError(name)
    since, until, _ = read_period(name, today)
    return name, since, until


def _day(words: str, zone: ZoneInfo) -> date:
    """Return a day, or the one in which an instant lies there. Raises ValueError."""
    try:
        return date.fromisoformat(words)
    except ValueError:
        pass
    try:
        return read_instant(words).astimezone(zone).date()
    except OverflowError as error:
        raise ValueError(words) from error


def _digest(specification: Mapping[str, Any]) -> str:
    return hashlib.sha256(orjson.dumps(specification)).hexdigest()
