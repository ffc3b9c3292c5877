"""Signs on people's messages that found no room at once: the newest stands in the end (X16)."""

from datetime import datetime
from typing import Any

from sqlalchemy import select

from core.delivery.acknowledgements import sign_later
from core.delivery.outbox import row, write
from core.delivery.pacing import Priority
from core.desk import Desk
from core.models import Message
from core.tx import Tx
from tests.actions.people import ALICE, opens, says
from tests.actions.store import Store
from tests.clock import Clock


async def waiting(store: Store) -> list[Any]:
    rows = await store.outbox(ALICE.address.chat, kind="reaction", state="queued")
    return [one.facts["emoji"] for one in sorted(rows, key=lambda one: one.id)]


async def cleared(desk: Desk, store: Store) -> None:
    """As the desk takes a sign back from words that are shown to nobody."""

    async def clear(tx: Tx) -> None:
        said = (await tx.all(select(Message).order_by(Message.id)))[0]
        chat = said.source.address
        taken_back = row(
            tx,
            chat,
            "reaction",
            Priority.RECEIPT,
            ordering_key=f"{chat.chat}:{said.ticket_id}:reaction",
            facts={"emoji": None, "reply": said.source.message},
            ticket_id=said.ticket_id,
            message_id=said.id,
            dedup_key=f"receipt:{said.id}@{chat.chat}",
        )
        await write(tx, [taken_back])

    await desk.run(clear)


async def asked(desk: Desk, emoji: str, at: datetime) -> None:
    async with desk.database.read() as session:
        (said,) = await session.scalars(select(Message))
    await desk.run(sign_later, said.source, emoji, at)


async def test_of_two_signs_that_wait_for_one_message_the_newer_is_shown(
    desk: Desk, store: Store, clock: Clock
) -> None:
    await opens(desk)
    await asked(desk, "👀", clock())
    clock.move(seconds=1)
    await asked(desk, "👌", clock())
    assert await waiting(store) == ["👌"]


async def test_a_sign_that_comes_late_does_not_undo_what_was_shown_after_it(
    desk: Desk, store: Store, clock: Clock
) -> None:
    await opens(desk)
    at = clock()
    clock.move(seconds=5)
    await cleared(desk, store)
    clock.move(seconds=5)
    await asked(desk, "👌", at)
    assert await waiting(store) == [None]
    await asked(desk, "👌", clock())
    assert await waiting(store) == ["👌"]


async def test_signs_of_other_messages_wait_for_themselves(
    desk: Desk, store: Store, clock: Clock
) -> None:
    await opens(desk)
    await asked(desk, "👌", clock())
    await desk.run(sign_later, says(ALICE, "of nobody").ref, "👀", clock())
    assert sorted(await waiting(store)) == sorted(["👌", "👀"])
