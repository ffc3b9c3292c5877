"""How much one person may ask of the desk in a row (S40): searches, statistics, trials of rules.

Everybody has an allowance of effort, which fills up again with time, and one heavy thing under way:
who sends a hundred searches gets the first ones, and everybody else is answered as before. Whoever
is refused reads when to try again, once for a while; what comes in between is only marked.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Final, Self

from core.addresses import Address
from core.errors import Refusal

LIGHT: Final = 1
"""The effort of a search, of a page of it, of looking for similar tickets or for articles."""
HEAVY: Final = 3
"""The effort of statistics with their picture, and of trying a rule."""

# Effort that somebody may ask for at once, and in a second from then on.
ALLOWED: Final = 30.0
PER_SECOND: Final = 1.0
# Seconds for which whoever was told is not told again.
TOLD_FOR: Final = 10.0
# Seconds after which what is under way, and never ended, is in nobody's way any more.
WITHIN: Final = 120.0
# Seconds after which to ask again while something heavy is under way.
_PATIENCE: Final = 5.0
# So many people are remembered before those are forgotten whose allowance is whole.
_REMEMBERED: Final = 1000


class AskedTooMuch(Refusal):
    """They may ask again after so many ``seconds``. ``told``: they have read so already."""

    def __init__(self, seconds: int, *, told: bool) -> None:
        super().__init__("refusal.asked_too_much", n=seconds)
        self.told = told


@dataclass(slots=True)
class _Asker:
    """``whole_at``: when their allowance is whole again; ``busy_until``: when what is under way is
    given up; 0: nothing is. Instants are monotonic seconds.
    """

    whole_at: float = 0.0
    busy_until: float = 0.0
    told_at: float = -math.inf


@dataclass(slots=True)
class Allowances:
    """What everybody has asked for lately."""

    clock: Callable[[], float] = time.monotonic
    _askers: dict[Address, _Asker] = field(default_factory=dict)

    def begin(self, who: Address, effort: int) -> "Turn":
        """Take a turn, which lasts until it is ended. Raises :class:`AskedTooMuch`."""
        now = self.clock()
        asker = self._asker(who, now)
        whole_at = max(asker.whole_at, now) + effort / PER_SECOND
        wait = whole_at - now - ALLOWED / PER_SECOND
        if effort >= HEAVY and now < asker.busy_until:
            wait = max(wait, _PATIENCE)
        if wait > 0:
            told = now - asker.told_at < TOLD_FOR
            if not told:
                asker.told_at = now
            raise AskedTooMuch(math.ceil(wait), told=told)
        asker.whole_at = whole_at
        if effort >= HEAVY:
            asker.busy_until = now + WITHIN
            return Turn(asker, asker.busy_until)
        return Turn(asker, math.inf)

    def _asker(self, who: Address, now: float) -> _Asker:
        if len(self._askers) >= _REMEMBERED:
            self._askers = {
                one: asker
                for one, asker in self._askers.items()
                if max(asker.whole_at, asker.busy_until, asker.told_at + TOLD_FOR) > now
            }
        return self._askers.setdefault(who, _Asker())


@dataclass(slots=True)
class Turn:
    """Somebody's turn; ``with`` ends it, unless it was ``kept`` for what goes on behind it."""

    _asker: _Asker
    _until: float
    _kept: bool = False

    def end(self) -> None:
        """Let them ask for the next thing, unless they may already."""
        if self._asker.busy_until == self._until:
            self._asker.busy_until = 0.0

    def keep(self) -> None:
        """Let it last beyond its block."""
        self._kept = True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None or not self._kept:
            self.end()
