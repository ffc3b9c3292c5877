"""What is in an entry of the directory, in words: fields, values, choices, weeks (X12).

A field without a name here is called as the file's comments describe it; a value without a word
stays as it is: another kind has its screens from its class.
"""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time
from typing import Any, Final

from channels.telegram.screens.screen import Renderer, clipped
from core.contacts.erased_senders import ERASED, SENDERS
from core.directory.entry_choices import Choice, Choices
from core.directory.fields import DAYS
from core.directory.shapes import AskedField, Shape, part_shapes
from core.directory.spoken import OFF, Known
from core.texts import MissingText
from core.words.names import clean_name
from core.words.when import NotATime, parse_span

NAME: Final = 40
_VALUE: Final = 400
# So many days that follow each other are named one by one.
_FEW: Final = 2
_NOON: Final = time(12)


def say_first(renderer: Renderer, *keys: str) -> str | None:
    """Return the first of these texts that there is, without markup."""
    for key in keys:
        try:
            return renderer.plain(key)
        except MissingText:
            continue
    return None


def is_nothing(value: Any) -> bool:
    """Whether nothing stands there."""
    return value is None or (isinstance(value, str | list | dict) and not value)


def name_of(renderer: Renderer, part: str, name: str) -> str:
    """Return what a field is called, on a button and in a line."""
    said = say_first(renderer, f"entry_field.{part}.{name}", f"entry_field.{name}")
    if said is None:
        said = say_first(renderer, f"directory_file.{part}.{name}") or name
    return clean_name(said, NAME)


def field_name(renderer: Renderer, asked: AskedField) -> str:
    """Return what a value is called, with its language where it has one."""
    name = name_of(renderer, asked.part.name, asked.name)
    if asked.language is None:
        return name
    language = say_first(renderer, f"entry_language.{asked.language}") or asked.language
    return renderer.plain("entry.by_language", name=name, language=language)


def choice_word(renderer: Renderer, field: str, one: Choice) -> str:
    """Return what a choice is called."""
    if one.title is not None and one.title != one.value:
        return clean_name(one.title, NAME)
    return _word(renderer, field, one.value)


def sender_word(renderer: Renderer, entry: str) -> str:
    """Return what an entry of the mail's blacklist is called: of who was erased a digest is left
    (S31), which tells nobody anything.
    """
    return renderer.plain("entry.erased_sender") if entry.startswith(ERASED) else entry


def _word(renderer: Renderer, field: str, value: Any) -> str:
    if field == SENDERS:
        return clean_name(sender_word(renderer, str(value)), NAME)
    said = say_first(renderer, f"entry_value.{field}.{value}", f"entry_value.{value}")
    return clean_name(str(value), NAME) if said is None else said


def say_value(renderer: Renderer, asked: AskedField, value: Any, choices: Choices) -> str:
    """Return a value of the file in words, in one line or several, cut where it is long."""
    return clipped(_Saying(renderer, choices, asked.name).say(asked.shape, value), _VALUE)


