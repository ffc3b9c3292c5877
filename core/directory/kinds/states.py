"""States of tickets, edited while the desk runs (B1)."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, ClassVar, Final, Self, cast

from pydantic import Field
from sqlalchemy import delete, func, select

from core.directory.faults import Path, Problem
from core.directory.fields import Code, Reference, Title, Titles, one_of
from core.directory.schema import Directory, DirectoryEntry
from core.models import MoveRow, StateRow, Ticket
from core.people.permissions import STAFF
from core.tickets.default_workflow import MOVES, usual_verbs
from core.tickets.workflow import CATEGORIES, Move, State, Workflow
from core.tx import ReadTx, Tx
from core.words.state_names import names_of

VERBS: Final = tuple(dict.fromkeys(move.verb for move in MOVES))
SIGNS: Final = ("🔴", "🟠", "🟡", "🟢", "🔵", "🟣", "🟤", "⚫", "⚪")
# What tickets in a state stand by: it changes only while none is there.
_FLAGS: Final = ("category", "pause", "resolution", "final")
_IN_ENTRY: Final = ("sources", "roles", "verbs", "closing_reason")
_SHOWN_NUMBERS: Final = 5

_ROLES: Final = sorted(STAFF)

Category = Annotated[str, *one_of(CATEGORIES)]
Verb = Annotated[str, *one_of(VERBS)]
Role = Annotated[str, *one_of(_ROLES)]
Sign = Annotated[str, *one_of(SIGNS)]


class StateEntry(DirectoryEntry):
    """A state with its flags, and the ways into it and out of it."""

    name = "state"
    ordered = True
    caches: ClassVar[tuple[type, ...]] = (Workflow,)

    code: Code
    titles: Titles
    description: Titles | None = None
    category: Category
    initial: bool = False
    pause: bool = False
    resolution: bool = False
    final: bool = False
    sources: Annotated[list[Code], Reference(name)] = Field(default_factory=list)
    roles: list[Role] = Field(default_factory=list)
    verbs: Annotated[dict[Verb, Code], Reference(name)] = Field(default_factory=dict)
    marker: Sign | None = None
    reason: Title | None = None
    closing_reason: Annotated[Code | None, Reference("closing_reason")] = None
    leave_list: bool = False
    active: bool = True

    @classmethod
    async def load(cls, tx: ReadTx) -> Sequence[Self]:
        """By position in menus."""
        query = select(StateRow).order_by(StateRow.position, StateRow.code)
        return [cls._of_row(row) for row in await tx.all(query)]

    @classmethod
    def _of_row(cls, row: StateRow) -> Self:
        entry = row.entry or {}
        plain = ("code", "category", "initial", *_FLAGS[1:], "marker", "reason", "leave_list")
        return cls.stored(
            titles=names_of(row.code, row.titles or {}),
            description=row.description,
            sources=list(entry.get("sources", ())),
            roles=list(entry.get("roles", ())),
            verbs=dict(entry.get("verbs", {})),
            closing_reason=entry.get("closing_reason"),
            active=row.active,
            **{name: getattr(row, name) for name in plain},
        )

    async def check(self, tx: ReadTx, directory: Directory) -> list[Problem]:
        """The table as a whole can work, and tickets in this state stay what they are."""
        problems = await self._check_use(tx, directory)
        if self.closing_reason is not None and not (self.resolution or self.final):
            nothing = "directory_file.fault.state.ends_nothing"
            ends = ("resolution", "final")
            problems.append(Problem(("closing_reason",), nothing, hangs_on=ends))
        if not directory.faulty.get(self.name):
            problems += self._check_table(directory)
        return problems

    def _check_table(self, directory: Directory) -> Iterator[Problem]:
        """What is wrong with states that the file does not name is said at its first one."""
        written = list(directory.put.get(self.name, {}))
        for fault in workflow_of_entries(directory.entries(self.name)).faults():
            mine = fault.state == self.code
            if mine or (fault.state not in written and written[0] == self.code):
                path: Path = (fault.place,) if mine else ("code",)
                facts = {"state": fault.state, **fault.facts}
                yield Problem(path, f"directory_file.fault.state.{fault.name}", facts)

    async def _check_use(self, tx: ReadTx, directory: Directory) -> list[Problem]:
        before = cast("StateEntry | None", directory.stored.get(self.name, {}).get(self.code))
        if before is None:
            return []
        changed = [name for name in _FLAGS if getattr(self, name) != getattr(before, name)]
        if not self.active and before.active and not self.final:
            changed.append("active")
        count = await _tickets_in(tx, self.code) if changed else 0
        if not count:
            return []
        facts = {"n": count, "numbers": await _numbers_in(tx, self.code)}
        return [Problem((name,), "directory_file.fault.state.used", facts) for name in changed]

    async def put(self, tx: Tx, position: int) -> None:
        """The ways out of all states follow in ``settle``."""
        entry: dict[str, Any] = {
            name: value for name in _IN_ENTRY if (value := getattr(self, name))
        }
        fields = self.model_dump(exclude={*_IN_ENTRY})
        await self.save(tx, StateRow(position=position, entry=entry or None, **fields))

    @classmethod
    async def settle(cls, tx: Tx) -> None:
        """Write where each verb leads: a state that is switched off is entered no more."""
        tx.forget_rows()
        states = {entry.code: entry for entry in await cls.load(tx)}
        await tx.change(delete(MoveRow))
        await tx.insert(
            *(
                MoveRow(source=move.source, verb=move.verb, target=move.target)
                for move in _moves_of(states)
            )
        )
        tx.invalidate(Workflow)


def workflow_of_entries(entries: Mapping[str, DirectoryEntry]) -> Workflow:
    """Return the workflow that these entries make."""
    states = cast("Mapping[str, StateEntry]", entries)
    plain = ("code", "category", "initial", "pause", "resolution", "final", "active")
    return Workflow(
        [
            State(sources=tuple(entry.sources), **{name: getattr(entry, name) for name in plain})
            for entry in states.values()
        ],
        _moves_of(states),
    )


def _moves_of(states: Mapping[str, StateEntry]) -> Iterator[Move]:
    """The moves that were written, or those usual for the category that lead somewhere."""
    for code, entry in states.items():
        usual = usual_verbs(code, entry.category)
        led = {
            verb: target
            for verb, target in usual.items()
            if target in states and (states[target].active or not entry.active)
        }
        yield from (Move(code, verb, to) for verb, to in (entry.verbs or led).items())


async def _tickets_in(tx: ReadTx, code: str) -> int:
    query = select(func.count()).select_from(Ticket).where(Ticket.state == code)
    return int(await tx.first(query) or 0)


async def _numbers_in(tx: ReadTx, code: str) -> str:
    query = select(Ticket.id).where(Ticket.state == code).order_by(Ticket.id.desc())
    numbers = await tx.all(query.limit(_SHOWN_NUMBERS))
    return ", ".join(f"#{number}" for number in numbers)
