"""What is wrong with a text that a company wants said instead of the desk's own (G3). Pure.

It may say less than the original and never asks for more: only its facts with their formats, only
its markup, every plural, no more signs than its place takes.
"""

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from core.texts import Forms, Texts
from core.words.names import is_blank, units

MENU: Final = "button.menu."
"""Buttons below a customer's chat: a press sends their words, so no two may have the same."""
LONGEST: Final = 4096
# With facts in it, what people wrote comes on top.
LONGEST_WITH_FACTS: Final = 1000
# By how a key begins or what it contains: so many signs, and whether all of it is one line.
_PLACES: Final[Sequence[tuple[re.Pattern[str], int, bool]]] = (
    (re.compile(r"button\."), 40, True),
    (re.compile(r"directory_part\."), 40, True),
    (re.compile(r"command\."), 100, True),
    (re.compile(r"introduction\.about"), 90, True),
    (re.compile(r"introduction\.description"), 400, False),
    (re.compile(r".*\.subject$"), 120, True),
    (re.compile(r".*\.toast\.|refusal\."), 200, False),
)
_BRACES: Final = re.compile(r"\{[^{}]*\}|[{}]")
_MARKUP: Final = re.compile(r"<[^<>]*>|[<>]")
_ENTITY: Final = re.compile(r"&#?\w{1,10};")
_CONTROL: Final = re.compile(r"[\x00-\x09\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]")
_NEAR: Final = 3


@dataclass(frozen=True, slots=True)
class TextFault:
    """One thing that is wrong: ``form`` from 0 where it is in one of several, the ``name`` of the
    fault and its facts.
    """

    name: str
    form: int | None = None
    facts: dict[str, Any] = field(default_factory=dict)


def near_keys(texts: Texts, key: str) -> list[str]:
    """Return keys that are spelled like this one, or begin or end as it does."""
    known = sorted(set().union(*map(texts.keys, texts.locales)))
    near = difflib.get_close_matches(key, known, _NEAR, 0.6)
    return near or [one for one in known if key and key in one][:_NEAR]


def faults_of(texts: Texts, locale: str, key: str, forms: Forms) -> list[TextFault]:
    """Return all that is wrong with these forms of a known text, none if it can be said."""
    wanted = len(texts.shipped(locale, key))
    found = []
    if len(forms) != wanted:
        name = "text.one_form" if wanted == 1 else "text.plurals"
        found.append(TextFault(name, None, {"count": wanted}))
    allowed = [form for one in texts.locales for form in texts.shipped(one, key)]
    for at, form in enumerate(forms):
        where = at if wanted > 1 and len(forms) > 1 else None
        found += [replace(fault, form=where) for fault in _faults_of_form(key, form, allowed)]
    return found


def _faults_of_form(key: str, form: str, originals: Sequence[str]) -> Iterator[TextFault]:
    if is_blank(form) or _CONTROL.search(form):
        yield TextFault("text.blank")
        return
    slots = set(_matches(_BRACES, originals))
    for wrong in [one for one in _matches(_BRACES, [form]) if one not in slots]:
        yield TextFault("text.slot", None, {"wrong": wrong, "slots": sorted(slots)})
    yield from _markup_faults(form, originals)
    yield from _length_faults(key, form, has_facts=bool(slots))


def _matches(pattern: re.Pattern[str], texts: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(found.group() for text in texts for found in pattern.finditer(text)))


def _markup_faults(form: str, originals: Sequence[str]) -> Iterator[TextFault]:
    """A mark that the original has not is text there, or breaks what a channel reads."""
    tags = set(_matches(_MARKUP, originals))
    allowed = sorted(tag for tag in tags if not tag.startswith("</"))
    stack: list[str] = []
    for found in _MARKUP.finditer(form):
        tag = found.group()
        name = re.sub(r"[</ >].*", "", tag.lstrip("</"), flags=re.DOTALL)
        if tag not in tags:
            yield TextFault("text.markup", None, {"wrong": tag, "tags": allowed})
        elif not tag.startswith("</"):
            stack.append(name)
        elif not stack or stack.pop() != name:
            yield TextFault("text.unbalanced", None, {"wrong": tag})
            return
    if stack:
        yield TextFault("text.unbalanced", None, {"wrong": f"<{stack[-1]}>"})
    for entity in [one for one in _matches(_ENTITY, [form]) if not tags]:
        yield TextFault("text.markup", None, {"wrong": entity, "tags": allowed})


def _length_faults(key: str, form: str, *, has_facts: bool) -> Iterator[TextFault]:
    longest, one_line = LONGEST_WITH_FACTS if has_facts else LONGEST, False
    for pattern, most, single in _PLACES:
        if pattern.match(key):
            longest, one_line = most, single
            break
    length = units(_MARKUP.sub("", _BRACES.sub("", form)))
    if length > longest:
        yield TextFault("text.long", None, {"length": length, "longest": longest})
    if one_line and "\n" in form:
        yield TextFault("text.lines")
