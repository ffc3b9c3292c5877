"""Makes people's words safe to show: names without invisible characters, texts that fit."""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import accumulate
from typing import Any, Final

from core.words.stems import fold

JOINER: Final = "\u200d"
_NON_JOINER: Final = "\u200c"
_MARKS: Final = frozenset({"Mn", "Mc", "Me"})
_SKIN_TONES: Final = range(0x1F3FB, 0x1F400)
_TAGS: Final = range(0xE0020, 0xE0080)
_FLAG_LETTERS: Final = range(0x1F1E6, 0x1F200)
_JAMO_TAILS: Final = range(0x1160, 0x1200)
_HIGH: Final = range(0xD800, 0xDC00)
_LOW: Final = range(0xDC00, 0xE000)


def units(text: str) -> int:
    """Return the length in UTF-16 code units, in which messages are measured."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def clusters(text: str) -> Iterator[str]:
    """Yield the text in pieces that a reader sees as one character each."""
    start = 0
    for cut in range(1, len(text)):
        if starts_cluster(text, cut):
            yield text[start:cut]
            start = cut
    if text:
        yield text[start:]


def starts_cluster(text: str, index: int) -> bool:
    """Return whether the text may be cut before `index`."""
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
    """Return whether the character is an accent on the one before it."""
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


def unquoted(words: str) -> str:
    """Return the words without blanks and quotation marks around them, of any language."""
    return words.strip().strip("«»\"'“”„’").strip()


NAMELESS: Final = "—"
LONGEST_MESSAGE: Final = 4096
"""How long one message may be, in UTF-16 units."""
LONGEST_NAME: Final = 64
"""How much is kept of a person's name, in characters."""

_ELLIPSIS: Final = "…"
_MOST_MARKS: Final = 3
_FORMATTING: Final = frozenset({"Cc", "Cf", "Cs"})
# Letters in Unicode, but invisible: Hangul fillers and the empty Braille cell.
_BLANKS: Final = frozenset("\u115f\u1160\u3164\uffa0\u2800")
_UNWANTED: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)

# Where to cut, the best first: between paragraphs, lines, sentences, words. The first three
# only in the second half of a part, or parts would become too short.
_CUTS: Final[tuple[tuple[re.Pattern[str], float], ...]] = (
    (re.compile(r"[^\S\n]*\n\s*\n\s*"), 0.5),
    (re.compile(r"[^\S\n]*\n\s*"), 0.5),
    (re.compile(r"(?<=[.!?…])\s+"), 0.5),
    (re.compile(r"\s+"), 0),
)
# An entity of such a type means its text as a whole: a half of it means nothing.
_INDIVISIBLE: Final = frozenset({"custom_emoji"})


@lru_cache(maxsize=1024)
def clean_name(text: str, limit: int = LONGEST_NAME) -> str:
    """Return a name or title safe to show in one line of at most `limit` characters (S9).

    Controls, direction marks and invisible characters are dropped, stacked accents cut to three,
    spaces collapsed; of nothing a dash is made.
    """
    spaced = "".join(map(_name_character, text))
    name = _without_piles(" ".join(spaced.split()))
    return _shortened(name, limit) or NAMELESS


def signature(name: str) -> str:
    """Return what customers see of a colleague's name where answers are signed: the first name."""
    return clean_name(name).split(maxsplit=1)[0]


def is_blank(text: str) -> bool:
    """Return whether there is nothing to see: only spaces and invisible characters."""
    return not any(_name_character(char).strip() for char in text)


def visible(text: str) -> str:
    """Drop direction marks and controls, except line ends and tabs."""
    return _UNWANTED.sub("", text)


def split_text(text: str, limit: int = LONGEST_MESSAGE) -> list[str]:
    """Cut a text into parts of at most `limit` UTF-16 units; a blank text has none.

    Only white space at the cuts is lost, and no letter or emoji is cut, except one that is longer
    than `limit` by itself. Raises ValueError for a limit below 2.
    """
    return [text[start:end] for start, end in _parts(text, limit)]


def split_entities(
    text: str, entities: Sequence[Mapping[str, Any]], limit: int = LONGEST_MESSAGE
) -> list[tuple[str, list[dict[str, Any]]]]:
    """Cut as `split_text` does; each part comes with its own share of the entities.

    `entities` are the Bot API's: `offset` and `length` are in UTF-16 units.
    """
    ends = list(accumulate(map(units, text), initial=0))
    return [
        (text[start:end], _share(entities, ends[start], ends[end]))
        for start, end in _parts(text, limit)
    ]


