"""Saved lists of tickets (D2)."""

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any, ClassVar, Final, Self

from pydantic import AfterValidator, Field
from pydantic import WithJsonSchema as Json
from sqlalchemy import select

from core.directory.faults import Problem, choices, refusal, shorten
from core.directory.fields import AsPeopleSay, Code, Reference, Span, Titles, one_of
from core.directory.kinds.tags import NamedTags
from core.directory.schema import Directory, DirectoryEntry
from core.models import ViewRow
from core.tickets.catalog import workflow_of
from core.tickets.lists import VIEWS
from core.tickets.views import ASSIGNEES, MARKERS, ORDERS, ROLES, Views
from core.tx import ReadTx, Tx

_CODE: Final = r"[a-z0-9_]{1,16}"  # as the buttons of a list carry it


def _check_code(value: str) -> str:
    if not re.fullmatch(_CODE, value, re.ASCII):
        raise refusal("view_code", value)
    if value in VIEWS or value == "find":
        raise refusal("view_taken", value, allowed=choices(VIEWS))
    return value


ViewCode = Annotated[
    str, AfterValidator(_check_code), Json({"type": "string", "pattern": f"^{_CODE}$"})
]
Marker = Annotated[str, *one_of(MARKERS)]
Assignee = Annotated[str, *one_of(ASSIGNEES)]
Order = Annotated[str, *one_of(ORDERS)]
Role = Annotated[str, *one_of(ROLES)]


class ViewEntry(DirectoryEntry):
    """A saved list. All conditions that are written hold; of a condition's values any."""

    name = "view"
    ordered = True
    caches: ClassVar[tuple[type, ...]] = (Views,)

    code: ViewCode
    titles: Titles
    markers: list[Marker] = Field(default_factory=list)
    states: list[Annotated[str, AsPeopleSay("state")]] = Field(default_factory=list)
    topics: Annotated[list[Code], Reference("topic")] = Field(default_factory=list)
    teams: Annotated[list[Code], Reference("team")] = Field(default_factory=list)
    tags: NamedTags = Field(default_factory=list)
    priorities: Annotated[list[Code], Reference("priority")] = Field(default_factory=list)
    assignee: Assignee | None = None
    older: Span | None = None
    order: Order = "urgency"
    for_role: Role | None = None
    for_team: Annotated[Code | None, Reference("team")] = None
    active: bool = True

    @classmethod
    async def load(cls, tx: ReadTx) -> Sequence[Self]:
        """In the order in which they are offered."""
        rows = await tx.all(select(ViewRow).order_by(ViewRow.position, ViewRow.code))
        return [cls._of_row(row, dict(row.conditions)) for row in rows]

    @classmethod
    def _of_row(cls, row: ViewRow, conditions: Mapping[str, Any]) -> Self:
        older = conditions.get("older")
        return cls.stored(
            code=row.code,
            titles=row.titles,
            **{name: list(conditions.get(name, ())) for name in _LISTS},
            assignee=conditions.get("assignee"),
            older=None if older is None else timedelta(seconds=older),
            order=row.order,
            for_role=row.role,
            for_team=row.team,
            active=row.active,
        )

    async def check(self, tx: ReadTx, directory: Directory) -> list[Problem]:
        """Its states are there, or will be."""
        known = {*(await workflow_of(tx)).states, *directory.entries("state")}
        allowed = choices(sorted(known))
        return [
            Problem(
                ("states", at),
                "directory_file.fault.not_a_choice",
                {"value": shorten(code), "allowed": allowed},
            )
            for at, code in enumerate(self.states)
            if code not in known
        ]

    async def put(self, tx: Tx, position: int) -> None:
        """Lists that people have open go on with the new conditions."""
        conditions: dict[str, Any] = {name: list(getattr(self, name)) for name in _LISTS}
        conditions |= {"assignee": self.assignee}
        conditions |= {"older": None if self.older is None else int(self.older.total_seconds())}
        row = ViewRow(
            code=self.code,
            position=position,
            titles=self.titles,
            conditions={name: value for name, value in conditions.items() if value},
            order=self.order,
            role=self.for_role,
            team=self.for_team,
            active=self.active,
        )
        await self.save(tx, row)


_LISTS: Final = ("markers", "states", "topics", "teams", "tags", "priorities")
