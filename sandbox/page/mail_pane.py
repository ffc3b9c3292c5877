"""The mailbox pane: customers write mail to the desk, and read what it sends them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime, localtime
from typing import TYPE_CHECKING, Any, Final

from sandbox.page.words import Refused

if TYPE_CHECKING:
    from sandbox.demo import Demo
    from sandbox.mail import MailServers
    from sandbox.mail.post_office import Letter
    from sandbox.server.media import Upload

Json = dict[str, Any]

LONGEST: Final = 20_000
_SUBJECT: Final = 150


def boxes(demo: Demo) -> list[Json]:
    """Return whose mailboxes there are: those of the customers, by short name."""
    mail = _mail(demo)
    return [
        {"name": name, "title": person.first_name, "address": mail.address_of(name)}
        for name, person in demo.people.items()
        if name in mail.customers
    ]


def letters(demo: Demo, name: str) -> Json:
    """Return what lies in somebody's mailbox, newest first, and all mailboxes there are."""
    mail = _mail(demo)
    found = mail.office.open(_address(demo, name)).inbox.letters
    return {"boxes": boxes(demo), "letters": [_shown(letter) for letter in reversed(found)]}


def file(demo: Demo, name: str, wanted: Mapping[str, str]) -> tuple[str, bytes]:
    """Return the name and the bytes of a file: the ``file``-th of the mail ``letter``."""
    letter, at = wanted.get("letter", ""), wanted["file"]
    message = _find(demo, _address(demo, name), int(letter) if letter.isdecimal() else None)
    parts = [] if message is None else list(message.iter_attachments())
    if not at.isdecimal() or int(at) >= len(parts):
        raise Refused("not_found", status=404)
    part = parts[int(at)]
    return str(part.get_filename() or "file"), bytes(part.get_payload(decode=True) or b"")


def write(demo: Demo, body: Json, files: Sequence[Upload] = ()) -> Json:
    """Let somebody's mail arrive at the desk; ``answers``: the number of one they have got."""
    mail = _mail(demo)
    name = str(body.get("as", ""))
    words = str(body.get("text", "")).strip()[:LONGEST]
    if not words and not files:
        raise Refused("empty")
    address = _address(demo, name)
    letter = EmailMessage(policy=policy.SMTP)
    letter["From"] = f"{demo.people[name].first_name} <{address}>"
    letter["To"] = mail.support
    letter["Date"] = format_datetime(localtime())
    letter["Message-ID"] = mail.next_id()
    subject = " ".join(str(body.get("subject", "")).split())[:_SUBJECT]
    answered = _find(demo, address, body.get("answers"))
    if answered is not None:
        letter["In-Reply-To"] = answered["Message-ID"]
        subject = subject or str(answered["Subject"])
        words += "\n\n" + _quoted(answered)
    letter["Subject"] = subject
    letter.set_content(words)
    for upload in files:
        kind, _, subkind = (upload.mime or "application/octet-stream").partition("/")
        letter.add_attachment(
            upload.data, maintype=kind, subtype=subkind or "octet-stream", filename=upload.name
        )
    mail.office.deliver(mail.support, letter.as_bytes())
    return {"ok": True}


def _mail(demo: Demo) -> MailServers:
    if demo.mail is None:
        raise Refused("not_found", status=404)
    return demo.mail


def _address(demo: Demo, name: str) -> str:
    mail = _mail(demo)
    if name not in mail.customers:
        raise Refused("not_found", status=404)
    return mail.address_of(name)


def _find(demo: Demo, address: str, number: object) -> EmailMessage | None:
    for letter in _mail(demo).office.open(address).inbox.letters:
        if letter.uid == number:
            return _read(letter)
    return None


def _read(letter: Letter) -> EmailMessage:
    return message_from_bytes(letter.raw, policy=policy.default)


def _words(message: EmailMessage) -> str:
    body = message.get_body(("plain", "html"))
    return "" if body is None else str(body.get_content()).replace("\r\n", "\n").strip()


def _quoted(message: EmailMessage) -> str:
    lines = "\n".join(f"> {line}" for line in _words(message).split("\n"))
    return f"On Mon, 23 Nov 2026 at 10:00, {message['From']} wrote:\n{lines}"


def _shown(letter: Letter) -> Json:
    message = _read(letter)
    return {
        "id": letter.uid,
        "from": str(message["From"] or ""),
        "subject": str(message["Subject"] or ""),
        "text": _words(message),
        "files": [str(part.get_filename() or "") for part in message.iter_attachments()],
    }
