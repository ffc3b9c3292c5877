"""What next (D2): tickets and tasks in one list, for whoever asks."""

from core.desk import Desk
from core.tasks.lists import TaskFacts
from core.tasks.next_up import next_up
from core.tasks.task_actions import take_task
from core.tickets.lifecycle import move, take
from tests.actions.company_directory import put_team
from tests.actions.equipment_factories import brings, camera, tells
from tests.actions.people import (
    ALICE,
    BORIS,
    EVE,
    OLEG,
    number,
    opens,
    operator,
)
from tests.actions.test_handing import give
from tests.clock import Clock

SECOND = {"ru": "Вторая линия", "en": "Second line"}


async def listed(desk: Desk, person: int | None) -> list[int | str]:
    """Numbers of tickets, and of tasks with a T."""
    found = await desk.read(next_up, person)
    return [f"T{one.id}" if isinstance(one, TaskFacts) else one.number for one in found]


async def test_tickets_and_tasks_stand_in_one_list_the_most_urgent_first(
    desk: Desk, clock: Clock
) -> None:
    await brings(desk, camera("MOS_1", ALICE))
    olga, oleg = await operator(desk), await operator(desk, OLEG)
    fault = (await tells(desk, ALICE, "MOS_1")).ticket
    assert fault is not None
    clock.move(hours=1)
    theirs = await opens(desk, BORIS)
    clock.move(hours=1)
    free = await opens(desk, EVE)
    await desk.run_as(oleg, take, theirs.id)
    task = next(
        one for one in await desk.read(next_up, olga.person_id) if isinstance(one, TaskFacts)
    )
    assert await listed(desk, olga.person_id) == [fault.id, f"T{task.id}", free.id]
    assert await listed(desk, oleg.person_id) == [fault.id, f"T{task.id}", theirs.id, free.id]
    await desk.run_as(olga, take_task, task.id)
    assert await listed(desk, oleg.person_id) == [fault.id, theirs.id, free.id]
    await desk.run_as(olga, move, fault.id, "freeze")
    assert await listed(desk, olga.person_id) == [free.id, f"T{task.id}"], (
        "frozen: the task is left"
    )


async def test_what_is_with_another_team_is_not_offered(desk: Desk) -> None:
    olga, oleg = await operator(desk), await operator(desk, OLEG)
    await desk.run(put_team, "second", SECOND, level=2, members=[number(OLEG)])
    ticket, other = await opens(desk), await opens(desk, BORIS)
    await give(desk, olga, ticket.id, "second")
    assert await listed(desk, olga.person_id) == [other.id]
    assert await listed(desk, oleg.person_id) == [ticket.id, other.id]
    assert await listed(desk, None) == [other.id], "somebody whom the desk does not know yet"
    assert len(await desk.read(next_up, oleg.person_id, 1)) == 1
