"""The API under ``/api/v1``: the desk's own actions, for keys of other systems (A9)."""

import hashlib
import logging
from collections.abc import Callable, Coroutine, Sequence
from http import HTTPStatus
from typing import Annotated, Any, Final, TypeVar

import orjson
from fastapi import APIRouter, Depends, FastAPI, Header, Path, Query, Request, Response
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute

from core.desk import Desk
from core.errors import MoveRefused, NoSuchTicket, NotAllowed, NothingToDo, Refusal, Unreadable
from core.files import FileStore, usable_name
from core.integrations import intake
from core.integrations.calls import AnotherCall, Answer, Call, once
from core.integrations.keys import LINKS, READ, WRITE, Key, by_key
from core.integrations.particulars import Unfit
from core.integrations.unused_uploads import note_uploads
from core.setup.signed_links import follow_path
from core.signing_key import find_signing_key
from core.texts import Texts
from core.tickets.details import details_of
from core.tickets.facts import (
    TicketFacts,
    find_ticket,
    list_filtered,
    list_messages,
    list_tickets,
    tickets_with,
)
from core.tickets.filters import Filters
from core.tickets.lists import numbers_named
from core.tickets.relations import LinkFacts
from core.tickets.search import search
from core.tickets.tags import read_tag
from core.tickets.technical_data import technical_data
from core.tx import ReadTx, Tx
from handlers.http.api.access import Authorise, Gatekeeper, bearer_of, with_scope
from handlers.http.api.schemas import (
    LARGEST,
    MessageIn,
    MessageMade,
    MessagePage,
    ObjectIn,
    OpenedOut,
    ProblemOut,
    TechnicalDataOut,
    TicketIn,
    TicketOut,
    TicketPage,
    TicketWithLinks,
    message_out,
    opened_out,
    ticket_out,
    ticket_row,
    ticket_with_links,
)
from handlers.http.guard import RETRY_AFTER
from handlers.http.problems import MEDIA_TYPE, Problem, problem_response, speak_problems

log = logging.getLogger(__name__)

PREFIX: Final = "/api/v1"
ALL: Final = "all"
# Tickets of a page where nobody says how many.
USUAL: Final = 50
DESCRIPTION: Final = (
    "Tickets for other systems. Errors are `application/problem+json` with a stable `code`; pages "
    "go on with `cursor`; a POST with an `Idempotency-Key` has its effects once within two days."
)
T = TypeVar("T")

Number = Annotated[int, Path(ge=1, le=LARGEST)]
Limit = Annotated[int, Query(ge=1, le=100)]
# The last number of the page before.
Cursor = Annotated[str | None, Query(pattern=r"^[0-9]{1,15}$")]
# The same, or a position in the queue.
ListCursor = Annotated[str | None, Query(pattern=r"^[0-9.-]{1,60}$")]
# All, one of the desk's lists, or one that the company has saved.
View = Annotated[str, Query(pattern=r"^[\w-]{1,32}$")]
CodeQuery = Annotated[str | None, Query(pattern=r"^[\w-]{1,32}$")]
TagQuery = Annotated[str | None, Query(min_length=1, max_length=40)]
CustomerQuery = Annotated[int | None, Query(ge=1, le=LARGEST)]
ExternalIdQuery = Annotated[str | None, Query(pattern=r"^[\x21-\x7e]{1,150}$")]
IdempotencyKey = Annotated[
    str | None, Header(alias="Idempotency-Key", pattern=r"^[\x21-\x7e]{1,200}$")
]


def _problem(status: HTTPStatus) -> dict[int | str, dict[str, Any]]:
    return {
        int(status): {
            "model": ProblemOut,
            "description": status.phrase,
        }
    }


_REFUSED: Final = (
    _problem(HTTPStatus.UNAUTHORIZED)
    | _problem(HTTPStatus.FORBIDDEN)
    | _problem(HTTPStatus.UNPROCESSABLE_ENTITY)
    | _problem(HTTPStatus.TOO_MANY_REQUESTS)
)
_NOT_FOUND: Final = _REFUSED | _problem(HTTPStatus.NOT_FOUND)
_WRITTEN: Final = (
    _NOT_FOUND | _problem(HTTPStatus.BAD_REQUEST) | _problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
)
_CONFLICT: Final = _WRITTEN | _problem(HTTPStatus.CONFLICT)

