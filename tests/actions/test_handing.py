"""Handing over and escalating: who may, where it leads, who hears of it (B8, B11, G4)."""

import pytest
from sqlalchemy import select

from channels.telegram.addresses import chat_address
from core.delivery.channel import Delivery, Sent
from core.delivery.linked_chats import operator_chat_of
from core.desk import Desk
from core.directory.store import put_items
from core.errors import MoveRefused, NotAllowed, NothingToDo, NotYours, Refusal, Unreadable
from core.models import Note, OutboxRow, Ticket, TicketTeam
from core.people.identity import Sender, choose_language
from core.people.staff import by_operator
from core.teams.assignee_parser import read_escalation, read_hand_over
from core.teams.assignment import escalate, hand_over
from core.teams.members import begin_duty, colleagues_of, end_duty
from core.tickets import delivery_results
from core.tickets.conversation import answer_delivered, reply
from core.tickets.intake import hear
from core.tickets.lifecycle import move, take
from core.tx import Actor, Tx
from tests.actions.company_directory import put_team, team
from tests.actions.people import (
    ALICE,
    ANNA,
    OLEG,
    OLGA,
    OPERATORS,
    customer,
    number,
    opens,
    says,
    writes,
)
from tests.actions.store import Store

FIRST, SECOND = {"en": "First line"}, {"en": "Second line"}
OTHER_ROOM = -1500


@pytest.fixture
async def staff(desk: Desk) -> dict[str, Actor]:
    """Olga and Oleg in the first line, Oleg in the second as well; Anna is an admin."""
    people = {who.name: await operator_here(desk, who) for who in (OLGA, OLEG, ANNA)}
    first = team("first", FIRST, level=1, members=[number(OLGA), number(OLEG)])
    second = team("second", SECOND, level=2, members=[number(OLEG)])
    await desk.run(put_items, [first, second])
    return people


async def operator_here(desk: Desk, sender: Sender) -> Actor:
    async def work(tx: Tx) -> Actor:
        return tx.actor

    return await desk.run(by_operator, sender, work)


async def give(desk: Desk, who: Actor, number: int, words: str) -> Ticket:
    wish = await desk.read(read_hand_over, words)
    return await desk.run_as(who, hand_over, number, wish, writes(words))


async def raise_(desk: Desk, who: Actor, number: int, words: str = "") -> Ticket:
    wish = await desk.read(read_escalation, words)
    return await desk.run_as(who, escalate, number, wish, writes(words))


async def place(store: Store, number: int) -> tuple[str | None, int] | None:
    rows = await store.rows(select(TicketTeam).where(TicketTeam.ticket_id == number))
    return (rows[0].team, rows[0].level) if rows else None


async def notes(store: Store, number: int) -> list[str]:
    return [row.text for row in await store.rows(select(Note).where(Note.ticket_id == number))]


# Handing over


async def test_a_ticket_goes_to_a_colleague_with_one_line_of_why(
    desk: Desk, store: Store, staff: dict[str, Actor]
) -> None:
    ticket = await opens(desk)
    await desk.run_as(staff["Olga"], take, ticket.id)
    await give(desk, staff["Olga"], ticket.id, "@oleg not my field")
    kept = await store.ticket(ticket.id)
    assert (kept.assignee_id, kept.state) == (staff["Oleg"].person_id, "in_progress")
    assert await place(store, ticket.id) == ("first", 1)
    assert await notes(store, ticket.id) == ["not my field"]
    (row,) = await store.outbox(OLEG.address.chat)
    assert (row.key, row.facts["why"]) == ("staff.assigned.why", "not my field")
    (fact,) = await store.facts(ticket.id, "ticket_assigned")
    assert (fact["to"], fact["by"], fact["old_assignee_id"]) == (
        "Oleg",
        "Olga",
        staff["Olga"].person_id,
    )


@pytest.mark.parametrize("language", ["ru", "en"])
async def test_who_gets_a_ticket_is_told_in_their_own_language(
    desk: Desk, store: Store, staff: dict[str, Actor], language: str
) -> None:
    await desk.run(choose_language, OLEG, language)
    await give(desk, staff["Olga"], (await opens(desk)).id, "@oleg")
    (row,) = await store.outbox(OLEG.address.chat)
    assert (row.key, row.locale) == ("staff.assigned", language)


