"""A delivery as calls of the Bot API, and what is stored about the messages they make."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from textwrap import shorten
from typing import Any, Final

from aiogram.methods import SendMessage
from aiogram.types import BufferedInputFile, InlineKeyboardMarkup, ReplyParameters

from channels.telegram.client.send_progress import Progress, Step
from channels.telegram.messages.message_builder import album, has_words, methods
from channels.telegram.messages.message_parser import LONGEST_QUOTE, message_id
from channels.telegram.screens.notices import message_buttons
from channels.telegram.screens.screen import Renderer, Screen
from core.addresses import Address, MessageRef
from core.delivery.channel import Delivery, SendError, Sent
from core.delivery.sent_messages import card_place
from core.desk import Desk
from core.files import LinkedFiles
from core.tickets.card import Card, Words, last_from_customer, words_of
from core.tickets.catalog import topic_title
from core.tickets.incoming import find_counterpart
from core.tickets.subjects import subject_of
from core.tx import ReadTx
from core.words.names import clean_name, signature

log = logging.getLogger(__name__)

# Bytes: Telegram takes files of a bot up to 50 MB.
LARGEST_FILE: Final = 49_000_000


@dataclass(frozen=True, slots=True)
class Load:
    """The messages of a delivery, what they reply to, and the lines that may stand above them.

    ``fallback`` says the lines where the message to answer was deleted, which is seldom; ``None``:
    sent without them.
    ``quote``: what is quoted of that message; ``quoted``: the same as a line above.
    """

    words: Sequence[Words]
    reply_to: int | None
    prefix: str | None
    fallback: Callable[[], str | None] | None
    keyboard: InlineKeyboardMarkup | None = None
    quote: dict[str, Any] | None = None
    quoted: str | None = None

    def steps(
        self, chat: int, thread: int | None = None, *, reply: bool = True, quote: bool = True
    ) -> list[Step]:
        """The calls. ``thread``: of which topic; ``reply``: as a reply where that is possible; not
        if the message to answer has been deleted. ``quote``: quoting it; not if it does not say
        these words.
        """
        native = reply and quote and self.quote is not None
        prefix = self.prefix
        if not reply and self.fallback is not None:
            prefix = self.fallback() or prefix
        where: dict[str, Any] = {
            "prefix": prefix if native else _lines(prefix, self.quoted),
            "reply_to": self.reply_to if reply else None,
            "quote": self.quote if native else None,
            "must_reply": reply and self.fallback is not None and self.reply_to is not None,
        }
        if len(self.words) == 1:
            only = self.words[0]
            calls = methods(only.content, chat, keyboard=self.keyboard, **where)
            steps = [Step(call, (only.id,)) for call in calls]
        else:
            contents = [words.content for words in self.words]
            steps = [
                Step(call, tuple(self.words[place].id for place in places))
                for call, places in album(contents, chat, **where)
            ]
        return steps if thread is None else [_in_thread(step, thread) for step in steps]


def _in_thread(step: Step, thread: int) -> Step:
    call = step.method.model_copy(update={"message_thread_id": thread})
    return replace(step, method=call)


async def load(
    desk: Desk,
    delivery: Delivery,
    renderer: Renderer,
    files: LinkedFiles | None = None,
    thread: int | None = None,
) -> Load | None:
    """The words of a delivery; ``None`` if they were withdrawn meanwhile. ``files``: where files
    lie that came by other ways; ``thread``: the topic that they will stand in.
    """
    ahead = delivery.found
    found = ahead if isinstance(ahead, Found) else await desk.read(find_words, delivery)
    words = found.words
    if not words:
        return None
    if any("file" in piece.content for piece in words):
        words = [await _with_file(piece, files, renderer) for piece in words]
    if delivery.person_id is None:
        return _for_operators(delivery, renderer, replace(found, words=words))
    outside = words[0].content.get("outside") or {}
    return Load(
        words,
        found.reply_to,
        await customer_header(desk, delivery, renderer, words[0], thread),
        fallback=None,
        quote=found.quote,
        quoted=_quoted(renderer, found.quote or {"quote": outside.get("words")}),
    )


@dataclass(frozen=True, slots=True)
class Found:
    """The messages not withdrawn, and the id of what they answer. ``exact``: their author answered
    that message; otherwise it is the card, or the customer's latest, which need not have the quote.
    """

    words: Sequence[Words]
    reply_to: int | None = None
    exact: bool = False
    quote: dict[str, Any] | None = None


async def find_words(tx: ReadTx, delivery: Delivery) -> Found:
    """What a delivery of words carries, and what it answers where it goes."""
    found = await words_of(tx, delivery.message_id or 0, delivery.facts.get("album"))
    words = [piece for piece in found if not piece.withdrawn]
    if not words:
        return Found(words)
    number, reply = delivery.ticket_id or 0, words[0].content.get("reply")
    chat = Address(delivery.channel, delivery.address)
    if reply is not None:
        quote = reply if reply.get("quote") else None
        if there := await find_counterpart(tx, number, reply, chat):
            return Found(words, int(there.message), exact=True, quote=quote)
    if delivery.person_id is None:
        quote = reply if reply is not None and reply.get("quote") else None
        return Found(words, ref_here(delivery, await card_place(tx, number)), quote=quote)
    # what operators quote of a card is none of the customer's business
    return Found(words, ref_here(delivery, await last_from_customer(tx, number, chat, words[0].id)))


async def _with_file(words: Words, files: LinkedFiles | None, renderer: Renderer) -> Words:
    """The file itself; a line about it where Telegram would not take it, or it is gone."""
    content = words.content
    file = content.get("file")
    if file is None or content.get("file_id"):
        return words
    large, link = file["size"] > LARGEST_FILE, None
    if large and files is not None:
        link = await files.link(file["name"], file["title"])
    said = "file.gone" if not large else "file.large" if link is None else "file.linked"
    if file["size"] == 0:
        said = "file.empty"
    elif files is not None and not large:
        try:
            data = await files.store.read(file["name"])
        except FileNotFoundError:
            log.warning("a file of message %s is gone", words.id)
        except OSError as error:
            raise SendError("network", type(error).__name__) from error
        else:
            return replace(
                words, content={**content, "file_id": BufferedInputFile(data, file["title"])}
            )
    line = renderer.plain(
        said, name=file["title"], megabytes=-(-file["size"] // 1_000_000), link=link
    )
    return replace(words, content={**content, "kind": "text", "text": line, "entities": []})


def _for_operators(delivery: Delivery, renderer: Renderer, found: Found) -> Load:
    """A reply to the card shows whose words they are; below another message, or none, a line above
    does. Edited words always have the line, which says so, and an answer of ours that is shown has
    one, or it would be taken for the customer's.
    """
    words = found.words
    # a copy that has no place for the line keeps the one that it was sent with
    edited = delivery.kind == "edit" and has_words(words[0].content)
    ours = not words[0].from_customer
    key = "header.operators_ours" if ours else "header.operators"
    key = "header.operators_edited" if edited else key
    about = _about(renderer, words[0].content)

    def header() -> str | None:
        name = clean_name(words[0].author)
        return _lines(renderer.plain(key, number=delivery.ticket_id or 0, name=name), about)

    thanks, whole = bool(delivery.facts.get("thanks")), "whole" in words[0].content
    plain = found.reply_to is not None and not found.exact and not edited and not ours
    return Load(
        words,
        reply_to=found.reply_to,
        prefix=about if plain else header(),
        fallback=header,
        keyboard=message_buttons(renderer, words[0].id, thanks=thanks, whole=whole)
        if len(words) == 1 and (thanks or whole)
        else None,
        quote=found.quote if found.exact else None,
        quoted=_quoted(renderer, found.quote) if found.quote else None,
    )


def _about(renderer: Renderer, content: Mapping[str, Any]) -> str | None:
    """What operators are told of the words: a remark, whose they are, what they answer."""
    remark, outside, forward = (content.get(name) for name in ("remark", "outside", "forward"))
    return _lines(
        None if remark is None else renderer.plain(f"remark.{remark['key']}", **remark),
        None if forward is None else renderer.plain("relay.forward", **forward),
        None if outside is None else renderer.plain("relay.outside", **outside),
        _quoted(renderer, {"quote": outside["words"]}) if outside else None,
    )


def _quoted(renderer: Renderer, quote: Mapping[str, Any] | None) -> str | None:
    words = (quote or {}).get("quote")
    return renderer.plain("relay.quote", words=shorten(words, LONGEST_QUOTE)) if words else None


def _lines(*lines: str | None) -> str | None:
    return "\n".join(line for line in lines if line) or None


async def customer_header(
    desk: Desk, delivery: Delivery, renderer: Renderer, said: Words, thread: int | None = None
) -> str | None:
    """Which of several tickets it is about, and who answers, if the company signs answers. In the
    ticket's own topic the first needs no saying.
    """
    several = delivery.facts.get("header") and thread is None
    header = await _which(desk, delivery, renderer) if several else None
    if said.from_customer or not desk.company.sign_answers:
        return header
    name = signature(said.author)
    key = "header.signed" if header is None else "header.customer_signed"
    return renderer.plain(key, header=header, name=name)


async def _which(desk: Desk, delivery: Delivery, renderer: Renderer) -> str:
    number = delivery.ticket_id
    subject = None if number is None else await desk.read(subject_of, number)
    topic = await desk.read(topic_title, delivery.facts.get("topic"), delivery.locale)
    about = subject.text if subject else topic
    key = "header.customer_plain" if about is None else "header.customer"
    return renderer.plain(key, number=number, about=about)


def post(chat: int, screen: Screen, reply_to: int | None, thread: int | None = None) -> SendMessage:
    """A screen as a new message."""
    reply = None
    if reply_to is not None:
        reply = ReplyParameters(message_id=reply_to, allow_sending_without_reply=True)
    return SendMessage(
        chat_id=chat,
        message_thread_id=thread,
        text=screen.html,
        parse_mode="HTML",
        reply_markup=screen.keyboard,
        reply_parameters=reply,
    )


def dumped(keyboard: InlineKeyboardMarkup | None) -> dict[str, Any] | None:
    """A keyboard as JSON, stored with the outbox row."""
    return None if keyboard is None else keyboard.model_dump(mode="json", exclude_none=True)


def loaded(keyboard: dict[str, Any] | None) -> InlineKeyboardMarkup | None:
    """A keyboard from stored JSON."""
    return None if keyboard is None else InlineKeyboardMarkup.model_validate(keyboard)


def answered(delivery: Delivery, card: Card | None) -> int | None:
    """The message that a notice replies to, if it is in the same chat."""
    reply = delivery.facts.get("reply")
    if reply == "card":
        return None if card is None else ref_here(delivery, card.place)
    return message_id(reply)


def ref_here(delivery: Delivery, ref: MessageRef | None) -> int | None:
    """The message's number, if it stands in the chat that the delivery is for."""
    here = (delivery.channel, delivery.address)
    return int(ref.message) if ref is not None and (ref.channel, ref.chat) == here else None


def sent_of(delivery: Delivery, made: Progress) -> Sent:
    """What the courier is told of a delivery that was sent."""
    note: dict[str, Any] = {"chat": int(delivery.address)}
    if delivery.kind in {"content", "edit"}:
        note["messages"] = made.carried
    if delivery.kind == "card":
        # what was sent, which may be older than what would be sent now
        call: Any = made.steps[0].method
        note["digest"] = Screen(call.text, call.reply_markup).digest
        note["thread"] = None if call.message_thread_id is None else str(call.message_thread_id)
    return Sent(tuple(map(str, made.message_refs)), note)
