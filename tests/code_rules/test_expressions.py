"""Regular expressions of ours take time in proportion to the text, whatever somebody writes (S28).

Each is given texts made for it: what one of its repeated parts repeats, many times over, and then
something that does not fit. Four times as much of that takes four times as long, or nearly; where
it is tried from each place anew it takes sixteen times, and where ways multiply, for ever.
"""

import ast
import importlib
import re
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from re import _constants as kinds
from re import _parser as parser
from types import ModuleType
from typing import Any, Final

import pytest

from core.words.patterns import Pattern as LazyPattern
from tests.code_rules.source import modules

PACKAGES: Final = ("bot", "channels", "core", "handlers", "scheduler")
FEW: Final = 1_000
TIMES: Final = 4
# Between four and sixteen: the ratio of what grows with the text and what grows with its square.
MOST: Final = 9.0
# Seconds: what is over sooner holds up nobody, and its ratio says nothing.
UNNOTICED: Final = 0.005
# These see so many characters at most: whatever grows with the square of that is soon over.
BOUNDED: Final = {
    "core.words.patterns": "`when.LOOKED_AT`",
    "core.words.names:_CUTS": "one part of a message at a time",
}
A_FEW: Final = 40
# How a text is searched, as opposed to looked at from its beginning only.
SEARCHES: Final = frozenset({"search", "findall", "finditer", "sub", "subn", "split"})


@dataclass(frozen=True)
class Expression:
    """One expression, where it stands, and whether texts are searched with it."""

    place: str
    source: str
    flags: int
    searches: bool

    def __str__(self) -> str:
        return self.place

    @property
    def is_bounded(self) -> bool:
        return bool({self.place, self.place.partition(":")[0]} & BOUNDED.keys())


def expressions() -> list[Expression]:
    """All of them: those with a name, and those that stand where they are used."""
    found: dict[tuple[str, int], Expression] = {}
    searched = set(_names_that_search())
    for module in modules(*PACKAGES):
        name = module.name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        if name.endswith("__main__"):
            continue
        loaded = importlib.import_module(name)
        for called, pattern in _named(loaded):
            key = (pattern.pattern, pattern.flags)
            known = found.get(key)
            searches = called in searched or (known is not None and known.searches)
            found[key] = Expression(f"{name}:{called}", *key, searches)
        for line, source, searches in _inline(module.tree, loaded):
            found.setdefault((source, 0), Expression(f"{name}:{line}", source, 0, searches))
    return sorted(found.values(), key=str)


def _named(module: ModuleType) -> Iterator[tuple[str, re.Pattern[str]]]:
    for name, value in vars(module).items():
        for pattern in _patterns_in(value):
            yield name, pattern


def _patterns_in(value: Any) -> Iterator[re.Pattern[str]]:
    if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
        yield value
    elif isinstance(value, LazyPattern):
        yield value._compiled
    elif isinstance(value, dict):
        for one in value.values():
            yield from _patterns_in(one)
    elif isinstance(value, tuple | list | frozenset | set):
        for one in value:
            yield from _patterns_in(one)