async def test_a_ticket_goes_to_a_team_without_an_assignee(
    desk: Desk, store: Store, staff: dict[str, Actor]
) -> None:
    ticket = await opens(desk)
    await desk.run_as(staff["Olga"], take, ticket.id)
    await give(desk, staff["Olga"], ticket.id, "second line: server trouble")
    kept = await store.ticket(ticket.id)
    assert (kept.assignee_id, kept.earlier_assignee_id) == (None, staff["Olga"].person_id)
    assert await place(store, ticket.id) == ("second", 2)
    assert await notes(store, ticket.id) == ["server trouble"]
    (row,) = await store.outbox(OPERATORS, key="group.assigned.team.why")
    assert row.facts["why"] == "server trouble"
    assert row.facts["told"] == [[str(OLEG.address), "Oleg"]]


async def test_the_customer_hears_once_that_somebody_is_at_it(
    desk: Desk, store: Store, staff: dict[str, Actor]
) -> None:
    ticket = await opens(desk)
    await give(desk, staff["Anna"], ticket.id, "second")
    assert await store.told(ALICE.address.chat) == ["ticket.opened"]
    await give(desk, staff["Anna"], ticket.id, "Oleg")
    await give(desk, staff["Anna"], ticket.id, "Olga")
    assert await store.told(ALICE.address.chat) == ["ticket.opened", "ticket.taken"]


async def test_who_acts_is_never_told(desk: Desk, store: Store, staff: dict[str, Actor]) -> None:
    ticket = await opens(desk)
    await give(desk, staff["Olga"], ticket.id, "@olga")
    assert (await store.ticket(ticket.id)).assignee_id == staff["Olga"].person_id
    await give(desk, staff["Olga"], ticket.id, "first")
    assert await store.told(OLGA.address.chat) == []
    (row,) = await store.outbox(OPERATORS, key="group.assigned.team")
    assert row.facts["told"] == [[str(OLEG.address), "Oleg"]]


async def test_of_a_team_those_on_duty_are_told(
    desk: Desk, store: Store, staff: dict[str, Actor]
) -> None:
    ticket = await opens(desk)
    await desk.run_as(staff["Olga"], begin_duty)
    await give(desk, staff["Anna"], ticket.id, "first")
    (row,) = await store.outbox(OPERATORS, key="group.assigned.team")
    assert row.facts["told"] == [[str(OLGA.address), "Olga"]]


async def test_an_operator_gives_away_their_own_and_nobodys_an_admin_anybodys(
    desk: Desk, store: Store, staff: dict[str, Actor]
) -> None:
    ticket = await opens(desk)
    await give(desk, staff["Olga"], ticket.id, "Oleg")
    for words in ("@olga", "second"):
        with pytest.raises(NotYours):
            await give(desk, staff["Olga"], ticket.id, words)
    with pytest.raises(NotYours):
        await raise_(desk, staff["Olga"], ticket.id)
    await give(desk, staff["Anna"], ticket.id, "@olga")
    assert (await store.ticket(ticket.id)).assignee_id == staff["Olga"].person_id
    with pytest.raises(NotAllowed):
        await give(desk, await customer(desk), ticket.id, "@oleg")


async def test_the_same_again_is_nothing_to_do_and_changes_nothing(
    desk: Desk, store: Store, staff: dict[str, Actor]
) -> None:
    ticket = await opens(desk)
    await give(desk, staff["Olga"], ticket.id, "first")
    before = await store.everything()
    with pytest.raises(NothingToDo):
        await give(desk, staff["Olga"], ticket.id, "first again")
    assert await store.everything() == before
    await give(desk, staff["Olga"], ticket.id, "Oleg")
    before = await store.everything()
    with pytest.raises(NothingToDo):
        await give(desk, staff["Anna"], ticket.id, "@oleg again")
    assert await store.everything() == before


