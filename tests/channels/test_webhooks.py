"""Other systems are called when something happens: signed, in order, until they have taken it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from socket import AF_INET

import aiohttp
import pytest
import standardwebhooks
from aiohttp import web
from aiohttp.abc import ResolveResult

from channels.webhooks.channel import WebhookChannel
from core.company import Company
from core.db import Database
from core.delivery.channel import Delivery, SendError
from core.delivery.courier import Courier
from core.delivery.pacing import Pacer
from core.desk import Desk
from core.integrations.webhooks import GONE, WebhookFacts, add_webhook, find_webhook
from core.subscriptions import SUBSCRIBERS
from core.tickets.delivery_results import FOLLOW_UPS
from core.tickets.lifecycle import take
from tests.actions.people import opens, operator

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)


@dataclass
class Other:
    """Another system: keeps what it was sent, and answers as it is told. ``enough`` is set when it
    has taken as many calls as it ``wants``.
    """

    url: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    heard: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    refuses: int = 0
    wants: int = 1
    taken: list[str] = field(default_factory=list)
    enough: asyncio.Event = field(default_factory=asyncio.Event)

    async def hear(self, request: web.Request) -> web.Response:
        self.heard.append((dict(request.headers), await request.read()))
        if self.refuses:
            self.refuses -= 1
            return web.Response(status=500)
        self.taken.append(json.loads(self.heard[-1][1])["type"])
        if len(self.taken) == self.wants:
            self.enough.set()
        return web.Response(status=self.status, headers=self.headers)


@asynccontextmanager
async def listening() -> AsyncIterator[Other]:
    other, app = Other(), web.Application()
    app.router.add_post("/hook", other.hear)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    other.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    try:
        yield other
    finally:
        await runner.cleanup()


def delivery() -> Delivery:
    facts = {"type": "ticket.opened", "at": {"$time": NOW.isoformat()}, "data": {"n": 1}}
    return Delivery(7, "webhook", "3", "ru", "call", None, facts, 12, NOW)


@asynccontextmanager
async def channel(url: str | None, now: datetime | None = None) -> AsyncIterator[WebhookChannel]:
    async def find(number: int) -> WebhookFacts | None:
        known = url is not None and number == 3
        return WebhookFacts(3, "shop", url or "", SECRET, NOW, None) if known else None

    calls = WebhookChannel(find, lambda: now or datetime.now(UTC), lambda: 2)
    try:
        yield calls
    finally:
        await calls.close()


async def test_a_call_is_signed_as_the_standard_says() -> None:
    async with listening() as other, channel(other.url) as calls:
        await calls.send(delivery())
        await calls.send(delivery())
        (headers, body), (again, _) = other.heard
        standardwebhooks.Webhook(SECRET).verify(body, headers)
        assert headers["webhook-id"] == again["webhook-id"] == "fd_2_7"
        assert json.loads(body) == {
            "type": "ticket.opened",
            "timestamp": "2026-11-28T12:00:00+00:00",
            "data": {"n": 1},
        }
        with pytest.raises(standardwebhooks.WebhookVerificationError):
            standardwebhooks.Webhook(SECRET).verify(body + b" ", headers)


@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 401, 404, 500, 502])
async def test_whatever_is_no_success_is_tried_again(status: int) -> None:
    async with listening() as other, channel(other.url) as calls:
        other.status, other.headers = status, {"location": other.url}
        with pytest.raises(SendError) as failed:
            await calls.send(delivery())
        assert not failed.value.permanent and not failed.value.uncertain
        assert len(other.heard) == 1  # no redirect is followed


def found(host: str, port: int) -> ResolveResult:
    return ResolveResult(
        hostname="shop.example", host=host, port=port, family=AF_INET, proto=0, flags=0
    )


async def test_a_name_that_leads_into_the_network_itself_is_not_called(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Asked for its address when it was named it may have said another."""
    leads_to = ["169.254.169.254"]

    async def resolve(_self: object, _host: str, port: int = 0, *_: object) -> list[ResolveResult]:
        return [found(host, port) for host in leads_to]

    monkeypatch.setattr(aiohttp.ThreadedResolver, "resolve", resolve)
    async with listening() as other, channel(other.url.replace("127.0.0.1", "shop.example")) as one:
        with pytest.raises(SendError) as refused:
            await one.send(delivery())
        assert refused.value.reason == "network" and not other.heard
        leads_to.append("127.0.0.1")
        await one.send(delivery())
        assert len(other.heard) == 1


