"""What an event is, and its name in the journal."""

from dataclasses import FrozenInstanceError, dataclass, fields
from functools import cache
from typing import Any, TypeVar, dataclass_transform

T = TypeVar("T")

# mypy takes the hash of a dataclass's objects for that of the class


@dataclass_transform(frozen_default=True, kw_only_default=True)
def event(kind: type[T]) -> type[T]:
    """Let a class be an event, as a frozen dataclass with slots and named arguments.

    How events are compared, shown and kept from changes is written once, in :class:`Event`. Python
    would write and compile it for each of a hundred and forty, a thirtieth of a start.
    """
    return dataclass(slots=True, kw_only=True, eq=False, repr=False)(kind)


@event
class Event:
    """A fact about a ticket."""

    ticket_id: int | None

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and _values_of(self) == _values_of(other)

    def __hash__(self) -> int:
        return hash((type(self), _values_of(self)))

    def __repr__(self) -> str:
        names = _names_of(type(self))  # type: ignore[arg-type]
        said = (f"{name}={getattr(self, name)!r}" for name in names)
        return f"{type(self).__qualname__}({', '.join(said)})"

    def __setattr__(self, name: str, value: Any) -> None:
        """Set it for the first time, and never again."""
        if hasattr(self, name):
            raise FrozenInstanceError(f"cannot assign to field {name!r}")
        object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        raise FrozenInstanceError(f"cannot delete field {name!r}")

    def facts(self) -> dict[str, Any]:
        """All fields but the ticket's."""
        names = _names_of(type(self))  # type: ignore[arg-type]
        return {name: getattr(self, name) for name in names if name != "ticket_id"}


def _values_of(one: object) -> tuple[Any, ...]:
    names = _names_of(type(one))  # type: ignore[arg-type]
    return tuple(getattr(one, name) for name in names)


@cache
def _names_of(kind: type[Any]) -> tuple[str, ...]:
    return tuple(each.name for each in fields(kind))


def name_of(event: Event | type[Event]) -> str:
    """The journal's name of an event, or of its type: ``TicketOpened`` → ``ticket_opened``."""
    return _name_of(event if isinstance(event, type) else type(event))  # type: ignore[arg-type]


@cache
def _name_of(kind: type[Any]) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in kind.__name__).lstrip("_")
