"""Mails of every quality are read; none stops the desk."""

import base64
import io
import os
import random
import struct
import time
import zipfile
from email.message import EmailMessage
from statistics import median
from typing import Final

import pytest

from channels.email.compose import compose, mailbox
from core.contacts.erased_senders import sender_digest
from handlers.mail.nature import Nature, blacklisted, bounce_of, is_proved, nature_of
from handlers.mail.parse import Mail, parse
from handlers.mail.parser_process import PARSE_TIMEOUT
from tests.handlers.mail import samples
from tests.rules.test_quotes import ATTRIBUTIONS, HTML, MARKED

WORDS = "Не открывается."


def mail(*headers: str, body: bytes = b"words") -> Mail:
    head = "\r\n".join(("From: Anna <anna@x.test>", *headers)).encode("utf-8", "surrogateescape")
    return parse(head + b"\r\n\r\n" + body)


@pytest.mark.parametrize("charset", ["utf-8", "koi8-r", "windows-1251", "iso-8859-5", "cp866"])
@pytest.mark.parametrize("encoding", ["8bit", "base64", "quoted-printable"])
def test_words_of_any_charset_are_read(charset: str, encoding: str) -> None:
    data = WORDS.encode(charset)
    if encoding == "base64":
        data = base64.encodebytes(data)
    elif encoding == "quoted-printable":
        data = "".join(f"={byte:02X}" for byte in data).encode()
    found = mail(
        f"Content-Type: text/plain; charset={charset}",
        f"Content-Transfer-Encoding: {encoding}",
        body=data,
    )
    assert found.words.new == WORDS


@pytest.mark.parametrize("charset", ["", "x-unknown", "utf-9", "us-ascii", "нет", '"'])
@pytest.mark.parametrize("data", [WORDS.encode(), WORDS.encode("windows-1251")])
def test_words_of_an_unknown_charset_are_read_all_the_same(charset: str, data: bytes) -> None:
    assert mail(f"Content-Type: text/plain; charset={charset}", body=data).words.new == WORDS


def test_raw_letters_in_headers_are_read() -> None:
    raw = "From: Анна <anna@x.test>\r\nSubject: Ворота\r\n\r\nx".encode("windows-1251")
    assert (parse(raw).name, parse(raw).subject) == ("Анна", "Ворота")


def test_letters_that_were_cut_in_the_middle_do_not_spoil_the_others() -> None:
    raw = "From: Анна Петровна".encode() + b"\xd0 <anna@x.test>\r\n\r\nx"
    assert parse(raw).name == "Анна Петровна\ufffd"
    subject = base64.b64encode(b"\x1b$B'('%\x2d\x62\x1b(B 41").decode()
    assert mail(f"Subject: =?iso-2022-jp?b?{subject}?=").subject == "ЖД№ 41"
    broken = base64.b64encode(b"\x1b$B\x7f\x7f\x1b(B 41").decode()
    assert "41" in mail(f"Subject: =?iso-2022-jp?b?{broken}?=").subject
    assert "$B" not in mail(f"Subject: =?iso-2022-jp?b?{broken}?=").subject


def test_raw_letters_in_the_name_of_a_file_are_read() -> None:
    raw = 'Content-Disposition: attachment; filename="ворота.png"\r\n\r\nx'.encode()
    (file,) = parse(b"From: a@x.test\r\n" + raw).attachments
    assert file.name == "ворота.png"


def test_an_address_in_a_name_is_no_sender() -> None:
    found = parse(b'From: "victim@y.test" <anna@x.test>\r\n\r\nx')
    assert found.sender == "anna@x.test"
    assert parse(b"From: a@x.test, b@y.test\r\n\r\nx").sender is None
    coded = b"From: =?utf-8?q?victim=40y=2Etest=2C?= <anna@x.test>\r\n\r\nx"
    assert parse(coded).sender == "anna@x.test"


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "etc_passwd"),
        ("plan\u202egpj.exe", "plan_gpj.exe"),
        ("a\r\nBcc: x.pdf", "a Bcc_ x.pdf"),
        (".hidden", "hidden"),
        ("", "file-1.pdf"),
        ("C:\\Windows\\x.dll", "C_Windows_x.dll"),
        ("x" * 300 + ".pdf", "x" * 110 + ".pdf"),
    ],
)
def test_names_of_files_are_made_safe(name: str, shown: str) -> None:
    coded = base64.b64encode(name.encode()).decode()
    found = mail(
        "Content-Type: application/pdf",
        f'Content-Disposition: attachment; filename="=?utf-8?b?{coded}?="',
        body=b"%PDF",
    )
    assert [one.name for one in found.attachments] == [shown]


