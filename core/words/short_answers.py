"""What a short message means, which depends on what was asked before it (B5, B6)."""

import re
from enum import Enum, auto
from typing import Final

LONGEST: Final = 80
"""Characters beyond which a message says more than yes, or thanks."""


class Question(Enum):
    """What the customer was asked last."""

    NOTHING = auto()
    OURS = auto()
    """Something that an operator wants to know."""
    WORKS = auto()
    """«Does everything work?», when their ticket was solved."""


class Meaning(Enum):
    """What becomes of the message: it ends the ticket, it calls for no answer, it says how well the
    work was done, it says neither yes nor no, or it is words.
    """

    YES = auto()
    THANKS = auto()
    RATING = auto()
    UNCLEAR = auto()
    WORDS = auto()


def _words(table: str) -> frozenset[str]:
    return frozenset(table.split())


_THANKS: Final = _words(
    """
    спасибо спасибочки спасибки пасиб пасибо спс сенк сенкс благодарю благодарим благодарен
    благодарна благодарны признателен признательна
    thanks thank thankyou thx tnx thnx ty tysm cheers appreciated appreciate
    """
)
_AGREEMENT: Final = _words(
    """
    ок окей окей оке ok okay okey хорошо ладно понятно понял поняла поняли ясно принято принял
    приняла договорились gotit understood noted alright
    """
)
_YES: Final = _words(
    """
    да ага угу так точно конечно верно подтверждаю
    работает работают заработал заработала заработало заработали решено решили решен решена
    решилось исправили исправлено починили помогло восстановили восстановилось восстановлено
    появилось появился появилась показывает порядке порядок норм нормально отлично супер
    прекрасно замечательно идеально класс ок хорошо готово закрывайте закрывать непроблем
    yes yep yeah yup sure correct confirmed works work working fixed solved resolved done fine
    good great perfect excellent close noproblem ok
    """
)
_THANKS_SIGNS: Final = frozenset("🙏🙂😊☺😉😀😃😄😁🥰😍😘🤗🌹💐❤🧡💛💚💙💜🤍")
_YES_SIGNS: Final = frozenset("👍👌🤝👏💯🔥🎉💪✌✅+➕")
# Reactions that say that something is wrong.
DISLIKES: Final = frozenset("👎💔😡🤬🤮💩😢😭😨")
# These add warmth but say nothing by themselves.
_WARMTH: Final = _words(
    """
    большое огромное огромнейшее большущее вам тебе вас всем за и все вы ты очень еще раз заранее
    да ну тогда отлично супер прекрасно замечательно класс здорово
    быстрый быструю оперативный оперативную подробный вашу ваш
    you u so very much a lot many and for the your it is all that great perfect good nice
    quick fast again really i yes
    """
)
# What one may be thankful for: «help, thanks» asks, «thanks for the help» does not.
_FAVOURS: Final = _words(
    """
    помощь ответ оперативность поддержку работу внимание информацию разъяснение
    help support reply answer
    """
)
_FOR: Final = frozenset({"за", "for"})
# What works now: words that may stand beside a yes.
_SUBJECTS: Final = _words(
    """
    теперь уже снова опять сейчас пока вроде у нас меня в это интернет камера камеры видео
    изображение картинка связь сигнал телефон домофон телевизор тв можно
    now again here everything everything's it's its that's internet camera cameras video picture
    signal phone connection s can you this ticket
    """
)
# What may be said in a yes, and what makes one of it.
_AROUND_YES: Final = _YES | _AGREEMENT | _THANKS | _WARMTH | _SUBJECTS
_SAYS_YES: Final = _YES | _AGREEMENT
_AGREED: Final = _THANKS | _AGREEMENT
_AGREED_SIGNS: Final = _THANKS_SIGNS | _YES_SIGNS - {*"+➕"}
# What may be said beside thanks: by whether something is named that they are for, and by whether
# agreement is thanks, too.
_AROUND_THANKS: Final = {
    (named, agreement): (_WARMTH | (_FAVOURS if named else _words("")))
    - (_words("") if agreement else _YES)
    for named in (True, False)
    for agreement in (True, False)
}
_PHRASES: Final = (
    ("got it", "gotit"),
    ("all right", "alright"),
    ("без проблем", "непроблем"),
    ("нет проблем", "непроблем"),
    ("проблем нет", "непроблем"),
    ("no problems", "noproblem"),
    ("no problem", "noproblem"),
)

