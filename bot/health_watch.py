"""Watches the desk itself: admins hear within 90 seconds that it is sick (X14, R30)."""

import asyncio
import logging
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bot.sign_of_life import SignOfLife
from core.delivery.channel import Channel, Delivery
from core.desk import Desk
from core.setup.desk_health import beat, find_symptoms
from core.texts import Key, pack

log = logging.getLogger(__name__)

# Seconds between two looks, and between two heartbeats while nothing changes.
LOOK_EVERY: Final = 10.0
BEAT_EVERY: Final = 30.0
# Seconds without a poll, or without a sweep that should have been, that are a symptom.
PATIENCE: Final = 60.0
# Looks in a row in which a symptom must be absent to be over.
CALM: Final = 3
# Bytes and the share of a disk that must be free.
LEAST_FREE: Final = 200 * 1024 * 1024
LEAST_SHARE: Final = 0.02


@dataclass(slots=True)
class HealthWatch:
    """Looks at the desk's parts. ``since_poll`` and ``since_sweep``: seconds since the last poll,
    and since a sweep that is late should have ended. ``has_rival``: whether another process takes
    updates away; ``is_mail_silent``: nothing is heard of a mailbox, or what it holds cannot be
    stored. ``sign``: is given after a look that found nothing wrong. ``is_uncopied``: updates are
    not copied to where the settings say.
    """

    desk: Desk
    channels: Mapping[str, Channel]
    since_poll: Callable[[], float]
    since_sweep: Callable[[], float]
    has_rival: Callable[[], bool]
    folder: Path | None
    is_mail_silent: Callable[[], bool] = lambda: False
    sign: SignOfLife = field(default_factory=SignOfLife)
    is_uncopied: Callable[[], bool] = lambda: False
    _absent: dict[str, int] = field(default_factory=dict)
    _told: set[str] = field(default_factory=set)
    _beaten: float = float("-inf")
    _silent: bool = False

    async def run(self) -> None:
        """Run until cancelled."""
        while True:
            await asyncio.sleep(LOOK_EVERY)
            try:
                await self.look()
            except Exception:
                log.exception("the desk's health could not be examined")

    async def look(self) -> None:
        """Examine everything once; store a heartbeat, or say directly that none can be stored."""
        try:
            seen = self._symptoms() | await self.desk.read(find_symptoms)
            sick = self._lasting(seen)
            if sick != self._told or time.monotonic() - self._beaten >= BEAT_EVERY:
                await self.desk.run(beat, sick)
                self._told, self._beaten = sick, time.monotonic()
        except Exception as error:  # noqa: BLE001 whatever it is, nothing can be written
            log.error("no heartbeat can be stored: %s", error)  # noqa: TRY400 it comes every look
            if not self._silent:
                self._silent = True
                await self._say_directly("health.sick.store", "mail.sick")
        else:
            if self._silent:
                self._silent = False
                await self._say_directly("health.over.store", "mail.recovered")
            if not sick:
                self.sign.give()

    async def stop(self) -> None:
        """Note that the desk ends because it was told to."""
        await self.desk.run(beat, (), stopped=True)

    def _symptoms(self) -> set[str]:
        found = set()
        if self.has_rival():
            found.add("rival")
        elif self.since_poll() > PATIENCE:
            found.add("poll")
        if self.since_sweep() > PATIENCE:
            found.add("sweep")
        if self.is_mail_silent():
            found.add("mail")
        if self.is_uncopied():
            found.add("copies")
        if self.folder is not None:
            disk = shutil.disk_usage(self.folder)
            if disk.free < LEAST_FREE or disk.free < disk.total * LEAST_SHARE:
                found.add("disk")
        return found

    def _lasting(self, seen: set[str]) -> set[str]:
        """What is there now, and what was there until just now: nothing flickers."""
        for code in seen:
            self._absent[code] = 0
        for code in self._absent.keys() - seen:
            self._absent[code] += 1
        self._absent = {code: n for code, n in self._absent.items() if n < CALM}
        return set(self._absent)

    async def _say_directly(self, key: str, mail: str) -> None:
        """Tell admins past the outbox, which cannot be written: by Telegram and by mail."""
        company = self.desk.company
        ways = [(admin.channel, admin.chat, key) for admin in company.admins]
        ways += [("email", address, mail) for address in company.mail_alerts_to]
        facts = pack({"what": Key(key)})
        for channel, address, text in ways:
            if channel not in self.channels:
                continue
            delivery = Delivery(
                *(0, channel, address, company.language, "text", text, facts, None),
                self.desk.clock(),
            )
            try:
                await self.channels[channel].send(delivery)
            except Exception as error:  # noqa: BLE001 the next way may work
                log.warning("an admin could not be told by %s: %s", channel, error)
