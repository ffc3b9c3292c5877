"""The legacy Markdown style."""

from __future__ import annotations

import re

from sandbox.server.markup.links import link_entity
from sandbox.server.markup.plain import END, Entity, MarkupError, Out, scan

# ------------------------------------------------------------------------------- legacy Markdown


def parse_markdown(text: str) -> tuple[str, list[Entity]]:
    """Parse the legacy Markdown style (no nesting)."""
    return _Markdown(text).parse()


class _Markdown:
    def __init__(self, text: str) -> None:
        self.size = len(text.encode())
        self.src = text.encode() + END
        self.pos = 0
        self.out = Out()
        self.entities: list[Entity] = []

    def parse(self) -> tuple[str, list[Entity]]:
        while self.pos < self.size:
            char = self.src[self.pos]
            if char == 0x5C and self.src[self.pos + 1] in b"_*`[":  # '\\'
                self.out.byte(self.src[self.pos + 1])
                self.pos += 2
            elif char not in b"_*`[":
                self.out.byte(char)
                self.pos += 1
            else:
                self.span(char)
        return self.out.text(), self.entities

    def span(self, char: int) -> None:
        begin = self.pos
        self.pos += 1
        closing = b"]" if char == 0x5B else bytes((char,))
        language = ""
        if char == 0x60 and self.src[self.pos : self.pos + 2] == b"``":
            closing = b"```"
            language = self.open_pre()
        end = self.src.find(closing, self.pos, self.size)
        if end < 0:
            raise MarkupError(f"Can't find end of the entity starting at byte offset {begin}")
        offset = self.out.utf16
        for value in self.src[self.pos : end]:
            self.out.byte(value)
        inner = self.src[self.pos : end].decode(errors="replace")
        self.pos = end + len(closing)
        length = self.out.utf16 - offset
        if not length:
            return
        entity: Entity | None
        if char == 0x5B:  # '['
            entity = link_entity(self.address(inner), offset, length)
        elif closing == b"```":
            entity = {"type": "pre", "offset": offset, "length": length}
            if language:
                entity["language"] = language
        else:
            kind = {0x5F: "italic", 0x2A: "bold", 0x60: "code"}[char]
            entity = {"type": kind, "offset": offset, "length": length}
        if entity is not None:
            self.entities.append(entity)

    def open_pre(self) -> str:
        """Go behind the opening of a block of code; returns its language."""
        src, language = self.src, ""
        self.pos += 2
        found = scan(re.compile(rb"[^\s`\0]*"), src, self.pos)
        if found[0] and found.end() < self.size and src[found.end()] != 0x60:
            language = found[0].decode(errors="replace")
            self.pos = found.end()
        if src[self.pos] in b"\r\n":
            pair = src[self.pos + 1] in b"\r\n" and src[self.pos] != src[self.pos + 1]
            self.pos += 2 if pair else 1
        return language

    def address(self, inner: str) -> str:
        """The address of a link: what follows in parentheses, else its text."""
        if self.src[self.pos] != 0x28:  # '('
            return inner
        close = self.src.find(b")", self.pos, self.size)
        stop = close if close >= 0 else self.size
        url = self.src[self.pos + 1 : stop].decode(errors="replace")
        self.pos = stop + 1
        return url
