"""The directory in the database: shown as a file, checked, replaced by entries; its JSON Schema.

Each change is a version with a number: so a running desk learns that another process made one, and
reads anew what it keeps.
"""

import difflib
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from pydantic.json_schema import models_json_schema

from core.directory.deadlines import (
    Touched,
    compare_promises,
    count_touched,
    promises_of,
)
from core.directory.faults import DirectoryError, Fault, Path, Problem, choices, shorten
from core.directory.kinds import KINDS
from core.directory.ordering import in_place
from core.directory.partial import Partial
from core.directory.reader import ANY, VERSION, Document, Item, read_directory
from core.directory.recount import begin_recount
from core.directory.schema import Directory, DirectoryEntry, EntriesOfKind, Kinds
from core.directory.toml_writer import write_table
from core.directory.versions import (
    current_version,
    document_of,
    list_versions,
    lock_versions,
    record_version,
)
from core.errors import Refusal
from core.tx import ReadTx, Tx

Describe = Callable[[str], str]
"""Says the text of this key in the reader's language."""
Stored = Mapping[str, EntriesOfKind]
"""All entries there are, by kind and key."""


class OnlyChecked(Exception):
    """All of it can be applied; nothing was. ``difference``: the lines that it would change;
    ``version``: the number of the directory that they change; ``touched``: so many open tickets
    would have another deadline if it were counted anew.
    """

    def __init__(self, difference: list[str], version: int, touched: Touched) -> None:
        super().__init__(len(difference))
        self.difference = difference
        self.version = version
        self.touched = touched


class ChangedMeanwhile(Exception):
    """The directory is not the one that the difference was shown for; nothing was changed."""


async def show_directory(tx: ReadTx, kinds: Kinds = KINDS, describe: Describe | None = None) -> str:
    """All of it as a file that can be applied; with ``describe``, comments say what each is."""
    return _shown(await _stored(tx, kinds), kinds, describe)


async def show_file(tx: ReadTx, describe: Describe, kinds: Kinds = KINDS) -> str:
    """The same with comments and its version: later it tells whether others were faster."""
    number = await current_version(tx)
    head = f"{VERSION} = {number}\n\n" if number else ""
    return head + await show_directory(tx, kinds, describe)


def _shown(stored: Stored, kinds: Kinds, describe: Describe | None = None) -> str:
    return "\n".join(_tables(stored, kinds, describe))


def _tables(stored: Stored, kinds: Kinds, describe: Describe | None) -> Iterator[str]:
    for kind in kinds:
        if describe is not None:
            yield "".join(f"{line}\n" for line in _comments(kind, describe))
        for entry in stored[kind.name].values():
            yield write_table(kind.name, shown_fields(entry), single=kind.single)


def _comments(kind: type[DirectoryEntry], describe: Describe) -> Iterator[str]:
    head = f"[{kind.name}]" if kind.single else f"[[{kind.name}]]"
    yield f"# {head} {describe(f'directory_file.{kind.name}')}"
    for depth, part in enumerate(kind.parts()):
        for name in part.model_fields:
            said = describe(f"directory_file.{part.name}.{name}")
            yield f"#   {'  ' if depth else ''}{name}: {said}"


def shown_fields(entry: DirectoryEntry) -> dict[str, object]:
    """What a file says of an entry. What is as it would be without words needs none."""
    return entry.model_dump(mode="json", exclude_defaults=True, warnings="none")


async def apply_directory(
    tx: Tx,
    document: Document,
    kinds: Kinds = KINDS,
    *,
    really: bool = True,
    expected: int | None = None,
    origin: str = "file",
    recount: bool = False,
) -> list[str]:
    """Put every entry. Returns the lines of the difference, as of a file to its successor.

    ``expected``: the version that the difference was shown for; ``origin``: where it came from;
    ``recount``: open tickets go by changed deadlines, hours and agreements, too, many of them soon;
    otherwise they keep theirs.
    Raises :class:`DirectoryError` with all that is wrong, :class:`ChangedMeanwhile`; with
    ``really=False`` :class:`OnlyChecked`, so that nothing stays.
    """
    await lock_versions(tx)
    version = await current_version(tx)
    if expected is not None and expected != version:
        raise ChangedMeanwhile
    stored, promised = await _stored(tx, kinds), await promises_of(tx)
    before = _shown(stored, kinds)
    if document.version not in {None, version}:
        document.faults.append(await _stale(tx, document, before))
    await _put(tx, document.items, stored, document, kinds)
    tx.forget_rows()
    after = await show_directory(tx, kinds)
    difference = list(compare(before, after))
    changed = compare_promises(promised, await promises_of(tx))
    if not really:
        raise OnlyChecked(difference, version, await count_touched(tx, changed))
    if recount:
        await begin_recount(tx, changed)
    if difference:
        await record_version(tx, before, after, origin)
    return difference


