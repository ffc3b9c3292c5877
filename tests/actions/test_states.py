"""States are edited while the desk runs, and tickets are moved by their names (B1)."""

from dataclasses import replace

import pytest
from sqlalchemy import select

from core.desk import Desk
from core.directory.store import show_directory
from core.errors import MoveRefused, NothingToDo, Refusal, Unreadable
from core.models import Resolution, Ticket
from core.tickets.catalog import workflow_of
from core.tickets.intake import hear
from core.tickets.lifecycle import enter, move
from core.tickets.lists import page_of
from core.tickets.metrics import times_of
from core.tickets.named_states import find_state, move_to, next_after, ways_of
from core.tx import Tx
from tests.actions.people import ALICE, ANNA, BORIS, opens, operator, says
from tests.actions.store import Store
from tests.actions.test_directory import apply, faults
from tests.clock import Clock

SUPPLIER = """
[[state]]
code = "supplier"
titles = { ru = "Ждём поставщика", en = "Waiting for the supplier" }
description = { ru = "Кабель или камера заказаны" }
category = "on_hold"
pause = true
sources = ["new", "in_progress"]
marker = "🔵"
reason = "заказано у поставщика"
"""


async def test_a_new_state_is_there_at_once_and_behaves_as_its_category(
    desk: Desk, store: Store, clock: Clock
) -> None:
    ticket = await opens(desk)
    await apply(desk, SUPPLIER)
    state = await desk.run_as(await operator(desk), move_to, ticket.id, "supplier")
    row = await store.ticket(ticket.id)
    assert (state.code, row.state, row.reason) == ("supplier", "supplier", "заказано у поставщика")
    assert row.answer_due is None  # the clock is suspended
    clock.move(hours=2)
    await desk.run_as(await operator(desk), move, ticket.id, "unfreeze")
    assert (await store.ticket(ticket.id)).state == "reopened"
    times = await desk.read(times_of, ticket.id)
    assert times is not None and times.real.by_others.total_seconds() == 7200


async def test_what_is_possible_now_is_offered_and_nothing_else(desk: Desk) -> None:
    ticket = await opens(desk)
    await apply(desk, SUPPLIER)
    ways = await desk.read(ways_of, ticket.id, "operator")
    assert list(ways.ways)[-1] == "supplier" and "reopened" not in ways.ways
    assert find_state(ways, "ждём пост", "ru").code == "supplier"
    assert find_state(ways, "«решено»", "ru").code == "resolved"
    with pytest.raises(Unreadable) as refused:
        find_state(ways, "у соседа", "ru")
    assert "Ждём поставщика" in refused.value.facts["allowed"]
    who = await operator(desk)
    with pytest.raises(NothingToDo):
        await desk.run_as(who, move_to, ticket.id, "new")
    await desk.run_as(who, move_to, ticket.id, "frozen")
    with pytest.raises(Refusal) as error:
        await desk.run_as(who, move_to, ticket.id, "supplier")
    assert error.value.key == "refusal.no_way"
    await desk.run_as(who, move_to, ticket.id, "cancelled")
    with pytest.raises(Refusal):
        await desk.run_as(who, move_to, ticket.id, "supplier")
    with pytest.raises(MoveRefused):
        await desk.run_as(who, move_to, ticket.id, "nowhere")


async def test_a_state_of_admins_is_entered_by_admins_only(desk: Desk) -> None:
    ticket = await opens(desk)
    closed = '[[state]]\ncode = "closed"\ntitles = { ru = "Закрыто", en = "Closed" }\n'
    await apply(desk, closed + 'category = "closed"\nfinal = true\nroles = ["admin"]\n')
    for action, how in ((move_to, "closed"), (move, "close")):
        with pytest.raises(Refusal) as refused:
            await desk.run_as(await operator(desk), action, ticket.id, how)
        assert refused.value.key == "refusal.state_of_others"
    admin = await operator(desk, ANNA)
    await desk.run_as(replace(admin, role="admin"), move_to, ticket.id, "closed")


async def test_waiting_for_others_is_there_from_the_first_day(desk: Desk, store: Store) -> None:
    ticket = await opens(desk)
    who = await operator(desk)
    await desk.run_as(who, move_to, ticket.id, "on_hold")
    assert (await store.ticket(ticket.id)).state == "on_hold"
    await desk.run(hear, ALICE, says(ALICE, "Any news?"))
    assert (await store.ticket(ticket.id)).state == "reopened"


UNSOUND = [
    ('sources = ["new", "in_progress"]\n', "", "nothing leads to supplier"),
    ("pause = true", "final = true\npause = true", "final: a final state is neither"),
    ("pause = true", "initial = true", "exactly one state must be initial; now: new, supplier"),
    ("reason =", 'verbs = { close = "closed" }\nreason =', "verbs: the state supplier lacks"),
    ('"new", ', '"gone", ', "sources 1: there is no state gone, neither in the file"),
    (
        "reason =",
        'verbs = { hear = "supplier", wake = "supplier" }\nreason =',
        "verbs: no way leads from supplier to an end",
    ),
]


@pytest.mark.parametrize(("old", "new", "why"), UNSOUND)
async def test_an_unsound_table_is_refused_with_the_reason(
    desk: Desk, old: str, new: str, why: str
) -> None:
    said = await faults(desk, SUPPLIER.replace(old, new))
    assert any(why in fault for fault in said), said


