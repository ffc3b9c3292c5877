"""What the product imports is declared in pyproject.toml, and explained in docs/dependencies.md."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import metadata

from tests.code_rules.source import PACKAGES, ROOT, modules, nodes, told

# SQLAlchemy loads the drivers by name, zoneinfo the time zones, aiogram what it needs for a proxy,
# Starlette what reads a form with files.
UNSEEN = {"aiohttp-socks", "asyncpg", "python-multipart", "tzdata"}
OURS = {*PACKAGES, "migrations", "sandbox", "tests", "tools"}


@cache
def declared() -> frozenset[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    lines = [*project["dependencies"], *extras["postgres"], *extras["s3"], *extras["sentry"]]
    return frozenset(name_of(line) for line in lines)


@cache
def packages() -> Mapping[str, list[str]]:
    """The installed packages that each top-level module is of."""
    return metadata.packages_distributions()


def name_of(requirement: str) -> str:
    return re.split(r"[^\w.-]", requirement, maxsplit=1)[0].lower().replace("_", "-")


@cache
def imported() -> frozenset[tuple[str, str]]:
    """File and top-level package of each import that is not ours nor the standard library's."""
    return frozenset(_imports())


def _imports() -> Iterator[tuple[str, str]]:
    for module in modules(*PACKAGES, "migrations", "sandbox"):
        for node in nodes(module.tree):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names = [node.module]
            for name in {name.split(".")[0] for name in names} - OURS - sys.stdlib_module_names:
                yield module.name, name


def test_what_is_imported_is_declared() -> None:
    found = [
        f"{file}: {name}"
        for file, name in sorted(imported())
        if not declared() & {name_of(package) for package in packages().get(name, [name])}
    ]
    # pydantic_core is a part of pydantic, in a package of its own
    found = [line for line in found if not line.endswith(": pydantic_core")]
    assert not found, told("declare it in pyproject.toml and explain it", found)


def test_what_is_declared_is_imported() -> None:
    used = {name_of(package) for _, name in imported() for package in packages().get(name, [name])}
    unused = declared() - used - UNSEEN
    assert not unused, told("nothing imports it: drop it", sorted(unused))


def test_what_is_declared_is_explained() -> None:
    text = (ROOT / "docs" / "dependencies.md").read_text("utf-8")
    rows = {line.split("|")[1] for line in text.splitlines() if line.startswith("| ")}
    cells = {name_of(word) for row in rows for word in re.split(r",? ", row.strip())}
    found = sorted(declared() - cells)
    assert not found, told("docs/dependencies.md: a line for each", found)
