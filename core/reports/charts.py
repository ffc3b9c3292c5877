"""Pictures of statistics: Vega-Lite specifications, drawn by a process of its own.

Drawing takes a second of a processor and a hundred megabytes, so it is done beside the desk, one
picture at a time, and nothing of it is left behind.
"""

import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from core.reports.statistics import Day, Load, Share, Statistics

# Seconds after which a picture is given up.
PATIENCE: Final = 30.0
_WIDTH: Final = 640
_SCALE: Final = 1.75
_ROW: Final = 34
_FONT: Final = "DejaVu Sans, Liberation Sans, sans-serif"
# More days than this are shown by week.
_MANY: Final = 45
_LONGEST: Final = 24
_OPENED, _ENDED, _OPEN = "#3b7dd8", "#35a06b", "#d98a1f"
_THEMES: Final[Mapping[str, tuple[str, str, str]]] = {
    "light": ("#ffffff", "#1d2733", "#dfe5ec"),
    "dark": ("#17212b", "#e9eef4", "#2f3d4c"),
}
"""Ground, words and lines."""


class NotDrawn(Exception):
    """There is no picture; the reason is for the log."""


def picture_of(found: Statistics, words: Mapping[str, str], theme: str = "light") -> dict[str, Any]:
    """Return the specification of the picture. ``words``: what stands on it, by place."""
    ground, ink, lines = _THEMES[theme]
    panels = [_flow(found.days, words)]
    if found.topics:
        panels.append(_bars(_shares(found.topics, words["none"]), words["topics"], _OPENED))
    if found.operators and found.scope.column != "assignee_id":
        panels.append(_loads(found.operators, words))
    axis = {"domainColor": lines, "gridColor": lines, "tickColor": lines, "labelColor": ink}
    plain = {"titleColor": ink, "labelColor": ink, "font": _FONT}
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "background": ground,
        "padding": 24,
        "title": {
            "text": words["title"],
            "subtitle": words["subtitle"],
            "anchor": "start",
            "fontSize": 24,
            "subtitleFontSize": 17,
            "subtitleColor": ink,
            "color": ink,
            "offset": 18,
        },
        "vconcat": panels,
        "spacing": 30,
        "resolve": {"scale": {"color": "independent"}},
        "config": {
            "font": _FONT,
            "axis": {**axis, "labelFontSize": 16, "titleFontSize": 16, "titleColor": ink},
            "legend": {
                **plain,
                "labelFontSize": 16,
                "orient": "top",
                "title": None,
                "labelLimit": 0,
            },
            "title": {"color": ink, "font": _FONT, "fontSize": 18, "anchor": "start"},
            "text": {"color": ink, "font": _FONT, "fontSize": 16},
            "view": {"stroke": None},
        },
    }


def _flow(days: Sequence[Day], words: Mapping[str, str]) -> dict[str, Any]:
    """Opened and ended by day or week as bars, what was open at its end as a line."""
    spans = _spans(days)
    names = {"opened": words["opened"], "ended": words["ended"]}
    bars = [
        {"when": label, "n": getattr(day, key), "what": name}
        for label, day in spans
        for key, name in names.items()
    ]
    line = [{"when": label, "n": day.open, "what": words["open"]} for label, day in spans]
    scale = {"domain": [*names.values(), words["open"]], "range": [_OPENED, _ENDED, _OPEN]}
    when: dict[str, Any] = {"field": "when", "type": "ordinal", "sort": None, "title": None}
    when["axis"] = {"labelAngle": 0, "labelOverlap": True}
    count = {"field": "n", "type": "quantitative", "title": None, "axis": {"tickMinStep": 1}}
    color = {"field": "what", "type": "nominal", "scale": scale}
    return {
        "width": _WIDTH,
        "height": 260,
        "title": words["flow"],
        "layer": [
            {
                "data": {"values": bars},
                "mark": {"type": "bar", "cornerRadiusEnd": 2},
                "encoding": {
                    "x": when,
                    "y": count,
                    "xOffset": {"field": "what", "sort": list(names.values())},
                    "color": color,
                },
            },
            {
                "data": {"values": line},
                "mark": {"type": "line", "strokeWidth": 3, "point": {"size": 70}},
                "encoding": {"x": when, "y": count, "color": color},
            },
        ],
    }


def _spans(days: Sequence[Day]) -> list[tuple[str, Day]]:
    """Days with their labels; of a long period weeks, named by their first day."""
    if len(days) <= _MANY:
        return [(f"{one.day:%d.%m}", one) for one in days]
    weeks: dict[date, list[Day]] = {}
    for one in days:
        weeks.setdefault(one.day - timedelta(days=one.day.weekday()), []).append(one)
    return [
        (
            f"{monday:%d.%m.%y}",
            Day(monday, sum(d.opened for d in week), sum(d.ended for d in week), week[-1].open),
        )
        for monday, week in weeks.items()
    ]


def _shares(shares: Sequence[Share], none: str) -> list[dict[str, Any]]:
    return [{"name": _label(one.title or none), "n": one.n} for one in shares]


def _bars(rows: list[dict[str, Any]], title: str, color: str) -> dict[str, Any]:
    """Horizontal bars with their numbers, the longest first."""
    name: dict[str, Any] = {"field": "name", "type": "nominal", "sort": None, "title": None}
    name["axis"] = {"labelLimit": 260, "ticks": False, "domain": False}
    count = {"field": "n", "type": "quantitative", "title": None, "axis": None}
    return {
        "width": _WIDTH - 220,
        "height": {"step": _ROW},
        "title": title,
        "data": {"values": rows},
        "encoding": {"y": name, "x": count},
        "layer": [
            {"mark": {"type": "bar", "color": color, "cornerRadiusEnd": 2}},
            {
                "mark": {"type": "text", "align": "left", "dx": 6},
                "encoding": {"text": {"field": "n", "type": "quantitative"}},
            },
        ],
    }


def _loads(loads: Sequence[Load], words: Mapping[str, str]) -> dict[str, Any]:
    kinds = {"ended": words["ended"], "open": words["open_now"]}
    rows = [
        {"name": _label(one.name), "n": getattr(one, key), "what": kind}
        for one in loads
        for key, kind in kinds.items()
    ]
    panel = _bars(rows, words["operators"], _ENDED)
    offset = {"field": "what", "sort": list(kinds.values())}
    scale = {"domain": list(kinds.values()), "range": [_ENDED, _OPEN]}
    panel["height"] = {"step": _ROW * 1.5, "for": "position"}
    panel["encoding"] |= {"yOffset": offset}
    panel["layer"][0] = {
        "mark": {"type": "bar", "cornerRadiusEnd": 2},
        "encoding": {"color": {"field": "what", "type": "nominal", "scale": scale}},
    }
    return panel


def _label(words: str) -> str:
    return words if len(words) <= _LONGEST else f"{words[: _LONGEST - 1].rstrip()}…"


_WORKER: Final = Path(__file__).with_name("chart_worker.py")
_ONE_AT_A_TIME: Final = asyncio.Lock()


async def draw(specification: Mapping[str, Any]) -> bytes:
    """Return the picture as PNG. Raises :class:`NotDrawn`."""
    async with _ONE_AT_A_TIME:
        worker = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", str(_WORKER), str(_SCALE)),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(PATIENCE):
                png, wrong = await worker.communicate(json.dumps(specification).encode())
        except TimeoutError:
            raise NotDrawn(f"not within {PATIENCE} s") from None
        finally:
            if worker.returncode is None:
                worker.kill()
                await worker.wait()
    if worker.returncode or not png:
        raise NotDrawn(wrong.decode(errors="replace")[-500:])
    return png
