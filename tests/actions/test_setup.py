"""A desk comes to life: its first admin, its chats, its choices; the environment wins."""

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from channels.telegram.addresses import chat_address
from core.company import Company
from core.desk import Desk
from core.errors import NotAllowed, NothingToDo, Refusal
from core.models import SystemState
from core.setup.admins import PREFIX as INVITED
from core.setup.admins import accept, dismiss, invite, list_admins
from core.setup.claim import PREFIX, claim, offer_claim
from core.setup.company_settings import choose, settle
from core.setup.linked_chat import link
from tests.actions.people import ALICE, ANNA, EVE, opens
from tests.actions.store import Store
from tests.clock import Clock

GROUP, CHANNEL = -1001, -1002


@pytest.fixture
def company() -> Company:
    """A company at its first start: nothing is known but its defaults."""
    return Company()


async def secret(desk: Desk) -> str:
    offered = await desk.run(offer_claim)
    assert offered is not None
    assert len(offered) <= 64
    return offered.removeprefix(PREFIX)


async def with_admin(desk: Desk) -> None:
    desk.company = await desk.run(claim, ANNA, await secret(desk))


async def test_whoever_opens_the_link_first_is_the_admin(desk: Desk) -> None:
    link_secret = await secret(desk)
    desk.company = await desk.run(claim, ANNA, link_secret)
    assert desk.company.admins == {ANNA.address}
    with pytest.raises(Refusal, match=r"refusal\.claim"):
        await desk.run(claim, EVE, link_secret)
    assert (await desk.run(settle)).admins == {ANNA.address}


async def test_a_claim_that_nobody_used_for_a_day_is_worth_nothing(
    desk: Desk, clock: Clock
) -> None:
    link_secret = await secret(desk)
    clock.now += timedelta(days=1, seconds=1)
    with pytest.raises(Refusal, match=r"refusal\.claim"):
        await desk.run(claim, ANNA, link_secret)


async def test_an_admin_stays_one_after_a_restart_and_nobody_else_can_claim(desk: Desk) -> None:
    await with_admin(desk)
    desk.company = Company()  # as a new process begins
    assert (await desk.run(settle)).admins == {ANNA.address}
    assert await desk.run(offer_claim) is None


async def test_where_the_environment_names_admins_nobody_can_claim(
    desk: Desk, store: Store
) -> None:
    old = await secret(desk)
    desk.company = replace(desk.company, admins=frozenset({ANNA.address}))
    assert await desk.run(offer_claim) is None
    assert not await store.rows(select(SystemState))
    with pytest.raises(Refusal, match=r"refusal\.claim"):
        await desk.run(claim, EVE, old)


@pytest.mark.parametrize("wrong", ["", "x", "0" * 32])
async def test_a_guessed_secret_makes_nobody_an_admin(desk: Desk, wrong: str) -> None:
    await secret(desk)
    with pytest.raises(Refusal, match=r"refusal\.claim"):
        await desk.run(claim, EVE, wrong)
    assert (await desk.run(settle)).admins == frozenset()


async def test_a_restart_makes_the_old_link_worthless_and_keeps_no_secret(
    desk: Desk, store: Store
) -> None:
    first = await secret(desk)
    second = await secret(desk)
    assert first != second
    assert second not in str([fact.value for fact in await store.rows(select(SystemState))])
    with pytest.raises(Refusal, match=r"refusal\.claim"):
        await desk.run(claim, EVE, first)
    await desk.run(claim, ANNA, second)


async def test_what_an_admin_chooses_outlives_a_restart(desk: Desk, store: Store) -> None:
    await with_admin(desk)
    for field, value in {
        "name": "Наш двор",
        "language": "en",
        "zone": ZoneInfo("Asia/Omsk"),
        "answer_deadline": timedelta(hours=4),
    }.items():
        desk.company = await desk.run(choose, ANNA, field, value)
    chosen = desk.company
    desk.company = Company()
    assert await desk.run(settle) == chosen
    assert (await store.journal(None))[-4:] == ["company_changed"] * 4


async def test_the_environment_wins_over_what_was_chosen(desk: Desk) -> None:
    await with_admin(desk)
    await desk.run(choose, ANNA, "name", "Наш двор")
    desk.company = Company(name="Our Yard", fixed=frozenset({"name", "zone"}))
    desk.company = await desk.run(settle)
    assert desk.company.name == "Our Yard"
    with pytest.raises(Refusal, match=r"refusal\.fixed") as refused:
        await desk.run(choose, ANNA, "zone", ZoneInfo("Asia/Omsk"))
    assert refused.value.facts == {"variable": "TIMEZONE"}


async def test_nobody_but_an_admin_sets_the_desk_up(desk: Desk) -> None:
    await with_admin(desk)
    with pytest.raises(NotAllowed):
        await desk.run(choose, EVE, "name", "Eve's")
    with pytest.raises(NotAllowed):
        await desk.run(link, EVE, "operators", chat_address(GROUP))
    assert await desk.run(settle) == desk.company


async def test_linked_chats_outlive_a_restart(desk: Desk) -> None:
    await with_admin(desk)
    desk.company = await desk.run(link, ANNA, "operators", chat_address(GROUP))
    desk.company = await desk.run(link, ANNA, "alerts", chat_address(CHANNEL))
    desk.company = Company()
    desk.company = await desk.run(settle)
    assert (desk.company.operators_chat, desk.company.alerts_chat) == (
        chat_address(GROUP),
        chat_address(CHANNEL),
    )
    with pytest.raises(NothingToDo):
        await desk.run(link, ANNA, "operators", chat_address(GROUP))


