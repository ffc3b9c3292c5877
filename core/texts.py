"""Texts by key: gettext catalogues, filled with facts and escaped here."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final
from zoneinfo import ZoneInfo

from core.catalogue_files import BadCatalogue, read_catalogue
from core.words.formatters import SPECS, Escape, Formatters, Reader, find_formatter

_SLOT: Final = re.compile(r"\{([a-z_][a-z0-9_]*)(?::([a-z_]+))?\}")
_SPEC: Final = re.compile(r"\{[a-z_][a-z0-9_]*:([a-z_]+)\}")
_COUNT: Final = "n"
_FOLDER: Final = Path(__file__).resolve().parent.parent / "locales"
_NO_FACTS: Final[Mapping[str, Any]] = MappingProxyType({})


class TextError(LookupError):
    """A text cannot be made."""


class MissingText(TextError):
    """No catalogue has a text with this `key`."""

    def __init__(self, key: str) -> None:
        super().__init__(f"no text {key!r}")
        self.key = key


class MissingFact(TextError):
    """The text `key` needs the fact `name`, which is absent or of an unfit kind."""

    def __init__(self, key: str, name: str) -> None:
        super().__init__(f"text {key!r}: no fact {name!r} that fits")
        self.key = key
        self.name = name


@dataclass(frozen=True, slots=True)
class Key:
    """A fact that is a text itself, in the same language: `Key("topic.camera")`."""

    key: str
    facts: Mapping[str, Any] = field(default_factory=dict)


def pack(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Turn facts into what JSON can hold, times and spans tagged; `unpack` undoes it.

    Raises TypeError for a fact of another kind, ValueError for a time without a zone.
    """
    return {name: _pack(fact) for name, fact in facts.items()}


