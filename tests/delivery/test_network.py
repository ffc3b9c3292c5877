"""Whoever would call another machine inside a transaction is refused before it is called (R4)."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from unittest.mock import AsyncMock

import pytest
from pydantic import SecretStr

from bot.sign_of_life import call
from channels.email.channel import EmailChannel
from channels.telegram.client.gateway import make_bot
from channels.webhooks.channel import WebhookChannel
from core import files
from core.delivery.channel import Delivery
from core.desk import Desk
from core.files import BucketStore
from core.texts import Texts
from core.tx import NetworkInTransaction, ReadTx, Tx
from handlers.mail.fetch import connect
from handlers.mail.mailbox_url import MailboxUrl
from tests.harness import ROOT

NOBODY = "127.0.0.1:1"  # nothing listens there
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
Call = Callable[[], Awaitable[Any]]


def to(channel: str, address: str) -> Delivery:
    facts = {"what": "x", "number": 1}
    return Delivery(1, channel, address, "en", "text", "mail.sick", facts, None, NOON)


async def telegram() -> None:
    bot = make_bot("1:token", f"http://{NOBODY}")
    try:
        await bot.get_me()
    finally:
        await bot.session.close()


async def mail() -> None:
    texts, nothing = Texts.load(ROOT / "locales"), AsyncMock(return_value=None)
    channel = EmailChannel(f"smtp://{NOBODY}", "desk@x.test", texts, nothing, nothing)
    await channel.probe()


async def webhook() -> None:
    async def find(_: int) -> Any:
        raise OSError("the call is made")

    await WebhookChannel(find, lambda: NOON, lambda: 0).send(to("webhook", "1"))


async def bucket() -> None:
    await BucketStore(f"s3://bucket?endpoint=http://{NOBODY}").read("0" * 64)


async def sign_of_life() -> None:
    await call(SecretStr(f"http://{NOBODY}/"))


async def mailbox() -> None:
    connect(MailboxUrl.parse(f"imap://a:b@{NOBODY}?insecure=1"))


CALLS: tuple[Call, ...] = (telegram, mail, webhook, bucket, sign_of_life, mailbox)


@pytest.mark.parametrize("make", CALLS, ids=lambda make: make.__name__)
async def test_another_machine_is_not_called_inside_a_transaction(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, make: Call
) -> None:
    monkeypatch.setattr(files, "ANSWER_WITHIN", 0.2)  # a bucket is asked again until then

    async def acts(_: Tx) -> None:
        await make()

    async def asks(_: ReadTx) -> None:
        await make()

    with pytest.raises(NetworkInTransaction):
        await desk.run(acts)
    with pytest.raises(NetworkInTransaction):
        await desk.read(asks)
    with pytest.raises(Exception) as outside:
        await make()
    assert not isinstance(outside.value, NetworkInTransaction)
