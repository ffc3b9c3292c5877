"""The MarkdownV2 style."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from sandbox.server.markup.links import link_entity
from sandbox.server.markup.plain import (
    END,
    Entity,
    MarkupError,
    Out,
    custom_emoji,
    date_time,
    scan,
    sort_entities,
)

# ------------------------------------------------------------------------------------ MarkdownV2

_NAMES: Final = {
    "bold": "Bold",
    "italic": "Italic",
    "underline": "Underline",
    "strikethrough": "Strikethrough",
    "spoiler": "Spoiler",
    "code": "Code",
    "pre": "Pre",
    "pre_code": "PreCode",
    "text_link": "TextUrl",
    "custom_emoji": "CustomEmoji",
    "blockquote": "BlockQuote",
}
_RESERVED: Final = b"_*[]()~`>#+-=|{}.!\n"


@dataclass
class _Span:
    kind: str
    argument: str
    offset: int
    source: int
    start: int


class _MarkdownV2:
    def __init__(self, text: str) -> None:
        self.size = len(text.encode())
        self.src = text.encode() + END
        self.pos = 0
        self.out = Out()
        self.stack: list[_Span] = []
        self.entities: list[Entity] = []
        self.in_quote = False
        self.line_start = True

    def parse(self) -> tuple[str, list[Entity]]:
        while self.pos < self.size:
            self.step()
        if self.in_quote:
            self.finish_quote()
        if self.stack:
            raise self.unclosed(self.stack[-1])
        return self.out.text(), sort_entities(self.entities)

    def unclosed(self, span: _Span) -> MarkupError:
        return MarkupError(
            f"Can't find end of {_NAMES[span.kind]} entity at byte offset {span.source}"
        )

    def reserved(self) -> MarkupError:
        char = chr(self.src[self.pos])
        return MarkupError(
            f"Character '{char}' is reserved and must be escaped with the preceding '\\'"
        )

    def at(self, ahead: int) -> int:
        return self.src[self.pos + ahead]

    def step(self) -> None:
        char = self.src[self.pos]
        if char == 0x5C and 0 < self.at(1) <= 126:  # '\\'
            self.pos += 1
            self.out.byte(self.src[self.pos])
            if self.src[self.pos] != 0x0D:
                self.line_start = self.src[self.pos] == 0x0A
            self.pos += 1
            return
        verbatim = bool(self.stack) and self.stack[-1].kind in ("code", "pre", "pre_code")
        if char not in (b"`" if verbatim else _RESERVED):
            if char & 0xC0 != 0x80 and char != 0x0D:
                self.line_start = False
            self.out.byte(char)
            self.pos += 1
        elif self.ends_span(char):
            self.close(char)
        else:
            self.open(char)

    def ends_span(self, char: int) -> bool:
        if not self.stack:
            return False
        if self.in_quote and char == 0x0A and (self.pos + 1 == self.size or self.at(1) != 0x3E):
            return True
        kind = self.stack[-1].kind
        if kind == "bold":
            return char == 0x2A
        if kind == "italic":
            return char == 0x5F and self.at(1) != 0x5F
        if kind == "underline":
            return char == 0x5F and self.at(1) == 0x5F
        if kind == "strikethrough":
            return char == 0x7E
        if kind == "spoiler":
            return char == 0x7C and self.at(1) == 0x7C
        if kind == "code":
            return char == 0x60
        if kind in ("pre", "pre_code"):
            return char == 0x60 and self.at(1) == 0x60 and self.at(2) == 0x60
        if kind in ("text_link", "custom_emoji"):
            return char == 0x5D
        return False

    def open(self, char: int) -> None:
        source, argument, kind = self.pos, "", ""
        if char == 0x5F:  # '_'
            kind = "italic"
            if self.at(1) == 0x5F:
                kind = "underline"
                self.pos += 1
        elif char == 0x2A:  # '*'
            kind = "bold"
        elif char == 0x7E:  # '~'
            kind = "strikethrough"
        elif char == 0x7C:  # '|'
            if self.at(1) != 0x7C:
                raise self.reserved()
            kind = "spoiler"
            self.pos += 1
        elif char == 0x5B:  # '['
            kind = "text_link"
        elif char == 0x60:  # '`'
            kind = "code"
            if self.at(1) == 0x60 and self.at(2) == 0x60:
                kind, argument = self.open_pre()
        elif char == 0x21:  # '!'
            if self.at(1) != 0x5B:
                raise self.reserved()
            kind = "custom_emoji"
            self.pos += 1
        elif char == 0x0A:
            self.out.byte(char)
            self.line_start = True
        elif char == 0x3E:  # '>'
            if not self.line_start:
                raise self.reserved()
            if not self.in_quote:
                kind = "blockquote"
                self.in_quote = True
        else:
            raise self.reserved()
        self.pos += 1
        if kind:
            self.stack.append(_Span(kind, argument, self.out.utf16, source, len(self.out.data)))

    def open_pre(self) -> tuple[str, str]:
        self.pos += 3
        found = scan(re.compile(rb"[^\s`\0]*"), self.src, self.pos)
        kind, argument = "pre", ""
        end = found.end()
        if found[0] and end < self.size and self.src[end] != 0x60:
            kind, argument = "pre_code", found[0].decode(errors="replace")
            self.pos = end
        if self.at(0) in b"\r\n":
            pair = self.at(1) in b"\r\n" and self.at(0) != self.at(1)
            self.pos += 2 if pair else 1
        self.pos -= 1
        return kind, argument

    def url(self) -> str:
        """The part in parentheses after ``]``; leaves the position at ``)``."""
        self.pos += 2
        begin = self.pos
        url = bytearray()
        while self.pos < self.size and self.src[self.pos] != 0x29:
            if self.src[self.pos] == 0x5C and 0 < self.at(1) <= 126:
                self.pos += 1
            url.append(self.src[self.pos])
            self.pos += 1
        if self.src[self.pos] != 0x29:
            raise MarkupError(f"Can't find end of a URL at byte offset {begin}")
        return url.decode(errors="replace")

    def close(self, char: int) -> None:
        span = self.stack[-1]
        kind = span.kind
        if char == 0x0A and kind != "blockquote":
            self.close_expandable(span)
            span = self.stack[-1]
            kind = "expandable_blockquote"
        length = self.out.utf16 - span.offset
        entity: Entity | None = {"type": kind, "offset": span.offset, "length": length}
        if kind in ("underline", "spoiler"):
            self.pos += 1
        elif kind in ("pre", "pre_code"):
            self.pos += 2
            entity = {"type": "pre", "offset": span.offset, "length": length}
            if span.argument:
                entity["language"] = span.argument
        elif kind == "text_link":
            if self.at(1) == 0x28:
                url = self.url()
            else:
                url = self.out.data[span.start :].decode(errors="replace")
            entity = link_entity(url, span.offset, length)
        elif kind == "custom_emoji":
            if self.at(1) != 0x28:
                raise MarkupError("The entity must contain a tg://emoji or tg://time URL")
            entity = self.emoji_or_time(self.url(), span.offset, length)
        elif kind in ("blockquote", "expandable_blockquote"):
            self.in_quote = False
            self.out.byte(char)
            self.line_start = True
            length = self.out.utf16 - span.offset
            entity = {"type": kind, "offset": span.offset, "length": length}
        if entity is not None and length:
            self.entities.append(entity)
        self.stack.pop()
        self.pos += 1

    def close_expandable(self, span: _Span) -> None:
        """The mark ``||`` of an expandable quotation may stay open at the end of a line."""
        at_end = span.source == self.pos - 2 or (
            span.source == self.pos - 3 and self.out.data[-1:] == b"\r"
        )
        if span.kind != "spoiler" or not at_end:
            raise self.unclosed(span)
        self.stack.pop()
        if self.stack[-1].kind != "blockquote":
            raise self.unclosed(self.stack[-1])

    @staticmethod
    def emoji_or_time(url: str, offset: int, length: int) -> Entity:
        emoji = re.fullmatch(r"tg:(?://)?emoji/?\?(?:.*&)?id=(\d+)(?:&.*)?", url)
        if emoji and int(emoji[1]):
            return custom_emoji(emoji[1], offset, length)
        time = re.fullmatch(r"tg:(?://)?time/?\?(?:.*&)?unix=(\d+)(?:&.*)?", url)
        if time:
            fmt = re.search(r"[?&]format=([^&]*)", url)
            return date_time(int(time[1]), fmt[1] if fmt else "", offset, length)
        raise MarkupError("Invalid tg://emoji or tg://time URL specified")

    def finish_quote(self) -> None:
        kind = "blockquote"
        if self.stack[-1].kind == "spoiler" and self.stack[-1].source == self.size - 2:
            self.stack.pop()
            kind = "expandable_blockquote"
        if self.stack and self.stack[-1].kind == "blockquote":
            span = self.stack.pop()
            length = self.out.utf16 - span.offset
            if length:
                self.entities.append({"type": kind, "offset": span.offset, "length": length})


def parse_markdown_v2(text: str) -> tuple[str, list[Entity]]:
    """Parse the MarkdownV2 style."""
    return _MarkdownV2(text).parse()
