"""What an operator has entered so far of a manual ticket, and what is asked next. Pure.

A draft is stored whole in the operator's dialogue; nothing else is stored before it is saved.
"""

from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Final

TICKET: Final = "ticket"
CALL: Final = "call"
ME: Final = "me"
NOBODY: Final = "nobody"

# Steps, by what they ask for. `PURPOSE`: a new ticket, or the consultation on one there is.
CUSTOMER: Final = "customer"
NAME: Final = "name"
REACH: Final = "reach"
PURPOSE: Final = "purpose"
TOPIC: Final = "topic"
SERVICE: Final = "service"
CATEGORY: Final = "category"
WORDS: Final = "words"
ASSIGNEE: Final = "assignee"
CHECK: Final = "check"


@dataclass(frozen=True, slots=True)
class Offered:
    """What the company offers, so that one must be chosen."""

    topics: bool = False
    services: bool = False
    categories: bool = False


@dataclass(frozen=True, slots=True)
class Draft:
    """``person`` is somebody known, ``new`` somebody who is not. ``ticket``: the consultation is
    recorded on this one; ``fresh``: the call becomes a ticket. ``words`` are kept as they were
    said. ``assignee``: `ME`, `NOBODY`, or a team's code. ``looked`` is what was looked for last.
    ``trail`` names what was answered, in its order.
    """

    kind: str = TICKET
    person: int | None = None
    new: bool = False
    name: str | None = None
    phone: str | None = None
    email: str | None = None
    looked: str | None = None
    ticket: int | None = None
    fresh: bool = False
    topic: str | None = None
    service: str | None = None
    category: str | None = None
    words: dict[str, Any] | None = None
    assignee: str | None = None
    team: str | None = None
    trail: tuple[tuple[str, ...], ...] = ()

    def answered(self, **answers: Any) -> "Draft":
        """Return the draft with these answers; going back removes them together."""
        return replace(self, **answers, trail=(*self.trail, tuple(answers)))

    def back(self) -> "Draft | None":
        """Return the draft without the last answers, or ``None`` if there are none."""
        if not self.trail:
            return None
        empty = {name: _EMPTY[name] for name in self.trail[-1]}
        return replace(self, **empty, trail=self.trail[:-1])

    def packed(self) -> dict[str, Any]:
        """Return the draft as the dialogue stores it, without empty fields."""
        packed = {name: value for name, value in asdict(self).items() if value != _EMPTY[name]}
        return packed | {"trail": [list(names) for names in self.trail]}


_EMPTY: Final[dict[str, Any]] = {field.name: field.default for field in fields(Draft)}


def unpacked(packed: dict[str, Any]) -> Draft:
    """Return the draft that :meth:`Draft.packed` made; of other releases what is still known."""
    known = {name: value for name, value in packed.items() if name in _EMPTY}
    trail = tuple(
        tuple(name for name in names if name in _EMPTY) for names in packed.get("trail", ())
    )
    return Draft(**(known | {"trail": trail}))


def step_of(draft: Draft, offered: Offered) -> str:
    """Return what is to be asked next: the first required thing without an answer."""
    return next((step for step, open_ in _questions(draft, offered) if open_), CHECK)


def _questions(draft: Draft, offered: Offered) -> list[tuple[str, bool]]:
    recorded = draft.ticket is not None
    unreached = draft.phone is None and draft.email is None
    return [
        (CUSTOMER, draft.person is None and not draft.new),
        (NAME, draft.new and draft.name is None),
        (REACH, draft.new and unreached),
        (PURPOSE, draft.kind == CALL and not recorded and not draft.fresh),
        (TOPIC, offered.topics and not recorded and draft.topic is None),
        (SERVICE, offered.services and not recorded and draft.service is None),
        (CATEGORY, offered.categories and not recorded and draft.category is None),
        (WORDS, draft.words is None),
        (ASSIGNEE, not recorded and draft.assignee is None),
    ]
