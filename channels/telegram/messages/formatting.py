"""The entities that are kept of people's messages, and text added without shifting them.

Offsets are the Bot API's: in UTF-16 units.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from aiogram.types import MessageEntity

from core.words.names import units

Entity = dict[str, Any]

# Only formatting: mentions, commands and the like stay plain text (S8).
KEPT: Final = frozenset(
    {
        "bold",
        "italic",
        "underline",
        "strikethrough",
        "spoiler",
        "code",
        "pre",
        "blockquote",
        "expandable_blockquote",
    }
)


def plain_words(text: str, entities: Iterable[MessageEntity]) -> tuple[str, list[Entity]]:
    """The text with hidden links made visible, and the formatting that is kept (S8)."""
    entities = list(entities)
    if not entities:
        return text, []
    shown = [
        (entity.offset + entity.length, f" ({entity.url})")
        for entity in entities
        if entity.type == "text_link" and entity.url and not _says(text, entity, entity.url)
    ]
    kept = [_as_dict(entity) for entity in entities if entity.type in KEPT]
    return _inserted(text, shown), [_shifted(entity, shown) for entity in kept]


def headed(
    header: str | None, text: str, entities: Sequence[Mapping[str, Any]]
) -> tuple[str, list[Entity]]:
    """The text below a line in bold."""
    if not header:
        return text, [dict(entity) for entity in entities]
    line: Entity = {"type": "bold", "offset": 0, "length": units(header)}
    if not text:
        return header, [line]
    below = units(header) + 1
    moved = [{**entity, "offset": int(entity["offset"]) + below} for entity in entities]
    return f"{header}\n{text}", [line, *moved]


def as_entities(entities: Iterable[Mapping[str, Any]]) -> list[MessageEntity]:
    """What was kept, as aiogram sends it."""
    return [_as_entity(**entity) for entity in entities]


@lru_cache(maxsize=1024)
def _as_entity(**facts: Any) -> MessageEntity:
    """It never changes, and most are lines in bold of a few lengths."""
    return MessageEntity(**facts)


def _as_dict(entity: MessageEntity) -> Entity:
    kept: Entity = {"type": entity.type, "offset": entity.offset, "length": entity.length}
    if entity.language:
        kept["language"] = entity.language
    return kept


def _says(text: str, entity: MessageEntity, url: str) -> bool:
    """Whether the words of a link are its address already."""
    return _bare(entity.extract_from(text)) == _bare(url)


def _bare(url: str) -> str:
    return url.strip().casefold().removeprefix("https://").removeprefix("http://").rstrip("/")


def _inserted(text: str, pieces: Sequence[tuple[int, str]]) -> str:
    data = text.encode("utf-16-le")
    for at, piece in sorted(pieces, reverse=True):
        data = data[: at * 2] + piece.encode("utf-16-le", "replace") + data[at * 2 :]
    return data.decode("utf-16-le", "replace")


def _shifted(entity: Entity, pieces: Sequence[tuple[int, str]]) -> Entity:
    start, end = entity["offset"], entity["offset"] + entity["length"]
    new_start = start + sum(units(piece) for at, piece in pieces if at <= start)
    new_end = end + sum(units(piece) for at, piece in pieces if at < end)
    return {**entity, "offset": new_start, "length": new_end - new_start}
