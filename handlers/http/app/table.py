"""``/app``: a list of tickets, narrowed down, searched, a page at a time (D2, D4)."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from fastapi import Request
from fastapi.responses import Response

from core.addresses import Address
from core.allowances import LIGHT
from core.desk import Desk
from core.errors import Refusal
from core.people.staff import for_worker, id_of
from core.tickets.found_lists import found_of, found_within
from core.tickets.list_lines import Page
from core.tickets.lists import VIEWS, PageRequest, page_within
from core.tickets.marker_counts import count_by_marker
from core.tickets.views import open_view, views_for
from core.tx import ReadTx
from core.words.numbers import find_number
from handlers.effort import limited
from handlers.http.app import pages
from handlers.http.app.last_list import note_list
from handlers.http.app.narrowing import ListQuery, find_offered, read_query
from handlers.http.app.pages import Table
from handlers.http.app.paths import see
from handlers.http.app.staff_access import StaffAccess, StaffRequest

PAGE: Final = 25


@dataclass(frozen=True, slots=True)
class TablePage:
    """Shows lists. ``secure``: cookies are for https only."""

    desk: Desk
    access: StaffAccess
    secure: bool

    async def show_table(self, request: Request) -> Response:
        """Show a list, or the page that signs in."""
        visit = await self.access.of(request)
        if isinstance(visit, Response):
            return visit
        asked = read_query(request.query_params)
        numbered = find_number(asked.words, *self.desk.company.number_masks)
        if numbered is not None and not numbered[1].strip():
            return see(f"/app/t/{numbered[0]}")
        try:
            with limited(self.desk, visit.sender, LIGHT if asked.words else 0):
                table = await self._table(visit, asked, request.query_params)
        except Refusal as why:
            return await self._refused(visit, asked, why)
        here = f"{request.url.path}?{request.url.query}"
        page = self.access.page(visit, pages.draw_table(visit.renderer, asked, table, here))
        cursor = {name: request.query_params.get(name, "") for name in ("before", "after")}
        path = asked.path(**{name: value for name, value in cursor.items() if value})
        if "HX-Request" not in request.headers:  # a page that brings itself up to date
            note_list(page, path, secure=self.secure)
        return page

    async def _refused(self, visit: StaffRequest, asked: ListQuery, why: Refusal) -> Response:
        """Say why, below the ways to the lists; that there is no such list, or not for them."""
        views = await self.desk.read(views_for, visit.sender.address)
        ways = pages.draw_ways(visit.renderer, asked, views)
        if why.key != "refusal.outdated":
            return self.access.refused(visit, why, ways)
        page = self.access.refused(visit, Refusal("app.no_list", name=asked.view[:40]), ways)
        page.status_code = HTTPStatus.NOT_FOUND
        return page

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
