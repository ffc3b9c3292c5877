"""Lists: their order, their pages, and what is counted."""

from itertools import pairwise

import pytest

from core.desk import Desk
from core.models import Camera, Ticket, TicketCamera
from core.tickets import conversation, lifecycle
from core.tickets.albums import find_album, note_piece
from core.tickets.customer_tickets import Cursor, list_own
from core.tickets.found_lists import found_of
from core.tickets.lifecycle import move
from core.tickets.list_lines import Page
from core.tickets.lists import VIEWS, page_of
from core.tx import Tx
from tests.actions.people import ALICE, BORIS, OLEG, OLGA, leaves_dialogue, opens, operator, writes
from tests.actions.store import Store
from tests.actions.test_hot_path import asked, plan_of
from tests.clock import Clock


async def tickets(desk: Desk, clock: Clock, many: int) -> list[int]:
    numbers = []
    for _ in range(many):
        numbers.append((await opens(desk)).id)
        await leaves_dialogue(desk, ALICE)
        clock.move(minutes=1)
    return numbers


async def pages(desk: Desk, view: str = "queue") -> list[Page]:
    """All pages of a view, by turning them."""
    turned = [await desk.read(page_of, view, size=4)]
    while turned[-1].after is not None:
        turned.append(await desk.read(page_of, view, turned[-1].after, size=4))
    return turned


def numbers(page: Page) -> list[int]:
    return [line.number for line in page.lines]


@pytest.mark.parametrize("many", [0, 1, 4, 5, 8, 9])
async def test_pages_hold_everything_once(desk: Desk, clock: Clock, many: int) -> None:
    made = await tickets(desk, clock, many)
    turned = await pages(desk)
    assert [number for page in turned for number in numbers(page)] == made
    assert [page.place for page in turned] == list(range(1, len(turned) + 1))
    assert turned[0].before is None and turned[0].total == many
    for earlier, later in pairwise(turned):
        assert later.before is not None
        back = await desk.read(page_of, "queue", later.before, backward=True, size=4)
        assert (numbers(back), back.place) == (numbers(earlier), earlier.place)


async def test_the_most_urgent_come_first(desk: Desk, store: Store, clock: Clock) -> None:
    oldest, answered, frozen, newest, done = await tickets(desk, clock, 5)
    olga = await operator(desk)
    await desk.run_as(olga, lifecycle.take, newest)
    await desk.run_as(olga, move, frozen, "freeze")
    await desk.run_as(olga, conversation.reply, answered, writes("Since when?"), wait=True)
    asked_now = (await store.messages(answered))[-1].id
    await desk.run(conversation.answer_delivered, [asked_now])
    await desk.run_as(olga, move, done, "resolve")
    page = await desk.read(page_of, "queue")
    assert numbers(page) == [oldest, newest, answered, frozen]
    assert [str(line.marker) for line in page.lines] == ["🔴", "🔴", "🟢", "🟡"]
    mine = await desk.read(page_of, "mine", person=olga.person_id)
    assert numbers(mine) == [newest, answered]
    assert numbers(await desk.read(page_of, "mine", person=None)) == []
    assert numbers(await desk.read(page_of, "free")) == [oldest, frozen]
    assert numbers(await desk.read(page_of, "frozen")) == [frozen]
    assert numbers(await desk.read(page_of, "overdue")) == []
    clock.move(days=3)
    late = await desk.read(page_of, "overdue")
    assert numbers(late) == [oldest, newest]
    assert (late.total, late.overdue, late.lines[1].assignee) == (2, 2, "Olga")
    assert (await desk.read(page_of, "queue")).overdue == 2


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "1",
        "0.0.0",
        "0.0.0.x",
        "9.9.9.9.9",
        "0.-99999999999999999.1.1",
        "' OR 1=1 --",
        "٣.٣.٣.٣",
    ],
)
async def test_a_strange_cursor_is_the_beginning(desk: Desk, clock: Clock, cursor: str) -> None:
    made = await tickets(desk, clock, 2)
    assert numbers(await desk.read(page_of, "queue", cursor)) == made
    await desk.read(found_of, "x", cursor)


async def test_nobody_counts_beyond_a_thousand(desk: Desk, clock: Clock) -> None:
    (number,) = await tickets(desk, clock, 1)

    async def many(tx: Tx) -> None:
        one = await tx.get(Ticket, number)
        facts = {c.key: getattr(one, c.key) for c in Ticket.__table__.columns if c.key != "id"}
        tx.session.add_all(Ticket(**facts) for _ in range(1100))

    await desk.run(many)
    assert (await desk.read(page_of, "queue")).total == 1001


async def test_an_album_that_turns_out_to_be_a_note_is_taken_back(desk: Desk, store: Store) -> None:
    number = (await opens(desk)).id
    olga = await operator(desk)
    pieces = [writes(text, kind="photo", album="a") for text in ("", "", "// hush")]
    for piece in pieces[:2]:
        await desk.run_as(olga, conversation.reply, number, piece)
    begun = await desk.read(find_album, OLGA.address, pieces[2])
    assert begun is not None and not begun.note and begun.ticket_id == number
    assert await desk.read(find_album, OLEG.address, pieces[2]) is None
    await desk.run_as(olga, note_piece, number, pieces[2])
    begun = await desk.read(find_album, OLGA.address, pieces[2])
    assert begun is not None and begun.note
    waiting = await store.outbox(ALICE.address.chat, kind="content", state="queued")
    assert waiting == []
    assert (await store.journal(number)).count("note_written") == 3


