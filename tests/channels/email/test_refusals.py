"""What the courier is told when a letter does not go."""

import asyncio
import socket
from typing import Any, Self

import pytest

from channels.email.channel import EmailChannel
from channels.email.refusals import is_of_address
from channels.email.relay import Relay as RelayUrl
from core.delivery.channel import Channel, SendError, Sent
from tests.channels.certificate import Certificate
from tests.channels.email.server import MakeChannel, Relay, Start, delivery, own_id

TRY_AGAIN = {"permanent": False, "configuration": False, "lasting": True}
GIVE_UP = {"permanent": True, "configuration": False, "lasting": False}
OUR_FAULT = {"permanent": False, "configuration": True, "lasting": False}


def test_letters_are_a_channel(channel: EmailChannel) -> None:
    like_any_other: Channel = channel
    assert like_any_other.name == "email"


async def refusal(channel: EmailChannel, address: str = "alice@x.test") -> SendError:
    with pytest.raises(SendError) as caught:
        await channel.send(delivery(address))
    error = caught.value
    assert not error.uncertain, "the Message-ID makes trying again harmless"
    assert (error.retry_after, error.moved_to) == (None, None)
    return error


def verdict(error: SendError) -> tuple[str, dict[str, bool]]:
    return error.reason, {kind: getattr(error, kind) for kind in TRY_AGAIN}


@pytest.mark.parametrize(
    ("code", "reason", "then"),
    [
        (421, "busy", TRY_AGAIN),
        (450, "busy", TRY_AGAIN),
        (451, "busy", TRY_AGAIN),
        (452, "busy", TRY_AGAIN),
        (530, "configuration", OUR_FAULT),
        (550, "blocked", GIVE_UP),
        (551, "blocked", GIVE_UP),
        (552, "bad_request", GIVE_UP),  # the mailbox is full
        (553, "blocked", GIVE_UP),
        (554, "blocked", GIVE_UP),
    ],
)
async def test_a_refused_recipient(
    channel: EmailChannel, relay: Relay, code: int, reason: str, then: dict[str, bool]
) -> None:
    error = await refusal(channel, f"{code}@x.test")
    assert verdict(error) == (reason, then)
    assert error.detail == f"{code} refused as asked"
    assert not relay.letters


@pytest.mark.parametrize(
    ("code", "words", "at_fault"),
    [
        (550, "5.1.1 no such user", True),
        (550, "5.1.10 the domain takes no mail", True),
        (550, "5.2.1 disabled", True),
        (550, "5.0.0 no", True),
        (550, "5.5.0 mailbox unavailable", True),
        (552, "5.5.0 over quota", False),
        (550, "5.5.1 bad sequence", False),
        (550, "no such user", True),
        (550, "5.1.8 the sender's domain does not exist", False),
        (552, "5.2.2 over quota", False),
        (552, "over quota", False),
        (550, "5.2.3 too long", False),
        (550, "5.4.4 no way there", False),
        (550, "5.7.1 refused by a policy of 5.1.1.9", False),
        (550, "no such user at 5.7.1.9", True),
    ],
)
def test_a_full_mailbox_or_a_policy_is_no_fault_of_the_address(
    code: int, words: str, at_fault: bool
) -> None:
    """RFC 3463: the second figure says what the refusal is about."""
    assert is_of_address(code, words) is at_fault


@pytest.mark.parametrize(
    ("reply", "reason", "then"),
    [
        ("421 going down", "busy", TRY_AGAIN),
        ("451 greylisted", "busy", TRY_AGAIN),
        ("452 no space", "busy", TRY_AGAIN),
        ("530 authenticate first", "configuration", OUR_FAULT),
        ("550 content refused", "bad_request", GIVE_UP),
        ("552 too big", "bad_request", GIVE_UP),
        ("554 spam", "bad_request", GIVE_UP),
    ],
)
async def test_a_refused_letter(
    channel: EmailChannel, relay: Relay, reply: str, reason: str, then: dict[str, bool]
) -> None:
    relay.data_reply = reply
    assert verdict(await refusal(channel)) == (reason, then)


@pytest.mark.parametrize(
    ("reply", "reason", "then"),
    [
        ("451 later", "busy", TRY_AGAIN),
        ("530 STARTTLS first", "configuration", OUR_FAULT),
        ("535 bad credentials", "configuration", OUR_FAULT),
        ("550 not your address", "configuration", OUR_FAULT),
        ("552 too big", "bad_request", GIVE_UP),
        ("553 not your address", "configuration", OUR_FAULT),
    ],
)
async def test_a_refused_sender(
    channel: EmailChannel, relay: Relay, reply: str, reason: str, then: dict[str, bool]
) -> None:
    relay.mail_reply = reply
    assert verdict(await refusal(channel)) == (reason, then)


async def test_a_hostile_reply_is_one_short_line_in_the_log(
    channel: EmailChannel, relay: Relay
) -> None:
    relay.data_reply = "554-first\r\n554 \x1b[31m" + "x" * 400
    error = await refusal(channel)
    assert error.detail.isprintable()
    assert len(error.detail) <= 200


# The line


