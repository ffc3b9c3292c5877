"""Questions about entries as they go: others change them, steps back, lists, restarts (X12)."""

from dataclasses import replace
from datetime import timedelta
from typing import Final

import pytest

from core.desk import Desk
from core.directory import entry_answers, entry_draft
from core.directory import entry_questions as asking
from core.directory.entry_edits import list_entries, move_entry
from core.directory.reader import read_directory
from core.directory.store import ChangedMeanwhile, apply_directory, restore_version, show_directory
from core.directory.versions import current_version
from core.errors import NotAllowed, Refusal
from tests.actions.asked_admin import Chat, filled
from tests.actions.people import ALICE, ANNA, OLGA, opens
from tests.actions.store import Store
from tests.clock import Clock


async def test_the_slower_of_two_admins_sees_what_the_other_changed(desk: Desk) -> None:
    await filled(desk)
    chat = Chat(desk)
    await chat.opens("topic", "payment", "answer")
    await chat.says("2 days")
    await desk.run(apply_directory, read_directory(PAYMENT))
    with pytest.raises(ChangedMeanwhile):
        await chat.applies()
    draft = await desk.read(entry_draft.find_draft, ANNA)
    assert draft is not None and draft.answer == ["2 days"]
    chat.question = await desk.read(asking.question_of, draft)
    await chat.answers("2 days")
    assert chat.proposal is not None
    assert '+titles = { ru = "Деньги" }' in chat.proposal.news
    await chat.applies()
    assert await chat.value("topic", "payment", "titles", "ru") == "Деньги"
    assert await chat.value("topic", "payment", "answer") == "2d"


PAYMENT: Final = '[[topic]]\ncode = "payment"\ntitles = { ru = "Деньги" }\n'


async def test_what_was_changed_is_taken_back_with_its_version(desk: Desk) -> None:
    await filled(desk)
    chat, before = Chat(desk), await desk.read(show_directory)
    number = await desk.read(current_version)
    await chat.opens("settings", "", "company")
    await chat.says("Our Yard 2")
    await chat.applies()
    await desk.run(restore_version, number, expected=number + 1)
    assert await desk.read(show_directory) == before


async def test_deadlines_of_open_tickets_are_kept_or_counted_anew(desk: Desk, store: Store) -> None:
    await filled(desk)
    number = (await opens(desk, ALICE)).id
    due = (await store.ticket(number)).answer_due
    chat = Chat(desk)
    for words, recount in (("5 days", False), ("6 days", True)):
        await chat.opens("settings", "", "answer_deadline")
        await chat.says(words)
        assert chat.proposal is not None and chat.proposal.touched.choice
        await chat.applies(recount=recount)
        assert ((await store.ticket(number)).answer_due != due) == recount


async def test_what_else_changes_is_shown(desk: Desk) -> None:
    await filled(desk)
    chat = Chat(desk)
    await chat.opens("agreement", "special", "default")
    await chat.says("yes")
    assert chat.proposal is not None
    assert chat.proposal.others == ["-default = true"], "of the one that was it"


async def test_a_list_is_ticked_and_more_is_written(desk: Desk) -> None:
    await filled(desk)
    chat = Chat(desk)
    question = await chat.opens("team", "first", "members")
    offered = [(one.value, one.title) for one in question.offered]
    assert offered == [("@olga", "Olga"), (200002, None)], "colleagues, and who is there already"
    assert question.picked == [200002]
    ticked = await chat.run(asking.pick, ANNA, question.draft, "@olga")
    assert ticked.picked == [200002, "@olga"]
    chat.question = await desk.read(asking.open_question, ANNA)
    await chat.answers(chat.question.picked if chat.question else None)
    await chat.applies()
    question = await chat.opens("team", "first", "members")
    empty = await chat.run(asking.pick, ANNA, question.draft, "@olga")
    assert empty.picked == [200002]
    assert [one.value for one in empty.offered] == ["@olga", 200002], "it can be ticked again"


async def test_an_entry_moves_up_and_down_its_list(desk: Desk) -> None:
    await filled(desk)
    chat = Chat(desk)

    async def keys() -> list[str]:
        return [one.key for one in await desk.read(list_entries, "topic")]

    before = await keys()
    mark = await chat.mark("topic", before[1])
    await chat.run(move_entry, "topic", mark, up=True)
    assert await keys() == [before[1], before[0], *before[2:]]
    await chat.run(move_entry, "topic", mark, up=False)
    assert await keys() == before
    with pytest.raises(Refusal):
        await chat.run(move_entry, "topic", await chat.mark("topic", before[0]), up=True)
    with pytest.raises(Refusal):
        await chat.run(move_entry, "team", await chat.mark("team", "first"), up=True)


async def test_one_step_back_asks_what_was_asked_before(desk: Desk) -> None:
    await filled(desk)
    chat = Chat(desk)
    await chat.begins("rule")
    await chat.says("Mark")
    await chat.says("opened")
    for path in (("event",), ("title",)):
        draft = await desk.read(entry_draft.find_draft, ANNA)
        question = await chat.run(asking.step_back, ANNA, draft)
        assert question is not None and question.asked.path == path
        assert question.now is None
    draft = await desk.read(entry_draft.find_draft, ANNA)
    assert await chat.run(asking.step_back, ANNA, draft) is None
    assert await desk.read(entry_draft.find_draft, ANNA) is None


async def test_a_question_outlives_a_restart_and_ends_by_itself(desk: Desk, clock: Clock) -> None:
    await filled(desk)
    chat = Chat(desk)
    asked = await chat.opens("topic", "payment", "answer")
    desk.invalidate()  # nothing of it is in memory
    found = await desk.read(asking.open_question, ANNA)
    assert found is not None and found.draft == asked.draft
    clock.move(hours=12, seconds=1)
    assert await desk.read(asking.open_question, ANNA) is None


async def test_only_admins_ask_and_apply_and_are_asked_again_for_each_step(desk: Desk) -> None:
    await filled(desk)
    chat = Chat(desk, who=OLGA)
    with pytest.raises(NotAllowed):
        await chat.begins("topic")
    anna = Chat(desk)
    await anna.opens("topic", "payment", "answer")
    await anna.says("2 days")
    before = await desk.read(show_directory)
    desk.company = replace(desk.company, admins=frozenset())
    with pytest.raises(NotAllowed):
        await anna.applies()
    assert await desk.read(show_directory) == before


async def test_an_answer_is_applied_once(desk: Desk) -> None:
    await filled(desk)
    chat = Chat(desk)
    await chat.opens("topic", "payment", "answer")
    draft = await desk.read(entry_draft.find_draft, ANNA)
    assert draft is not None and draft.answer is None
    with pytest.raises(Refusal):
        await chat.run(entry_answers.apply_answer, ANNA, draft)
    assert await chat.run(entry_draft.end_questions, ANNA)
    assert not await chat.run(entry_draft.end_questions, ANNA)
    assert timedelta(hours=12) == entry_draft.LASTS