# The first that fits; what does not fit conflicts with how things are.
_STATUSES: Final[tuple[tuple[type[Refusal], HTTPStatus], ...]] = (
    (NoSuchTicket, HTTPStatus.NOT_FOUND),
    (NotAllowed, HTTPStatus.FORBIDDEN),
    (Unreadable, HTTPStatus.UNPROCESSABLE_ENTITY),
    (AnotherCall, HTTPStatus.UNPROCESSABLE_ENTITY),
    (NothingToDo, HTTPStatus.CONFLICT),
    (MoveRefused, HTTPStatus.CONFLICT),
    (Refusal, HTTPStatus.CONFLICT),
)


class _Api(FastAPI):
    """An API whose document says of errors that they are problems."""

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document."""
        document = super().openapi()
        for item in document["paths"].values():
            for operation in item.values():
                for status, response in operation["responses"].items():
                    content = response.get("content", {})
                    if int(status) >= HTTPStatus.BAD_REQUEST and "application/json" in content:
                        response["content"] = {MEDIA_TYPE: content["application/json"]}
        return document


def make_api(
    desk: Desk,
    texts: Texts,
    keeper: Gatekeeper,
    public_url: str | None = None,
    files: FileStore | None = None,
) -> FastAPI:
    """Return the application to be mounted at :data:`PREFIX`. ``files``: where uploads are kept;
    without it there are none.
    """
    api = _Api(
        title="Frontdoor",
        version="1",
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        servers=[{"url": PREFIX}],
        root_path_in_servers=False,
    )
    speak_problems(api)
    _speak_refusals(api, desk, texts)
    _add_reading(api, desk, keeper)
    _add_writing(api, desk, keeper, public_url, files)
    return api


def _speak_refusals(api: FastAPI, desk: Desk, texts: Texts) -> None:
    def say(refused: Refusal) -> str:
        now, zone = desk.clock(), desk.company.zone
        return texts.say("en", refused.key, refused.facts, now=now, zone=zone)

    async def told(_: Request, error: Exception) -> JSONResponse:
        if isinstance(error, Unfit):
            faults = [{"at": f"body.{place}", "why": say(why)} for place, why in error.faults]
            return problem_response(
                Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", errors=faults)
            )
        if not isinstance(error, Refusal):
            raise error
        status = next(status for kind, status in _STATUSES if isinstance(error, kind))
        code = error.key.removeprefix("refusal.")
        return problem_response(Problem(status, code, say(error)))

    api.add_exception_handler(Refusal, told)


def _page(found: Sequence[T], limit: int, number: Callable[[T], int]) -> tuple[Sequence[T], Any]:
    """Return the page of one row more than it holds, and the cursor of the next."""
    more = str(number(found[limit - 1])) if len(found) > limit else None
    return found[:limit], more


async def _listed(tx: ReadTx, view: str, cursor: str | None, limit: int, filters: Filters) -> bytes:
    if view != ALL:
        numbers, after = await numbers_named(tx, view, cursor or "", size=limit, filters=filters)
        known = {one.number: one for one in await tickets_with(tx, numbers)}
        return await _shown(tx, [known[number] for number in numbers], after)
    # what is no cursor of this list means its first page, as it does in the chat
    before = min(int(cursor), LARGEST) if cursor is not None and cursor.isdecimal() else None
    if where := filters.where(tx):
        return await _shown(tx, *await list_filtered(tx, before, limit, where))
    found = await list_tickets(tx, before, limit + 1)
    tickets, next_one = _page(found, limit, lambda one: one.number)
    return await _shown(tx, tickets, next_one)


async def _shown(tx: ReadTx, tickets: Sequence[TicketFacts], after: str | int | None) -> bytes:
    """Return a :class:`TicketPage` as JSON."""
    details = await details_of(tx, [one.number for one in tickets])
    items = [ticket_row(one, details[one.number]) for one in tickets]
    page = {"items": items, "next": None if after is None else str(after)}
    return orjson.dumps(page, option=orjson.OPT_UTC_Z)


async def _one(tx: ReadTx, number: int) -> tuple[TicketOut, tuple[LinkFacts, ...]]:
    ticket, links = await find_ticket(tx, number)
    return ticket_out(ticket, (await details_of(tx, [number]))[number]), links


async def _found(tx: ReadTx, words: str, start: int | None, limit: int) -> bytes:
    found = await search(tx, words, start=start, limit=limit)
    return await _shown(tx, await tickets_with(tx, found.numbers), found.more)


def _newest_first(desk: Desk, keeper: Gatekeeper) -> type[APIRoute]:
    """Routes that answer with the newest tickets, if nothing else is asked for: other systems do so
    again and again, and to read eleven parameters that are not there costs as much as the list.
    """
    nothing = Filters()

    async def newest(request: Request) -> Response:
        await keeper.admit(request, bearer_of(request), READ)
        return _json(await desk.read(_listed, ALL, None, USUAL, nothing))

    class NewestFirst(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            read = super().get_route_handler()

            async def answer(request: Request) -> Response:
                return await (read if request.scope["query_string"] else newest)(request)

            return answer

    return NewestFirst


def _json(body: bytes) -> Response:
    return Response(body, media_type="application/json")


def _add_reading(api: FastAPI, desk: Desk, keeper: Gatekeeper) -> None:
    reads = Depends(with_scope(keeper, READ))

    lists = APIRouter(route_class=_newest_first(desk, keeper))

    @lists.get("/tickets", response_model=TicketPage, responses=_REFUSED, dependencies=[reads])
    async def list_all(
        *,
        view: View = ALL,
        state: CodeQuery = None,
        topic: CodeQuery = None,
        service: CodeQuery = None,
        category: CodeQuery = None,
        priority: CodeQuery = None,
        tag: TagQuery = None,
        channel: CodeQuery = None,
        customer_id: CustomerQuery = None,
        cursor: ListCursor = None,
        limit: Limit = USUAL,
    ) -> Response:
        """List tickets: all, newest first; or `queue`, `free`, `overdue`, `frozen`, `waiting`,
        `resolved`, most urgent first; or a list that the company has saved, in its own order. What
        else is named must hold, too; a page may then be empty and yet have a next one: only so much
        is looked at for each.
        """
        filters = Filters(
            state=state or "",
            topic=topic or "",
            service=service or "",
            category=category or "",
            priority=priority or "",
            tag=read_tag(tag) if tag is not None else "",
            channel=channel or "",
            customer=str(customer_id or ""),
        )
        return _json(await desk.read(_listed, view, cursor, limit, filters))

    api.include_router(lists)

    @api.get("/tickets/{number}", responses=_NOT_FOUND, dependencies=[reads])
    async def read_one(number: Number) -> TicketWithLinks:
        """Read a ticket with its links, fields and tags."""
        return ticket_with_links(*await desk.read(_one, number))

    @api.get("/tickets/{number}/messages", responses=_NOT_FOUND)
    async def read_messages(
        key: Annotated[Key, reads], number: Number, cursor: Cursor = None, limit: Limit = 50
    ) -> MessagePage:
        """Read a ticket's public conversation, oldest first."""
        found = await desk.read(by_key, key, list_messages, number, int(cursor or 0), limit + 1)
        page, more = _page(found, limit, lambda one: one.id)
        return MessagePage(items=[message_out(one) for one in page], next=more)

    @api.get("/tickets/{number}/data", responses=_NOT_FOUND)
    async def read_data(key: Annotated[Key, reads], number: Number) -> TechnicalDataOut:
        """Read the technical data behind a ticket: of its camera, and of its customer's account
        with the contracts. Whose a camera is, is not among them.
        """
        return TechnicalDataOut.model_validate(await desk.read(by_key, key, technical_data, number))

    @api.get("/search", response_model=TicketPage, responses=_REFUSED, dependencies=[reads])
    async def find(
        q: Annotated[str, Query(min_length=1, max_length=200)],
        cursor: Cursor = None,
        limit: Limit = 50,
    ) -> Response:
        """Find tickets that contain all these words, newest first. A page may be empty and yet have
        a next one: only so much is looked at for each.
        """
        start = None if cursor is None else int(cursor)
        return _json(await desk.read(_found, q, start, limit))


