"""How the board of statistics looks: the figures of ``/stats``, each a way to its tickets (H1)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from html import escape
from typing import Any, Final
from urllib.parse import urlencode

from channels.telegram.screens import statistics as lines
from channels.telegram.screens.screen import Renderer
from core.reports.measured import Figure
from core.reports.statistics import ALL, Day, Scope, Share, Statistics
from core.tickets.list_lines import COUNTED, Page
from core.words.names import clean_name
from handlers.http.app.pages import draw_lines, draw_turns
from handlers.http.app.shell import SELDOM, live_section

BOARD: Final = "/app/stats"
TICKETS: Final = f"{BOARD}/tickets"
"""The tickets that a figure counts."""
PERIODS: Final = ("today", "week", "month", "year")
CHOSEN: Final = "days"
"""The period of days that somebody chose."""


@dataclass(frozen=True, slots=True)
class BoardQuery:
    """Which statistics were asked for: a named ``period`` or its days, and whose."""

    period: str
    since: date
    until: date
    scope: Scope = ALL

    def path(self, period: str | None = None, **more: str) -> str:
        """The path of this board, or of the same one of another period."""
        return _path(BOARD, self._given(period) | more)

    def picture(self, **more: str) -> str:
        """The path of its picture, which names its days: it is the same tomorrow."""
        return _path(f"{BOARD}/picture.svg", self._days() | self._scope() | more)

    def tickets(self, name: str, part: Scope = ALL, day: date | None = None) -> str:
        """The path of the tickets that a figure counts; of a ``day``: of that day alone."""
        given = self._days() if day is None else {"since": f"{day}", "until": f"{day}"}
        divided = {"part": scope_code(part)} if part.column else {}
        return _path(TICKETS, {"figure": name} | given | self._scope() | divided)

    def _given(self, period: str | None) -> dict[str, str]:
        named = period or self.period
        return ({"period": named} if named != CHOSEN else self._days()) | self._scope()

    def _days(self) -> dict[str, str]:
        return {"since": f"{self.since}", "until": f"{self.until}"}

    def _scope(self) -> dict[str, str]:
        return {"scope": scope_code(self.scope)} if self.scope.column else {}


def scope_code(scope: Scope) -> str:
    """Return what a form says for it."""
    return f"{scope.column}:{'' if scope.value is None else scope.value}"


def _path(base: str, given: Mapping[str, str]) -> str:
    return f"{base}?{urlencode(given)}" if given else base


@dataclass(frozen=True, slots=True)
class Board:
    """All that it shows. ``overdue``: of the tickets asked for; ``picture``: what is drawn, in
    short: another picture has another.
    """

    asked: BoardQuery
    found: Statistics
    overdue: int
    scopes: Sequence[Scope]
    picture: str
    fault: str = ""


def draw_board(renderer: Renderer, board: Board) -> str:
    """The whole page; what changes by itself is one part of it."""
    say, asked = renderer.html, board.asked
    fault = f'<p class="bad" role="alert">{board.fault}</p>' if board.fault else ""
    behind = f'<p class="empty">{say("stats.behind")}</p>' if board.found.behind else ""
    return (
        f"<h1>{say('board.title')}</h1>{_periods(renderer, asked)}{_filter(renderer, board)}{fault}"
        f"{live_section('board', asked.path(), stream=SELDOM)}"
        f'<p class="period">{lines.title_of(renderer, board.found)}</p>{behind}'
        f"{_counts(renderer, board)}{_picture(renderer, board)}"
        f"{_sentences(renderer, board)}{_parts(renderer, board)}{_days(renderer, board)}</section>"
    )


def _periods(renderer: Renderer, asked: BoardQuery) -> str:
    here = ' aria-current="page"'
    links = "".join(
        f'<a href="{escape(asked.path(period))}"{here if period == asked.period else ""}>'
        f"{renderer.html(f'board.period.{period}')}</a>"
        for period in PERIODS
    )
    return f'<nav class="lists" aria-label="{renderer.html("board.periods")}">{links}</nav>'


def _filter(renderer: Renderer, board: Board) -> str:
    say, asked = renderer.html, board.asked
    return (
        f'<form class="filter" action="{BOARD}">'
        f"<label>{say('board.since')}"
        f'<input type="date" name="since" value="{asked.since}" required></label>'
        f"<label>{say('board.until')}"
        f'<input type="date" name="until" value="{asked.until}" required></label>'
        f'<label>{say("board.whose")}<select name="scope"><option value="">{say("board.all")}'
        f"</option>{''.join(_choices(renderer, board))}</select></label>"
        f"<button>{say('board.show')}</button></form>"
    )


def _choices(renderer: Renderer, board: Board) -> Iterator[str]:
    chosen = scope_code(board.asked.scope)
    for column in ("topic", "team", "assignee_id"):
        options = "".join(
            f'<option value="{escape(scope_code(one))}"'
            f"{' selected' if scope_code(one) == chosen else ''}>"
            f"{escape(clean_name(one.title))}</option>"
            for one in board.scopes
            if one.column == column
        )
        if options:
            label = renderer.html(f"board.by.{column}")
            yield f'<optgroup label="{label}">{options}</optgroup>'


def _counts(renderer: Renderer, board: Board) -> str:
    found = board.found
    numbers = {
        "opened": found.opened,
        "ended": found.ended,
        "open": found.open,
        "overdue": board.overdue,
    }
    tiles = "".join(
        f'<a href="{escape(board.asked.tickets(name))}"><b>{_number(renderer, number)}</b>'
        f"<span>{renderer.html(f'board.figure.{name}')}</span></a>"
        for name, number in numbers.items()
    )
    return f'<div class="figures">{tiles}</div>'


def _number(renderer: Renderer, number: int) -> str:
    return renderer.html("board.number", n=number)


def _picture(renderer: Renderer, board: Board) -> str:
    """Light and dark, wide and narrow: a browser asks for the one that it shows."""
    words = renderer.html("board.picture")
    shown = ""
    for theme in ("light", "dark"):
        wide, narrow = (
            escape(board.asked.picture(theme=theme, layout=layout, v=board.picture))
            for layout in ("wide", "narrow")
        )
        shown += (
            f'<picture class="{theme}"><source media="(max-width: 46rem)" srcset="{narrow}">'
            f'<img src="{wide}" alt="{words}" loading="lazy"></picture>'
        )
    return f'<div class="picture">{shown}</div>'


def _sentences(renderer: Renderer, board: Board) -> str:
    """The sentences of ``/stats``, each a way to the tickets that it is about."""
    found = board.found
    told = [
        *_linked(board, zip(("first", "resolution"), lines.spans_of(renderer, found), strict=True)),
        *_kept(renderer, board),
        *_rest(renderer, board),
    ]
    items = "".join(f"<li>{one}</li>" for one in told).replace(" %", "\N{NO-BREAK SPACE}%")
    return f'<ul class="sentences">{items}</ul>' if told else ""


def _linked(board: Board, told: Any) -> Iterator[str]:
    for name, words in told:
        if words:
            yield f'<a href="{escape(board.asked.tickets(name))}">{words}</a>'


def _kept(renderer: Renderer, board: Board) -> Iterator[str]:
    found = board.found
    for name, kept, missed in (
        ("", found.kept, found.missed),
        ("agreed_", found.agreed_kept, found.agreed_missed),
    ):
        words = lines.kept_of(renderer, "agreed" if name else "kept", kept, missed)
        if not words:
            continue
        late = renderer.html("board.missed", n=missed)
        missed_path = escape(board.asked.tickets(f"{name}missed"))
        also = f' · <a href="{missed_path}">{late}</a>' if missed else ""
        yield f'<a href="{escape(board.asked.tickets(f"{name}kept"))}">{words}</a>{also}'


def _rest(renderer: Renderer, board: Board) -> Iterator[str]:
    found = board.found
    if found.solved:
        words = renderer.html("stats.reopened", reopened=found.reopened, of=found.solved)
        yield from _linked(board, [("reopened" if found.reopened else "solved", words)])
    for words in lines.ratings_of(renderer, found.ratings):
        yield from _linked(board, [("rated" if found.ratings.rated else "asked", words)])
    shares = lines.delay_of(found)
    if shares:
        parts = (
            (name, renderer.html(f"board.{name}", share=share)) for name, share in shares.items()
        )
        yield f"{renderer.html('board.delay')} {', '.join(_linked(board, parts))}"


def _parts(renderer: Renderer, board: Board) -> str:
    found = board.found
    tables = [
        _shares(renderer, board, "topic", found.topics),
        _shares(renderer, board, "category", found.categories),
        _shares(renderer, board, "camera", found.cameras),
        _shares(renderer, board, "reason", found.reasons, "ended"),
        _loads(renderer, board),
    ]
    return f'<div class="parts">{"".join(tables)}</div>' if any(tables) else ""


def _shares(
    renderer: Renderer, board: Board, column: str, shares: Sequence[Share], of: str = "opened"
) -> str:
    """How many tickets each of them has, ``of`` those that a figure counts."""
    if not shares:
        return ""
    rows = "".join(
        f"<tr><th>{_name(renderer, column, one)}</th>"
        f"<td>{_cell(renderer, board, of, one.n, Scope(column, one.code))}</td></tr>"
        for one in shares
    )
    return _table(renderer, f"board.part.{column}", (of,), rows)


def _name(renderer: Renderer, column: str, one: Share) -> str:
    words = clean_name(" ".join((one.code or "", one.title))) if column == "camera" else one.title
    none = "stats.picture.no_reason" if column == "reason" else "stats.picture.none"
    return escape(clean_name(words)) if words else renderer.html(none)


def _loads(renderer: Renderer, board: Board) -> str:
    rows = ""
    for one in board.found.operators:
        who = Scope("assignee_id", one.person_id)
        cells = (("ended", one.ended), ("open", one.open))
        rows += f"<tr><th>{escape(clean_name(one.name))}</th>" + "".join(
            f"<td>{_cell(renderer, board, name, number, who)}</td>" for name, number in cells
        )
        rows += "</tr>"
    return _table(renderer, "board.part.assignee_id", ("ended", "open"), rows) if rows else ""


def _days(renderer: Renderer, board: Board) -> str:
    """The picture's numbers, for those who cannot see it, and for the ways to their lists."""
    rows = "".join(_day(renderer, board, one) for one in reversed(board.found.days))
    table = _table(renderer, "", ("opened", "ended", "open_at"), rows)
    return f"<details><summary>{renderer.html('board.days')}</summary>{table}</details>"


