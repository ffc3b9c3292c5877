"""``/app/t/12``: a ticket, and what its buttons do (S23)."""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from html import escape
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from fastapi import Request
from fastapi.responses import Response

from channels.telegram.screens.journal import names_of
from core.allowances import LIGHT
from core.desk import Desk
from core.errors import NoSuchTicket, Refusal
from core.files import Attachments
from core.people.staff import as_staff, for_worker, id_of
from core.responses.sending import prepare
from core.responses.staff_page import Draft, TicketPage, find_page
from core.tasks.task_actions import TasksOpen
from core.tickets.attached_files import AttachedFile
from core.tickets.conversation_pages import NEWEST
from core.tickets.unanswered import Unanswered, note_asked
from core.tx import ReadTx
from handlers.effort import limited
from handlers.http.app import assistance, pages, session
from handlers.http.app.actions import ACTIONS
from handlers.http.app.fields import Viewer
from handlers.http.app.given import Form
from handlers.http.app.knowledge import find_articles, find_shown
from handlers.http.app.last_list import last_list
from handlers.http.app.paths import number_of
from handlers.http.app.selectable import Choices, find_choices
from handlers.http.app.staff_access import StaffAccess, StaffRequest, tell_when, told
from handlers.http.uploads import Form as SentForm
from handlers.http.uploads import note_stored, read_form, store_files

if TYPE_CHECKING:
    from core.assistant.service import Assistant
    from core.assistant.suggestions import Suggested


log = logging.getLogger(__name__)

# Characters of an article's code.
_CODE: Final = 32


@dataclass(frozen=True, slots=True)
class TicketPages:
    """Shows a ticket and does what its forms say."""

    desk: Desk
    access: StaffAccess
    attachments: Attachments
    assistant: "Assistant | None" = None

    async def show_ticket(self, request: Request, number: str) -> Response:
        """Show a ticket; with a canned response in its answer box, if one was chosen."""
        visit = await self.access.of(request)
        if isinstance(visit, Response):
            return visit
        given, shown = request.query_params, self.viewer(visit)
        try:
            shown = await self._looked_up(visit, number_of(number), given, shown)
        except Refusal as refused:
            shown = replace(shown, fault=told(visit, refused))
            page = await self.show(request, visit, number, shown)
            tell_when(page, refused)
            return page
        return await self.show(request, visit, number, shown)

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

    def viewer(self, visit: StaffRequest) -> Viewer:
        """Return what the page is drawn for."""
        return Viewer(
            visit.session.token,
            takes_files=self.attachments.store is not None,
            assisted=self.assistant is not None,
        )

    async def show(
        self, request: Request, visit: StaffRequest, number: str, shown: Viewer
    ) -> Response:
        """Show a ticket as it is now, with what ``shown`` has besides."""
        asked = number_of(request.query_params.get("page", ""), NEWEST)
        role = "admin" if visit.is_admin else "operator"
        try:
            found, choices = await self.desk.read(
                for_worker, visit.sender, _everything, number_of(number), asked, role
            )
        except NoSuchTicket as refused:
            back = escape(last_list(request))
            body = f'<p><a href="{back}">‹ {visit.renderer.html("app.back")}</a></p>'
            body += f'<p class="bad" role="alert">{told(visit, refused)}</p>'
            return self.access.page(visit, body, HTTPStatus.NOT_FOUND)
        names = await self.desk.read(names_of)
        if self.assistant is not None:
            shown = replace(shown, suggested=await self.desk.read(self._suggested, visit, number))
        here = f"/app/t/{found.card.number}" + ("" if asked == NEWEST else f"?page={asked}")
        status = HTTPStatus.UNPROCESSABLE_ENTITY if shown.fault else HTTPStatus.OK
        shown = replace(shown, back=last_list(request))
        body = pages.draw_ticket(visit.renderer, found, choices, names, shown, here)
        return self.access.page(visit, body, status, title=pages.page_title(found))

    async def _suggested(
        self, tx: ReadTx, visit: StaffRequest, number: str
    ) -> Sequence["Suggested"]:
        person = await id_of(tx, visit.sender.address)
        if self.assistant is None or person is None:
            return ()
        return await self.assistant.own(tx, number_of(number), person)

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
        # what is sent with files stands in the answer's box, and its button behind them
        fields, verb = form.fields, form.fields.get("verb", "answer" if form.unread else "")
        shown = replace(self.viewer(visit), verb=verb, given=fields)
        known = {*ACTIONS, *(assistance.VERBS if self.assistant is not None else ())}
        if fault := _fault_of(form, visit, known):
            shown = replace(shown, fault=visit.renderer.html(fault))
            return await self.show(request, visit, number, shown)
        if self.assistant is not None and verb in assistance.VERBS:
            return await self._assist(request, visit, number, shown, self.assistant)
        files = await self._kept(form)
        if files is None:
            shown = replace(shown, fault=visit.renderer.html("web.fault.files_away"))
            return await self.show(request, visit, number, shown)
        response = await self._shown(visit, number, fields)
        attached = tuple(AttachedFile(**one) for one in files)
        text, once = fields.get("text", ""), fields.get("once", "")[:64]
        sent = Form(Draft(text, once, **response, files=attached), fields)
        try:
            await self._run(visit, verb, number_of(number), sent)
        except Refusal as refused:
            if isinstance(refused, Unanswered):
                await self.desk.run(as_staff, visit.sender, note_asked, refused)
            unfinished = refused.tasks if isinstance(refused, TasksOpen) else ()
            shown = replace(shown, fault=told(visit, refused), unfinished=unfinished)
            return await self.show(request, visit, number, shown)
        return self.access.lead(visit, f"/app/t/{number_of(number)}")

    async def _assist(
        self,
        request: Request,
        visit: StaffRequest,
        number: str,
        shown: Viewer,
        assistant: "Assistant",
    ) -> Response:
        """Ask the assistant, or decide what becomes of what it suggests."""
        given, verb, ticket = shown.given, shown.verb, number_of(number)
        desk, sender, words = self.desk, visit.sender, given.get("text", "")
        try:
            if verb in assistance.ASKED:
                locale = visit.renderer.locale
                await assistance.ask(desk, assistant, sender, locale, ticket, verb, words)
                return self.access.lead(visit, f"/app/t/{ticket}#assistant")
            which, once = given.get("suggestion", ""), given.get("once", "")[:64]
            words = await assistance.decide(desk, assistant, sender, ticket, verb, which, once)
        except Refusal as refused:
            return await self.show(
                request, visit, number, replace(shown, fault=told(visit, refused))
            )
        if not words:
            return self.access.lead(visit, f"/app/t/{ticket}")
        return await self.show(request, visit, number, replace(shown, given={"text": words}))

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
                for_worker, visit.sender, prepare, number_of(number), code, visit.sender.name
            )
        except Refusal:
            return {}
        same = prepared.text.split() == words
        if not same and not prepared.files:
            return {}
        return {"response": code, "digest": digest, "changed": not same}


def _fault_of(form: SentForm, visit: StaffRequest, known: Collection[str]) -> str | None:
    """Return the key of what is wrong with a form before anything is done."""
    fields = form.fields
    if form.unread or form.fault:
        return form.unread or form.fault
    is_own = session.is_own_form(visit.session, fields.get("token", ""))
    if fields.get("verb") not in known or not is_own:
        return "app.fault.form"
    return "app.fault.long" if len(fields.get("text", "")) > pages.LONGEST else None


async def _everything(tx: ReadTx, number: int, asked: int, role: str) -> tuple[TicketPage, Choices]:
    found = await find_page(tx, number, asked)
    return found, await find_choices(tx, found.card, role)
