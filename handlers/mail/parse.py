"""Reads a mail of any quality: what cannot be decoded is replaced, and nothing is refused.

The standard library's parser is used with its old policy: the newer one takes minutes for some
headers. No header steers the desk (S22); what they say of the mail's nature is in `nature`.
"""

import email
import hashlib
import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from email.header import decode_header
from email.message import Message
from email.utils import collapse_rfc2231_value, getaddresses
from typing import Final

from core.files import usable_name
from core.words.contact_values import LONGEST, read_email
from core.words.quotes import Cut, cut_quotes
from handlers.mail.charsets import to_text
from handlers.mail.html_text import text_of_html
from handlers.mail.pictures import MOST_PICTURES, words_above

# What is read of one mail; the raw mail is kept whole.
LONGEST_TEXT: Final = 200_000
LONGEST_HEADER: Final = 2_000
MOST_ATTACHMENTS: Final = 50
MOST_IDS: Final = 50
DEEPEST: Final = 20

_ID: Final = re.compile(r"<([^<>\s]{1,400})>")
_UNSHOWN: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_WINMAIL: Final = frozenset({"application/ms-tnef", "application/vnd.ms-tnef"})


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of a mail. ``name`` is safe for a file system; ``type`` is what the sender claims;
    ``above``: the words above a picture that is shown in the text.
    """

    name: str
    type: str
    data: bytes
    above: str | None = None


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail as the desk needs it. ``chain``: ids that it answers, the nearest first, without
    brackets. ``sender``: who wrote it, in lower case; ``None`` where nobody could be written to.
    ``answer_to``: another address that asks for the answer.
    """

    id: str
    chain: tuple[str, ...]
    sender: str | None
    name: str
    answer_to: str | None
    recipients: tuple[str, ...]
    subject: str
    words: Cut
    attachments: tuple[Attachment, ...]
    headers: Message = field(repr=False)


def parse(raw: bytes) -> Mail:
    """Read a mail. Raises ValueError where there are no bytes at all."""
    if not raw.strip():
        raise ValueError("an empty mail")
    message = email.message_from_bytes(raw)
    body, attachments = _contents(message)
    name, sender = _from(message)
    answer_to = _first_address(message, "Reply-To") or _first_address(message, "X-Original-Sender")
    return Mail(
        id=id_of(message, raw),
        chain=_chain(message),
        sender=sender or answer_to,
        name=name or (sender or answer_to or "").partition("@")[0],
        answer_to=answer_to if answer_to != sender else None,
        recipients=tuple(address for _, address in _addresses(message, *_RECIPIENTS)),
        subject=header(message, "Subject"),
        words=cut_quotes(body),
        attachments=tuple(attachments),
        headers=_headers_of(message),
    )


_RECIPIENTS: Final = ("To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To")


def _headers_of(message: Message) -> Message:
    """The headers without what they are of, which may be large."""
    bare = Message()
    for name, value in message.raw_items():
        bare[name] = value
    return bare


def why_no_sender(headers_of_mail: Message) -> str:
    """Return why nobody is its sender, in words for admins."""
    given = (
        address
        for name in ("From", "Sender", "Reply-To")
        for value in _raw_headers(headers_of_mail, name)
        for _, address in getaddresses([_raw_bytes(value[: LONGEST_HEADER * 10])])
    )
    if any("@" in address and len(address) > LONGEST for address in given):
        return f"the address of its sender is longer than {LONGEST} characters"
    return "it has no sender"


def id_of(message: Message, raw: bytes) -> str:
    """The mail's own id, or one that follows from its bytes."""
    found = _ID.search(header(message, "Message-ID"))
    return found[1] if found else f"{hashlib.sha256(raw).hexdigest()[:32]}@no-id"


def header(message: Message, name: str) -> str:
    """The decoded header in one line; empty where there is none."""
    return next(iter(headers(message, name)), "")


def headers(message: Message, name: str) -> list[str]:
    """All headers of that name, decoded, the top-most first."""
    return [decoded(value) for value in _raw_headers(message, name)]


def _raw_headers(message: Message, name: str) -> list[str]:
    """As they came: `get` would replace what it cannot decode."""
    wanted = name.lower()
    return [str(value) for found, value in message.raw_items() if found.lower() == wanted]


def decoded(value: str) -> str:
    """Encoded words and raw bytes as text, white space folded."""
    value = _raw_bytes(value[: LONGEST_HEADER * 10])
    # two encoded words without the space that belongs between them
    value = re.sub(r"\?==\?", "?= =?", value)
    try:
        parts = decode_header(value)
    except Exception:  # noqa: BLE001 broken base64 of several kinds
        parts = [(value, None)]
    text = "".join(
        part if isinstance(part, str) else to_text(part, charset) for part, charset in parts
    )
    return " ".join(_shown(text).split())[:LONGEST_HEADER]


