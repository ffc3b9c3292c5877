"""A team's own group: what is told there, what becomes of it (G1, X5, X14)."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from channels.telegram.addresses import chat_address
from core.delivery import outbox
from core.delivery.channel import Delivery, Sent
from core.delivery.linked_chats import is_own, move_chat, operator_chat_of
from core.delivery.pacing import Priority
from core.desk import Desk
from core.errors import Refusal
from core.models import Alert, OutboxRow, SentMessage, Team, Ticket
from core.setup.chat_health import Condition, tell
from core.setup.linked_chat import link
from core.setup.profile_state import linked_operator_chats
from core.teams.assignee_parser import read_hand_over
from core.teams.assignment import hand_over
from core.teams.teams import teams_of
from core.tickets import conversation, delivery_results
from core.tickets.board import boards_of, note_board, show_board
from core.tickets.intake import hear
from core.tickets.lifecycle import move
from core.tickets.sweep import sweep
from core.tx import Tx
from tests.actions.company_directory import put_team
from tests.actions.people import ALERTS, ALICE, ANNA, OPERATORS, customer, opens, operator, says
from tests.actions.store import Store
from tests.clock import Clock

GROUP, NEW = -1500, -1600
TITLES = {"en": "Field crew", "ru": "Выездная бригада"}


@pytest.fixture
async def crew(desk: Desk) -> None:
    await desk.run(put_team, "field", TITLES, chat=GROUP)


async def given(desk: Desk, ticket: Ticket, to: str = "field") -> Ticket:
    wish = await desk.read(read_hand_over, to)
    return await desk.run_as(await operator(desk), hand_over, ticket.id, wish)


async def stands(desk: Desk, store: Store, number: int, message_ref: int) -> None:
    """The card that waits for the ticket's group stands there now."""
    chat = await desk.read(operator_chat_of, number)
    assert chat is not None
    row = (await store.outbox(chat.chat, kind="card", ticket_id=number, state="queued"))[-1]

    async def sent(tx: Tx) -> None:
        (await tx.get(OutboxRow, row.id)).state = "sent"
        note = {"chat": chat.chat, "digest": "x"}
        await delivery_results.arrived(tx, delivery_of(row), Sent((str(message_ref),), note))

    await desk.run(sent)


def delivery_of(row: OutboxRow) -> Delivery:
    return Delivery(
        id=row.id,
        channel=row.channel,
        address=row.address,
        locale=row.locale,
        kind=row.kind,
        key=row.key,
        facts=row.facts,
        ticket_id=row.ticket_id,
        created_at=row.created_at,
        message_id=row.message_id,
    )


async def test_the_group_is_the_desk_s_own(desk: Desk, crew: None) -> None:
    assert await desk.read(is_own, chat_address(GROUP))
    assert not await desk.read(is_own, chat_address(NEW))
    await desk.run(put_team, "field", TITLES, chat=NEW)
    assert await desk.read(is_own, chat_address(NEW))


async def test_it_cannot_become_the_group_of_all(desk: Desk, store: Store, crew: None) -> None:
    before = await store.everything()
    with pytest.raises(Refusal) as refused:
        await desk.run(link, ANNA, "operators", chat_address(GROUP))
    assert (refused.value.key, refused.value.facts) == (
        "refusal.linked_team",
        {"team": "Field crew"},
    )
    assert await store.everything() == before


async def test_another_group_of_all_gets_the_cards_of_all_others(
    desk: Desk, store: Store, crew: None
) -> None:
    theirs, free = await opens(desk), await opens(desk)
    await given(desk, theirs)
    desk.company = await desk.run(link, ANNA, "operators", chat_address(NEW))
    cards = await store.outbox(NEW, kind="card", state="queued")
    assert {row.ticket_id for row in cards} == {free.id}


# ------------------------------------------------------------------ another id


