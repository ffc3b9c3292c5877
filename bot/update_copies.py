"""Copies of what Telegram hands over, in a folder that should lie on another disk (R21).

An update is written there and forced to the disk before it is confirmed to Telegram, so the loss of
the database loses nothing that customers have said: `restore` puts it back into the inbox of the
newest backup. The folder holds what came since the backup before the last, one file an hour, a line
of JSON for each update; what the desk forgets (an erased customer, a refused consent, what is older
than `keep_updates`) is forgotten there, too.

Where the folder cannot be written, the desk goes on, and admins are told.
"""

import asyncio
import contextlib
import errno
import fcntl
import logging
import os
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

import orjson

from core.desk import Clock, Desk, utc_now
from core.inbox import Raw
from core.inbox_copies import MARGIN, PAGE, CopiedUpdate, find_forgotten

log = logging.getLogger(__name__)

# Seconds between two looks at what is to be forgotten, and that a disk may take for a line.
FORGET_EVERY: Final = 3600.0
PATIENCE: Final = 5.0
# So many lines are kept in memory while the disk does not take them.
MOST_MISSED: Final = 10_000
_NAME: Final = "updates-{:%Y%m%dT%H}.jsonl"
_FILES: Final = "updates-*.jsonl"
_LOCK: Final = ".lock"
_LAST_BACKUP: Final = "last-backup"


