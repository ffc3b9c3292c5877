"""Fetches mail by IMAP: stored first, flagged as seen after the commit, never the other way, and
moved to a folder, where one is wanted, once it is handled or put aside.

What is new: everything unseen, and everything behind the last number that was stored, so that a
colleague who reads the mailbox hides nothing from the desk. Found again after any interruption;
what was stored already is recognised by its content.
"""

import asyncio
import hashlib
import json
import logging
import random
import re
import socket
import ssl
import time
import zlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from email import message_from_bytes
from typing import Any, Final

from core import inbox
from core.delivery.pacing import backoff
from core.desk import Desk
from core.fault_points import pass_point
from core.files import FileStore
from core.inbox import Raw
from core.source_marks import Mark, ends_of, find_mark, set_mark, store_and_mark
from core.tx import demand_no_transaction
from handlers.mail.idle import wait_for_call, was_told
from handlers.mail.mailbox_url import MailboxUrl
from handlers.mail.parse import decoded, header, id_of

log = logging.getLogger(__name__)

# Seconds that a server may take for one answer, and between looks if it does not call.
TIMEOUT: Final = 30.0
LOOK_EVERY: Final = 60.0
LOOK_OFTEN: Final = 15.0
# The same while something that was stored is to be moved to its folder.
LOOK_SOON: Final = 2.0
MAX_PAUSE: Final = 60.0
# A mailbox of which nothing was heard for so many seconds is silent.
PATIENCE: Final = 300.0
# Bytes of one mail that are read; of a longer one the beginning is, and the rest stays there.
LONGEST: Final = 60_000_000
BEGINNING: Final = 1_000_000
LONGEST_HEAD: Final = 200_000
# So many mails are handled at a time; while more than that many updates wait, mail waits where it
# is, and looks so many seconds later.
AT_ONCE: Final = 2
MOST_WAITING: Final = 100
PACE: Final = 0.1
_SIZE: Final = re.compile(r"RFC822\.SIZE (\d{1,18})")


