"""How often a file has changed the directory: by this a running desk learns that another process
applied one, and reads anew what it keeps.
"""

from typing import Final

from core.models import SystemState
from core.tx import ReadTx, Tx

APPLIED: Final = "directory"


async def times_applied(tx: ReadTx) -> int:
    """Another number than before: there is another directory."""
    fact = await tx.session.get(SystemState, APPLIED)
    return 0 if fact is None else int(fact.value["times"])


async def note_applied(tx: Tx) -> None:
    """A file has changed the directory."""
    times = await times_applied(tx) + 1
    await tx.session.merge(SystemState(name=APPLIED, value={"times": times}, at=tx.now))