async def test_a_chat_that_the_environment_names_is_not_linked_here(desk: Desk) -> None:
    await with_admin(desk)
    desk.company = replace(
        desk.company, operators_chat=chat_address(-5), fixed=frozenset({"operators_chat"})
    )
    with pytest.raises(Refusal, match=r"refusal\.fixed"):
        await desk.run(link, ANNA, "operators", chat_address(GROUP))


async def test_tickets_that_came_before_the_group_get_their_cards_there(
    desk: Desk, store: Store
) -> None:
    await with_admin(desk)
    tickets = [await opens(desk, ALICE, text) for text in ("the first", "the second")]
    assert not await store.outbox(kind="card")
    await desk.run(link, ANNA, "operators", chat_address(GROUP))
    cards = await store.outbox(kind="card")
    assert [(row.ticket_id, row.address) for row in cards] == [
        (ticket.id, str(GROUP)) for ticket in tickets
    ]


async def test_another_group_takes_over_what_waited_for_the_one_before(
    desk: Desk, store: Store
) -> None:
    await with_admin(desk)
    desk.company = await desk.run(link, ANNA, "operators", chat_address(GROUP))
    await opens(desk, ALICE, "it is dark")
    desk.company = await desk.run(link, ANNA, "operators", chat_address(GROUP - 5))
    rows = await store.outbox(kind="card")
    assert {row.address for row in rows} == {str(GROUP - 5)}
    assert len(rows) == 1


# ------------------------------------------------------------------ admins beside the first


async def invited(desk: Desk) -> str:
    made = await desk.run(invite, ANNA)
    assert len(made.payload) <= 64
    return made.payload.removeprefix(INVITED)


async def test_whoever_opens_the_link_is_an_admin_too_and_the_others_hear_of_it(
    desk: Desk, store: Store
) -> None:
    await with_admin(desk)
    desk.company = await desk.run(accept, ALICE, await invited(desk))
    assert desk.company.admins == {ANNA.address, ALICE.address}
    assert (await desk.run(settle)).admins == desk.company.admins, "after a restart as well"
    assert await store.told(ANNA.address.chat) == ["setup.admin.appointed"]
    assert await store.told(ALICE.address.chat) == [], "she sees it where she opened the link"
    listed = await desk.read(list_admins)
    assert [(one.name, one.named) for one in listed] == [("Anna", False), ("Alice", False)]


async def test_an_invitation_works_once_for_a_day_and_only_the_newest(
    desk: Desk, store: Store, clock: Clock
) -> None:
    await with_admin(desk)
    old, new = await invited(desk), await invited(desk)
    assert new not in str([fact.value for fact in await store.rows(select(SystemState))])
    before = await store.everything()
    for wrong in (old, "", "x"):
        with pytest.raises(Refusal, match=r"refusal\.invitation"):
            await desk.run(accept, EVE, wrong)
    with pytest.raises(NothingToDo, match=r"refusal\.admin_already"):
        await desk.run(accept, ANNA, new)
    assert await store.everything() == before, "an admin's own curiosity does not use it up"
    desk.company = await desk.run(accept, ALICE, new)
    with pytest.raises(Refusal, match=r"refusal\.invitation"):
        await desk.run(accept, EVE, new)
    late = await invited(desk)
    clock.move(days=1, seconds=1)
    with pytest.raises(Refusal, match=r"refusal\.invitation"):
        await desk.run(accept, EVE, late)


async def test_an_admin_is_dismissed_and_hears_of_it_the_last_one_is_not(
    desk: Desk, store: Store
) -> None:
    await with_admin(desk)
    anna = (await desk.read(list_admins))[0]
    with pytest.raises(Refusal, match=r"refusal\.last_admin"):
        await desk.run(dismiss, ANNA, anna.id)
    desk.company = await desk.run(accept, ALICE, await invited(desk))
    alice = (await desk.read(list_admins))[1]
    desk.company = await desk.run(dismiss, ANNA, alice.id)
    assert desk.company.admins == (await desk.run(settle)).admins == {ANNA.address}
    assert await store.told(ALICE.address.chat) == ["setup.admin.you_dismissed"]
    with pytest.raises(NothingToDo, match=r"refusal\.no_admin"):
        await desk.run(dismiss, ANNA, alice.id)
    with pytest.raises(NotAllowed):
        await desk.run(dismiss, ALICE, anna.id)
    with pytest.raises(NotAllowed):
        await desk.run(invite, ALICE)
    assert (await store.journal(None))[-2:] == ["admin_appointed", "admin_dismissed"]


async def test_an_admin_may_leave_by_themselves_if_another_stays(desk: Desk, store: Store) -> None:
    await with_admin(desk)
    desk.company = await desk.run(accept, ALICE, await invited(desk))
    anna = (await desk.read(list_admins))[0]
    desk.company = await desk.run(dismiss, ANNA, anna.id)
    assert desk.company.admins == {ALICE.address}
    assert await store.told(ALICE.address.chat) == ["setup.admin.dismissed"]


async def test_whom_the_environment_names_stays_an_admin(desk: Desk) -> None:
    named = frozenset({ANNA.address, chat_address(999)})
    desk.company = replace(desk.company, admins=named, named_admins=named)
    await desk.run(settle)
    desk.company = await desk.run(accept, ALICE, await invited(desk))
    listed = await desk.read(list_admins)
    assert {(one.address, one.name, one.named) for one in listed} == {
        (ANNA.address, "Anna", True),
        (chat_address(999), "", True),
        (ALICE.address, "Alice", False),
    }
    anna = next(one for one in listed if one.name == "Anna")
    with pytest.raises(NothingToDo, match=r"refusal\.no_admin"):
        await desk.run(dismiss, ALICE, anna.id)
