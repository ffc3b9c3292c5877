"""Words of people on their way: which calls bring them to the operators or to the customer."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aiogram.types import InlineKeyboardMarkup

from channels.telegram import keyboards
from channels.telegram.cards import header
from channels.telegram.contents import album, methods
from channels.telegram.delivering import Step
from channels.telegram.voice import Voice
from core.delivery.channel import Outgoing
from core.desk import Desk
from core.tickets.card import Words, card_place, last_from_customer, words_of
from core.tickets.topics import title_of
from core.tx import Look


@dataclass(frozen=True, slots=True)
class Load:
    """A parcel's words, what they answer, and the lines that may stand above them.

    ``fallback`` is the line for when what they answer is gone; without one they go all the same.
    """

    words: Sequence[Words]
    reply_to: int | None
    prefix: str | None
    fallback: str | None
    keyboard: InlineKeyboardMarkup | None = None

    def steps(self, chat: int) -> list[Step]:
        """The calls, as a reply where that is possible."""
        must = self.fallback is not None and self.reply_to is not None
        return self._steps(chat, self.reply_to, self.prefix, must=must)

    def steps_without_reply(self, chat: int) -> list[Step]:
        """The calls when the message to answer has been deleted."""
        return self._steps(chat, None, self.fallback or self.prefix, must=False)

    def _steps(self, chat: int, reply: int | None, prefix: str | None, *, must: bool) -> list[Step]:
        where: dict[str, Any] = {"prefix": prefix, "reply_to": reply, "must_reply": must}
        if len(self.words) == 1:
            only = self.words[0]
            calls = methods(only.content, chat, keyboard=self.keyboard, **where)
            return [Step(call, (only.id,)) for call in calls]
        contents = [words.content for words in self.words]
        return [
            Step(call, tuple(self.words[place].id for place in places))
            for call, places in album(contents, chat, **where)
        ]


async def load(desk: Desk, parcel: Outgoing, voice: Voice) -> Load | None:
    """What a content parcel carries; ``None`` when it was taken back meanwhile."""
    words, reply_to = await desk.read(_find, parcel)
    if not words:
        return None
    if parcel.person_id is None:
        return _for_operators(parcel, voice, words, reply_to)
    return Load(words, reply_to, await customer_header(desk, parcel, voice), fallback=None)


async def _find(look: Look, parcel: Outgoing) -> tuple[list[Words], int | None]:
    """The words that are left, and the ref of what they answer: the card, or the customer's."""
    spoken = await words_of(look, parcel.message_id or 0, parcel.facts.get("album"))
    words = [piece for piece in spoken if not piece.withdrawn]
    if not words:
        return words, None
    number, chat = parcel.ticket_id or 0, int(parcel.address)
    if parcel.person_id is None:
        return words, await card_place(look, number, chat)
    return words, await last_from_customer(look, number, chat, words[0].id)


def _for_operators(
    parcel: Outgoing, voice: Voice, words: Sequence[Words], card: int | None
) -> Load:
    """A reply to the card shows whose words they are; without a card, a line above does. Of words
    that were said before and are edited, it says so in any case.
    """
    edited = parcel.kind == "edit"
    line = header(voice, parcel.ticket_id or 0, words[0].author, edited=edited)
    thanks = bool(parcel.facts.get("thanks")) and len(words) == 1
    return Load(
        words,
        reply_to=card,
        prefix=None if card and not edited else line,
        fallback=line,
        keyboard=keyboards.question(voice, words[0].id) if thanks else None,
    )


async def customer_header(desk: Desk, parcel: Outgoing, voice: Voice) -> str | None:
    """Which of several tickets it is about."""
    if not parcel.facts.get("header"):
        return None
    about = await desk.read(title_of, parcel.facts.get("topic"), parcel.locale)
    if about is None:
        return voice.plain("header.customer_plain", number=parcel.ticket_id)
    return voice.plain("header.customer", number=parcel.ticket_id, about=about)