async def test_another_customers_words_are_not_looked_at(desk: Desk) -> None:
    one = (await opens(desk)).id
    other = (await opens(desk, BORIS)).id
    assert numbers(await desk.read(found_of, f"#{other}")) == [other]
    assert numbers(await desk.read(found_of, str(one))) == [one]
    assert numbers(await desk.read(found_of, "999")) == []


@pytest.mark.parametrize("view", sorted(VIEWS))
@pytest.mark.parametrize("backward", [False, True])
async def test_a_page_begins_where_its_cursor_is(desk: Desk, view: str, backward: bool) -> None:
    """The index is entered at the cursor: walking there would cost more with every page."""
    if not desk.database.is_sqlite:
        pytest.skip("SQLite says how it goes about it; the statements are the same")
    with asked(desk) as heard:
        await desk.read(page_of, view, "0.1000000.7.3", backward=backward, person=1)
    ordered = next(each for each in heard if "ORDER BY ticket." in each[0])
    walked = [one for one in await plan_of(desk.database, [ordered]) if "_queue (" in one]
    entered = "queue_at" if view in {"overdue", "frozen", "resolved"} else "(queue_rank,queue_at)"
    assert walked and all(f"{entered}{'<' if backward else '>'}" in one for one in walked), walked


@pytest.mark.parametrize(("view", "column"), [("mine", "assignee_id"), ("waiting", "state")])
async def test_a_list_and_its_counts_walk_along_their_own_tickets(
    desk: Desk, view: str, column: str
) -> None:
    """Whatever stands in the queue besides: few of a million may be mine, or wait."""
    if not desk.database.is_sqlite:
        pytest.skip("SQLite says how it goes about it; the statements are the same")
    with asked(desk) as heard:
        await desk.read(page_of, view, person=1)
    walked = [one for one in await plan_of(desk.database, heard) if "_queue (" in one]
    # of those not known to be late no more are counted than nobody would miss
    walked = [one for one in walked if "ix_ticket_in_time_queue" not in one]
    assert len(walked) >= 3  # the page, how many there are, how many are late
    assert all(f"({column}=?" in one for one in walked), walked


async def test_who_is_late_of_ones_own_is_counted_by_who_is_not(desk: Desk, clock: Clock) -> None:
    """Of all that stand where the queue is late, and of no more of one's own than these."""
    if not desk.database.is_sqlite:
        pytest.skip("SQLite says how it goes about it; the statements are the same")
    await opens(desk)
    clock.move(days=3, seconds=-30)
    with asked(desk) as heard:
        await desk.read(page_of, "mine", person=1)
    (known,) = [one for one in heard if "missed_due" in one[0] and "assignee_id" in one[0]]
    steps = await plan_of(desk.database, [known])
    assert any("ix_ticket_in_time_queue (queue_at>? AND queue_at<?)" in one for one in steps), steps
    assert not [one for one in steps if "ix_ticket_assignee" in one], steps


async def test_own_tickets_are_read_along_their_owners_index(desk: Desk) -> None:
    """Whatever others have; a join with people would let the database begin with all tickets."""
    if not desk.database.is_sqlite:
        pytest.skip("SQLite says how it goes about it; the statements are the same")
    await opens(desk)
    with asked(desk) as heard:
        await desk.read(list_own, ALICE.address, Cursor(ended=False, number=50))
    pages = [each for each in heard if "ORDER BY ticket.id" in each[0]]
    steps = [step for step in await plan_of(desk.database, pages) if "ticket" in step]
    assert steps == [
        "SEARCH ticket USING INDEX ix_ticket_customer_id_id (customer_id=? AND id<?)",
        "SEARCH ticket USING INDEX ix_ticket_customer_id_id (customer_id=?)",
        "SEARCH link USING INDEX ix_link_ticket_id (ticket_id=?)",  # of an ended one: not merged
    ]


async def test_cameras_of_one_address_are_told_apart(desk: Desk, clock: Clock) -> None:
    for number, name in zip(await tickets(desk, clock, 2), ("проезд", "подъезд 1"), strict=True):
        await desk.run(_has_camera, number, name)
    shown = [line.subject for line in (await desk.read(page_of, "queue")).lines]
    assert shown == ["ул. Лермонтова 10, проезд", "ул. Лермонтова 10, подъезд 1"]


async def _has_camera(tx: Tx, ticket: int, name: str) -> None:
    code, address = f"MOS_{ticket}", "ул. Лермонтова 10"
    about = {"number": code, "name": name, "address": address, "folded": code.lower()}
    camera = Camera(**about, area="", fields={}, updated_at=tx.now)
    await tx.insert(camera)
    await tx.insert(TicketCamera(ticket_id=ticket, camera_id=camera.id))
    (await tx.get(Ticket, ticket, hold=True)).title = f"Камера {code}"