def _day(renderer: Renderer, board: Board, one: Day) -> str:
    noon = datetime.combine(one.day, time(12), renderer.zone)
    cells = (("opened", one.opened), ("ended", one.ended), ("open_at", one.open))
    numbers = "".join(
        f"<td>{_cell(renderer, board, name, number, day=one.day)}</td>" for name, number in cells
    )
    named = renderer.html("board.day", since=noon)
    return f'<tr><th class="day">{named}</th>{numbers}</tr>'


def _cell(
    renderer: Renderer,
    board: Board,
    name: str,
    number: int,
    part: Scope = ALL,
    day: date | None = None,
) -> str:
    path = escape(board.asked.tickets(name, part, day))
    return f'<a href="{path}">{_number(renderer, number)}</a>' if number else "0"


def _table(renderer: Renderer, key: str, columns: Sequence[str], rows: str) -> str:
    heads = "".join(f"<th>{renderer.html(f'board.figure.{name}')}</th>" for name in columns)
    title = f"<caption>{renderer.html(key)}</caption>" if key else ""
    return f'<table class="numbers">{title}<thead><tr><td></td>{heads}</tr></thead>{rows}</table>'


def figure_title(renderer: Renderer, figure: Figure) -> str:
    """What a list of tickets behind a number is called: the number's name, its days, its parts."""
    parts = [renderer.html(f"board.list.{figure.name}")]
    if figure.name not in ("open", "overdue"):
        parts.append(_span(renderer, figure))
    divided = [one for one in (figure.scope, figure.part) if one.column]
    none = renderer.html("board.none")
    parts += [escape(clean_name(one.title)) if one.title else none for one in divided]
    return " · ".join(parts)


def _span(renderer: Renderer, figure: Figure) -> str:
    since, until = (
        datetime.combine(day, time(12), renderer.zone) for day in (figure.since, figure.until)
    )
    key = (
        "stats.period" if figure.since != figure.until and figure.name != "open_at" else "stats.day"
    )
    facts = {"since": since, "until": until} if key == "stats.period" else {"since": until}
    return renderer.html(key, **facts)


def draw_figure(renderer: Renderer, asked: BoardQuery, figure: Figure, page: Page) -> str:
    """The tickets behind a number, and the way back."""
    say = renderer.html

    def path(**more: str) -> str:
        return f"{asked.tickets(figure.name, figure.part)}&{urlencode(more)}"

    total = page.total or 0
    counted = say("board.total_more", n=COUNTED) if total > COUNTED else say("board.total", n=total)
    return (
        f'<p><a href="{escape(asked.path())}">‹ {say("board.back")}</a></p>'
        f'<h1>{figure_title(renderer, figure)}</h1><p class="counts">{counted}</p>'
        f"{draw_lines(renderer, page.lines)}{draw_turns(renderer, path, page)}"
    )
