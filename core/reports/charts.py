"""Pictures of statistics: Vega-Lite specifications, drawn by a process of its own (H1).

Drawing takes a second of a processor and a hundred megabytes, so it is done beside the desk, one
picture at a time, and nothing of it is left behind.
"""

import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

from core.reports.statistics import Day, Load, Share, Statistics

# Seconds after which a picture is given up.
PATIENCE: Final = 30.0
_SCALE: Final = 1.75
_ROW: Final = 34
# Names stand in the panel, above their bars; to the right is room for a number.
_ABOVE: Final = {"labelAlign": "left", "labelPadding": -1, "labelOffset": -_ROW * 0.55}
_NUMBER: Final = 40
# By so much bars are longer than what long names leave: few are that long.
_BESIDE: Final = 40
_FONT: Final = "DejaVu Sans, Liberation Sans, sans-serif"
# More days than this are shown by week.
_MANY: Final = 45
_LONGEST: Final = 28
_OPENED, _ENDED, _OPEN = "#3b7dd8", "#35a06b", "#d98a1f"
THEMES: Final[Mapping[str, tuple[str, str, str]]] = {
    "light": ("#ffffff", "#1d2733", "#dfe5ec"),
    "dark": ("#17212b", "#e9eef4", "#2f3d4c"),
}
"""Ground, words and lines."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Sizes of a picture, in its own units: of its panels, of the names beside bars, of letters.

    ``titled``: it says itself what it shows, on a ground of its own; else the page around it does.
    ``names_above``: there is no room for names beside bars.
    """

    width: int
    names: int
    letters: int
    padding: int
    titled: bool = False
    legend_columns: int = 3
    names_above: bool = False


LAYOUTS: Final[Mapping[str, Layout]] = {
    "message": Layout(width=640, names=260, letters=16, padding=24, titled=True),
    "wide": Layout(width=640, names=260, letters=16, padding=12),
    "narrow": Layout(330, 290, letters=14, padding=2, legend_columns=1, names_above=True),
}
"""A message of the chat, a page on a large screen, a page on a phone."""


class NotDrawn(Exception):
    """There is no picture; the reason is for the log."""


def picture_of(
    found: Statistics, words: Mapping[str, str], theme: str = "light", layout: str = "message"
) -> dict[str, Any]:
    """Return the specification of the picture. ``words``: what stands on it, by place."""
    ground, ink, lines = THEMES[theme]
    sizes = LAYOUTS[layout]
    panels = [_flow(found.days, words, sizes)]
    if found.topics:
        shares = _shares(found.topics, words["none"])
        panels.append(_bars(shares, words["topics"], _OPENED, sizes))
    if found.reasons:
        shares = _shares(found.reasons, words["no_reason"])
        panels.append(_bars(shares, words["reasons"], _ENDED, sizes))
    if found.operators and found.scope.column != "assignee_id":
        panels.append(_loads(found.operators, words, sizes))
    axis = {"domainColor": lines, "gridColor": lines, "tickColor": lines, "labelColor": ink}
    plain = {"titleColor": ink, "labelColor": ink, "font": _FONT}
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "background": ground if sizes.titled else "transparent",
        "padding": sizes.padding,
        **(_title(words, ink) if sizes.titled else {}),
        "vconcat": panels,
        "spacing": 30,
        "resolve": {"scale": {"color": "independent"}},
        "config": {
            "font": _FONT,
            "axis": {**axis, "labelFontSize": sizes.letters, "titleColor": ink},
            "legend": {
                **plain,
                "labelFontSize": sizes.letters,
                "orient": "top",
                "columns": sizes.legend_columns,
                "title": None,
                "labelLimit": 0,
            },
            "title": {
                "color": ink,
                "font": _FONT,
                "fontSize": sizes.letters + 2,
                "anchor": "start",
                "frame": "group",  # above what it is of, as legends are, and not above its names
            },
            "text": {"color": ink, "font": _FONT, "fontSize": sizes.letters},
            "view": {"stroke": None},
        },
    }