@pytest.mark.parametrize("verb", ["resolve", "close", "cancel"])
async def test_an_ended_ticket_is_not_handed_over(
    desk: Desk, staff: dict[str, Actor], verb: str
) -> None:
    ticket = await opens(desk)
    await desk.run_as(staff["Olga"], move, ticket.id, verb)
    for words in ("@oleg", "second"):
        with pytest.raises(MoveRefused):
            await give(desk, staff["Olga"], ticket.id, words)


async def test_a_frozen_ticket_sleeps_on_with_another(
    desk: Desk, store: Store, staff: dict[str, Actor]
) -> None:
    ticket = await opens(desk)
    await desk.run_as(staff["Olga"], move, ticket.id, "freeze", reason="parts")
    await give(desk, staff["Olga"], ticket.id, "@oleg")
    kept = await store.ticket(ticket.id)
    assert (kept.state, kept.reason, kept.assignee_id) == (
        "frozen",
        "parts",
        staff["Oleg"].person_id,
    )


# Whom one means

MEANT = [
    ("@oleg not mine", "Oleg", "not mine"),
    ("@OLEG: not mine", "Oleg", "not mine"),
    ("Oleg — not mine", "Oleg", "not mine"),
    ("ole not mine", "Oleg", "not mine"),
    ("second not mine", "second", "not mine"),
    ("Second line, not mine", "second", "not mine"),
    ("second line", "second", ""),
    ("sec why", "second", "why"),
]


@pytest.mark.parametrize(("words", "whom", "why"), MEANT)
async def test_whom_one_means(
    desk: Desk, staff: dict[str, Actor], words: str, whom: str, why: str
) -> None:
    wish = await desk.read(read_hand_over, words)
    assert wish.target is not None
    found = wish.target.team.code if wish.target.team else wish.target.person
    assert (found if isinstance(found, str) else getattr(found, "name", None)) == whom
    assert wish.why == why


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        ("@nobody x", "refusal.no_such_handle"),
        ("nobody x", "refusal.no_such_target"),
        ("ol x", "refusal.which_colleague"),
        ("", "refusal.no_such_target"),
    ],
)
async def test_whom_nobody_can_mean(
    desk: Desk, staff: dict[str, Actor], words: str, refusal: str
) -> None:
    with pytest.raises(Unreadable) as refused:
        await desk.read(read_hand_over, words)
    assert refused.value.key == refusal


# Escalating


async def test_escalating_leads_to_the_next_level_and_its_team(
    desk: Desk, store: Store, staff: dict[str, Actor]
) -> None:
    ticket = await opens(desk)
    await desk.run_as(staff["Olga"], take, ticket.id)
    await raise_(desk, staff["Olga"], ticket.id, "needs access to the server")
    kept = await store.ticket(ticket.id)
    assert kept.assignee_id is None
    assert await place(store, ticket.id) == ("second", 2)
    assert await notes(store, ticket.id) == ["needs access to the server"]
    assert "group.escalated.team.why" in await store.told(OPERATORS)


async def test_escalating_to_somebody_of_that_level(
    desk: Desk, store: Store, staff: dict[str, Actor]
) -> None:
    ticket = await opens(desk)
    await raise_(desk, staff["Olga"], ticket.id, "2 @oleg please")
    assert (await store.ticket(ticket.id)).assignee_id == staff["Oleg"].person_id
    assert await place(store, ticket.id) == ("second", 2)
    assert await store.told(OLEG.address.chat) == ["staff.escalated.why"]


async def test_of_a_long_why_the_beginning_is_told_and_all_of_it_is_noted(
    desk: Desk, store: Store, staff: dict[str, Actor]
) -> None:
    ticket = await opens(desk)
    why = ", ".join(["it is a long story"] * 40)
    await give(desk, staff["Olga"], ticket.id, f"@oleg {why}")
    (row,) = await store.outbox(OLEG.address.chat)
    assert len(row.facts["why"]) <= 300
    assert row.facts["why"].endswith(" …")
    assert await notes(store, ticket.id) == [why]


ESCALATIONS = [
    ("1", "refusal.not_upward"),
    ("3", "refusal.no_such_level"),
    ("@olga", "refusal.not_there"),
    ("first", "refusal.not_there"),
    ("@nobody", "refusal.no_such_handle"),
]


