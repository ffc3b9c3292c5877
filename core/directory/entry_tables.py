"""An entry as the table of a file: read, changed at one place, made a document again. Pure."""

import re
from collections.abc import Collection, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from typing import Any, Final

from core.directory.reader import Document, read_directory
from core.directory.schema import DirectoryEntry
from core.directory.shapes import AskedField, FieldPath
from core.directory.spoken import OFF
from core.directory.toml_writer import write_table
from core.words.typed import to_latin

Table = dict[str, Any]
LONGEST_CODE: Final = 16  # the shortest of all kinds
_NO_CODE: Final = re.compile(r"[^a-z0-9]+")


def value_at(table: Mapping[str, Any], path: FieldPath) -> Any:
    """Return what stands there; None for nothing."""
    inner: Any = table
    for step in path:
        if not isinstance(inner, Mapping):
            return None
        inner = inner.get(step)
    return inner


def with_value(table: Mapping[str, Any], asked: AskedField, value: Any) -> Table:
    """Return the table with another value there; None takes it out. Where all languages are off,
    all are.
    """
    changed, path = deepcopy(dict(table)), asked.path
    if asked.language is not None and value == OFF and asked.shape.off:
        path = path[:-1]
    _put(changed, path, value)
    return changed


def _put(table: Table, path: FieldPath, value: Any) -> None:
    name, *rest = path
    if rest:
        inner = table.get(name)
        inner = inner if isinstance(inner, dict) else {}
        _put(inner, tuple(rest), value)
        value = inner or None
    if value is None:
        table.pop(name, None)
    else:
        table[name] = value


def bare_table(kind: type[DirectoryEntry], table: Mapping[str, Any]) -> Table:
    """Return it with the tables that must stand in it, even if they are empty."""
    empty: Table = {
        name: {}
        for name, info in kind.model_fields.items()
        if info.is_required() and isinstance(info.annotation, type) and _is_table(info.annotation)
    }
    return {**empty, **table}


def _is_table(annotation: type) -> bool:
    return hasattr(annotation, "model_fields")


def document_of(kind: type[DirectoryEntry], table: Mapping[str, Any]) -> Document:
    """Return a document of this entry alone. Its faults have no lines: nobody sees the file."""
    text = write_table(kind.name, bare_table(kind, table), single=kind.single)
    document = read_directory(text, (kind,))
    document.faults = [replace(fault, line=None) for fault in document.faults]
    document.items = [replace(item, file=None) for item in document.items]
    # what else may be wrong with it is said once these faults are mended
    document.faulty_items = []
    return document


def code_from(words: Sequence[str], taken: Collection[str]) -> str | None:
    """Return a code for an entry that is called so: Latin letters, not ``taken`` yet."""
    for said in words:
        code = _NO_CODE.sub("_", to_latin(said))[:LONGEST_CODE].strip("_")
        if code:
            return _free(code, taken)
    return None


def _free(code: str, taken: Collection[str]) -> str:
    tries = (code, *(f"{code[: LONGEST_CODE - 3]}_{n}" for n in range(2, 99)))
    return next((one for one in tries if one not in taken), code)