@dataclass(slots=True)
class UpdateCopies:
    """The folder. ``is_failing``: it did not take what it was given last."""

    folder: Path
    clock: Clock = utc_now
    is_failing: bool = False
    _missed: list[bytes] = field(default_factory=list)
    _newest: frozenset[tuple[str, Raw]] = frozenset()
    _work: asyncio.Task[None] | None = None
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def add(self, source: str, updates: Sequence[Raw]) -> None:
        """Write the updates; they are on the disk when this returns, unless it fails: it says so in
        the log, raises nothing, and what was missed is written with the next ones. What comes again
        at once, because the database did not take it, is not written again.
        """
        now = self.clock().astimezone(UTC)
        came = {(source, each): CopiedUpdate(now, source, each) for each in updates}
        self._missed += [_line(copy) for each, copy in came.items() if each not in self._newest]
        self._newest = frozenset(came)
        try:
            async with asyncio.timeout(PATIENCE), self._turn:
                await self._write(_NAME.format(now))
        except (OSError, TimeoutError) as error:
            if not self.is_failing:
                log.error("updates are not copied to %s: %r", self.folder, error)  # noqa: TRY400
            self.is_failing = True
        else:
            self.is_failing = False

    async def _write(self, name: str) -> None:
        """Write what is missed, unless a turn before had it, too. A disk that hangs has one thread
        at most.
        """
        del self._missed[:-MOST_MISSED]
        if not self._missed:
            return
        if self._work is not None:
            await asyncio.wait({self._work})
        missed = list(self._missed)
        self._work = asyncio.create_task(asyncio.to_thread(self._append, name, b"".join(missed)))
        await asyncio.shield(self._work)
        del self._missed[: len(missed)]

    def _append(self, name: str, lines: bytes) -> None:
        with self._locked():
            flags = os.O_RDWR | os.O_CREAT | os.O_APPEND
            with os.fdopen(os.open(self.folder / name, flags, 0o600), "rb+", 0) as file:
                size = file.seek(0, os.SEEK_END)
                if size and os.pread(file.fileno(), 1, size - 1) != b"\n":
                    lines = b"\n" + lines  # somebody died in the middle of a line
                _write_whole(file.fileno(), lines, size)
            if not size:
                self._sync_folder()

    # ---------------------------------------------------------------- reading and forgetting

    def read(self) -> list[CopiedUpdate]:
        """Return all copies, in the order in which they came. Raises OSError."""
        try:
            with self._locked():
                return self._read_all()
        except OSError as error:
            if error.errno != errno.EROFS:
                raise
            return self._read_all()  # of a disk that nobody can write to now

    def _read_all(self) -> list[CopiedUpdate]:
        return [each for path in self._files() for each in _read(path) if each is not None]

    async def run(self, desk: Desk) -> None:
        """Forget hourly what the desk has forgotten, until cancelled."""
        while True:
            try:
                await self.forget(desk)
            except Exception:
                log.exception("copies of updates could not be looked through; it is tried again")
            await asyncio.sleep(FORGET_EVERY)

    async def forget(self, desk: Desk) -> None:
        """Forget what the desk has forgotten, and what is no whole line. Raises OSError.

        File by file: however much there is, it is neither held in memory nor kept from writers.
        """
        await asyncio.to_thread(self._remove_halves)
        for path in await asyncio.to_thread(self._files):
            found = await asyncio.to_thread(self._read_alone, path)
            whole = [each for each in found if each is not None]
            forgotten: set[CopiedUpdate] = set()
            for page in pages(whole):
                forgotten |= await desk.read(find_forgotten, page)
            if forgotten or len(whole) < len(found):
                await asyncio.to_thread(self._keep_only, path, partial(_is_not_in, forgotten))

    def note_backup(self, begun: datetime) -> None:
        """A backup is made: forget what the one before has, too. The newest may be damaged or lost.
        Raises OSError.
        """
        note = self.folder / _LAST_BACKUP
        before = _read_note(note)
        if before is not None:
            for path in self._files():
                self._keep_only(path, lambda each: each.at >= before - MARGIN)
        with self._locked():
            self._replace(note, f"{begun.astimezone(UTC).isoformat()}\n".encode("ascii"))

    def _remove_halves(self) -> None:
        """Whoever died while a file was replaced has left what was to be kept of it."""
        with self._locked():
            for half in self.folder.glob(f".{_FILES}"):
                half.unlink()

    def _read_alone(self, path: Path) -> list[CopiedUpdate | None]:
        with self._locked():
            return _read(path)

    def _keep_only(self, path: Path, is_kept: Callable[[CopiedUpdate], bool]) -> None:
        with self._locked():
            found = _read(path)
            kept = [each for each in found if each is not None and is_kept(each)]
            if len(kept) < len(found):
                self._replace(path, b"".join(map(_line, kept)))

    def _replace(self, path: Path, lines: bytes) -> None:
        if not lines:
            path.unlink()
        else:
            fresh = path.with_name(f".{path.name}")
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
            with os.fdopen(os.open(fresh, flags, 0o600), "wb") as new:
                new.write(lines)
                new.flush()
                os.fsync(new.fileno())
            fresh.rename(path)
        self._sync_folder()

    def _files(self) -> list[Path]:
        return sorted(self.folder.glob(_FILES))

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """The folder is this process's alone meanwhile. It must be there: whoever has forgotten to
        mount its disk shall hear of it.
        """
        with os.fdopen(os.open(self.folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600), "rb+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _sync_folder(self) -> None:
        handle = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _write_whole(handle: int, lines: bytes, size: int) -> None:
    """Force all of them to the disk, or none: a disk that is full has no half of them, and no room
    is taken for what is written once more.
    """
    try:
        while lines:
            lines = lines[os.write(handle, lines) :]
        os.fsync(handle)
    except OSError:
        with contextlib.suppress(OSError):
            os.ftruncate(handle, size)
        raise


def _line(copy: CopiedUpdate) -> bytes:
    update = copy.update
    said = [copy.at.isoformat(), copy.source, update.external_id, update.ordering_key, update.raw]
    return orjson.dumps(said) + b"\n"


def _read(path: Path) -> list[CopiedUpdate | None]:
    """The lines of a file; None for one that is broken. Another process may have removed it."""
    try:
        return [_copy_of(line) for line in path.read_bytes().splitlines() if line]
    except FileNotFoundError:
        return []


def _read_note(note: Path) -> datetime | None:
    """When the last backup was begun; None if that is not known, or not to be read any more."""
    try:
        return datetime.fromisoformat(note.read_text("ascii").strip()).astimezone(UTC)
    except (FileNotFoundError, ValueError):
        return None


def _is_not_in(forgotten: Collection[CopiedUpdate], copy: CopiedUpdate) -> bool:
    return copy not in forgotten


def _copy_of(line: bytes) -> CopiedUpdate | None:
    try:
        at, source, *update = orjson.loads(line)
        return CopiedUpdate(datetime.fromisoformat(at), source, Raw(*update))
    except (ValueError, TypeError):
        return None


def pages(copies: Sequence[CopiedUpdate]) -> Iterator[Sequence[CopiedUpdate]]:
    """Yield as many of them at a time as a transaction takes."""
    for first in range(0, len(copies), PAGE):
        yield copies[first : first + PAGE]


def copies_in(folder: Path | None) -> UpdateCopies | None:
    """Return the copies in the folder that the settings name, if they do."""
    return None if folder is None else UpdateCopies(folder)


# ---------------------------------------------------------------- what comes back


def is_put_back(copy: CopiedUpdate) -> bool:
    """Return whether it is what somebody said in a private chat. Buttons, commands and what was
    said in groups are about messages and tickets that a backup does not know.
    """
    try:
        update: Any = orjson.loads(copy.update.raw)
        message = update.get("message") or update["edited_message"]
        is_command = str(message.get("text", "")).startswith("/")
        return message["chat"]["type"] == "private" and not is_command
    except (ValueError, LookupError, TypeError, AttributeError):  # whatever it is, it is no words
        return False
