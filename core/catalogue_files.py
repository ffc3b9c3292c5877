"""Reads gettext's catalogues (``*.po``): what stands under each key, and the rule of plurals.

The desk reads fifty at each start, and Babel takes a tenth of a second of CPU for it: what is
written as our own are is read here, and whatever else gettext allows is left to Babel.
"""

import gettext
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

Forms = tuple[str, ...]

_LINES: Final = r'(?:"[^"\\\n]*(?:\\.[^"\\\n]*)*"\n)+'
_FORM: Final = re.compile(rf"msgstr\[(\d)\] ({_LINES})")
# An entry with what stands above it; marks (fuzzy), contexts and what is out of use are Babel's.
_ENTRY: Final = re.compile(
    rf"(?:#(?![,|~]).*\n|\n)*msgid ({_LINES})"
    rf"(?:msgstr ({_LINES})|msgid_plural {_LINES}((?:msgstr\[\d\] {_LINES})+))\n*"
)
_PLURALS: Final = re.compile(r"^Plural-Forms: *nplurals=(\d+); *plural=(.+?);?$", re.MULTILINE)
_ESCAPED: Final = re.compile(r"\\(.)")
_ESCAPES: Final = {"n": "\n", "t": "\t", "r": "\r"}


class BadCatalogue(ValueError):
    """A catalogue is absent, or cannot be used as it is."""


class _NotPlain(Exception):
    """It is not written as our own are."""


@dataclass(frozen=True, slots=True)
class CatalogueFile:
    """One file: the forms of each key, how many a plural has, and which one is for a count."""

    forms: Mapping[str, Forms]
    plurals: int
    plural: Callable[[int], int]


def read_catalogue(path: Path) -> CatalogueFile:
    """Read a file. Entries that are fuzzy or not fully translated count as absent.

    Raises :class:`BadCatalogue`.
    """
    try:
        return _read(path.read_text("utf-8"))
    except (_NotPlain, UnicodeDecodeError):
        return _read_by_babel(path)


def _read(text: str) -> CatalogueFile:
    entries = list(_entries(text))
    forms = dict(entries)
    header = _PLURALS.search(forms.pop("", ("",))[0])
    if header is None or len(forms) + 1 < len(entries):  # a key stands there twice
        raise _NotPlain
    plurals = int(header[1])
    if any(len(each) not in {1, plurals} for each in forms.values()):
        raise _NotPlain
    return CatalogueFile(_whole(forms), plurals, _rule(header[2]))


@cache
def _rule(written: str) -> Callable[[int], int]:
    try:
        return gettext.c2py(written)
    except ValueError:
        raise _NotPlain from None


def _entries(text: str) -> Iterator[tuple[str, Forms]]:
    end = 0
    while end < len(text):
        entry = _ENTRY.match(text, end)
        if entry is None:
            raise _NotPlain
        yield _words(entry[1]), (_words(entry[2]),) if entry[2] else _plural_forms(entry[3])
        end = entry.end()


def _plural_forms(lines: str) -> Forms:
    numbered = _FORM.findall(lines)
    if [int(number) for number, _ in numbered] != list(range(len(numbered))):
        raise _NotPlain
    return tuple(_words(form) for _, form in numbered)


def _words(lines: str) -> str:
    """What stands between the quotes."""
    words = lines[1:-2].replace('"\n"', "")
    if "\\" not in words:
        return words
    return _ESCAPED.sub(lambda found: _ESCAPES.get(found[1], found[1]), words)


def _whole(forms: Mapping[str, Forms]) -> dict[str, Forms]:
    return {key: each for key, each in forms.items() if all(each)}


def _read_by_babel(path: Path) -> CatalogueFile:
    from babel.messages.pofile import PoFileError, read_po

    try:
        with path.open("rb") as file:
            catalogue = read_po(file, locale=path.parts[-3], abort_invalid=True)
        plural = gettext.c2py(catalogue.plural_expr)
    except (PoFileError, ValueError) as broken:
        raise BadCatalogue(f"{path}: {broken}") from broken
    forms = {_key(message.id): _forms(message.string) for message in catalogue if not message.fuzzy}
    forms.pop("", None)
    return CatalogueFile(_whole(forms), catalogue.num_plurals, plural)


def _key(written: Any) -> str:
    return str(written if isinstance(written, str) else written[0])


def _forms(written: Any) -> Forms:
    return (written,) if isinstance(written, str) else tuple(written)