async def test_a_line_cut_after_the_letter_is_tried_again_under_the_same_id(
    channel: EmailChannel, relay: Relay
) -> None:
    relay.drop_in_data = True
    assert verdict(await refusal(channel)) == ("network", TRY_AGAIN)
    assert channel.probe_context() == {}
    assert await channel.was_delivered(delivery()) is None
    relay.drop_in_data = False
    assert await channel.send(delivery()) == Sent(
        message_refs=(own_id(17, "frontdoor.test"),), note={"response": "queued as 4F2A"}
    )
    first, second = relay.letters
    assert first.content == second.content


async def test_nobody_listens_there(channel_to: MakeChannel) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody else gets it meanwhile
        channel = channel_to(f"smtp://127.0.0.1:{taken.getsockname()[1]}")
        assert verdict(await refusal(channel)) == ("network", TRY_AGAIN)


async def test_a_name_that_does_not_exist_is_trouble_of_the_network(
    channel_to: MakeChannel,
) -> None:
    channel = channel_to("smtp://no-such-relay.invalid", timeout=5)
    assert verdict(await refusal(channel)) == ("network", TRY_AGAIN)


class Listener:
    """A port that says what it is given, and then nothing."""

    def __init__(self, *lines: bytes) -> None:
        self.lines, self.port = lines, 0
        self.spoken_to, self.left = asyncio.Event(), asyncio.Event()
        self._open: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._talk, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for writer in self._open:
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(writer)
        writer.writelines(self.lines)
        while await reader.readline():
            self.spoken_to.set()
        self.left.set()
        writer.close()


async def test_a_black_hole_is_left_in_time(channel_to: MakeChannel) -> None:
    async with Listener() as hole:
        channel = channel_to(f"smtp://127.0.0.1:{hole.port}", timeout=0.1)
        async with asyncio.timeout(60):
            assert verdict(await refusal(channel)) == ("network", TRY_AGAIN)


async def test_a_relay_that_falls_silent_after_its_greeting_is_left_in_time(
    channel_to: MakeChannel,
) -> None:
    async with Listener(b"220 hello\r\n") as hole:
        channel = channel_to(f"smtp://127.0.0.1:{hole.port}", timeout=0.1)
        async with asyncio.timeout(60):
            assert verdict(await refusal(channel)) == ("network", TRY_AGAIN)


@pytest.mark.parametrize(
    ("greeting", "reason", "then"),
    [
        (b"421 too many connections\r\n", "busy", TRY_AGAIN),
        (b"554 you are on a list\r\n", "configuration", OUR_FAULT),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "network", TRY_AGAIN),
    ],
)
async def test_a_greeting_that_is_none(
    channel_to: MakeChannel, greeting: bytes, reason: str, then: dict[str, bool]
) -> None:
    async with Listener(greeting) as listener:
        channel = channel_to(f"smtp://127.0.0.1:{listener.port}")
        assert verdict(await refusal(channel)) == (reason, then)


async def test_a_silent_farewell_does_not_undo_a_letter(
    channel: EmailChannel, relay: Relay
) -> None:
    relay.hang_up_at_quit = True
    assert (await channel.send(delivery())).message_refs == (own_id(17, "frontdoor.test"),)


async def test_a_send_that_is_cancelled_leaves_no_connection(channel_to: MakeChannel) -> None:
    async with Listener(b"220 hello\r\n") as hole, asyncio.timeout(60):
        sending = asyncio.create_task(channel_to(f"smtp://127.0.0.1:{hole.port}").send(delivery()))
        await hole.spoken_to.wait()
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        await hole.left.wait()


# TLS and login


async def test_starttls_carries_the_password_and_the_letter(
    start_relay: Start, channel_to: MakeChannel, certificate: Certificate
) -> None:
    relay = await start_relay(
        tls_context=certificate.server, require_starttls=True, auth_required=True, login=True
    )
    url = f"smtp+starttls://desk:p%40ss%2Fword@127.0.0.1:{relay.port}"
    channel = channel_to(url, tls=certificate.trusting)
    await channel.send(delivery())
    assert relay.seen == ["MAIL over TLS"]
    assert relay.letter()["To"] == "alice@x.test"


async def test_smtps_is_encrypted_from_the_first_byte(
    start_relay: Start, channel_to: MakeChannel, certificate: Certificate
) -> None:
    relay = await start_relay(tls_first=certificate.server)
    channel = channel_to(f"smtps://127.0.0.1:{relay.port}", tls=certificate.trusting)
    await channel.send(delivery())
    assert relay.letter()["To"] == "alice@x.test"


@pytest.mark.parametrize("scheme", ["smtps", "smtp+starttls"])
async def test_a_certificate_nobody_vouches_for_stops_the_channel(
    start_relay: Start, channel_to: MakeChannel, certificate: Certificate, scheme: str
) -> None:
    first = {"tls_first": certificate.server}
    later = {"tls_context": certificate.server}
    relay = await start_relay(**(first if scheme == "smtps" else later))
    error = await refusal(channel_to(f"{scheme}://127.0.0.1:{relay.port}"))
    assert verdict(error) == ("configuration", OUR_FAULT)
    assert "certificate" in error.detail
    assert not relay.letters


