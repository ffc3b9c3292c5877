"""From people's words to values of the directory's file: «3 дня», «пн–пт 9–18», a title. Pure.

What cannot be read stays as it was written: the kind's own check says then what is allowed.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from core.directory.fields import DAYS, format_span
from core.directory.shapes import Shape, part_shapes
from core.tickets.fields import EMPTY
from core.words.aliases import YES_OR_NO
from core.words.pasted import find_zone
from core.words.typed import OFF as OFF_WORDS
from core.words.typed import read_limit
from core.words.when import leading_day
from core.words.working_hours import read_hours, read_week

Source = tuple[str, ...]
OFF: Final = "off"
_LINES: Final = re.compile(r"[\n;]+")
_ITEMS: Final = re.compile(r"[\n;,]+")
_BLOCKS: Final = re.compile(r"\n\s*\n")
_HOUR: Final = re.compile(r"(\d{1,2})(?:[:.](\d\d))?")
_DASH: Final = re.compile(r"[-–—]")
_MOST_DAYS: Final = 62
_LONGEST_DAYS: Final = 60


@dataclass(frozen=True, slots=True)
class Known:
    """What words are read by. ``labels``: by source, what each choice is called, folded, and its
    value; ``titles``: by table, what its fields are called, folded, and their names.
    """

    today: date
    labels: Mapping[Source, Mapping[str, Any]]
    titles: Mapping[str, Mapping[str, str]]


def read_answer(shape: Shape, words: str, before: Any, known: Known) -> Any:
    """Return the value from now on, where it was ``before``. To a list words add, in a map they
    replace what they name, a dash takes it out.
    """
    reader = _MERGING.get(shape.form)
    return _read(shape, words, known) if reader is None else reader(shape, words, before, known)


def _read(shape: Shape, words: str, known: Known) -> Any:
    said = words.strip()
    labels = known.labels.get(shape.source or (), {})
    if said.casefold() in labels:
        return labels[said.casefold()]
    if shape.off and said.casefold() in OFF_WORDS:
        return OFF
    by_type = _SPOKEN.get(shape.spoken or "") or _READERS.get(shape.form)
    return said if by_type is None else by_type(said, known)


def _number(words: str, _known: Known) -> Any:
    bare = words.replace("−", "-")
    return int(bare) if re.fullmatch(r"-?\d{1,18}", bare, re.ASCII) else words


def _yes_no(words: str, _known: Known) -> Any:
    said = YES_OR_NO.get(words.casefold().rstrip(".!"))
    return words if said is None else said == "yes"


def _zone(words: str, _known: Known) -> Any:
    found = find_zone(words)
    return words if found is None else found.key


def _clock(words: str, _known: Known) -> Any:
    found = _HOUR.fullmatch(words)
    return words if found is None else f"{found[1]}:{found[2] or '00'}"


def _hours(words: str, _known: Known) -> Any:
    hours = read_hours(words)
    return [words] if hours is None else hours


def _day(words: str, known: Known) -> Any:
    found = leading_day(words, known.today)
    return words if found is None or found[1] < len(words) else found[0].isoformat()


def _limit(words: str, _known: Known) -> Any:
    """«10 за минуту», «5 в час»."""
    found = read_limit(words)
    return words if found is None else f"{found[0]}/{format_span(found[1])}"


def _member(words: str, _known: Known) -> Any:
    return int(words) if words.isdecimal() and len(words) < len(str(2**63)) else words


def _language(words: str, _known: Known) -> Any:
    return words.casefold()


_Reader = Callable[[str, Known], Any]
_SPOKEN: Final[dict[str, _Reader]] = {
    "zone": _zone,
    "clock": _clock,
    "hours": _hours,
    "day": _day,
    "limit": _limit,
    "member": _member,
    "language": _language,
}
_READERS: Final[dict[str, _Reader]] = {"number": _number, "yes_no": _yes_no}


# What has several values


def _add_items(shape: Shape, words: str, before: Any, known: Known) -> Any:
    item = shape.item or Shape("text")
    if shape.spoken in _SPOKEN:
        return _read(shape, words, known)
    if item.part is not None:
        return _add_parts(item, words, before or [], known)
    days = item.spoken == "day"
    said = [
        value
        for one in _ITEMS.split(words)
        if one.strip()
        for value in (_days(one.strip(), known) if days else [_read(item, one, known)])
    ]
    return [*(before or []), *(value for value in said if value not in (before or []))]


def _days(words: str, known: Known) -> Sequence[Any]:
    """One day, or all from one to another: «1–8 января», «1.01–8.01»."""
    for dash in _DASH.finditer(words) if len(words) <= _LONGEST_DAYS else ():
        start, after = words[: dash.start()].strip(), words[dash.end() :].strip()
        last = leading_day(after, known.today)
        first = _first_day(start, last and last[0], known)
        if first is None or last is None or last[1] < len(after):
            continue
        end = last[0]
        if end < first:  # over the turn of a year
            end = leading_day(after, first)[0]  # type: ignore[index]
        if 0 <= (end - first).days < _MOST_DAYS:
            return [(first + timedelta(days=n)).isoformat() for n in range((end - first).days + 1)]
    return [_day(words, known)]


def _first_day(words: str, last: date | None, known: Known) -> date | None:
    if last is not None and re.fullmatch(r"\d{1,2}", words, re.ASCII):
        try:
            return last.replace(day=int(words))
        except ValueError:
            return None
    found = leading_day(words, known.today)
    return found[0] if found is not None and found[1] == len(words) else None


def _replace_named(shape: Shape, words: str, before: Any, known: Known) -> Any:
    keys = shape.keys or Shape("text")
    read = _MAPS.get(keys.spoken or "", _pairs)
    said = read(shape, words, known)
    return {name: value for name, value in {**(before or {}), **said}.items() if value is not None}


def _week(_shape: Shape, words: str, _known: Known) -> dict[Any, Any]:
    week = read_week(words)
    if week is None:
        return {DAYS[0]: [words.strip()]}
    return {DAYS[day]: hours or None for day, hours in week.items()}


def _hours_by_day(_shape: Shape, words: str, known: Known) -> dict[Any, Any]:
    said: dict[Any, Any] = {}
    for line in _LINES.split(words):
        found = leading_day(line.strip(), known.today)
        if found is None:
            said[line.strip()] = []
            continue
        rest = line.strip()[found[1] :].strip(" :,–—")
        said[found[0].isoformat()] = None if rest in {"", *EMPTY} else _hours(rest, known)
    return said


def _pairs(shape: Shape, words: str, known: Known) -> dict[Any, Any]:
    said: dict[Any, Any] = {}
    for line in filter(str.strip, _LINES.split(words)):
        name, _, value = line.partition(":" if ":" in line else "=")
        key = _read(shape.keys or Shape("text"), name, known)
        item = shape.item or Shape("text")
        said[key] = None if value.strip() in {"", *EMPTY} else read_answer(item, value, None, known)
    return said


_MAPS: Final[dict[str, Callable[[Shape, str, Known], dict[Any, Any]]]] = {
    "weekday": _week,
    "day": _hours_by_day,
}


def _fill_part(shape: Shape, words: str, before: Any, known: Known) -> Any:
    part = shape.part
    if part is None:
        return words
    shapes, titles = part_shapes(part), known.titles.get(part.name, {})
    table: dict[str, Any] = dict(before or {})
    for line in filter(str.strip, words.split("\n")):
        title, _, value = line.partition(":")
        name = titles.get(title.strip().casefold(), title.strip())
        inner = shapes.get(name, Shape("text"))
        empty = value.strip() in {"", *EMPTY}
        table[name] = None if empty else read_answer(inner, value, None, known)
    return {name: value for name, value in table.items() if value is not None}


def _add_parts(item: Shape, words: str, before: Any, known: Known) -> Any:
    """A table for the same classes as another one changes it."""
    shapes = part_shapes(item.part) if item.part is not None else {}
    choices = [name for name, shape in shapes.items() if shape.form == "choice"]
    tables = [dict(one) for one in before]
    for block in filter(str.strip, _BLOCKS.split(words)):
        said = _fill_part(item, block, None, known)
        same = [all(one.get(name) == said.get(name) for name in choices) for one in tables]
        if any(same):
            at = same.index(True)
            tables[at] = _fill_part(item, block, tables[at], known)
        else:
            tables.append(said)
    return tables


_MERGING: Final[dict[str, Callable[[Shape, str, Any, Known], Any]]] = {
    "list": _add_items,
    "map": _replace_named,
    "part": _fill_part,
}
