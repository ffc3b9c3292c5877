"""Reads the directory anew when another process has changed it (`bot directory apply`, E3)."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from core.desk import Desk
from core.directory.version import times_applied

log = logging.getLogger(__name__)

# Seconds after which a file that was applied holds for everybody, at the latest.
LOOK_EVERY: Final = 1.0


@dataclass(slots=True)
class CacheRefresh:
    """Looks every now and then; a look is one row by its key. ``changed`` is called with news."""

    desk: Desk
    changed: Callable[[], None]

    async def run(self) -> None:
        """Until cancelled. What is kept from before the first look may be older than it."""
        seen: int | None = None
        while True:
            try:
                now = await self.desk.read(times_applied)
                if now != seen:
                    self.desk.invalidate()
                    if seen is not None:
                        log.info("the directory has changed; it is read anew")
                        self.changed()
                    seen = now
            except Exception:
                log.exception("it could not be seen whether the directory has changed")
            await asyncio.sleep(LOOK_EVERY)
