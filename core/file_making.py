"""Whose file is being made: exports, transcripts, one's own data (S40).

Making one takes memory, the processor and the network for a while. Here is how many may be under
way, whatever they are and wherever they were asked for.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final

from core.addresses import Address
from core.errors import Refusal

CUSTOMERS: Final = "customers"
STAFF: Final = "staff"
# At a time: each person one, and all of a group together so many. However many customers ask, those
# who work here get theirs.
MOST: Final[Mapping[str, int]] = {CUSTOMERS: 1, STAFF: 2}
# Seconds after which one that hangs is given up, so that it is in nobody's way any more.
WITHIN: Final = 1800.0


@dataclass(slots=True)
class FileMaking:
    """Who has a file made now, by group."""

    _under_way: dict[str, set[Address]] = field(
        default_factory=lambda: {group: set() for group in MOST}
    )

    def begin(self, who: Address, group: str) -> "Turn":
        """Take a turn, which lasts until it is ended. Raises :class:`Refusal` if there is none."""
        others = self._under_way[group]
        if who in others or len(others) >= MOST[group]:
            raise Refusal("export.busy")
        others.add(who)
        return Turn(others, who)


@dataclass(slots=True)
class Turn:
    """Somebody's turn. ``async with`` ends it, and what is made in it after `WITHIN` seconds."""

    _others: set[Address]
    _who: Address
    _limit: asyncio.Timeout | None = None

    def end(self) -> None:
        """Let others have their turn."""
        self._others.discard(self._who)

    async def __aenter__(self) -> None:
        self._limit = asyncio.timeout(WITHIN)
        await self._limit.__aenter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end()
        if self._limit is not None:
            await self._limit.__aexit__(kind, error, trace)
