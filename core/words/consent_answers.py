"""Whether a written answer to the question of consent is a plain yes or a plain no (S31). Pure.

Anything else is neither: a consent that has to be guessed is none. So «ок» and «спасибо» do not
count, other than where somebody is asked whether all works (`short_answers`).
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from core.words.short_answers import LONGEST


class ConsentWord(Enum):
    """What somebody has answered."""

    YES = "yes"
    NO = "no"


@dataclass(frozen=True, slots=True)
class ConsentAnswer:
    """``word``: the plain yes or no; ``None``: neither. ``says_more``: there are words besides it
    and the signature, which are not to be lost.
    """

    word: ConsentWord | None
    says_more: bool = False


_DATA: Final = (
    r"(?: на (?:обработку|использование)(?: моих| своих| наших)?(?: персональных)? данных)?"
)
_USE: Final = r"(?: (?:to|with) (?:this|that|it|the (?:use|processing) of my(?: personal)? data))?"
# Each answer is one of these, or several of one kind.
_YES: Final = (
    rf"(?:(?:я|мы) )?(?:соглас(?:ен|на|ны)|соглашаюсь|соглашаемся){_DATA}",
    rf"(?:(?:я|мы) )?(?:даю|даем|подтверждаю|подтверждаем) (?:(?:свое|мое|наше) )?согласие{_DATA}",
    r"да(?: конечно)?(?: пожалуйста)?|подтверждаю|принимаю",
    rf"(?:(?:i|we) )?(?:do )?(?:agree|consent|accept){_USE}",
    r"(?:i|we) give (?:my|our) consent|i am agreed|agreed",
    r"yes(?: of course)?(?: please)?",
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
# A line: a signature stands below it, or anything else.
_RULE: Final = re.compile(r"—$|[-_]{3,}$")
# Lines below which a signature stands, up to an empty line.
_CLOSING: Final = re.compile(
    r"-- ?$|с (?:ув|уважением|наилучшими|благодарностью)\b|всего (?:доброго|хорошего)\b|"
    r"(?:best|kind|warm) (?:regards|wishes)\b|regards\b|sincerely\b|cheers\b|yours\b",
    re.IGNORECASE,
)
# Lines of programs: below them is whatever was there.
_PROGRAM: Final = re.compile(
    r"(?:отправлено|получено) (?:из|с)\b|sent (?:from|with|via)\b|get outlook\b|получить outlook\b",
    re.IGNORECASE,
)
_POSTSCRIPT: Final = re.compile(r"(?:p\.? ?p?\.? ?s|п\.? ?с|з\.? ?ы)\b", re.IGNORECASE)
# What may take an answer back: a condition, a denial, a question, a word about the data.
_TAKES_BACK: Final = re.compile(
    r"\?(?:\s|$)|\b(?:но|однако|если|только|лишь|кроме|пока|чтобы|при услови\w+|не|нет|ни|без|"
    r"соглас\w+|данны\w+|хран\w+|удал\w+|сотр\w+|стер\w+|отзыва\w+|отозв\w+|отказ\w+|"
    r"but|however|although|though|if|only|unless|until|except|provided|condition\w*|no|not|never|"
    r"without|don[’']?t|agree\w*|consent\w*|data|keep\w*|stor(?:e|es|ed|ing)|delet\w+|eras\w+|"
    r"withdraw\w*|refus\w+)\b"
)
# What programs write into the text where a picture stands.
_PICTURE: Final = re.compile(r"\[(?:cid|image):[^\]\n]{0,200}\]", re.IGNORECASE)
# A company's own words below each of its mails: they begin so, name whom the mail is for, and
# nobody speaks of themselves in them. What they forbid takes no answer back.
_DISCLAIMER: Final = re.compile(
    r"(?:this (?:e-?mail|message|communication)|the (?:information|contents?) (?:in|of) this|"
    r"(?:настоящее|данное|это) (?:электронное )?(?:письмо|сообщение))\b"
)
_FOR_WHOM: Final = re.compile(r"\b(?:intended|предназначен\w*|адресат\w*)\b")
_OWN_WORDS: Final = re.compile(
    r"\b(?:i|me|my|we|our|us|я|мне|меня|мы|нас|нам|мо\w{1,2}|наш\w*|agree\w*|соглас\w+)\b"
)
_WORD: Final = re.compile(r"[^\W\d_]+")
# Signs that change nothing of what words say.
_SIGNS: Final = re.compile(r"[\s.,!…:;()\"'’«»“”„*\-–—]*")


def consent_answer(text: str, name: str = "") -> ConsentAnswer:
    """Return what the new words of a mail answer. ``name``: of who wrote it; they may sign with it.

    A no with words besides is neither: they would be erased with all that waits. Nor is an answer
    that what is below it may take back.
    """
    lines = [line.strip() for line in _without_unseen(text).strip().splitlines()]
    ends = [at for at, line in enumerate(lines) if _ends(line)]
    blank = [at for at, line in enumerate(lines) if not line]
    word, below = None, lines
    # all that is no signature, or else the first paragraph alone
    for end in ([*ends, len(lines)][0], [*blank, len(lines)][0]):
        word, below = _plain_word("\n".join(lines[:end]).strip(), name), lines[end:]
        if word is not None:
            break
    more = _says_more(below, name)
    if word is None or not below:
        return ConsentAnswer(word, more)
    ruled = more and _RULE.match(below[0] or "".join(below[1:2]))
    if ruled or _may_take_back(below) or (more and word is ConsentWord.NO):
        return ConsentAnswer(None, says_more=True)
    return ConsentAnswer(word, more)


def _may_take_back(below: Sequence[str]) -> bool:
    said = _folded("\n".join(below))
    return any(map(_TAKES_BACK.search, _without_disclaimer(said)))


def _without_disclaimer(said: str) -> list[str]:
    """Paragraph by paragraph."""
    found = []
    for paragraph in said.split("\n\n"):
        lines = paragraph.split("\n")
        at = next((at for at, one in enumerate(lines) if _DISCLAIMER.match(one)), len(lines))
        legal = "\n".join(lines[at:])
        if not _FOR_WHOM.search(legal) or _OWN_WORDS.search(legal):
            at = len(lines)
        found.append("\n".join(lines[:at]))
    return found


def is_signed(text: str, name: str = "") -> bool:
    """Return whether a signature begins in these words: whoever writes closes, or says who it is,
    below something.
    """
    _, *below = [line.strip() for line in text.strip().splitlines()] or [""]
    return any(_ends(line) or _is_name(line, name) for line in below)


def _plain_word(said: str, name: str) -> ConsentWord | None:
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


def _ends(line: str) -> bool:
    """Whether the answer is above this line."""
    return any(kind.match(line) for kind in (_RULE, _CLOSING, _PROGRAM))


def _says_more(signature: Sequence[str], name: str) -> bool:
    """Whether anything follows the lines of a signature: a name, and what stands right below a
    closing, or below a name that follows one.
    """
    closed = goes_on = False
    for line in signature:
        if len(line) > LONGEST or _POSTSCRIPT.match(line):
            return True
        if _CLOSING.match(line) or _is_name(line, name):
            closed = goes_on = closed or _CLOSING.match(line) is not None
        elif not line or _ends(line):
            goes_on = False
        elif not goes_on:
            return True
    return False


def _is_name(line: str, name: str) -> bool:
    words = _WORD.findall(_folded(line))
    return bool(words) and set(words) <= set(_WORD.findall(_folded(name)))


def _without_unseen(text: str) -> str:
    """Without signs that nobody sees (of the direction, of no width), and marks of pictures."""
    seen = "".join(sign for sign in text if unicodedata.category(sign) != "Cf")
    return _PICTURE.sub("", seen)


def _folded(text: str) -> str:
    return text.lower().replace("ё", "е")


def _without_name(words: list[str], name: str) -> list[str]:
    """Without the name at the end."""
    own = set(_WORD.findall(_folded(name)))
    while len(words) > 1 and words[-1] in own:
        words = words[:-1]
    return words
