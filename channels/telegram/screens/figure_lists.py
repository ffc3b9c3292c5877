"""Buttons below statistics that lead to the tickets behind each number, and those lists (H1)."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from aiogram.filters.callback_data import CallbackData
from pydantic import Field

from channels.telegram.screens.buttons import Button, Keyboard, button, matching, one_of, rows_of
from channels.telegram.screens.screen import Renderer, Screen
from channels.telegram.screens.ticket_list import draw, page_place
from core.reports.measured import Figure
from core.reports.statistics import ALL, Scope, Statistics
from core.texts import Key
from core.tickets.list_lines import Page
from core.words.names import clean_name

# Buttons have little room: a letter for each figure, and for each column that narrows it down.
_LETTERS: Final[Mapping[str, str]] = {
    "opened": "o",
    "ended": "e",
    "first": "a",
    "missed": "m",
    "agreed_missed": "g",
    "reopened": "r",
    "rated": "s",
}
_FIGURES: Final = {letter: name for name, letter in _LETTERS.items()}
_BY: Final = "assignee_id"
_COLUMNS: Final[Mapping[str, str]] = {
    "topic": "t",
    "category": "c",
    "team": "g",
    _BY: "a",
    "camera": "m",
    "reason": "r",
}
_NAMES: Final = {letter: name for name, letter in _COLUMNS.items()}
_LABEL: Final = 28
_LAST_DAY: Final = date.max.toordinal()
Day = Annotated[int, Field(ge=1, le=_LAST_DAY)]
Span = Annotated[int, Field(ge=1, le=99_999)]


class FigurePage(CallbackData, prefix="sl"):
    """A page of the tickets behind a number: ``since`` and so many ``days``. The way ``=`` is the
    first page in the place of another one.
    """

    figure: Annotated[str, one_of(_FIGURES)]
    since: Day
    days: Span
    scope: Annotated[str, matching("[A-Za-z0-9_.-]{0,25}")] = ""
    way: Annotated[str, matching("[+=-]")] = "+"
    cursor: Annotated[str, matching("[0-9]{0,12}")] = ""
    place: Annotated[int, Field(ge=1, le=999)] = 1

    @property
    def asked(self) -> Figure:
        """What it asks for."""
        since, until = _period_of(self.since, self.days)
        column = _NAMES.get(self.scope[:1], "")
        value: Any = self.scope[1:]
        if column == _BY:
            value = int(value) if value.isdecimal() else 0
        part = Scope(column, value) if column else ALL
        name = _FIGURES[self.figure]
        if column == _BY:  # of a rating: who resolved it
            return Figure(name, since, until, scope=part)
        return Figure(name, since, until, part=part)


class FigureMenu(CallbackData, prefix="sm"):
    """The numbers of a period by subject and by people."""

    since: Day
    days: Span

    @property
    def period(self) -> tuple[date, date]:
        """Its first and last day."""
        return _period_of(self.since, self.days)


def _period_of(since: int, days: int) -> tuple[date, date]:
    return date.fromordinal(since), date.fromordinal(min(since + days - 1, _LAST_DAY))


def figure_buttons(renderer: Renderer, found: Statistics) -> Iterator[Button]:
    """A button for each number that has tickets behind it."""
    first = 0 if found.first is None else found.first.n
    counts = {"opened": found.opened, "ended": found.ended, "first": first}
    counts |= {name: getattr(found, name) for name in ("missed", "agreed_missed", "reopened")}
    counts["rated"] = found.ratings.rated
    for figure, n in counts.items():
        if n:
            yield from _button(renderer.plain(f"stats.button.{figure}", n=n), found, figure)
    if not found.scope.column and (found.topics or found.operators):
        days = (found.until - found.since).days + 1
        data = FigureMenu(since=found.since.toordinal(), days=days)
        yield button(renderer.plain("stats.button.parts"), data)


def draw_menu(renderer: Renderer, found: Statistics) -> Screen:
    """The numbers by topic, category, camera, closing reason and operator, each a button."""
    rows: list[Button] = []
    for column, shares in (("topic", found.topics), ("category", found.categories)):
        for one in shares:
            if one.code:
                label = _named(renderer, one.title, one.n)
                rows += _button(label, found, "opened", Scope(column, one.code))
    for camera in found.cameras:
        label = _named(renderer, camera.code or camera.title, camera.n)
        rows += _button(label, found, "opened", Scope("camera", camera.code))
    for reason in found.reasons:
        if reason.code:
            label = _named(renderer, reason.title, reason.n)
            rows += _button(label, found, "ended", Scope("reason", reason.code))
    for load in found.operators:
        if load.ended:
            label = _named(renderer, load.name, load.ended)
            rows += _button(label, found, "ended", Scope(_BY, load.person_id))
    text = renderer.html("stats.parts", period=_period(renderer, found.since, found.until))
    return Screen(text, rows_of(rows))


def draw_page(renderer: Renderer, data: FigurePage, page: Page, zone: ZoneInfo) -> Screen:
    """A page of the tickets, and the buttons that turn it."""
    asked = data.asked
    period = _period(renderer, asked.since, asked.until)
    title = renderer.plain(f"stats.list.{asked.name}", period=period)
    screen = draw(renderer, replace(page, title=title), zone)
    return Screen(screen.html, _turns(data, page))


def _named(renderer: Renderer, title: str, n: int) -> str:
    return renderer.plain("stats.button.part", title=clean_name(title, _LABEL), n=n)


def _button(
    label: str, found: Statistics, figure: str, scope: Scope | None = None
) -> Iterator[Button]:
    """None where a company's code is so long that it does not fit."""
    scope = scope or found.scope
    narrowed = f"{_COLUMNS[scope.column]}{scope.value}" if scope.column else ""
    try:
        data = FigurePage(
            figure=_LETTERS[figure],
            since=found.since.toordinal(),
            days=(found.until - found.since).days + 1,
            scope=narrowed,
        )
        yield button(label, data)
    except ValueError:
        return


def _turns(data: FigurePage, page: Page) -> Keyboard | None:
    row = [
        button(sign, data.model_copy(update={"way": way, "cursor": cursor, "place": place}))
        for sign, way, cursor, place in (
            ("‹", "-", page.before, max(data.place - 1, 1)),
            ("›", "+", page.after, min(data.place + 1, 999)),
        )
        if cursor is not None
    ]
    if not row:
        return None
    first = data.model_copy(update={"way": "=", "cursor": "", "place": 1})
    here = button(page_place(replace(page, place=data.place)), first)
    row.insert(1 if page.before is not None else 0, here)
    return Keyboard(inline_keyboard=[row])


def _period(renderer: Renderer, since: date, until: date) -> Key:
    noon = time(12)
    days = {
        name: datetime.combine(day, noon, renderer.zone)
        for name, day in (("since", since), ("until", until))
    }
    return Key("stats.period" if until - since >= timedelta(days=1) else "stats.day", days)
