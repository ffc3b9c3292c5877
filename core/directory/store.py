"""The directory in the database: shown as a file, checked, replaced by entries; its JSON Schema.

How often a file has changed it is counted: so a running desk learns that another process applied
one, and reads anew what it keeps.
"""

import difflib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from pydantic.json_schema import models_json_schema

from core.directory.faults import DirectoryError, Problem, choices, shorten
from core.directory.kinds import KINDS
from core.directory.reader import Document, Item
from core.directory.schema import Directory, DirectoryEntry, EntriesOfKind, Kinds
from core.directory.toml_writer import write_table
from core.models import SystemState
from core.tx import ReadTx, Tx

Describe = Callable[[str], str]
"""Says the text of this key in the reader's language."""


class OnlyChecked(Exception):
    """All of it can be applied; nothing was. ``difference``: the lines that it would change."""

    def __init__(self, difference: list[str]) -> None:
        super().__init__(len(difference))
        self.difference = difference


async def show_directory(tx: ReadTx, kinds: Kinds = KINDS, describe: Describe | None = None) -> str:
    """All of it as a file that can be applied; with ``describe``, comments say what each is."""
    return "\n".join([part async for part in _shown(tx, kinds, describe)])


async def _shown(tx: ReadTx, kinds: Kinds, describe: Describe | None) -> AsyncIterator[str]:
    for kind in kinds:
        if describe is not None:
            yield "".join(f"{line}\n" for line in _comments(kind, describe))
        for entry in await kind.load(tx):
            yield write_table(kind.name, shown_fields(entry))


def _comments(kind: type[DirectoryEntry], describe: Describe) -> Iterator[str]:
    yield f"# [[{kind.name}]] {describe(f'directory_file.{kind.name}')}"
    for depth, part in enumerate(kind.parts()):
        for name in part.model_fields:
            said = describe(f"directory_file.{part.name}.{name}")
            yield f"#   {'  ' if depth else ''}{name}: {said}"


def shown_fields(entry: DirectoryEntry) -> dict[str, object]:
    """What a file says of an entry. What is as it would be without words needs none."""
    return entry.model_dump(mode="json", exclude_defaults=True, warnings="none")


async def apply_directory(
    tx: Tx, document: Document, kinds: Kinds = KINDS, *, really: bool = True
) -> list[str]:
    """Put every entry. Returns the lines of the difference, as of a file to its successor.

    Raises :class:`DirectoryError` with all that is wrong; with ``really=False``
    :class:`OnlyChecked`, so that nothing stays.
    """
    before = await show_directory(tx, kinds)
    await put_items(tx, document.items, kinds, document)
    tx.forget_rows()
    difference = list(_difference(before, await show_directory(tx, kinds)))
    if not really:
        raise OnlyChecked(difference)
    if difference:
        await note_applied(tx)
    return difference


async def put_items(
    tx: Tx, items: Sequence[Item], kinds: Kinds = KINDS, document: Document | None = None
) -> None:
    """Check all of them, then put all of them. Raises :class:`DirectoryError`."""
    document = document or Document()
    directory = Directory(tx.company, await _stored(tx, kinds), _by_kind(items), document.faulty)
    faults = [*document.faults]
    for item in items:
        # What is missing may stand in a table that could not be read.
        problems = [*_missing_references(item.entry, directory)] if document.whole else []
        problems += await item.entry.check(tx, directory)
        faults += map(item.fault, problems)
    if faults:
        raise DirectoryError(faults)
    for item in items:
        await item.entry.put(tx, item.position)


async def _stored(tx: ReadTx, kinds: Kinds) -> dict[str, EntriesOfKind]:
    return {kind.name: {entry.key_value: entry for entry in await kind.load(tx)} for kind in kinds}


def _by_kind(items: Sequence[Item]) -> Mapping[str, EntriesOfKind]:
    found: dict[str, dict[str, DirectoryEntry]] = {}
    for item in items:
        found.setdefault(item.entry.name, {})[item.entry.key_value] = item.entry
    return found


def _missing_references(entry: DirectoryEntry, directory: Directory) -> Iterator[Problem]:
    for path, kind, key in entry.references():
        if not directory.knows(kind, key):
            allowed = choices(sorted(directory.entries(kind)))
            facts = {"kind": kind, "value": shorten(key), "allowed": allowed}
            yield Problem(path, "directory_file.fault.no_such_entry", facts)


def _difference(before: str, after: str) -> Iterator[str]:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=2)
    for number, line in enumerate(lines):
        if number > 1:  # the first two are names of files, and there are none
            yield line


APPLIED: Final = "directory"


async def times_applied(tx: ReadTx) -> int:
    """Another number than before: there is another directory."""
    fact = await tx.find(SystemState, APPLIED)
    return 0 if fact is None else int(fact.value["times"])


async def note_applied(tx: Tx) -> None:
    """A file has changed the directory."""
    times = await times_applied(tx) + 1
    await tx.put(SystemState(name=APPLIED, value={"times": times}, at=tx.now))


DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def directory_schema(describe: Describe, kinds: Kinds = KINDS) -> dict[str, Any]:
    """The schema as JSON can hold it. ``describe`` says the text of a key."""
    names, shared = models_json_schema([(kind, "validation") for kind in kinds])
    definitions = shared["$defs"]
    for part in {part for kind in kinds for part in kind.parts()}:
        fields = definitions[part.__name__]
        fields["description"] = describe(f"directory_file.{part.name}")
        for name, field in fields["properties"].items():
            description = describe(f"directory_file.{part.name}.{name}")
            fields["properties"][name] = _without_null(field) | {"description": description}
    return {
        "$schema": DIALECT,
        "title": describe("directory_file.title"),
        "type": "object",
        "additionalProperties": False,
        "properties": {
            kind.name: {"type": "array", "items": names[kind, "validation"]} for kind in kinds
        },
        "$defs": definitions,
    }


def _without_null(field: dict[str, Any]) -> dict[str, Any]:
    """TOML has no null: what is not said is left out."""
    said = {name: value for name, value in field.items() if name not in {"title", "anyOf"}}
    for one in field.get("anyOf", ()):
        said |= one if one != {"type": "null"} else {}
    return {name: value for name, value in said.items() if value is not None}
