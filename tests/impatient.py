"""A desk that watches itself more often: what takes a minute to be called a symptom takes a second
or two. A fork of ``tests.e2e.warm`` becomes it where ``TEST_IMPATIENT`` is set.
"""

from __future__ import annotations

from datetime import timedelta

from bot import health_watch, polling
from core.setup import desk_health
from handlers.mail import fetch

MEGABYTE = 1024 * 1024


def hasten() -> None:
    """Shorten every wait of the watch, and the polls that it watches."""
    health_watch.LOOK_EVERY, health_watch.BEAT_EVERY = 0.2, 0.5  # type: ignore[misc]
    health_watch.PATIENCE, health_watch.LEAST_FREE = 3.0, 8 * MEGABYTE  # type: ignore[misc]
    desk_health.OVERDUE = timedelta(seconds=1)  # type: ignore[misc]
    fetch.PATIENCE, fetch.MAX_PAUSE = 3.0, 0.5  # type: ignore[misc]
    polling.TIMEOUT, polling.RIVAL_LASTS, polling.RIVAL_GONE = 1, 1.0, 20.0  # type: ignore[misc]