def _add_writing(
    api: FastAPI,
    desk: Desk,
    keeper: Gatekeeper,
    public_url: str | None,
    files: FileStore | None,
) -> None:
    writes, links = with_scope(keeper, WRITE), with_scope(keeper, LINKS)

    @api.post(
        "/tickets",
        status_code=201,
        response_model=OpenedOut,
        responses=_WRITTEN | {200: {"model": OpenedOut}},
    )
    async def open_one(
        request: Request,
        new: TicketIn,
        key: Annotated[Key, Depends(writes)],
        name: IdempotencyKey = None,
    ) -> Response:
        """Open a ticket in the name of a customer, who is found or made. Answers 201; 200 with the
        ticket there is if your `external_id` has one.
        """

        async def act(tx: Tx) -> Answer:
            brought = await intake.open_from_outside(tx, key, new.to_ticket())
            await tx.write()
            ticket, _ = await _one(tx, brought.ticket_id)
            path = follow_path(await find_signing_key(tx), ticket.number)
            return _status(brought), opened_out(ticket, public_url, path).model_dump(mode="json")

        return await _answer(desk, await _call(request, key, name), act)

    @api.post(
        "/tickets/{number}/messages",
        status_code=201,
        response_model=MessageMade,
        responses=_WRITTEN | {200: {"model": MessageMade}},
    )
    async def add_words(
        request: Request,
        number: Number,
        words: MessageIn,
        key: Annotated[Key, Depends(writes)],
        name: IdempotencyKey = None,
    ) -> Response:
        """Add words of the customer. A paused or resolved ticket goes back to work; one that has
        ended is followed by a new one, whose number is returned.
        """

        async def act(tx: Tx) -> Answer:
            said = words.text, words.external_id
            brought = await intake.add_message(tx, key, number, *said)
            made = MessageMade(number=brought.ticket_id, message_id=brought.message_id)
            return _status(brought), made.model_dump()

        return await _answer(desk, await _call(request, key, name), act)

    if files is not None:
        _add_upload(api, desk, writes, files)

    @api.put("/tickets/{number}/objects", status_code=204, responses=_CONFLICT)
    async def note_object(
        number: Number, given: ObjectIn, key: Annotated[Key, Depends(links)]
    ) -> Response:
        """Link an object elsewhere (an order, a bug), or note how it fares now (B19)."""
        facts = given.url, given.title, given.state
        await desk.run(intake.note_object, key, number, *facts)
        return Response(status_code=HTTPStatus.NO_CONTENT)


