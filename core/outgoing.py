"""Between whoever writes what is to leave and the courier: what wakes it, what is claimed."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

Written = Sequence[tuple[str, datetime]]
"""Addresses that rows were written for, and the earliest turn of such a row."""


class Wakeup(asyncio.Event):
    """Wakes the courier. ``set``: it must look for what it does not know of; ``stir``: it knows."""

    def __init__(self) -> None:
        super().__init__()
        self._must_look = True

    def set(self) -> None:
        """Wake it, and have it look: rows may wait that this process has not written."""
        self._must_look = True
        super().set()

    def stir(self) -> None:
        """Wake it for what it knows of."""
        super().set()

    def must_look(self) -> bool:
        """Return whether a look was asked for since this was asked last."""
        must_look, self._must_look = self._must_look, False
        return must_look


class Departing(Protocol):
    """Rows that were claimed in the transaction which writes them."""

    def leave(self) -> None:
        """It is committed: they may be sent."""

    def stay(self) -> None:
        """It was not committed, or nobody knows."""