@dataclass(slots=True)
class MailFetcher:
    """Fetches one mailbox. ``stored`` is called after each mail that was stored; ``waiting`` says
    how many are not handled yet, of all that the desk has got.
    """

    url: MailboxUrl
    desk: Desk
    files: FileStore
    stored: Callable[[], None]
    waiting: Callable[[], int] = lambda: 0
    look_every: float = LOOK_EVERY
    tls: Any = None
    last_look: float = field(default_factory=time.monotonic)
    _kept: set[int] = field(default_factory=set)
    _mark: Mark = field(default_factory=lambda: Mark(0, 0))
    _waits: bool = False
    _box: Any = None
    _there: MailboxUrl = field(init=False)  # the folders as the server spells them
    _hung_up: bool = False
    _closing: asyncio.Future[None] | None = None

    def is_silent(self) -> bool:
        """Return whether nothing is heard of the mailbox, or something in it cannot be stored."""
        return bool(self._mark.missed) or time.monotonic() - self.last_look > PATIENCE

    async def run(self) -> None:
        """Fetch until cancelled. Never raises."""
        failures = 0
        while True:
            try:
                await self._visit()
                failures = 0
            except Exception as error:  # noqa: BLE001 whatever it is, fetching goes on
                failures += 1
                log.warning("the mailbox %s cannot be read now: %s", self.url, reason_of(error))
            finally:
                self._hang_up()
            await asyncio.sleep(min(backoff(failures, random.random()), MAX_PAUSE))

    async def _visit(self) -> None:
        """Log in, and fetch whenever there is news, until the connection ends."""
        self._hung_up = False
        await asyncio.to_thread(self._open)
        while True:
            await self.fetch_new()
            await self._wait_for_news()

    async def fetch_new(self) -> None:
        """Store and flag what is new."""
        status = await asyncio.to_thread(
            self._box.folder.status, self._there.folder, ["UIDVALIDITY", "UIDNEXT"]
        )
        validity = int(status["UIDVALIDITY"])
        mark = await self.desk.read(find_mark, self.url.source)
        if mark is None or mark.validity != validity:
            # what a mailbox holds at the first visit and is read already, is no news
            mark = Mark(validity, int(status["UIDNEXT"]) - 1)
            self._kept.clear()
        self._mark = mark
        for uid in await asyncio.to_thread(self._find_new, mark):
            await self._take(uid)
            self._mark = replace(self._mark, last=max(uid, self._mark.last))
        await self._sort()
        await self.desk.run(set_mark, self.url.source, self._mark)
        self.last_look = time.monotonic()

    def _find_new(self, mark: Mark) -> list[int]:
        was_told(self._box)  # what was told of so far is found now
        unseen = {int(uid) for uid in self._box.uids("UNSEEN", None)}
        later = {int(uid) for uid in self._box.uids(f"UID {mark.last + 1}:*", None)}
        return sorted(unseen | {uid for uid in later if uid > mark.last} | mark.missed)

    async def _take(self, uid: int) -> None:
        """Store one mail, then flag it; a failure leaves it where it is, for the next look, whoever
        reads it until then.
        """
        missed = self._mark.missed
        try:
            self._mark = replace(self._mark, missed=missed - {uid})
            if uid not in self._kept:
                await self._keep_pace()
                raw = await asyncio.to_thread(self._read, uid)
                if raw is None:
                    return  # somebody has deleted it meanwhile
                pass_point("fetch.before_store")
                await self._store(uid, await self._row(raw))
                self._kept.add(uid)
                self.stored()
            pass_point("fetch.before_flag")
            await asyncio.to_thread(self._flag, uid)
        except (OSError, self._box_errors()):
            raise
        except Exception:
            log.exception("the mail %s of %s could not be stored", uid, self.url)
            self._mark = replace(self._mark, missed=missed | {uid})

    async def _store(self, uid: int, row: Raw) -> None:
        """Store it, and that it is to be moved, together: it would not be found again for that."""
        mark = self._mark
        if self.url.folders:
            mark = replace(mark, unsorted={**mark.unsorted, uid: row.external_id})
        await self.desk.run(store_and_mark, self.url.source, row, mark)
        self._mark = mark  # after the commit: what is not stored is not moved

    async def _sort(self) -> None:
        """Move what is handled, or put aside, to its folder; what waits stays where it is."""
        unsorted = self._mark.unsorted
        if not unsorted:
            return
        ends = await self.desk.read(ends_of, self.url.source, list(unsorted.values()))
        self._waits = len(ends) < len(unsorted)
        moved = {
            uid
            for uid, external_id in unsorted.items()
            if external_id in ends
            and await self._move(uid, self._there.folders.get(ends[external_id]))
        }
        left = {uid: external_id for uid, external_id in unsorted.items() if uid not in moved}
        self._mark = replace(self._mark, unsorted=left, copied=self._mark.copied & left.keys())

    async def _move(self, uid: int, folder: str | None) -> bool:
        """Move a mail, if it is to be moved. False if it has to be tried again."""
        try:
            if folder is not None and "MOVE" in self._box.client.capabilities:
                await asyncio.to_thread(self._box.move, str(uid), folder)
            elif folder is not None:
                await self._copy_once(uid, folder)
                await asyncio.to_thread(_delete, self._box, str(uid))
        except (OSError, self._box_errors()):
            raise
        except Exception as error:  # noqa: BLE001 the mail itself is stored, and that is what counts
            log.warning("the mail %s of %s is not moved to %s: %s", uid, self.url, folder, error)
            return False
        return True

    async def _copy_once(self, uid: int, folder: str) -> None:
        """Copy a mail where a server cannot move, and remember it: whatever keeps the mail itself
        from being deleted then, it is not copied again.
        """
        if uid not in self._mark.copied:
            await asyncio.to_thread(self._box.copy, str(uid), folder)
            self._mark = replace(self._mark, copied=self._mark.copied | {uid})
            await self.desk.run(set_mark, self.url.source, self._mark)

    def _box_errors(self) -> type[Exception]:
        """What says that the connection is lost, as opposed to one mail that is at fault."""
        error: type[Exception] = self._box.client.abort
        return error

    async def _keep_pace(self) -> None:
        """A mailbox may hold thousands, and a chat's message must not stand behind all of them."""
        while self.waiting() >= MOST_WAITING:  # noqa: ASYNC110 a count, and not of ours
            await asyncio.sleep(PACE)

    async def _row(self, raw: bytes) -> Raw:
        name = await self.files.put(raw)
        external_id, sender = await asyncio.to_thread(_identity, raw)
        words = json.dumps({inbox.FILE: name, inbox.FROM: sender}, ensure_ascii=True)
        # mails of one sender in order; and few at a time, whoever sends them
        turn = zlib.crc32(sender.encode("utf-8", "replace")) % AT_ONCE
        return Raw(external_id, f"mail:{turn}", words)

    def _open(self) -> None:
        box = connect(self.url, self.tls)
        if self._hung_up:  # the desk has ended meanwhile
            _close(box)
            return
        self._box = box
        self._there = log_in(box, self.url)
        for folder in self._there.folders.values():
            _make(box, folder)

    def _read(self, uid: int) -> bytes | None:
        size = _SIZE.search(str(self._box.client.uid("fetch", str(uid), "(RFC822.SIZE)")[1]))
        long = size is not None and int(size[1]) > LONGEST
        part = f"(BODY.PEEK[]<0.{BEGINNING}>)" if long else "(BODY.PEEK[])"
        answer = self._box.client.uid("fetch", str(uid), part)[1]
        return next((piece[1] for piece in answer if isinstance(piece, tuple)), None)

    def _flag(self, uid: int) -> None:
        _set_flag(self._box, str(uid), "\\Seen")

    async def _wait_for_news(self) -> None:
        """Wait until the server calls, or it is time to look by ourselves."""
        capable = "IDLE" in getattr(self._box.client, "capabilities", ())
        longest = LOOK_SOON if self._waits else self.look_every
        if not capable:
            await asyncio.sleep(min(longest, self.look_every, LOOK_OFTEN))
        else:
            await asyncio.to_thread(wait_for_call, self._box, min(longest, self.look_every))

    def _hang_up(self) -> None:
        """Close the connection at once: a thread that waits at it ends by that."""
        box, self._box = self._box, None
        self._hung_up = True
        if box is not None:
            # its own `shutdown` waits for the thread, which waits for the server
            with suppress(OSError):
                box.client.socket().shutdown(socket.SHUT_RDWR)
            self._closing = asyncio.get_running_loop().run_in_executor(None, _close, box)