def _title(words: Mapping[str, str], ink: str) -> dict[str, Any]:
    return {
        "title": {
            "text": words["title"],
            "subtitle": words["subtitle"],
            "anchor": "start",
            "fontSize": 24,
            "subtitleFontSize": 17,
            "subtitleColor": ink,
            "color": ink,
            "offset": 18,
        }
    }


def _flow(days: Sequence[Day], words: Mapping[str, str], sizes: Layout) -> dict[str, Any]:
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
    when["axis"] = {"labelAngle": 0, "labelOverlap": True, "labelSeparation": 8}
    count = {"field": "n", "type": "quantitative", "title": None, "axis": {"tickMinStep": 1}}
    color = {"field": "what", "type": "nominal", "scale": scale}
    return {
        "width": sizes.width,
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


def _bars(rows: list[dict[str, Any]], title: str, color: str, sizes: Layout) -> dict[str, Any]:
    """Horizontal bars with their numbers, the longest first."""
    name: dict[str, Any] = {"field": "name", "type": "nominal", "sort": None, "title": None}
    name["axis"] = {"labelLimit": sizes.names, "ticks": False, "domain": False}
    name["axis"] |= _ABOVE if sizes.names_above else {}
    count = {"field": "n", "type": "quantitative", "title": None, "axis": None}
    return {
        "width": sizes.width - (_NUMBER if sizes.names_above else sizes.names - _BESIDE),
        "height": {"step": _ROW * (1.5 if sizes.names_above else 1)},
        "title": title,
        "data": {"values": rows},
        "encoding": {"y": name, "x": count},
        "layer": [
            {"mark": {"type": "bar", "color": color, "cornerRadiusEnd": 2, **_thin(sizes)}},
            {
                "mark": {"type": "text", "align": "left", "dx": 6},
                "encoding": {"text": {"field": "n", "type": "quantitative"}},
            },
        ],
    }


def _thin(sizes: Layout) -> dict[str, Any]:
    """Bars leave room for the names above them."""
    return {"height": {"band": 0.35}} if sizes.names_above else {}


def _loads(loads: Sequence[Load], words: Mapping[str, str], sizes: Layout) -> dict[str, Any]:
    kinds = {"ended": words["ended"], "open": words["open_now"]}
    rows = [
        {"name": _label(one.name), "n": getattr(one, key), "what": kind}
        for one in loads
        for key, kind in kinds.items()
    ]
    panel = _bars(rows, words["operators"], _ENDED, sizes)
    offset: dict[str, Any] = {"field": "what", "sort": list(kinds.values())}
    scale = {"domain": list(kinds.values()), "range": [_ENDED, _OPEN]}
    panel["height"] = {"step": _ROW * (2.2 if sizes.names_above else 1.5), "for": "position"}
    if sizes.names_above:
        panel["encoding"]["y"]["axis"] |= {"labelOffset": -_ROW * 0.85}
        offset["scale"] = {"paddingOuter": 0.9, "paddingInner": 0.1}
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
    return await _drawn(specification, "png", str(_SCALE))


async def draw_svg(specification: Mapping[str, Any]) -> bytes:
    """Return the picture as SVG, which any size suits. Raises :class:`NotDrawn`."""
    return await _drawn(specification, "svg")


async def _drawn(specification: Mapping[str, Any], *how: str) -> bytes:
    async with _ONE_AT_A_TIME:
        worker = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", str(_WORKER), *how),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            async with asyncio.timeout(PATIENCE):
                drawn, wrong = await worker.communicate(json.dumps(specification).encode())
        except TimeoutError:
            raise NotDrawn(f"not within {PATIENCE} s") from None
        finally:
            if worker.returncode is None:
                worker.kill()
                await worker.wait()
    if worker.returncode or not drawn:
        raise NotDrawn(wrong.decode(errors="replace")[-500:])
    return drawn
