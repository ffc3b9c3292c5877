"""Runs the jobs with APScheduler, which stores and decides nothing."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import UTC, timedelta

from apscheduler.schedulers.asyncio import AsyncIOScheduler

from core.desk import Desk, utc_now
from core.fault_points import pass_point
from scheduler.jobs import JOBS, Job

log = logging.getLogger(__name__)


class Runner:
    """Runs the jobs until it is stopped. A job that fails is logged and runs again next time."""

    def __init__(self, desk: Desk, sweep_every: timedelta, jobs: Sequence[Job] = JOBS) -> None:
        self.desk = desk
        self._running: set[asyncio.Task[None]] = set()
        self._ticker = AsyncIOScheduler(
            timezone=UTC,
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        self._jobs = [(job, job.every or sweep_every) for job in jobs]

    def start(self) -> None:
        """Start all jobs. Each runs at once, because something may be overdue."""
        for job, every in self._jobs:
            self._ticker.add_job(
                self._tick,
                "interval",
                seconds=every.total_seconds(),
                next_run_time=utc_now(),  # it uses the machine's clock, whatever the desk's is
                args=[job],
                id=job.name,
            )
        self._ticker.start()

    async def stop(self, patience: float = 4.0) -> None:
        """Stop; wait for jobs that run, because the scheduler would cancel them."""
        if not self._ticker.running:
            return  # it was never started
        self._ticker.pause()
        if self._running:
            await asyncio.wait(self._running, timeout=patience)
        self._ticker.shutdown(wait=False)

    async def _tick(self, job: Job) -> None:
        task = asyncio.create_task(self._run(job))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        await asyncio.shield(task)

    async def _run(self, job: Job) -> None:
        try:
            while True:
                done = await self.desk.run(job.action)
                pass_point("sweep.after_commit")
                if job.full is None or done < job.full:
                    return
        except Exception:
            log.exception("a job failed and will run again", extra={"job": job.name})
