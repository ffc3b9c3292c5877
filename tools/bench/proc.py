"""What the kernel knows of a process: the CPU it has used, the memory it holds."""

from __future__ import annotations

import os
import time
from pathlib import Path

_SCHEDULED = 2  # Linux's CPUCLOCK_SCHED: the process's clock in nanoseconds, not in ticks
_PAGE = os.sysconf("SC_PAGE_SIZE")


def cpu_seconds(pid: int) -> float:
    """User and system time of all threads so far."""
    return time.clock_gettime(~pid << 3 | _SCHEDULED)


def resident_megabytes(pid: int) -> float:
    """What the process holds in memory."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE / 1e6


def is_asleep(pid: int) -> bool:
    """True if no thread of the process runs or waits for a CPU."""
    states = (
        (task / "stat").read_text().rpartition(")")[2].split()[0]
        for task in Path(f"/proc/{pid}/task").iterdir()
    )
    return all(state in "SI" for state in states)
