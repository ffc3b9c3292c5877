"""What other systems read: lists, a ticket, its conversation, what is behind it, a search."""

from collections.abc import Callable, Coroutine, Sequence
from typing import Annotated, Any, Final, TypeVar

import orjson
from fastapi import APIRouter, Depends, FastAPI, Query, Request, Response
from fastapi.routing import APIRoute

from core.desk import Desk
from core.integrations.keys import READ, Key, by_key
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
from core.tx import ReadTx
from handlers.http.api.access import Gatekeeper, bearer_of, with_scope
from handlers.http.api.parameters import (
    NOT_FOUND,
    REFUSED,
    CodeQuery,
    Cursor,
    CustomerQuery,
    Limit,
    ListCursor,
    Number,
    TagQuery,
    View,
)
from handlers.http.api.schemas import (
    LARGEST,
    MessagePage,
    TechnicalDataOut,
    TicketOut,
    TicketPage,
    TicketWithLinks,
    message_out,
    ticket_out,
    ticket_row,
    ticket_with_links,
)

# Tickets of a page where nobody says how many.
USUAL: Final = 50
ALL: Final = "all"
T = TypeVar("T")


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


async def find_one(tx: ReadTx, number: int) -> tuple[TicketOut, tuple[LinkFacts, ...]]:
    """Return a ticket with its details, and its links. Raises :class:`NoSuchTicket`."""
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


def add_reading(api: FastAPI, desk: Desk, keeper: Gatekeeper) -> None:
    """Add the routes that change nothing, for keys that may read."""
    reads = Depends(with_scope(keeper, READ))

    lists = APIRouter(route_class=_newest_first(desk, keeper))

    @lists.get("/tickets", response_model=TicketPage, responses=REFUSED, dependencies=[reads])
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

    @api.get("/tickets/{number}", responses=NOT_FOUND, dependencies=[reads])
    async def read_one(number: Number) -> TicketWithLinks:
        """Read a ticket with its links, fields and tags."""
        return ticket_with_links(*await desk.read(find_one, number))

    @api.get("/tickets/{number}/messages", responses=NOT_FOUND)
    async def read_messages(
        key: Annotated[Key, reads], number: Number, cursor: Cursor = None, limit: Limit = 50
    ) -> MessagePage:
        """Read a ticket's public conversation, oldest first."""
        found = await desk.read(by_key, key, list_messages, number, int(cursor or 0), limit + 1)
        page, more = _page(found, limit, lambda one: one.id)
        return MessagePage(items=[message_out(one) for one in page], next=more)

    @api.get("/tickets/{number}/data", responses=NOT_FOUND)
    async def read_data(key: Annotated[Key, reads], number: Number) -> TechnicalDataOut:
        """Read the technical data behind a ticket: of its camera, and of its customer's account
        with the contracts. Whose a camera is, is not among them.
        """
        return TechnicalDataOut.model_validate(await desk.read(by_key, key, technical_data, number))

    @api.get("/search", response_model=TicketPage, responses=REFUSED, dependencies=[reads])
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
