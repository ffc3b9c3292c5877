"""In which order files of tests run: what waits runs beside what computes."""

from collections.abc import Sequence
from pathlib import PurePath
from typing import Final

# Stories wait for a bot, a browser, a clock: four fifths of their time. What is named first
# begins first: the transcript takes two minutes, and the page's files a minute each.
WAITING: Final = ("tools", "browser", "e2e")
# Of their files some take half a minute: begun last, they would keep one worker busy alone.
LONG: Final = ("bot", "handlers", "sandbox")
# None of its files takes longer than seconds: with them no worker is done long before the others.
SHORT: Final = ("rules",)
# By so much of the tests of the rest all stories have begun, so that none is left over at the end.
BEGUN: Final = 0.7


def turns(files: Sequence[PurePath]) -> dict[PurePath, float]:
    """When each file's turn is, from 0 to 1.

    ``files``: the file of each test, below the folder of all tests. Of the files that compute each
    begins when those before it are through, going by their tests; the stories are spread evenly
    among them.
    """
    ranked = sorted(dict.fromkeys(files), key=_rank)
    stories = [file for file in ranked if file.parts[0] in WAITING]
    others = [file for file in files if file.parts[0] not in WAITING]
    found = {file: BEGUN * at / len(stories) for at, file in enumerate(stories)}
    for at, file in enumerate(sorted(others, key=_rank)):
        found.setdefault(file, at / len(others))
    return found


def _rank(file: PurePath) -> int:
    first, folder = (*WAITING, *LONG), file.parts[0]
    if folder in SHORT:
        return len(first) + 1
    return first.index(folder) if folder in first else len(first)
