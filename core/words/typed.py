"""Reads short answers that people type: how many in which time, «выкл»; writes names in Latin."""

import re
import unicodedata
from datetime import timedelta
from typing import Final

from core.words.when import NotATime, parse_span

OFF: Final = frozenset({"off", "выкл", "выключить", "никогда", "never", "нет", "no"})
"""What switches something off."""
_LIMIT: Final = re.compile(
    r"(\d{1,9})(?:[^\d/]{0,20}? (?:за|в|per|in|an|a) | ?/ ?)(.{1,40})", re.ASCII
)
_LATIN: Final = {
    **dict(zip("абвгдеёзийклмнопрстуфхыэ", "abvgdeeziyklmnoprstufhye", strict=True)),
    "ж": "zh",
    "ц": "ts",
    "ч": "ch",
    "ш": "sh",
    "щ": "sch",
    "ъ": "",
    "ь": "",
    "ю": "yu",
    "я": "ya",
}


def read_limit(words: str) -> tuple[int, timedelta] | None:
    """Return how many in which time: «10 за минуту», «5 per hour», «5/2h». None for other words."""
    found = _LIMIT.fullmatch(" ".join(words.casefold().split()))
    if found is None:
        return None
    try:
        return int(found[1]), parse_span(found[2])
    except NotATime:
        return None


def to_latin(words: str) -> str:
    """Return the words in small Latin letters, as far as they can be written so."""
    latin = "".join(_LATIN.get(sign, sign) for sign in words.casefold())
    return unicodedata.normalize("NFKD", latin).encode("ascii", "ignore").decode()
