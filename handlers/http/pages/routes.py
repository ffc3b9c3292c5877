"""``/form`` opens a ticket, ``/t/<signed>`` follows it and takes answers, without a script (A9)."""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from typing import Any, Final

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from core.desk import Desk
from core.errors import Unreadable
from core.files import Attachments, FetchFile, FileStore, has_file, title_of
from core.integrations.intake import add_by_page, open_by_form
from core.setup.signed_links import follow_path, followed_number
from core.signing_key import find_signing_key
from core.texts import Key, Texts
from core.tickets.customer_tickets import OwnTicket, OwnWords
from core.tickets.ticket_page import followed_ticket
from handlers.http.files import to_be_saved
from handlers.http.guard import is_multipart
from handlers.http.limits import Buckets
from handlers.http.pages.follow import draw_ticket
from handlers.http.pages.form import (
    TRAP,
    Found,
    consent_of,
    draw_form,
    find_asked,
    form_faults,
    ticket_of,
    words_faults,
)
from handlers.http.pages.layout import FILES, WHOLE, Reader, notice, reader_of
from handlers.http.uploads import Form, bring, read_form, store_files

log = logging.getLogger(__name__)

# Tickets and answers of one address: one in two minutes, so many at once; looks: two a second.
SENT: Final = (1 / 120, 5.0)
SEEN: Final = (2.0, 60.0)
# Forms with files of one address that are read at all.
UPLOADED: Final = (1 / 30, 20.0)
# Why a form was not read: the field that this is about, and the status.
_UNREAD: Final = {
    "web.fault.large": (FILES, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    "web.fault.often": (WHOLE, HTTPStatus.TOO_MANY_REQUESTS),
    "web.fault.form": (FILES, HTTPStatus.BAD_REQUEST),
}
Followed = tuple[OwnTicket, tuple[OwnWords, ...]]


def page_routes(
    desk: Desk, texts: Texts, files: FileStore | None = None, fetch: FetchFile | None = None
) -> APIRouter:
    """Return the routes of both pages. ``files``: where those are kept that people send;
    ``fetch``: has those that a channel keeps.
    """
    routes, pages = APIRouter(), _Pages(desk, texts, files, Attachments(files, fetch))
    routes.add_api_route("/form", pages.show_form, methods=["GET"])
    routes.add_api_route("/form", pages.take_form, methods=["POST"])
    routes.add_api_route("/t/{signed}", pages.show_ticket, methods=["GET"])
    routes.add_api_route("/t/{signed}", pages.take_answer, methods=["POST"])
    return routes


@dataclass(slots=True)
class _Pages:
    desk: Desk
    texts: Texts
    files: FileStore | None
    attachments: Attachments
    sent: Buckets = field(default_factory=lambda: Buckets(*SENT))
    seen: Buckets = field(default_factory=lambda: Buckets(*SEEN))
    uploaded: Buckets = field(default_factory=lambda: Buckets(*UPLOADED))

    async def show_form(self, request: Request) -> Response:
        """Show an empty form."""
        reader = self._reader(request)
        if _is_too_much(request, self.seen):
            return notice(reader, "web.too_many", HTTPStatus.TOO_MANY_REQUESTS)
        return await draw_form(reader, request, {})

    async def take_form(self, request: Request) -> Response:
        """Open a ticket and lead to its page, or show the form with what is wrong."""
        try:
            return await self._take_form(request)
        finally:
            await request.close()  # files that were read to the disk

    async def _take_form(self, request: Request) -> Response:
        reader, form = self._reader(request), await self._read(request)
        fields, attached = form.fields, bool(form.files)
        if form.unread is not None:
            field, status = _UNREAD[form.unread]
            found: Found = {field: form.unread}
            return await draw_form(reader, request, fields, found, status=status, attached=True)
        asked = await find_asked(self.desk, fields)
        found = form_faults(fields, asked, reader) | _of_files(form)
        if not found and fields.get(TRAP):
            return notice(reader, "web.sent")
        if not found and _is_too_much(request, self.sent):
            found = {WHOLE: "web.too_many"}
        if found:
            return await draw_form(reader, request, fields, found, attached=attached)
        files = await self._stored(form)
        if files is None:
            return await draw_form(reader, request, fields, {FILES: "web.fault.files_away"})
        try:
            new = ticket_of(fields, reader, asked, files)
            opening = self.desk.run(open_by_form, new, consent_of(reader)[0])
            brought = await bring(self.desk, files, opening)
        except Unreadable as refused:
            found = {WHOLE: Key(refused.key, refused.facts)}
            return await draw_form(reader, request, fields, found, attached=attached)
        return await self._lead_to(brought.ticket_id, reader)

    async def show_ticket(self, request: Request, signed: str) -> Response:
        """Show a ticket to whoever has its link."""
        reader = self._reader(request)
        if _is_too_much(request, self.seen):
            return notice(reader, "web.too_many", HTTPStatus.TOO_MANY_REQUESTS)
        followed = await self._followed(signed)
        if followed is None:
            return notice(reader, "web.no_ticket", HTTPStatus.NOT_FOUND)
        if wanted := request.query_params.get("file"):
            return await self._send_file(reader, wanted, followed[1])
        return draw_ticket(reader, *followed)

    async def _send_file(
        self, reader: Reader, wanted: str, words: tuple[OwnWords, ...]
    ) -> Response:
        """Give out a file of what the page shows, to be saved."""
        said = next((one for one in words if str(one.id) == wanted), None)
        if said is None or not has_file(said.content):
            return notice(reader, "web.no_file", HTTPStatus.NOT_FOUND)
        try:
            data = await self.attachments.read(said.content)
        except FileNotFoundError:
            return notice(reader, "web.no_file", HTTPStatus.NOT_FOUND)
        except OSError as error:
            log.warning("a file is not to be had: %s", type(error).__name__)
            return notice(reader, "web.file_away", HTTPStatus.SERVICE_UNAVAILABLE)
        return to_be_saved(data, title_of(said.content, said.text))

    async def take_answer(self, request: Request, signed: str) -> Response:
        """Add the customer's words to the ticket, or show what is wrong with them. Nobody is led to
        a ticket that they have not opened.
        """
        try:
            return await self._take_answer(request, signed)
        finally:
            await request.close()

    async def _take_answer(self, request: Request, signed: str) -> Response:
        reader = self._reader(request)
        followed = await self._followed(signed)
        if followed is None:
            return notice(reader, "web.no_ticket", HTTPStatus.NOT_FOUND)
        form = await self._read(request)
        fields, text = form.fields, form.fields.get("text", "")
        again = partial(draw_ticket, reader, *followed, words_kept=text)
        if form.unread is not None:
            field, status = _UNREAD[form.unread]
            return again(found={field: form.unread}, status=status, attached=True)
        found = words_faults(fields, needed=not form.files) | _of_files(form)
        if not found and _is_too_much(request, self.sent):
            found = {WHOLE: "web.too_many"}
        if found:
            return again(found=found, attached=bool(form.files))
        files = await self._stored(form)
        if files is None:
            return again(found={FILES: "web.fault.files_away"})
        number = followed[0].number
        adding = self.desk.run(add_by_page, number, text, fields["once"], files)
        brought = await bring(self.desk, files, adding)
        return await self._lead_to(brought.ticket_id, reader)

    async def _read(self, request: Request) -> Form:
        """What was sent; whoever sends files too often is told before they are read."""
        often = is_multipart(request.headers) and _is_too_much(request, self.uploaded)
        return await read_form(request, "web.fault.often" if often else None)

    async def _stored(self, form: Form) -> list[Mapping[str, Any]] | None:
        """The files where they are kept; ``None`` while they cannot be."""
        if self.files is None or not form.files:
            return []
        try:
            return await store_files(form.files, self.files, self.desk)
        except OSError:
            log.exception("files of a form cannot be stored")
            return None

    def _reader(self, request: Request) -> Reader:
        return reader_of(request, self.desk, self.texts, takes_files=self.files is not None)

    async def _followed(self, signed: str) -> Followed | None:
        """Return the ticket of a signed link; ``None`` for any other."""
        number = followed_number(await self.desk.read(find_signing_key), signed)
        return None if number is None else await self.desk.read(followed_ticket, number)

    async def _lead_to(self, number: int, reader: Reader) -> Response:
        path = follow_path(await self.desk.read(find_signing_key), number)
        return RedirectResponse(f"{path}?lang={reader.language}", HTTPStatus.SEE_OTHER)


def _of_files(form: Form) -> Found:
    return {} if form.fault is None else {FILES: form.fault}


def _is_too_much(request: Request, buckets: Buckets) -> bool:
    who = request.client.host if request.client else ""
    return buckets.take(who, time.monotonic()) > 0
