"""Fills the weeks before: the sandbox's company has worked before somebody looks at it.

Whatever happened is an action of the desk whose clock was set back, so that journal, deadlines and
statistics are what they would be. Only what goes to chats is left out: these tickets have ended,
and none of their customers is in the sandbox.
"""

from datetime import date, time, timedelta
from typing import Final

from bot.demo.past_case import plan_case
from bot.demo.past_time import EVENING, Cast, Past
from core.delivery import alerts, outbox
from core.desk import Desk
from core.integrations import webhooks
from core.reports.ticket_metrics import count_all
from core.subscribers import Subscriber
from core.subscriptions import SUBSCRIBERS
from core.tickets import board
from core.tickets.closing import tell_closed
from core.tickets.search_index import index_new
from core.tickets.sweep import sweep

WEEKS: Final = 5
# The least and the most tickets of a day, from Monday on.
_DAYS: Final = ((3, 5), (2, 4), (2, 4), (2, 4), (1, 3), (0, 1), (0, 0))
_FIRST_WORDS, _LAST_WORDS = time(8), time(18, 30)
# What the desk does by itself: what it closes today, it tells tomorrow.
_NIGHTLY: Final = (tell_closed, sweep)
# Who speaks to people and to other systems.
_LOUD: Final = (
    alerts.SUBSCRIBER,
    alerts.MOVED,
    board.SUBSCRIBER,
    outbox.SUBSCRIBER,
    webhooks.SUBSCRIBER,
)
QUIET: Final[tuple[Subscriber, ...]] = tuple(one for one in SUBSCRIBERS if one not in _LOUD)


async def live_through(desk: Desk, cast: Cast, weeks: int = WEEKS) -> None:
    """Let the company live through so many weeks until yesterday; on one day always the same.

    ``desk`` is one that speaks to nobody (`QUIET`).
    """
    past = plan(Past(desk, cast, desk.clock().astimezone(desk.company.zone)), weeks)
    await past.live()
    while await desk.run(index_new):
        pass
    await count_all(desk)


def plan(past: Past, weeks: int) -> Past:
    """Plan the days from a Monday to yesterday."""
    today = past.now.date()
    first = today - timedelta(days=today.weekday() + 7 * weeks)
    for number in range((today - first).days):
        _plan_day(past, first + timedelta(days=number))
    return past


def _plan_day(past: Past, day: date) -> None:
    for _ in range(past.chance.randint(*_DAYS[day.weekday()])):
        plan_case(past, past.between(past.moment(day, _FIRST_WORDS), past.moment(day, _LAST_WORDS)))
    for job in _NIGHTLY:
        past.at(past.moment(day, EVENING), job)
