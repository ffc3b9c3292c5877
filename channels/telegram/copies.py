"""Copies of people's words where others read them: what each carries, what it answers, and what
stands above it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from textwrap import shorten
from typing import Any, Final

from aiogram.types import InlineKeyboardMarkup

from channels.telegram.carried_files import with_file
from channels.telegram.client.api_errors import ApiRefusal, Refused
from channels.telegram.client.send_progress import Step, sent_of
from channels.telegram.kit import Kit
from channels.telegram.messages.message_builder import album, has_words, methods
from channels.telegram.messages.message_parser import LONGEST_QUOTE, ref_here
from channels.telegram.screens.notices import message_buttons
from channels.telegram.screens.screen import Renderer
from core.addresses import Address
from core.delivery.channel import Delivery, Sent
from core.delivery.sent_messages import standing_card
from core.desk import Desk
from core.files import LinkedFiles
from core.tickets.card import Words, last_from_customer, words_of
from core.tickets.catalog import topic_title
from core.tickets.incoming import find_counterpart
from core.tickets.subjects import subject_of
from core.tx import ReadTx
from core.words.names import clean_name, signature

# What a message is sent without, where that is what was refused.
_WITHOUT: Final = {ApiRefusal.QUOTE_LOST: "quote", ApiRefusal.REPLY_LOST: "reply"}


@dataclass(frozen=True, slots=True)
class CopyMessages:
    """Carries out deliveries of the kind "content"."""

    kit: Kit
    files: LinkedFiles | None

    async def send(self, delivery: Delivery, renderer: Renderer) -> Sent:
        """Post the copies; nothing if the words were withdrawn."""
        thread = await self.kit.thread(delivery, renderer)
        carried = await load(self.kit.desk, delivery, renderer, self.files, thread)
        if carried is None:
            return Sent()
        chat, way = int(delivery.address), dict[str, bool]()
        while True:
            try:
                steps = carried.steps(chat, thread, **way)
                return sent_of(delivery, await self.kit.progress.make(delivery, steps))
            except Refused as refused:
                without = _WITHOUT.get(refused.refusal)
                if without is None or without in way:
                    raise
                way[without] = False

    async def plan(self, delivery: Delivery, renderer: Renderer) -> Sequence[Step]:
        """The calls that post the copies."""
        thread = await self.kit.thread(delivery, renderer)
        carried = await load(self.kit.desk, delivery, renderer, self.files, thread)
        return () if carried is None else carried.steps(int(delivery.address), thread)


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
        words = [await with_file(piece, files, renderer) for piece in words]
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
        card = await standing_card(tx, number)
        return Found(words, ref_here(delivery, card[0]) if card else None, quote=quote)
    # what operators quote of a card is none of the customer's business
    return Found(words, ref_here(delivery, await last_from_customer(tx, number, chat, words[0].id)))


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