_UPLOAD: Final = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "minLength": 1}}},
    }
}


def _add_upload(api: FastAPI, desk: Desk, writes: Authorise, files: FileStore) -> None:
    @api.post(
        "/tickets/{number}/files",
        status_code=201,
        response_model=MessageMade,
        responses=_WRITTEN
        | _problem(HTTPStatus.SERVICE_UNAVAILABLE)
        | {200: {"model": MessageMade}},
        openapi_extra=_UPLOAD,
    )
    async def add_file(
        request: Request,
        number: Number,
        title: Annotated[str, Query(min_length=1, max_length=200)],
        key: Annotated[Key, Depends(writes)],
        external_id: ExternalIdQuery = None,
        name: IdempotencyKey = None,
    ) -> Response:
        """Add a file of the customer, the body, under this `title`. Operators get it as they get
        the files of a mail; it is never shown by a page of ours.
        """
        await desk.read(find_ticket, number)  # before anything is read and stored
        data = await request.body()
        if not data:
            raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "empty_file")
        try:
            stored = await files.put(data)
        except OSError:
            log.exception("an uploaded file cannot be stored")
            raise Problem(
                HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", headers=RETRY_AFTER
            ) from None
        kind = request.headers.get("content-type", "")
        file = {"name": stored, "title": usable_name(title, kind, 0), "size": len(data)}

        async def act(tx: Tx) -> Answer:
            brought = await intake.add_file(tx, key, number, file, external_id)
            if brought.known:
                await note_uploads(tx, [stored])
            made = MessageMade(number=brought.ticket_id, message_id=brought.message_id)
            return _status(brought), made.model_dump()

        try:
            return await _answer(desk, await _call(request, key, name), act)
        except Exception:
            await desk.run(note_uploads, [stored])
            raise


def _status(brought: intake.Brought) -> int:
    return int(HTTPStatus.OK if brought.known else HTTPStatus.CREATED)


async def _call(request: Request, key: Key, name: str | None) -> Call | None:
    """Return what the call is, by the name that its caller gave it; ``None`` without one."""
    if name is None:
        return None
    query = f"?{request.url.query}" if request.url.query else ""  # a file's title stands there
    asked = f"{request.url.path}{query}\n".encode() + await request.body()
    return Call(key.id, name, hashlib.sha256(asked).hexdigest())


async def _answer(desk: Desk, call: Call | None, act: Callable[[Tx], Any]) -> Response:
    (status, body), again = await desk.run(once, call, act)
    headers = {"Idempotent-Replayed": "true"} if again else None
    return JSONResponse(body, status, headers)
