"""Setting a ticket's timers. Several at once are one statement."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from core.db import insert_or
from core.models import Timer
from core.tx import Tx

ANSWER: Final = "answer"
REMINDER: Final = "reminder"
WAKE: Final = "wake"
RATING: Final = "rating"
NONE_OF_THEM: Final[Mapping[str, datetime | None]] = {
    ANSWER: None,
    REMINDER: None,
    WAKE: None,
    RATING: None,
}


async def set_timers(tx: Tx, ticket_id: int, due: Mapping[str, datetime | None]) -> None:
    """Set each timer of ``due`` to its instant; ``None`` takes it away."""
    if not due:
        return
    # the table, not the class: the ORM would part rows with empty columns from the others
    statement = insert_or(tx.session, Timer.__table__)
    await tx.session.execute(
        statement.on_conflict_do_update(
            index_elements=["ticket_id", "kind"], set_={"due_at": statement.excluded.due_at}
        ),
        [{"ticket_id": ticket_id, "kind": kind, "due_at": at} for kind, at in due.items()],
    )
