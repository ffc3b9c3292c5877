"""Where a text may be cut without tearing a letter from its accent or an emoji apart."""

import unicodedata
from collections.abc import Iterator
from typing import Final

JOINER: Final = "\u200d"
_NON_JOINER: Final = "\u200c"
_MARKS: Final = frozenset({"Mn", "Mc", "Me"})
_SKIN_TONES: Final = range(0x1F3FB, 0x1F400)
_TAGS: Final = range(0xE0020, 0xE0080)
_FLAG_LETTERS: Final = range(0x1F1E6, 0x1F200)
_JAMO_TAILS: Final = range(0x1160, 0x1200)
_HIGH: Final = range(0xD800, 0xDC00)
_LOW: Final = range(0xDC00, 0xE000)
_ASTRAL: Final = 0x10000


def units(text: str) -> int:
    """Length in UTF-16 code units, in which Telegram counts."""
    return len(text) + sum(1 for char in text if ord(char) >= _ASTRAL)


def clusters(text: str) -> Iterator[str]:
    """Yield the text in pieces that a reader sees as one sign each."""
    start = 0
    for cut in range(1, len(text)):
        if starts_cluster(text, cut):
            yield text[start:cut]
            start = cut
    if text:
        yield text[start:]


def starts_cluster(text: str, index: int) -> bool:
    """Whether the text may be cut before `index`."""
    if index <= 0 or index >= len(text):
        return True
    before, char = text[index - 1], text[index]
    if before.isascii() and char.isascii():
        return (before, char) != ("\r", "\n")
    code = ord(char)
    if code in _FLAG_LETTERS:
        return _flag_letters_before(text, index) % 2 == 0 and before != JOINER
    if code in _LOW and ord(before) in _HIGH:
        return False
    return before != JOINER and not _extends(char, code)


def is_mark(char: str) -> bool:
    """Whether the character is an accent that stands on the one before it."""
    return unicodedata.category(char) in {"Mn", "Me"}


def _extends(char: str, code: int) -> bool:
    return (
        char in {JOINER, _NON_JOINER}
        or code in _SKIN_TONES
        or code in _TAGS
        or code in _JAMO_TAILS
        or unicodedata.category(char) in _MARKS
    )


def _flag_letters_before(text: str, index: int) -> int:
    start = index
    while start and ord(text[start - 1]) in _FLAG_LETTERS:
        start -= 1
    return index - start