def _make(box: Any, folder: str) -> None:
    """Make the folder if there is none. That it cannot be made keeps no mail from being stored."""
    from imap_tools.errors import MailboxFolderCreateError

    with suppress(MailboxFolderCreateError):  # each move to it is logged then
        if not box.folder.exists(folder):
            box.folder.create(folder)


def _set_flag(box: Any, uid: str, flag: str) -> None:
    """Flag a mail. The library's own way also deletes whatever others have marked as deleted."""
    from imap_tools.errors import MailboxFlagError

    answer = box.client.uid("STORE", uid, "+FLAGS.SILENT", f"({flag})")
    if answer[0] != "OK":
        raise MailboxFlagError(answer, "OK")


def _delete(box: Any, uid: str) -> None:
    """Delete a mail, and none but this, as the library would."""
    _set_flag(box, uid, "\\Deleted")
    if "UIDPLUS" in box.client.capabilities:
        box.client.uid("EXPUNGE", uid)


def _close(box: Any) -> None:
    with suppress(Exception):
        box.client.shutdown()


def connect(url: MailboxUrl, tls: Any = None) -> Any:
    """Return a connection to the mailbox's server; ``tls`` replaces the system's trust. Blocks."""
    from imap_tools import MailBox, MailBoxUnencrypted

    demand_no_transaction("IMAP")

    if url.tls:
        # without a context the standard library verifies no certificate here
        verified = tls or ssl.create_default_context()
        return MailBox(url.host, url.port, timeout=TIMEOUT, ssl_context=verified)
    return MailBoxUnencrypted(url.host, url.port, timeout=TIMEOUT)


def log_in(box: Any, url: MailboxUrl) -> MailboxUrl:
    """Log in and open the folder; returns the address with its folders as the server spells them.
    Blocks.
    """
    box.login(url.user, url.password, initial_folder=None)
    # many say only now all that they can, and the library has asked before
    box.client.capabilities = tuple(box.client.capability()[1][-1].decode().upper().split())
    root = box.folder.list("", "")
    there = url.spelled(root[0].delim if root else "/")
    box.folder.set(there.folder)
    return there


def probe(url: MailboxUrl) -> int:
    """Log in, and return how many mails the folder holds. Blocks; raises what goes wrong."""
    box = connect(url)
    try:
        there = log_in(box, url)
        return int(box.folder.status(there.folder, ["MESSAGES"])["MESSAGES"])
    finally:
        _close(box)


def reason_of(error: Exception) -> str:
    """Return what went wrong, without what the server was told: it may be the password."""
    return (
        f"{type(error).__name__}: {error}"[:200]
        if isinstance(error, OSError)
        else type(error).__name__
    )


def _identity(raw: bytes) -> tuple[str, str]:
    """The external id and the sender, of which the headers alone tell.

    By the mail's id and its content: some programs give one id to many mails, and a second copy of
    a mail differs by what servers wrote above it.
    """
    head, _, body = raw.replace(b"\r\n", b"\n").partition(b"\n\n")
    message = message_from_bytes(head[:LONGEST_HEAD])
    own = [header(message, name) for name in ("From", "Date", "Subject")]
    digest = hashlib.sha256("\n".join(own).encode() + body).hexdigest()[:32]
    plain = id_of(message, raw).encode("ascii", "replace").decode()
    return f"{plain[:150]} {digest}", decoded(header(message, "From")[:150].lower())
