"""What a letter looks like to the server that gets it."""

import re
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.headerregistry import Address
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from channels.email.channel import EmailChannel
from channels.email.compose import compose, mailbox, named_mailbox, one_line
from core.setup.restored import MailStamp
from tests.channels.email.server import (
    MakeChannel,
    Relay,
    Words,
    delivery,
    own_id,
    read,
    text_of,
)

OURS = {
    "From",
    "To",
    "Subject",
    "Date",
    "Message-ID",
    "Auto-Submitted",
    "X-Auto-Response-Suppress",
    "Content-Type",
    "Content-Transfer-Encoding",
    "MIME-Version",
}


async def test_alice_reads_her_answer_in_russian(channel: EmailChannel, relay: Relay) -> None:
    sent = await channel.send(delivery())

    letter = relay.letter()
    assert letter["Subject"] == "Обращение #12: Камера"
    assert text_of(letter) == "Здравствуйте.\nПочинили.\n"
    assert letter.get_content_type() == "text/plain"
    assert letter["To"] == "alice@x.test"
    assert letter["From"].addresses[0].display_name == "Наш двор"
    assert letter["From"].addresses[0].addr_spec == "desk@frontdoor.test"
    assert letter["Date"].datetime == datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
    assert (relay.letters[0].mail_from, relay.letters[0].rcpt_tos) == (
        "desk@frontdoor.test",
        ["alice@x.test"],
    )
    assert sent.message_refs == (own_id(17, "frontdoor.test"),)
    assert sent.note == {"response": "queued as 4F2A"}


async def test_a_letter_says_that_a_machine_wrote_it(channel: EmailChannel, relay: Relay) -> None:
    await channel.send(delivery())
    assert relay.letter()["Auto-Submitted"] == "auto-generated"
    assert relay.letter()["X-Auto-Response-Suppress"] == "All"
    assert set(relay.letter().keys()) == OURS


async def test_a_retry_is_the_same_letter_byte_for_byte(
    channel: EmailChannel, relay: Relay, words: Words
) -> None:
    await channel.send(delivery())
    await channel.send(delivery(attempts=3))
    first, second = relay.letters
    assert read(first)["Message-ID"] == own_id(17, "frontdoor.test")
    assert first.content == second.content
    assert set(words.asked_at) == {delivery().created_at}


async def test_times_are_told_in_the_zone_of_whoever_reads(
    relay: Relay, words: Words, channel_to: MakeChannel
) -> None:
    asked: list[str] = []

    async def zone_of(address: str) -> ZoneInfo:
        asked.append(address)
        return ZoneInfo("Asia/Omsk")

    channel = channel_to(f"smtp://127.0.0.1:{relay.port}", zone_of=zone_of)
    words.zone = ZoneInfo("Asia/Omsk")
    await channel.send(delivery())
    assert asked == ["alice@x.test"]
    words.zone = ZoneInfo("Asia/Tokyo")  # frozen with the row, where the person was known
    await channel.send(delivery(facts={**delivery().facts, "readers_zone": "Asia/Tokyo"}))
    assert asked == ["alice@x.test"] and len(relay.letters) == 2


async def test_another_row_is_another_letter(channel: EmailChannel, relay: Relay) -> None:
    await channel.send(delivery())
    await channel.send(delivery(id=18))
    assert [read(e)["Message-ID"] for e in relay.letters] == [
        own_id(17, "frontdoor.test"),
        own_id(18, "frontdoor.test"),
    ]


async def test_after_a_restore_the_same_row_is_another_letter_and_nobody_makes_up_its_id(
    relay: Relay, channel_to: MakeChannel
) -> None:
    for epoch, key in ((0, b"a key"), (1, b"a key"), (0, b"another")):

        async def stamp_of(epoch: int = epoch, key: bytes = key) -> MailStamp:
            return MailStamp(epoch, key)

        await channel_to(f"smtp://127.0.0.1:{relay.port}", stamp_of=stamp_of).send(delivery())
    assert len({read(each)["Message-ID"] for each in relay.letters}) == 3


async def test_the_domain_of_the_ids_may_be_another_than_the_sender_s(
    relay: Relay, channel_to: MakeChannel
) -> None:
    channel = channel_to(f"smtp://127.0.0.1:{relay.port}", domain="двор.рф")
    sent = await channel.send(delivery())
    assert sent.message_refs == (own_id(17, "xn--b1ad5ai.xn--p1ai"),)


@pytest.mark.parametrize(
    "title",
    [
        "x\r\nBcc: eve@x.test",
        "x\nBcc: eve@x.test\n\nbody",
        "x\r\n\r\nbody",
        "x\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029Bcc: eve@x.test",
        "=?utf-8?q?x=0D=0ABcc:_eve@x.test?=",
        "=?utf-8?b?eA0KQmNjOiBldmVAeC50ZXN0DQoNCmJvZHk=?=",
        "=?=?utf-8?q?x=0D=0ABcc:_eve@x.test?=?=",
        "=\ud800utf-8?q?x=0D=0ABcc:_eve@x.test?=",
        "=\u202e?utf-8?q?x=0D=0ABcc:_eve@x.test?=",
        "\x00\x1b[31m\x7f",
        "\ud800 lone half",
        "\u202egnp.exe",
        "Камера " * 500,
        "w" * 5000,
        "",
    ],
)
async def test_a_hostile_title_stays_in_the_subject(
    channel: EmailChannel, relay: Relay, title: str
) -> None:
    await channel.send(delivery(facts={"number": 12, "title": title, "text": "Починили."}))
    assert set(relay.letter().keys()) == OURS
    assert relay.letters[0].rcpt_tos == ["alice@x.test"]
    assert text_of(relay.letter()) == "Здравствуйте.\nПочинили.\n"
    assert relay.letter()["Subject"].startswith("Обращение #12:")
    assert len(relay.letter()["Subject"]) <= 200
    assert relay.letter()["Subject"].isprintable()


