"""Pages of tickets that were merged: each shows its own words (A9)."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from core.company import Limit
from core.desk import Desk
from core.links.merge_undo import undo_merge
from core.links.ticket_merge import merge_tickets
from core.models import Message, OutboxRow
from core.people.staff import by_operator
from core.tickets.conversation import reply
from core.tickets.lifecycle import move
from tests.actions import people
from tests.handlers.http.guest_browser import FILLED, Guest, sees, sends_form


@pytest.fixture
async def merged(guest: Guest, desk: Desk) -> tuple[str, str]:
    """The pages of two tickets that two people sent, both as Anna; the second is in the first."""
    first = await sends_form(guest, "canary of the first")
    second = await sends_form(guest, "words of the second")
    await desk.run(by_operator, people.OLGA, reply, 1, people.writes("canary answer"))
    await desk.run(by_operator, people.OLGA, merge_tickets, 1, 2)
    return first, second


async def test_a_link_shows_nothing_of_the_ticket_that_its_own_was_merged_with(
    guest: Guest, desk: Desk, merged: tuple[str, str]
) -> None:
    first, second = merged
    html = await sees(guest, second)
    assert "words of the second" in html and "canary" not in html
    assert "Ticket #2" in html and "Ticket #1" not in html
    assert "goes on in another ticket" in html and "closed" not in html
    html = await sees(guest, first)
    assert "canary of the first" in html and "canary answer" in html
    assert "words of the second" not in html
    await desk.run(by_operator, people.OLGA, reply, 2, people.writes("canary of both"))
    assert "canary" not in await sees(guest, second)
    assert "canary of both" in await sees(guest, first)


@pytest.mark.usefixtures("often")
async def test_what_is_written_there_reaches_operators_and_stays_on_its_page(
    guest: Guest, desk: Desk, merged: tuple[str, str]
) -> None:
    first, second = merged
    await sees(guest, second)
    page = guest.html
    for _ in range(2):  # sent again, as a browser does when the page is loaded anew
        guest.html, guest.at = page, second
        assert await guest.sends({"text": "more of the second"}) == 303
        assert await guest.follows() == 200
        assert guest.at == second
        assert "more of the second" in guest.html and "canary" not in guest.html
    assert "more of the second" not in await sees(guest, first)
    async with desk.database.read() as session:
        said = select(Message.ticket_id).where(Message.text == "more of the second")
        assert list(await session.scalars(said)) == [1]
        query = select(OutboxRow.ticket_id).where(OutboxRow.address == str(people.OPERATORS))
        shown = query.where(OutboxRow.kind == "content")
        assert 1 in list(await session.scalars(shown))
    await desk.run(by_operator, people.OLGA, undo_merge, 1)
    html = await sees(guest, second)
    assert "words of the second" in html and "more of the second" in html
    html = await sees(guest, first)
    assert "of the second" not in html and "canary answer" in html


async def test_a_form_that_comes_again_after_a_merge_leads_to_its_own_page(
    guest: Guest, desk: Desk
) -> None:
    first = await sends_form(guest, "canary")
    await guest.opens("/form?lang=en")
    page = guest.html
    await guest.sends(FILLED)
    second = str(guest.headers["Location"])
    assert first != second
    await desk.run(by_operator, people.OLGA, merge_tickets, 1, 2)
    guest.html, guest.at = page, "/form?lang=en"
    assert await guest.sends(FILLED) == 303
    assert guest.headers["Location"] == second


@pytest.mark.usefixtures("often")
async def test_of_three_merged_tickets_each_page_shows_its_own_words(
    guest: Guest, desk: Desk
) -> None:
    texts = ("alpha", "beta", "gamma")
    pages = [await sends_form(guest, text) for text in texts]
    await desk.run(by_operator, people.OLGA, merge_tickets, 2, 3)
    await desk.run(by_operator, people.OLGA, merge_tickets, 1, 2)
    for page, own in zip(pages, texts, strict=True):
        html = await sees(guest, page)
        assert [text for text in texts if text in html] == [own]
        await guest.sends({"text": f"{own} again"})
        await guest.follows()
        assert guest.html.count('<li class="mine">') == 2
    await desk.run(by_operator, people.OLGA, move, 1, "close", reason="done")
    await sees(guest, pages[2])
    await guest.sends({"text": "gamma once more"})
    await guest.follows()
    assert "Ticket #4" in guest.html, "what ended is followed by a new one, which is theirs"
    shown = guest.html.count("gamma once more")
    assert shown and "alpha" not in guest.html and "beta" not in guest.html


@pytest.mark.usefixtures("often")
async def test_words_that_join_another_ticket_for_their_number_stay_on_their_page(
    guest: Guest, desk: Desk
) -> None:
    """Whoever opens too many by a page of theirs is not led to what somebody else has open."""
    desk.company = replace(desk.company, ticket_limit=Limit(1, timedelta(days=1)))
    own = await sends_form(guest, "own words")
    await sees(guest, own)
    ended: list[str] = []
    for _ in range(2):
        await desk.run(by_operator, people.OLGA, move, 1 + len(ended), "close", reason="done")
        await guest.sends({"text": "again"})
        ended.append(str(guest.headers["Location"]))
        await sees(guest, own)
    assert len(set(ended)) == 2
    await guest.sends({"text": "and again"})
    assert guest.headers["Location"] == own
    assert "and again" in await sees(guest, own)
