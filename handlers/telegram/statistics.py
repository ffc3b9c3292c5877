"""What is asked for by ``/stats``, wherever it is: the numbers, and their picture (H1)."""

import logging
from datetime import date
from typing import Final

from channels.telegram.screens.screen import Renderer
from channels.telegram.screens.statistics import picture_words
from core.desk import Desk
from core.errors import Unreadable
from core.people.identity import Sender
from core.people.staff import for_admin
from core.reports import ticket_metrics
from core.reports.charts import NotDrawn, draw, picture_of
from core.reports.statistics import Statistics, find_scope, find_statistics
from core.texts import Key
from core.words.periods import read_period

log = logging.getLogger(__name__)

PICTURE: Final = "statistics.png"
# What happened just now is counted before it is shown; after an upgrade not everything at once.
_ROUNDS: Final = 10


async def count(desk: Desk, sender: Sender, words: str) -> Statistics:
    """Return what ``/stats month payment`` or ``/stats 1.11-30.11 @olga`` ask for.

    Raises :class:`Unreadable`, :class:`NotAllowed` for whoever is no admin.
    """
    since, until, rest = _period(desk, words)
    await desk.read(for_admin, sender, find_scope, rest)
    for _ in range(_ROUNDS):
        if await desk.run(ticket_metrics.keep_metrics) < ticket_metrics.BATCH:
            break
    return await desk.read(for_admin, sender, find_statistics, since, until, rest)


async def draw_picture(renderer: Renderer, found: Statistics, company: str) -> bytes | None:
    """Return the picture as PNG; None where it cannot be drawn."""
    try:
        return await draw(picture_of(found, picture_words(renderer, found, company)))
    except (NotDrawn, OSError) as reason:
        log.warning("statistics were not drawn: %s", reason)
        return None


def _period(desk: Desk, words: str) -> tuple[date, date, str]:
    today = desk.clock().astimezone(desk.company.zone).date()
    try:
        return read_period(words, today)
    except ValueError:
        raise Unreadable(
            "operators.malformed", words=words[:40], example=Key("operators.example.stats")
        ) from None