def _calls(tree: ast.Module) -> Iterator[tuple[ast.expr, str, ast.Call]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node.func.value, node.func.attr, node


def _names_that_search() -> Iterator[str]:
    for module in modules(*PACKAGES):
        for of, method, _ in _calls(module.tree):
            if method in SEARCHES:
                yield of.attr if isinstance(of, ast.Attribute) else getattr(of, "id", "")


def _inline(tree: ast.Module, module: ModuleType) -> Iterator[tuple[int, str, bool]]:
    for of, method, call in _calls(tree):
        if isinstance(of, ast.Name) and of.id == "re" and hasattr(re.Pattern, method):
            try:
                source = eval(  # noqa: S307 our own constants
                    compile(ast.Expression(call.args[0]), "", "eval"), vars(module)
                )
            except NameError:  # of what a function was given: its callers' constants are named
                continue
            if isinstance(source, str):
                yield call.lineno, source, method in SEARCHES


# ------------------------------------------------------------------ texts made for an expression


def _example(items: Iterable[Any], pick: int = 0) -> str:
    return "".join(_one(kind, value, pick) for kind, value in items)


def _one(kind: Any, value: Any, pick: int) -> str:
    """Something that this part takes; another ``pick``: something else, where there is a choice."""
    made = _MADE.get(kind)
    return "" if made is None else made(value, pick)  # what looks around, or stands at an end


CANDIDATES: Final = "a1 -._:@/яЯ\t\nA,;)(<>'\"#+=*?!\u00a0"


def _of_class(items: Any, pick: int) -> str:
    made = re.compile(f"[{_written(items)}]")
    fitting = [char for char in CANDIDATES if made.match(char)]
    if not fitting:
        fitting = [chr(n) for n in range(0x2100) if made.match(chr(n))][:4] or ["a"]
    return fitting[pick % len(fitting)]


_MADE: Final[dict[Any, Callable[[Any, int], str]]] = {
    kinds.LITERAL: lambda value, _: chr(value),
    kinds.NOT_LITERAL: lambda value, _: "a" if value != ord("a") else "b",
    kinds.ANY: lambda _, pick: "a "[pick % 2],
    kinds.IN: _of_class,
    kinds.MAX_REPEAT: lambda value, pick: (
        _example(value[2], pick) * min(max(value[0], pick % 2), 3)
    ),
    kinds.SUBPATTERN: lambda value, pick: _example(value[-1], pick),
    kinds.BRANCH: lambda value, pick: _example(value[1][pick % len(value[1])], pick),
}
_MADE[kinds.MIN_REPEAT] = _MADE[kinds.MAX_REPEAT]


CATEGORIES: Final = {
    kinds.CATEGORY_DIGIT: r"\d",
    kinds.CATEGORY_NOT_DIGIT: r"\D",
    kinds.CATEGORY_SPACE: r"\s",
    kinds.CATEGORY_NOT_SPACE: r"\S",
    kinds.CATEGORY_WORD: r"\w",
    kinds.CATEGORY_NOT_WORD: r"\W",
}


def _written(items: Any) -> str:
    said = ""
    for kind, value in items:
        if kind is kinds.NEGATE:
            said += "^"
        elif kind is kinds.LITERAL:
            said += re.escape(chr(value))
        elif kind is kinds.RANGE:
            said += f"{re.escape(chr(value[0]))}-{re.escape(chr(value[1]))}"
        else:
            said += CATEGORIES[value]
    return said


def _repeated(items: Iterable[Any], before: str = "") -> Iterator[tuple[str, str]]:
    """What may come before each repeated part, and what it repeats."""
    for kind, value in items:
        if kind in (kinds.MAX_REPEAT, kinds.MIN_REPEAT) and value[1] > 20:
            for pick in range(3):
                yield before, _example(value[2], pick)
            yield from _repeated(value[2], before)
        elif kind in (kinds.MAX_REPEAT, kinds.MIN_REPEAT):
            yield from _repeated(value[2], before)
        elif kind is kinds.SUBPATTERN:
            yield from _repeated(value[-1], before)
        elif kind is kinds.BRANCH:
            for branch in value[1]:
                yield from _repeated(branch, before)
        before += _one(kind, value, 0)


ENDS: Final = ("\x00", "\n\x00")


def texts_for(one: Expression) -> set[tuple[str, str, str]]:
    """Beginnings, what is repeated, ends."""
    pumps = set(_repeated(parser.parse(one.source, one.flags & ~re.DEBUG)))
    pumps |= {("", pump) for _, pump in pumps}
    return {(before, pump, end) for before, pump in pumps if pump for end in ENDS}


def _seconds(use: Callable[[str], Any], text: str) -> float:
    taken = []
    for _ in range(3):
        begun = time.process_time()
        use(text)
        taken.append(time.process_time() - begun)
        if taken[-1] < UNNOTICED:
            break
    return min(taken)


def slow_text(one: Expression) -> str | None:
    """A text with which it takes more than in proportion; ``None`` where none was found."""
    pattern = re.compile(one.source, one.flags)
    uses: list[Callable[[str], Any]] = [pattern.match, pattern.fullmatch]
    if one.searches:
        uses.append(lambda text: list(pattern.finditer(text)))
    for before, pump, end in sorted(texts_for(one)):
        for use in uses:
            amount = _multiplies(use, before, pump, end)
            if amount is None and not one.is_bounded:
                amount = _squares(use, before, pump, end)
            if amount is not None:
                return f"{before!r} + {pump!r} * {amount} + {end!r}"
    return None


def _multiplies(use: Callable[[str], Any], before: str, pump: str, end: str) -> int | None:
    """Ways multiply with each repetition: a few of them take a time that can be noticed."""
    for amount in range(4, A_FEW, 2):
        if _seconds(use, before + pump * amount + end) > UNNOTICED:
            return amount
    return None


def _squares(use: Callable[[str], Any], before: str, pump: str, end: str) -> int | None:
    """It is tried anew from each place."""
    few = max(FEW // len(pump), 1)
    long = _seconds(use, before + pump * (few * TIMES) + end)
    if long < UNNOTICED:
        return None
    short = _seconds(use, before + pump * few + end)
    return few * TIMES if long > MOST * short else None


# ------------------------------------------------------------------ the rule


@pytest.fixture(scope="module")
def found() -> list[Expression]:
    return expressions()


def test_every_expression_takes_time_in_proportion_to_its_text(found: list[Expression]) -> None:
    assert len(found) > 140
    slow = {str(one): text for one in found if (text := slow_text(one))}
    assert not slow


@pytest.mark.parametrize(
    ("source", "searches", "is_slow"),
    [
        ("(?:a|aa)+$", False, True),  # ways multiply
        (r"(?:\w+\s?)+:", False, True),
        (r"\s+\[", True, True),  # from each place anew
        (r"[^\n]*\n\s*\n", True, True),
        (r"\w{1,64}@", True, False),
        (r"(?:\d+,)*x", False, False),
    ],
)
def test_slow_ones_are_seen(source: str, *, searches: bool, is_slow: bool) -> None:
    text = slow_text(Expression("here", source, 0, searches))
    assert (text is not None) == is_slow, text
