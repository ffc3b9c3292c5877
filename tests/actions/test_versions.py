"""Every change of the directory is a version: who, when, what; an old one comes back (X12)."""

from collections.abc import AsyncIterator

import pytest

from core.desk import Desk
from core.directory.faults import DirectoryError
from core.directory.reader import read_directory
from core.directory.store import (
    ChangedMeanwhile,
    OnlyChecked,
    apply_directory,
    restore_version,
    show_directory,
    show_file,
)
from core.directory.versions import current_version, document_of, list_versions
from core.errors import Refusal
from core.teams.teams import teams_of
from tests.actions.people import ANNA, operator
from tests.actions.store import Store
from tests.actions.test_directory import apply, faults, say

TEAM = '[[team]]\ncode = "field"\ntitles = { en = "Field crew" }\n'
TOPIC = '[[topic]]\ncode = "payment"\ntitles = { ru = "Оплата", en = "Payment" }\n'


@pytest.fixture(autouse=True)
async def as_it_was(desk: Desk) -> AsyncIterator[None]:
    before = await desk.read(show_directory)
    yield
    await apply(desk, before)


async def test_a_change_is_a_version_with_its_author_and_what_was_there_before(desk: Desk) -> None:
    start = await desk.read(show_directory)
    anna = await operator(desk, ANNA)
    await desk.run_as(anna, apply_directory, read_directory(TEAM))
    await apply(desk, TEAM.replace("Field crew", "Crew"))
    await apply(desk, TEAM.replace("Field crew", "Crew"))  # changes nothing: no version
    versions = await desk.read(list_versions)
    assert [(one.number, one.author, one.origin) for one in versions] == [
        (3, "", "file"),
        (2, "Anna", "file"),
        (1, "", "start"),
    ]
    assert await desk.read(document_of, 1) == start
    assert await desk.read(document_of, 3) == await desk.read(show_directory)


async def test_a_refused_file_and_a_check_are_no_version(desk: Desk) -> None:
    await faults(desk, TEAM.replace("field", "FIELD"))
    with pytest.raises(OnlyChecked):
        await apply(desk, TEAM, really=False)
    assert await desk.read(current_version) == 0


async def test_an_old_version_comes_back_and_what_came_since_is_out_of_use(desk: Desk) -> None:
    await apply(desk, TOPIC + 'answer = "1d"\n')
    await apply(desk, TEAM + TOPIC + 'answer = "2d"\n')
    difference = await desk.run(restore_version, 2)
    assert '+answer = "1d"' in difference and "+active = false" in difference
    assert not (await desk.read(teams_of))["field"].active
    assert await desk.run(restore_version, 3)
    assert (await desk.read(teams_of))["field"].active
    assert await desk.read(show_directory) == await desk.read(document_of, 3)
    assert (await desk.read(list_versions))[0].origin == "restore"
    with pytest.raises(Refusal):
        await desk.run(restore_version, 77)


async def test_who_comes_second_sees_what_the_first_has_changed(desk: Desk) -> None:
    await apply(desk, TOPIC + 'answer = "1d"\n')
    mine = await desk.read(show_file, lambda key: key)
    await desk.run_as(await operator(desk, ANNA), apply_directory, read_directory(TEAM))
    with pytest.raises(DirectoryError) as refused:
        await apply(desk, mine.replace('"1d"', '"5d"'))
    (fault,) = refused.value.faults
    told = say(fault.text.key, **fault.text.facts)
    assert told.startswith("line 1: the file was made from version 2, and it is 3 now (changed by:")
    assert "Anna" in told and '+code = "field"' in told
    mine = mine.replace("version = 2", "version = 3")
    assert '+answer = "5d"' in await apply(desk, mine.replace('"1d"', '"5d"'))


async def test_a_confirmation_counts_for_what_was_shown_only(desk: Desk) -> None:
    document = read_directory(TEAM)
    with pytest.raises(OnlyChecked) as checked:
        await desk.run(apply_directory, document, really=False)
    await apply(desk, TOPIC + 'answer = "1d"\n')
    with pytest.raises(ChangedMeanwhile):
        await desk.run(apply_directory, document, expected=checked.value.version)
    assert "field" not in await desk.read(teams_of)


@pytest.mark.parametrize("wrong", ['version = "7"', "version = true", "version = [1]"])
async def test_a_version_is_a_number(desk: Desk, wrong: str, store: Store) -> None:
    before = await store.everything()
    (fault,) = await faults(desk, f"{wrong}\n{TEAM}")
    assert fault.startswith("line 1: version: a whole number")
    assert await store.everything() == before