def test_an_html_mail_is_its_words_and_nothing_is_run() -> None:
    html = (
        "<html><head><style>p{}</style><script>alert(1)</script></head><body><p>Первая</p>"
        "<ul><li>раз<li>два</ul><img src='http://x.test/track.png'><table><tr><td>а<td>б</table>"
    )
    found = mail("Content-Type: text/html; charset=utf-8", body=html.encode())
    assert found.words.new == "Первая\n\n• раз\n• два\nа б"


def test_nested_mails_and_invitations_are_files() -> None:
    letter = EmailMessage()
    letter["From"] = "anna@x.test"
    letter.set_content("See below.")
    inner = EmailMessage()
    inner["Subject"] = "inner"
    inner.set_content("inner words")
    letter.add_attachment(inner)
    letter.add_attachment(b"BEGIN:VCALENDAR", maintype="text", subtype="calendar")
    found = parse(letter.as_bytes())
    assert found.words.new == "See below."
    assert [one.name for one in found.attachments] == ["file-1.eml", "file-2.ics"]
    assert b"inner words" in found.attachments[0].data


def test_an_invitation_without_a_name_is_a_file() -> None:
    found = mail("Content-Type: text/calendar", body=b"BEGIN:VCALENDAR")
    assert [one.name for one in found.attachments] == ["file-1.ics"]


def test_an_empty_file_is_a_file() -> None:
    letter = EmailMessage()
    letter["From"] = "anna@x.test"
    letter.set_content("See here.")
    letter.add_attachment(b"", maintype="image", subtype="png", filename="")
    letter.add_attachment(b"", maintype="image", subtype="png", filename="plan.png")
    found = parse(letter.as_bytes())
    assert [(one.name, one.data) for one in found.attachments] == [
        ("file-1.png", b""),
        ("plan.png", b""),
    ]


def test_of_very_many_files_the_last_are_one_archive() -> None:
    letter = EmailMessage()
    letter["From"] = "anna@x.test"
    letter.set_content(WORDS)
    for number in range(60):
        letter.add_attachment(f"{number}".encode(), "image", "png", filename="ворота.png")
    *shown, last = parse(letter.as_bytes()).attachments
    assert [one.data for one in shown] == [f"{number}".encode() for number in range(49)]
    assert (last.name, last.type) == ("50-60.zip", "application/zip")
    with zipfile.ZipFile(io.BytesIO(last.data)) as archive:
        names = archive.namelist()
        assert names[0] == "050 ворота.png" and len(names) == 11
        assert [archive.read(name) for name in names] == [f"{n}".encode() for n in range(49, 60)]


def tnef(name: bytes, data: bytes) -> bytes:
    """Outlook's container with one file."""

    def attribute(kind: int, value: bytes) -> bytes:
        return (
            struct.pack("<BII", 2, kind, len(value)) + value + struct.pack("<H", sum(value) % 65536)
        )

    parts = (0x00069002, b"\0" * 14), (0x00018010, name + b"\0"), (0x0006800F, data)
    return struct.pack("<IH", 0x223E9F78, 1) + b"".join(attribute(*part) for part in parts)


def test_files_in_a_winmail_come_by_their_names() -> None:
    packed = base64.encodebytes(tnef(b"plan.pdf", b"%PDF"))
    kind = "Content-Type: application/ms-tnef; name=winmail.dat"
    found = mail(kind, "Content-Transfer-Encoding: base64", body=packed)
    assert [(one.name, one.data) for one in found.attachments] == [("plan.pdf", b"%PDF")]


@pytest.mark.parametrize("data", [b"\x78\x9f\x3e\x22xx", b"no container at all"])
def test_winmail_that_cannot_be_read_is_kept_as_it_is(data: bytes) -> None:
    found = mail("Content-Type: application/ms-tnef; name=winmail.dat", body=data)
    assert [one.name for one in found.attachments] == ["winmail.dat"]


@pytest.mark.parametrize(("headers", "nature"), samples.NATURES)
def test_what_no_person_wrote_is_recognised(headers: tuple[str, ...], nature: Nature) -> None:
    assert nature_of(mail(*headers), {"support@desk.test"}) is nature


def test_a_mail_of_nobody_with_an_empty_return_path_is_a_bounce() -> None:
    assert nature_of(parse(b"Return-Path: <>\r\nSubject: x\r\n\r\nwords"), ()) is Nature.BOUNCE
    daemon = b"From: Mail System <MAILER-DAEMON@mx.test>\r\nSubject: x\r\n\r\nwords"
    assert nature_of(parse(daemon), ()) is Nature.BOUNCE
    answer = b"Return-Path: <>\r\nFrom: anna@x.test\r\nSubject: x\r\n\r\nwords"
    assert nature_of(parse(answer), ()) is Nature.PERSON


