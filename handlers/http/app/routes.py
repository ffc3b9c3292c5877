"""The routes of ``/app``: sign in, the table, a ticket, its buttons (S15, S23)."""

from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from fastapi.responses import Response, StreamingResponse

from core.desk import Desk
from core.files import Attachments
from core.texts import Texts
from handlers.http.app import streams, telegram_login
from handlers.http.app.board_routes import board_routes
from handlers.http.app.coming_in import ComingIn
from handlers.http.app.paths import number_of
from handlers.http.app.saved_files import SavedFiles
from handlers.http.app.shell import static_routes
from handlers.http.app.staff_access import Entrance, StaffAccess
from handlers.http.app.streams import HEADERS, Follower, Streams
from handlers.http.app.table import TablePage
from handlers.http.app.ticket import TicketPages
from handlers.http.guard import RETRY_AFTER
from handlers.http.problems import Problem

if TYPE_CHECKING:
    from core.assistant.service import Assistant


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
    entry, following = ComingIn(desk, access, secure), _Following(desk, access)
    tickets = TicketPages(desk, access, attachments, assistant)
    files = SavedFiles(desk, access, attachments, tickets)
    for path, method, handler in (
        ("/app", "GET", TablePage(desk, access, secure).show_table),
        ("/app/live", "GET", following.follow),
        ("/app/login", "POST", entry.log_in),
        (telegram_login.PATH, "GET", entry.ask_telegram),
        (f"{telegram_login.PATH}/back", "GET", entry.hear_telegram),
        ("/app/logout", "POST", entry.log_out),
        ("/app/enter/{secret}", "GET", entry.show_entrance),
        ("/app/enter/{secret}", "POST", entry.come_in),
        ("/app/t/{number}", "GET", tickets.show_ticket),
        ("/app/t/{number}", "POST", tickets.act),
        ("/app/t/{number}/transcript", "POST", files.send_transcript),
        ("/app/t/{number}/file/{message}", "GET", files.send_file),
    ):
        routes.add_api_route(path, handler, methods=[method])
    routes.include_router(board_routes(desk, access, secure=secure))
    return routes


@dataclass(slots=True)
class _Following:
    desk: Desk
    access: StaffAccess
    streams: Streams = field(init=False)

    def __post_init__(self) -> None:
        self.streams = Streams(self.desk.changes, self.desk.clock)

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
        ticket = number_of(request.query_params.get("ticket", "")) or None
        for_board = request.query_params.get("of") == "board"
        gathered = streams.GATHERED_FOR_THE_BOARD if for_board else streams.GATHERED
        events = self.streams.follow(follower, ticket, gathered)
        return StreamingResponse(events, media_type="text/event-stream", headers=HEADERS)


def _no_stream(page: Response) -> Response:
    """Refuse a stream to whom this page is shown instead: a browser gives it up then, and does not
    ask again and again. Who has only asked too much is told when to come again.
    """
    if page.status_code != HTTPStatus.TOO_MANY_REQUESTS:
        return Response(status_code=HTTPStatus.FORBIDDEN)
    wait = {"Retry-After": page.headers["Retry-After"]}
    raise Problem(HTTPStatus.TOO_MANY_REQUESTS, "too_many_requests", headers=wait)
