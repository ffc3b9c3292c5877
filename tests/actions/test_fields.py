"""The company's own fields of tickets (B18): read, required, asked for, found, in the journal."""

from typing import Any

import pytest

from core.desk import Desk
from core.directory.faults import DirectoryError
from core.directory.reader import read_directory
from core.directory.store import apply_directory, show_directory
from core.errors import NothingToDo, Unreadable
from core.tasks.task_actions import close, resolve
from core.tickets.card import card_of
from core.tickets.customer_dialogue import answer_field
from core.tickets.field_edits import choose_value, set_field
from core.tickets.fields import FieldsMissing, values_of
from core.tickets.intake import hear
from core.tickets.lifecycle import confirm, move
from core.tickets.search import search
from core.tickets.search_index import index_new
from tests.actions.equipment_factories import brings, camera, tells
from tests.actions.people import ALICE, BORIS, customer, hears, opens, operator, says
from tests.actions.store import Store
from tests.clock import Clock


def field(code: str, kind: str, *more: str) -> str:
    title = code.capitalize()
    head = f'[[field]]\ncode = "{code}"\ntitles = {{ en = "{title}" }}\nkind = "{kind}"\n'
    return "\n".join([head, *more, ""])


KINDS = "".join(
    (
        field("note", "text"),
        field("meters", "number"),
        field("visit", "date"),
        field("speed", "choice", 'choices = ["100 Mbit", "1 Gbit"]'),
        field("guest", "person"),
        field("device", "camera"),
        field("paid", "yes_no"),
    )
)


async def apply(desk: Desk, *parts: str) -> list[str]:
    return await desk.run(apply_directory, read_directory("".join(parts)))


async def faults(desk: Desk, text: str) -> set[str]:
    with pytest.raises(DirectoryError) as error:
        await apply(desk, text)
    return {fault.key.rpartition(".")[2] for fault in error.value.faults}


async def values(desk: Desk, number: int) -> dict[str, str]:
    return await desk.read(values_of, number)


async def found(desk: Desk, clock: Clock, words: str) -> tuple[int, ...]:
    clock.move(seconds=11)  # by then whatever was written before is seen
    while await desk.run(index_new):
        pass
    return (await desk.read(search, words)).numbers


async def fills(desk: Desk, number: int, words: str) -> None:
    await desk.run_as(await operator(desk), set_field, number, words)


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("note  Line one", "Line one"),
        ("Meters: 12,50", "12.5"),
        ("meters 1 200", "1200"),
        ("meters -0.0", "-0"),
        ("visit 5.12.2026", "2026-12-05"),
        ("visit 2026-12-05", "2026-12-05"),
        ("speed 1 g", "1 Gbit"),
        ("guest Boris", "boris"),
        ("device c1", "camera"),
        ("paid Yes.", "yes"),
        ("paid нет", "no"),
    ],
)
async def test_each_kind_is_read_and_kept(desk: Desk, said: str, value: str) -> None:
    await apply(desk, KINDS)
    await brings(desk, camera("C1", ALICE))
    boris, ticket = await customer(desk, BORIS), await opens(desk)
    await fills(desk, ticket.id, said)
    stored = next(iter((await values(desk, ticket.id)).values()))
    card = await desk.read(card_of, ticket.id)
    assert card is not None
    ((kept, shown),) = [(one.value, one.shown) for one in card.fields if one.value]
    assert kept == stored
    if value == "camera":
        assert str(shown).startswith("C1")
    else:
        assert stored == {"boris": str(boris.person_id)}.get(value, value)


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("note " + "x" * 501, "text"),
        ("meters many", "number"),
        ("meters NaN", "number"),
        ("meters 1e999999", "number"),
        ("meters ١٢", "number"),
        ("visit 31.2.2026", "date"),
        ("visit tomorrow-ish", "date"),
        ("speed 1", "choice"),
        ("guest Somebody Else", "person"),
        ("device C9", "camera"),
        ("paid maybe", "yes_no"),
    ],
)
async def test_an_unfit_value_is_refused_with_what_is_wanted_and_changes_nothing(
    desk: Desk, store: Store, said: str, kind: str
) -> None:
    await apply(desk, KINDS)
    ticket, olga = await opens(desk), await operator(desk)
    before = await store.everything()
    with pytest.raises(Unreadable) as refused:
        await desk.run_as(olga, set_field, ticket.id, said)
    assert refused.value.key == f"refusal.field_value.{kind}"
    assert await store.everything() == before


async def test_a_field_is_emptied_by_a_dash_and_the_journal_knows_both(
    desk: Desk, store: Store
) -> None:
    await apply(desk, KINDS)
    ticket = await opens(desk)
    await fills(desk, ticket.id, "note Contract 77")
    with pytest.raises(NothingToDo):
        await fills(desk, ticket.id, "note Contract 77")
    await fills(desk, ticket.id, "note -")
    assert await values(desk, ticket.id) == {}
    told = await store.facts(ticket.id, "field_set")
    assert [(one["value"], one["old"]) for one in told] == [
        ("Contract 77", ""),
        (None, "Contract 77"),
    ]


