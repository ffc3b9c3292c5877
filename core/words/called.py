"""By which name a customer is greeted: the first one, if the whole name tells which it is. Pure.

There are no fields for parts of a name: a messenger gives one as its owner wrote it, a mail as its
sender's program has it («Smith, Anna»), a colleague as somebody said it on the phone.
"""

import re
import unicodedata
from typing import Final

from core.words.first_names import FIRST_NAMES

_KNOWN: Final = frozenset(name.replace("ё", "е") for name in FIRST_NAMES)
_WORD: Final = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")
# A name with one of these is a company's, a mailbox's or a joke: nobody is greeted so.
_NO_PERSON: Final = re.compile(r"[\d«»\"“”„@/&#_]")
_COMPANIES: Final = """
ооо оао зао пао ао тсж тсн снт гск жск нко фгуп гуп муп llc ltd inc gmbh corp co company
магазин кафе офис склад поддержка компания support info office shop team service
"""
_OF_COMPANIES: Final = frozenset(_COMPANIES.split())
_LONGEST: Final = 3


def greeted_as(name: str) -> str | None:
    """Return what to call a customer of this name: «Анна» of «Смирнова Анна Петровна», all of it
    where no word of it is known as a first name; ``None`` where it is no person's.
    """
    last, _, first = name.partition(",")
    whole = _without_signs(f"{first} {last}")
    words: list[str] = _WORD.findall(whole)
    if not words or _NO_PERSON.search(name) or _OF_COMPANIES & {word.casefold() for word in words}:
        return None
    known = next((word for word in words if _is_known(word)), None)
    if known is not None:
        return known.title() if known.isupper() or known.islower() else known
    return whole if len(whole.split()) <= _LONGEST else None


def _without_signs(name: str) -> str:
    """«Анна 🌸» is Анна."""
    kept = (char for char in name if unicodedata.category(char)[0] not in {"S", "C"})
    return " ".join("".join(kept).split())


def _is_known(word: str) -> bool:
    return re.split(r"[-'’]", word.casefold().replace("ё", "е"))[0] in _KNOWN