async def test_a_group_that_becomes_a_supergroup_keeps_its_tickets(
    desk: Desk, store: Store, crew: None
) -> None:
    ticket = await opens(desk)
    await given(desk, ticket)
    await stands(desk, store, ticket.id, 8)
    await desk.run(hear, ALICE, says(ALICE, "And the archive?"))
    assert (await desk.read(teams_of)).of_chat(chat_address(GROUP)) is not None
    assert await desk.run(move_chat, chat_address(GROUP), chat_address(NEW)) == desk.company
    assert (await desk.read(teams_of)).of_chat(chat_address(NEW)) is not None
    (team,) = await store.rows(select(Team))
    assert team.chat == chat_address(NEW) and await desk.read(
        operator_chat_of, ticket.id
    ) == chat_address(NEW)
    assert await store.card(ticket.id) is None
    assert {row.address for row in await store.outbox(state="queued", kind="content")} == {str(NEW)}
    assert not await store.outbox(GROUP, state="queued")
    before = await store.everything()
    await desk.run(move_chat, chat_address(GROUP), chat_address(NEW))
    assert await store.everything() == before


async def test_what_names_a_message_of_a_group_that_became_a_supergroup_is_not_done_there(
    desk: Desk, store: Store, crew: None
) -> None:
    """A message of the new chat may have the same number."""
    old, new = chat_address(GROUP), chat_address(NEW)

    async def queue(tx: Tx) -> None:
        facts: dict[str, dict[str, Any]] = {
            "pin": {"ref": "8"},
            "remove": {"refs": [8]},
            "signpost": {"ref": "8", "number": 1},
            "reaction": {"emoji": "👌", "reply": "8"},
            "text": {"reply": "8", "number": 1},
            "card": {"reply": "card"},
        }
        rows = [
            outbox.row(
                tx, old, kind, Priority.CARD_REFRESH, ordering_key=f"{GROUP}:{kind}", facts=given
            )
            for kind, given in facts.items()
        ]
        await outbox.write(tx, rows)

    await desk.run(queue)
    await desk.run(move_chat, old, new)
    left = {row.kind: row.facts for row in await store.outbox(NEW, state="queued")}
    assert left == {"text": {"number": 1}, "card": {"reply": "card"}}
    assert {row.kind for row in await store.outbox(GROUP, state="dropped")} == {
        *("pin", "remove", "signpost", "reaction")
    }


async def test_the_board_of_a_group_that_became_a_supergroup_is_posted_there(
    desk: Desk, store: Store, crew: None
) -> None:
    old, new = chat_address(GROUP), chat_address(NEW)
    await desk.run(show_board, old)
    await desk.run(note_board, old, "5")
    for _ in range(2):
        await desk.run(move_chat, old, new)
    assert await desk.read(boards_of) == {new: None}
    assert {row.address for row in await store.outbox(kind="board", state="queued")} == {str(NEW)}


async def test_alerts_of_a_group_that_became_a_supergroup_are_not_edited_there(
    desk: Desk, store: Store, clock: Clock, crew: None
) -> None:
    """A message of the new chat may have the same number."""
    ticket = await given(desk, await opens(desk))
    clock.move(days=2, hours=20)
    await desk.run(sweep)
    (row,) = await store.outbox(GROUP, key="group.reminder")
    await desk.run(delivery_results.arrived, delivery_of(row), Sent(("7",)))
    assert await store.rows(select(Alert))
    await desk.run(move_chat, chat_address(GROUP), chat_address(NEW))
    await desk.run_as(await operator(desk), move, ticket.id, "close")
    assert not await store.rows(select(Alert)) and not await store.outbox(kind="alert")


