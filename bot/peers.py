"""What the processes of one desk on PostgreSQL tell each other at once (R23).

All of it can be missed: a process that starts knows nothing of it either. The rest is in the
database, and is looked for at intervals.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from bot.update_queue import UpdateQueue
from channels.telegram.client.gateway import Gateway, KnownIds
from channels.telegram.screens.buttons import Keyboard, MessagePlace, OpenMenus
from core.changes import TICKETS
from core.db import Database
from core.delivery.pacing import Pacer
from core.desk import CHANGED, OUTGOING, WRITTEN, Desk

log = logging.getLogger(__name__)

# Seconds between two signs of life, and for which one counts.
HELLO_EVERY: Final = 5.0
HEARD_WITHIN: Final = 15.0
# Seconds for which news are gathered.
GATHERED: Final = 0.02
# Seconds after which a process that has not handled what it has stored wants the others to help.
HELP_AFTER: Final = 0.1

Tell = Callable[..., None]


@dataclass(slots=True)
class Peers:
    """The other processes. ``handlers``: what to do with each kind of news; ``missed``: what to do
    when some may have been missed.
    """

    database: Database
    handlers: dict[str, Callable[..., None]]
    missed: Callable[[], None]
    _waiting: list[tuple[Any, ...]] = field(default_factory=list)
    _heard_at: float = float("-inf")
    _flush: asyncio.Task[None] | None = None

    @property
    def any(self) -> bool:
        """Return whether one was heard of lately."""
        return time.monotonic() - self._heard_at < HEARD_WITHIN

    def tell(self, kind: str, *facts: Any) -> None:
        """Tell the others before long, if there are any."""
        if not self.any:
            return
        self._waiting.append((kind, *facts))
        if self._flush is None or self._flush.done():
            self._flush = asyncio.create_task(self._tell())

    async def _tell(self) -> None:
        while self._waiting:
            await asyncio.sleep(GATHERED)
            waiting, self._waiting = self._waiting, []
            await self.database.tell(waiting)

    async def run(self) -> None:
        """Hear the others and give signs of life, until cancelled."""
        hearing = asyncio.create_task(self.database.hear(self._hear, self.missed))
        try:
            while True:
                await self.database.tell([("hello",)])
                await asyncio.sleep(HELLO_EVERY)
        finally:
            hearing.cancel()
            await asyncio.gather(hearing, return_exceptions=True)

    def _hear(self, news: Any) -> None:
        if not self.any:
            log.info("another process of this desk is there")
            self._heard_at = time.monotonic()
            self.tell("hello")  # it should know of this one, too
        self._heard_at = time.monotonic()
        kind, *facts = news
        handle = self.handlers.get(kind)
        if handle is None:  # a sign of life, or news of a later release
            return
        try:
            handle(*facts)
        except Exception:
            log.exception("news of another process were not understood", extra={"kind": kind})


class SharedPacer(Pacer):
    """Counts what other processes send, too: the limits are the bot's, not the process's."""

    def __init__(self) -> None:
        super().__init__()
        self.tell: Tell | None = None

    def take(self, address: str, now: float, count: int = 1) -> None:
        """Count it here and there."""
        super().take(address, now, count)
        if self.tell is not None:
            self.tell("took", address, count)

    def blocked(self, address: str | None, until: float) -> None:
        """Wait here and there."""
        super().blocked(address, until)
        if self.tell is not None:
            self.tell("blocked", address, until - time.monotonic())

    def hear_took(self, address: str, count: int) -> None:
        """Another process has sent something."""
        super().take(address, time.monotonic(), count)

    def hear_blocked(self, address: str | None, seconds: float) -> None:
        """Another process has to wait."""
        super().blocked(address, time.monotonic() + seconds)


class SharedIds(KnownIds):
    """Knows the messages that other processes have seen, too."""

    def __init__(self, tell: Tell) -> None:
        super().__init__()
        self._tell = tell

    def note(self, chat: int | str, message_id: int) -> None:
        """Note it here and there."""
        super().note(chat, message_id)
        self._tell("seen", chat, message_id)

    def hear(self, chat: int | str, message_id: int) -> None:
        """Another process has seen it."""
        super().note(chat, message_id)


class SharedMenus(OpenMenus):
    """Knows the menus that were opened in other processes, too."""

    def __init__(self, tell: Tell) -> None:
        super().__init__()
        self._tell = tell

    def open(self, place: MessagePlace, keyboard: Keyboard, opener: str) -> None:
        """It stands open here and there."""
        super().open(place, keyboard, opener)
        self._tell("opened", *place, keyboard.model_dump(mode="json", exclude_none=True), opener)

    def close(self, place: MessagePlace) -> None:
        """It is closed here and there."""
        super().close(place)
        self._tell("closed", *place)

    def hear_opened(
        self, chat: int | str, message: int, keyboard: Mapping[str, Any], opener: str
    ) -> None:
        """It was opened elsewhere."""
        super().open((chat, message), Keyboard.model_validate(keyboard), opener)

    def hear_closed(self, chat: int | str, message: int) -> None:
        """It was closed elsewhere."""
        super().close((chat, message))


@dataclass(slots=True)
class StoredHere:
    """To be called when updates were stored here. A process that has nothing else to do handles
    them alone: four that look at each message cost four looks. Others are told when it is at work
    already, or has not done with it soon: ``look``.
    """

    news: asyncio.Event
    queue: UpdateQueue
    peers: Peers
    look: asyncio.TimerHandle | None = None

    def __call__(self) -> None:
        self.news.set()
        if self.queue.waiting:
            self.peers.tell("stored")
        elif self.look is None:
            self.look = asyncio.get_running_loop().call_later(HELP_AFTER, self._look_again)

    def _look_again(self) -> None:
        self.look = None
        if self.queue.waiting:
            self.peers.tell("stored")


def join_peers(desk: Desk, gateway: Gateway, pacer: Pacer, news: asyncio.Event) -> Peers:
    """Return the line to the other processes; the gateway, the pacer and the desk share by it what
    they know. ``news`` is set when updates may wait.
    """

    def look_at_everything() -> None:
        desk.invalidate()
        desk.outbox_wakeup.set()
        desk.changes.hear([])
        news.set()

    peers = Peers(desk.database, {}, look_at_everything)
    ids, menus = SharedIds(peers.tell), SharedMenus(peers.tell)
    gateway.known_ids, gateway.open_menus = ids, menus
    peers.handlers |= {
        CHANGED[0]: desk.invalidate,
        OUTGOING[0]: desk.outbox_wakeup.set,
        WRITTEN: desk.hear_written,
        TICKETS: desk.changes.hear,
        "stored": news.set,
        "seen": ids.hear,
        "opened": menus.hear_opened,
        "closed": menus.hear_closed,
    }
    desk.tell = desk.changes.tell = peers.tell
    if isinstance(pacer, SharedPacer):
        pacer.tell = peers.tell
        peers.handlers |= {"took": pacer.hear_took, "blocked": pacer.hear_blocked}
    return peers
