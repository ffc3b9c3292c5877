"""What is saved from a ticket: files of its conversation, and all of it as one file (H2)."""

import asyncio
import logging
import tempfile
from dataclasses import dataclass, replace
from http import HTTPStatus
from pathlib import Path
from typing import Final

from fastapi import Request
from fastapi.responses import Response

from channels.telegram.screens.journal import names_of
from channels.telegram.screens.transcript import LARGEST, TranscriptFile, file_name
from core.desk import Desk
from core.errors import NoSuchTicket, Refusal
from core.file_making import STAFF
from core.files import Attachments, title_of
from core.people.staff import as_staff, for_worker
from core.reports.transcript import Transcript, make_transcript
from core.responses.staff_page import find_said
from handlers.http.app import session
from handlers.http.app.paths import number_of
from handlers.http.app.staff_access import StaffAccess, StaffRequest, told
from handlers.http.app.ticket import TicketPages
from handlers.http.files import to_be_saved
from handlers.http.pages.form import read_fields

log = logging.getLogger(__name__)

# Seconds for getting all files of a ticket: proxies wait a minute for an answer.
FETCH_WITHIN: Final = 45.0


@dataclass(frozen=True, slots=True)
class SavedFiles:
    """Gives out files; what is wrong with a form is said on the ``tickets``' page."""

    desk: Desk
    access: StaffAccess
    attachments: Attachments
    tickets: TicketPages

    async def send_file(self, request: Request, number: str, message: str) -> Response:
        """Give out the file of a message, to be saved."""
        visit = await self.access.of(request)
        if isinstance(visit, Response):
            return visit
        ticket, said = number_of(number), number_of(message)
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
        back = f'<p><a href="/app/t/{number_of(number)}">‹ {say("app.back_to_ticket")}</a></p>'
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
            shown = replace(self.tickets.viewer(visit), fault=fault)
            return await self.tickets.show(request, visit, number, shown)
        internal = fields.get("kind") == "internal"
        try:
            async with self.desk.file_making.begin(visit.session.address, STAFF):
                found = await self.desk.run(
                    as_staff, visit.sender, make_transcript, number_of(number), internal=internal
                )
                return await self._transcript(visit, found)
        except Refusal as refused:
            shown = replace(self.tickets.viewer(visit), fault=told(visit, refused))
            return await self.tickets.show(request, visit, number, shown)

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
