"""An operator's words as HTML for a mail: their own emphasis and links, and nothing else. Pure."""

from collections.abc import Mapping, Sequence
from html import escape
from itertools import pairwise
from typing import Any, Final
from urllib.parse import urlsplit

_TAGS: Final = {
    "bold": "b",
    "italic": "i",
    "underline": "u",
    "strikethrough": "s",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "expandable_blockquote": "blockquote",
}
_SCHEMES: Final = frozenset({"http", "https", "mailto", "tel"})


def html_of(text: str, entities: Sequence[Mapping[str, Any]] = ()) -> str:
    """Return the words as the body of an HTML mail. Offsets of ``entities`` count UTF-16 units."""
    units = text.encode("utf-16-le")
    length = len(units) // 2
    spans = [span for entity in entities if (span := _span(entity, length)) is not None]
    cuts = sorted({0, length, *(at for start, end, *_ in spans for at in (start, end))})
    parts = [
        _piece(units[start * 2 : end * 2].decode("utf-16-le", "replace"), start, spans)
        for start, end in pairwise(cuts)
    ]
    return f'<div style="white-space: pre-wrap">{"".join(parts)}</div>'


_Span = tuple[int, int, str, str]


def _span(entity: Mapping[str, Any], length: int) -> _Span | None:
    """Where an entity begins and ends, and its tags."""
    start = int(entity.get("offset", 0))
    end = min(start + int(entity.get("length", 0)), length)
    if not 0 <= start < end:
        return None
    kind = str(entity.get("type"))
    if kind == "text_link":
        url = str(entity.get("url", ""))
        if urlsplit(url).scheme.lower() not in _SCHEMES:
            return None
        return start, end, f'<a href="{escape(url)}">', "</a>"
    tag = _TAGS.get(kind)
    return None if tag is None else (start, end, f"<{tag}>", f"</{tag}>")


def _piece(text: str, at: int, spans: Sequence[_Span]) -> str:
    """A piece that no entity begins or ends within: it is opened and closed by itself."""
    around = [span for span in spans if span[0] <= at < span[1]]
    opened = "".join(span[2] for span in around)
    closed = "".join(span[3] for span in reversed(around))
    return f"{opened}{escape(text)}{closed}"
