"""Consent on both databases: held, agreed to, refused, forgotten, merged, erased (S31)."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from core import inbox
from core.contacts.consents import (
    HELD_FOR,
    PAUSE,
    Visitor,
    agree,
    ask,
    consents_of,
    hold_words,
    is_consent_missing,
    record_consent,
    refuse,
    settle_held,
)
from core.contacts.erasure import erase_own
from core.contacts.erasure_remains import clear_traces, find_remains, has_traces
from core.contacts.merge import merge
from core.desk import Desk
from core.directory.kinds.settings import SettingsEntry
from core.directory.reader import Item, read_directory
from core.directory.store import apply_directory, put_items
from core.errors import Refusal
from core.inbox import HELD, Raw
from core.models import Consent, InboxRow, OutboxRow, Person, Setting
from core.people.identity import Sender, recognise
from core.setup.company_settings import find_company
from core.tx import Actor, Tx
from tests.actions.people import ALICE, BORIS
from tests.actions.store import Store
from tests.clock import Clock

CONSENT = 'consent = { ru = "Храним год.", en = "A year.\\nNo more." }'
TEXT = {"en": "We keep your words for a year."}


def visitor(who: Sender) -> Visitor:
    return Visitor(who.address, who.language or "en", who.address.chat)


@pytest.fixture(autouse=True)
def asked(desk: Desk) -> None:
    desk.company = replace(desk.company, consent=TEXT, consent_version="1")


_ids = iter(range(10_000, 20_000))


async def update(desk: Desk, who: Sender, action: Callable[..., Awaitable[Any]], *args: Any) -> Any:
    """An update of theirs comes in and is handled by this action."""
    external, raw = str(next(_ids)), '{"message": "the canary"}'
    await desk.run(inbox.store, "telegram", [Raw(external, who.address.chat, raw)])
    stored = (await desk.read(inbox.list_unfinished, 0, 100))[-1]
    with desk.handling(stored.id):
        return await desk.run(action, *args)


async def held(store: Store) -> list[str]:
    query = select(InboxRow.ordering_key).where(InboxRow.state == HELD)
    return await store.rows(query.order_by(InboxRow.id))


async def waiting(desk: Desk) -> list[str]:
    return [one.ordering_key for one in await desk.read(inbox.list_unfinished, 0, 100)]


async def test_what_is_held_is_handled_after_a_yes_in_its_order(desk: Desk, store: Store) -> None:
    for who in (ALICE, BORIS, ALICE):
        await update(desk, who, hold_words, visitor(who))
    assert await held(store) == [one.address.chat for one in (ALICE, BORIS, ALICE)]
    assert await waiting(desk) == [] and await store.rows(select(Person.id)) == []
    assert await desk.run(agree, ALICE, visitor(ALICE), "1") == 2
    assert await waiting(desk) == [ALICE.address.chat] * 2
    assert await held(store) == [BORIS.address.chat]
    assert not await desk.read(is_consent_missing, ALICE.address)
    assert await desk.read(is_consent_missing, BORIS.address)
    assert [row.version for row in await store.rows(select(Consent))] == ["1"]
    (facts,) = await store.facts(None, "consent_given")
    assert (facts["version"], facts["origin"]) == ("1", "telegram")
    with pytest.raises(Refusal):
        await desk.run(agree, ALICE, visitor(ALICE), "1")


async def test_words_that_come_together_are_asked_about_once(
    desk: Desk, store: Store, clock: Clock
) -> None:
    for _ in range(3):
        await update(desk, ALICE, hold_words, visitor(ALICE))
    assert len(await store.outbox(ALICE.address.chat, key="consent.ask")) == 1
    (question,) = await store.outbox(ALICE.address.chat)
    await desk.run(_is_sent, question.id)
    clock.move(seconds=PAUSE.total_seconds() + 1)
    await update(desk, ALICE, hold_words, visitor(ALICE))
    assert len(await store.outbox(ALICE.address.chat, key="consent.ask")) == 2


async def test_words_after_an_erasure_of_whomever_are_held_and_asked_about(
    desk: Desk, store: Store
) -> None:
    """It forgets what was said in all that was sent, the question of a moment ago with it."""
    for who in (ALICE, BORIS):
        await desk.run(ask, visitor(who))
    for question in await store.outbox(key="consent.ask"):
        await desk.run(_is_sent, question.id)
    await desk.run(agree, ALICE, visitor(ALICE), "1")
    await desk.run(erase_own, ALICE.address)
    while await desk.read(has_traces):
        await desk.run(clear_traces)
    for who in (ALICE, BORIS):
        await update(desk, who, hold_words, visitor(who))
    assert sorted(await held(store)) == sorted(who.address.chat for who in (ALICE, BORIS))
    waiting_now = [row.address for row in await store.outbox(key="consent.ask", state="queued")]
    assert sorted(waiting_now) == sorted(who.address.chat for who in (ALICE, BORIS))


async def _is_sent(tx: Tx, number: int) -> None:
    (await tx.get(OutboxRow, number)).state = "sent"


async def test_a_no_forgets_what_was_held_of_them_alone(desk: Desk, store: Store) -> None:
    for who in (ALICE, BORIS):
        await update(desk, who, hold_words, visitor(who))
    await desk.run(refuse, ALICE, visitor(ALICE))
    assert await held(store) == [BORIS.address.chat]
    left = await store.rows(select(InboxRow.raw).order_by(InboxRow.id))
    assert left == ["{}", '{"message": "the canary"}']
    assert await store.rows(select(Person.id)) == []
    assert await store.journal(None) == []


async def test_a_no_of_somebody_known_is_in_the_journal(desk: Desk, store: Store) -> None:
    await desk.run(recognise, ALICE)
    await desk.run(refuse, ALICE, visitor(ALICE))
    assert await store.journal(None) == ["consent_refused"]


async def test_a_week_of_silence_forgets(desk: Desk, store: Store, clock: Clock) -> None:
    await update(desk, ALICE, hold_words, visitor(ALICE))
    clock.move(seconds=HELD_FOR.total_seconds() / 2)
    await update(desk, BORIS, hold_words, visitor(BORIS))
    clock.move(seconds=HELD_FOR.total_seconds() / 2 + 1)
    assert await desk.run(settle_held) == 1
    assert await held(store) == [BORIS.address.chat]
    remains = await desk.read(find_remains)
    assert remains is not None and not remains.rewritten, "words were in the database"
    desk.company = replace(desk.company, consent={})
    assert await desk.run(settle_held) == 1
    assert await waiting(desk) == [BORIS.address.chat]


async def test_two_who_are_one_have_agreed_together(desk: Desk, store: Store) -> None:
    async def both(tx: Tx) -> None:
        alice, boris = await recognise(tx, ALICE), await recognise(tx, BORIS)
        await record_consent(tx, alice.id, "1", "web")
        await record_consent(tx, boris.id, "1", "telegram")
        await record_consent(tx, boris.id, "2", "telegram")
        await record_consent(tx, boris.id, "2", "telegram")
        tx.actor = Actor("admin")
        await merge(tx, alice.id, boris.id, insist=True)

    await desk.run(both)
    found = await store.rows(select(Consent).order_by(Consent.version))
    assert [(one.person_id, one.version) for one in found] == [
        (found[0].person_id, "1"),
        (found[0].person_id, "2"),
    ]


async def test_an_erasure_takes_what_is_held_of_another_account_of_theirs_along(
    desk: Desk, store: Store
) -> None:
    async def both(tx: Tx) -> None:
        alice, boris = await recognise(tx, ALICE), await recognise(tx, BORIS)
        tx.actor = Actor("admin")
        await merge(tx, alice.id, boris.id, insist=True)

    await desk.run(both)
    await update(desk, BORIS, hold_words, visitor(BORIS))
    assert await held(store) == [BORIS.address.chat]
    await desk.run(erase_own, ALICE.address)
    assert await held(store) == []


async def test_an_erasure_takes_the_consent_and_what_is_held_along(
    desk: Desk, store: Store
) -> None:
    await desk.run(agree, ALICE, visitor(ALICE), "1")
    desk.company = replace(desk.company, consent_version="2")
    await update(desk, ALICE, hold_words, visitor(ALICE))
    await update(desk, BORIS, hold_words, visitor(BORIS))
    await desk.run(erase_own, ALICE.address)
    assert await held(store) == [BORIS.address.chat]
    assert await store.rows(select(Consent)) == []
    (facts,) = await store.facts(None, "consent_given")
    assert facts["version"] == "1"


# The settings


async def test_the_text_and_its_version_are_settings_of_the_directory(
    desk: Desk, store: Store
) -> None:
    lines = ("[settings]", CONSENT, 'consent_version = "2"')
    document = read_directory("\n".join(lines))
    assert not document.faults
    await desk.run(apply_directory, document)
    settings = await store.rows(select(Setting).order_by(Setting.name))
    kept = {one.name: one.value["is"] for one in settings}
    assert kept == {
        "consent": {"ru": "Храним год.", "en": "A year.\nNo more."},
        "consent_version": "2",
    }
    company = await desk.read(find_company)
    assert company.consent_in("en") == "A year.\nNo more."
    off = SettingsEntry(consent="off")
    await desk.run(put_items, [Item(off)])
    assert (await desk.read(find_company)).consent == {}


@pytest.mark.parametrize(
    "line",
    [
        "consent = {}",
        'consent = "yes"',
        'consent = { de = "Ein Jahr" }',
        'consent = { ru = " " }',
        'consent = { ru = "' + "х" * 3001 + '" }',
        'consent_version = ""',
        'consent_version = "v 2"',
        'consent_version = "12345678901234567"',
    ],
)
def test_what_is_no_consent_is_refused(line: str) -> None:
    assert read_directory(f"[settings]\n{line}").faults


async def test_what_was_agreed_to_is_listed_the_latest_first(desk: Desk, clock: Clock) -> None:
    async def twice(tx: Tx, version: str) -> int:
        person = await recognise(tx, ALICE)
        await record_consent(tx, person.id, version, "telegram")
        return person.id

    await desk.run(twice, "1")
    clock.move(hours=1)
    number = await desk.run(twice, "2")
    assert [version for version, _ in await desk.read(consents_of, number)] == ["2", "1"]