@pytest.mark.parametrize(("words", "refusal"), ESCALATIONS)
async def test_escalating_leads_only_up_and_only_where_somebody_is(
    desk: Desk, store: Store, staff: dict[str, Actor], words: str, refusal: str
) -> None:
    ticket = await opens(desk)
    before = await store.everything()
    with pytest.raises(Refusal) as refused:
        await raise_(desk, staff["Olga"], ticket.id, words)
    assert refused.value.key == refusal
    assert await store.everything() == before


async def test_above_the_highest_level_is_nobody(desk: Desk, staff: dict[str, Actor]) -> None:
    ticket = await opens(desk)
    await raise_(desk, staff["Olga"], ticket.id)
    with pytest.raises(Refusal) as refused:
        await raise_(desk, staff["Olga"], ticket.id)
    assert refused.value.key == "refusal.no_higher"


async def test_of_several_teams_on_a_level_one_must_be_named(
    desk: Desk, store: Store, staff: dict[str, Actor]
) -> None:
    ticket = await opens(desk)
    await desk.run(put_team, "network", {"en": "Network"}, level=2)
    with pytest.raises(Unreadable) as refused:
        await raise_(desk, staff["Olga"], ticket.id)
    assert refused.value.key == "refusal.which_team"
    await raise_(desk, staff["Olga"], ticket.id, "network")
    assert await place(store, ticket.id) == ("network", 2)


# Duty and the directory


async def test_duty_begins_and_ends_once(desk: Desk, staff: dict[str, Actor]) -> None:
    olga = staff["Olga"]
    await desk.run_as(olga, begin_duty)
    with pytest.raises(NothingToDo):
        await desk.run_as(olga, begin_duty)
    assert [one.name for one in await desk.read(colleagues_of) if one.on_duty] == ["Olga"]
    await desk.run_as(olga, end_duty)
    with pytest.raises(NothingToDo):
        await desk.run_as(olga, end_duty)
    assert not [one for one in await desk.read(colleagues_of) if one.on_duty]
    with pytest.raises(NotAllowed):
        await desk.run_as(await customer(desk), begin_duty)


async def test_a_member_who_was_never_seen_is_known_by_their_id(desk: Desk) -> None:
    await desk.run(put_team, "first", FIRST, members=[number(OLGA)])
    assert await desk.read(colleagues_of) == []
    await operator_here(desk, OLGA)
    (olga,) = await desk.read(colleagues_of)
    assert (olga.name, [team.code for team in olga.teams]) == ("Olga", ["first"])


# A group of one's own


async def arrive_card(desk: Desk, store: Store, number: int, message_ref: int) -> None:
    """The newest card row of the ticket is sent, and stands at ``message_ref``."""
    rows = [row for row in await store.outbox(kind="card") if row.ticket_id == number]
    row = rows[-1]
    delivery = Delivery(
        row.id,
        row.channel,
        row.address,
        row.locale,
        row.kind,
        row.key,
        row.facts,
        row.ticket_id,
        row.created_at,
        row.attempts,
        row.message_id,
        row.person_id,
        row.priority,
        {},
    )

    async def sent(tx: Tx) -> None:
        kept = await tx.get(OutboxRow, row.id)
        kept.state = "sent"
        note = {"chat": int(row.address), "digest": "x"}
        await delivery_results.arrived(tx, delivery, Sent((str(message_ref),), note))

    await desk.run(sent)


async def test_a_team_with_a_group_of_its_own_gets_its_tickets_there(
    desk: Desk, store: Store, staff: dict[str, Actor]
) -> None:
    ticket = await opens(desk)
    await arrive_card(desk, store, ticket.id, 70)
    await desk.run(put_team, "second", SECOND, level=2, chat=OTHER_ROOM, members=[number(OLEG)])
    await give(desk, staff["Anna"], ticket.id, "second")
    assert await desk.read(operator_chat_of, ticket.id) == chat_address(OTHER_ROOM)
    (old,) = await store.outbox(OPERATORS, kind="signpost")
    assert (old.facts["ref"], old.facts["to"]) == ("70", "Second line")
    assert await store.told(OTHER_ROOM) == ["card", "group.assigned.team"]
    await arrive_card(desk, store, ticket.id, 8)
    assert await store.card(ticket.id) == (str(OTHER_ROOM), "8", "x")


