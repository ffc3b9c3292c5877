"""Servers that a test starts in its own loop, and channels that talk to them."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from aiosmtpd.smtp import SMTP

from channels.email.channel import EmailChannel
from core.setup.restored import MailStamp
from tests.channels.email.server import (
    MOSCOW,
    STAMP,
    MakeChannel,
    Relay,
    Start,
    Words,
    check_login,
)


async def in_moscow(_address: str) -> ZoneInfo:
    return MOSCOW


async def stamp() -> MailStamp:
    return STAMP


@pytest.fixture
async def start_relay() -> AsyncIterator[Start]:
    """Start servers that listen on a port of their own until the test is over."""
    loop = asyncio.get_running_loop()
    async with AsyncExitStack() as stack:

        async def start(
            *, tls_first: ssl.SSLContext | None = None, login: bool = False, **how: Any
        ) -> Relay:
            relay = Relay()
            options: dict[str, Any] = {"enable_SMTPUTF8": True, "hostname": "relay.test"}
            options |= {"loop": loop, "authenticator": check_login if login else None, **how}

            server = await loop.create_server(
                lambda: SMTP(relay, **options), "127.0.0.1", 0, ssl=tls_first
            )
            stack.callback(server.close)
            relay.port = server.sockets[0].getsockname()[1]
            return relay

        yield start


@pytest.fixture
async def relay(start_relay: Start) -> Relay:
    return await start_relay()


@pytest.fixture
def words() -> Words:
    return Words()


@pytest.fixture
def channel_to(words: Words) -> MakeChannel:
    def make(url: str, **how: Any) -> EmailChannel:
        sender = how.pop("sender", "Наш двор <desk@frontdoor.test>")
        zone_of, stamp_of = how.pop("zone_of", in_moscow), how.pop("stamp_of", stamp)
        return EmailChannel(url, sender, words, zone_of, stamp_of, **how)

    return make


@pytest.fixture
def channel(relay: Relay, channel_to: MakeChannel) -> EmailChannel:
    return channel_to(f"smtp://127.0.0.1:{relay.port}")
