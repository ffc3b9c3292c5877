"""Text of messages: limits, automatic entities, and what the server does to both."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from aiogram import types

from sandbox.server.errors import bad_request
from sandbox.server.markup.html_style import parse_html
from sandbox.server.markup.legacy_markdown import parse_markdown
from sandbox.server.markup.links import check_url
from sandbox.server.markup.markdown_v2 import parse_markdown_v2
from sandbox.server.markup.plain import Entity, MarkupError, sort_entities
from sandbox.server.schema import prune

TEXT_LIMIT: Final = 4096  # characters after parsing
CAPTION_LIMIT: Final = 1024

_INVISIBLE: Final = "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad\u180e\u3164\u2800"
_CONTROL = {code: " " for code in range(32) if code not in (10, 13)} | {13: None, 0x7F: " "}
# the server knows all top-level domains; these are the usual ones
_TLD = (
    "com|org|net|info|biz|name|edu|gov|mil|int|io|me|dev|app|ai|co|tv|cc|ws|fm|to|gg|ly|gl|st|"
    "ru|su|by|ua|kz|uz|kg|am|ge|az|md|lv|lt|ee|de|uk|us|eu|fr|es|it|pl|nl|be|ch|at|se|no|fi|dk|cz|"
    "sk|hu|ro|bg|gr|pt|ie|tr|il|ir|in|cn|jp|kr|hk|tw|sg|id|vn|th|my|ph|au|nz|ca|br|mx|ar|cl|za|"
    "online|site|shop|store|tech|cloud|support|help|xyz|pro|live|link|club|space|website|blog|news|"
    "media|agency|digital|email|host|page|team|world|art|moscow|рф|рус|бел|укр|қаз|онлайн|сайт|москва"
)
_IP = r"(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(?:25[0-5]|2[0-4]\d|1?\d?\d)"
_HOST = rf"(?:(?:\w(?:[\w-]*\w)?\.)+(?:{_TLD})|{_IP})(?!\.?[\w-])"
_PATTERNS: Final[list[tuple[str, re.Pattern[str]]]] = [
    (
        "email",
        re.compile(
            r"(?<![\w.+/-])[\w.+-]{1,64}@(?:[a-zA-Z0-9-]+\.)+[a-zA-Z]{2,}(?![\w-])", re.ASCII
        ),
    ),
    (
        "url",
        re.compile(
            r"(?<![\w@.#-])(?:tg|ton)://[\w-]+[^\s<>\"«»]*"
            rf"|(?<![\w@.#-])(?:(?:https?|ftp)://)?{_HOST}(?::\d{{1,5}})?(?:[/?#][^\s<>\"«»]*)?",
            re.IGNORECASE,
        ),
    ),
    ("mention", re.compile(r"(?<![\w@/])@[a-zA-Z]\w{2,31}(?!\w)", re.ASCII)),
    (
        "bot_command",
        re.compile(r"(?<![\w/<>])/[a-zA-Z0-9_]{1,64}(?:@[a-zA-Z0-9_]{3,32})?(?![\w/<>@])"),
    ),
    ("hashtag", re.compile(r"(?<!\w)#(?=\w{0,255}[^\W\d_])\w{1,256}(?:@\w{3,32})?(?![\w#])")),
    ("cashtag", re.compile(r"(?<![\w$])\$[A-Z]{1,8}(?![\w$])")),
    ("phone_number", re.compile(r"(?<![\w+])\+\d(?:[ ()-]?\d){9,14}(?!\w)")),
]
# entities that can't contain an automatic one
_OPAQUE: Final = frozenset({"code", "pre", "text_link", "text_mention", "custom_emoji"})


def utf16_len(text: str) -> int:
    """Length in UTF-16 code units."""
    return len(text) + sum(1 for char in text if ord(char) > 0xFFFF)


def utf16_slice(text: str, offset: int, length: int) -> str:
    """Part of a text given in UTF-16 code units."""
    data = text.encode("utf-16-le")
    return data[offset * 2 : (offset + length) * 2].decode("utf-16-le", "replace")


def detect_entities(text: str, taken: Iterable[Entity] = ()) -> list[Entity]:
    """Entities that Telegram finds by itself: links, mentions, commands, hashtags…"""
    if not any(mark in text for mark in "@/#$+.:"):
        return []
    bmp = utf16_len(text) == len(text)
    busy = [(e["offset"], e["offset"] + e["length"]) for e in taken if e["type"] in _OPAQUE]
    found: list[Entity] = []
    for kind, pattern in _PATTERNS:
        for match in pattern.finditer(text):
            start, end = match.span()
            if kind == "url":
                end = start + len(match[0].rstrip(".,;:!?)]}'"))
            if not bmp:
                start, end = utf16_len(text[:start]), utf16_len(text[:end])
            if any(start < stop and begin < end for begin, stop in busy):
                continue
            busy.append((start, end))
            found.append({"type": kind, "offset": start, "length": end - start})
    return found


def is_blank(text: str) -> bool:
    """Nothing visible in the text."""
    return not text.strip().strip(_INVISIBLE + " \n\t").strip()


def _check_explicit(text: str, entities: list[dict[str, Any]]) -> list[Entity]:
    """Entities given by the bot itself, checked like the server does."""
    size = utf16_len(text)
    data = text.encode("utf-16-le")
    result = []
    for entity in entities:
        offset, length = _span(entity)
        if not length:
            continue
        if offset >= size:
            raise bad_request(
                f"entity begins after the end of the text at UTF-16 offset {offset}",
                violation="bad_entities",
            )
        if offset + length > size:
            raise bad_request(
                f"entity beginning at UTF-16 offset {offset} ends after the end of the text at "
                f"UTF-16 offset {offset + length}",
                violation="bad_entities",
            )
        if _splits_pair(data, offset) or _splits_pair(data, offset + length):
            raise bad_request(
                f"entity beginning at UTF-16 offset {offset} ends in a middle of a UTF-16 symbol",
                violation="bad_entities",
            )
        if entity.get("type") == "text_link" and not check_url(str(entity.get("url", "")))[0]:
            continue
        result.append(prune(types.MessageEntity, entity))
    return sort_entities(result)


def _span(entity: Entity) -> tuple[int, int]:
    offset, length = entity.get("offset"), entity.get("length")
    if not isinstance(offset, int) or not isinstance(length, int):
        raise bad_request(
            'can\'t parse MessageEntity: Field "offset" must be of type Number',
            violation="invalid_parameters",
        )
    for name, value in (("offset", offset), ("length", length)):
        if not 0 <= value <= 1_000_000:
            raise bad_request(
                f"receive an entity with incorrect {name} {value}", violation="bad_entities"
            )
    return offset, length


def _splits_pair(data: bytes, unit: int) -> bool:
    """A position in a text (UTF-16) that lies within a surrogate pair."""
    low = int.from_bytes(data[unit * 2 : unit * 2 + 2], "little")
    return unit > 0 and 0xDC00 <= low <= 0xDFFF


def _trim(text: str, entities: list[Entity]) -> tuple[str, list[Entity]]:
    """Drop the white space around the text and keep the entities in place."""
    right = text.rstrip(" \n\t")
    first = min((e["offset"] for e in entities), default=None)
    left = len(right) - len(right.lstrip(" \n"))
    if first is not None:
        left = min(left, first)  # the characters dropped here are all in the BMP
    end = utf16_len(right)
    trimmed = right[left:]
    result = []
    for entity in entities:
        offset = entity["offset"]
        length = min(offset + entity["length"], end) - offset
        if length > 0:
            result.append(entity | {"offset": offset - left, "length": length})
    return trimmed, result


def formatted(
    text: str,
    parse_mode: str | None,
    entities: list[dict[str, Any]] | None,
    *,
    limit: int,
    what: str = "text",
    allow_empty: bool = False,
    detect: bool = True,
) -> tuple[str, list[Entity]]:
    """Turn what a bot sent into the text and entities of a message, or refuse it.

    ``what`` is "text", "caption" or another name of the field for the "too long" error.
    """
    if len(text.encode("utf-8", "surrogatepass")) > 1 << 15:
        raise bad_request("text is too long", violation="too_long")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise bad_request("strings must be encoded in UTF-8", violation="bad_utf8") from None
    mode = (parse_mode or "none").lower()
    found: list[Entity]
    if text and mode != "none":
        parsers = {"html": parse_html, "markdownv2": parse_markdown_v2, "markdown": parse_markdown}
        if mode not in parsers:
            raise bad_request("unsupported parse_mode", violation="invalid_parameters")
        try:
            text, found = parsers[mode](text)
        except MarkupError as error:
            raise bad_request(f"can't parse entities: {error}", violation="bad_entities") from None
    else:
        found = _check_explicit(text, entities) if entities else []
    if "\r" in text or re.search(r"[\0-\x09\x0b-\x1f\x7f]", text):
        if found and "\r" in text:
            found = _shift_returns(text, found)
        text = text.translate(_CONTROL)
    if is_blank(text):
        if allow_empty:
            return "", []
        reason = "text must be non-empty" if text else "message text is empty"
        raise bad_request(reason, violation="empty_text")
    text, found = _trim(text, found)
    # the server counts Unicode characters here, not UTF-16 units
    if len(text) > limit:
        name = {"text": "message is too long", "caption": "message caption is too long"}
        raise bad_request(name.get(what, f"{what} is too long"), violation="too_long")
    if detect:
        found = sort_entities(found + detect_entities(text, found))
    return text, found


def _shift_returns(text: str, entities: list[Entity]) -> list[Entity]:
    """Entities after the removal of carriage returns."""
    returns = [utf16_len(text[: m.start()]) for m in re.finditer("\r", text)]

    def moved(unit: int) -> int:
        return unit - sum(1 for position in returns if position < unit)

    result = []
    for entity in entities:
        start = moved(entity["offset"])
        end = moved(entity["offset"] + entity["length"])
        if end > start:
            result.append(entity | {"offset": start, "length": end - start})
    return result
