"""Accounts and contracts come as tables; what they are not asked for is technical data (T1)."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from core.contacts.edit import describe
from core.contacts.erasure import erase_again
from core.contacts.personal_data import data_of
from core.desk import Desk
from core.errors import NotAllowed
from core.imports import KINDS, OtherwiseMeanwhile, bring, plan_import
from core.models import Account, Camera, Contract, Person
from core.people.identity import Sender
from core.people.staff import as_admin
from core.sheets.faults import WrongFile
from core.sheets.plan import Plan
from core.sheets.sheet import read_sheet
from core.texts import Texts
from core.tickets.technical_data import technical_data
from core.tx import ReadTx
from tests.actions.agreement_factories import agrees
from tests.actions.equipment_factories import brings, camera
from tests.actions.people import ALICE, BORIS, opens, operator
from tests.actions.store import Store
from tests.actions.test_search_subjects import catches_up, found
from tests.actions.test_technical_data import lines
from tests.clock import Clock

ACCOUNTS = "account,plan,recorder\nDaisy Ltd,Yard+,in the basement\nRose Ltd,Business,\n"
CONTRACTS = (
    "account,number,agreement,since,until,line\n"
    "Daisy Ltd,D-1,Plain,2026-01-01,2027-12-31,100 Mbit\n"
    "Tulip Ltd,T-1,,,,\n"
)


async def reads(desk: Desk, kind: str, text: str, **how: Any) -> Plan[Any]:
    """A file of this kind is imported."""
    records = read_sheet(KINDS[kind].sheet, text.encode())
    plan = await desk.read(plan_import, kind, records)
    return await desk.run(bring, kind, records, expected=plan.digest, **how)


async def faults(desk: Desk, kind: str, text: str) -> list[tuple[int, str]]:
    with pytest.raises(WrongFile) as wrong:
        await reads(desk, kind, text)
    return [(one.line, one.key.removeprefix("sheet.fault.")) for one in wrong.value.faults]


def counted(plan: Plan[Any]) -> tuple[int, int, int]:
    return len(plan.new), len(plan.changed), plan.unchanged


async def stored(desk: Desk, model: Any) -> list[Any]:
    async with desk.database.read() as session:
        return list(await session.scalars(select(model).order_by(model.id)))


async def belongs(desk: Desk, who: Sender, account: str) -> int:
    """A ticket of theirs; an operator puts them into the account."""
    ticket = await opens(desk, who)
    await desk.run_as(await operator(desk), describe, ticket.id, f"company {account}")
    return ticket.id


async def test_accounts_are_new_changed_unchanged_and_those_left_out_are_named(desk: Desk) -> None:
    assert counted(await reads(desk, "accounts", ACCOUNTS)) == (2, 0, 0)
    again = await reads(desk, "accounts", ACCOUNTS)
    assert counted(again) == (0, 0, 2) and not again
    text = "account,plan\nDAISY LTD,Yard\nKite,\n"
    plan = await reads(desk, "accounts", text)
    assert counted(plan) == (1, 1, 0)
    assert (plan.missing, plan.lost) == (["Rose Ltd"], ["recorder"])
    known = {one.name: one.fields for one in await stored(desk, Account)}
    assert known == {"Daisy Ltd": {"plan": "Yard"}, "Rose Ltd": {"plan": "Business"}, "Kite": {}}


async def test_contracts_bring_terms_and_accounts_that_there_are_not(
    desk: Desk, store: Store
) -> None:
    await agrees(desk)
    plan = await reads(desk, "contracts", CONTRACTS)
    assert counted(plan) == (2, 0, 0)
    first, second = await stored(desk, Contract)
    terms = (first.number, first.agreement, first.since, first.until, first.fields)
    days = date(2026, 1, 1), date(2027, 12, 31)
    assert terms == ("D-1", "plain", *days, {"line": "100 Mbit"})
    assert (second.number, second.agreement, second.fields) == ("T-1", None, {})
    assert [one["number"] for one in await store.facts(None, "contract_signed")] == ["D-1", "T-1"]
    opened = {one["name"] for one in await store.facts(None, "account_opened")}
    assert opened == {"Daisy Ltd", "Tulip Ltd"}
    (noted,) = await store.facts(None, "sheet_imported")
    assert noted == {"kind": "contracts", "new": 2, "changed": 0, "unchanged": 0}
    assert counted(await reads(desk, "contracts", CONTRACTS)) == (0, 0, 2)


async def test_terms_that_a_file_has_no_column_of_stay(desk: Desk, store: Store) -> None:
    await agrees(desk)
    await reads(desk, "contracts", CONTRACTS)
    plan = await reads(desk, "contracts", "account,number,until,router\ndaisy ltd,D-1,,AX-3\n")
    assert counted(plan) == (0, 1, 0)
    assert (plan.missing, plan.lost) == (["T-1"], ["line"])
    first, _ = await stored(desk, Contract)
    assert (first.agreement, first.since, first.until) == ("plain", date(2026, 1, 1), None)
    assert first.fields == {"router": "AX-3"}
    assert (await store.facts(None, "contract_signed"))[-1]["until"] is None
    signed = len(await store.facts(None, "contract_signed"))
    await reads(desk, "contracts", "account,number,router\nDaisy Ltd,D-1,AX-4\n")
    assert len(await store.facts(None, "contract_signed")) == signed, "other data, the same terms"


async def test_what_does_not_go_with_what_is_known_is_named_by_its_lines(desk: Desk) -> None:
    await agrees(desk)
    await reads(desk, "contracts", CONTRACTS)
    text = "account,number,agreement\nRose,D-1,\nRose,R-1,golden\nRose,R-2,PLAIN\n"
    assert await faults(desk, "contracts", text) == [
        (2, "contract_of_other"),
        (3, "no_agreement"),
    ]
    assert len(await stored(desk, Contract)) == 2, "nothing was changed"


async def test_whoever_belongs_to_an_account_still_does_and_is_found_by_a_new_contract(
    desk: Desk, clock: Clock
) -> None:
    number = await belongs(desk, ALICE, "Daisy Ltd")
    await reads(desk, "accounts", ACCOUNTS)
    await reads(desk, "contracts", "account,number\nDaisy Ltd,D-77\n")
    await catches_up(desk, clock)
    assert await found(desk, "D-77") == [number]


async def test_the_data_of_account_and_contracts_are_behind_the_ticket(
    desk: Desk, texts: Texts
) -> None:
    await agrees(desk)
    number = await belongs(desk, ALICE, "Daisy Ltd")
    await reads(desk, "accounts", ACCOUNTS)
    await reads(desk, "contracts", CONTRACTS)
    data = await desk.read(technical_data, number)
    assert data.account is not None
    assert data.account.columns == (("plan", "Yard+"), ("recorder", "in the basement"))
    (contract,) = data.account.contracts
    assert contract.columns == (("line", "100 Mbit"),)
    shown = lines(desk, texts, data)
    assert shown.index("Recorder: in the basement") < shown.index("D-1") < shown.index("Line: 100")


async def test_what_was_shown_is_done_or_nothing(desk: Desk) -> None:
    records = read_sheet(KINDS["accounts"].sheet, ACCOUNTS.encode())
    shown = await desk.read(plan_import, "accounts", records)
    await reads(desk, "accounts", "account\nRose Ltd\n")  # by somebody else, meanwhile
    with pytest.raises(OtherwiseMeanwhile):
        await desk.run(bring, "accounts", records, expected=shown.digest)
    assert [one.name for one in await stored(desk, Account)] == ["Rose Ltd"]
    with pytest.raises(NotAllowed):
        await desk.run(as_admin, BORIS, bring, "accounts", records, expected="")


# What of it is somebody's own (S31)


async def test_known_lines_are_changed_without_reading_each(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await reads(desk, "contracts", "account,number,plan\nA,1,x\nA,2,x\n")
    read: list[Any] = []
    find = ReadTx.find

    async def noted(tx: ReadTx, model: Any, *args: Any, **how: Any) -> Any:
        read.append(model)
        return await find(tx, model, *args, **how)

    monkeypatch.setattr(ReadTx, "find", noted)
    await reads(desk, "contracts", "account,number,plan,until\nA,1,y,\nA,2,x,2027-01-02\n")
    assert Contract not in read
    kept = [(one.fields, one.until) for one in await stored(desk, Contract)]
    assert kept == [({"plan": "y"}, None), ({"plan": "x"}, date(2027, 1, 2))]


async def test_of_companies_none_is_switched_off(desk: Desk) -> None:
    await reads(desk, "accounts", ACCOUNTS)
    plan = await reads(desk, "accounts", "account,plan\nDaisy Ltd,Yard\n", retire=True)
    assert (counted(plan), plan.gone, plan.missing) == ((0, 1, 0), [], ["Rose Ltd"])


async def person_of(desk: Desk, who: Sender) -> int:
    async with desk.database.read() as session:
        query = select(Person.id).where(Person.address == who.address)
        return int(await session.scalar(query) or 0)


HOUSEHOLD = "account,flat,caretaker\nSmiths,12,+7 (916) 123-45-67\n"


async def test_all_data_of_a_household_are_in_its_members_document_and_go_with_them(
    desk: Desk,
) -> None:
    await belongs(desk, ALICE, "Smiths")
    await reads(desk, "accounts", HOUSEHOLD)
    await reads(desk, "contracts", "account,number,code\nSmiths,S-1,4711\n")
    alice, known = await person_of(desk, ALICE), {"flat": "12", "caretaker": "+7 (916) 123-45-67"}
    told = (await desk.read(data_of, alice))["belongs_to"]
    assert told == [
        {"kind": "account", "name": "Smiths", "data": known},
        {"kind": "contract", "name": "S-1", "data": {"code": "4711"}},
    ]
    await desk.run(erase_again, alice)
    assert [one.fields for one in await stored(desk, Account)] == [{}]
    assert [one.fields for one in await stored(desk, Contract)] == [{}]


async def theirs_and_kept(desk: Desk, detail: str, text: str) -> tuple[dict[str, str], set[str]]:
    """What the document of one of two in a company has of its table, and what stays after them."""
    number = await belongs(desk, ALICE, "Daisy Ltd")
    await belongs(desk, BORIS, "Daisy Ltd")
    await desk.run_as(await operator(desk), describe, number, detail)
    await reads(desk, "accounts", text)
    alice = await person_of(desk, ALICE)
    (told,) = (await desk.read(data_of, alice))["belongs_to"]
    await desk.run(erase_again, alice)
    (account,) = await stored(desk, Account)
    return told["data"], {*account.fields}


async def test_of_a_company_only_the_cells_that_name_the_person_are_theirs(desk: Desk) -> None:
    text = (
        "account,plan,guard,chief,mail\n"
        "Daisy Ltd,Yard+,8 916 123-45-67,Mrs ALICE,boris@example.org\n"
    )
    theirs, kept = await theirs_and_kept(desk, "+79161234567", text)
    assert theirs == {"guard": "8 916 123-45-67", "chief": "Mrs ALICE"}
    assert kept == {"plan", "mail"}


async def test_what_only_begins_or_ends_as_their_name_or_address_is_of_others(desk: Desk) -> None:
    text = (
        "account,street,chief,mail,other,theirs,guard\n"
        "Daisy Ltd,Alicetown 5,Alicey Malice,malice@example.org,ice@example.organic,"
        "flat 7/Alice,to:Ice@example.org.\n"
    )
    theirs, kept = await theirs_and_kept(desk, "ice@example.org", text)
    assert theirs == {"theirs": "flat 7/Alice", "guard": "to:Ice@example.org."}
    assert kept == {"street", "chief", "mail", "other"}


async def test_cells_of_their_cameras_that_name_them_go_too(desk: Desk) -> None:
    await opens(desk, ALICE)
    lamp = camera("N-1", ALICE)
    lamp.fields.update({"model": "DS", "key": "with Alice"})
    await brings(desk, lamp)
    alice = await person_of(desk, ALICE)
    (told,) = (await desk.read(data_of, alice))["belongs_to"]
    assert told == {"kind": "camera", "name": "N-1", "data": {"key": "with Alice"}}
    await desk.run(erase_again, alice)
    assert [one.fields for one in await stored(desk, Camera)] == [{"model": "DS"}]
