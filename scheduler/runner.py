"""Runs the jobs with APScheduler, which stores and decides nothing.

APScheduler waits by the machine's clock, which may be set back: then it would wait for as long as
the step. A watchdog that counts monotonic seconds runs what is late.
"""

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Final

from core.db import log_failure
from core.delivery.waiting_rows import shift_waits
from core.desk import Desk, utc_now
from core.fault_points import pass_point
from scheduler.jobs import JOBS, Job

if TYPE_CHECKING:
    from apscheduler.schedulers.asyncio import AsyncIOScheduler

log = logging.getLogger(__name__)

# Seconds between two looks of the watchdog.
WATCH_EVERY: Final = 1.0
# A job is late when so many seconds have passed beyond its interval.
GRACE: Final = 1.0
# The clock was set back when it lost so many seconds between two looks.
STEP: Final = 2.0


@dataclass(slots=True)
class Run:
    """When a job began and ended last, in monotonic seconds; ``every``: its interval in seconds."""

    job: Job
    every: float
    begun: float
    ended: float
    running: bool = False

    def overdue(self, now: float) -> float:
        """Return for how many seconds the job should have ended again by now; at least 0."""
        return max(0.0, now - self.ended - self.every - GRACE)


class Runner:
    """Runs the jobs until it is stopped. A job that fails is logged and runs again next time."""

    def __init__(self, desk: Desk, sweep_every: timedelta, jobs: Sequence[Job] = JOBS) -> None:
        self.desk = desk
        self._tasks: set[asyncio.Task[None]] = set()
        self._watchdog: asyncio.Task[None] | None = None
        self._stopped = False
        self._ticker: AsyncIOScheduler
        now = time.monotonic()
        self._runs = [
            Run(job, (job.every or sweep_every).total_seconds(), now, now) for job in jobs
        ]

    def start(self) -> None:
        """Start all jobs, unless they were stopped before. Each runs at once, because something may
        be overdue.
        """
        if self._stopped:
            return
        from apscheduler.schedulers.asyncio import AsyncIOScheduler

        self._ticker = AsyncIOScheduler(
            timezone=UTC,
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        for run in self._runs:
            self._ticker.add_job(
                self._tick,
                "interval",
                seconds=run.every,
                next_run_time=utc_now(),  # it uses the machine's clock, whatever the desk's is
                args=[run],
                id=run.job.name,
            )
        self._ticker.start()
        self._watchdog = asyncio.create_task(self._watch(), name="watchdog of the jobs")

    async def stop(self, patience: float = 4.0) -> None:
        """Stop; wait for jobs that run, because the scheduler would cancel them."""
        self._stopped = True
        if self._watchdog is None:
            return  # it was never started
        self._watchdog.cancel()
        self._ticker.pause()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=patience)
        self._ticker.shutdown(wait=False)

    def overdue(self) -> dict[str, float]:
        """Return the jobs that are late, each with the seconds since it should have ended."""
        now = time.monotonic()
        return {run.job.name: late for run in self._runs if (late := run.overdue(now))}

    async def _tick(self, run: Run) -> None:
        task = asyncio.create_task(self._run(run))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        await asyncio.shield(task)

    async def _run(self, run: Run) -> None:
        run.begun, run.running = time.monotonic(), True
        try:
            if not self.desk.database.leads():  # another process does it
                run.ended = run.begun
                return
            while True:
                done = await self.desk.run(run.job.action)
                pass_point("sweep.after_commit")
                if run.job.full is None or done < run.job.full:
                    run.ended = time.monotonic()
                    return
        except Exception as error:  # noqa: BLE001 whatever it is, it runs again
            log_failure(log, "a job failed and will run again", error, job=run.job.name)
        finally:
            run.running = False

    async def _watch(self) -> None:
        clock = self._lag()
        while True:
            await asyncio.sleep(WATCH_EVERY)
            try:
                self._run_what_is_late()
                lag = self._lag()
                if lag - clock > STEP and self.desk.database.leads():
                    log.warning("the clock was set back by %.0f s", lag - clock)
                    await self.desk.run(shift_waits, timedelta(seconds=lag - clock))
                clock = lag  # only now: what could not be written is tried again
            except Exception as error:  # noqa: BLE001 whatever it is, it goes on
                log_failure(log, "the watchdog of the jobs stumbled and goes on", error)

    def _lag(self) -> float:
        """Return how far the desk's clock is behind the monotonic one, in seconds."""
        return time.monotonic() - self.desk.clock().timestamp()

    def _run_what_is_late(self) -> None:
        now = time.monotonic()
        for run in self._runs:
            if not run.running and now - run.begun > run.every + GRACE:
                log.warning("a job is late and runs now", extra={"job": run.job.name})
                run.begun = now
                self._ticker.modify_job(run.job.name, next_run_time=utc_now())