@pytest.mark.parametrize(("words", "report", "verdict"), samples.BOUNCES)
def test_a_bounce_says_who_was_not_reached(
    words: str, report: str, verdict: tuple[bool, bool]
) -> None:
    raw = samples.bounce(words, report)
    bounce, ids = bounce_of(parse(raw), raw)
    assert (bounce.address, bounce.failed, bounce.gone) == ("boris@y.test", *verdict)
    assert "outbox-5.2.x@desk.test" in ids


@pytest.mark.parametrize(("headers", "proved"), samples.PROOFS)
def test_only_our_own_servers_top_most_word_proves_a_sender(
    headers: tuple[str, ...], proved: bool
) -> None:
    assert is_proved(mail(*headers), ("mx.desk.test",)) is proved


def test_without_a_server_of_ours_nobody_is_proved_or_disproved() -> None:
    assert is_proved(mail("Authentication-Results: mx.desk.test; dmarc=pass"), ()) is None


def test_a_mail_without_an_id_gets_one_that_follows_from_its_bytes() -> None:
    first, again, other = mail("Subject: x"), mail("Subject: x"), mail("Subject: y")
    assert first.id == again.id != other.id
    assert first.id.endswith("@no-id")


# Seconds of CPU.
MEDIAN: Final = 0.010


def test_a_usual_mail_is_read_within_ten_milliseconds() -> None:
    answers = [f"{WORDS}\n\n{line}\n{MARKED}" for line in ATTRIBUTIONS.values()]
    pages = [page.format(new=WORDS, old=MARKED) for page in HTML.values()]
    usual = [*samples.WHOLE, *map(samples.plain, answers), *map(samples.rich, pages)]
    times = []
    for raw in usual * 3:
        began = time.process_time()
        parse(raw)
        times.append(time.process_time() - began)
    assert median(times) < MEDIAN


# MAIL_SAMPLES=5000 for the long form.
MANY: Final = int(os.environ.get("MAIL_SAMPLES", "200"))


def test_mutated_mails_are_read_or_refused_and_none_takes_long() -> None:
    drawn = random.Random(12)
    for number in range(MANY):
        raw = bytearray(samples.WHOLE[number % len(samples.WHOLE)])
        for _ in range(drawn.randint(1, 30)):
            samples.mutate(raw, drawn)
        began = time.process_time()
        try:
            found = parse(bytes(raw))
        except ValueError:
            continue
        assert isinstance(found.words.new, str)
        found.words.new.encode()
        assert time.process_time() - began < 5


def test_hostile_subjects_and_names_never_make_a_header() -> None:
    drawn = random.Random(7)
    counts = set()
    for _ in range(max(1000, MANY * 2)):
        words = "".join(drawn.choice(samples.HOSTILE) for _ in range(drawn.randint(1, 12)))
        letter = compose(
            message_id="<1@desk.test>",
            sender=mailbox("support@desk.test", words),
            recipient=mailbox("anna@x.test"),
            subject=words,
            body=words,
            date=samples.NOW,
        )
        counts.add(len(parse(letter.as_bytes()).headers.items()))
    assert len(counts) == 1


HUGE = {
    "lines of blanks": b" \n" * 50_000 + b"x\n" * 50_000,
    "quotations": b"> x\n\n" * 40_000,
    "dates": b"12.11.2026, 10:21, \n" * 10_000,
    "angles": b"<" * 200_000,
}


@pytest.mark.parametrize("body", HUGE.values(), ids=HUGE)
@pytest.mark.parametrize("kind", ["plain", "html"])
def test_huge_mails_take_no_longer_than_their_length(body: bytes, kind: str) -> None:
    began = time.process_time()
    mail(f"Content-Type: text/{kind}", body=body)
    assert time.process_time() - began < PARSE_TIMEOUT / 2


def test_deeply_nested_html_is_read() -> None:
    found = mail("Content-Type: text/html", body=b"<div><table><tr><td>" * 5_000 + b"words")
    assert found.words.new == "words"


@pytest.mark.parametrize(
    ("address", "entry", "is_on"),
    [
        ("a@x.test", "a@x.test", True),
        ("aa@x.test", "a@x.test", False),
        ("a@x.test", "@x.test", True),
        ("a@sub.x.test", "x.test", True),
        ("a@notx.test", "x.test", False),
        ("noreply-7@x.test", "noreply", True),
        ("anna@noreply.test", "noreply", False),
        ("sales@x.test", "sales@", True),
        ("a@x.test", sender_digest(b"key", "A@x.test"), True),
        ("b@x.test", sender_digest(b"key", "a@x.test"), False),
        ("a@x.test", sender_digest(b"another key", "a@x.test"), False),
        ("erased@x.test", "erased:", False),
    ],
)
def test_an_entry_is_an_address_a_domain_or_a_part(address: str, entry: str, is_on: bool) -> None:
    digest = sender_digest(b"key", address)
    assert (blacklisted(address, ["other@z.test", entry], digest) == entry) is is_on
