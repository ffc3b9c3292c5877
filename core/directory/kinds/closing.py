"""How tickets end: the reasons to choose from (B20)."""

from collections.abc import Sequence
from typing import ClassVar, Self

from sqlalchemy import select

from core.directory.fields import Code, Titles
from core.directory.schema import DirectoryEntry
from core.models import ClosingReasonRow
from core.tickets.resolutions import ClosingReasons
from core.tx import ReadTx, Tx


class ClosingReasonEntry(DirectoryEntry):
    """Why a ticket was resolved or closed."""

    name = "closing_reason"
    caches: ClassVar[tuple[type, ...]] = (ClosingReasons,)

    code: Code
    titles: Titles
    active: bool = True

    @classmethod
    async def load(cls, tx: ReadTx) -> Sequence[Self]:
        """In the order in which they are offered."""
        query = select(ClosingReasonRow)
        query = query.order_by(ClosingReasonRow.position, ClosingReasonRow.code)
        return [
            cls.stored(code=row.code, titles=row.titles, active=row.active)
            for row in await tx.all(query)
        ]

    async def put(self, tx: Tx, position: int) -> None:
        """Tickets keep their reason."""
        row = ClosingReasonRow(
            code=self.code, titles=self.titles, position=position, active=self.active
        )
        await self.save(tx, row)