@pytest.mark.parametrize("host", ["169.254.169.254", "2852039166", "0251.0376.0251.0376"])
async def test_an_address_of_the_network_itself_is_not_called(host: str) -> None:
    async with channel(f"http://{host}/hook") as calls:
        with pytest.raises(SendError) as refused:
            await calls.send(delivery())
    assert refused.value.reason == "network"


async def test_a_busy_system_says_how_long_and_one_that_is_gone_ends_it() -> None:
    async with listening() as other, channel(other.url) as calls:
        other.status, other.headers = 429, {"retry-after": "90"}
        with pytest.raises(SendError) as busy:
            await calls.send(delivery())
        assert busy.value.retry_after == 90.0
        other.status = 410
        with pytest.raises(SendError) as gone:
            await calls.send(delivery())
        assert gone.value.permanent and gone.value.reason == GONE


async def test_nobody_there_is_tried_again_and_nobody_wanted_is_not() -> None:
    async with listening() as other:
        url = other.url
    async with channel(url) as calls:
        with pytest.raises(SendError) as away:
            await calls.send(delivery())
        assert away.value.reason == "network" and not away.value.permanent
        assert await calls.was_delivered(delivery()) is None
    async with channel(None) as calls:
        with pytest.raises(SendError) as unwanted:
            await calls.send(delivery())
        assert unwanted.value.permanent


async def test_a_system_that_never_answers_is_given_up_for_now(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hangs = asyncio.Event()

    async def hang(_request: web.Request) -> web.Response:
        await hangs.wait()
        return web.Response()

    monkeypatch.setattr(
        "channels.webhooks.http_calls.TIMEOUT", aiohttp.ClientTimeout(total=0.2, connect=0.2)
    )
    app = web.Application()
    app.router.add_post("/hook", hang)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        async with channel(f"http://127.0.0.1:{runner.addresses[0][1]}/hook") as calls:
            with pytest.raises(SendError) as late:
                await calls.send(delivery())
            assert late.value.reason == "network"
    finally:
        hangs.set()
        await runner.cleanup()


async def test_what_happens_reaches_the_other_system_in_order_though_it_refuses_at_first(
    own_sqlite_url: str,
) -> None:
    database = Database(own_sqlite_url)
    desk = Desk(database, Company(language="en"), SUBSCRIBERS)

    async def find(number: int) -> WebhookFacts | None:
        return await desk.read(find_webhook, number)

    calls = WebhookChannel(find, desk.clock, lambda: 0)
    async with listening() as other:
        other.refuses, other.wants = 2, 4
        secret = await desk.run(add_webhook, "shop", other.url)
        number = (await opens(desk)).id
        await desk.run_as(await operator(desk), take, number)
        courier = Courier(desk, {"webhook": calls}, Pacer(), FOLLOW_UPS)
        running = asyncio.create_task(courier.run())
        try:
            async with asyncio.timeout(60):
                await other.enough.wait()
        finally:
            await courier.stop()
            await running
            await calls.close()
            await database.close()
    assert other.taken == [
        *("ticket.opened", "message.received", "ticket.assigned", "ticket.state_changed"),
    ]
    for headers, body in other.heard:
        standardwebhooks.Webhook(secret).verify(body, headers)
    assert len({headers["webhook-id"] for headers, _ in other.heard}) == 4
