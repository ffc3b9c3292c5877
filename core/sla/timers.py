"""Sets a ticket's timers, several in one statement."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from core.db import PreparedStatement
from core.db.statements import prepared
from core.models import Timer
from core.tx import Tx

ANSWER: Final = "answer"
REMINDER: Final = "reminder"
WAKE: Final = "wake"
RATING: Final = "rating"
REACTION: Final = "reaction"
RESOLUTION: Final = "resolution"
CONTACT: Final = "contact"
NEAR: Final[Mapping[str, str]] = {kind: f"{kind}_near" for kind in (REACTION, RESOLUTION)}
"""Some time before the clock of this kind is due, its own timer reminds of it."""
NONE_OF_THEM: Final[Mapping[str, datetime | None]] = {
    ANSWER: None,
    REMINDER: None,
    WAKE: None,
    RATING: None,
    REACTION: None,
    RESOLUTION: None,
    CONTACT: None,
} | dict.fromkeys(NEAR.values())


def _upsert(insert: Callable[[Any], Any]) -> Any:
    # the table, not the class: the ORM would split rows with empty columns from the others
    statement = insert(Timer.__table__)
    return statement.on_conflict_do_update(
        index_elements=["ticket_id", "kind"], set_={"due_at": statement.excluded.due_at}
    )


_SET: Final = PreparedStatement(prepared(_upsert), apart=True)


async def set_timers(tx: Tx, ticket_id: int, due: Mapping[str, datetime | None]) -> None:
    """Set each timer of ``due`` to its instant; ``None`` removes it. The ticket is stored."""
    if not due:
        return
    await _SET.change(
        tx.session,
        [{"ticket_id": ticket_id, "kind": kind, "due_at": at} for kind, at in due.items()],
    )
