"""Composes a mail: the same bytes each time, and no header that we did not write."""

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import getaddresses
from typing import Final

from channels.email.contents import Enclosure
from core.setup.restored import MailStamp
from core.signing_key import is_signed, signature

LONGEST_SUBJECT: Final = 200
LONGEST_NAME: Final = 80
LONGEST_ADDRESS: Final = 254  # RFC 5321

# Plain addresses only. Quoted local parts are legal, have no users, and confuse every parser.
_ADDRESS = re.compile(r"""[^\s@<>()\[\]\\,;:"]{1,64}@[^\s@<>()\[\]\\,;:"]{1,253}""")
# What may stand between the brackets of an id that somebody else has made.
_ID = re.compile(r"[!-;=?-~]{1,180}")
_LINE_BREAKS = re.compile(r"\r\n|[\r\n\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_BIDI = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")


EMAIL: Final = "email"
"""The name of the channel, in addresses and references."""

_OWN_ID: Final = re.compile(
    r"(outbox-\d{1,9}\.(\d{1,18})\.(\d{1,18}))\.([0-9a-f]{20})@[^@\s]+", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class SignedRow:
    """What an id of ours tells: the row it was made of, and its ticket; 0: without one.

    A row of another epoch may be gone, and another have its id; a ticket's number never comes
    again (R21).
    """

    outbox_id: int
    ticket_id: int


def message_id(outbox_id: int, ticket_id: int | None, stamp: MailStamp, domain: str) -> str:
    """Return the mail's idempotency key: one row, one id, however often it is sent.

    Signed, because whoever answers it adds to the ticket (S21). Rows of another epoch have others.
    """
    words = f"outbox-{stamp.epoch}.{outbox_id}.{ticket_id or 0}"
    return f"<{words}.{signature(stamp.key, words)}@{domain}>"


def signed_row(message_id: str, key: bytes) -> SignedRow | None:
    """Return what an id without brackets tells, if we have made it, in whatever epoch."""
    found = _OWN_ID.fullmatch(message_id)
    if found is None or not is_signed(key, found[1].lower(), found[4]):
        return None
    return SignedRow(int(found[2]), int(found[3]))


def compose(
    *,
    message_id: str,
    sender: Address,
    recipient: Address,
    subject: str,
    body: str,
    date: datetime,
    automatic: str | None = "auto-generated",
    html: str | None = None,
    answers: str | None = None,
    enclosures: Sequence[Enclosure] = (),
    reply_to: Address | None = None,
) -> EmailMessage:
    """Return a mail; ``automatic`` is how it is marked as machine-written, ``None``: a person wrote
    it. ``answers``: the id of the mail that it answers, without brackets. ``reply_to``: where the
    reader's answer goes, if not to the sender.

    Always base64, whatever the server can take, so that a retry over another connection is the same
    mail byte for byte.
    """
    letter = EmailMessage(policy=SMTP)
    letter["From"] = sender
    letter["To"] = recipient
    if reply_to is not None:
        letter["Reply-To"] = reply_to
    letter["Subject"] = one_line(subject, LONGEST_SUBJECT)
    letter["Date"] = date
    letter["Message-ID"] = message_id
    if answers is not None and _ID.fullmatch(answers):
        letter["In-Reply-To"] = f"<{answers}>"
        letter["References"] = f"<{answers}>"
    if automatic is not None:
        letter["Auto-Submitted"] = automatic
        letter["X-Auto-Response-Suppress"] = "All"
    letter.set_content(_clean_body(body), charset="utf-8", cte="base64")
    if html is not None:
        letter.add_alternative(_clean_body(html), subtype="html", charset="utf-8", cte="base64")
    for enclosure in enclosures:
        kind, _, subkind = enclosure.type.partition("/")
        letter.add_attachment(
            enclosure.data,
            maintype=kind,
            subtype=subkind,
            filename=one_line(enclosure.name, LONGEST_NAME),
        )
    _fix_boundaries(letter, message_id)
    return letter


def _fix_boundaries(letter: EmailMessage, message_id: str) -> None:
    """The library draws boundaries at random; a retry must be the same mail."""
    for number, part in enumerate(letter.walk()):
        if part.is_multipart():
            digest = hashlib.sha256(f"{message_id}{number}".encode()).hexdigest()[:32]
            part.set_boundary(f"=_{digest}")


def mailbox(text: str, name: str = "") -> Address:
    """Return the one address, with the domain in ASCII. Raises ValueError otherwise."""
    text = text.strip()
    if len(text) > LONGEST_ADDRESS or not _ADDRESS.fullmatch(text) or not _is_clean(text):
        raise ValueError(f"not an e-mail address: {one_line(text, 60)!r}")
    local, _, domain = text.rpartition("@")
    try:
        ascii_domain = domain.encode("idna").decode("ascii").lower()
        return Address(_display_name(name), local, ascii_domain)
    except (ValueError, MessageError):  # UnicodeError is a ValueError
        raise ValueError(f"not an e-mail address: {one_line(text, 60)!r}") from None


def named_mailbox(text: str) -> Address:
    """Read ``Name <address>`` or a bare address, as in MAIL_FROM. Raises ValueError otherwise."""
    found = getaddresses([text])
    if len(found) != 1:
        raise ValueError(f"not one e-mail address: {one_line(text, 60)!r}")
    name, address = found[0]
    return mailbox(address or text, name)


def one_line(text: str, longest: int) -> str:
    """Return the text made safe for a header: one line, nothing invisible, no encoded words.

    EmailMessage refuses a bare CR or LF, but decodes ``=?utf-8?q?=0D=0ABcc:…?=`` and, before Python
    3.11.10 (CVE-2024-6923), writes the result into the header.
    """
    text = _BIDI.sub("", _without_surrogates(text))
    text = "".join(" " if _is_control(c) else c for c in text)
    text = " ".join(text.split()).replace(
        "=?", "= ?"
    )  # last, because the steps above may produce them
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip()}…"


def _display_name(name: str) -> str:
    # The email package loses the quotes around a name when it breaks the line inside it.
    return one_line(name, LONGEST_NAME).translate({ord('"'): "'", ord("\\"): "/"})


def _clean_body(text: str) -> str:
    lines = _LINE_BREAKS.sub("\n", text).rstrip().split("\n")
    shown = ("".join(c for c in line if c == "\t" or not _is_control(c)) for line in lines)
    return _without_surrogates("\n".join(shown)) + "\n"


def _is_control(char: str) -> bool:
    return unicodedata.category(char) in {"Cc", "Zl", "Zp"}


def _is_clean(text: str) -> bool:
    return text.isprintable() and "=?" not in text


def _without_surrogates(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")