async def test_what_waited_for_the_old_group_goes_to_the_new_one(
    desk: Desk, store: Store, staff: dict[str, Actor]
) -> None:
    await desk.run(put_team, "second", SECOND, level=2, chat=OTHER_ROOM, members=[number(OLEG)])
    ticket = await opens(desk)
    await desk.run(hear, ALICE, says(ALICE, "Hello?"))
    await give(desk, staff["Anna"], ticket.id, "second")
    waiting = await store.outbox(OPERATORS, state="queued")
    assert [row.kind for row in waiting] == []
    assert sorted(row.kind for row in await store.outbox(OTHER_ROOM, state="queued")) == [
        "card",
        "content",
        "text",
    ]


async def test_a_card_that_arrives_too_late_shows_the_way(
    desk: Desk, store: Store, staff: dict[str, Actor]
) -> None:
    await desk.run(put_team, "second", SECOND, level=2, chat=OTHER_ROOM, members=[number(OLEG)])
    ticket = await opens(desk)
    (row,) = await store.outbox(OPERATORS, kind="card")

    async def claimed(tx: Tx) -> None:
        (await tx.get(OutboxRow, row.id)).state = "sending"

    await desk.run(claimed)
    await give(desk, staff["Anna"], ticket.id, "second")
    delivery = Delivery(
        row.id, row.channel, row.address, row.locale, "card", None, {}, ticket.id,
        row.created_at, 1, None, None, row.priority, {},
    )  # fmt: skip
    await desk.run(
        delivery_results.arrived, delivery, Sent(("71",), {"chat": OPERATORS, "digest": "x"})
    )
    assert await store.card(ticket.id) is None
    (post,) = await store.outbox(OPERATORS, kind="signpost")
    assert post.facts["ref"] == "71"


async def test_receipts_stand_where_the_operator_wrote(
    desk: Desk, store: Store, staff: dict[str, Actor]
) -> None:
    await desk.run(put_team, "second", SECOND, level=2, chat=OTHER_ROOM, members=[number(OLEG)])
    ticket = await opens(desk)
    await desk.run_as(staff["Olga"], reply, ticket.id, writes())
    await give(desk, staff["Olga"], ticket.id, "second")
    answer = (await store.messages(ticket.id))[-1]
    await desk.run(answer_delivered, [answer.id])
    (row,) = await store.outbox(kind="reaction")
    assert row.address == str(OPERATORS)


async def test_a_team_that_gets_a_group_takes_its_tickets_along(
    desk: Desk, store: Store, staff: dict[str, Actor]
) -> None:
    ticket = await opens(desk)
    await give(desk, staff["Anna"], ticket.id, "second")
    await arrive_card(desk, store, ticket.id, 70)
    await desk.run(put_team, "second", SECOND, level=2, chat=OTHER_ROOM, members=[number(OLEG)])
    assert [row.facts["ref"] for row in await store.outbox(OPERATORS, kind="signpost")] == ["70"]
    assert await store.told(OTHER_ROOM) == ["card"]


async def test_who_cannot_be_told_in_private_is_told_in_the_group(
    desk: Desk, store: Store, staff: dict[str, Actor]
) -> None:
    ticket = await opens(desk)
    await give(desk, staff["Olga"], ticket.id, "@oleg too much for me")
    (row,) = await store.outbox(OLEG.address.chat)
    delivery = Delivery(
        row.id, row.channel, row.address, row.locale, row.kind, row.key, row.facts, row.ticket_id,
        row.created_at, 1, None, row.person_id, row.priority, {},
    )  # fmt: skip
    await desk.run(delivery_results.refused, delivery, "blocked")
    (post,) = await store.outbox(OPERATORS, key="group.assigned.person.why")
    assert post.facts["told"] == [[str(OLEG.address), "Oleg"]]
    assert "person_unreachable" not in await store.journal(ticket.id)