def _raw_bytes(value: str) -> str:
    """Bytes beyond ASCII arrive as lone surrogates: they are UTF-8, or else Windows' Cyrillic."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return to_text(value.encode("ascii", "surrogateescape"), None)
    return value


def _shown(text: str) -> str:
    return _UNSHOWN.sub("", text)


def _addresses(message: Message, *names: str) -> Iterator[tuple[str, str]]:
    for name in names:
        # decoded after parsing: an encoded word may hold a comma or another address
        for value in _raw_headers(message, name):
            raw = _raw_bytes(value[: LONGEST_HEADER * 10])
            for shown, address in getaddresses([" ".join(raw.split())]):
                known = read_email(address.rpartition(":")[2])
                if known is not None:
                    yield decoded(shown), known


def _from(message: Message) -> tuple[str, str | None]:
    found = list(_addresses(message, "From")) or list(_addresses(message, "Sender"))
    if len({address for _, address in found}) != 1:
        # two authors: nobody can say who it was
        return (found[0][0], None) if found else ("", None)
    return found[0]


def _first_address(message: Message, name: str) -> str | None:
    return next((address for _, address in _addresses(message, name)), None)


def _chain(message: Message) -> tuple[str, ...]:
    answered = _ID.findall(header(message, "In-Reply-To"))
    earlier = _ID.findall(header(message, "References"))
    return tuple(dict.fromkeys([*answered, *reversed(earlier)]))[:MOST_IDS]


def _contents(message: Message) -> tuple[str, list[Attachment]]:
    """The text, and all else as files. Of alternatives the plain text counts, unless empty."""
    plain: list[str] = []
    html: list[str] = []
    files: list[Attachment] = []
    for part in _leaves(message, 0):
        _sort(part, plain, html, files)
    text = "\n\n".join(one for one in plain if one.strip())
    if not text.strip():
        text = "\n\n".join(filter(None, map(text_of_html, html)))
    return text[:LONGEST_TEXT], _packed(files)


def _packed(files: list[Attachment]) -> list[Attachment]:
    """No more files than anybody would look at one by one; what is left is one archive."""
    if len(files) <= MOST_ATTACHMENTS:
        return files
    shown, rest = files[: MOST_ATTACHMENTS - 1], files[MOST_ATTACHMENTS - 1 :]
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for number, file in enumerate(rest, MOST_ATTACHMENTS):
            packed.writestr(f"{number:03} {file.name}", file.data)  # names may be alike
    name = f"{MOST_ATTACHMENTS}-{len(files)}.zip"
    return [*shown, Attachment(name, "application/zip", archive.getvalue())]


def _leaves(part: Message, depth: int) -> Iterator[Message]:
    """All parts that hold something; a mail within a mail stays one file."""
    kids = part.get_payload()
    whole = not isinstance(kids, list) or not kids
    if whole or depth > DEEPEST or part.get_content_maintype() == "message":
        yield part
        return
    for kid in kids if isinstance(kids, list) else ():
        if isinstance(kid, Message):
            yield from _leaves(kid, depth + 1)


def _sort(part: Message, plain: list[str], html: list[str], files: list[Attachment]) -> None:
    kind = part.get_content_type()
    name = _file_name(part)
    attached = (part.get_content_disposition() == "attachment") or bool(name)
    if kind == "text/plain" and not attached:
        plain.append(_text(part))
    elif kind == "text/html" and not attached:
        html.append(_text(part))
    elif part.get_content_maintype() == "multipart":
        plain.append(_text(part))  # its boundaries are broken: what there is, is read as text
    elif kind in _WINMAIL or name.lower() == "winmail.dat":
        _unpack_winmail(_bytes(part), plain, files)
    elif kind not in ("application/pgp-signature", "application/pkcs7-signature"):
        data = _bytes(part)
        if data or attached:  # a file may be empty: that it came is said all the same
            above = words_above(part, html) if len(files) < MOST_PICTURES else None
            files.append(Attachment(usable_name(name, kind, len(files)), kind, data, above))


def _text(part: Message) -> str:
    text = to_text(_bytes(part), _charset(part))
    if "format=flowed" in header(part, "Content-Type").lower():
        text = _unflowed(text)
    return _shown(text.replace("\r\n", "\n").replace("\r", "\n"))[:LONGEST_TEXT]


def _unflowed(text: str) -> str:
    """RFC 3676: a line that ends with a space goes on in the next one."""
    return re.sub(r"(?m)^((?!-- $)(?!>).*\S) \n(?![>\n])", r"\1 ", text)


def _charset(part: Message) -> str | None:
    try:
        found = part.get_param("charset")
    except Exception:  # noqa: BLE001 the library fails on some parameters
        return None
    return None if found is None else collapse_rfc2231_value(found)


def _bytes(part: Message) -> bytes:
    kids = part.get_payload()
    if isinstance(kids, list) and kids and isinstance(kids[0], Message):
        with suppress(Exception):
            return kids[0].as_bytes()
        return b""
    try:
        data = part.get_payload(decode=True)
    except Exception:  # noqa: BLE001 of an unknown encoding: what there is
        data = str(part.get_payload()).encode("utf-8", "surrogateescape")
    return data if isinstance(data, bytes) else b""


def _file_name(part: Message) -> str:
    for name, source in (("filename", "content-disposition"), ("name", "content-type")):
        raw = next(iter(_raw_headers(part, source)), None)
        if raw is None:
            continue
        bare = Message()  # `get_param` would replace what it cannot decode
        bare[source] = _raw_bytes(raw)
        with suppress(Exception):
            found = bare.get_param(name, header=source)
            if found:
                return decoded(collapse_rfc2231_value(found))
    return ""


def _unpack_winmail(data: bytes, plain: list[str], files: list[Attachment]) -> None:
    """Outlook's container: its files and its text; itself where it cannot be read."""
    try:
        from tnefparse import TNEF

        found = TNEF(data)
        inner: Sequence[object] = found.attachments
        for each in inner:
            name = str(getattr(each, "long_filename", lambda: "")() or getattr(each, "name", ""))
            kind = "application/octet-stream"
            content = bytes(getattr(each, "data", b"") or b"")
            files.append(Attachment(usable_name(name, kind, len(files)), kind, content))
        body = found.body or found.htmlbody
        if not inner and not body:
            files.append(Attachment("winmail.dat", "application/ms-tnef", data))
        if body:
            text = body if isinstance(body, str) else to_text(body, None)
            plain.append(_shown(text if found.body else text_of_html(text)))
    except Exception:  # noqa: BLE001 whatever it is, the file itself is kept
        files.append(Attachment("winmail.dat", "application/ms-tnef", data))
