"""The services, categories and priorities of the company (B7, D4)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import select

from core.cache import cached
from core.models import Category, PriorityRow, Service
from core.tx import ReadTx

SERVICE: Final = "service"
CATEGORY: Final = "category"
PRIORITY: Final = "priority"
ASPECTS: Final = (SERVICE, CATEGORY, PRIORITY)


@dataclass(frozen=True, slots=True)
class ClassFacts:
    """A service, a category or a priority. ``titles`` by language.

    ``rank`` orders priorities, the most urgent first; ``diagnosed`` categories make tasks (B9).
    """

    aspect: str
    code: str
    titles: Mapping[str, str]
    active: bool
    rank: int = 0
    diagnosed: bool = False

    def title(self, language: str) -> str:
        """Return the title in this language, or in another if there is none."""
        return self.titles.get(language) or next(iter(self.titles.values()), self.code)


@dataclass(frozen=True, slots=True)
class Classes:
    """All services, categories and priorities, by aspect and code, in order."""

    known: Mapping[str, Mapping[str, ClassFacts]] = field(default_factory=dict)

    def get(self, aspect: str, code: str | None) -> ClassFacts | None:
        """Return one of them, or None."""
        return None if code is None else self.known[aspect].get(code)

    def offered(self, aspect: str) -> list[ClassFacts]:
        """Return those that may be chosen."""
        return [one for one in self.known[aspect].values() if one.active]


async def classes_of(tx: ReadTx) -> Classes:
    """Return the company's classes, cached until the directory changes."""
    return await cached(tx, Classes, _read)


async def _read(tx: ReadTx) -> Classes:
    return Classes(
        {
            SERVICE: await _facts_of(tx, select(Service).order_by(Service.position)),
            CATEGORY: await _facts_of(tx, select(Category).order_by(Category.position)),
            PRIORITY: await _facts_of(tx, select(PriorityRow).order_by(PriorityRow.rank)),
        }
    )


async def _facts_of(tx: ReadTx, query: Any) -> dict[str, ClassFacts]:
    return {row.code: _facts(row) for row in await tx.session.scalars(query)}


def _facts(row: Service | Category | PriorityRow) -> ClassFacts:
    return ClassFacts(
        type(row).__tablename__,
        row.code,
        dict(row.titles or {}),
        row.active,
        rank=getattr(row, "rank", 0),
        diagnosed=getattr(row, "diagnosed", False),
    )


def find_class(classes: Classes, aspects: tuple[str, ...], words: str) -> ClassFacts | None:
    """Return the class meant by a code or the beginning of a title, or None.

    A whole title goes before a beginning, an earlier aspect before a later one.
    """
    wanted = words.strip().casefold()
    if not wanted:
        return None
    offered = [one for aspect in aspects for one in classes.offered(aspect)]
    whole = (one for one in offered if wanted in _names(one))
    begun = (one for one in offered if any(name.startswith(wanted) for name in _names(one)))
    return next(whole, None) or next(begun, None)


def _names(one: ClassFacts) -> list[str]:
    return [name.casefold() for name in (one.code, *one.titles.values())]
