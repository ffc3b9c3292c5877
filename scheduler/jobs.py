"""The periodic jobs, one line each."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from core.automation import rules
from core.contacts import consents
from core.contacts.retention import apply_retention
from core.directory.recount import go_on_recounting
from core.equipment.outage_detection import settle_offers
from core.integrations import webhooks
from core.integrations.unused_uploads import forget_company_files
from core.reports import schedule, ticket_metrics
from core.tickets import board, closing, next_contact, parents, search_index, unassigned
from core.tickets import sweep as sweep_job
from core.tickets.new_ticket_digest import post_digest


@dataclass(frozen=True, slots=True)
class Job:
    """An action that runs at an interval. While it returns ``full`` it is called again at once."""

    name: str
    action: Callable[..., Awaitable[Any]]
    every: timedelta | None
    full: int | None = None


# ``every=None``: the interval is the setting SWEEP_INTERVAL.
JOBS: Final = (
    Job("sweep", sweep_job.sweep, None, full=sweep_job.BATCH),
    Job("index words", search_index.index_new, timedelta(seconds=5), full=search_index.BATCH),
    Job("file words without a ticket", unassigned.file_waiting, timedelta(seconds=15), full=1),
    Job("settle outage offers", settle_offers, timedelta(seconds=30)),
    Job(
        "resolve children",
        parents.resolve_children,
        timedelta(seconds=2),
        full=1,
    ),
    Job("post digests of new tickets", post_digest, timedelta(seconds=2)),
    Job(
        "close what was resolved long ago",
        closing.set_overdue_ratings,
        timedelta(hours=1),
        full=closing.BATCH,
    ),
    Job("say what was closed", closing.tell_closed, timedelta(minutes=10)),
    Job("count deadlines anew", go_on_recounting, timedelta(seconds=2), full=1),
    Job("run rules of time", rules.run_due, timedelta(seconds=30), full=rules.BATCH),
    Job("refresh boards", board.refresh_boards, timedelta(seconds=20)),
    Job("post passed contact days", next_contact.tell_passed, timedelta(minutes=5)),
    Job(
        "count tickets",
        ticket_metrics.keep_metrics,
        timedelta(seconds=30),
        full=ticket_metrics.BATCH,
    ),
    Job("send reports", schedule.send_due, timedelta(minutes=1)),
    Job("erase what is kept no longer", apply_retention, timedelta(minutes=10), full=1),
    Job("settle what waits for a consent", consents.settle_held, timedelta(minutes=10)),
    Job("stop calling who takes nothing", webhooks.stop_failing, timedelta(minutes=5)),
    Job("forget files of no version", forget_company_files, timedelta(hours=1)),
    Job("purge runs of rules", rules.purge, timedelta(hours=1), full=rules.PURGED),
)
