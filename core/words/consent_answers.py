"""Whether a written answer to the question of consent is a plain yes or a plain no (S31). Pure.

Anything else is neither: a consent that has to be guessed is none. So «ок» and «спасибо» do not
count, other than where somebody is asked whether all works (`short_answers`).
"""

import re
from enum import Enum
from typing import Final

from core.words.short_answers import LONGEST


class ConsentWord(Enum):
    """What somebody has answered."""

    YES = "yes"
    NO = "no"


_DATA: Final = (
    r"(?: на (?:обработку|использование)(?: моих| своих| наших)?(?: персональных)? данных)?"
)
_USE: Final = r"(?: (?:to|with) (?:this|that|it|the (?:use|processing) of my(?: personal)? data))?"
# Each answer is one of these, or several of one kind.
_YES: Final = (
    rf"(?:(?:я|мы) )?(?:соглас(?:ен|на|ны)|соглашаюсь|соглашаемся){_DATA}",
    rf"(?:(?:я|мы) )?(?:даю|даем|подтверждаю|подтверждаем) (?:(?:свое|мое|наше) )?согласие{_DATA}",
    r"да|подтверждаю|принимаю",
    rf"(?:(?:i|we) )?(?:do )?(?:agree|consent|accept){_USE}",
    r"(?:i|we) give (?:my|our) consent|i am agreed|agreed",
    r"yes",
)
_NO: Final = (
    rf"(?:(?:я|мы) )?не (?:соглас(?:ен|на|ны)|соглашаюсь|соглашаемся){_DATA}",
    rf"(?:(?:я|мы) )?не (?:даю|даем|дам) (?:(?:свое(?:го)?|мое(?:го)?) )?согласи[ея]{_DATA}",
    r"(?:(?:я|мы) )?(?:не даю|не даем|не дам|отказываюсь|отказываемся|против)|нет",
    rf"(?:(?:i|we) )?(?:do not|don t|dont) (?:agree|consent|accept){_USE}",
    r"(?:(?:i|we) )?(?:disagree|refuse|decline)|not agreed",
    r"no",
)


def _only(table: tuple[str, ...]) -> re.Pattern[str]:
    one = "|".join(table)
    return re.compile(rf"(?:{one})(?: (?:{one}))*")


_KINDS: Final = {ConsentWord.YES: _only(_YES), ConsentWord.NO: _only(_NO)}
# What is said around an answer and means nothing in it.
_POLITE: Final = re.compile(
    r"\b(?:здравствуйте|приветствую|привет|добр(?:ый|ое|ого) (?:день|вечер|утро|дня)|спасибо|"
    r"благодарю|уважаем(?:ые|ый|ая) (?:коллеги|господа)|"
    r"hello|hi|good (?:morning|day|evening|afternoon)|thank you|thanks|dear (?:all|sirs?))\b"
)
# Lines below which a signature stands.
_SIGNATURE: Final = re.compile(
    r"-- ?$|—$|[-_]{3,}$|с (?:уважением|наилучшими|благодарностью)\b|всего (?:доброго|хорошего)\b|"
    r"отправлено (?:из|с)\b|(?:best|kind|warm) (?:regards|wishes)\b|regards\b|sincerely\b|cheers\b|"
    r"yours\b|sent (?:from|with|via)\b|get outlook\b|получить outlook\b",
    re.IGNORECASE,
)
_WORD: Final = re.compile(r"[^\W\d_]+")
# Signs that change nothing of what words say.
_SIGNS: Final = re.compile(r"[\s.,!…:;()\"'’«»“”„*\-–—]*")


def consent_word(text: str, name: str = "") -> ConsentWord | None:
    """Return what the new words of a mail answer; ``None``: neither a plain yes nor a plain no.

    ``name``: of who wrote it; they may sign with it.
    """
    said = _above_signature(text)
    if len(said) > LONGEST or not _SIGNS.fullmatch(_WORD.sub("", said)):
        return None
    folded = " ".join(_WORD.findall(_folded(said)))
    bare = " ".join(_POLITE.sub(" ", folded).split())
    unsigned = " ".join(_without_name(bare.split(), name))
    found = [
        word
        for word, kind in _KINDS.items()
        if kind.fullmatch(bare) is not None or kind.fullmatch(unsigned) is not None
    ]
    return found[0] if len(found) == 1 else None


def _above_signature(text: str) -> str:
    lines = text.strip().splitlines()
    end = next((at for at, line in enumerate(lines) if _SIGNATURE.match(line.strip())), len(lines))
    return "\n".join(lines[:end]).strip()


def _folded(text: str) -> str:
    return text.lower().replace("ё", "е")


def _without_name(words: list[str], name: str) -> list[str]:
    """Without the name at the end."""
    own = set(_WORD.findall(_folded(name)))
    while len(words) > 1 and words[-1] in own:
        words = words[:-1]
    return words