async def test_a_relay_without_starttls_gets_nothing_in_plain_text(
    relay: Relay, channel_to: MakeChannel
) -> None:
    error = await refusal(channel_to(f"smtp+starttls://127.0.0.1:{relay.port}"))
    assert verdict(error) == ("configuration", OUR_FAULT)
    assert not relay.seen


async def test_smtps_to_a_port_of_plain_text_stops_the_channel(channel_to: MakeChannel) -> None:
    async with Listener(b"220 plain\r\n") as listener:
        error = await refusal(channel_to(f"smtps://127.0.0.1:{listener.port}"))
    assert verdict(error) == ("configuration", OUR_FAULT)


async def test_a_wrong_password_stops_the_channel_and_is_not_told(
    start_relay: Start, channel_to: MakeChannel
) -> None:
    relay = await start_relay(login=True, auth_require_tls=False)
    error = await refusal(channel_to(f"smtp://desk:s3cret@127.0.0.1:{relay.port}"))
    assert verdict(error) == ("configuration", OUR_FAULT)
    assert "s3cret" not in str(error)


async def test_a_password_for_a_relay_that_knows_no_logins_stops_the_channel(
    start_relay: Start, channel_to: MakeChannel
) -> None:
    relay = await start_relay(auth_exclude_mechanism=["LOGIN", "PLAIN"])
    error = await refusal(channel_to(f"smtp://desk:secret@127.0.0.1:{relay.port}"))
    assert verdict(error) == ("configuration", OUR_FAULT)


# What never reaches a server


@pytest.mark.parametrize("address", ["alice", "a@x.test, b@x.test", "a@x.test\r\nRCPT TO:<b@x>"])
async def test_an_address_that_is_none_ends_the_row(
    channel: EmailChannel, relay: Relay, address: str
) -> None:
    assert verdict(await refusal(channel, address)) == ("blocked", GIVE_UP)
    assert not relay.seen


async def test_a_cyrillic_recipient_is_given_up_where_the_server_knows_only_latin(
    start_relay: Start, channel_to: MakeChannel
) -> None:
    relay = await start_relay(enable_SMTPUTF8=False)
    channel = channel_to(f"smtp://127.0.0.1:{relay.port}")
    assert verdict(await refusal(channel, "иван@x.test")) == ("blocked", GIVE_UP)


@pytest.mark.parametrize("changes", [{"kind": "reaction"}, {"key": None}])
async def test_what_is_no_letter_is_said_to_be_unsupported(
    channel: EmailChannel, changes: dict[str, Any]
) -> None:
    with pytest.raises(SendError) as caught:
        await channel.send(delivery(**changes))
    assert verdict(caught.value) == ("unsupported", GIVE_UP)


# The doctor


async def test_the_doctor_finds_a_healthy_relay_and_leaves_no_letter(
    start_relay: Start, channel_to: MakeChannel
) -> None:
    relay = await start_relay(login=True, auth_require_tls=False)
    channel = channel_to(f"smtp://desk:p%40ss%2Fword@127.0.0.1:{relay.port}")
    await channel.probe()
    await channel.close()
    assert not relay.letters


@pytest.mark.parametrize("reply", ["530 authenticate first", "553 not your address"])
async def test_the_doctor_learns_that_letters_would_be_refused(
    channel: EmailChannel, relay: Relay, reply: str
) -> None:
    relay.mail_reply = reply
    with pytest.raises(SendError) as caught:
        await channel.probe()
    assert caught.value.configuration


# SMTP_URL


@pytest.mark.parametrize(
    ("url", "port", "use_tls", "start_tls"),
    [
        ("smtp://relay.test", 25, False, False),
        ("smtps://relay.test", 465, True, False),
        ("smtp+starttls://relay.test/", 587, False, True),
        ("SMTP+STARTTLS://relay.test:2525", 2525, False, True),
    ],
)
def test_the_url_alone_says_how_the_line_is_protected(
    url: str, port: int, use_tls: bool, start_tls: bool
) -> None:
    relay = RelayUrl.parse(url)
    assert relay == RelayUrl("relay.test", port, use_tls, start_tls)


def test_user_and_password_may_hold_anything_when_percent_encoded() -> None:
    relay = RelayUrl.parse("smtps://desk%40x.test:p%2Fa%3As%40s%25@[::1]:465")
    assert (relay.username, relay.password, relay.host) == ("desk@x.test", "p/a:s@s%", "::1")
    assert "p/a" not in repr(relay)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "relay.test:25",
        "http://relay.test",
        "smtp://",
        "smtp://:25",
        "smtp://relay.test:99999",
        "smtp://desk:s3cret/x@relay.test",
        "smtp://desk:s3cret?x@relay.test",
        "smtp://desk:s3cret#x@relay.test:25",
        "smtp://relay.test/inbox",
    ],
)
def test_a_url_that_cannot_be_used_is_refused_without_telling_the_password(url: str) -> None:
    with pytest.raises(ValueError, match="SMTP_URL") as caught:
        RelayUrl.parse(url)
    assert "s3cret" not in str(caught.value)
