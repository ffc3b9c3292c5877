"""What other systems write: tickets, words and files of customers, objects elsewhere."""

import hashlib
import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import Depends, FastAPI, Query, Request, Response
from fastapi.responses import JSONResponse

from core.desk import Desk
from core.files import FileStore, usable_name
from core.integrations import intake
from core.integrations.calls import Answer, Call, once
from core.integrations.keys import LINKS, WRITE, Key
from core.integrations.unused_uploads import note_uploads
from core.setup.signed_links import follow_path
from core.signing_key import find_signing_key
from core.tickets.facts import (
    find_ticket,
)
from core.tx import Tx
from handlers.http.api.access import Authorise, Gatekeeper, with_scope
from handlers.http.api.parameters import (
    CONFLICT,
    WRITTEN,
    ExternalIdQuery,
    IdempotencyKey,
    Number,
    problem,
)
from handlers.http.api.reading import find_one
from handlers.http.api.schemas import (
    MessageIn,
    MessageMade,
    ObjectIn,
    OpenedOut,
    TicketIn,
    opened_out,
)
from handlers.http.guard import RETRY_AFTER
from handlers.http.problems import Problem

log = logging.getLogger(__name__)


def add_writing(
    api: FastAPI,
    desk: Desk,
    keeper: Gatekeeper,
    public_url: str | None,
    files: FileStore | None,
) -> None:
    """Add the routes that write, for keys that may. ``files``: where uploads are kept; without it
    there are none.
    """
    writes, links = with_scope(keeper, WRITE), with_scope(keeper, LINKS)

    @api.post(
        "/tickets",
        status_code=201,
        response_model=OpenedOut,
        responses=WRITTEN | {200: {"model": OpenedOut}},
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
            ticket, _ = await find_one(tx, brought.ticket_id)
            path = follow_path(await find_signing_key(tx), ticket.number)
            return _status(brought), opened_out(ticket, public_url, path).model_dump(mode="json")

        return await _answer(desk, await _call(request, key, name), act)

    @api.post(
        "/tickets/{number}/messages",
        status_code=201,
        response_model=MessageMade,
        responses=WRITTEN | {200: {"model": MessageMade}},
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

    @api.put("/tickets/{number}/objects", status_code=204, responses=CONFLICT)
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
        responses=WRITTEN | problem(HTTPStatus.SERVICE_UNAVAILABLE) | {200: {"model": MessageMade}},
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
