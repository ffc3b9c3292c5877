"""What a mail to a customer says: an operator's answer with its files, or a notice of the desk."""

import mimetypes
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from channels.email.letter_html import html_of
from core.address_holders import reads_page
from core.addresses import Address
from core.contacts.consents import is_consent_missing
from core.delivery.channel import Delivery, SendError
from core.desk import Desk
from core.files import Attachments, has_file, title_of
from core.models import Person
from core.responses.letterhead import Letterhead, letterhead_at, letterhead_of
from core.setup.signed_links import follow_path
from core.signing_key import find_signing_key
from core.tickets.card import Words, last_from_customer, list_words, words_of
from core.tx import ReadTx
from core.words.quotes import REPLY_MARKS

# Notices that a customer gets by mail, and the text of their subject; others would be noise there.
MAILED: Final[Mapping[str, str]] = {
    "ticket.opened": "letter.opened",
    "ticket.frozen": "letter.about",
    "ticket.frozen_reason": "letter.about",
    "ticket.frozen_until": "letter.about",
    "ticket.frozen_until_reason": "letter.about",
    "ticket.resolved": "letter.about",
    "ticket.resolved_reason": "letter.about",
    "ticket.closed_reason": "letter.about",
    "ticket.cancelled": "letter.about",
    "ticket.cancelled_reason": "letter.about",
}
# What all files of a mail may have together: most servers take no more.
LARGEST: Final = 20_000_000
LONGEST_ID: Final = 180
LONGEST_SUBJECT: Final = 150


@dataclass(frozen=True, slots=True)
class Enclosure:
    """A file that goes with a mail."""

    name: str
    type: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Draft:
    """The parts of a mail. ``subject``: the customer's own, without ``Re:``; empty: theirs is not
    known. ``answers``: the id of the mail that it answers, without brackets.
    """

    text: str
    html: str
    author: str
    subject: str
    answers: str | None
    enclosures: Sequence[Enclosure] = ()


@dataclass(frozen=True, slots=True)
class MailContents:
    """Reads what deliveries carry. ``public_url``: the beginning of links to pages of the desk."""

    desk: Desk
    attachments: Attachments
    public_url: str | None = None

    async def thread_of(self, delivery: Delivery) -> tuple[str, str | None]:
        """Return the subject of the customer's latest mail, and its id."""
        return await self.desk.read(_thread, delivery)

    async def letterhead(self, delivery: Delivery, author: str = "") -> Letterhead | None:
        """Return whom the mail comes from, if the ticket's mailbox says so, or the one that its
        reader wrote to.
        """
        if delivery.ticket_id is None:
            there = delivery.facts.get("mailbox")
            return None if there is None else await self.desk.read(letterhead_at, str(there))
        return await self.desk.read(letterhead_of, delivery.ticket_id, delivery.locale, author)

    async def page_of(self, delivery: Delivery) -> str | None:
        """Return the address of the ticket's page if that is where its customer reads (A9)."""
        if self.public_url is None or delivery.ticket_id is None:
            return None
        path = await self.desk.read(_page, delivery)
        return None if path is None else self.public_url + path

    async def consent_untold(self, delivery: Delivery) -> str:
        """Return the text of the consent for a customer who was not asked for it; else empty."""
        text = self.desk.company.consent_in(delivery.locale)
        there = Address(delivery.channel, delivery.address)
        missing = bool(text) and await self.desk.read(is_consent_missing, there)
        return text if missing else ""

    async def answer(self, delivery: Delivery) -> Draft | None:
        """Return the operators' words; None if they were withdrawn. Raises SendError."""
        found = await self.desk.read(_words, delivery)
        if not found:
            return None
        subject, answers = await self.thread_of(delivery)
        texts = [_text(words) for words in found]
        html = [html_of(_text(one), one.content.get("entities") or ()) for one in found]
        return Draft(
            "\n\n".join(filter(None, texts)),
            "".join(part for part, text in zip(html, texts, strict=True) if text),
            found[0].author,
            subject,
            answers,
            await self._enclosures(found),
        )

    async def _enclosures(self, found: Sequence[Words]) -> list[Enclosure]:
        enclosed = [one for words in found if (one := await self._enclosure(words)) is not None]
        if sum(len(one.data) for one in enclosed) > LARGEST:
            raise SendError("bad_request", "the files are too large for a mail", permanent=True)
        return enclosed

    async def _enclosure(self, words: Words) -> Enclosure | None:
        if not has_file(words.content):
            return None
        try:
            data = await self.attachments.read(words.content)
        except OSError as error:
            # a file that Telegram does not hand out any more, or not at this size
            permanent = not isinstance(error, TimeoutError | ConnectionError)
            raise SendError("bad_request", str(error)[:100], permanent=permanent) from error
        name = title_of(words.content, words.text)
        return Enclosure(name, mimetypes.guess_type(name)[0] or "application/octet-stream", data)


def _text(words: Words) -> str:
    """The words; of what is neither words nor a file, the line that describes it."""
    own = str(words.content.get("text") or "")
    return own or ("" if has_file(words.content) else words.text)


async def _words(tx: ReadTx, delivery: Delivery) -> list[Words]:
    album = delivery.facts.get("album")
    numbers = delivery.facts.get("messages") or [delivery.message_id or 0]
    found = [words for number in numbers for words in await words_of(tx, number, album)]
    return [words for words in found if not words.withdrawn]


async def _thread(tx: ReadTx, delivery: Delivery) -> tuple[str, str | None]:
    if delivery.ticket_id is None:
        return "", None
    said = await list_words(tx, delivery.ticket_id, 50)
    subjects = [str(one.content.get("subject") or "") for one in said]
    subject = next(filter(None, reversed(subjects)), "")
    before = delivery.message_id or 2**62
    chat = Address(delivery.channel, delivery.address)
    ref = await last_from_customer(tx, delivery.ticket_id, chat, before)
    answers = ref.message if ref is not None and len(ref.message) <= LONGEST_ID else None
    return REPLY_MARKS.sub("", subject), answers


async def _page(tx: ReadTx, delivery: Delivery) -> str | None:
    person = await tx.find(Person, delivery.person_id or 0)
    if person is None or not reads_page(person):
        return None
    return follow_path(await find_signing_key(tx), delivery.ticket_id or 0)


def masked(mask: str, number: int | None) -> str:
    """Return the ticket's number as the subject shows it."""
    return "" if number is None else mask.replace("{0}", str(number))


def subject_of(draft_subject: str, fallback: str, shown: str) -> str:
    """Return the subject of an answer: the customer's own, with the number once. Pure."""
    if not draft_subject:
        return f"{fallback} [{shown}]" if shown and shown not in fallback else fallback
    bare = draft_subject.replace(f"[{shown}]", "").strip() if shown else draft_subject
    cut = bare[:LONGEST_SUBJECT]
    return f"Re: {cut} [{shown}]" if shown else f"Re: {cut}"
