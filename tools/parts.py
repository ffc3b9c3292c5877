"""The list of parts (S35): ``python -m tools.parts`` prints what runs beside our own code, with
versions, licences and the hashes that the lock admits, as CycloneDX 1.6 in JSON.

A company that wants to know whether a published weakness concerns its desk gives this list to the
tool of its choice. It is made from ``requirements.lock`` and from nothing else but the licences,
which the installed packages state: no network, and the same list each time.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
LOCK: Final = ROOT / "requirements.lock"
_PIN: Final = re.compile(r"(?P<name>[\w.-]+)==(?P<version>[^\s;\\]+)(?: ?; ?(?P<only>[^\\\n]+))?")
_HASH: Final = re.compile(r"--hash=sha256:([0-9a-f]{64})")
# How packages state their licence, the best way first.
_STATED: Final = ("License-Expression", "License")
_LONGEST: Final = 80  # what is longer is a licence's text, not its name


def entries(lock: str) -> Iterator[tuple[str, str, str | None, list[str]]]:
    """Each package of a lock: name, version, the condition that it is needed on, hashes."""
    for entry in re.split(r"\n(?=\w)", lock.strip()):
        found = _PIN.match(entry)
        if found is None:
            raise ValueError(f"no pinned package: {entry.splitlines()[0]}")
        only = found["only"]
        hashes = _HASH.findall(entry)
        yield found["name"], found["version"], only.strip() if only else None, hashes


def licence_of(name: str) -> str | None:
    """Return what the installed package states; ``None`` if it is not there, or says nothing."""
    try:
        about = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return None
    for field in _STATED:
        for stated in about.get_all(field) or []:
            if stated and len(stated) <= _LONGEST and "\n" not in stated:
                return str(stated)
    classified = about.get_all("Classifier") or []
    names = [one.rpartition(" :: ")[2] for one in classified if one.startswith("License ::")]
    return ", ".join(names) or None


def component(name: str, version: str, only: str | None, hashes: list[str]) -> dict[str, Any]:
    """A package as CycloneDX has it."""
    found: dict[str, Any] = {
        "type": "library",
        "bom-ref": f"pkg:pypi/{name}@{version}",
        "name": name,
        "version": version,
        "purl": f"pkg:pypi/{name}@{version}",
        "hashes": [{"alg": "SHA-256", "content": one} for one in hashes],
    }
    if licence := licence_of(name):
        found["licenses"] = [{"license": {"name": licence}}]
    if only:
        found["properties"] = [{"name": "only where", "value": only}]
    return found


def parts() -> dict[str, Any]:
    """The whole list."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    ours = {"type": "application", "name": project["name"], "version": project["version"]}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": ours},
        "components": [component(*entry) for entry in entries(LOCK.read_text("utf-8"))],
    }


if __name__ == "__main__":
    json.dump(parts(), sys.stdout, indent=1, ensure_ascii=False)
    print()