def unpack(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Turn what `pack` made back into facts; packed or not, `Texts.say` takes either."""
    return {name: _unpack(fact) for name, fact in facts.items()}


def _pack(fact: Any) -> Any:
    match fact:
        case datetime():
            if fact.tzinfo is None:
                raise ValueError(f"a time without a zone: {fact}")
            return {"$time": fact.astimezone(UTC).isoformat()}
        case timedelta():
            return {"$span": fact.total_seconds()}
        case Key():
            return {"$key": fact.key, "facts": pack(fact.facts)}
        case None | str() | int() | float():
            return fact
        case list() | tuple():
            return [_pack(item) for item in fact]
        case Mapping():
            return {name: _pack(item) for name, item in fact.items()}
    raise TypeError(f"a fact of no known kind: {fact!r}")


def _unpack(fact: Any) -> Any:
    match fact:
        case {"$time": str(iso)}:
            return datetime.fromisoformat(iso)
        case {"$span": int(seconds) | float(seconds)}:
            return timedelta(seconds=seconds)
        case {"$key": str(key)}:
            return Key(key, unpack(fact.get("facts", {})))
        case list():
            return [_unpack(item) for item in fact]
        case dict():
            return unpack(fact)
    return fact


@dataclass(frozen=True, slots=True)
class _Slot:
    name: str
    formatters: Formatters


_Template = tuple[str | _Slot, ...]
Forms = Sequence[str]
"""A text as it is written: one form, or one for each plural of its language."""


@dataclass(frozen=True, slots=True)
class _Catalogue:
    locale: str
    plural: Callable[[int], int]
    texts: dict[str, Forms]


class Texts:
    """All catalogues of the desk, parsed, and what the company says instead of them.

    ``former``: words that stood on a button before, and the button's key; whoever still has that
    button presses it.
    """

    def __init__(self, catalogues: Mapping[str, _Catalogue], default: str) -> None:
        if default not in catalogues:
            raise BadCatalogue(f"no catalogue of the default language {default!r}")
        self._shipped = catalogues
        self._catalogues = catalogues
        self._default = catalogues[default]
        self.former: Mapping[str, str] = {}
        self._watchers: list[Callable[[], None]] = []

    @classmethod
    def load(cls, folder: Path, default: str = "ru") -> "Texts":
        """Read every `folder/<locale>/LC_MESSAGES/*.po`: a catalogue for each audience.

        Any other locale gets the texts of `default`. Raises `BadCatalogue`.
        """
        found: dict[str, _Catalogue] = {}
        for path in sorted(folder.glob("*/LC_MESSAGES/*.po")):
            found[path.parts[-3]] = _merged(found.get(path.parts[-3]), _read(path), path)
        return cls(found, default)

    @property
    def locales(self) -> tuple[str, ...]:
        """Return the locales that have a catalogue, in alphabetical order."""
        return tuple(self._catalogues)

    def keys(self, locale: str) -> frozenset[str]:
        """Return the keys of this very catalogue."""
        return frozenset(self._catalogues[locale].texts)

    def shipped(self, locale: str, key: str) -> Forms:
        """Return the text as this very catalogue has it, whatever the company says instead."""
        return list(self._shipped[locale].texts[key])

    def written(self, locale: str, key: str) -> Forms:
        """Return the text as it is written now, with its slots."""
        return list(self._catalogues[locale].texts[key])

    def override(
        self, own: Mapping[str, Mapping[str, Forms]], former: Mapping[str, str] | None = None
    ) -> None:
        """Say these instead of the catalogues' from now on: by locale and key. What was said
        instead before is dropped. They must have been checked (`core.text_faults`).
        """
        self._catalogues = {
            locale: replace(shipped, texts=shipped.texts | _fit(own.get(locale, {}), locale))
            for locale, shipped in self._shipped.items()
        }
        self._default = self._catalogues[self._default.locale]
        self.former = dict(former or {})
        for renew in self._watchers:
            renew()

    def watch(self, renew: Callable[[], None]) -> None:
        """Call ``renew`` whenever other texts are said from then on."""
        self._watchers.append(renew)

    def slots(self, locale: str, key: str) -> frozenset[str]:
        """Return the names of the facts that a text of this very catalogue needs."""
        forms = self._catalogues[locale].texts[key]
        return frozenset(
            piece.name for form in forms for piece in _template(form) if isinstance(piece, _Slot)
        )

    def say(
        self,
        locale: str,
        key: str,
        facts: Mapping[str, Any] | None = None,
        *,
        now: datetime,
        zone: ZoneInfo,
        escape: Escape | None = None,
    ) -> str:
        """Return the text `key` with its facts; each filled-in fact passes through `escape`.

        `now` is aware, and `zone` the reader's. A text the locale lacks comes from the default one.
        Raises `MissingText` and `MissingFact`.
        """
        catalogue = self._catalogues.get(locale) or self._nearest(locale)
        return self._say(key, facts or _NO_FACTS, Reader(catalogue.locale, now, zone, escape))

    def _nearest(self, locale: str) -> _Catalogue:
        base = re.split("[-_]", locale, maxsplit=1)[0].lower()
        return self._catalogues.get(base, self._default)

    def _say(self, key: str, facts: Mapping[str, Any], reader: Reader) -> str:
        catalogue = self._catalogues[reader.locale]
        forms = catalogue.texts.get(key)
        if forms is None:
            if catalogue is self._default:
                raise MissingText(key)
            return self._say(key, facts, replace(reader, locale=self._default.locale))
        form = forms[0] if len(forms) == 1 else _form(catalogue, key, facts)
        return "".join(
            piece if isinstance(piece, str) else self._fill(key, piece, facts, reader)
            for piece in _template(form)
        )

    def _fill(self, key: str, slot: _Slot, facts: Mapping[str, Any], reader: Reader) -> str:
        fact = _unpack(facts.get(slot.name))
        if isinstance(fact, Key):
            # a Key's own facts are escaped when they are filled in; its text needs no escaping
            return self._say(fact.key, fact.facts, reader)
        formatter = find_formatter(slot.formatters, fact)
        if formatter is None:
            raise MissingFact(key, slot.name)
        said = formatter(fact, reader)
        return reader.escape(said) if reader.escape else said


def _form(catalogue: _Catalogue, key: str, facts: Mapping[str, Any]) -> str:
    count = facts.get(_COUNT)
    if not isinstance(count, int):
        raise MissingFact(key, _COUNT)
    return catalogue.texts[key][catalogue.plural(abs(count))]


# Reading catalogues


@cache
def shipped_texts() -> Texts:
    """Return the texts as they come with the desk, read once: what a company's own must fit."""
    return Texts.load(_FOLDER)


def _read(path: Path) -> _Catalogue:
    file = read_catalogue(path)
    uneven = [key for key, forms in file.forms.items() if len(forms) not in {1, file.plurals}]
    if uneven:
        raise BadCatalogue(f"{path}: {uneven[0]} must have {file.plurals} plural forms")
    return _Catalogue(path.parts[-3], file.plural, _fit(file.forms, str(path)))


def _fit(texts: Mapping[str, Forms], where: str) -> dict[str, Forms]:
    """Return the texts. Raises `BadCatalogue` if one asks for a formatter that there is not; what
    else a template is made of is found out when it is said for the first time.
    """
    asked = {
        spec
        for forms in texts.values()
        for form in forms
        if ":" in form
        for spec in _SPEC.findall(form)
    }
    for key, forms in texts.items() if asked - SPECS.keys() else ():
        for spec in _SPEC.findall(" ".join(forms)):
            if spec not in SPECS:
                raise BadCatalogue(f"{where}: {key} asks for an unknown formatter {spec!r}")
    return dict(texts)


def _merged(one: _Catalogue | None, other: _Catalogue, path: Path) -> _Catalogue:
    """Merge two catalogues of a locale. Raises if both have a key."""
    if one is None:
        return other
    twice = sorted(one.texts.keys() & other.texts.keys())
    if twice:
        raise BadCatalogue(f"{path}: {twice[0]} stands in another catalogue too")
    return _Catalogue(one.locale, one.plural, one.texts | other.texts)


@cache
def _template(form: str) -> _Template:
    pieces: list[str | _Slot] = []
    end = 0
    for slot in _SLOT.finditer(form):
        name, spec = slot.group(1), slot.group(2) or ""
        pieces += [form[end : slot.start()], _Slot(name, SPECS[spec])]
        end = slot.end()
    pieces.append(form[end:])
    return tuple(filter(None, pieces))
