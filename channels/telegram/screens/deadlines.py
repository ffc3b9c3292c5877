"""Why a deadline is when it is: the calculation, a line for each day and each pause (X10)."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from channels.telegram.screens.screen import Renderer
from core.sla.explanation import Day, Line, Pause, Why

# Of more lines, those between the first and the last are summed up in one.
_MOST: Final = 24
_ENDS: Final = 10


def draw(renderer: Renderer, ticket_id: int, why: Why) -> Iterator[str]:
    """The lines of one clock; ``renderer`` is in the zone of its calendar."""
    reading, told = why.told.reading, why.told
    yield renderer.html(f"why.head.{why.kind}", number=ticket_id)
    yield renderer.html(
        "why.terms", agreement=why.agreement, calendar=why.calendar, zone=why.zone.key
    )
    span = timedelta(seconds=reading.span)
    yield renderer.html("why.span", span=span, since=reading.started_at)
    yield from _lines(renderer, told.lines)
    if reading.due_at is not None:
        key = "why.was_due" if reading.due_at <= renderer.now else "why.due"
        yield renderer.html(key, counted=span, due=reading.due_at)
    else:
        left = timedelta(seconds=reading.left or 0)
        yield renderer.html("why.left", counted=span - left, left=left)


def _lines(renderer: Renderer, lines: tuple[Line, ...]) -> Iterator[str]:
    if len(lines) <= _MOST:
        yield from (_line(renderer, line) for line in lines)
        return
    yield from (_line(renderer, line) for line in lines[:_ENDS])
    between = [line for line in lines[_ENDS:-_ENDS] if isinstance(line, Day)]
    length = sum((day.length for day in between), start=timedelta())
    yield renderer.html("why.more", n=len(between), length=length)
    yield from (_line(renderer, line) for line in lines[-_ENDS:])


def _line(renderer: Renderer, line: Line) -> str:
    if isinstance(line, Pause):
        key = "why.ended" if line.ended else "why.pause"
        now = "_now" if line.until is None else ""
        return renderer.html(f"{key}{now}", since=line.since, until=line.until)
    pieces = ", ".join(_piece(renderer, *piece) for piece in line.pieces)
    return renderer.html("why.day", day=line.pieces[0][0], pieces=pieces, length=line.length)


def _piece(renderer: Renderer, since: datetime, until: datetime) -> str:
    return f"{_clock(renderer, since)}–{_clock(renderer, until)}"


def _clock(renderer: Renderer, at: datetime) -> str:
    local = at.astimezone(renderer.zone)
    return f"{local.hour}:{local.minute:02}"
