"""Looking for messages whose answer was lost, by edits that change nothing (R6, ADR 0005).

Telegram says «not modified» only of a message that stands there, is ours, and is already what it
is asked to be. The buttons are asked first, because a wrong guess there costs least. Where a
message has no buttons to tell it from others, its words are asked too: a menu or a refusal that
a killed process had shown is never taken for an answer to a customer.
"""

from collections.abc import Sequence
from enum import Enum, auto
from typing import Any, Final

from aiogram.methods import (
    DeleteMessage,
    EditMessageCaption,
    EditMessageReplyMarkup,
    EditMessageText,
    SendMediaGroup,
    SendMessage,
    TelegramMethod,
)

from channels.telegram.client.api_errors import ApiRefusal, Refused
from channels.telegram.client.gateway import SHARED, Gateway, counter_of
from channels.telegram.screens.screen import plain_of

Method = TelegramMethod[Any]

# How far beyond the newest id known a lost message may be.
AHEAD: Final = 60
# In a chat with a counter of its own, so many empty places in a row are the end of the chat.
END: Final = 8


class ProbeResult(Enum):
    """What an edit that should change nothing has shown of a place."""

    SAME = auto()
    """The message that was searched for exists."""

    OURS = auto()
    """Another message of ours."""

    SPOILT = auto()
    """Another message of ours had the same buttons; now it says what was looked for."""

    FOREIGN = auto()
    """Somebody else's message."""

    NOTHING = auto()


_SHOWS: Final = {
    ApiRefusal.UNCHANGED: ProbeResult.SAME,
    ApiRefusal.OTHER_KIND: ProbeResult.OURS,
    ApiRefusal.FOREIGN: ProbeResult.FOREIGN,
}


class DeliveryProbe:
    """Goes through the places of a chat that nobody accounts for."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._known_ids = gateway.known_ids

    async def find(self, method: Method, chat: int, lowest: int) -> list[int] | None:
        """Where the messages of one call stand, if all of them do, behind the id ``lowest``.

        What has been spoilt by looking is taken away: an answer to a button can be asked for
        again, and words that stand twice cannot be taken for one.
        """
        likes = likenesses(method)
        hits: list[int] = []
        spoilt: list[int] = []
        message_ref, empty = lowest, 0
        while len(hits) < len(likes) and (message_ref := message_ref + 1) <= self._last(
            chat, lowest
        ):
            if self._known_ids.is_known(chat, message_ref):
                continue
            look = await self._look(chat, message_ref, likes[len(hits)])
            if look is ProbeResult.NOTHING:
                empty += message_ref > max(self._known_ids.newest(chat), lowest)
                if empty >= END and counter_of(chat) != SHARED:
                    break
                continue
            empty = 0
            if look is ProbeResult.FOREIGN:
                self._known_ids.note(chat, message_ref)
            elif look is not ProbeResult.OURS:
                (hits if look is ProbeResult.SAME else spoilt).append(message_ref)
        whole = len(hits) == len(likes)
        await self._take_away(chat, spoilt if whole else [*hits, *spoilt])
        for message_ref in hits:
            self._known_ids.note(chat, message_ref)
        return hits if whole else None

    def _last(self, chat: int, lowest: int) -> int:
        return max(self._known_ids.newest(chat), lowest) + AHEAD

    async def _look(self, chat: int, message_ref: int, like: Sequence[Method]) -> ProbeResult:
        look = ProbeResult.NOTHING
        for edit in like:
            place = {"chat_id": chat, "message_id": message_ref}
            look = await self._try(edit.model_copy(update=place))
            if look is not ProbeResult.SAME:
                return (
                    ProbeResult.SPOILT if edit is not like[0] and look is ProbeResult.OURS else look
                )
        return look

    async def _try(self, edit: Method) -> ProbeResult:
        try:
            with self._gateway.probing():
                await self._gateway.call(edit)
        except Refused as refused:
            if refused.refusal is ApiRefusal.UNREADABLE and (plain := plainer(edit)) is not None:
                return await self._try(plain)
            return _SHOWS.get(refused.refusal, ProbeResult.NOTHING)
        return ProbeResult.OURS

    async def _take_away(self, chat: int, message_refs: Sequence[int]) -> None:
        for message_ref in message_refs:
            try:
                await self._gateway.call(DeleteMessage(chat_id=chat, message_id=message_ref))
            except Refused:
                continue


def likenesses(method: Method) -> list[list[Method]]:
    """For each message that a call makes, the edits that change nothing of it, in their order."""
    if isinstance(method, SendMediaGroup):
        return [[_buttons(None), _caption(piece)] for piece in method.media]
    keyboard = getattr(method, "reply_markup", None)
    like: list[Method] = [_buttons(keyboard)]
    if keyboard is None and isinstance(method, SendMessage):
        like.append(
            EditMessageText(
                text=method.text, entities=method.entities, parse_mode=method.parse_mode
            )
        )
    elif keyboard is None and "caption" in type(method).model_fields:
        like.append(_caption(method))
    return [like]


def _buttons(keyboard: Any) -> Method:
    return EditMessageReplyMarkup(reply_markup=keyboard)


def _caption(said: Any) -> Method:
    return EditMessageCaption(
        caption=said.caption,
        caption_entities=said.caption_entities,
        show_caption_above_media=getattr(said, "show_caption_above_media", None),
    )


def plainer(method: Method) -> Method | None:
    """The same words without markup, if there was any (R12)."""
    fields = type(method).model_fields
    update: dict[str, Any] = {
        name: None
        for name in ("entities", "caption_entities")
        if name in fields and getattr(method, name)
    }
    if getattr(method, "parse_mode", None) == "HTML":
        update["parse_mode"] = None
        text = "text" if getattr(method, "text", None) else "caption"
        update[text] = plain_of(getattr(method, text))
    return method.model_copy(update=update) if update else None
