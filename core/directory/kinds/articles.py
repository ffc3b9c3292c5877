"""Articles of the knowledge base (B13)."""

from collections.abc import Sequence
from typing import Annotated, ClassVar, Self

from pydantic import AfterValidator, Field
from pydantic import WithJsonSchema as Json
from sqlalchemy import select

from core.directory.faults import Problem, refusal
from core.directory.fields import Code, Language, Reference, Title, one_of
from core.directory.file_names import FileNames, check_files, stored_files, written
from core.directory.kinds.responses import LONGEST_TEXT
from core.directory.kinds.tags import TagWord
from core.directory.schema import Directory, DirectoryEntry
from core.knowledge.catalogue import DRAFT, INTERNAL, STATUSES, Articles
from core.models import ArticleRow
from core.tickets.attached_files import attached
from core.tx import ReadTx, Tx
from core.words.names import is_blank, units

Status = Annotated[str, *one_of(STATUSES)]


def _check_text(value: str) -> str:
    if is_blank(value) or units(value) > LONGEST_TEXT or "\x00" in value:
        raise refusal("text", value, longest=LONGEST_TEXT)
    return value


ArticleText = Annotated[
    str, AfterValidator(_check_text), Json({"type": "string", "maxLength": LONGEST_TEXT})
]


class ArticleEntry(DirectoryEntry):
    """An article. Customers read those that are public, operators all but drafts."""

    name = "article"
    ordered = True
    caches: ClassVar[tuple[type, ...]] = (Articles,)

    code: Code
    title: Title
    text: ArticleText
    status: Status = INTERNAL
    language: Language
    topic: Annotated[Code | None, Reference("topic")] = None
    tags: list[TagWord] = Field(default_factory=list)
    files: FileNames = Field(default_factory=list)

    @classmethod
    async def load(cls, tx: ReadTx) -> Sequence[Self]:
        """In the order in which customers read them."""
        rows = await tx.all(select(ArticleRow).order_by(ArticleRow.position, ArticleRow.code))
        return [
            cls.stored(
                code=row.code,
                title=row.title,
                text=row.text,
                status=row.status,
                language=row.language,
                topic=row.topic,
                tags=list(row.options.get("tags", ())),
                files=[written(file) for file in attached(row.options)],
            )
            for row in rows
        ]

    async def check(self, tx: ReadTx, directory: Directory) -> list[Problem]:  # noqa: ARG002
        """Its files are the desk's."""
        return await check_files(tx, self.files)

    async def put(self, tx: Tx, position: int) -> None:
        """Which tickets it is linked with, and whom it helped, is kept."""
        tags = {"tags": list(self.tags)} if self.tags else {}
        row = ArticleRow(
            code=self.code,
            position=position,
            title=self.title,
            text=self.text,
            status=self.status,
            language=self.language,
            topic=self.topic,
            options=tags | await stored_files(tx, self.files),
        )
        await self.save(tx, row)

    def switched_off(self) -> Self | None:
        """A draft, which nobody reads."""
        return self.model_copy(update={"status": DRAFT})
