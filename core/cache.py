"""What rarely changes is read once and kept until a transaction forgets it (``Tx.forget``)."""

from collections.abc import Awaitable, Callable
from typing import TypeVar, cast

from core.tx import ReadTx

Kept = TypeVar("Kept")


async def cached(tx: ReadTx, kind: type[Kept], read: Callable[[ReadTx], Awaitable[Kept]]) -> Kept:
    """What is kept under this type; ``read`` is asked when there is nothing yet."""
    found = cast("Kept | None", tx.cache.get(kind))
    if found is None:
        found = tx.cache[kind] = await read(tx)
    return found
