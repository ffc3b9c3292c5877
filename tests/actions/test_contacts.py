"""People: where they are reached, who is found by what, and two who turn out to be one."""

from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from core.contacts.contracts import sign
from core.contacts.edit import describe
from core.contacts.lookup import find_people, person_facts
from core.contacts.merge import merge
from core.desk import Desk
from core.errors import NotAllowed, NothingToDo, Refusal, Unreadable
from core.models import (
    AccountMember,
    Agreement,
    CalendarRow,
    CameraOwner,
    ContactPoint,
    Contract,
    Person,
    PersonMerge,
)
from core.people.contact_points import Point, make_contact, verify_phone, zone_at
from core.people.identity import merged_account
from core.tickets.customer_message import open_ticket
from core.tickets.customer_tickets import list_own
from core.tickets.incoming import IncomingMessage
from core.tickets.intake import hear
from core.tx import Tx
from core.words.contact_values import DETAILS, EMAIL, PHONE
from tests.actions.equipment_factories import brings, camera
from tests.actions.people import (
    ALICE,
    ANNA,
    BORIS,
    EVE,
    OLGA,
    customer,
    leaves_dialogue,
    opens,
    operator,
    ref,
    says,
)
from tests.actions.store import Store

MOBILE = "+79161234567"
MAIL = "carol@example.org"


async def contact(
    desk: Desk, name: str = "Carol Jones", *points: Point, words: str = "It leaks"
) -> int:
    """Somebody whom an operator told of, with a ticket. Returns their id."""

    async def make(tx: Tx) -> int:
        person = await make_contact(tx, name, points or (Point(PHONE, MOBILE),))
        said = IncomingMessage(ref(-5, person.id), "text", words, {"kind": "text", "text": words})
        await open_ticket(tx, person, [said], topic="payment", origin="phone")
        return person.id

    return await desk.run_as(await operator(desk), make)


async def names(desk: Desk, words: str) -> list[str]:
    return [one.name for one in await desk.read(find_people, words)]


@pytest.mark.parametrize(
    "words",
    [
        *(MOBILE, "8 (916) 123-45-67", "9161234567", "79161234567"),
        *("Carol", "carol jones", "Jones", "CAROL"),
        *("#{n}", "{n}", "SR-{n}"),
    ],
)
async def test_somebody_is_found_by_phone_name_and_ticket(
    desk: Desk, store: Store, words: str
) -> None:
    await contact(desk)
    number = (await store.tickets())[0].id
    assert await names(desk, words.format(n=number)) == ["Carol Jones"]


async def test_an_address_and_a_username_find_whose_they_are(desk: Desk) -> None:
    await contact(desk, "Carol Jones", Point(EMAIL, MAIL))
    await opens(desk, ALICE)
    assert await names(desk, " Carol@Example.ORG ") == ["Carol Jones"]
    assert await names(desk, "@alice") == ["Alice"] == await names(desk, "@ALICE")
    for nobody in ("@nobody", "+79990000000", "nobody@example.org", "#999", "Zed", "%", "..."):
        assert await names(desk, nobody) == []


async def test_a_handle_is_of_whoever_was_seen_with_it_last(desk: Desk) -> None:
    await opens(desk, ALICE)
    await opens(desk, replace(BORIS, handle="Alice"))
    assert await names(desk, "@alice") == ["Boris"]
    await opens(desk, replace(ALICE, handle="alice_2"))
    assert await names(desk, "@alice") == ["Boris"]
    assert await names(desk, "@alice_2") == ["Alice"]
    await opens(desk, replace(BORIS, handle=None))
    assert await names(desk, "@alice") == []
    await opens(desk, replace(EVE, handle="alice_2"))
    assert await names(desk, "@alice_2") == ["Eve"], "also when they are new here"