# Who says so does not know yet.
_UNSURE: Final = re.compile(
    r"\bне (?:знаю|уверен\w*|проверял\w*|проверили|смотрел\w*|видел\w*)"
    r"|\bnot (?:sure|checked)|\bdon.?t know|\bhaven.?t (?:checked|looked|seen)"
)
# Words by which somebody complains, asks or demands: such a message is never unclear.
_CLEAR: Final = re.compile(
    r"\b(?:н[еи]|не(?!дел)\w+|н[еи](?:кто|что|где|как)\w*|но|однако|опять|снова|хуже|плох\w*"
    r"|ничего|пропа\w+|исчез\w*|темн\w*|черн\w*|завис\w*|тормоз\w*|ряб\w*|мига\w*|отвал\w*|отключ\w*"
    r"|слома\w*|лома\w*|ошибк\w*|проблем\w*|переста\w*|жду|долго|раз|верните|помогите"
    r"|вопрос\w*|все еще|перезвон\w*|позвон\w*|ужас\w*|когда|кто|где|как|почему|зачем|сколько|что"
    r"|как(?:ой|ая|ие)|куда|no|not|nope|never|none|nothing|still|but|however|again|worse|bad\w*|broken|dark|black|gone"
    r"|missing|lost|offline|errors?|problems?|issues?|slow\w*|help|call|when|who|where|why|how|what"
    r"|which|questions?|t|can(?:not|t)|doesnt|dont|isnt)\b"
)

# Who only wants to thank, or is polite in the form of a demand.
_WANTS_NOTHING: Final = re.compile(
    r"\b(?:(?:хоч\w*|хотим|хотел\w*|want|would like|d like) (?:\w+ ){0,2}?"
    r"(?:по?благодар\w*|сказать|отмет\w*|похвал\w*|вырази\w*|thank|say)"
    r"|(?:здравствуй|извини|прости|продолжай|разреши|\w*сай)те)\b"
)
# Words by which somebody wants something without complaining: «пришлите счёт».
_WANTS: Final = re.compile(
    r"\b(?:хочу|хочется|хотим|хотел\w*|нуж(?:ен|н[аоы])|надо|необходим[ао]?|требуется|прошу|просим"
    r"|просьба|можно|можете|пожалуйста|need|want|would like|d like|please"
    r"|(?:can|could|may|might) (?:you|i|we|my)|\w{2,}(?:ай|яй|уй|ей|ой|и|ь)те(?:сь)?)\b"
    r"|(?:^|[.!,;]|\band|\balso|\bnow)\s*"
    r"(?:add|send|change|cancel|refund|give|tell|fix|check|turn|install|connect|remove|delete)\b"
)

_WORD: Final = re.compile(r"[^\W\d_]+")
# Skin tones, variation selectors and joiners belong to the emoji before them.
_TRIFLES: Final = re.compile(r"[\s.,!…:;)'’\-–—~*\u200d\ufe0f\U0001f3fb-\U0001f3ff]+")


def meaning_of(text: str, asked: Question = Question.NOTHING) -> Meaning:
    """What the whole message means after this question; in doubt, it is words.

    Agreement («ок») calls for no answer when nothing was asked, answers a question, and is a yes
    to «does everything work?». What then is neither a yes nor a complaint is unclear.
    """
    if len(text) > LONGEST:
        return Meaning.WORDS
    folded = text.lower().replace("ё", "е")
    for phrase, word in _PHRASES:
        folded = folded.replace(phrase, word)
    words = _WORD.findall(folded)
    if asked is Question.WORKS and _is_yes(words, folded):
        return Meaning.YES
    if _is_thanks(words, folded, agreement=asked is not Question.OURS):
        return Meaning.THANKS
    unclear = asked is Question.WORKS and words and not _is_clear(folded)
    return Meaning.UNCLEAR if unclear else Meaning.WORDS


def asks_or_complains(text: str) -> bool:
    """Return whether the words want something, or say that something is wrong; in doubt, they do
    not. So words right after a rating are of it, unless they do.
    """
    folded = text.lower().replace("ё", "е")
    wanted = _WANTS_NOTHING.sub("", folded)
    return _is_clear(folded) or _WANTS.search(wanted) is not None


def _signs(folded: str) -> set[str]:
    """All that is said without words."""
    return set(_TRIFLES.sub("", _WORD.sub("", folded)))


def _is_clear(folded: str) -> bool:
    said = _UNSURE.sub("", folded)
    return "?" in said or not DISLIKES.isdisjoint(said) or _CLEAR.search(said) is not None


def _is_yes(words: list[str], folded: str) -> bool:
    signs = _signs(folded)
    if signs - _YES_SIGNS - _THANKS_SIGNS or not _AROUND_YES.issuperset(words):
        return False
    return not (_YES_SIGNS.isdisjoint(signs) and _SAYS_YES.isdisjoint(words))


def _is_thanks(words: list[str], folded: str, *, agreement: bool) -> bool:
    said = _AGREED if agreement else _THANKS
    around = _AROUND_THANKS[not _FOR.isdisjoint(words), agreement]
    if any(word not in said and word not in around for word in words):
        return False
    signs = _signs(folded)
    also = agreement or not _THANKS.isdisjoint(words)
    fit = signs <= (_AGREED_SIGNS if also else _THANKS_SIGNS)
    return fit and (bool(signs) if not words else not said.isdisjoint(words))
