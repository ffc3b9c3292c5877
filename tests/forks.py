"""Files of tests side by side, in processes that are forked when all tests have been collected.

``pytest -p tests.forks --forks 4``. To import and to collect the suite takes 14 CPU-seconds, twice
as many in a new clone, and processes that start by themselves take them each. Here it is done once,
and one process more costs next to nothing. Each does one file after the other, in the order of
collection. Files with the mark ``alone`` run before the others, in a process that nothing runs
beside.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from typing import Any, Final

import pytest

# What a child says: it wants a file; a test begins; a test has ended, with its reports.
WANTED, BEGUN, DONE = range(3)
# How a child ends that has told all: as pytest does, with or without tests that failed.
TOLD: Final = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)

File = list[pytest.Item]
Location = tuple[str, int | None, str]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--forks", type=int, default=1, help="so many files of tests at a time")


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """Share the files out; a child comes back from here as well, and ends as pytest ends."""
    option = session.config.option
    if option.forks < 2 or option.collectonly or session.testsfailed or not session.items:
        return None
    alone, others = _split(session.items)
    for files, count in ((alone, 1), (others, option.forks)):
        if files and not _Sharing(session, files).among(min(count, len(files))):
            return True  # a child, which has done its part
    return True


def _split(items: Iterable[pytest.Item]) -> tuple[list[File], list[File]]:
    files = [list(file) for _, file in groupby(items, key=lambda item: item.path)]
    alone = [file for file in files if file[0].get_closest_marker("alone")]
    return alone, [file for file in files if file not in alone]


# ------------------------------------------------------------------ the process that shares out


@dataclass
class _Child:
    """``given``: files that it has been given, each with how many of its tests have begun."""

    pid: int
    line: Connection
    given: list[tuple[int, int]] = field(default_factory=list)
    test: tuple[str, Location] | None = None  # that it is at


@dataclass
class _Sharing:
    """Who does which of the files."""

    session: pytest.Session
    files: Sequence[File]
    _waiting: deque[tuple[int, int]] = field(init=False)
    _children: list[_Child] = field(default_factory=list)

    def among(self, count: int) -> bool:
        """Have so many children do the files. False in a child, True when all have ended.

        Raises what pytest's own loop raises after as many failures as were allowed.
        """
        self._waiting = deque((file, 0) for file in range(len(self.files)))
        for _ in range(count):
            if not self._fork():
                return False
        while self._children:
            ready = wait([child.line for child in self._children])
            for child in [child for child in self._children if child.line in ready]:
                if not self._hear(child):
                    return False
        if self.session.shouldfail:
            raise self.session.Failed(self.session.shouldfail)
        if self._waiting:
            raise RuntimeError("nobody is left to run the rest of the tests")
        return True

    def _fork(self) -> bool:
        here, there = Pipe()
        pid = os.fork()
        if not pid:
            for other in (here, *(child.line for child in self._children)):
                other.close()  # or nobody would notice that the parent has gone
            _work(self.session, self.files, there)
            return False
        there.close()
        self._children.append(_Child(pid, here))
        return True

    def _hear(self, child: _Child) -> bool:
        """Returns False in a child that was forked in the place of one that has died."""
        try:
            kind, *said = child.line.recv()
        except EOFError:
            self._children.remove(child)
            return self._ended(child)
        if kind == WANTED:
            self._give(child)
        elif kind == BEGUN:
            self._begun(child, *said)
        else:
            self._done(child, *said)
        return True

    def _give(self, child: _Child) -> None:
        stops = self.session.shouldfail or self.session.shouldstop
        file = self._waiting.popleft() if self._waiting and not stops else None
        child.line.send(file)
        if file:
            child.given.append(file)

    def _begun(self, child: _Child, nodeid: str, location: Location) -> None:
        child.test = (nodeid, location)
        file, begun = child.given.pop(0)
        if begun + 1 < len(self.files[file]):
            child.given.insert(0, (file, begun + 1))
        self.session.config.hook.pytest_runtest_logstart(nodeid=nodeid, location=location)

    def _done(self, child: _Child, reports: list[dict[str, Any]]) -> None:
        assert child.test is not None
        (nodeid, location), child.test = child.test, None
        config = self.session.config
        for data in reports:
            report = config.hook.pytest_report_from_serializable(config=config, data=data)
            config.hook.pytest_runtest_logreport(report=report)
        config.hook.pytest_runtest_logfinish(nodeid=nodeid, location=location)

    def _ended(self, child: _Child) -> bool:
        """Whoever ends without having told all is a failure, of the test that it was at; another
        does what it had still to do.
        """
        code = os.waitstatus_to_exitcode(os.waitpid(child.pid, 0)[1])
        stops = self.session.shouldfail or self.session.shouldstop
        if code in TOLD and child.test is None and (stops or not child.given):
            return True
        nodeid, location = child.test or ("between tests", ("tests", None, "between tests"))
        failed = pytest.TestReport(
            nodeid=nodeid,
            location=location,
            keywords={},
            outcome="failed",
            longrepr=f"the process that ran it has ended: {code}",
            when="call",
        )
        self.session.config.hook.pytest_runtest_logreport(report=failed)
        self._waiting.extendleft(reversed(child.given))
        nothing_left = child.test is None and not child.given
        return nothing_left or self._fork()


# ------------------------------------------------------------------ a child


def _work(session: pytest.Session, files: Sequence[File], line: Connection) -> None:
    """Do files until none is left; without a parent a child ends with its test."""
    _become_silent(session.config)
    session.config.pluginmanager.register(_Telling(session.config, line))
    items = _given(files, line)
    item = next(items, None)
    while item is not None and not (session.shouldfail or session.shouldstop):
        following = next(items, None)  # pytest keeps what the next one needs, too
        session.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        item = following


def _given(files: Sequence[File], line: Connection) -> Iterator[pytest.Item]:
    while True:
        line.send((WANTED,))
        given = line.recv()
        if given is None:
            return
        file, begun = given
        yield from files[file][begun:]


def _become_silent(config: pytest.Config) -> None:
    """Only the parent shows results and remembers them; what is printed goes into a file of the
    child's own, or all would write into one.
    """
    plugins = config.pluginmanager
    plugins.unregister(name="terminalreporter")
    config.workerinput = {}  # type: ignore[attr-defined]  # pytest's mark of who only reports
    if capturing := plugins.getplugin("capturemanager"):
        capturing.stop_global_capturing()
        capturing.start_global_capturing()
        capturing.suspend_global_capture()


class _Telling:
    """Tells the parent of each test when it begins and when it has ended."""

    def __init__(self, config: pytest.Config, line: Connection) -> None:
        self._config = config
        self._line = line
        self._reports: list[dict[str, Any]] = []

    def pytest_runtest_logstart(self, nodeid: str, location: Location) -> None:
        self._line.send((BEGUN, nodeid, location))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        hook = self._config.hook
        data = hook.pytest_report_to_serializable(config=self._config, report=report)
        self._reports.append(data)

    def pytest_runtest_logfinish(self) -> None:
        self._line.send((DONE, self._reports))
        self._reports = []