async def test_a_card_that_another_process_sends_elsewhere_stands_there_at_once(
    desk: Desk, store: Store, crew: None
) -> None:
    ticket = await opens(desk)
    await given(desk, ticket)
    await stands(desk, store, ticket.id, 8)
    beside = Desk(desk.database, desk.company, desk.subscribers, clock=desk.clock)
    await beside.run(put_team, "field", TITLES, active=False)
    (row,) = await store.outbox(OPERATORS, kind="card", state="queued")
    # this desk has not read the directory anew yet, and the card is there already
    assert await desk.read(operator_chat_of, ticket.id) == chat_address(GROUP)
    note = {"chat": OPERATORS, "digest": "x"}
    await desk.run(delivery_results.arrived, delivery_of(row), Sent(("9",), note))
    assert await store.card(ticket.id) == (str(OPERATORS), "9", "x")
    assert not await store.outbox(OPERATORS, kind="signpost")
    assert await desk.read(operator_chat_of, ticket.id) == chat_address(OPERATORS)


# ------------------------------------------------------------------ what was said before


async def test_edited_words_that_never_stood_here_are_known_here_from_then_on(
    desk: Desk, store: Store, crew: None
) -> None:
    ticket = await opens(desk)
    said = says(ALICE, "Since yesterday")
    await desk.run(hear, ALICE, said)
    await given(desk, ticket)
    author = await customer(desk)
    await desk.run_as(author, conversation.edit, replace(said, text="Since Monday"))
    (row,) = await store.outbox(GROUP, kind="edit")
    await desk.run(delivery_results.arrived, delivery_of(row), Sent(("9",), {"chat": GROUP}))
    (copy,) = await store.rows(select(SentMessage).where(SentMessage.message == "9"))
    assert (copy.chat, copy.role, copy.message_id) == (str(GROUP), "copy", row.message_id)


async def test_an_edit_that_waits_goes_along_with_its_ticket(
    desk: Desk, store: Store, crew: None
) -> None:
    ticket = await opens(desk)
    said = says(ALICE, "Since yesterday")
    await desk.run(hear, ALICE, said)
    await desk.run_as(await customer(desk), conversation.edit, replace(said, text="Since Monday"))
    await given(desk, ticket)
    assert [row.kind for row in await store.outbox(GROUP, state="queued")] == [
        "content",
        "edit",
        "card",
    ]


# ------------------------------------------------------------------ shut out


def condition(code: str) -> list[Condition]:
    return [
        Condition("operators", "fine", chat_address(OPERATORS), "Desk"),
        Condition("alerts", "fine", chat_address(ALERTS), "Loud"),
        Condition("team", code, chat_address(GROUP), "Crew", "field"),
    ]


async def test_shut_out_of_it_admins_and_the_channel_hear_whose_it_is(
    desk: Desk, store: Store, crew: None
) -> None:
    await desk.run(hear, replace(ANNA, language="ru"), says(ANNA, "Hello"))
    assert chat_address(GROUP) in await desk.read(linked_operator_chats)
    assert await desk.run(tell, condition("gone")) == []
    rows = [
        (row.address, row.key, row.facts["team"])
        for row in await store.outbox()
        if "team" in row.facts
    ]
    assert rows == [
        (ANNA.address.chat, "setup.team.gone", "Выездная бригада"),
        (str(ALERTS), "setup.team.gone", "Field crew"),
        ("staff@example.org", "mail.troubled.team", "Field crew"),
    ]
    assert await desk.read(linked_operator_chats) == [chat_address(OPERATORS)]
    assert await desk.run(tell, condition("gone")) == []
    (well,) = await desk.run(tell, condition("fine"))
    assert (well.team, well.chat) == ("field", chat_address(GROUP))
    assert await desk.read(linked_operator_chats) == [chat_address(OPERATORS), chat_address(GROUP)]


async def test_teams_are_told_apart(desk: Desk, store: Store, crew: None) -> None:
    await desk.run(put_team, "a" * 32, TITLES, chat=NEW)
    other = Condition("team", "not_admin", chat_address(NEW), "Second", "a" * 32)
    await desk.run(tell, [*condition("gone"), other])
    assert await desk.run(tell, [*condition("gone"), replace(other, code="fine")]) == [
        replace(other, code="fine")
    ]
    assert await desk.read(linked_operator_chats) == [chat_address(OPERATORS), chat_address(NEW)]
