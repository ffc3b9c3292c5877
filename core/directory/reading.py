"""From a file's text to entries, each with the words for what is wrong with it."""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

# In this order each kind finds what it refers to.
KINDS: Final = (
    "topic",
    "service",
    "category",
    "priority",
    "calendar",
    "agreement",
    "team",
)
# What an entry of a kind may say; a star: it must.
FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "topic": ("code*", "titles*", "answer", "active"),
    "service": ("code*", "titles*", "active"),
    "category": ("code*", "titles*", "diagnosed", "active"),
    "priority": ("code*", "titles*", "active"),
    "calendar": ("code*", "title*", "zone*", "week*", "days", "holidays"),
    "agreement": ("code*", "title*", "calendar*", "terms*", "default"),
    "team": ("code*", "titles*", "level", "chat", "members", "active"),
}
TYPES: Final[Mapping[str, type]] = {
    "code": str,
    "titles": dict,
    "title": str,
    "answer": str,
    "active": bool,
    "diagnosed": bool,
    "zone": str,
    "week": dict,
    "days": dict,
    "holidays": list,
    "calendar": str,
    "terms": list,
    "default": bool,
    "level": int,
    "chat": int,
    "members": list,
}


class BadDirectory(ValueError):
    """The file cannot be used; ``faults`` has one line for each thing that is wrong with it."""

    def __init__(self, *faults: str) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


@dataclass(frozen=True, slots=True)
class Entry:
    """One table of the file: its kind, its place in the list of that kind, what it says."""

    kind: str
    position: int
    says: Mapping[str, Any]

    @property
    def where(self) -> str:
        """How a person finds it."""
        return f"{self.kind} {self.says.get('code') or f'no. {self.position + 1}'}"


def read_directory(text: str) -> list[Entry]:
    """The entries of a file, in the order in which they can be applied.

    Raises :class:`BadDirectory` with everything that can be seen without the database.
    """
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as wrong:
        raise BadDirectory(f"this is no TOML: {wrong}") from None
    known = ", ".join(KINDS)
    faults = [f"nobody knows [[{kind}]]; known: {known}" for kind in tables if kind not in KINDS]
    entries = []
    for kind in KINDS:
        listed = tables.get(kind, [])
        if not isinstance(listed, list) or not all(isinstance(says, dict) for says in listed):
            faults.append(f"{kind} is written as tables: [[{kind}]]")
            continue
        entries += [Entry(kind, position, says) for position, says in enumerate(listed)]
    faults += [fault for entry in entries for fault in _faults(entry)]
    faults += _twice(entries)
    if faults:
        raise BadDirectory(*faults)
    return entries


def _faults(entry: Entry) -> Iterator[str]:
    fields = FIELDS[entry.kind]
    names = {name.rstrip("*") for name in fields}
    for name, value in entry.says.items():
        if name not in names:
            yield f"{entry.where}: nobody knows {name!r}; known: {', '.join(sorted(names))}"
        elif not isinstance(value, TYPES[name]) or (TYPES[name] is int and value is True):
            yield f"{entry.where}: {name} is no {TYPES[name].__name__}"
    for name in fields:
        if name.endswith("*") and name[:-1] not in entry.says:
            yield f"{entry.where}: {name[:-1]} is missing"


def _twice(entries: list[Entry]) -> Iterator[str]:
    seen = set()
    for entry in entries:
        name = (entry.kind, entry.says.get("code"))
        if name in seen:
            yield f"{entry.where}: this code stands in the file twice"
        seen.add(name)
