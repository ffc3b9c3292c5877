"""``/form`` opens a ticket, ``/t/<signed>`` follows it and takes answers, without a script (A9)."""

import re
import time
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from core.desk import Desk
from core.errors import Unreadable
from core.integrations.intake import add_by_page, open_by_form
from core.setup.signing_key import find_signing_key, is_signed, signature
from core.texts import Key, Texts
from core.tickets.customer_tickets import OwnTicket, OwnWords, followed_ticket
from handlers.http.limits import Buckets
from handlers.http.pages.follow import draw_ticket
from handlers.http.pages.form import (
    CONSENT,
    TRAP,
    draw_form,
    find_asked,
    form_fault,
    missing_fault,
    read_fields,
    ticket_of,
    words_fault,
)
from handlers.http.pages.layout import Reader, notice, reader_of

# Tickets and answers of one address: one in two minutes, so many at once; looks: two a second.
SENT: Final = (1 / 120, 5.0)
SEEN: Final = (2.0, 60.0)
_FOLLOW: Final = re.compile(r"([1-9][0-9]{0,14})-([0-9a-f]{20})", re.ASCII)
Followed = tuple[OwnTicket, tuple[OwnWords, ...]]


def follow_path(key: bytes, number: int) -> str:
    """Return the path of a ticket's page; nobody finds it who was not given it."""
    return f"/t/{number}-{signature(key, f'follow:{number}')}"


def page_routes(desk: Desk, texts: Texts) -> APIRouter:
    """Return the routes of both pages."""
    routes, pages = APIRouter(), _Pages(desk, texts)
    routes.add_api_route("/form", pages.show_form, methods=["GET"])
    routes.add_api_route("/form", pages.take_form, methods=["POST"])
    routes.add_api_route("/t/{signed}", pages.show_ticket, methods=["GET"])
    routes.add_api_route("/t/{signed}", pages.take_answer, methods=["POST"])
    return routes


@dataclass(slots=True)
class _Pages:
    desk: Desk
    texts: Texts
    sent: Buckets = field(default_factory=lambda: Buckets(*SENT))
    seen: Buckets = field(default_factory=lambda: Buckets(*SEEN))

    async def show_form(self, request: Request) -> Response:
        """Show an empty form."""
        reader = self._reader(request)
        if _is_too_much(request, self.seen):
            return notice(reader, "web.too_many", HTTPStatus.TOO_MANY_REQUESTS)
        return await draw_form(reader, request, {})

    async def take_form(self, request: Request) -> Response:
        """Open a ticket and lead to its page, or show the form with what is wrong."""
        reader, fields = self._reader(request), await read_fields(request)
        asked = await find_asked(self.desk, fields)
        fault = form_fault(fields) or missing_fault(asked, fields, reader)
        if fault is None and fields.get(TRAP):
            return notice(reader, "web.sent")
        if fault is None and _is_too_much(request, self.sent):
            fault = "web.too_many"
        if fault is not None:
            return await draw_form(reader, request, fields, fault)
        try:
            brought = await self.desk.run(open_by_form, ticket_of(fields, reader, asked), CONSENT)
        except Unreadable as refused:
            return await draw_form(reader, request, fields, Key(refused.key, refused.facts))
        return await self._lead_to(brought.ticket_id, reader)

    async def show_ticket(self, request: Request, signed: str) -> Response:
        """Show a ticket to whoever has its link."""
        reader = self._reader(request)
        if _is_too_much(request, self.seen):
            return notice(reader, "web.too_many", HTTPStatus.TOO_MANY_REQUESTS)
        followed = await self._followed(signed)
        if followed is None:
            return notice(reader, "web.no_ticket", HTTPStatus.NOT_FOUND)
        return draw_ticket(reader, *followed)

    async def take_answer(self, request: Request, signed: str) -> Response:
        """Add the customer's words to the ticket, or show what is wrong with them."""
        reader = self._reader(request)
        followed = await self._followed(signed)
        if followed is None:
            return notice(reader, "web.no_ticket", HTTPStatus.NOT_FOUND)
        fields = await read_fields(request)
        fault = words_fault(fields)
        if fault is None and _is_too_much(request, self.sent):
            fault = "web.too_many"
        if fault is not None:
            return draw_ticket(reader, *followed, fault=fault, words_kept=fields.get("text", ""))
        number = followed[0].number
        brought = await self.desk.run(add_by_page, number, fields["text"], fields["once"])
        return await self._lead_to(brought.ticket_id, reader)

    def _reader(self, request: Request) -> Reader:
        return reader_of(request, self.desk, self.texts)

    async def _followed(self, signed: str) -> Followed | None:
        """Return the ticket of a signed link; ``None`` for any other."""
        found = _FOLLOW.fullmatch(signed)
        key = await self.desk.read(find_signing_key)
        if found is None or not is_signed(key, f"follow:{found[1]}", found[2]):
            return None
        return await self.desk.read(followed_ticket, int(found[1]))

    async def _lead_to(self, number: int, reader: Reader) -> Response:
        path = follow_path(await self.desk.read(find_signing_key), number)
        return RedirectResponse(f"{path}?lang={reader.language}", HTTPStatus.SEE_OTHER)


def _is_too_much(request: Request, buckets: Buckets) -> bool:
    who = request.client.host if request.client else ""
    return buckets.take(who, time.monotonic()) > 0
