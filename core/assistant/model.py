"""What a language model is asked, and what it may answer; a channel makes the calls (X17)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

MOST_TOKENS: Final = 1500
"""So long an answer may be."""

BUSY: Final = "busy"
DOWN: Final = "down"
SLOW: Final = "slow"
REFUSED: Final = "refused"
WRONG_MODEL: Final = "wrong_model"
UNREADABLE: Final = "unreadable"
EMPTY: Final = "empty"
FAILURES: Final = (BUSY, DOWN, SLOW, REFUSED, WRONG_MODEL, UNREADABLE, EMPTY)
"""Why there is no answer; each has a text ``assistant.failed.<code>``."""


@dataclass(frozen=True, slots=True)
class Completion:
    """What a model wrote. ``asked`` and ``answered`` are tokens, 0 where the server counts none;
    ``whole``: it did not stop for want of room.
    """

    text: str
    asked: int = 0
    answered: int = 0
    whole: bool = True


class ModelError(Exception):
    """There is no answer. ``code`` is one of `FAILURES`; ``detail`` holds no words of anybody."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code


class Model(Protocol):
    """A model on some server."""

    async def complete(self, messages: Sequence[dict[str, Any]], tokens: int) -> Completion:
        """Answer in at most ``tokens``. Raises :class:`ModelError` and nothing else."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...
