"""The legacy Markdown style."""

from __future__ import annotations

import re

from sandbox.markup.links import link_entity
from sandbox.markup.plain import END, Entity, MarkupError, Out

# ------------------------------------------------------------------------------- legacy Markdown


def parse_markdown(text: str) -> tuple[str, list[Entity]]:
    """Parse the legacy Markdown style (no nesting)."""
    size = len(text.encode())
    src = text.encode() + END
    out = Out()
    entities: list[Entity] = []
    pos = 0
    while pos < size:
        char = src[pos]
        if char == 0x5C and src[pos + 1] in b"_*`[":
            out.byte(src[pos + 1])
            pos += 2
            continue
        if char not in b"_*`[":
            out.byte(char)
            pos += 1
            continue
        begin = pos
        pos += 1
        closing = b"]" if char == 0x5B else bytes((char,))
        language = ""
        if char == 0x60 and src[pos : pos + 2] == b"``":
            closing = b"```"
            pos += 2
            found = re.compile(rb"[^\s`\0]*").match(src, pos)
            assert found is not None
            if found[0] and found.end() < size and src[found.end()] != 0x60:
                language = found[0].decode(errors="replace")
                pos = found.end()
            if src[pos] in b"\r\n":
                pos += 2 if src[pos + 1] in b"\r\n" and src[pos] != src[pos + 1] else 1
        end = src.find(closing, pos, size)
        if end < 0:
            raise MarkupError(f"Can't find end of the entity starting at byte offset {begin}")
        offset = out.utf16
        for value in src[pos:end]:
            out.byte(value)
        inner = src[pos:end].decode(errors="replace")
        pos = end + len(closing)
        length = out.utf16 - offset
        if not length:
            continue
        entity: Entity | None
        if char == 0x5B:
            url = inner
            if src[pos] == 0x28:
                close = src.find(b")", pos, size)
                stop = close if close >= 0 else size
                url = src[pos + 1 : stop].decode(errors="replace")
                pos = stop + 1
            entity = link_entity(url, offset, length)
        elif closing == b"```":
            entity = {"type": "pre", "offset": offset, "length": length}
            if language:
                entity["language"] = language
        else:
            kind = {0x5F: "italic", 0x2A: "bold", 0x60: "code"}[char]
            entity = {"type": kind, "offset": offset, "length": length}
        if entity is not None:
            entities.append(entity)
    return out.text(), entities
