"""What a company asks of its tickets: why they end (B20), and fields of its own (B18)."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, ClassVar, Final, Self

from pydantic import Field as Setting
from sqlalchemy import func, select

from core.directory.faults import Path, Problem, choices, shorten
from core.directory.fields import Code, Reference, Title, Titles, one_of
from core.directory.schema import Directory, DirectoryEntry
from core.errors import Unreadable
from core.models import ClosingReasonRow, FieldRow, TicketField
from core.tickets.fields import EMPTY, KINDS, MOMENTS, OPENING, Field, Fields, read_value
from core.tickets.resolutions import ClosingReasons
from core.tx import ReadTx, Tx


class ClosingReasonEntry(DirectoryEntry):
    """Why a ticket was resolved or closed."""

    name = "closing_reason"
    ordered = True
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


FieldKind = Annotated[str, *one_of(KINDS)]
Moment = Annotated[str, *one_of(MOMENTS)]


class FieldEntry(DirectoryEntry):
    """A field of the company's own (B18)."""

    name = "field"
    ordered = True
    caches: ClassVar[tuple[type, ...]] = (Fields,)

    code: Code
    titles: Titles
    kind: FieldKind
    choices: list[Title] = Setting(default_factory=list)
    topics: Annotated[list[Code], Reference("topic")] = Setting(default_factory=list)
    categories: Annotated[list[Code], Reference("category")] = Setting(default_factory=list)
    required: Moment | None = None
    active: bool = True

    @classmethod
    async def load(cls, tx: ReadTx) -> Sequence[Self]:
        """In the order in which they are shown."""
        rows = await tx.all(select(FieldRow).order_by(FieldRow.position, FieldRow.code))
        return [
            cls.stored(
                code=row.code,
                titles=row.titles,
                kind=row.kind,
                **{name: list(row.options.get(name, ())) for name in _OPTIONS},
                required=row.required,
                active=row.active,
            )
            for row in rows
        ]

    async def check(self, tx: ReadTx, directory: Directory) -> list[Problem]:
        """Its choices fit its kind, which stays while tickets hold something in it; nobody is asked
        what they cannot know; no two fields have one name.
        """
        faults = [*self._unfit(), *self._namesakes(directory)]
        stored = directory.stored.get("field", {}).get(self.code)
        if isinstance(stored, FieldEntry) and stored.kind != self.kind:
            used = select(func.count()).where(TicketField.field == self.code)
            if held := await tx.first(used):
                faults.append(("kind", "field_in_use", {"value": str(held)}))
        return [
            Problem((place,), f"directory_file.fault.{name}", facts)
            for place, name, facts in faults
        ]

    def _unfit(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        different = {choice.casefold() for choice in self.choices}
        if self.kind == "choice" and len(different) < max(len(self.choices), 2):
            yield "choices", "field_choices", {}
        if self.kind != "choice" and self.choices:
            yield "choices", "field_no_choices", {}
        if self.kind == "person" and self.required == OPENING:
            yield "required", "field_asked_person", {}

    def _namesakes(self, directory: Directory) -> Iterator[tuple[str, str, dict[str, Any]]]:
        names = {title.casefold() for title in self.titles.values()}
        for code, other in directory.entries("field").items():
            if code == self.code or not isinstance(other, FieldEntry) or not other.active:
                continue
            if names & {code, *(title.casefold() for title in other.titles.values())}:
                yield "titles", "field_named_twice", {"value": code}

    def kept(self) -> Field:
        """Return it as the desk keeps it."""
        return Field(
            self.code,
            self.titles,
            self.kind,
            tuple(self.choices),
            frozenset(self.topics),
            frozenset(self.categories),
            self.required,
            self.active,
        )

    async def put(self, tx: Tx, position: int) -> None:
        """What tickets hold in it stays."""
        options = {name: list(getattr(self, name)) for name in _OPTIONS}
        row = FieldRow(
            code=self.code,
            position=position,
            titles=self.titles,
            kind=self.kind,
            options={name: value for name, value in options.items() if value},
            required=self.required,
            active=self.active,
        )
        await self.save(tx, row)


_OPTIONS: Final = ("choices", "topics", "categories")


async def unfit_value(
    tx: ReadTx, directory: Directory, path: Path, words: str | None
) -> list[Problem]:
    """What is wrong where a field is named, by the last part of ``path``: there is no such field,
    or it cannot hold these words. ``None``: it is named only.
    """
    code, fields = str(path[-1]), directory.entries(FieldEntry.name)
    field = fields.get(code)
    if not isinstance(field, FieldEntry):
        if directory.knows(FieldEntry.name, code):
            return []
        facts = {"allowed": choices(sorted(fields)), "value": shorten(code)}
        return [Problem(path, "directory_file.fault.not_a_choice", facts)]
    try:
        if words is not None and words not in EMPTY:
            await read_value(tx, field.kept(), words)
    except Unreadable:
        facts = {"value": shorten(words or ""), "kind": field.kind}
        return [Problem(path, "directory_file.fault.field_value", facts)]
    return []
