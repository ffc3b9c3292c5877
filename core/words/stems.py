"""Cuts Russian and English words down to their stems, for the search."""

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import Any, Final, NamedTuple


def fold(words: str) -> str:
    """Return the text in one case, with «е» for «ё»."""
    return words.casefold().replace("ё", "е")


LONGEST: Final = 64
MOST_ASKED: Final = 8
"""So many words of a question are looked for; the rest is not."""

_WORD: Final = re.compile(r"\w{2,}")
_CYRILLIC: Final = re.compile("[а-я]")
_LATIN: Final = re.compile("[a-z]+")


def stems_of(*texts: str) -> set[str]:
    """Return every stem by which these texts can be found."""
    return {_stem(word) for text in texts for whole in _words(text) for word in _with_parts(whole)}


def words_in(text: str) -> list[str]:
    """Return every word of the text as the search reads it, in order."""
    return _WORD.findall(text.casefold().replace("ё", "е"))


def words_by_stem(*texts: str) -> dict[str, str]:
    """Return these stems, each with the first word that it was cut from, as written."""
    found: dict[str, str] = {}
    for text in texts:
        for whole in _WORD.finditer(text.casefold()):
            for word in _with_parts(whole.group()[:LONGEST]):
                found.setdefault(_stem(word.replace("ё", "е")), word)
    return found


def asked(text: str) -> list[str]:
    """Return the beginnings of stems that a search asks for, each once, in order."""
    return list(dict.fromkeys(_stem(word) for word in _words(text)))[:MOST_ASKED]


def _words(text: str) -> Iterator[str]:
    folded = text.casefold().replace("ё", "е").replace("\x00", " ")
    return (found.group()[:LONGEST] for found in _WORD.finditer(folded))


def _with_parts(word: str) -> list[str]:
    """Return the word and the parts between its underscores: `mos_12_23` is found by all."""
    if "_" not in word:
        return [word]
    parts = [part for part in word.split("_") if len(part) > 1]
    return [word, *parts] if len(parts) > 1 else [word]


@lru_cache(maxsize=20_000)
def _stem(word: str) -> str:
    if _CYRILLIC.search(word):
        return str(_stemmers().russian.stemWord(word)) or word
    if _LATIN.fullmatch(word):
        return str(_stemmers().english.stemWord(word)) or word
    return word


class _Stemmers(NamedTuple):
    russian: Any
    english: Any


@cache
def _stemmers() -> _Stemmers:
    """Return what cuts words. It is imported with the first of them: the package brings the tables
    of thirty languages.
    """
    from snowballstemmer.english_stemmer import EnglishStemmer
    from snowballstemmer.russian_stemmer import RussianStemmer

    return _Stemmers(RussianStemmer(), EnglishStemmer())


@cache
def stopwords() -> frozenset[str]:
    """Return the stems by which nothing is found: of words that stand everywhere."""
    return frozenset(stems_of(_ENGLISH_ONES, _RUSSIAN_ONES))


_ENGLISH_ONES: Final = (
    "the and for with not you are was were this that these those have has had but from our your"
    " can could will would there they them then than when where what which who how why all any"
    " been does did just also only very please help hello thanks thank still again today"
)
_RUSSIAN_ONES: Final = (
    "как что это эта этот эти для при или ещё нет уже так там тут здесь если когда чтобы только"
    " очень опять снова просто можно нужно надо пожалуйста здравствуйте добрый день вечер утро"
    " спасибо подскажите помогите сегодня вчера завтра меня мне нас нам вас вам его они она оно"
    " был была было были есть будет без под над про все всё весь вся кто где куда почему не ни"
    " но на по до из от за со во об же ли бы тоже также потом сейчас после перед через мой моя"
)
