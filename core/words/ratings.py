"""Ratings of our work: what each means, and which messages are one."""

import re
from typing import Final

RATINGS: Final = range(1, 6)
BAD: Final = "bad"
FAIR: Final = "fair"
GOOD: Final = "good"
_VERDICTS: Final = {1: BAD, 2: BAD, 3: FAIR, 4: GOOD, 5: GOOD}

# «5», «5!», «5/5», «оценка 4», and as many stars.
_FIGURE: Final = re.compile(
    r"(?:(?:оценка|ставлю|rating)[:\s]*)?([1-5])(?:\s*(?:/\s*5|из\s*5|(?:out )?of\s*5))?[\s.!)]*"
)
_STARS: Final = re.compile("[⭐🌟★]{1,5}")
_SELECTOR: Final = "\ufe0f"


def verdict_of(rating: int) -> str:
    """Return what a rating does: ``bad`` reopens a ticket, ``good`` closes it, ``fair`` neither."""
    return _VERDICTS[rating]


def read_rating(text: str) -> int | None:
    """Return the rating that is all of a message, or ``None``."""
    words = text.strip().casefold().replace(_SELECTOR, "")
    if figure := _FIGURE.fullmatch(words):
        return int(figure[1])
    return len(words) if _STARS.fullmatch(words) else None
