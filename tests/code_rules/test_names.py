"""Nothing is called by the names of the first version."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.code_rules.old_names import IDENTIFIERS, MODULES, WORDS
from tests.code_rules.source import PACKAGES, Module, modules, told

EVERYTHING = (*PACKAGES, "migrations", "sandbox", "tests", "tools")
# What calls a table by its old name: the migrations that made it.
OLD_TABLES = re.compile(r"migrations/versions/v000[1-6]_")


def identifiers(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                # the name of a test is a sentence
                if not name.startswith("test_"):
                    yield node.lineno, name
            case ast.ClassDef(name=name) | ast.Name(id=name) | ast.Attribute(attr=name):
                yield node.lineno, name
            case ast.arg(arg=name) | ast.keyword(arg=str(name)):
                yield node.lineno, name
            case ast.alias(asname=str(name)):
                yield node.lineno, name


def old_name(name: str) -> str | None:
    """What to say instead of an identifier, if it is an old one."""
    if name in IDENTIFIERS:
        return IDENTIFIERS[name]
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower().split("_")
    return next((WORDS[word] for word in words if word in WORDS), None)


def old_module(path: str) -> str | None:
    """What to call a module instead, if its name is an old one, `test_` before it aside."""
    name = path.removesuffix(".py").rsplit("/", 1)[-1].removeprefix("test_").removeprefix("v")
    words = re.sub(r"^\d+_", "", name).split("_")
    if not path.startswith(("tests/", "sandbox/", "tools/")) and name in MODULES:
        return MODULES[name]
    return next((WORDS[word] for word in words if word in WORDS), None)


def findings(module: Module) -> Iterator[str]:
    if OLD_TABLES.match(module.name):
        return
    if better := old_module(module.name):
        yield f"{module.name}: call it {better}"
    for line, name in identifiers(module.tree):
        if better := old_name(name):
            yield f"{module.name}:{line} {name}: say {better}"


def test_no_module_and_no_identifier_has_an_old_name() -> None:
    found = [line for module in modules(*EVERYTHING) for line in findings(module)]
    assert not found, told("the field has a word for it: use that one", found)


@pytest.mark.parametrize(
    "text",
    ["class Placement: ...", "parcel = 1", "def ring_bell(): ...", "f(lane=1)", "import a as Look"],
)
def test_an_old_name_is_noticed(text: str) -> None:
    assert list(findings(Module("core/new.py", text)))


def test_an_old_name_of_a_module_is_noticed() -> None:
    assert list(findings(Module("core/sla/keeping.py", "")))
    assert list(findings(Module("tests/delivery/test_lanes.py", "")))
    assert not list(findings(Module("core/sla/clock.py", "mark, placed, plane = 1, 2, 3")))