async def test_an_unknown_field_is_told_with_those_there_are(desk: Desk) -> None:
    ticket, olga = await opens(desk), await operator(desk)
    with pytest.raises(Unreadable, match=r"refusal\.no_fields'"):
        await desk.run_as(olga, set_field, ticket.id, "note x")
    await apply(desk, field("bill", "text", 'topics = ["access"]'))
    with pytest.raises(Unreadable, match=r"refusal\.no_fields_here"):
        await desk.run_as(olga, set_field, ticket.id, "note x")
    await apply(desk, KINDS)
    with pytest.raises(Unreadable, match=r"refusal\.no_such_field") as refused:
        await desk.run_as(olga, set_field, ticket.id, "notes x")
    assert "Note" in refused.value.facts["allowed"]


async def test_a_ticket_has_the_fields_of_its_topic(desk: Desk) -> None:
    await apply(desk, field("bill", "text", 'topics = ["payment"]'), field("key", "text"))
    one, other = await opens(desk), await opens(desk, BORIS, topic="access")
    cards = [await desk.read(card_of, ticket.id) for ticket in (one, other)]
    assert [[field.field.code for field in card.fields] for card in cards if card] == [
        ["bill", "key"],
        ["key"],
    ]


async def test_what_stands_in_fields_is_found_and_what_stood_there_is_not(
    desk: Desk, clock: Clock
) -> None:
    await apply(desk, KINDS)
    ticket = await opens(desk)
    await fills(desk, ticket.id, "note Zanzibar")
    assert await found(desk, clock, "zanzibar") == (ticket.id,)
    await fills(desk, ticket.id, "note Madagascar")
    assert await found(desk, clock, "zanzibar") == ()
    assert await found(desk, clock, "madagascar") == (ticket.id,)


# Required


async def test_what_must_be_filled_is_demanded_of_operators_and_of_nobody_else(
    desk: Desk, store: Store
) -> None:
    await apply(
        desk,
        field("act", "text", 'required = "resolving"'),
        field("cost", "number", 'required = "closing"'),
    )
    ticket, olga, alice = await opens(desk), await operator(desk), await customer(desk)
    with pytest.raises(FieldsMissing) as missing:
        await desk.run_as(olga, resolve, ticket.id)
    assert [one.code for one in missing.value.fields] == ["act"]
    with pytest.raises(FieldsMissing) as missing:
        await desk.run_as(olga, close, ticket.id)
    assert [one.code for one in missing.value.fields] == ["act", "cost"]
    await fills(desk, ticket.id, "act 12/3")
    await desk.run_as(olga, resolve, ticket.id)
    await desk.run_as(alice, confirm, ticket.id, content=True)
    assert (await store.ticket(ticket.id)).state == "closed"
    other = await opens(desk)
    await desk.run_as(olga, move, other.id, "cancel")


async def test_a_new_ticket_asks_its_customer_for_what_it_must_have(
    desk: Desk, store: Store
) -> None:
    await apply(
        desk,
        field("flat", "number", 'required = "opening"'),
        field("speed", "choice", 'choices = ["Fast", "Slow"]', 'required = "opening"'),
    )
    ticket = await opens(desk)
    (asked,) = await store.outbox(ALICE.address.chat, key="customer.field.ask")
    assert (asked.facts["asked"], asked.facts["field_kind"]) == ("Flat", "number")
    await desk.run(hear, ALICE, says(ALICE, "It is dark at night, too"))
    assert [one.text for one in await store.messages(ticket.id)][-1] == "It is dark at night, too"
    assert "customer.field.again" in await store.told(ALICE.address.chat)
    await desk.run(hear, ALICE, says(ALICE, "12"))
    assert await values(desk, ticket.id) == {"flat": "12"}
    assert len(await store.messages(ticket.id)) == 2, "an answer is no message"
    await desk.run(hear, ALICE, says(ALICE, "slow"))
    assert await values(desk, ticket.id) == {"flat": "12", "speed": "Slow"}
    await desk.run(hear, ALICE, says(ALICE, "And now?"))
    assert (await store.messages(ticket.id))[-1].text == "And now?"


@pytest.mark.parametrize("kind", ["text", "number"])
@pytest.mark.parametrize("words", ["Спасибо!", "ок", "хорошо", "Thanks", "🙏"])
async def test_a_polite_word_is_no_value_and_is_asked_over_once(
    desk: Desk, store: Store, words: str, kind: str
) -> None:
    await apply(desk, field("flat", kind, 'required = "opening"'))
    ticket = await opens(desk)
    await hears(desk, ALICE, says(ALICE, words), says(ALICE, words))
    assert await values(desk, ticket.id) == {}
    assert len(await store.outbox(ALICE.address.chat, key="customer.field.ask")) == 2
    assert "customer.field.again" not in await store.told(ALICE.address.chat)
    assert [one.text for one in await store.messages(ticket.id)][1:] == [words, words]
    await desk.run(hear, ALICE, says(ALICE, "12"))
    assert await values(desk, ticket.id) == {"flat": "12"}


