"""The product's source as the code rules see it: files, trees, and what each detector found."""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
# The sandbox is not here: it stands beside the desk and follows the Bot API's manual, not ours.
PACKAGES = ("bot", "handlers", "scheduler", "channels", "core")
EDGES = ("bot", "handlers", "scheduler", "channels")

Found = Iterator[tuple[int, str]]
Detector = Callable[[ast.Module], Found]


@dataclass(frozen=True)
class Module:
    """One Python file, named by its path from the root."""

    name: str
    text: str

    @property
    def tree(self) -> ast.Module:
        return parsed(self.text)

    @property
    def lines(self) -> int:
        return len(self.text.splitlines())


@cache
def parsed(text: str) -> ast.Module:
    return ast.parse(text)


@cache
def nodes(tree: ast.Module) -> tuple[ast.AST, ...]:
    """What `ast.walk` gives, gone through once for all rules."""
    return tuple(ast.walk(tree))


def modules(*folders: str) -> Iterator[Module]:
    """Python files of these folders; a folder that is not there yet has none."""
    for folder in folders:
        yield from _modules_in(folder)


@cache
def _modules_in(folder: str) -> tuple[Module, ...]:
    return tuple(
        Module(path.relative_to(ROOT).as_posix(), path.read_text("utf-8"))
        for path in sorted((ROOT / folder).rglob("*.py"))
    )


def within(name: str, *places: str) -> bool:
    """Whether a file is one of these files, or lies in one of these folders (`core/words/`)."""
    return any(name == p or (p.endswith("/") and name.startswith(p)) for p in places)


def faults(
    detector: Detector, *folders: str, allowed: tuple[str, ...] = (), words: tuple[str, ...] = ("",)
) -> list[str]:
    """Every finding outside the allowed places, as `file:line what`. ``words``: a file without any
    of them has nothing to find, and is not parsed.
    """
    return [
        f"{module.name}:{line} {what}"
        for module in modules(*folders)
        if not within(module.name, *allowed) and any(word in module.text for word in words)
        for line, what in detector(module.tree)
    ]


def told(rule: str, found: list[str]) -> str:
    """The failure's text: the rule in words, then each place that breaks it."""
    return "\n".join((rule, *(f"  {line}" for line in found)))


def docstrings(tree: ast.Module) -> set[int]:
    """Ids of the constants that are only prose: docstrings, and strings that are a statement."""
    return {
        id(node.value)
        for node in nodes(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }


def strings(tree: ast.Module) -> Iterator[ast.Constant]:
    """String literals that the program uses, pieces of f-strings among them."""
    prose = docstrings(tree)
    for node in nodes(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield node
