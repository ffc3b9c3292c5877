"""What can be said of an entry with faults, so that all of them are named at once (X12).

The faulty values are taken out, and the rest is read: its references, and whatever its kind checks.
What is said of a place out of which something was taken, is not said: it may only look so.
"""

from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Final, cast

from pydantic import ValidationError

from core.directory.faults import Path, Problem
from core.directory.fields import Reference
from core.directory.schema import DirectoryEntry, Part, parts_in

# What must be there, and says nothing of the rest: others are thought of where these are faulty.
_NAMES: Final[Mapping[str, Any]] = {"title": "-", "titles": {"ru": "-"}, "text": "-"}
_TRIES: Final = 4


@dataclass(frozen=True, slots=True)
class Partial:
    """An entry that cannot be read whole. ``rest``: it without its ``faulty`` places, if it can be
    read so; ``table``: all of it as it is written.
    """

    kind: type[DirectoryEntry]
    table: Mapping[str, Any]
    rest: DirectoryEntry | None
    faulty: Sequence[Path]

    def references(self) -> Iterator[tuple[Path, str, str]]:
        """Each reference to another entry that is written: the path to it, the kind, the key."""
        yield from _written_references(self.kind, self.table)

    def concerns(self, problem: Problem) -> bool:
        """Whether this is a problem of what is written, not of what was taken out."""
        places = [problem.path, *((name,) for name in problem.hangs_on)]
        return not any(_touch(place, path) for place in places for path in self.faulty)


def partial_of(
    kind: type[DirectoryEntry], table: Mapping[str, Any], error: ValidationError
) -> Partial:
    """Read what can be read of a table with these errors."""
    left, taken = deepcopy(dict(table)), list[Path]()
    for _ in range(_TRIES):
        for one in error.errors(include_url=False):
            path = tuple(step for step in one["loc"] if step != "[key]")
            taken.append(path)
            _take_out(left, path)
        for name in kind.model_fields.keys() & _NAMES.keys():
            left.setdefault(name, _NAMES[name])
        try:
            return Partial(kind, table, kind.model_validate(left), taken)
        except ValidationError as again:
            error = again
    return Partial(kind, table, None, taken)


def _take_out(table: dict[str, Any], path: Path) -> None:
    """Of a list all goes: what is left of it would stand at other places."""
    inner: Any = table
    holders: list[tuple[dict[str, Any], str]] = []
    for step in path:
        if isinstance(inner, dict):
            holders.append((inner, str(step)))
        try:
            inner = inner[step]
        except (KeyError, IndexError, TypeError):
            break
    if holders:
        holder, name = holders[-1]
        holder.pop(name, None)


def _touch(one: Path, other: Path) -> bool:
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter]


def _written_references(part: type[Part], table: Any) -> Iterator[tuple[Path, str, str]]:
    if not isinstance(table, Mapping):
        return
    fields = cast("Mapping[str, Any]", table)
    for name, info in part.model_fields.items():
        kinds = [mark.kind for mark in info.metadata if isinstance(mark, Reference)]
        inner = parts_in(part, name)
        for path, value in _values(fields.get(name), (name,)):
            if isinstance(value, str):
                yield from ((path, kind, value) for kind in kinds)
            elif inner:
                for deeper, kind, key in _written_references(inner[0], value):
                    yield (*path, *deeper), kind, key
            elif isinstance(value, Mapping):
                mapped = cast("Mapping[str, Any]", value)
                for key, one in mapped.items():
                    if isinstance(one, str):
                        yield from (((*path, key), kind, one) for kind in kinds)


def _values(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    if isinstance(value, list):
        for at, item in enumerate(value):
            yield (*path, at), item
    else:
        yield path, value
