"""What the clock makes happen: one line per job."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from core import inbox
from core.delivery import outbox_store
from core.equipment.outage_detection import settle_offers
from core.tickets import next_contact, parents, search
from core.tickets import sweep as sweep_job
from core.tickets.new_ticket_digest import post_digest


@dataclass(frozen=True, slots=True)
class Job:
    """An action run every so often. While it returns ``full`` there is more to do at once."""

    name: str
    action: Callable[..., Awaitable[Any]]
    every: timedelta | None
    full: int | None = None


# ``every=None``: the interval is the setting SWEEP_INTERVAL.
JOBS: Final = (
    Job("sweep", sweep_job.sweep, None, full=sweep_job.BATCH),
    Job("index words", search.index_new, timedelta(seconds=5), full=search.BATCH),
    Job("settle outage offers", settle_offers, timedelta(seconds=30)),
    Job("solve what is part of it", parents.carry_on, timedelta(seconds=2), full=1),
    Job("gather a storm", post_digest, timedelta(seconds=2)),
    Job("tell of contacts passed", next_contact.tell_passed, timedelta(minutes=5)),
    Job("forget what was handled", inbox.purge, timedelta(hours=1)),
    Job("forget what was sent", outbox_store.purge, timedelta(hours=1)),
)
