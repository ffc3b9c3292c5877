"""What is behind a ticket: camera, owners, account, contracts, promises (T1)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from channels.telegram.screens.screen import Renderer, plain_of
from channels.telegram.screens.technical_data import draw_technical_data
from core.contacts.contracts import sign
from core.contacts.edit import describe
from core.desk import Desk
from core.errors import NoSuchTicket
from core.texts import Texts
from core.tickets.technical_data import MOST, TechnicalData, technical_data
from tests.actions.agreement_factories import TERMS, agrees
from tests.actions.equipment_factories import brings, camera, crowd, tells
from tests.actions.people import ALICE, ANNA, BORIS, opens, operator

HOSTILE = "<b>&{name} \u202ealert"


def lines(desk: Desk, texts: Texts, data: TechnicalData, language: str = "en") -> str:
    renderer = Renderer(texts, language, desk.clock(), desk.company.zone)
    html = "\n".join(draw_technical_data(renderer, data))
    assert "<b>&{" not in html
    return plain_of(html)


async def test_a_ticket_without_any_of_it_says_so(desk: Desk, texts: Texts) -> None:
    ticket = await opens(desk, ALICE)
    data = await desk.read(technical_data, ticket.id)
    assert (data.camera, data.account, data.agreements) == (None, None, ())
    assert lines(desk, texts, data).startswith(f"Ticket #{ticket.id} has no camera")
    assert lines(desk, texts, data, "ru").startswith(f"В обращении #{ticket.id} нет камеры")
    with pytest.raises(NoSuchTicket):
        await desk.read(technical_data, 99)


async def test_columns_of_a_file_read_as_our_own_do(desk: Desk, texts: Texts) -> None:
    fields = {
        "установлена": "2024-06-11",
        "проверена": "2024-06-12 00:00:00",
        "срок": "2024-13-45",
        "eSIM": "да",
    }
    await brings(desk, replace(camera("MOS_1", ALICE), fields=fields))
    heard = await tells(desk, ALICE, "MOS_1")
    assert heard.ticket is not None
    data = await desk.read(technical_data, heard.ticket.id)
    shown = lines(desk, texts, data, "ru").splitlines()
    told = {"Установлена: 11 июня 2024", "Проверена: 12 июня 2024", "Срок: 2024-13-45", "eSIM: да"}
    assert told <= set(shown)
    assert "Установлена: 11 June 2024" in lines(desk, texts, data, "en")


async def test_all_columns_of_the_file_are_there_with_the_owners(desk: Desk, texts: Texts) -> None:
    fields = {"Модель": "DS-2CD", "IP": "10.0.0.7", "Договор": HOSTILE, HOSTILE: "x"}
    lamp = replace(
        camera("MOS_1", ALICE, "+79161234567", "a@example.org", name=HOSTILE), fields=fields
    )
    await brings(desk, lamp)
    await opens(desk, ALICE)
    heard = await tells(desk, ALICE, "MOS_1")
    assert heard.ticket is not None
    data = await desk.read(technical_data, heard.ticket.id)
    assert data.camera is not None
    assert dict(data.camera.columns) == fields
    known = {one.kind: (one.value, one.name) for one in data.camera.owners}
    assert known["telegram"] == ("101", "Alice") and known["phone"] == ("+79161234567", None)
    shown = lines(desk, texts, data)
    for words in ("Модель: DS-2CD", "IP: 10.0.0.7", "1 Birch St", "Area: North", "Alice"):
        assert words in shown
    assert "☎ +79161234567" in shown and "<b>&{name} alert: x" in shown
    assert "\u202e" not in shown


async def test_other_open_faults_of_the_camera_are_listed(desk: Desk, texts: Texts) -> None:
    people = crowd(MOST + 3)
    await brings(desk, camera("N-1", *people), camera("N-2", ALICE))
    numbers = [
        heard.ticket.id
        for one in people
        if (heard := await tells(desk, one, "N-1")).ticket is not None
    ]
    await tells(desk, ALICE, "N-2")
    data = await desk.read(technical_data, numbers[0])
    assert data.camera is not None
    assert [one.number for one in data.camera.faults] == numbers[:0:-1][:MOST]
    assert (data.camera.faulty, data.camera.owned) == (MOST + 2, MOST + 3)
    assert lines(desk, texts, data).count("and 2 more") == 1
    assert lines(desk, texts, data).count("and 3 more") == 1


async def test_contracts_and_promises_are_those_of_the_customers_account(
    desk: Desk, texts: Texts
) -> None:
    await agrees(desk)
    await agrees(desk, TERMS[:1], "gold", default=False)
    boss, olga = await operator(desk, ANNA), await operator(desk)
    day = desk.clock().date()
    past, soon = day - timedelta(days=400), day + timedelta(days=30)
    await desk.run_as(boss, sign, f"Daisy Ltd; D-1; gold; {past}; {soon}")
    await desk.run_as(boss, sign, f"Daisy Ltd; D-0; plain; {past}; {day - timedelta(days=1)}")
    await desk.run_as(boss, sign, "Rose Ltd; R-1; gold")
    ticket = await opens(desk, ALICE)
    await desk.run_as(olga, describe, ticket.id, "company Daisy Ltd")
    stranger = await opens(desk, BORIS)

    data = await desk.read(technical_data, ticket.id)
    assert data.account is not None and data.account.name == "Daisy Ltd"
    contracts = [(one.number, one.agreement, one.in_force) for one in data.account.contracts]
    assert contracts == [("D-0", "Plain", False), ("D-1", "Gold", True)]
    gold = next(one for one in data.agreements if one.title == "Gold")
    assert [(one.reaction, one.resolution) for one in gold.terms] == [
        (timedelta(hours=2), timedelta(hours=16))
    ]
    shown, russian = lines(desk, texts, data), lines(desk, texts, data, "ru")
    assert "Any ticket: reaction 2 h, resolution 16 h" in shown and "not in force now" in shown
    assert "Любое обращение: реакция 2 ч, решение 16 ч" in russian and "Договор D-1" in russian

    other = await desk.read(technical_data, stranger.id)
    assert other.account is None and "D-1" not in lines(desk, texts, other)
    assert [(one.title, one.counts) for one in other.agreements] == [("Plain", True)]
    assert "Video: reaction 1 h" in lines(desk, texts, other)
