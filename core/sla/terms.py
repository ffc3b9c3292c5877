"""Which agreement counts for a ticket, and which of its terms (C4). Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final


@dataclass(frozen=True, slots=True)
class Kind:
    """A ticket's classification; ``None``: nothing in particular."""

    service: str | None = None
    category: str | None = None
    priority: str | None = None


@dataclass(frozen=True, slots=True)
class Spans:
    """Working seconds to react and to resolve; ``None``: there is no such deadline."""

    reaction: int | None = None
    resolution: int | None = None


@dataclass(frozen=True, slots=True)
class Term:
    """A line of an agreement: for tickets of this kind, these spans. ``None`` means any."""

    kind: Kind
    spans: Spans


@dataclass(frozen=True, slots=True)
class Signed:
    """A contract's agreement, from a day to a day, both included; ``None``: without an end."""

    agreement: str
    since: date | None = None
    until: date | None = None

    def counts_on(self, day: date) -> bool:
        """Return whether the contract is in force on this day."""
        begun = self.since is None or self.since <= day
        return begun and (self.until is None or day <= self.until)


NO_SPANS: Final = Spans()


def choose(
    contracts: Iterable[Signed], account: str | None, default: str | None, day: date
) -> str | None:
    """Return the agreement of a customer on a day: the contract's, the account's, or the default.

    Of several contracts in force the one signed last counts; ``None``: nothing was agreed.
    """
    in_force = [signed for signed in contracts if signed.counts_on(day)]
    if in_force:
        return max(
            in_force, key=lambda signed: (signed.since or date.min, signed.agreement)
        ).agreement
    return account or default


def narrowest(terms: Sequence[Term], kind: Kind) -> Spans:
    """Return the spans of the narrowest term that fits; without one, no deadlines.

    Narrower is what names more; of two that name as many, service goes before category, and
    category before priority.
    """
    fitting = [term for term in terms if _fits(term.kind, kind)]
    return max(fitting, key=lambda term: _narrowness(term.kind)).spans if fitting else NO_SPANS


def _fits(wanted: Kind, kind: Kind) -> bool:
    pairs = zip(_named(wanted), _named(kind), strict=True)
    return all(want is None or want == is_ for want, is_ in pairs)


def _narrowness(kind: Kind) -> tuple[int, tuple[bool, ...]]:
    named = tuple(code is not None for code in _named(kind))
    return sum(named), named


def _named(kind: Kind) -> tuple[str | None, ...]:
    return kind.service, kind.category, kind.priority