async def test_the_card_tells_all_that_is_known(desk: Desk) -> None:
    person = await contact(desk)
    ticket = (await desk.read(person_facts, person)).open[0]  # type: ignore[union-attr]
    olga = await operator(desk)
    await desk.run_as(olga, describe, ticket.number, MAIL)
    await desk.run_as(olga, describe, ticket.number, "company Daisy Ltd")
    await desk.run_as(olga, describe, ticket.number, "language ru")
    await desk.run_as(olga, describe, ticket.number, "zone Asia/Omsk")
    await desk.run_as(olga, describe, ticket.number, "name Carol Smith")
    await desk.run_as(await operator(desk, ANNA), sign, "daisy ltd; D-1")
    facts = await desk.read(person_facts, person)
    assert facts is not None
    assert (facts.known.name, facts.account, facts.contracts) == (
        "Carol Smith",
        "Daisy Ltd",
        ("D-1",),
    )
    assert [(p.kind, p.value) for p in facts.known.points] == [(PHONE, MOBILE), (EMAIL, MAIL)]
    assert (facts.language, facts.zone, facts.known.writes) == ("ru", "Asia/Omsk", False)
    assert (len(facts.open), facts.total) == (1, 1)
    await desk.run_as(olga, describe, ticket.number, f"-{MAIL}")
    facts = await desk.read(person_facts, person)
    assert facts is not None and [p.kind for p in facts.known.points] == [PHONE]


@pytest.mark.parametrize(
    ("words", "key"),
    [
        ("hello", "refusal.no_detail"),
        ("name", "refusal.no_detail"),
        ("company   ", "refusal.no_detail"),
        ("+1", "refusal.no_detail"),
        ("language xx", "refusal.no_language"),
        ("zone Mars/Base", "refusal.no_zone"),
        (MOBILE, "refusal.point_known"),
        (f"-{MAIL}", "refusal.point_unknown"),
    ],
)
async def test_what_is_no_detail_is_refused(desk: Desk, store: Store, words: str, key: str) -> None:
    await contact(desk)
    number = (await store.tickets())[0].id
    with pytest.raises(Refusal) as refused:
        await desk.run_as(await operator(desk), describe, number, words)
    assert refused.value.key == key


async def test_people_in_telegram_name_themselves(desk: Desk, store: Store) -> None:
    ticket = await opens(desk, ALICE)
    with pytest.raises(NothingToDo, match="name_of_theirs"):
        await desk.run_as(await operator(desk), describe, ticket.id, "name Bob")
    with pytest.raises(NotAllowed):
        await desk.run_as(await customer(desk), describe, ticket.id, MOBILE)


# ------------------------------------------------------------------ contracts


async def agreement(tx: Tx) -> None:
    await tx.insert(CalendarRow(code="office", title="Office", zone="UTC", week={}, days={}))
    await tx.insert(Agreement(code="gold", title="Gold", calendar="office"))


async def test_a_contract_is_written_down_and_changed_by_an_admin(desk: Desk, store: Store) -> None:
    await desk.run(agreement)
    anna = await operator(desk, ANNA)
    await desk.run_as(anna, sign, "Daisy Ltd; D-1; Gold; 2026-01-01; 2026-12-31")
    await desk.run_as(anna, sign, "DAISY LTD; D-1; gold; 2026-01-01; 2027-12-31")
    (found,) = await store.rows(select(Contract))
    assert (found.agreement, found.since.year, found.until.year) == ("gold", 2026, 2027)
    assert (await store.facts(None, "contract_signed"))[-1]["until"] == "2027-12-31"
    with pytest.raises(NothingToDo):
        await desk.run_as(anna, sign, "Daisy Ltd; D-1; gold; 2026-01-01; 2027-12-31")
    with pytest.raises(NotAllowed):
        await desk.run_as(await operator(desk), sign, "Daisy Ltd; D-2")


