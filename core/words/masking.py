"""Takes personal data out of texts before they leave, and puts them back into what returns. Pure.

What is known of the people concerned is found wherever it stands, in any case of Russian; what is
not is found by its shape: addresses of the web and of mail, phones, numbers, streets, names. Each
becomes a placeholder such as ``[PERSON_1]``, the same one for the same thing. A placeholder in an
answer that stands for nothing becomes «…»: it is never shown, and never guessed.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from core.words.first_names import FIRST_NAMES

PERSON: Final = "PERSON"
NUMBER: Final = "NUMBER"
ADDRESS: Final = "ADDRESS"
CONTACT: Final = "CONTACT"
LINK: Final = "LINK"
QUOTED: Final = "QUOTED"
KINDS: Final = (PERSON, NUMBER, ADDRESS, CONTACT, LINK, QUOTED)
HOLE: Final = "…"
"""What stands where an answer has a placeholder of nothing."""

_ENDINGS: Final = (
    "а|я|ы|и|е|ё|у|ю|ь|й|о|ой|ей|ою|ею|ом|ем|ём|ым|им|ого|его|ому|ему|ых|их|ами|ями|ам|ям|ах|ях|"
    "ии|ию|ий|ия|ием|ией|ая|ую"
)
_PHONE: Final = 10
# A word of an address that is longer says by itself where it is.
_WORD: Final = 4
_SHORTEST_STEM: Final = 2


def _shape(pattern: str, *, case: bool = False) -> re.Pattern[str]:
    return re.compile(pattern, re.NOFLAG if case else re.IGNORECASE)


# What looks like a placeholder of ours, or like one of a model's own: «[ИМЯ_1]», «{name_2}».
# All repetitions are bounded: what somebody writes must not cost more than its length.
_MENTION: Final = _shape(
    rf"[\[({{<«【]\s{{0,3}}(?P<kind>{'|'.join(KINDS)})(?:[ _-]?(?P<n>\d{{1,5}}))?"
    r"\s{0,3}[\])}>»】]"
    rf"|(?<!\w)(?P<bare>{'|'.join(KINDS)})_(?P<m>\d{{1,5}})(?!\w)"
    r"|[\[{<【]\s{0,3}[^\W\d_]{2,16}[ _-]\d{1,5}\s{0,3}[\]}>】]"
)
_CAPITAL: Final = r"[А-ЯЁA-Z][а-яёa-z]{1,30}(?:-[А-ЯЁA-Z][а-яёa-z]{1,30})?"
_PART_OF_HOUSE: Final = (
    r"(?:д|дом|к|корп|корпус|стр|строение|кв|квартира|под|подъезд|эт|этаж|оф|офис|house|apt|flat)"
)
_HOUSE: Final = (
    rf"(?:\s{{0,3}},?\s{{0,3}}(?:{_PART_OF_HOUSE}\.?)?\s{{0,3}}№?\s{{0,3}}"
    r"\d{1,5}[а-яa-z]?(?:[/-]\d{1,5}[а-яa-z]?)?(?!\w)){0,6}"
)
_STREETS: Final = (
    r"ул(?:\.|иц[аеуы]й?)|пр(?:\.|-т\.?|осп\.?|оспект[аеу]?)|пер(?:\.|еул(?:\.|ок|к[аеу]))|"
    r"ш(?:\.|осс?е)|пл(?:\.|ощад[ьи])|б(?:-р|ульвар[аеу]?)|наб(?:\.|ережн(?:ая|ой|ую))|"
    r"проезд[аеу]?|мкр\.?|микрорайон[аеу]?|жк"
)
_STREET: Final = _shape(rf"(?<!\w)(?:{_STREETS}|г\.?|город|дом|д\.)(?!\w)")
_DOMAINS: Final = "ru|рф|su|com|net|org|info|io|me|by|kz|ua|uz|online|site"
_OF_MAIL: Final = r"[^\s@<>()\[\],;:\"'«»]"
# In the order of their right to a place where several would take it.
_SHAPES: Final[tuple[tuple[str, re.Pattern[str]], ...]] = (
    (QUOTED, _MENTION),
    (CONTACT, _shape(rf"{_OF_MAIL}{{1,64}}@{_OF_MAIL}{{1,100}}\.[^\W\d_]{{2,24}}")),
    (LINK, _shape(r"(?:https?|tg|ftp)://\S{1,500}|(?<![\w.])(?:www\.|t\.me/)\S{1,500}")),
    (
        LINK,
        _shape(
            rf"(?<![\w.@-])(?:[\w-]{{1,40}}\.){{1,5}}(?:{_DOMAINS})(?![\w-])(?:[/?]\S{{0,500}})?"
        ),
    ),
    (CONTACT, _shape(r"(?<![\w@])@\w{3,64}")),
    (NUMBER, _shape(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.])")),
    (NUMBER, _shape(r"(?<!\w)(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}(?!\w)")),
    (
        ADDRESS,
        _shape(
            rf"(?<!\w)(?:{_STREETS})\s{{0,3}}(?:\d{{1,3}}-?\w{{0,4}}\s{{1,3}})?[\w-]{{3,40}}"
            rf"(?:\s{{1,3}}(?-i:[А-ЯЁ])[\w-]{{1,40}})?{_HOUSE}"
        ),
    ),
    (
        ADDRESS,
        _shape(
            rf"(?<!\w)[\w-]{{2,40}}(?:ая|ий|ый|ой|ого|ому)\s{{1,3}}(?:{_STREETS})(?!\w){_HOUSE}"
        ),
    ),
    (
        ADDRESS,
        _shape(
            r"(?<!\w)(?:д|дом|кв|квартира|корп|корпус|подъезд|стр)\.?\s{0,3}№?\s{0,3}\d{1,5}[а-я]?"
            r"(?!\w)"
            r"|(?<!\w)\d{1,5}\s{1,3}(?:[a-z]{1,30}\s{1,3}){1,3}"
            r"(?:street|st|avenue|ave|road|rd|lane|drive)\b\.?"
        ),
    ),
    (
        NUMBER,
        _shape(
            r"(?:(?<=договор )|(?<=договора )|(?<=договору )|(?<=сч[её]т )|(?<=сч[её]та )|"
            r"(?<=contract )|(?<=account )|(?<=№)|(?<=№ )|(?<=no\. ))"
            r"[^\W\d_]{0,8}[/-]?\d[\w/-]{0,40}"
        ),
    ),
    (
        NUMBER,
        _shape(r"(?<![\w+])[^\W\d_]{1,8}[-_/]\d[\w/-]{0,40}|(?<!\w)[^\W\d_]{1,4}\d{4,40}\w{0,40}"),
    ),
    (
        NUMBER,
        _shape(r"(?:\+|(?<!\w))\d(?:[\s().\-–/]{0,3}\d(?!\d?:)){4,}(?:/[\w-]{1,40})?"),
    ),
    (
        PERSON,
        _shape(
            rf"(?:{_CAPITAL}\s{{1,3}}){{0,2}}[А-ЯЁ][а-яё]{{1,30}}(?:ович|евич|ьич|овн|евн|ичн)"
            rf"(?:{_ENDINGS})?(?!\w)(?:\s{{1,3}}{_CAPITAL})?",
            case=True,
        ),
    ),
    (
        PERSON,
        _shape(
            rf"{_CAPITAL}\s{{1,3}}[А-ЯЁA-Z]\.\s?(?:[А-ЯЁ]\.)?"
            rf"|[А-ЯЁ]\.\s?[А-ЯЁ]\.\s?{_CAPITAL}"
            rf"|(?:(?<=зовут )|(?<=my name is )|(?<=My name is )|(?<=Mr )|(?<=Mr\. )|(?<=Mrs )"
            rf"|(?<=Mrs\. )|(?<=Ms\. )){_CAPITAL}(?:\s{{1,3}}{_CAPITAL})?",
            case=True,
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Restored:
    """An answer with everything back in its place. ``holes``: so many placeholders stood for
    nothing.
    """

    text: str
    holes: int


@dataclass(frozen=True, slots=True)
class _Found:
    start: int
    end: int
    kind: str
    value: str  # what is put back


class Masker:
    """Masks the texts of one question. ``known``: kinds and what is known of the people concerned:
    whole names, addresses, numbers.
    """

    def __init__(self, known: Iterable[tuple[str, str]] = ()) -> None:
        self._known = [*_patterns(known)]
        self._names: dict[tuple[str, str], str] = {}
        self._values: dict[str, str] = {}

    def mask(self, text: str) -> str:
        """Return the text with placeholders that can be put back."""
        return self._replaced(text, self._placeholder)

    def blur(self, text: str) -> str:
        """Return the text of somebody else: with placeholders that nothing is ever put back for."""
        return self._replaced(text, lambda one: f"[{one.kind}]")

    def restore(self, text: str) -> Restored:
        """Return an answer with what its placeholders stand for."""
        holes = 0

        def put_back(mention: re.Match[str]) -> str:
            nonlocal holes
            kind, number = mention["kind"] or mention["bare"], mention["n"] or mention["m"]
            found = self._values.get(f"[{kind.upper()}_{int(number)}]") if kind and number else None
            holes += found is None
            return HOLE if found is None else found

        return Restored(_MENTION.sub(put_back, text), holes)

    def _replaced(self, text: str, name: Callable[[_Found], str]) -> str:
        text = _plain(text)
        parts, at = [], 0
        for one in self._find(text):
            parts += [text[at : one.start], name(one)]
            at = one.end
        return "".join([*parts, text[at:]])

    def _placeholder(self, one: _Found) -> str:
        key = (one.kind, " ".join(one.value.casefold().split()))
        if key not in self._names:
            count = sum(kind == one.kind for kind, _ in self._names) + 1
            self._names[key] = f"[{one.kind}_{count}]"
            self._values[self._names[key]] = one.value
        return self._names[key]

    def _find(self, text: str) -> list[_Found]:
        """Return what is to be masked, in order, none over another."""
        found: list[_Found] = []
        taken = bytearray(len(text))
        for one in self._candidates(text):
            if not any(taken[one.start : one.end]):
                taken[one.start : one.end] = b"\1" * (one.end - one.start)
                found.append(one)
        return sorted(found, key=lambda one: one.start)

    def _candidates(self, text: str) -> Iterator[_Found]:
        shapes = iter(_SHAPES)
        for kind, shape in (next(shapes), next(shapes), next(shapes)):
            yield from _matches(text, kind, shape)
        for kind, pattern, value in self._known:
            for match in pattern.finditer(text):
                yield _Found(*match.span(), kind, value)
        for kind, shape in shapes:
            yield from _matches(text, kind, shape)
        for names in _first_names():
            yield from _matches(text, PERSON, names)


def traces_in(text: str) -> set[str]:
    """Return the links, addresses and phones of a text: what a reader could follow."""
    reached = {CONTACT, LINK}
    found = Masker()._find(_plain(text))  # noqa: SLF001 the same module
    followed = (one.value for one in found if one.kind in reached or _is_phone(one.value))
    return {value.casefold().rstrip(".,;:!?)»\"'") for value in followed}


def _is_phone(value: str) -> bool:
    return sum(char.isdecimal() for char in value) >= _PHONE


def _matches(text: str, kind: str, shape: re.Pattern[str]) -> Iterator[_Found]:
    for match in shape.finditer(text):
        said = match.group()
        if kind == LINK:
            said = said.rstrip(".,;:!?)»\"'")
        if said:
            yield _Found(match.start(), match.start() + len(said), kind, said)


def _plain(text: str) -> str:
    """The text in one spelling, without what nobody sees: it would hide a number from us."""
    folded = unicodedata.normalize("NFKC", text)
    return "".join(
        char for char in folded if char in "\n\t" or unicodedata.category(char) not in ("Cf", "Cc")
    )


def _patterns(known: Iterable[tuple[str, str]]) -> Iterator[tuple[str, re.Pattern[str], str]]:
    """Yield what finds each of these, the longest first; a name is found word by word."""
    pieces = {(kind, piece) for kind, value in known for piece in _pieces(kind, _plain(value))}
    for kind, piece in sorted(pieces, key=_right_of):
        pattern = _of_name(piece) if kind == PERSON else _of_value(piece)
        if pattern is not None:
            yield kind, pattern, piece.strip(".,;")


def _right_of(piece: tuple[str, str]) -> tuple[int, bool, str]:
    """The longest first; a name before a name of the chat that is the same."""
    kind, value = piece
    return -len(value), kind != PERSON, value


def _pieces(kind: str, value: str) -> Iterator[str]:
    """Yield what of a value says all of it: the words of a name, a street without its house."""
    if kind == PERSON:
        yield from value.split()
        return
    yield " ".join(value.split())
    if kind == ADDRESS:
        for part in value.split(","):
            bare = _STREET.sub("", part).strip()
            yield bare
            yield from (word for word in bare.split() if word[:1].isupper() and len(word) > _WORD)


def _of_value(value: str) -> re.Pattern[str] | None:
    """Find a value however its spaces and signs were typed."""
    parts = re.findall(r"[^\W_]+", value)
    if sum(map(len, parts)) <= _SHORTEST_STEM:
        return None
    gap = r"[\W_]{0,4}?" if any(char.isdecimal() for char in value) else r"[\W_]{1,4}?"
    return _shape(r"(?:\+|(?<!\w))" + gap.join(map(_spelling, parts)) + r"(?!\w)")


def _of_name(word: str) -> re.Pattern[str] | None:
    """Find a name in any case of Russian; one of two letters only as it is written."""
    bare = re.sub(r"[^\w-]", "", word)
    if sum(char.isalpha() for char in bare) < _SHORTEST_STEM:
        return None
    if len(bare) <= _SHORTEST_STEM:
        return _shape(rf"(?<!\w){re.escape(bare)}(?!\w)", case=True)
    return _shape(rf"(?<!\w){_declined(bare)}(?!\w)")


def _declined(name: str) -> str:
    """Match a name and its cases."""
    folded = name.casefold()
    if not re.fullmatch("[а-яё-]+", folded):
        return rf"{_spelling(folded)}(?:['’]?s)?"
    stem = folded[:-1] if folded[-1] in "аяьйо" and len(folded) > _SHORTEST_STEM else folded
    short = _FLEETING.get(folded)
    stems = _spelling(stem) if short is None else f"(?:{_spelling(stem)}|{short})"
    return rf"{stems}(?:{_ENDINGS})?"


# Stems that lose a vowel.
_FLEETING: Final = {"павел": "павл", "лев": "льв", "пётр": "петр", "любовь": "любв"}


def _spelling(part: str) -> str:
    return re.sub("[её]", "[её]", re.escape(part), flags=re.IGNORECASE)


@lru_cache(maxsize=1)
def _first_names() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Match a first name with a capital: with the names behind it, and alone."""
    names = "|".join(sorted((_declined(name) for name in FIRST_NAMES), key=len, reverse=True))
    alone = rf"(?<!\w)(?=[А-ЯЁA-Z])(?i:{names})(?!\w)"
    behind = rf"(?:\s{{1,3}}(?!(?i:{_NOT_A_NAME})\b){_CAPITAL}){{1,2}}"
    return _shape(alone + behind, case=True), _shape(alone, case=True)


# What follows a name with a capital and is none.
_NOT_A_NAME: Final = "камера|здравствуйте|добрый|добрая|спасибо|please|hello|the|my"
