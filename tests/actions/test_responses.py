"""Canned responses (E1): filled with facts, shown before they go, sent with what goes with them."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from core.addresses import MessageRef
from core.desk import Desk
from core.directory.faults import DirectoryError
from core.directory.reader import read_directory
from core.directory.response_edits import delete_response, put_response
from core.directory.store import apply_directory, show_directory
from core.errors import NotAllowed, NothingToDo, Refusal, Unreadable
from core.models import Classification, ResponseUse, Ticket
from core.responses.catalogue import matching, responses_of
from core.responses.sending import (
    Prepared,
    ResponseChanged,
    list_fitting,
    prepare,
    send_response,
)
from core.tickets.card import tags_of
from core.tickets.lifecycle import move
from tests.actions.people import ALICE, ANNA, BORIS, OLEG, OPERATORS, opens, operator, ref
from tests.actions.store import Store
from tests.clock import Clock

FILE = """
[[response]]
code = "reboot"
title = "Reboot the camera"
topic = "payment"
texts = { en = "Hello, {customer}. Please unplug it.", ru = "Здравствуйте, {customer}." }

[[response]]
code = "hours"
title = "Opening hours"
texts = { en = "We are here from 9 to 18. {operator}" }
actions = { state = "wait", tags = ["Hours"], priority = "high" }

[[response]]
code = "snooze"
title = "Come back in two days"
actions = { freeze = "2d", tags = ["later"] }

[[response]]
code = "camera"
title = "About the camera"
texts = { en = "Camera {camera} is fine." }