async def test_a_polite_word_that_is_a_choice_is_one(desk: Desk) -> None:
    choices = ('choices = ["Хорошо", "Плохо"]', 'required = "opening"')
    await apply(desk, field("seen", "choice", *choices))
    ticket = await opens(desk)
    await desk.run(hear, ALICE, says(ALICE, "хорошо"))
    assert await values(desk, ticket.id) == {"seen": "Хорошо"}


async def test_a_fault_of_a_camera_is_asked_about_and_a_known_one_is_not(
    desk: Desk, store: Store
) -> None:
    await brings(desk, camera("MOS_1", ALICE, BORIS))
    await apply(
        desk,
        field("light", "yes_no", 'required = "opening"', 'categories = ["incident"]'),
        field("flat", "number", 'required = "opening"', 'topics = ["payment"]'),
    )
    ticket = (await tells(desk, ALICE, "MOS_1")).ticket
    assert ticket is not None
    asked = await store.outbox(ALICE.address.chat, key="customer.field.ask")
    assert [row.facts["field"] for row in asked] == ["light"]
    await desk.run(hear, ALICE, says(ALICE, "no"))
    assert await values(desk, ticket.id) == {"light": "no"}
    await desk.run(hear, ALICE, says(ALICE, "Since noon"))
    assert (await store.messages(ticket.id))[-1].text == "Since noon"
    await tells(desk, BORIS, "MOS_1")
    assert await store.outbox(BORIS.address.chat, key="customer.field.ask") == []


async def test_buttons_answer_and_pass_over(desk: Desk, store: Store) -> None:
    await apply(
        desk,
        field("speed", "choice", 'choices = ["Fast", "Slow"]', 'required = "opening"'),
        field("flat", "number", 'required = "opening"'),
    )
    ticket = await opens(desk)
    assert await desk.run(answer_field, ALICE, ticket.id, "speed", 1) == ("Speed", "Slow")
    assert await desk.run(answer_field, ALICE, ticket.id, "flat", -1) == ("Flat", None)
    assert await values(desk, ticket.id) == {"speed": "Slow"}
    asked = await store.outbox(ALICE.address.chat, key="customer.field.ask")
    assert [row.facts["field"] for row in asked] == ["speed", "flat"], "each once"


async def test_nobody_else_answers(desk: Desk, store: Store) -> None:
    speed = field("speed", "choice", 'choices = ["Fast", "Slow"]', 'required = "opening"')
    await apply(desk, speed)
    ticket = await opens(desk)
    await opens(desk, BORIS)
    before = await values(desk, ticket.id)
    with pytest.raises(Exception, match="outdated"):
        await desk.run(answer_field, BORIS, ticket.id, "speed", 0)
    assert await values(desk, ticket.id) == before


# The directory


async def test_what_is_shown_can_be_applied(desk: Desk) -> None:
    await apply(desk, KINDS)
    shown = await desk.read(show_directory)
    assert await apply(desk, shown) == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (field("a", "choice"), "field_choices"),
        (field("a", "choice", 'choices = ["One", "one"]'), "field_choices"),
        (field("a", "text", 'choices = ["One", "Two"]'), "field_no_choices"),
        (field("a", "person", 'required = "opening"'), "field_asked_person"),
        (field("a", "text") + field("b", "text").replace('"B"', '"A"'), "field_named_twice"),
        (field("a", "colour"), "not_a_choice"),
        (field("a", "text", 'topics = ["moon"]'), "no_such_entry"),
    ],
)
async def test_a_field_that_cannot_be_is_refused(desk: Desk, text: str, fault: str) -> None:
    assert fault in await faults(desk, text)


async def test_the_kind_of_a_field_in_use_stays(desk: Desk) -> None:
    await apply(desk, KINDS)
    ticket = await opens(desk)
    await fills(desk, ticket.id, "note Words")
    assert await faults(desk, field("note", "date")) == {"field_in_use"}


async def test_a_field_that_is_switched_off_is_asked_for_no_more_and_keeps_what_it_holds(
    desk: Desk, clock: Clock
) -> None:
    act = field("act", "text", 'required = "resolving"')
    await apply(desk, act)
    ticket, olga = await opens(desk), await operator(desk)
    await fills(desk, ticket.id, "act 1")
    other = await opens(desk, BORIS)
    await apply(desk, field("act", "text", 'required = "resolving"', "active = false"))
    await desk.run_as(olga, resolve, other.id)
    card: Any = await desk.read(card_of, ticket.id)
    assert [one.shown for one in card.fields] == ["1"]
    with pytest.raises(Exception, match="outdated"):
        await desk.run_as(olga, choose_value, other.id, "act", "2")
