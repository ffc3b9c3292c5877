"""Searches for messages whose response was lost, by edits that change nothing (R6, ADR 0005).

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

# How far beyond the newest id known a lost message may be, and what is not read yet.
AHEAD: Final = 60
# In a chat with a counter of its own, so many empty places in a row are the end of the chat.
END: Final = 8


class ProbeResult(Enum):
    """What an edit that should change nothing has shown about a message id."""

    SAME = auto()
    """The message that was searched for exists."""

    OURS = auto()
    """Another message of ours."""

    OVERWRITTEN = auto()
    """Another message of ours with the same buttons: the edit has changed its words."""

    FOREIGN = auto()
    """Somebody else's message."""

    NOTHING = auto()


_SHOWS: Final = {
    ApiRefusal.UNCHANGED: ProbeResult.SAME,
    ApiRefusal.OTHER_KIND: ProbeResult.OURS,
    ApiRefusal.FOREIGN: ProbeResult.FOREIGN,
}


class DeliveryProbe:
    """Tries the ids of a chat that are not known to belong to any message."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._known_ids = gateway.known_ids
        # what searches have overwritten and could not delete yet, by chat: it looks like what was
        # looked for, and must not be taken for that when the search begins again
        self._overwritten: dict[int, set[int]] = {}

    async def find(
        self, method: Method, chat: int, lowest: int, unread: int, nothing: set[int]
    ) -> list[int] | None:
        """The ids of the messages that one call made, all above ``lowest``; ``None`` unless all of
        them are found. ``unread``: so many updates the desk does not have yet; in a counter shared
        by many chats each may be a message that stands before it and is not seen from this chat.
        ``nothing``: ids of these at which an earlier try of the same search has found nothing; it
        is added to until one comes to its end, however often one is broken off.

        A message that the search has overwritten is deleted: an answer to a button can be asked
        for again, but the same words twice could be taken for one message.
        """
        wanted = unchanging_edits(method)
        hits: list[int] = []
        overwritten = self._overwritten.setdefault(chat, set())
        message_ref, empty = lowest, 0
        last = (written := max(self._known_ids.newest(chat), lowest) + unread) + AHEAD
        while len(hits) < len(wanted) and (message_ref := message_ref + 1) <= last:
            if self._known_ids.is_known(chat, message_ref) or message_ref in overwritten:
                continue
            like = None if message_ref in nothing else wanted[len(hits)]
            look = await self._probe(chat, message_ref, like) if like else ProbeResult.NOTHING
            if look is ProbeResult.NOTHING:
                if message_ref <= written:  # what comes behind may be there next time
                    nothing.add(message_ref)
                empty += message_ref > max(self._known_ids.newest(chat), lowest)
                if empty >= END and counter_of(chat) != SHARED:
                    break
                continue
            empty = 0
            if look is ProbeResult.FOREIGN:
                self._known_ids.note(chat, message_ref)
                last = max(last, message_ref + AHEAD)
            elif look is ProbeResult.SAME:
                hits.append(message_ref)
            elif look is ProbeResult.OVERWRITTEN:
                overwritten.add(message_ref)
        whole = len(hits) == len(wanted)
        await self._delete(chat, sorted(overwritten if whole else {*hits, *overwritten}))
        self._overwritten.pop(chat, None)
        nothing.clear()
        for message_ref in hits:
            self._known_ids.note(chat, message_ref)
        return hits if whole else None

    async def _probe(self, chat: int, message_ref: int, like: Sequence[Method]) -> ProbeResult:
        look = ProbeResult.NOTHING
        for edit in like:
            place = {"chat_id": chat, "message_id": message_ref}
            look = await self._try(edit.model_copy(update=place))
            if look is not ProbeResult.SAME:
                changed = look is ProbeResult.OURS and edit is not like[0]
                return ProbeResult.OVERWRITTEN if changed else look
        return look

    async def _try(self, edit: Method) -> ProbeResult:
        try:
            with self._gateway.probing():
                await self._gateway.call(edit)
        except Refused as refused:
            unreadable = refused.refusal is ApiRefusal.UNREADABLE
            if unreadable and (plain := without_markup(edit)) is not None:
                return await self._try(plain)
            return _SHOWS.get(refused.refusal, ProbeResult.NOTHING)
        return ProbeResult.OURS

    async def _delete(self, chat: int, message_refs: Sequence[int]) -> None:
        for message_ref in message_refs:
            try:
                await self._gateway.call(DeleteMessage(chat_id=chat, message_id=message_ref))
            except Refused:
                continue


def unchanging_edits(method: Method) -> list[list[Method]]:
    """For each message that a call makes, the edits that change nothing about it, in order."""
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


def without_markup(method: Method) -> Method | None:
    """The call without markup, if it has any (R12)."""
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