async def test_a_hostile_text_stays_in_the_body(channel: EmailChannel, relay: Relay) -> None:
    text = "a\r\n.\r\nMAIL FROM:<eve@x.test>\r.\rb\x00\x1b[31m\ud800\tc\n.\n"
    await channel.send(delivery(facts={"number": 12, "title": "x", "text": text}))
    assert text_of(relay.letter()) == (
        "Здравствуйте.\na\n.\nMAIL FROM:<eve@x.test>\n.\nb[31m?\tc\n.\n"
    )


HEADS = re.compile(rb"^([^\s:]+):", re.MULTILINE)
tricky = st.text(
    st.one_of(
        st.sampled_from("=?utf-8bq_ABcc:,<>@\"'()\\;\r\n\t\x0b\x85\u2028\u202e\ud800ж"),
        st.characters(),
    ),
    max_size=300,
)


@settings(max_examples=500, deadline=None)
@given(tricky, tricky)
@example("=?utf-8?q?a=2C_b_<eve@x.test>?=", "=?utf-8?q?=0D=0ABcc:_eve@x.test?=")
@example("a,b" * 50 + "ж", "=?" * 100)
@example('"' * 60 + "\\", "ж" * 75 + " =?x?q??= " * 9)
def test_whatever_the_words_the_head_of_a_letter_is_ours(name: str, subject: str) -> None:
    letter = compose(
        message_id="<1@x.test>",
        sender=mailbox("desk@x.test", name),
        recipient=mailbox("alice@x.test"),
        subject=subject,
        body=subject,
        date=datetime(2026, 11, 24, tzinfo=UTC),
    )
    raw = letter.as_bytes()
    head, _, _ = raw.partition(b"\r\n\r\n")
    assert sorted(HEADS.findall(head)) == sorted(h.encode() for h in OURS)
    back = message_from_bytes(raw, policy=policy.default)
    assert back["From"].addresses[0].addr_spec == "desk@x.test"
    assert len(back["From"].addresses) == 1
    assert all(len(line) <= 998 for line in raw.split(b"\r\n"))


@pytest.mark.parametrize(
    "address",
    [
        "",
        "alice",
        "@x.test",
        "alice@",
        "alice@x.test, eve@x.test",
        "alice@x.test\r\nBcc: eve@x.test",
        "alice@x.test> SIZE=1",
        "Alice <alice@x.test>",
        '"alice eve"@x.test',
        "alice@eve@x.test",
        "alice@x..test",
        "=?utf-8?q?alice?=@x.test",
        f"{'a' * 65}@x.test",
        f"alice@{'x' * 64}.test",
        "ali\u202ece@x.test",
        "alice@[127.0.0.1]",
    ],
)
def test_what_is_not_one_plain_address_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="not an e-mail address"):
        mailbox(address)


def test_a_domain_of_any_alphabet_is_written_in_ascii() -> None:
    assert mailbox(" ivan@Пример.рф ") == Address("", "ivan", "xn--e1afmkfd.xn--p1ai")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("desk@x.test", ""),
        ("Наш двор <desk@x.test>", "Наш двор"),
        ('"Двор, наш" <desk@x.test>', "Двор, наш"),
        ("<desk@x.test>", ""),
    ],
)
def test_the_sender_may_have_a_name(text: str, name: str) -> None:
    assert named_mailbox(text) == Address(name, "desk", "x.test")


@pytest.mark.parametrize("text", ["", "Desk", "a@x.test, b@x.test", "Desk <>", "Desk <a b@x.test>"])
def test_a_sender_that_is_not_one_address_is_refused_at_once(
    channel_to: MakeChannel, text: str
) -> None:
    with pytest.raises(ValueError, match="e-mail address"):
        channel_to("smtp://127.0.0.1", sender=text)


def test_a_sender_whom_few_servers_understand_is_refused_at_once(channel_to: MakeChannel) -> None:
    with pytest.raises(ValueError, match="MAIL_FROM"):
        channel_to("smtp://127.0.0.1", sender="стол@x.test")


def test_a_long_line_is_cut_with_an_ellipsis() -> None:
    assert one_line("слово " * 10, 12) == "слово слово…"
    assert len(one_line("ж" * 500, 200)) == 200


async def test_a_cyrillic_recipient_is_written_to_where_the_server_knows_how(
    channel: EmailChannel, relay: Relay
) -> None:
    await channel.send(delivery("иван@пример.рф"))
    assert relay.letters[0].rcpt_tos == ["иван@xn--e1afmkfd.xn--p1ai"]
    assert set(relay.letter().keys()) == OURS
