"""Every change of the directory is a version: who, when, what; an old one comes back (X12)."""

import pytest
from sqlalchemy import delete, select

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
from core.errors import Refusal, Unreadable
from core.models import Account, Agreement, Clock, Contract
from core.people.staff import by_operator
from core.sla.clock_store import stored
from core.teams.teams import teams_of
from core.tickets.classification import classify
from core.tickets.lifecycle import take
from core.tx import Tx
from tests.actions.people import ANNA, OLGA, opens, operator
from tests.actions.store import Store
from tests.actions.test_directory import apply, faults, say

TEAM = '[[team]]\ncode = "field"\ntitles = { en = "Field crew" }\n'
TOPIC = '[[topic]]\ncode = "payment"\ntitles = { ru = "Оплата", en = "Payment" }\n'


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


# What can be switched off


OFFICE = """
[[calendar]]
code = "office"
title = "Office"
zone = "UTC"
week = { mon = ["09:00-18:00"] }

[[agreement]]
code = "gold"
title = "Gold"
calendar = "office"
terms = [{ reaction = "2h" }]
"""
OFF = "active = false\n"
USES = """
[[mailbox]]
address = "gold@desk.test"
agreement = "gold"

[[account_agreement]]
account = "ACME"
agreement = "gold"
"""


async def _has_acme(desk: Desk) -> None:
    async def open_it(tx: Tx) -> None:
        account = Account(name="ACME")
        await tx.insert(account)
        await tx.write()
        await tx.insert(Contract(account_id=account.id, number="17", agreement="gold"))

    await desk.run(open_it)


async def test_what_is_in_use_is_not_switched_off_and_it_is_said_by_what(desk: Desk) -> None:
    await apply(desk, OFFICE)
    calendar, agreement = OFFICE.split("\n\n")
    (told,) = await faults(desk, f"{calendar}\n{OFF}")
    assert told == (
        "line 7: calendar office, active: it cannot be switched off while this uses it: "
        "agreement gold"
    )
    await _has_acme(desk)
    await apply(desk, USES + agreement + "default = true\n")
    (told,) = await faults(desk, agreement + "default = true\n" + OFF)
    assert told.endswith(
        "while this uses it: default = true, account_agreement ACME, mailbox gold@desk.test, "
        "/contract 17"
    )
    async with desk.database.write() as session:
        await session.execute(delete(Contract))
    nobody = USES.replace('account = "ACME"\nagreement = "gold"', 'account = "ACME"') + OFF
    nobody = nobody.replace(f'"ACME"\n{OFF}', '"ACME"\n').replace('"gold"\n', f'"gold"\n{OFF}')
    await apply(desk, nobody + OFFICE.replace("[[agreement]]", OFF + "[[agreement]]") + OFF)
    shown = await desk.read(show_directory)
    assert shown.count(OFF) >= 3
    (told,) = await faults(desk, '[[account_agreement]]\naccount = "ACME"\nagreement = "gold"\n')
    assert told.endswith("agreement: agreement gold is switched off; switch it on or name another")


async def test_a_ticket_keeps_what_a_switched_off_agreement_has_promised(
    desk: Desk, store: Store
) -> None:
    await apply(desk, OFFICE + "default = true\n")
    ticket = await opens(desk)
    before = await store.rows(select(Clock.due_at).where(Clock.ticket_id == ticket.id))
    await apply(desk, OFFICE + "default = false\n" + OFF)
    assert await store.rows(select(Clock.due_at).where(Clock.ticket_id == ticket.id)) == before
    later = await opens(desk)
    assert not await store.rows(select(Clock.due_at).where(Clock.ticket_id == later.id))
    with pytest.raises(Unreadable):
        await desk.run(by_operator, OLGA, classify, later.id, "gold")
    await desk.run(by_operator, OLGA, take, ticket.id)
    assert (await desk.read(stored, ticket.id))[0] == "office"


async def test_an_old_version_without_them_switches_agreements_and_calendars_off(
    desk: Desk, store: Store
) -> None:
    await apply(desk, TEAM)
    await apply(desk, OFFICE + "default = true\n")
    await _has_acme(desk)
    async with desk.database.write() as session:
        await session.execute(delete(Contract))
    await apply(desk, USES)
    before = await desk.read(show_directory)
    difference = await desk.run(restore_version, 2)
    assert difference.count("+active = false") == 3 and "-default = true" in difference
    assert '-account = "ACME"' in difference
    rows = select(Agreement.active, Agreement.is_default).where(Agreement.code == "gold")
    async with desk.database.read() as session:
        assert [*(await session.execute(rows)).one()] == [False, False]
    await desk.run(restore_version, 4)
    assert await desk.read(show_directory) == before
