"""What is wrong with a directory, as symbolic texts: where, and what would be allowed instead."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic_core import ErrorDetails, PydanticCustomError

from core.directory.toml_writer import write_value
from core.texts import Key

Path = tuple[str | int, ...]
"""The way to a value inside of an entry or a file: names of fields and places in lists from 0."""

PREFIX: Final = "directory_file.fault."
OTHER: Final = "directory_file.fault.other"

# pydantic's own kinds of errors, and the texts for them; those of our checks carry their key.
_OF_PYDANTIC: Final[Mapping[str, str]] = {
    "missing": "directory_file.fault.missing",
    "extra_forbidden": "directory_file.fault.unknown_field",
    "string_type": "directory_file.fault.no_text",
    "int_type": "directory_file.fault.no_number",
    "bool_type": "directory_file.fault.no_bool",
    "list_type": "directory_file.fault.no_list",
    "dict_type": "directory_file.fault.no_table",
    "model_type": "directory_file.fault.no_table",
    "greater_than_equal": "directory_file.fault.too_small",
    "less_than_equal": "directory_file.fault.too_large",
}
# The text names the last step of the path itself.
_NAMES_ITSELF: Final = frozenset({"missing", "extra_forbidden"})
_LONGEST_VALUE: Final = 60
_MOST_CHOICES: Final = 30


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in an entry that cannot be: the ``path`` to it, a text ``key`` and its facts.

    ``hangs_on``: fields without which it may only look so.
    """

    path: Path
    key: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    hangs_on: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fault:
    """Something wrong in a directory. ``line`` from 1, none where there is no file; ``where``
    names the entry and the field in the file's own words, ``path`` leads to it from its entry.
    """

    line: int | None
    where: str
    key: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    path: Path = field(default=(), compare=False)

    @property
    def text(self) -> Key:
        """All of it as a text to be said: the line, the entry, what is wrong."""
        said = Key(self.key, self.facts)
        if self.where:
            said = Key("directory_file.at", {"where": self.where, "what": said})
        if self.line is not None:
            said = Key("directory_file.line", {"line": self.line, "what": said})
        return said


class DirectoryError(ValueError):
    """The directory cannot be as it is written; ``faults`` are all of them, by line."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = sorted(faults, key=lambda fault: (fault.line or 0, fault.where))
        super().__init__("; ".join(f"{fault.where}: {fault.key}" for fault in self.faults))


def refusal(
    name: str, value: Any = None, *, said: str | None = None, **facts: Any
) -> PydanticCustomError:
    """What a field's check raises: ``name`` of a text below ``PREFIX``, the value, more facts.

    ``said``: what is wrong in the value, as it is to be told.
    """
    key = f"{PREFIX}{name}"
    told = shorten(write_value(value)) if said is None else said
    return PydanticCustomError(key, key, {"value": told, **facts})


def shorten(words: object) -> str:
    """Words in one line, cut where they are long."""
    said = " ".join(str(words).split())
    said = "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in said)
    return said if len(said) <= _LONGEST_VALUE else f"{said[: _LONGEST_VALUE - 1]}…"


def choices(allowed: Iterable[str]) -> str:
    """What is allowed, in a line."""
    listed = list(allowed)
    said = ", ".join(listed[:_MOST_CHOICES]) or "–"
    return f"{said}, …" if len(listed) > _MOST_CHOICES else said


def problem_of(error: ErrorDetails, fields: Iterable[str]) -> Problem:
    """A pydantic error as a problem. ``fields``: those that the table around it may have."""
    kind, facts = error["type"], dict(error.get("ctx", {}))
    path = tuple(step for step in error["loc"] if step != "[key]")
    facts = {"value": shorten(write_value(error["input"])), "allowed": choices(fields)} | facts
    if kind in _NAMES_ITSELF:
        facts["name"] = str(path[-1])
    key = kind if kind.startswith(PREFIX) else _OF_PYDANTIC.get(kind, OTHER)
    return Problem(path, key, facts | {"what": error["msg"]})


def place(kind: str, name: str, problem: Problem) -> str:
    """Where a problem is, in words of the file: ``agreement standard, terms 2, priority``."""
    last = problem.facts.get("name")
    path = problem.path[:-1] if problem.path and problem.path[-1] == last else problem.path
    said = f"{kind} {name}".strip()
    for step in path:
        said += f" {step + 1}" if isinstance(step, int) else f", {step}"
    return said
