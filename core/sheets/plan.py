"""What a table would change of what is known, and in which steps it is written."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final, Generic, TypeVar

# Records per transaction, which takes some hundredths of a second.
BATCH: Final = 1000
PLAN_DIGEST: Final = 8

R = TypeVar("R")


@dataclass(slots=True)
class Plan(Generic[R]):
    """What a file changes. ``changed`` are known records by id; so are ``gone``, which are switched
    off.

    ``missing``: what the file does not name and what stays; ``lost``: titles of technical data that
    known records have and the file has no more; ``ownerless``: cameras without an owner.
    """

    new: list[R] = field(default_factory=list)
    changed: list[tuple[int, R]] = field(default_factory=list)
    unchanged: int = 0
    gone: list[int] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    ownerless: int = 0

    def __bool__(self) -> bool:
        return bool(self.new or self.changed or self.gone)

    def batches(self) -> Iterator["Plan[R]"]:
        """Return the plan in parts that are written one by one."""
        yield from (Plan(new=piece) for piece in _pieces(self.new))
        yield from (Plan(changed=piece) for piece in _pieces(self.changed))
        yield from (Plan(gone=piece) for piece in _pieces(self.gone))

    @property
    def digest(self) -> str:
        """The same for plans of one file that change the same."""
        changed = [number for number, _ in self.changed]
        what = (len(self.new), changed, self.unchanged, self.gone, self.missing, self.lost)
        return sha256(repr(what).encode()).hexdigest()[:PLAN_DIGEST]


def lost_titles(
    before: Iterable[Mapping[str, Any]], after: Iterable[Mapping[str, Any]]
) -> list[str]:
    """Return the titles of technical data that known records have and the file has no more."""
    kept = {title for fields in after for title in fields}
    return sorted({str(title) for fields in before for title in fields} - kept)


def _pieces(whole: list[Any]) -> Iterator[list[Any]]:
    yield from (whole[at : at + BATCH] for at in range(0, len(whole), BATCH))
