"""The tags that the company lists (D3)."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Final, Self

from pydantic import AfterValidator
from pydantic import WithJsonSchema as Json
from sqlalchemy import select

from core.directory.faults import refusal
from core.directory.fields import Reference, Titles
from core.directory.kinds.states import Sign
from core.directory.schema import TAG, DirectoryEntry
from core.errors import Unreadable
from core.models import TagRow
from core.tickets.tag_list import Tags, bare
from core.tickets.tags import LONGEST, read_tag
from core.tx import ReadTx, Tx


def _check_tag(value: str) -> str:
    try:
        return read_tag(value)
    except Unreadable:
        raise refusal("tag", value) from None


_LENGTHS: Final = {"minLength": 1, "maxLength": LONGEST + len("#")}

TagWord = Annotated[str, AfterValidator(_check_tag), Json({"type": "string", **_LENGTHS})]
NamedTags = Annotated[list[TagWord], Reference(TAG)]
"""Tags that tickets have or get: of the list, where only those are given."""


class TagEntry(DirectoryEntry):
    """A tag by its word. Switched off it is given no more; tickets keep it."""

    name = TAG
    key = "word"
    ordered = True
    caches: ClassVar[tuple[type, ...]] = (Tags,)

    word: TagWord
    titles: Titles | None = None
    marker: Sign | None = None
    active: bool = True

    @classmethod
    def key_of(cls, table: Mapping[str, Any]) -> Any:
        """«#VIP» and «vip» are one tag."""
        word = table.get(cls.key)
        return bare(word) if isinstance(word, str) else word

    @classmethod
    async def load(cls, tx: ReadTx) -> Sequence[Self]:
        """In the order in which they are offered."""
        rows = await tx.all(select(TagRow).order_by(TagRow.position, TagRow.word))
        return [
            cls.stored(
                word=row.word, titles=row.titles or None, marker=row.marker, active=row.active
            )
            for row in rows
        ]

    async def put(self, tx: Tx, position: int) -> None:
        """Tickets keep the tag, whatever becomes of its entry."""
        row = TagRow(
            word=self.word,
            position=position,
            titles=self.titles or {},
            marker=self.marker,
            active=self.active,
        )
        await self.save(tx, row)