[[response]]
code = "door"
title = "The door"
topic = "access"
texts = { en = "The door is open." }
"""


async def apply(desk: Desk, text: str) -> list[str]:
    return await desk.run(apply_directory, read_directory(text))


async def faults(desk: Desk, text: str) -> set[str]:
    with pytest.raises(DirectoryError) as error:
        await apply(desk, text)
    return {f"{fault.line} {fault.where} {fault.key}" for fault in error.value.faults}


async def prepared(desk: Desk, number: int, code: str, name: str = "Olga") -> Prepared:
    return await desk.read(prepare, number, code, name)


async def sends(desk: Desk, number: int, code: str, place: MessageRef | None = None) -> Ticket:
    found = await prepared(desk, number, code)
    return await desk.run_as(
        await operator(desk),
        send_response,
        number,
        found.code,
        found.digest,
        place or ref(OPERATORS, 7000 + number),
    )


async def test_the_file_shows_them_as_they_were_applied(desk: Desk) -> None:
    await apply(desk, FILE)
    shown = await desk.read(show_directory)
    assert await apply(desk, shown) == []
    assert 'actions = { state = "wait", tags = ["hours"], priority = "high" }' in shown
    assert 'actions = { freeze = "2d", tags = ["later"] }' in shown


@pytest.mark.parametrize(
    "text", ["{ customer }", "{customer.name}", "{customer!r}", "{0}", "{}", "a { b", "}", "{{x}}"]
)
async def test_what_is_no_variable_is_refused_with_its_line(desk: Desk, text: str) -> None:
    file = f'[[response]]\ncode = "x"\ntitle = "X"\ntexts = {{ en = "Hello {text}" }}\n'
    (fault,) = await faults(desk, file)
    assert fault.startswith("4 response x")
    assert fault.endswith("directory_file.fault.variable")


async def test_a_response_says_or_does_something_and_moves_a_ticket_to_one_state(
    desk: Desk,
) -> None:
    nothing = '[[response]]\ncode = "x"\ntitle = "X"\n'
    assert {one.split()[-1] for one in await faults(desk, nothing)} == {
        "directory_file.fault.says_nothing"
    }
    two = nothing + 'actions = { state = "close", freeze = "1h" }\n'
    assert {one.split()[-1] for one in await faults(desk, two)} == {
        "directory_file.fault.two_states"
    }
    unknown = nothing + 'topic = "moon"\ntexts = { en = "Hi" }\n'
    assert {one.split()[-1] for one in await faults(desk, unknown)} == {
        "directory_file.fault.no_such_entry"
    }


async def test_it_speaks_the_customers_language_and_braces_in_a_name_are_text(desk: Desk) -> None:
    await apply(desk, FILE)
    english, russian = await opens(desk, ALICE), await opens(desk, BORIS)
    assert (await prepared(desk, english.id, "reboot")).text == ("Hello, Alice. Please unplug it.")
    assert (await prepared(desk, russian.id, "reboot")).text == "Здравствуйте, Boris."
    assert (await prepared(desk, russian.id, "opening")).text.startswith("We are here")


@pytest.mark.parametrize("name", ["{operator}", "<b>x</b>", "{customer.__class__}", "*_`[x](y)"])
async def test_a_hostile_name_is_shown_as_it_is(desk: Desk, name: str) -> None:
    await apply(desk, FILE)
    ticket = await opens(desk)
    found = await prepared(desk, ticket.id, "hours", name)
    assert found.text == f"We are here from 9 to 18. {name}"


@pytest.mark.parametrize(
    ("name", "said"),
    [("Смирнова Анна Петровна", "Здравствуйте, Анна."), ("ООО «Ромашка»", "Здравствуйте.")],
)
async def test_customers_are_greeted_by_their_first_names(desk: Desk, name: str, said: str) -> None:
    text = 'texts = { ru = "Здравствуйте, {first_name}." }'
    await apply(desk, f'[[response]]\ncode = "hello"\ntitle = "Hello"\n{text}\n')
    ticket = await opens(desk, replace(BORIS, name=name))
    assert (await prepared(desk, ticket.id, "hello")).text == said


async def test_a_hole_is_refused_before_anything_is_sent(desk: Desk, store: Store) -> None:
    await apply(desk, FILE)
    ticket = await opens(desk)
    with pytest.raises(Refusal) as refused:
        await prepared(desk, ticket.id, "camera")
    assert refused.value.key == "refusal.response_hole"
    assert refused.value.facts == {"variable": "{camera}"}
    assert len(await store.messages(ticket.id)) == 1


async def test_words_and_actions_are_one_transaction(desk: Desk, store: Store) -> None:
    await apply(desk, FILE)
    ticket = await opens(desk)
    await sends(desk, ticket.id, "hours")
    said = [one for one in await store.messages(ticket.id) if not one.from_customer]
    assert [one.text for one in said] == ["We are here from 9 to 18. Olga"]
    assert (await store.ticket(ticket.id)).state == "waiting"
    assert await desk.read(tags_of, ticket.id) == ("hours",)
    (kind,) = await store.rows(select(Classification))
    assert kind.priority == "high"
    entries = await store.journal(ticket.id)
    assert {"answer_written", "ticket_tagged", "ticket_classified"} <= set(entries)
    assert await store.facts(ticket.id, "response_sent") == [
        {"response": "hours", "title": "Opening hours"}
    ]


async def test_what_cannot_be_done_sends_nothing(desk: Desk, store: Store) -> None:
    """A closed ticket is not answered: the tags are not given either."""
    await apply(desk, FILE)
    ticket = await opens(desk)
    await desk.run_as(await operator(desk), move, ticket.id, "close")
    before = await store.everything()
    with pytest.raises(Refusal):
        await sends(desk, ticket.id, "hours", ref(OPERATORS, 99))
    assert await store.everything() == before


async def test_a_macro_may_say_nothing(desk: Desk, store: Store, clock: Clock) -> None:
    await apply(desk, FILE)
    ticket = await opens(desk)
    await sends(desk, ticket.id, "snooze")
    row = await store.ticket(ticket.id)
    assert row.frozen_until == clock() + timedelta(days=2)
    assert len(await store.messages(ticket.id)) == 1


async def test_what_was_shown_goes_or_nothing(desk: Desk, store: Store) -> None:
    await apply(desk, FILE)
    ticket = await opens(desk)
    shown = await prepared(desk, ticket.id, "reboot")
    await apply(desk, FILE.replace("unplug", "hit"))
    olga, place = await operator(desk), ref(OPERATORS, 71)
    with pytest.raises(ResponseChanged):
        await desk.run_as(olga, send_response, ticket.id, "reboot", shown.digest, place)
    now = await prepared(desk, ticket.id, "reboot")
    await desk.run_as(olga, send_response, ticket.id, "reboot", now.digest, place)
    with pytest.raises(NothingToDo):
        await desk.run_as(olga, send_response, ticket.id, "reboot", now.digest, place)
    assert [one.text for one in await store.messages(ticket.id)][1:] == [now.text]


async def test_they_are_ranked_by_use_per_topic_and_language(desk: Desk, store: Store) -> None:
    await apply(desk, FILE)
    english, russian = await opens(desk, ALICE), await opens(desk, BORIS)

    async def offered(number: int) -> list[str]:
        return [one.code for one in await desk.read(list_fitting, number)]

    assert await offered(english.id) == ["reboot", "hours", "snooze", "camera"]
    for place in (1, 2):
        await sends(desk, english.id, "hours", ref(OPERATORS, place))
    assert (await offered(english.id))[0] == "hours"
    assert (await offered(russian.id))[0] == "reboot"
    (used,) = await store.rows(select(ResponseUse))
    assert (used.response, used.topic, used.language, used.uses) == ("hours", "payment", "en", 2)


async def test_words_find_them_by_their_forms(desk: Desk) -> None:
    await apply(desk, FILE)
    known = (await desk.read(responses_of)).values()

    def found(words: str) -> list[str]:
        return [one.code for one in matching(known, words, 20)]

    assert found("cameras") == ["reboot", "camera"]
    assert found("unplugged") == ["reboot"]
    assert found("door op") == ["door"]
    assert found("") == [one.code for one in known]
    assert found("moon") == []


async def test_an_admin_adds_changes_and_deletes_one_while_the_desk_runs(desk: Desk) -> None:
    await apply(desk, FILE)
    anna = await operator(desk, ANNA)
    assert await desk.run_as(anna, put_response, "lift", "The lift", "Take the stairs.")
    assert not await desk.run_as(anna, put_response, "reboot", "Restart", "Жмите", "ru")
    known = await desk.read(responses_of)
    assert known["reboot"].texts["ru"] == "Жмите"
    assert known["reboot"].texts["en"].startswith("Hello")
    assert next(iter(known)) == "reboot" and list(known)[-1] == "lift"
    await desk.run_as(anna, delete_response, "lift")
    assert "lift" not in await desk.read(responses_of)
    with pytest.raises(DirectoryError):
        await desk.run_as(anna, put_response, "bad", "Bad", "Hello { customer }")
    with pytest.raises(Unreadable):
        await desk.run_as(anna, delete_response, "lift")
    with pytest.raises(NotAllowed):
        await desk.run_as(await operator(desk, OLEG), put_response, "lift", "x", "y")
