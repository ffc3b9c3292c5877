"""Nothing waits for a network inside a transaction (R4): the others would wait for it, too.

The desk says where a transaction begins and ends; whoever is about to call another machine asks
here first. Calls of PostgreSQL are the transaction itself, and are not meant.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

_INSIDE: Final[ContextVar[bool]] = ContextVar("inside a transaction", default=False)


class NetworkInTransaction(Exception):
    """A mistake of ours: the call was not made. The message says which it would have been."""


@contextmanager
def transaction() -> Iterator[None]:
    """A transaction is open in this block, for whatever runs in this task."""
    token = _INSIDE.set(True)
    try:
        yield
    finally:
        _INSIDE.reset(token)


def demand_no_transaction(call: str) -> None:
    """Return if no transaction is open here. Raises :class:`NetworkInTransaction`."""
    if _INSIDE.get():
        raise NetworkInTransaction(call)
