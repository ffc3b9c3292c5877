"""The HTML style."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from sandbox.server.markup.links import link_entity
from sandbox.server.markup.plain import (
    END,
    SPACE,
    Entity,
    MarkupError,
    Out,
    custom_emoji,
    date_time,
    scan,
    sort_entities,
)

_SIMPLE_TAGS: Final[dict[str, str]] = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
}
_TAGS: Final = frozenset(_SIMPLE_TAGS) | {"a", "tg-emoji", "tg-time", "pre", "code", "blockquote"}
_NAMED: Final = {b"lt": "<", b"gt": ">", b"amp": "&", b"quot": '"'}


# ----------------------------------------------------------------------------------------- HTML


@dataclass
class _Tag:
    name: str
    argument: str
    date: int
    offset: int
    start: int


class _Html:
    def __init__(self, text: str) -> None:
        self.size = len(text.encode())
        self.src = text.encode() + END
        self.pos = 0
        self.out = Out()
        self.stack: list[_Tag] = []
        self.entities: list[Entity] = []

    def reference(self) -> int:
        """Decode the character reference at the position, or return 0 and stay."""
        src, end = self.src, self.pos + 1
        if src[end] == 0x23:  # '#'
            found = scan(re.compile(rb"#(?:x([0-9a-fA-F]*)|([0-9]*))"), src, end)
            end = found.end()
            digits, base = (found[1], 16) if found[1] is not None else (found[2] or b"", 10)
            code = int(digits, base) if digits else 0
            if code == 0 or code >= 0x10FFFF or end - self.pos >= 10:
                return 0
        else:
            found = scan(re.compile(rb"[a-zA-Z]*"), src, end)
            end = found.end()
            if found[0] not in _NAMED:
                return 0
            code = ord(_NAMED[found[0]])
        self.pos = end + 1 if src[end] == 0x3B else end
        return code

    def skip_spaces(self) -> None:
        while self.src[self.pos] and self.src[self.pos] in SPACE:
            self.pos += 1

    def until(self, stop: bytes) -> bytes:
        start = self.pos
        while self.src[self.pos] not in stop:
            self.pos += 1
        return self.src[start : self.pos]

    def parse(self) -> tuple[str, list[Entity]]:
        while self.pos < self.size:
            value = self.src[self.pos]
            if value == 0x26:  # '&'
                code = self.reference()
                if code:
                    self.out.char(code)
                    continue
            if value != 0x3C:  # '<'
                self.out.byte(value)
                self.pos += 1
            elif self.src[self.pos + 1] == 0x2F:  # '/'
                self.close_tag()
            else:
                self.open_tag()
        if self.stack:
            raise MarkupError(
                f'Can\'t find end tag corresponding to start tag "{self.stack[-1].name}"'
            )
        return self.out.text(), sort_entities(self.entities)

    def open_tag(self) -> None:
        begin = self.pos
        self.pos += 1
        name = self.until(SPACE + b">").decode(errors="replace").lower()
        if self.src[self.pos] == 0:
            raise MarkupError(f"Unclosed start tag at byte offset {begin}")
        if name not in _TAGS:
            raise MarkupError(f'Unsupported start tag "{name}" at byte offset {begin}')
        argument, date = "", 0
        while True:
            self.skip_spaces()
            if self.src[self.pos] == 0x3E:
                break
            attribute, value = self.attribute(name, begin)
            if value is None:
                if name == "blockquote" and attribute == "expandable":
                    argument = "1"
            elif name == "a" and attribute == "href":
                argument = value
            elif name == "code" and attribute == "class" and value.startswith("language-"):
                argument = value.removeprefix("language-")
            elif name == "span" and attribute == "class" and value.startswith("tg-"):
                argument = value.removeprefix("tg-")
            elif name == "tg-emoji" and attribute == "emoji-id":
                argument = value
            elif name == "blockquote" and attribute == "expandable":
                argument = "1"
            elif name == "tg-time" and attribute == "unix":
                date = int(value) if re.fullmatch(r"-?\d{1,10}", value) else 0
            elif name == "tg-time" and attribute == "format":
                argument = value
        self.pos += 1
        if name == "span" and argument != "spoiler":
            raise MarkupError(f'Tag "span" must have class "tg-spoiler" at byte offset {begin}')
        self.stack.append(_Tag(name, argument, date, self.out.utf16, len(self.out.data)))

    def attribute(self, tag: str, begin: int) -> tuple[str, str | None]:
        name = self.until(SPACE + b"=>/\"'").decode(errors="replace")
        if not name:
            raise MarkupError(f'Empty attribute name in the tag "{tag}" at byte offset {begin}')
        self.skip_spaces()
        if self.src[self.pos] != 0x3D:  # '='
            if self.src[self.pos] == 0:
                raise MarkupError(f'Unclosed start tag "{tag}" at byte offset {begin}')
            return name, None
        self.pos += 1
        self.skip_spaces()
        if self.src[self.pos] == 0:
            raise MarkupError(f'Unclosed start tag "{tag}" at byte offset {begin}')
        quote = self.src[self.pos]
        if quote in b"'\"":
            self.pos += 1
            value = self.quoted(quote)
        else:
            start = self.pos
            found = scan(re.compile(rb"[a-zA-Z0-9.-]*"), self.src, start)
            self.pos = found.end()
            value = found[0].decode().lower()
            if self.src[self.pos] not in SPACE + b">":
                raise MarkupError(f"Unexpected end of name token at byte offset {start}")
        if self.src[self.pos] == 0:
            raise MarkupError(f"Unclosed start tag at byte offset {begin}")
        return name, value

    def quoted(self, quote: int) -> str:
        value = bytearray()
        while self.src[self.pos] not in (quote, 0):
            if self.src[self.pos] == 0x26:
                code = self.reference()
                if code:
                    value += chr(code).encode("utf-8", "surrogatepass")
                    continue
            value.append(self.src[self.pos])
            self.pos += 1
        if self.src[self.pos] == quote:
            self.pos += 1
        return value.decode(errors="replace")

    def close_tag(self) -> None:
        begin = self.pos
        if not self.stack:
            raise MarkupError(f"Unexpected end tag at byte offset {begin}")
        self.pos += 2
        name = self.until(SPACE + b">").decode(errors="replace").lower()
        self.skip_spaces()
        if self.src[self.pos] != 0x3E:
            raise MarkupError(f"Unclosed end tag at byte offset {begin}")
        self.pos += 1
        tag = self.stack[-1]
        if name and name != tag.name:
            raise MarkupError(
                f'Unmatched end tag at byte offset {begin}, expected "</{tag.name}>", '
                f'found "</{name}>"'
            )
        self.stack.pop()
        length = self.out.utf16 - tag.offset
        if length > 0:
            self.add(tag, length)

    def add(self, tag: _Tag, length: int) -> None:
        entity: Entity | None
        last = self.entities[-1] if self.entities else None
        same_span = last is not None and last["offset"] == tag.offset and last["length"] == length
        if tag.name in _SIMPLE_TAGS:
            entity = {"type": _SIMPLE_TAGS[tag.name], "offset": tag.offset, "length": length}
        elif tag.name == "a":
            url = tag.argument or self.out.data[tag.start :].decode(errors="replace")
            entity = link_entity(url, tag.offset, length)
        elif tag.name == "tg-emoji":
            entity = custom_emoji(tag.argument, tag.offset, length)
        elif tag.name == "tg-time":
            entity = date_time(tag.date, tag.argument, tag.offset, length)
            if tag.date <= 0:
                return
        elif tag.name == "blockquote":
            kind = "expandable_blockquote" if tag.argument else "blockquote"
            entity = {"type": kind, "offset": tag.offset, "length": length}
        elif tag.name == "pre":
            if same_span and last is not None and last["type"] == "code" and last.get("_lang"):
                last["type"] = "pre"
                last["language"] = last.pop("_lang")
                return
            entity = {"type": "pre", "offset": tag.offset, "length": length}
        else:
            plain_pre = last is not None and last["type"] == "pre" and "language" not in last
            if same_span and plain_pre and last is not None and tag.argument:
                last["language"] = tag.argument
                return
            entity = {
                "type": "code",
                "offset": tag.offset,
                "length": length,
                "_lang": tag.argument,
            }
        if entity is not None:
            self.entities.append(entity)


def parse_html(text: str) -> tuple[str, list[Entity]]:
    """Parse the HTML style."""
    plain, entities = _Html(text).parse()
    for entity in entities:
        entity.pop("_lang", None)
    return plain, entities
