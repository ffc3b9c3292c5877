"""A wall clock that a test sets, for a real process: the C library's answers are shifted.

The monotonic clock goes on as it does when a machine's time is set.
"""

import shutil
import subprocess
from pathlib import Path

import pytest

SOURCE = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

static long shift(void) {
    long seconds = 0;
    const char *name = getenv("WALL_CLOCK_FILE");
    FILE *file = name ? fopen(name, "r") : NULL;
    if (file) { if (fscanf(file, "%ld", &seconds) != 1) seconds = 0; fclose(file); }
    return seconds;
}

int clock_gettime(clockid_t which, struct timespec *at) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real) real = dlsym(RTLD_NEXT, "clock_gettime");
    int result = real(which, at);
    if (which == CLOCK_REALTIME) at->tv_sec += shift();
    return result;
}

int gettimeofday(struct timeval *at, void *zone) {
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    at->tv_sec = now.tv_sec;
    at->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *at) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (at) *at = now.tv_sec;
    return now.tv_sec;
}
"""


def preloaded(folder: Path) -> dict[str, str]:
    """The environment of a process whose clock, and that of its forks, can be set; skips the test
    where there is no C compiler.
    """
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler to shift a process's clock with")
    source, library = folder / "wall_clock.c", folder / "wall_clock.so"
    source.write_text(SOURCE)
    made = [compiler, "-shared", "-fPIC", "-O1", "-o", str(library), str(source), "-ldl"]
    subprocess.run(made, check=True, capture_output=True)
    return {"LD_PRELOAD": str(library)}


class WallClock:
    """``environment`` makes a process live by it, if it or what forked it was preloaded so."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "wall_clock"
        self.set(0)
        self.environment = {"WALL_CLOCK_FILE": str(self._file)}

    def set(self, seconds: int) -> None:
        """Put the clock so many seconds ahead of the machine's, or behind it."""
        fresh = self._file.with_suffix(".new")
        fresh.write_text(str(seconds))
        fresh.replace(self._file)
