"""Settings are a table of the directory: variables are their start values (X12, C1)."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from core.desk import Desk
from core.directory.deadlines import Touched
from core.directory.reader import read_directory
from core.directory.store import OnlyChecked, apply_directory, restore_version, show_directory
from core.models import Setting
from core.setup.company_settings import find_company
from core.sla.answer_clock import ANSWER, REMINDER
from tests.actions.people import BORIS, opens
from tests.actions.store import Store
from tests.actions.test_directory import apply, faults

LONGER = '[settings]\nanswer_deadline = "5d"\n'


async def test_what_is_shown_are_start_values_and_showing_chooses_nothing(
    desk: Desk, store: Store
) -> None:
    shown = await desk.read(show_directory)
    assert 'answer_deadline = "3d"' in shown and 'rating_wait = "3d"' in shown
    assert await apply(desk, shown) == []
    assert await store.rows(select(Setting)) == []


async def test_a_file_chooses_and_the_variables_are_start_values_only(desk: Desk) -> None:
    before = desk.company
    difference = await apply(
        desk, LONGER + 'rating_wait = "off"\nkeep_assignee_on_reopen = true\nsign_answers = true\n'
    )
    assert '+answer_deadline = "5d"' in difference and '-rating_wait = "3d"' in difference
    company = await desk.read(find_company)
    assert company.answer_deadline == timedelta(days=5)
    assert company.rating_wait is None and company.keep_assignee_on_reopen
    assert company.sign_answers and not before.sign_answers
    desk.company = replace(
        before, answer_deadline=timedelta(days=1), remind_before=timedelta(hours=1)
    )
    company = await desk.read(find_company)
    assert (company.answer_deadline, company.remind_before) == (
        timedelta(days=5),
        timedelta(hours=1),
    )


async def test_what_the_file_leaves_out_stays(desk: Desk) -> None:
    await apply(desk, LONGER)
    await apply(desk, '[settings]\nremind_before = "2h"\n')
    shown = await desk.read(show_directory)
    assert 'answer_deadline = "5d"' in shown and 'remind_before = "2h"' in shown


WRONG = [
    ('remind_before = "5d"', "settings, remind_before: a reminder 5d before a deadline of 3d"),
    ('answer_deadline = "2h"', "settings, answer_deadline: a reminder 4h before a deadline of 2h"),
    ('answer_deadline = "1s"', "settings, answer_deadline: an answer may take a minute at least"),
    ('zone = "Asia/Omsk"', "settings, zone: the variable TIMEZONE sets this"),
]


@pytest.mark.parametrize(("line", "why"), WRONG)
async def test_what_cannot_be_is_refused_with_its_line(desk: Desk, line: str, why: str) -> None:
    desk.company = replace(desk.company, fixed=frozenset({"zone"}))
    said = await faults(desk, f"[settings]\n{line}\n")
    assert said[0].startswith(f"line 2: {why}")


async def test_open_tickets_keep_their_deadline_unless_it_is_counted_anew(
    desk: Desk, store: Store
) -> None:
    free, topical = await opens(desk, topic=None), await opens(desk, BORIS, topic="payment")
    with pytest.raises(OnlyChecked) as checked:
        await apply(desk, LONGER, really=False)
    assert checked.value.touched == Touched(answers=2)
    await apply(desk, LONGER)
    assert (await store.ticket(free.id)).answer_due == free.answer_due
    topic = '[[topic]]\ncode = "payment"\ntitles = { ru = "Оплата" }\nanswer = "1d"\n'
    await desk.run(apply_directory, read_directory(topic), recount=True)
    row = await store.ticket(topical.id)
    assert row.waiting_since is not None
    assert row.answer_due == row.queue_at == row.waiting_since + timedelta(days=1)
    timers = await store.timers(topical.id)
    assert timers[ANSWER] == row.answer_due
    assert timers[REMINDER] == row.answer_due - desk.company.remind_before
    assert (await store.ticket(free.id)).answer_due == free.answer_due


async def test_an_old_version_brings_its_settings_back(desk: Desk) -> None:
    await apply(desk, LONGER)
    await apply(desk, '[settings]\nanswer_deadline = "2d"\n')
    await desk.run(restore_version, 1)
    assert 'answer_deadline = "3d"' in await desk.read(show_directory)
    await desk.run(restore_version, 2)
    assert 'answer_deadline = "5d"' in await desk.read(show_directory)
