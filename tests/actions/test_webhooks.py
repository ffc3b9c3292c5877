"""What other systems are called for, and when they are not called any more."""

from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import select

from core.delivery import outbox_store
from core.desk import Desk
from core.errors import Refusal
from core.integrations.webhooks import (
    add_webhook,
    list_webhooks,
    remove_webhook,
    resume_webhook,
    stop_failing,
)
from core.models import OutboxRow
from core.people.staff import as_admin
from core.setup.desk_health import find_symptoms
from core.texts import unpack
from core.tickets.conversation import answer_delivered, note, reply
from core.tickets.intake import hear
from core.tickets.lifecycle import move, take
from core.tx import ReadTx
from tests.actions.people import ALICE, ANNA, OLGA, opens, operator, says, writes
from tests.actions.store import Store
from tests.clock import Clock

URL = "https://shop.example/hook?password=secret"


async def calls(desk: Desk) -> list[Any]:
    async def rows(tx: ReadTx) -> Sequence[Any]:
        query = select(OutboxRow).where(OutboxRow.channel == "webhook").order_by(OutboxRow.id)
        return await tx.all(query)

    return list(await desk.read(rows))


async def adds(desk: Desk, name: str = "shop") -> str:
    return await desk.run(as_admin, ANNA, add_webhook, name, URL)


async def test_each_event_is_one_call_with_the_public_words_and_nothing_internal(
    desk: Desk, store: Store
) -> None:
    await opens(desk)  # nobody is called yet
    secret = await adds(desk)
    assert secret.startswith("whsec_")
    number = (await opens(desk, text="The camera is dark")).id
    olga = await operator(desk)
    await desk.run_as(olga, take, number)
    await desk.run_as(olga, note, number, writes("c4nary among us"))
    await desk.run_as(olga, reply, number, writes("We are coming"))
    await desk.run(answer_delivered, [(await store.messages(number))[-1].id])
    await desk.run(hear, ALICE, says(ALICE, "thank you, and when?"))
    await desk.run_as(olga, move, number, "resolve")
    told = [unpack(row.facts) for row in await calls(desk)]
    assert [one["type"] for one in told] == [
        *("ticket.opened", "message.received", "ticket.assigned", "ticket.state_changed"),
        *("message.sent", "message.received", "ticket.state_changed"),
    ]
    assert all(one["data"]["ticket"]["number"] == number for one in told)
    assert told[1]["data"]["message"]["text"] == "The camera is dark"
    assert told[4]["data"]["message"]["text"] == "We are coming"
    assert "c4nary" not in str(told)
    rows = await calls(desk)
    assert {row.ordering_key for row in rows} == {f"webhook:{rows[0].address}:{number}"}


async def test_who_takes_nothing_for_a_day_is_not_called_any_more_and_admins_are_told(
    desk: Desk, clock: Clock
) -> None:
    await adds(desk)
    await operator(desk, ANNA)
    await opens(desk)
    row = (await calls(desk))[0]
    await desk.run(outbox_store.claim, [row.id], {})
    await desk.run(outbox_store.give_back, row.id, after=60.0, error="network")
    assert await desk.run(stop_failing) == 0
    clock.move(minutes=5)
    assert "undelivered" not in await desk.read(find_symptoms)  # it is told when it is stopped
    clock.move(hours=25)
    assert await desk.run(stop_failing) == 1
    assert {one.state for one in await calls(desk)} == {"dropped"}
    assert "webhook.stopped" in await keys(desk)
    before = len(await calls(desk))
    await opens(desk, text="Another one")
    assert len(await calls(desk)) == before
    await desk.run(as_admin, ANNA, resume_webhook, "shop")
    assert await desk.run(stop_failing) == 0
    await opens(desk, text="A third one")
    assert len(await calls(desk)) > before


async def keys(desk: Desk) -> set[str]:
    async def asked(tx: ReadTx) -> Sequence[str | None]:
        return await tx.all(select(OutboxRow.key).where(OutboxRow.channel == "telegram"))

    return {key for key in await desk.read(asked) if key}


async def test_who_says_that_it_is_gone_is_stopped_at_once(desk: Desk) -> None:
    await adds(desk)
    await opens(desk)
    row = (await calls(desk))[0]
    await desk.run(outbox_store.claim, [row.id], {})
    await desk.run(outbox_store.end, row.id, "failed", error="blocked")
    assert await desk.run(stop_failing) == 1
    (shop,) = await desk.read(list_webhooks)
    assert shop.stopped_at is not None
    await desk.run(as_admin, ANNA, resume_webhook, "shop")
    assert await desk.run(stop_failing) == 0


async def test_who_is_removed_gets_nothing_more(desk: Desk) -> None:
    await adds(desk)
    await opens(desk)
    await desk.run(as_admin, ANNA, remove_webhook, "shop")
    assert {row.state for row in await calls(desk)} == {"dropped"}
    assert not await desk.read(list_webhooks)


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("a shop", URL),
        ("x" * 41, URL),
        ("shop", "ftp://shop.example/"),
        ("shop", "shop.example/hook"),
        ("shop", "https://"),
        ("shop", "https://shop.example:99999/"),
        ("shop", "https://shop.example/" + "x" * 1000),
        ("shop", "http://169.254.169.254/latest"),
        ("shop", "http://[::ffff:169.254.169.254]/latest"),
    ],
)
async def test_what_cannot_be_called_is_refused(desk: Desk, name: str, url: str) -> None:
    with pytest.raises(Refusal):
        await desk.run(as_admin, ANNA, add_webhook, name, url)
    assert not await desk.read(list_webhooks)


async def test_a_name_is_used_once_and_only_admins_may(desk: Desk) -> None:
    await adds(desk)
    for who in (ANNA, OLGA):
        with pytest.raises(Refusal):
            await desk.run(as_admin, who, add_webhook, "shop", URL)
    assert len(await desk.read(list_webhooks)) == 1
