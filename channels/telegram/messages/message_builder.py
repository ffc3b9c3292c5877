"""Builds the Bot API calls that send stored messages again, whole and in order."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from aiogram.methods import (
    EditMessageCaption,
    EditMessageLiveLocation,
    EditMessageMedia,
    EditMessageText,
    SendAnimation,
    SendAudio,
    SendContact,
    SendDocument,
    SendLocation,
    SendMediaGroup,
    SendMessage,
    SendPhoto,
    SendSticker,
    SendVenue,
    SendVideo,
    SendVideoNote,
    SendVoice,
    TelegramMethod,
)
from aiogram.types import (
    InlineKeyboardMarkup,
    InputMediaAnimation,
    InputMediaAudio,
    InputMediaDocument,
    InputMediaPhoto,
    InputMediaVideo,
    ReplyParameters,
)

from channels.telegram.messages.formatting import as_entities, headed
from core.words.names import LONGEST_MESSAGE, split_entities, units

LONGEST_CAPTION: Final = 1024
LONGEST_ALBUM: Final = 10

Content = Mapping[str, Any]
Method = TelegramMethod[Any]

# Kinds that are files: the call, and the name of its file.
_FILES: Final[dict[str, tuple[type[Method], str]]] = {
    "photo": (SendPhoto, "photo"),
    "video": (SendVideo, "video"),
    "animation": (SendAnimation, "animation"),
    "audio": (SendAudio, "audio"),
    "document": (SendDocument, "document"),
    "voice": (SendVoice, "voice"),
    "video_note": (SendVideoNote, "video_note"),
    "sticker": (SendSticker, "sticker"),
}
_POINTS: Final[dict[str, type[Method]]] = {
    "location": SendLocation,
    "venue": SendVenue,
    "contact": SendContact,
}
_INPUT: Final[dict[str, type[Any]]] = {
    "photo": InputMediaPhoto,
    "video": InputMediaVideo,
    "animation": InputMediaAnimation,
    "audio": InputMediaAudio,
    "document": InputMediaDocument,
}
_CAPTIONED: Final = frozenset({*_INPUT, "voice"})
_SPOILED: Final = frozenset({"photo", "video", "animation"})
# What may stand in one album together.
_COMPANY: Final = {"photo": "seen", "video": "seen", "audio": "audio", "document": "document"}


def has_words(content: Content) -> bool:
    """True if words can stand in the same message: it is text, or can have a caption."""
    return content["kind"] == "text" or content["kind"] in _CAPTIONED


def pieces(content: Content, prefix: str | None = None) -> list[dict[str, Any]]:
    """The content as contents that fit into one message each, below a line that says whose it is.

    Nothing is cut off: what does not fit into a caption follows as text, and a long text is split.
    """
    text, entities = str(content.get("text") or ""), content.get("entities") or []
    whole, marked = headed(prefix, text, entities)
    header = [_words(*headed(prefix, "", []))] if prefix else []
    if content["kind"] == "text":
        if units(whole) <= LONGEST_MESSAGE:
            return [_words(whole, marked)]
        return [*header, *_split(text, entities)]
    if content["kind"] not in _CAPTIONED:
        return [*header, _file(content, "", []), *_split(text, entities)]
    if units(whole) <= LONGEST_CAPTION:
        return [_file(content, whole, marked)]
    if units(text) <= LONGEST_CAPTION:
        return [*header, _file(content, text, entities)]
    return [_file(content, *headed(prefix, "", [])), *_split(text, entities)]


def methods(
    content: Content,
    chat_id: int,
    *,
    prefix: str | None = None,
    reply_to: int | None = None,
    quote: Content | None = None,
    keyboard: InlineKeyboardMarkup | None = None,
    must_reply: bool = False,
) -> list[Method]:
    """The calls that send a content: the first is the reply, the last has the keyboard.

    ``quote``: the words of the message it answers, with their entities. ``must_reply``: fail rather
    than be sent without that message.
    """
    parts = pieces(content, prefix)
    last = len(parts) - 1
    return [
        _said(
            part,
            chat_id,
            _reply(reply_to, must_reply, quote) if index == 0 else None,
            keyboard if index == last else None,
        )
        for index, part in enumerate(parts)
    ]


def album(
    contents: Sequence[Content],
    chat_id: int,
    *,
    prefix: str | None = None,
    reply_to: int | None = None,
    quote: Content | None = None,
    must_reply: bool = False,
) -> list[tuple[Method, tuple[int, ...]]]:
    """The calls that send several contents as albums, with the indexes of the contents in each.

    What an album does not take (a lone file, another kind, a long caption) goes by itself.
    """
    calls: list[tuple[Method, tuple[int, ...]]] = []
    for group in _groups(contents):
        reply = reply_to if not calls else None
        head = prefix if not calls else None
        if len(group) == 1:
            said = methods(
                contents[group[0]],
                chat_id,
                prefix=head,
                reply_to=reply,
                quote=quote,
                must_reply=must_reply,
            )
            calls += [(method, tuple(group)) for method in said]
        else:
            members = [(index, contents[index]) for index in group]
            calls += _group_calls(members, chat_id, head, _reply(reply, must_reply, quote))
    return calls


def edits(
    content: Content,
    chat_id: int,
    message_refs: Sequence[int],
    *,
    prefix: str | None = None,
    keyboard: InlineKeyboardMarkup | None = None,
) -> list[Method]:
    """The calls that edit the copies ``message_refs`` to the content as it is now.

    What does not fit into the copies is sent below them.
    """
    parts = pieces(content, prefix)
    calls: list[Method] = []
    for index, part in enumerate(parts):
        last = keyboard if index == len(parts) - 1 else None
        if index >= len(message_refs):
            calls.append(_said(part, chat_id, _reply(message_refs[-1], must=False), last))
        elif (edit := _rewritten(part, chat_id, message_refs[index], last)) is not None:
            calls.append(edit)
    return calls


def _words(text: str, entities: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {"kind": "text", "text": text, "entities": list(entities), "file_id": None, "more": {}}


def _file(content: Content, text: str, entities: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {**content, "text": text, "entities": list(entities)}


def _split(text: str, entities: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    return [_words(*part) for part in split_entities(text, entities)]


def _reply(
    reply_to: int | None,
    must: bool,  # noqa: FBT001
    quote: Content | None = None,
) -> ReplyParameters | None:
    if reply_to is None:
        return None
    if quote is None:
        return _plain_reply(reply_to, must)
    return ReplyParameters(
        message_id=reply_to,
        allow_sending_without_reply=not must,
        quote=quote["quote"],
        quote_entities=as_entities(quote["entities"]),
    )


@lru_cache(maxsize=1024)
def _plain_reply(reply_to: int, must: bool) -> ReplyParameters:  # noqa: FBT001
    """It never changes, and many messages answer the same card."""
    return ReplyParameters(message_id=reply_to, allow_sending_without_reply=not must)


def _said(
    part: Content,
    chat_id: int,
    reply: ReplyParameters | None,
    keyboard: InlineKeyboardMarkup | None,
) -> Method:
    """The call for one piece."""
    kind, more = part["kind"], part.get("more") or {}
    call: dict[str, Any] = {"chat_id": chat_id}
    if reply is not None:
        call["reply_parameters"] = reply
    if keyboard is not None:
        call["reply_markup"] = keyboard
    if kind == "text":
        return SendMessage(text=part["text"], entities=as_entities(part["entities"]), **call)
    if kind == "contact":
        more = {"first_name": more["phone_number"], **more}  # Telegram insists on a name
    if kind in _POINTS:
        return _POINTS[kind](**call, **more)
    method, field = _FILES[kind]
    return method(**call, **{field: part["file_id"]}, **_caption(part), **_looks(part))


def _caption(part: Content) -> dict[str, Any]:
    if part["kind"] not in _CAPTIONED or not part["text"]:
        return {}
    return {"caption": part["text"], "caption_entities": as_entities(part["entities"])}


def _looks(part: Content) -> dict[str, Any]:
    more, looks = part.get("more") or {}, {}
    if part["kind"] in _SPOILED:
        if more.get("spoiler"):
            looks["has_spoiler"] = True
        if more.get("above"):
            looks["show_caption_above_media"] = True
    return looks


def _input(part: Content) -> Any:
    return _INPUT[part["kind"]](media=part["file_id"], **_caption(part), **_looks(part))


def _rewritten(
    part: Content, chat_id: int, message_ref: int, keyboard: InlineKeyboardMarkup | None
) -> Method | None:
    """The edit for one piece; ``None`` for kinds that nobody can edit."""
    call: dict[str, Any] = {"chat_id": chat_id, "message_id": message_ref, "reply_markup": keyboard}
    kind = part["kind"]
    if kind == "text":
        return EditMessageText(text=part["text"], entities=as_entities(part["entities"]), **call)
    if kind in _INPUT:
        return EditMessageMedia(media=_input(part), **call)
    if kind in _CAPTIONED:
        return EditMessageCaption(**_caption(part), **call)
    if kind == "location" and part["more"].get("live_period"):
        point = {name: part["more"][name] for name in ("latitude", "longitude")}
        return EditMessageLiveLocation(**point, **call)
    return None


def _groups(contents: Sequence[Content]) -> list[list[int]]:
    """Places of contents that may go together, in order."""
    groups: list[list[int]] = []
    company: str | None = None
    for index, content in enumerate(contents):
        own = _COMPANY.get(content["kind"])
        if groups and own is not None and own == company and len(groups[-1]) < LONGEST_ALBUM:
            groups[-1].append(index)
        else:
            groups.append([index])
        company = own
    return groups


def _group_calls(
    members: Sequence[tuple[int, Content]],
    chat_id: int,
    prefix: str | None,
    reply: ReplyParameters | None,
) -> Iterator[tuple[Method, tuple[int, ...]]]:
    """An album, between its header if that does not fit and captions that are too long for it."""
    places = tuple(index for index, _ in members)
    by_member = [
        pieces(content, prefix if at == 0 else None) for at, (_, content) in enumerate(members)
    ]
    parts = [next(part for part in own if part["file_id"]) for own in by_member]
    before = by_member[0][: by_member[0].index(parts[0])]
    for part in before:
        yield _said(part, chat_id, reply, None), places[:1]
        reply = None
    yield (
        SendMediaGroup(
            chat_id=chat_id, media=[_input(part) for part in parts], reply_parameters=reply
        ),
        places,
    )
    for place, own, part in zip(places, by_member, parts, strict=True):
        for text in own[own.index(part) + 1 :]:
            yield _said(text, chat_id, None, None), (place,)
