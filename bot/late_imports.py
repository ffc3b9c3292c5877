"""What a start does without, and the desk needs before long.

Whoever waits is answered first. Then modules are imported, in a thread, so that nobody's first
photo or first search waits for them; whoever needs one sooner imports it. What most desks never
need is not among them. ``tests/bot/test_late_imports.py`` holds what a start imports.
"""

import asyncio
import contextlib
import logging
from importlib import import_module
from typing import Final

log = logging.getLogger(__name__)

LATE: Final = {
    "channels.telegram.client.file_calls": "a file comes or goes: aiohttp",
    "snowballstemmer.russian_stemmer": "words for the search",
    "snowballstemmer.english_stemmer": "the same",
}
"""Each with what needs it."""

# Seconds after which a desk that nobody writes to imports them all the same.
PATIENCE: Final = 5.0
# Seconds after which it begins what is not urgent.
CALM: Final = 1.0
# Seconds between two of them, for the loop.
_PAUSE: Final = 0.05


async def import_late(first_handled: asyncio.Event) -> None:
    """Import them once an update was handled, or after `PATIENCE`. Never raises: whoever needs a
    module that cannot be imported says so.
    """
    await until_handled(first_handled, PATIENCE)
    for name in LATE:
        try:
            await asyncio.to_thread(import_module, name)
        except Exception:
            log.exception("a module cannot be imported", extra={"module_name": name})
        await asyncio.sleep(_PAUSE)


async def until_handled(first_handled: asyncio.Event, patience: float = CALM) -> None:
    """Return once an update was handled, or after so many seconds: what is not urgent waits."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(patience):
            await first_handled.wait()
