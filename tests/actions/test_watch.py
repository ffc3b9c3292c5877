"""What is told of the desk's chats: once, to everybody who must know, in their language (X14)."""

from dataclasses import replace

from sqlalchemy import select

from channels.telegram.addresses import chat_address
from core.company import Company
from core.desk import Desk
from core.models import OutboxRow
from core.people.identity import arrive
from core.setup.chat_health import Condition, find_news, tell
from core.tx import Tx
from tests.actions.people import ALICE, ANNA
from tests.actions.store import Store

GROUP, CHANNEL = chat_address(-1001), chat_address(-1002)
FINE = [Condition("operators", "fine", GROUP, "Desk"), Condition("alerts", "fine", CHANNEL, "Loud")]
GONE = [Condition("operators", "gone", GROUP), FINE[1]]

Told = tuple[str, str, str | None, str]


async def prepared(desk: Desk) -> None:
    """Two admins, one of whom speaks English, and a mailbox."""
    russian, english = replace(ANNA, language="ru"), replace(ALICE, language="en")

    async def come(tx: Tx) -> None:
        for sender in (russian, english):
            await arrive(tx, sender, "customer")

    await desk.run(come)
    desk.company = Company(
        operators_chat=GROUP,
        alerts_chat=CHANNEL,
        admins=frozenset({ANNA.address, ALICE.address, chat_address(999)}),
        mail_alerts_to=("boss@example.com",),
    )


async def told(desk: Desk) -> list[Told]:
    async with desk.database.read() as session:
        rows = await session.scalars(select(OutboxRow).order_by(OutboxRow.id))
        return [(row.channel, row.address, row.key, row.locale) for row in rows]


async def test_a_trouble_is_told_once_to_all_who_can_be_reached(desk: Desk, store: Store) -> None:
    await prepared(desk)
    assert await desk.run(tell, GONE) == []
    key = "setup.operators.gone"
    rows = await told(desk)
    assert rows == [
        ("telegram", ANNA.address.chat, key, "ru"),
        ("telegram", ALICE.address.chat, key, "en"),
        ("telegram", CHANNEL.chat, key, "ru"),
        ("email", "boss@example.com", "mail.troubled.operators", "ru"),
    ]
    assert not await desk.read(find_news, GONE)
    assert await desk.run(tell, GONE) == []
    assert await told(desk) == rows


async def test_the_all_clear_is_told_once_and_lets_go_what_rested(desk: Desk, store: Store) -> None:
    await prepared(desk)
    await desk.run(tell, GONE)
    before = len(await told(desk))
    assert await desk.run(tell, FINE) == [FINE[0]]
    keys = [key for _, _, key, _ in (await told(desk))[before:]]
    assert keys == ["setup.operators.well"] * 3 + ["mail.well.operators"]
    assert await desk.run(tell, FINE) == []


async def test_what_is_fine_or_not_linked_yet_is_no_news(desk: Desk, store: Store) -> None:
    await prepared(desk)
    unlinked = [FINE[0], Condition("alerts", "unlinked")]
    for seen in (FINE, unlinked):
        assert not await desk.read(find_news, seen)
        assert await desk.run(tell, seen) == []
    assert not await told(desk)


async def test_another_trouble_of_the_same_chat_is_told_too_and_never_in_it(
    desk: Desk, store: Store
) -> None:
    await prepared(desk)
    both = [GONE[0], Condition("alerts", "not_admin", CHANNEL, "Loud")]
    await desk.run(tell, both)
    await desk.run(tell, [Condition("operators", "not_admin", GROUP, "Desk"), both[1]])
    rows = await told(desk)
    assert not [address for _, address, _, _ in rows if address in {GROUP.chat, CHANNEL.chat}]
    assert [key for _, address, key, _ in rows if address == ANNA.address.chat] == [
        "setup.operators.gone",
        "setup.alerts.not_admin",
        "setup.operators.not_admin",
    ]
