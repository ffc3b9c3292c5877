"""Files in the directory's file: ``"Price list.pdf sha256:…"``, a title and the hash of the bytes.

The bytes lie in the desk's store; `company_file` says which of them are the company's own.
"""

import re
from collections.abc import Sequence
from typing import Annotated, Any, Final

from pydantic import AfterValidator
from pydantic import WithJsonSchema as Json
from sqlalchemy import select

from core.directory.faults import Path, Problem, refusal, shorten
from core.files import usable_name
from core.models import CompanyFile
from core.tickets.attached_files import LARGEST_TOGETHER, MOST, AttachedFile, stored
from core.tx import ReadTx

FIELD: Final = "files"
_WRITTEN: Final = re.compile(r"(\S.{0,119}) sha256:([0-9a-f]{64})")
_HASHES: Final = re.compile(r"sha256:([0-9a-f]{64})")
# Mail servers take none of these, and nobody should open them.
_RUNS: Final = frozenset(
    {
        *("apk", "app", "bat", "chm", "cmd", "com", "cpl", "dll", "dmg", "exe", "hta", "iso"),
        *("jar", "js", "jse", "lnk", "msc", "msi", "msp", "pif", "ps1", "reg", "scr", "sct"),
        *("sh", "sys", "vb", "vbe", "vbs", "wsc", "wsf", "wsh"),
    }
)


def runs(title: str) -> bool:
    """Return whether a file of this name is a program, which no answer may bring (S11)."""
    return title.rpartition(".")[2].strip().lower() in _RUNS


def _check_name(value: str) -> str:
    found = _WRITTEN.fullmatch(value)
    if found is None or usable_name(found[1], "", 0) != found[1]:
        raise refusal("file_name", value)
    if runs(found[1]):
        raise refusal("file_runs", value)
    return value


def _check_names(values: list[str]) -> list[str]:
    if len(values) > MOST:
        raise refusal("too_many_files", most=MOST)
    if len({_read(value)[1] for value in values}) < len(values):
        raise refusal("same_file")
    return values


def _read(value: str) -> tuple[str, str]:
    """Title and name of what was written; of what is none, as a row may have, the words."""
    found = _WRITTEN.fullmatch(value)
    return (value, "") if found is None else (found[1], found[2])


FileNames = Annotated[
    list[
        Annotated[
            str,
            AfterValidator(_check_name),
            Json({"type": "string", "pattern": f"^{_WRITTEN.pattern}$"}),
        ]
    ],
    AfterValidator(_check_names),
    Json(
        {
            "type": "array",
            "maxItems": MOST,
            "items": {"type": "string", "pattern": f"^{_WRITTEN.pattern}$"},
        }
    ),
]


def written(file: AttachedFile) -> str:
    """Return a file as the directory has it."""
    return f"{file.title} sha256:{file.name}"


def named_in(document: str) -> set[str]:
    """Return the names in the store of all files that a directory's file names."""
    return set(_HASHES.findall(document))


async def files_of(tx: ReadTx, values: Sequence[str]) -> list[AttachedFile | None]:
    """Return the files that are written so; None for what the desk does not have."""
    pairs = [_read(value) for value in values]
    query = select(CompanyFile).where(CompanyFile.name.in_([name for _, name in pairs]))
    sizes = {row.name: row.size for row in await tx.all(query)} if pairs else {}
    return [
        AttachedFile(name, title, sizes[name]) if name in sizes else None for title, name in pairs
    ]


async def stored_files(tx: ReadTx, values: Sequence[str]) -> dict[str, Any]:
    """Return what a row keeps of the files that are written so."""
    return stored([file for file in await files_of(tx, values) if file is not None])


async def check_files(tx: ReadTx, values: Sequence[str]) -> list[Problem]:
    """Return what is wrong: the desk does not have one, or together they are too large."""
    found = await files_of(tx, values)
    problems = [
        Problem((FIELD, at), "directory_file.fault.no_file", {"value": shorten(values[at])})
        for at, file in enumerate(found)
        if file is None
    ]
    if sum(file.size for file in found if file is not None) > LARGEST_TOGETHER:
        path: Path = (FIELD,)
        facts = {"megabytes": LARGEST_TOGETHER // 1_000_000}
        problems.append(Problem(path, "directory_file.fault.files_large", facts))
    return problems