@asynccontextmanager
async def edited(tx: Tx, kinds: Kinds = KINDS) -> AsyncIterator[None]:
    """What is put or deleted within is a version of the directory."""
    await lock_versions(tx)
    before = await show_directory(tx, kinds)
    yield
    tx.forget_rows()
    after = await show_directory(tx, kinds)
    if before != after:
        await record_version(tx, before, after, "screen")


async def _stale(tx: Tx, document: Document, now: str) -> Fault:
    """The file was made from an older version: what others have changed since."""
    number = document.version or 0
    try:
        changed = "\n".join(compare(await document_of(tx, number), now))
    except Refusal:
        changed = "–"
    newest = next(iter(await list_versions(tx, 1)), None)
    facts = {
        "given": number,
        "now": 0 if newest is None else newest.number,
        "author": "–" if newest is None else newest.author or "–",
        "changed": changed,
    }
    return Fault(document.version_line, "", "directory_file.fault.stale", facts)


async def restore_version(tx: Tx, number: int, /, kinds: Kinds = KINDS, **how: Any) -> list[str]:
    """Bring an old version back: what has come since is switched off where it can be.

    Returns and raises as :func:`apply_directory` does, and :class:`Refusal` for no such version.
    """
    document = read_directory(await document_of(tx, number), kinds)
    named = {(item.entry.name, item.entry.key_value) for item in document.items}
    for kind in kinds:
        for entry in await kind.load(tx):
            off = entry.switched_off()
            if (kind.name, entry.key_value) not in named and off is not None:
                document.items.append(Item(off))
    document.items.sort(key=lambda item: [kind.name for kind in kinds].index(item.entry.name))
    return await apply_directory(tx, document, kinds, **{"origin": "restore", **how})


async def put_items(tx: Tx, items: Sequence[Item], kinds: Kinds = KINDS) -> None:
    """Check all of them, then put all of them. What they leave out stays, and in its order.

    Raises :class:`DirectoryError`.
    """
    await _put(tx, items, await _stored(tx, kinds), Document(), kinds)


async def _put(
    tx: Tx, items: Sequence[Item], stored: Stored, document: Document, kinds: Kinds
) -> None:
    directory = Directory(tx.company, stored, _by_kind(items), document.faulty)
    faults = [*document.faults]
    for item in items:
        faults += map(item.fault, _missing(item.entry.references(), directory, document))
        faults += map(item.fault, await item.entry.check(tx, directory))
    for faulty in document.faulty_items:
        faults += map(faulty.fault, await _further(tx, faulty.entry, directory, document))
    if faults:
        raise DirectoryError(faults)
    for entry, place in in_place(stored, [item.entry for item in items]):
        await entry.put(tx, place)
    for kind in kinds:
        if any(isinstance(item.entry, kind) for item in items):
            await kind.settle(tx)


async def _stored(tx: ReadTx, kinds: Kinds) -> Stored:
    return {kind.name: {entry.key_value: entry for entry in await kind.load(tx)} for kind in kinds}


def _by_kind(items: Sequence[Item]) -> Mapping[str, EntriesOfKind]:
    found: dict[str, dict[str, DirectoryEntry]] = {}
    for item in items:
        found.setdefault(item.entry.name, {})[item.entry.key_value] = item.entry
    return found


async def _further(
    tx: ReadTx, entry: Partial, directory: Directory, document: Document
) -> list[Problem]:
    """What else is wrong with an entry that cannot be read whole."""
    problems = [*_missing(entry.references(), directory, document)]
    if entry.rest is not None:
        problems += await entry.rest.check(tx, directory)
    return [one for one in problems if entry.concerns(one)]


def _missing(
    references: Iterable[tuple[Path, str, str]], directory: Directory, document: Document
) -> Iterator[Problem]:
    """Those to what is not there; it may stand in a table that could not be read."""
    for path, kind, key in references:
        if not directory.knows(kind, key):
            if document.unread & {kind, ANY}:
                facts = {"kind": kind, "value": shorten(key)}
                yield Problem(path, "directory_file.fault.not_checked", facts)
                continue
            allowed = choices(sorted(directory.entries(kind)))
            facts = {"kind": kind, "value": shorten(key), "allowed": allowed}
            yield Problem(path, "directory_file.fault.no_such_entry", facts)


def compare(before: str, after: str) -> Iterator[str]:
    """The lines of the difference between two documents, each with what stands around it."""
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=2)
    for number, line in enumerate(lines):
        if number > 1:  # the first two are names of files, and there are none
            yield line


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
            VERSION: {"type": "integer", "description": describe(f"directory_file.{VERSION}")}
        }
        | {
            kind.name: names[kind, "validation"]
            if kind.single
            else {"type": "array", "items": names[kind, "validation"]}
            for kind in kinds
        },
        "$defs": definitions,
    }


def _without_null(field: dict[str, Any]) -> dict[str, Any]:
    """TOML has no null: what is not said is left out."""
    said = {name: value for name, value in field.items() if name not in {"title", "anyOf"}}
    for one in field.get("anyOf", ()):
        said |= one if one != {"type": "null"} else {}
    return {name: value for name, value in said.items() if value is not None}
