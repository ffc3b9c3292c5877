"""Generated mails that tests share."""

from datetime import UTC, datetime
from email.message import EmailMessage
from random import Random

from handlers.mail.nature import Nature

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)

# headers beside From: anna@x.test, and what they say
NATURES = [
    ((), Nature.PERSON),
    (("Auto-Submitted: no",), Nature.PERSON),
    (("X-Priority: 1",), Nature.PERSON),
    (("Auto-Submitted: auto-replied",), Nature.AUTOMATIC),
    (("Auto-Submitted: auto-generated; owner-email=x",), Nature.AUTOMATIC),
    (("Precedence: bulk",), Nature.AUTOMATIC),
    (("Precedence: list",), Nature.AUTOMATIC),
    (("List-Id: <x.test>",), Nature.AUTOMATIC),
    (("X-Autoreply: yes",), Nature.AUTOMATIC),
    (("X-Auto-Response-Suppress: All",), Nature.AUTOMATIC),
    (("X-Loop: x",), Nature.AUTOMATIC),
    (("Subject: Автоответ: в отпуске",), Nature.AUTOMATIC),
    (("Content-Type: multipart/report; report-type=disposition-notification",), Nature.AUTOMATIC),
    (("X-Failed-Recipients: b@y.test",), Nature.BOUNCE),
    (("Content-Type: multipart/report; report-type=delivery-status",), Nature.BOUNCE),
]

BOUNCE = b"""From: MAILER-DAEMON@mx.test\r
To: support@desk.test\r
Content-Type: multipart/report; report-type=delivery-status; boundary=b\r
\r
--b\r
Content-Type: text/plain\r
\r
It failed.\r
--b\r
Content-Type: message/delivery-status\r
\r
Final-Recipient: rfc822; boris@y.test\r
Status: 5.1.1\r
\r
--b\r
Content-Type: message/rfc822\r
\r
Message-ID: <outbox-5.2.x@desk.test>\r
\r
words\r
--b--\r
"""

# what a server reports: its words, lines of its report (none: it writes no report), and whether the
# mail is given up and the address takes none
BOUNCES = [
    ("", "Action: failed\r\nStatus: 5.1.1", (True, True)),
    ("", "Status: 5.1.1", (True, True)),
    ("", "Action: failed\r\nStatus: 5.2.2", (True, False)),
    ("", "Action: failed\r\nStatus: 5.7.1", (True, False)),
    ("", "Action: failed\r\nStatus: 4.4.7", (True, False)),
    ("", "Action: delayed\r\nStatus: 4.4.7", (False, False)),
    ("", "Status: 4.4.1", (False, False)),
    ("", "Action: relayed\r\nStatus: 2.0.0", (False, False)),
    ("552 5.2.2 <boris@y.test> is over quota", "", (True, False)),
    ("552 <boris@y.test> is over quota", "", (True, False)),
    ("550 no such user", "", (True, True)),
    ("Sorry, no mailbox here by that name. (#5.1.1)", "", (True, True)),
    ("450 greylisted, will be tried again", "", (False, False)),
    ("It could not be delivered: retry timeout exceeded", "", (True, False)),
]


def bounce(words: str, report: str) -> bytes:
    """A report on a mail to Boris; without lines of a report, words under a header of Exim's."""
    if not report:
        return (
            "From: MAILER-DAEMON@mx.test\r\nX-Failed-Recipients: boris@y.test\r\n\r\n"
            f"{words}\r\n\r\nMessage-ID: <outbox-5.2.x@desk.test>\r\n"
        ).encode()
    return BOUNCE.replace(b"Status: 5.1.1", report.encode())


_RESULTS = "Authentication-Results: "
# headers beside From: anna@x.test, and whether mx.desk.test vouches for her
PROOFS = [
    ((f"{_RESULTS}mx.desk.test; dmarc=pass header.from=x.test",), True),
    ((f"{_RESULTS}mx.desk.test;\r\n spf=pass;\r\n dmarc=pass header.from=x.test",), True),
    ((f"{_RESULTS}mx.desk.test; dmarc=pass header.from=y.test",), False),
    ((f"{_RESULTS}mx.desk.test; dmarc=fail header.from=x.test",), False),
    ((f"{_RESULTS}mx.desk.test; spf=pass",), False),
    ((f"{_RESULTS}mx.evil.test; dmarc=pass header.from=x.test",), False),
    ((f"{_RESULTS}mx.desk.test.evil.test; dmarc=pass",), False),
    (
        (
            f"{_RESULTS}mx.desk.test; dmarc=fail header.from=x.test",
            f"{_RESULTS}mx.desk.test; dmarc=pass header.from=x.test",
        ),
        False,
    ),
    (
        (f"{_RESULTS}mx.evil.test; dmarc=fail", f"{_RESULTS}mx.desk.test; dmarc=pass"),
        False,
    ),
    ((f"{_RESULTS}mx.desk.test; dmarc=pass header.from=x.test", "Reply-To: v@y.test"), False),
    ((), False),
]


def _letter(words: str, subject: str) -> EmailMessage:
    letter = EmailMessage()
    letter["From"] = "Анна <anna@x.test>"
    letter["To"] = "support@desk.test"
    letter["Subject"] = subject
    letter["Message-ID"] = "<1@x.test>"
    letter.set_content(words)
    return letter


def _whole() -> list[bytes]:
    plain = _letter("Не открывается.\n> цитата", "Ворота")
    rich = _letter("Не открывается.", "Ворота")
    rich.add_alternative("<p>Не <b>открывается</b></p><blockquote>x</blockquote>", subtype="html")
    files = _letter("Смотрите.", "Фото")
    files.add_attachment(b"\x89PNG" * 50, maintype="image", subtype="png", filename="ворота.png")
    files.add_attachment(rich)
    return [plain.as_bytes(), rich.as_bytes(), files.as_bytes(), BOUNCE]


WHOLE = _whole()

HOSTILE = [
    *("\r\nBcc: v@y.test", "\n", "\r", "\x00", "\u2028", "\u202e", "=?utf-8?q?=0D=0ABcc:_x?="),
    *(
        "=?",
        "?=",
        '"',
        "\\",
        "<",
        ">",
        ",",
        ";",
        ":",
        "@",
        "слово",
        "🙂",
        " ",
        "\t",
        "\x0b",
        "\x85",
    ),
    *("a" * 90, "\ud800", "\x1b[31m", "%0d%0a", "\r\n\r\nbody"),
]


def mutate(raw: bytearray, drawn: Random) -> None:
    """Change a mail somewhere: a byte, a line, a piece of it."""
    at = drawn.randrange(len(raw)) if raw else 0
    match drawn.randrange(6):
        case 0 if raw:
            raw[at] = drawn.randrange(256)
        case 1:
            del raw[at : at + drawn.randint(1, 40)]
        case 2:
            raw[at:at] = raw[: drawn.randint(1, 80)]
        case 3:
            raw[at:at] = bytes(drawn.randrange(256) for _ in range(8))
        case 4:
            raw[at:at] = b"\r\n--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        case _:
            raw[at:at] = drawn.choice((b"=?utf-8?b?", b"charset=", b"<<", b"\r\n\r\n", b"\x00"))
