"""Composes a mail: the same bytes each time, and no header that we did not write."""

import re
import unicodedata
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import getaddresses
from typing import Final

from core.setup.signing_key import signature

LONGEST_SUBJECT: Final = 200
LONGEST_NAME: Final = 80
LONGEST_ADDRESS: Final = 254  # RFC 5321

# Plain addresses only. Quoted local parts are legal, have no users, and confuse every parser.
_ADDRESS = re.compile(r"""[^\s@<>()\[\]\\,;:"]{1,64}@[^\s@<>()\[\]\\,;:"]{1,253}""")
_LINE_BREAKS = re.compile(r"\r\n|[\r\n\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_BIDI = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def message_id(outbox_id: int, domain: str, *, epoch: int, key: bytes) -> str:
    """Return the mail's idempotency key: one row, one id, however often it is sent.

    Rows of another ``epoch`` have others, and only who knows the ``key`` can make one (S21).
    """
    name = f"outbox-{epoch}-{outbox_id}"
    return f"<{name}.{signature(key, f'{name}@{domain}')}@{domain}>"


def compose(
    *,
    message_id: str,
    sender: Address,
    recipient: Address,
    subject: str,
    body: str,
    date: datetime,
) -> EmailMessage:
    """Return a plain-text mail that is marked as machine-written.

    Always base64, whatever the server can take, so that a retry over another connection is the same
    mail byte for byte.
    """
    letter = EmailMessage(policy=SMTP)
    letter["From"] = sender
    letter["To"] = recipient
    letter["Subject"] = one_line(subject, LONGEST_SUBJECT)
    letter["Date"] = date
    letter["Message-ID"] = message_id
    letter["Auto-Submitted"] = "auto-generated"
    letter["X-Auto-Response-Suppress"] = "All"
    letter.set_content(_clean_body(body), charset="utf-8", cte="base64")
    return letter


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
