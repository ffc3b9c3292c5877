"""What a ticket can be about, and what kind of work it can be (B7, C1, D4)."""

from collections.abc import Sequence
from datetime import timedelta
from typing import ClassVar, Self

from sqlalchemy import select

from core.directory.fields import Code, Span, Titles
from core.directory.schema import DirectoryEntry
from core.models import Category, PriorityRow, Service, Topic
from core.tickets.catalog import Classes, Topics
from core.tx import ReadTx, Tx


class TopicEntry(DirectoryEntry):
    """What a customer chooses from. ``answer``: its own answer deadline (C1)."""

    name = "topic"
    ordered = True
    caches: ClassVar[tuple[type, ...]] = (Topics,)

    code: Code
    titles: Titles
    answer: Span | None = None
    active: bool = True

    @classmethod
    async def load(cls, tx: ReadTx) -> Sequence[Self]:
        """By position in the menu."""
        return [
            cls.stored(
                code=row.code,
                titles=row.titles or {},
                answer=None
                if row.answer_seconds is None
                else timedelta(seconds=row.answer_seconds),
                active=row.active,
            )
            for row in await tx.all(select(Topic).order_by(Topic.position))
        ]

    async def put(self, tx: Tx, position: int) -> None:
        """Open tickets keep the deadline that they have."""
        seconds = None if self.answer is None else int(self.answer.total_seconds())
        row = Topic(
            code=self.code,
            titles=self.titles,
            position=position,
            answer_seconds=seconds,
            active=self.active,
        )
        await self.save(tx, row)


class ServiceEntry(DirectoryEntry):
    """Something that customers have from us."""

    name = "service"
    ordered = True
    caches: ClassVar[tuple[type, ...]] = (Classes,)

    code: Code
    titles: Titles
    active: bool = True

    @classmethod
    async def load(cls, tx: ReadTx) -> Sequence[Self]:
        """By position."""
        return [
            cls.stored(code=row.code, titles=row.titles, active=row.active)
            for row in await tx.all(select(Service).order_by(Service.position))
        ]

    async def put(self, tx: Tx, position: int) -> None:
        """Tickets keep their service."""
        row = Service(code=self.code, titles=self.titles, position=position, active=self.active)
        await self.save(tx, row)


class CategoryEntry(DirectoryEntry):
    """A kind of ticket; ``diagnosed`` ones make tasks (B9)."""

    name = "category"
    ordered = True
    caches: ClassVar[tuple[type, ...]] = (Classes,)

    code: Code
    titles: Titles
    diagnosed: bool = False
    active: bool = True

    @classmethod
    async def load(cls, tx: ReadTx) -> Sequence[Self]:
        """By position."""
        return [
            cls.stored(code=row.code, titles=row.titles, diagnosed=row.diagnosed, active=row.active)
            for row in await tx.all(select(Category).order_by(Category.position))
        ]

    async def put(self, tx: Tx, position: int) -> None:
        """Tickets keep their category."""
        row = Category(
            code=self.code,
            titles=self.titles,
            position=position,
            diagnosed=self.diagnosed,
            active=self.active,
        )
        await self.save(tx, row)


class PriorityEntry(DirectoryEntry):
    """How urgent a ticket can be; the first in the file is the most urgent."""

    name = "priority"
    ordered = True
    caches: ClassVar[tuple[type, ...]] = (Classes,)

    code: Code
    titles: Titles
    active: bool = True

    @classmethod
    async def load(cls, tx: ReadTx) -> Sequence[Self]:
        """The most urgent first."""
        return [
            cls.stored(code=row.code, titles=row.titles, active=row.active)
            for row in await tx.all(select(PriorityRow).order_by(PriorityRow.rank))
        ]

    async def put(self, tx: Tx, position: int) -> None:
        """Ranks begin with 1."""
        row = PriorityRow(code=self.code, titles=self.titles, rank=position + 1, active=self.active)
        await self.save(tx, row)