@pytest.mark.parametrize(
    ("words", "key"),
    [
        ("Daisy Ltd", "refusal.no_contract"),
        ("; D-1", "refusal.no_contract"),
        ("Daisy Ltd; D-1; ; tomorrow", "refusal.no_contract"),
        ("a; b; ; 2026-01-01; 2026-02-01; more", "refusal.no_contract"),
        ("Daisy Ltd; D-1; silver", "refusal.no_agreement"),
        ("Daisy Ltd; D-1; ; 2026-02-01; 2026-01-01", "refusal.contract_days"),
        ("Rose Ltd; D-0", "refusal.contract_of_other"),
    ],
)
async def test_what_is_no_contract_is_refused(desk: Desk, words: str, key: str) -> None:
    anna = await operator(desk, ANNA)
    await desk.run_as(anna, sign, "Daisy Ltd; D-0")
    with pytest.raises(Unreadable) as refused:
        await desk.run_as(anna, sign, words)
    assert refused.value.key == key


# ------------------------------------------------------------------ merging


async def test_all_that_was_ones_is_the_others(desk: Desk, store: Store) -> None:
    person = await contact(desk, "Carol Jones", Point(PHONE, MOBILE), Point(EMAIL, MAIL))
    alice = (await opens(desk, ALICE)).customer_id
    number = (await store.tickets())[0].id
    olga = await operator(desk)
    await desk.run_as(olga, describe, number, "company Daisy Ltd")
    await desk.run_as(olga, describe, number, "zone Asia/Omsk")
    stays = await desk.run_as(olga, merge, person, alice)
    assert stays.id == alice, "who is known to Telegram stays"
    assert {ticket.customer_id for ticket in await store.tickets()} == {alice}
    assert {message.author_id for message in await store.messages(number)} == {alice}
    details = select(ContactPoint).where(ContactPoint.kind.in_(DETAILS))
    points = await store.rows(details.order_by(ContactPoint.kind, ContactPoint.value))
    assert {(point.person_id, point.value) for point in points} == {(alice, MOBILE), (alice, MAIL)}
    (member,) = await store.rows(select(AccountMember))
    (post,) = await store.rows(select(PersonMerge))
    assert (member.person_id, post.person_id, post.into_id) == (alice, person, alice)
    (row,) = await store.rows(select(Person).where(Person.id == alice))
    assert row.zone == "Asia/Omsk"
    assert (await store.facts(None, "people_merged"))[0]["merged_name"] == "Carol Jones"
    assert (await store.facts(number, "customer_changed"))[0]["new"] == "Alice"
    facts = await desk.read(person_facts, person)
    assert facts is not None and facts.known.id == alice, "the redirect leads on"


async def test_two_contacts_become_the_first_and_signposts_follow(desk: Desk, store: Store) -> None:
    one, two = await contact(desk, "Carol"), await contact(desk, "Caroline", words="More")
    alice = (await opens(desk, ALICE)).customer_id
    olga = await operator(desk)
    assert (await desk.run_as(olga, merge, one, two)).id == one
    assert (await desk.run_as(olga, merge, two, alice)).id == alice
    merges = await store.rows(select(PersonMerge).order_by(PersonMerge.person_id))
    posts = {row.person_id: row.into_id for row in merges}
    assert posts == {one: alice, two: alice}
    with pytest.raises(NothingToDo):
        await desk.run_as(olga, merge, one, two)


async def test_two_telegram_accounts_are_one_only_at_an_admins_word(
    desk: Desk, store: Store
) -> None:
    alice = (await opens(desk, ALICE)).customer_id
    boris = (await opens(desk, BORIS)).customer_id
    await brings(desk, camera("A1", BORIS), camera("A2", ALICE, BORIS))
    olga, anna = await operator(desk), await operator(desk, ANNA)
    held = await store.everything()
    for who, options, key in (
        (olga, {}, "refusal.two_accounts"),
        (olga, {"insist": True}, "refusal.two_accounts"),
        (anna, {}, "refusal.two_accounts_admin"),
    ):
        with pytest.raises(Refusal) as refused:
            await desk.run_as(who, merge, alice, boris, **options)
        assert refused.value.key == key
    assert await store.everything() == held
    await desk.run_as(anna, merge, alice, boris, insist=True)
    assert {ticket.customer_id for ticket in await store.tickets()} == {alice}
    owners = await store.rows(select(CameraOwner).order_by(CameraOwner.camera_id))
    assert {row.value for row in owners} == {ALICE.address.chat} and len(owners) == 2
    assert await desk.read(merged_account, BORIS.address) == ALICE.address
    assert await desk.read(merged_account, EVE.address) == EVE.address
    assert (await store.facts(None, "people_merged"))[0]["insisted"] is True