async def test_a_state_with_tickets_in_it_stays_what_it_is(desk: Desk) -> None:
    await apply(desk, SUPPLIER)
    ticket = await opens(desk)
    await desk.run_as(await operator(desk), move_to, ticket.id, "supplier")
    off = SUPPLIER + "active = false\n"
    (fault,) = await faults(desk, off)
    assert f"tickets in this state now: 1 (#{ticket.id}); move them" in fault
    other = SUPPLIER.replace("pause = true", 'verbs = { hear = "supplier", close = "closed" }')
    assert any("pause: tickets in this state" in one for one in await faults(desk, other))
    await desk.run_as(await operator(desk), move, ticket.id, "unfreeze")
    await apply(desk, off)
    assert "supplier" not in (await desk.read(ways_of, ticket.id, "operator")).ways


async def test_a_built_in_state_may_be_renamed_but_not_taken_from_those_who_need_it(
    desk: Desk,
) -> None:
    renamed = '[[state]]\ncode = "reopened"\ntitles = { ru = "Опять" }\ncategory = "open"\n'
    await apply(desk, renamed)
    state = (await desk.read(workflow_of)).state("reopened")
    assert state.renamed and state.title("ru") == "Опять"
    said = await faults(desk, renamed + "active = false\n")
    assert any("lacks these verbs: hear" in fault for fault in said)


async def test_after_a_state_that_leaves_the_list_the_next_ticket_is_shown(desk: Desk) -> None:
    await apply(desk, SUPPLIER + "leave_list = true\n")
    first, second = await opens(desk), await opens(desk, BORIS)
    who = await operator(desk)
    assert await desk.read(next_after, first.id) is None
    await desk.run_as(who, move_to, first.id, "supplier")
    line = await desk.read(next_after, first.id)
    assert line is not None and line.number == second.id
    (held,) = [one for one in (await desk.read(page_of, "queue")).lines if one.number == first.id]
    assert held.marker == "🔵"


async def test_a_sign_of_its_own_does_not_hide_that_somebody_waits(desk: Desk) -> None:
    loud = '[[state]]\ncode = "new"\ntitles = { ru = "Новое" }\ncategory = "new"\ninitial = true\n'
    await apply(desk, loud + 'marker = "🟣"\n')
    ticket = await opens(desk)
    (line,) = [one for one in (await desk.read(page_of, "queue")).lines if one.number == ticket.id]
    assert line.marker == "🔴"


# A state that ends tickets


REPLACED = """
[[closing_reason]]
code = "replaced"
titles = { ru = "Заменили оборудование", en = "Equipment replaced" }

[[state]]
code = "done"
titles = { ru = "Заменено", en = "Replaced" }
category = "resolved"
resolution = true
sources = ["new", "in_progress"]
reason = "заменили"
closing_reason = "replaced"
"""


async def test_a_state_gives_its_closing_reason_and_its_words_are_no_solution(
    desk: Desk, store: Store
) -> None:
    await apply(desk, REPLACED)
    olga = await operator(desk)
    first, second, third = [await opens(desk, who) for who in (ALICE, BORIS, ALICE)]
    await desk.run_as(olga, move_to, first.id, "done")
    await desk.run_as(olga, move_to, second.id, "done", reason="Cable 3 replaced")
    resolutions = select(Resolution).order_by(Resolution.ticket_id)
    endings = {row.ticket_id: row for row in await store.rows(resolutions)}
    assert (endings[first.id].reason, endings[first.id].solution) == ("replaced", None)
    assert (await store.ticket(first.id)).reason == "заменили"
    assert (endings[second.id].reason, endings[second.id].solution) == (
        "replaced",
        "Cable 3 replaced",
    )
    (entered,) = [one for one in await store.facts(first.id, "state_entered") if one["reason"]]
    assert entered["closing"] == "replaced"
    chosen = REPLACED[: REPLACED.index("[[state]]")].replace("replaced", "else")
    await apply(desk, chosen)
    await desk.run_as(olga, enter_done, third.id, "else")
    (row,) = await store.rows(resolutions.where(Resolution.ticket_id == third.id))
    assert row.reason == "else", "what somebody names counts"


async def enter_done(tx: Tx, number: int, closing: str) -> None:
    ticket = await tx.get(Ticket, number, hold=True)
    done = (await workflow_of(tx)).state("done")
    await enter(tx, ticket, "resolve", to=done, closing=closing)


async def test_a_closing_reason_is_one_that_is_there_and_of_a_state_that_ends(desk: Desk) -> None:
    state = REPLACED[REPLACED.index("[[state]]") :]
    (fault,) = await faults(desk, state)
    assert "state done, closing_reason: there is no closing_reason replaced" in fault
    (fault,) = await faults(
        desk,
        REPLACED.replace("resolution = true", "pause = true").replace('"resolved"', '"on_hold"'),
    )
    assert fault.split(": ")[1] == "state done, closing_reason"
    await apply(desk, REPLACED)
    shown = await desk.read(show_directory)
    assert 'closing_reason = "replaced"' in shown and await apply(desk, shown) == []