class _Saying:
    """Says values of one field. ``choices``: what the entries and words in them are called."""

    def __init__(self, renderer: Renderer, choices: Choices, field: str) -> None:
        self.renderer = renderer
        self.field = field
        self.choices = choices

    def say(self, shape: Shape, value: Any) -> str:
        """The value in words."""
        if is_nothing(value):
            return self.renderer.plain("entry.nothing")
        if value == OFF and shape.off:
            return self.renderer.plain("entry.is_off")
        by_name = _BY_SPOKEN.get(shape.spoken or "") or _BY_FORM.get(shape.form)
        try:
            said = None if by_name is None else by_name(self, shape, value)
        except (ValueError, TypeError, AttributeError):
            said = None  # what could not be written today is shown as it is
        if said is None and self.field == SENDERS:
            return sender_word(self.renderer, str(value))
        return str(value) if said is None else said

    def chosen(self, shape: Shape, value: Any) -> str:
        """What a choice is called."""
        known = self.choices.get(shape.source or (), ())
        one = next((one for one in known if one.value == value), Choice(value))
        said = choice_word(self.renderer, self.field, one)
        off = not one.offered and not one.by_menu
        return self.renderer.plain("entry.off_value", value=said) if off else said

    def yes_no(self, _shape: Shape, value: Any) -> str:
        """Yes or no."""
        return self.renderer.plain("entry.yes" if value else "entry.no")

    def span(self, shape: Shape, value: Any) -> str | None:
        """A length of time; working time in hours."""
        try:
            span = parse_span(str(value))
        except NotATime:
            return None
        return self.renderer.plain("entry.hours" if shape.working else "entry.span", span=span)

    def limit(self, _shape: Shape, value: Any) -> str:
        """«10 за 1 мин»."""
        count, _, span = str(value).partition("/")
        return self.renderer.plain("entry.limit", n=int(count), span=parse_span(span))

    def listed(self, shape: Shape, values: Any) -> str:
        """All values of a list."""
        item = shape.item or Shape("text")
        if item.spoken == "day":
            return ", ".join(self._day_runs(item, values))
        said = [self.say(item, one) for one in values]
        return ("\n" if item.part is not None else ", ").join(said)

    def _day_runs(self, item: Shape, values: Sequence[str]) -> Iterator[str]:
        """Days that follow each other as «1 января – 8 января»."""
        days = sorted(map(date.fromisoformat, values))
        numbered = [(day.toordinal() - at, day) for at, day in enumerate(days)]
        for _, run in itertools.groupby(numbered, key=lambda pair: pair[0]):
            said = [self.say(item, day.isoformat()) for _, day in run]
            together = len(said) > _FEW
            yield from [f"{said[0]} – {said[-1]}"] if together else said

    def mapped(self, shape: Shape, values: Any) -> str:
        """A line for each pair; a week with its days together."""
        keys, item = shape.keys or Shape("text"), shape.item or Shape("text")
        if keys.spoken == "weekday":
            return "; ".join(self._week(item, values))
        pairs = [(self.say(keys, key), self.say(item, value)) for key, value in values.items()]
        return "\n".join(self.renderer.plain("entry.pair", name=a, value=b) for a, b in pairs)

    def _week(self, item: Shape, week: Mapping[str, Any]) -> Iterator[str]:
        days = [(day, week[day]) for day in DAYS if week.get(day)]
        for hours, group in itertools.groupby(days, key=lambda pair: pair[1]):
            names = [day for day, _ in group]
            yield f"{', '.join(self._runs(names))} {self.say(item, hours)}"

    def _runs(self, names: Sequence[str]) -> Iterator[str]:
        """Days that follow each other as «пн–пт»."""
        numbers = [DAYS.index(name) for name in names]
        for _, run in itertools.groupby(enumerate(numbers), key=lambda pair: pair[1] - pair[0]):
            days = [_word(self.renderer, "days", DAYS[number]) for _, number in run]
            yield days[0] if len(days) == 1 else f"{days[0]}–{days[-1]}"

    def hours(self, _shape: Shape, value: Any) -> str:
        """«9:00–13:00, 14:00–18:00»."""
        return ", ".join(one.replace("-", "–") for one in value)

    def day(self, _shape: Shape, value: Any) -> str:
        """«8 марта»."""
        noon = datetime.combine(date.fromisoformat(value), _NOON, self.renderer.zone)
        return self.renderer.plain("entry.day", day=noon.astimezone(UTC))

    def table(self, shape: Shape, value: Any) -> str:
        """«Срочность: высокая; Реакция: 2 ч»."""
        if shape.part is None:
            return str(value)
        return "; ".join(
            self.renderer.plain("entry.pair", name=name, value=said)
            for name, said in self.pairs(shape, value)
        )

    def pairs(self, shape: Shape, value: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        """The fields of a table that are said, with their values."""
        part = shape.part
        shapes = {} if part is None else part_shapes(part)
        for name, inner in shapes.items():
            if part is not None and value.get(name) is not None:
                said = _Saying(self.renderer, self.choices, name).say(inner, value[name])
                yield name_of(self.renderer, part.name, name), said


_Say = Callable[[_Saying, Shape, Any], str | None]
_BY_SPOKEN: Final[dict[str, _Say]] = {
    "hours": _Saying.hours,
    "limit": _Saying.limit,
    "day": _Saying.day,
    "weekday": _Saying.chosen,
    "member": _Saying.chosen,
    "state": _Saying.chosen,
    "target": _Saying.chosen,
    "language": _Saying.chosen,
}
_BY_FORM: Final[dict[str, _Say]] = {
    "choice": _Saying.chosen,
    "yes_no": _Saying.yes_no,
    "span": _Saying.span,
    "list": _Saying.listed,
    "map": _Saying.mapped,
    "part": _Saying.table,
}


def template_of(renderer: Renderer, shape: Shape, value: Any, choices: Choices) -> str | None:
    """Return a table's fields as lines to copy, fill and send back; None for what is no table."""
    item = shape if shape.form == "part" else shape.item
    if item is None or item.part is None:
        return None
    saying = _Saying(renderer, choices, "")
    first = value[-1] if isinstance(value, list) and value else value or {}
    said = dict(saying.pairs(item, first))
    names = [name_of(renderer, item.part.name, name) for name in part_shapes(item.part)]
    return "\n".join(f"{name}: {said.get(name, '–')}" for name in names)


def known_of(renderer: Renderer, asked: AskedField, choices: Choices, today: date) -> Known:
    """Return what an admin's words are read by: what is on the buttons, and the fields' names."""
    labels = {
        source: {
            word.casefold(): one.value
            for one in found
            for word in (str(one.value), choice_word(renderer, _field_for(asked, source), one))
        }
        for source, found in choices.items()
    }
    parts = [shape.part for shape in asked.shape.inner() if shape.part is not None]
    titles = {
        part.name: {
            name_of(renderer, part.name, name).casefold(): name for name in part.model_fields
        }
        for part in parts
    }
    return Known(today, labels, titles)


def _field_for(asked: AskedField, source: tuple[str, ...]) -> str:
    """The field whose words these are: of a table it is the one inside."""
    for shape in asked.shape.inner():
        for name, inner in ({} if shape.part is None else part_shapes(shape.part)).items():
            if source in {one.source for one in inner.inner()}:
                return name
    return asked.name