async def test_rights_never_change_hands(desk: Desk) -> None:
    alice = (await opens(desk, ALICE)).customer_id
    staff, anna = await operator(desk, OLGA), await operator(desk, ANNA)

    async def joins(tx: Tx) -> None:
        person = await tx.get(Person, staff.person_id)
        person.operator_since = tx.now

    await desk.run(joins)
    for one, other in ((alice, staff.person_id), (anna.person_id, alice)):
        assert one is not None and other is not None
        with pytest.raises(Refusal, match="merge_staff"):
            await desk.run_as(anna, merge, one, other, insist=True)
    with pytest.raises(NotAllowed):
        await desk.run_as(await customer(desk), merge, alice, alice)


async def test_who_proves_a_phone_finds_the_tickets_that_were_opened_for_it(
    desk: Desk, store: Store
) -> None:
    await contact(desk, "Carol")
    await contact(desk, "Carol J.", words="Another one")
    await contact(desk, "Dave", Point(PHONE, "+79990000000"), words="Not hers")
    person = await desk.run(verify_phone, EVE, MOBILE)
    own = await desk.read(list_own, EVE.address)
    assert len(own.tickets) == 2
    merged = await store.facts(None, "people_merged")
    assert [(facts["person_id"], facts["by"]) for facts in merged] == [(person.id, PHONE)] * 2
    (point,) = await store.rows(select(ContactPoint).where(ContactPoint.value == MOBILE))
    assert (point.person_id, point.verified_at is not None) == (person.id, True)
    heard = await desk.run(hear, EVE, says(EVE, "About the leak", reply_to=None))
    assert heard.ticket is None and len(heard.choices) == 2, "two are open: which one?"


async def test_a_phone_of_another_telegram_account_merges_nobody(desk: Desk, store: Store) -> None:
    await opens(desk, ALICE)
    await desk.run(verify_phone, ALICE, MOBILE)
    await leaves_dialogue(desk, ALICE)
    await desk.run(verify_phone, EVE, MOBILE)
    assert await store.facts(None, "people_merged") == []
    assert len((await desk.read(list_own, ALICE.address)).tickets) == 1


# ------------------------------------------------------------------ in whose time


async def test_a_letter_tells_times_in_the_zone_of_whose_address_it_is(desk: Desk) -> None:
    assert await desk.read(zone_at, MAIL) == desk.company.zone
    first = await contact(desk, "Carol", Point(EMAIL, MAIL))
    assert await desk.read(zone_at, MAIL) == desk.company.zone, "she has said none"
    later = await contact(desk, "Carol's brother", Point(EMAIL, MAIL))

    async def live(tx: Tx, person: int, zone: str) -> None:
        (await tx.get(Person, person)).zone = zone

    await desk.run(live, first, "Asia/Omsk")
    assert await desk.read(zone_at, f"  {MAIL.upper()} ") == ZoneInfo("Asia/Omsk")
    await desk.run(live, later, "Asia/Tokyo")
    assert await desk.read(zone_at, MAIL) == ZoneInfo("Asia/Tokyo"), "said last"

    async def prove(tx: Tx) -> None:
        point = await tx.get(ContactPoint, (first, EMAIL, MAIL))
        point.verified_at = tx.now

    await desk.run(prove)
    assert await desk.read(zone_at, MAIL) == ZoneInfo("Asia/Omsk"), "proved"
    assert await desk.read(zone_at, "Олег <oleg@x>") == desk.company.zone
