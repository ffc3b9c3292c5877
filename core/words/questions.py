"""By which words a text, a person or a camera is found, and which of them a search asks for (D5).

A word that begins with a mark stands in no text. `NAMES`: what a ticket's customer and camera are
called. What only those who work here may search: `INSIDE`, what else is known of them, `SOLVED`,
how the ticket was solved. A phone is kept backwards, so that its last digits are a beginning like
any other. Pure.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from core.words.contact_values import typed_phone
from core.words.stems import LONGEST, MOST_ASKED, asked, fold, stems_of

NAMES: Final = "@"
INSIDE: Final = "~"
SOLVED: Final = "="
_PHONE: Final = "+"

# Fewer digits than these are the end of everybody's phone.
_FEWEST_DIGITS: Final = 4
_MOST_DIGITS: Final = 15
_NATIONAL: Final = 10
_BETWEEN: Final = r"[\s().\u00a0\u2010-\u2015-]{0,3}"
# All repetitions are bounded: what somebody writes must not cost more than its length.
_EMAIL: Final = r"[a-z0-9][a-z0-9._%+'-]{0,63}@[a-z0-9_.-]{1,100}\.[a-z0-9-]{2,63}"
_WHOLE_PHONE: Final = (
    rf"(?<![\w+])(?:\+[1-9](?:{_BETWEEN}\d){{6,14}}"
    rf"|(?:[78]{_BETWEEN})?[3-9]\d\d{_BETWEEN}\d{{3}}{_BETWEEN}\d\d{_BETWEEN}\d\d)(?!\w)"
)
_CITY_PHONE: Final = r"(?<![\w-])\d{2,3}[\s-]\d\d[\s-]\d\d(?![\w-])"
_HANDLE: Final = r"(?<![\w@.])@[a-z0-9_]{3,64}(?!\w)"
_NUMBER: Final = r"(?<!\w)[^\W_]{1,20}(?:[-/][^\W_]{1,20}){1,5}(?!\w)"
_DIGIT: Final = re.compile(r"\d")
_PHONES: Final = re.compile(_WHOLE_PHONE)
_EMAILS: Final = re.compile(_EMAIL)
_NUMBERS: Final = re.compile(_NUMBER)
_SPECIAL: Final = re.compile(
    rf"(?P<email>{_EMAIL})|(?P<phone>{_WHOLE_PHONE}|{_CITY_PHONE})|(?P<handle>{_HANDLE})"
    rf"|(?P<number>{_NUMBER})"
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a ticket must have: a word with one of these ``beginnings``; where no ticket has any,
    all the words of ``instead``.
    """

    beginnings: tuple[str, ...]
    instead: tuple[str, ...] = ()


def words_of_text(*texts: str) -> set[str]:
    """Return every word by which these texts are found: stems, and whole phones, e-mail addresses
    and numbers in any writing.
    """
    return stems_of(*texts) | {word for text in texts for word in _whole(fold(text))}


def _whole(folded: str) -> Iterator[str]:
    if "@" in folded:
        yield from (_cut(address) for address in _EMAILS.findall(folded))
    if _DIGIT.search(folded) is None:  # as in most of what customers write
        return
    for found in _PHONES.findall(folded):
        if (phone := typed_phone(found)) is not None:
            yield _backwards(phone)
    yield from _numbers_in(folded)


def _numbers_in(folded: str) -> Iterator[str]:
    """Yield numbers such as `Д-77/15` without what is between their parts."""
    for found in _NUMBERS.findall(folded):
        if any(map(str.isdecimal, found)):
            yield _bare(found)


def words_of_person(
    name: str, phones: Iterable[str], emails: Iterable[str], handles: Iterable[str]
) -> set[str]:
    """Return the words by which a customer's tickets are found."""
    inside = {_backwards(phone) for phone in phones}
    for email in map(fold, emails):
        inside |= {_cut(email), *stems_of(email.partition("@")[0])}
    return _marked(NAMES, stems_of(name)) | _marked(INSIDE, inside | stems_of(*handles))


def words_of_account(names: Iterable[str]) -> set[str]:
    """Return the words of an account's name, or of its contracts' numbers."""
    return _marked(INSIDE, {word for name in names for word in _of_name(name)})


def words_of_camera(number: str, name: str, address: str) -> set[str]:
    """Return the words by which a camera's tickets are found."""
    return _marked(NAMES, _of_name(number) | stems_of(name, address))


def words_of_solution(text: str) -> set[str]:
    """Return the words of what operators say of the end of a ticket."""
    return _marked(SOLVED, words_of_text(text))


def _of_name(name: str) -> set[str]:
    bare = _bare(fold(name))
    return stems_of(name) | ({bare} if any(map(str.isdecimal, bare)) else set())


def _marked(mark: str, words: Iterable[str]) -> set[str]:
    return {_cut(mark + word) for word in words}


def _backwards(phone: str) -> str:
    return _PHONE + "".join(filter(str.isdecimal, phone))[::-1]


def _bare(number: str) -> str:
    return "".join(filter(str.isalnum, number))[: LONGEST - 1]


def _cut(word: str) -> str:
    return word[:LONGEST]


# What a search asks for


def question(text: str, *, inside: bool) -> list[Wanted]:
    """Return what a search for this text asks for; ``inside``: also of what only those who work
    here may search.
    """
    folded = fold(text).replace("\x00", " ")
    special = [_special(found, inside=inside) for found in _SPECIAL.finditer(folded)]
    plain = [_plain(word, inside=inside) for word in asked(_SPECIAL.sub(" ", folded))]
    return list(dict.fromkeys([*special, *plain]))[:MOST_ASKED]


def parts_of(wanted: Wanted, *, inside: bool) -> list[Wanted]:
    """Return what is asked for instead of this."""
    return [_plain(word, inside=inside) for word in wanted.instead]


def _special(found: re.Match[str], *, inside: bool) -> Wanted:
    words, kind = found[0], found.lastgroup or ""
    if kind == "handle":
        (bare,) = asked(words) or [words[1:]]
        beginnings = [bare, INSIDE + bare, SOLVED + bare]
        return Wanted(_allowed(beginnings, inside=inside), tuple(asked(words)))
    if kind == "phone":
        bare = _tail(words)
    elif kind == "email":
        bare = _cut(words)
    else:
        bare = _bare(words)
    return Wanted(_allowed(_everywhere(bare), inside=inside), tuple(asked(words)))


def _tail(phone: str) -> str:
    """Return the phone without what is dialled before it at home."""
    digits = "".join(filter(str.isdecimal, phone))
    at_home = len(digits) == _NATIONAL + 1 and digits[0] in "78"
    return _PHONE + (digits[1:] if at_home else digits)[::-1]


def _plain(word: str, *, inside: bool) -> Wanted:
    beginnings = _everywhere(word)
    if word.isdecimal() and _FEWEST_DIGITS <= len(word) <= _MOST_DIGITS:
        beginnings += _everywhere(_tail(word))
    return Wanted(_allowed(beginnings, inside=inside))


def _everywhere(word: str) -> list[str]:
    marks = (INSIDE, SOLVED) if word.startswith(_PHONE) else (NAMES, INSIDE, SOLVED)
    return [word, *(mark + word for mark in marks)]


def _allowed(beginnings: Iterable[str], *, inside: bool) -> tuple[str, ...]:
    kept_inside = (INSIDE, SOLVED)
    return tuple(one for one in beginnings if inside or not one.startswith(kept_inside))
