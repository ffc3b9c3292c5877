"""What is asked for by ``/stats``, wherever it is (H1)."""

from datetime import date

from core.desk import Desk
from core.errors import Unreadable
from core.people.identity import Sender
from core.people.staff import for_admin
from core.reports.statistics import Statistics, find_scope, find_statistics
from core.reports.ticket_metrics import count_all
from core.texts import Key
from core.words.periods import read_period


async def count(desk: Desk, sender: Sender, words: str) -> Statistics:
    """Return what ``/stats month payment`` or ``/stats 1.11-30.11 @olga`` ask for.

    Raises :class:`Unreadable`, :class:`NotAllowed` for whoever is no admin.
    """
    since, until, rest = _period(desk, words)
    await desk.read(for_admin, sender, find_scope, rest)
    await count_all(desk)
    return await desk.read(for_admin, sender, find_statistics, since, until, rest)


def _period(desk: Desk, words: str) -> tuple[date, date, str]:
    today = desk.clock().astimezone(desk.company.zone).date()
    try:
        return read_period(words, today)
    except ValueError:
        raise Unreadable(
            "operators.malformed", words=words[:40], example=Key("operators.example.stats")
        ) from None
