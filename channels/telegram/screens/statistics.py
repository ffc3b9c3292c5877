"""Statistics as people read them: a caption of numbers, the picture's words, lists below it."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Any, Final

from channels.telegram.screens.buttons import Keyboard, button, rows_of
from channels.telegram.screens.figure_lists import figure_buttons
from channels.telegram.screens.screen import Renderer, Screen
from channels.telegram.screens.ticket_list import ListPage
from core.reports.spreads import Spread
from core.reports.statistics import Ratings, Share, Statistics
from core.texts import Key
from core.words.names import clean_name

_NAMED: Final = 3
_NOTHING: Final = timedelta()
_WORDS: Final = (
    "reasons",
    "no_reason",
    "flow",
    "opened",
    "ended",
    "open",
    "open_now",
    "topics",
    "operators",
    "none",
)


def draw(renderer: Renderer, found: Statistics) -> Screen:
    """The numbers, each with the list behind it where there is one."""
    lines = [f"<b>{title_of(renderer, found)}</b>"]
    lines += _counts(renderer, found)
    lines += filter(None, spans_of(renderer, found))
    lines += _deadlines(renderer, found)
    lines += _subjects(renderer, found)
    if found.behind:
        lines.append(renderer.html("stats.behind"))
    return Screen("\n".join(lines), _lists(renderer, found))


def title_of(renderer: Renderer, found: Statistics) -> str:
    """Of which days and of whom the figures are, as HTML."""
    return renderer.html("stats.title", **_period(renderer, found))


def picture_words(renderer: Renderer, found: Statistics, company: str) -> dict[str, str]:
    """What stands on the picture, by place."""
    words = {name: renderer.plain(f"stats.picture.{name}") for name in _WORDS}
    words["title"] = renderer.plain("stats.title", **_period(renderer, found))
    facts = {"opened": found.opened, "ended": found.ended, "company": company}
    named = "_company" if company else ""
    words["subtitle"] = renderer.plain(f"stats.picture.subtitle{named}", **facts)
    return words


def _period(renderer: Renderer, found: Statistics) -> dict[str, Any]:
    zone = renderer.zone
    since, until = (datetime.combine(day, time(12), zone) for day in (found.since, found.until))
    period = "stats.period" if found.since != found.until else "stats.day"
    title = clean_name(found.scope.title) if found.scope.title else ""
    scope = Key("stats.scope", {"title": title}) if title else ""
    return {"period": Key(period, {"since": since, "until": until}), "scope": scope}


def _counts(renderer: Renderer, found: Statistics) -> Iterator[str]:
    facts = {"opened": found.opened, "ended": found.ended, "open": found.open}
    yield renderer.html("stats.counts", **facts)


def spans_of(renderer: Renderer, found: Statistics) -> tuple[str, str]:
    """How long the first answer took, and the resolution; empty where there was none."""
    rows: tuple[tuple[str, Spread | None, Spread | None], ...] = (
        ("first", found.first, found.first_worked),
        ("resolution", found.resolution, found.resolution_worked),
    )
    first, resolution = (_span(renderer, *row) for row in rows)
    return first, resolution


def _span(renderer: Renderer, name: str, real: Spread | None, worked: Spread | None) -> str:
    if real is None:
        return ""
    line = renderer.html(f"stats.{name}", median=real.median, p90=real.p90, n=real.n)
    if worked is None or worked.p90 < timedelta(seconds=1):
        return line  # all of it was out of working hours
    return line + renderer.html("stats.worked", median=worked.median, p90=worked.p90)


def kept_of(renderer: Renderer, name: str, kept: int, missed: int) -> str:
    """How many deadlines were kept; empty where there was none. ``name``: of the text."""
    if not kept + missed:
        return ""
    facts = {"share": _percent(kept, kept + missed), "kept": kept, "of": kept + missed}
    return renderer.html(f"stats.{name}", **facts)


def _deadlines(renderer: Renderer, found: Statistics) -> Iterator[str]:
    kept = kept_of(renderer, "kept", found.kept, found.missed)
    agreed = kept_of(renderer, "agreed", found.agreed_kept, found.agreed_missed)
    yield from filter(None, (kept, agreed))
    if found.solved:
        yield renderer.html("stats.reopened", reopened=found.reopened, of=found.solved)
    yield from ratings_of(renderer, found.ratings)
    shares = delay_of(found)
    if shares:
        yield renderer.html("stats.delay", **shares)


def delay_of(found: Statistics) -> Mapping[str, int]:
    """Whose the time was, in percent; empty where there was none (C8)."""
    parts = {name: getattr(found, name) for name in ("by_us", "by_customer", "by_others")}
    whole = sum(parts.values(), _NOTHING)
    return {name: round(100 * (span / whole)) for name, span in parts.items()} if whole else {}


def ratings_of(renderer: Renderer, found: Ratings) -> Iterator[str]:
    """What customers say of our work, if they were asked (B14)."""
    if not found.asked:
        return
    facts: dict[str, Any] = {"rated": found.rated, "asked": found.asked}
    facts["share"] = _percent(found.rated, found.asked)
    if found.average is None:
        yield renderer.html("stats.unrated", n=found.asked)
    else:
        yield renderer.html("stats.rated", average=round(found.average, 1), **facts)


def _percent(part: int, whole: int) -> int:
    return round(100 * part / whole)


def _subjects(renderer: Renderer, found: Statistics) -> Iterator[str]:
    for name, shares in (("categories", found.categories), ("cameras", found.cameras)):
        if shares:
            yield renderer.html(f"stats.{name}", named=_named(shares, by_code=name == "cameras"))
    if reasons := [one for one in found.reasons if one.code]:
        yield renderer.html("stats.reasons", named=_named(reasons, by_code=False))


def _named(shares: Sequence[Share], *, by_code: bool) -> str:
    return ", ".join(
        f"{clean_name((one.code or '') if by_code else one.title)} — {one.n}"
        for one in shares[:_NAMED]
    )


def _lists(renderer: Renderer, found: Statistics) -> Keyboard:
    """Every number has its list: as things are now, and what was counted in the period."""
    return rows_of(
        [
            *figure_buttons(renderer, found),
            button(renderer.plain("stats.button.queue", n=found.open), ListPage(view="queue")),
            button(
                renderer.plain("stats.button.overdue", n=found.overdue), ListPage(view="overdue")
            ),
            button(renderer.plain("stats.button.resolved"), ListPage(view="resolved")),
        ]
    )
