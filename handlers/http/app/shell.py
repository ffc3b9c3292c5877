"""What every page of the app is made of: its frame, its headers, its static files."""

import hashlib
from collections.abc import Mapping, Sequence
from html import escape
from http import HTTPStatus
from pathlib import Path
from typing import Final

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from channels.telegram.screens.screen import Renderer
from handlers.http.problems import Problem

_FOLDER: Final = Path(__file__).with_name("static")
_TYPES: Final[Mapping[str, str]] = {
    "style.css": "text/css",
    "script.js": "text/javascript",
    "live.js": "text/javascript",
    "drafts.js": "text/javascript",
    "htmx.min.js": "text/javascript",
}
_FILES: Final = {name: _FOLDER.joinpath(name).read_bytes() for name in _TYPES}
_LINKS: Final = {
    name: f"/app/static/{name}?{hashlib.sha256(data).hexdigest()[:12]}"
    for name, data in _FILES.items()
}
_SCRIPTS: Final = "".join(
    f'<script src="{_LINKS[name]}" defer></script>'
    for name in ("htmx.min.js", "script.js", "live.js", "drafts.js")
)
_HTMX: Final = escape(
    '{"includeIndicatorStyles":false,"allowEval":false,"selfRequestsOnly":true,'
    '"historyCacheSize":0,"responseHandling":[{"code":".*","swap":true}]}'
)
# The hash is that of an empty style, which htmx makes. Telegram's clients in a browser show the app
# in a frame.
_POLICY: Final = (
    "default-src 'none'; "
    "style-src 'self' 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='; "
    "script-src 'self'; connect-src 'self'; img-src 'self' data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors https://web.telegram.org"
)


STREAM: Final = "/app/live"
SELDOM: Final = f"{STREAM}?of=board"
"""What says that something has changed; the same at longer intervals, for what costs more."""


def frame(
    renderer: Renderer,
    title: str,
    body: str,
    status: int = HTTPStatus.OK,
    *,
    head: str = "",
    live: bool = True,
    frames: Sequence[str] = (),
) -> HTMLResponse:
    """Return a page. ``title``, ``body`` and ``head`` are HTML; ``live``: it changes in place;
    ``frames``: other pages in which it may be shown.
    """
    boost = ' hx-boost="true"' if live else ""
    html = (
        f'<!DOCTYPE html><html lang="{renderer.locale}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="robots" content="noindex"><meta name="htmx-config" content="{_HTMX}">'
        f'<title>{title}</title><link rel="stylesheet" href="{_LINKS["style.css"]}">'
        f'<link rel="icon" href="data:,">{_SCRIPTS}</head>'
        f"<body{boost}>{head}<main>{body}</main></body></html>"
    )
    policy = " ".join((_POLICY, *frames))
    return HTMLResponse(html, status, {"Content-Security-Policy": policy})


def static_routes() -> APIRouter:
    """Return ``GET /app/static/NAME``."""
    routes = APIRouter()

    @routes.get("/app/static/{name}")
    async def static(name: str) -> Response:
        if name not in _TYPES:
            raise Problem(HTTPStatus.NOT_FOUND, "not_found")
        cached = {"Cache-Control": "public, max-age=86400"}
        return Response(_FILES[name], media_type=_TYPES[name], headers=cached)

    return routes


def live_section(name: str, here: str, *, stream: str = STREAM, more: Sequence[str] = ()) -> str:
    """Return the beginning of a part that is asked for again when its ``stream`` says that
    something has changed (`streams`). ``more``: names of parts that are replaced together with it.
    """
    beside = ",".join(f"#{one}" for one in more)
    others = f' hx-select-oob="{beside}"' if beside else ""
    return (
        f'<section id="{name}" data-live="{stream}" hx-get="{escape(here)}" hx-trigger="live"'
        f' hx-select="#{name}"{others} hx-swap="outerHTML" hx-disinherit="*">'
    )
