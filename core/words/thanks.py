"""Tells mere thanks, which call for no answer, from a message that does."""

import re
from typing import Final

LONGEST: Final = 80
"""Characters beyond which a message is more than thanks."""


def _words(table: str) -> frozenset[str]:
    return frozenset(table.split())


# One of these must be there, and no word that is in none of these tables.
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
_EMOJI: Final = "👍👌🙏🤝👏💯🔥🎉🙂😊☺😉😀😃😄😁🥰😍😘🤗🌹💐💪✌✅❤🧡💛💚💙💜🤍"
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
_PHRASES: Final = (("got it", "gotit"), ("all right", "alright"))

_WORD: Final = re.compile(r"[^\W\d_]+")
# Skin tones, variation selectors and joiners belong to the emoji before them.
_TRIFLES: Final = re.compile(r"[\s.,!…:;)\-–—~*\u200d\ufe0f\U0001f3fb-\U0001f3ff]+")


def is_thanks(text: str) -> bool:
    """Return whether the whole message is thanks or agreement; in doubt, it is not."""
    if len(text) > LONGEST:
        return False
    folded = text.lower().replace("ё", "е")
    for phrase, word in _PHRASES:
        folded = folded.replace(phrase, word)
    words = _WORD.findall(folded)
    emoji = _TRIFLES.sub("", _WORD.sub("", folded))
    if set(emoji) - set(_EMOJI):
        return False
    warmth = _WARMTH | _FAVOURS if _FOR.intersection(words) else _WARMTH
    meant = [word for word in words if word not in warmth]
    if any(word not in _THANKS and word not in _AGREEMENT for word in meant):
        return False
    return bool(meant) or (bool(emoji) and not words)