def _name_character(char: str) -> str:
    if char.isspace():
        return " "
    if char in _BLANKS or unicodedata.category(char) in _FORMATTING:
        return ""
    return char


def _without_piles(name: str) -> str:
    kept: list[str] = []
    pile = _MOST_MARKS  # a mark at the very start would stand on what comes before the name
    for char in name:
        pile = pile + 1 if is_mark(char) else 0
        if pile <= _MOST_MARKS:
            kept.append(char)
    return "".join(kept)


def _shortened(name: str, limit: int) -> str:
    if len(name) <= limit:
        return name
    kept = ""
    for cluster in clusters(name):
        if len(kept) + len(cluster) >= limit:
            break
        kept += cluster
    return kept.rstrip() + _ELLIPSIS


def _parts(text: str, limit: int) -> Iterator[tuple[int, int]]:
    """Yield where the parts start and end, in characters."""
    shortest_possible = 2
    if limit < shortest_possible:
        raise ValueError(limit)
    if not text.strip():
        return
    start = 0
    while start < len(text):
        full = _full(text, start, limit)
        end, after = (full, full) if full == len(text) else _cut(text, start, full)
        if end > start and not text[start:end].isspace():
            yield start, end
        start = after


def _full(text: str, start: int, limit: int) -> int:
    """Return the end of the longest part that fits."""
    end = min(start + limit, len(text))
    excess = units(text[start:end]) - limit
    while excess > 0:
        end -= 1
        excess -= units(text[end])
    return end


def _cut(text: str, start: int, full: int) -> tuple[int, int]:
    """Return the end of this part and the start of the next."""
    for pattern, least in _CUTS:
        earliest = start + int((full - start) * least)
        found = _last(pattern, text, start, full, earliest)
        if found:
            return found
    for cut in range(full, start, -1):
        if starts_cluster(text, cut):
            return cut, cut
    return full, full


def _last(
    pattern: re.Pattern[str], text: str, start: int, full: int, earliest: int
) -> tuple[int, int] | None:
    # White space that begins right after a full part is as good a cut as any.
    last = None
    for found in pattern.finditer(text, start, min(full + 1, len(text))):
        if start < found.start() and earliest <= found.start():
            last = found
    if last is None:
        return None
    after = _skip_space(text, last.end())
    # An accent may stand on the last space: then that space belongs to the next part.
    while not starts_cluster(text, after):
        after -= 1
    return (last.start(), after) if after > last.start() else None


def _skip_space(text: str, index: int) -> int:
    while index < len(text) and text[index].isspace():
        index += 1
    return index


def _share(entities: Sequence[Mapping[str, Any]], start: int, end: int) -> list[dict[str, Any]]:
    """Return the entities between two offsets, clipped to them and counted from the first."""
    clipped = (_clipped(entity, start, end) for entity in entities)
    return [entity for entity in clipped if entity]


def _clipped(entity: Mapping[str, Any], start: int, end: int) -> dict[str, Any] | None:
    first, last = int(entity["offset"]), int(entity["offset"]) + int(entity["length"])
    first_here, last_here = max(first, start), min(last, end)
    if first_here >= last_here:
        return None
    whole = (first_here, last_here) == (first, last)
    if not whole and entity["type"] in _INDIVISIBLE:
        return None
    return {**entity, "offset": first_here - start, "length": last_here - first_here}


# Men's names that end like women's; names that both have.
_HIS: Final = frozenset(
    {
        *("боря", "ваня", "витя", "вова", "володя", "гаврила", "гоша", "гриша", "данила", "дима"),
        *("илья", "коля", "костя", "кузьма", "лева", "леша", "лука", "лёва", "лёша", "миша"),
        *("никита", "паша", "петя", "савва", "сережа", "серёжа", "сеня", "толя", "фома", "юра"),
    }
)
_SHARED: Final = frozenset({"саша", "женя", "валя", "шура", "слава"})


def gender_of(name: str) -> str:
    """Return ``_f`` or ``_m`` for a Russian first name whose ending tells it, else an empty text:
    verbs of the past need it.
    """
    first = (name.split(maxsplit=1) or [""])[0].casefold()
    if first in _SHARED or re.fullmatch("[а-яё]+", first) is None:
        return ""
    if first in _HIS:
        return "_m"
    return "_f" if first[-1] in "ая" or first == "любовь" else "_m"


def place_of(name: str, address: str) -> str:
    """Return where a camera is: address and name, unless the name contains the address."""
    return name if not address or fold(address) in fold(name) else f"{address}, {name}"
