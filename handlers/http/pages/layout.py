"""A page around its contents: language, title, style, and headers that let nothing else in."""

import base64
import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from html import escape
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from fastapi import Request
from fastapi.responses import HTMLResponse

from core.desk import Desk
from core.texts import Key, Texts

LANGUAGES: Final = ("ru", "en")
_STYLE: Final = Path(__file__).with_name("style.css").read_text("utf-8")
_COLOUR: Final = re.compile(r"[0-9a-fA-F]{6}")
# Luminance above which black words are read better than white ones.
_BRIGHT: Final = 0.179


@dataclass(frozen=True, slots=True)
class Reader:
    """Who reads a page: their language, the company's name and colour; it says texts escaped.

    ``takes_files``: files that they send can be kept.
    """

    language: str
    desk: Desk
    texts: Texts
    colour: str | None = None
    takes_files: bool = False

    def say(self, key: str, /, **facts: Any) -> str:
        """Return a text as HTML."""
        company, now = self.desk.company, self.desk.clock()
        facts = {"company": company.name} | facts
        said = self.texts.say(self.language, key, facts, now=now, zone=company.zone, escape=escape)
        return said.replace("\n", "<br>")

    @property
    def title(self) -> str:
        """What the pages are called."""
        return self.say("web.title" if self.desk.company.name else "web.title_nameless")

    @property
    def now(self) -> datetime:
        """The desk's instant."""
        return self.desk.clock()


def reader_of(request: Request, desk: Desk, texts: Texts, *, takes_files: bool = False) -> Reader:
    """Return who asks: the language is that of ``?lang=``, else one that the browser prefers, else
    the company's. ``?color=1a5fb4`` is the colour of buttons, where it is not the company's.
    """
    colour = request.query_params.get("color", "")
    chosen = request.query_params.get("lang", "")
    asked = [chosen, *re.findall(r"[a-z]{2}", request.headers.get("accept-language", ""))]
    known = [language for language in asked if language in LANGUAGES]
    language = known[0] if known else desk.company.language
    colour = colour if _COLOUR.fullmatch(colour) else desk.company.colour
    return Reader(language, desk, texts, colour or None, takes_files)


def page(
    reader: Reader, title: str, body: str, status: int = 200, *, framed: bool = False
) -> HTMLResponse:
    """Return a page. ``title`` and ``body`` are HTML; ``framed``: other sites may embed it."""
    style = _style(reader.colour)
    html = (
        f'<!DOCTYPE html><html lang="{reader.language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="robots" content="noindex"><title>{title}</title><style>{style}</style>'
        f"</head><body><main>{body}</main></body></html>"
    )
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    ancestors = "*" if framed else "'none'"
    policy = (
        f"default-src 'none'; style-src 'sha256-{digest}'; form-action 'self'; base-uri 'none'; "
        f"frame-ancestors {ancestors}"
    )
    return HTMLResponse(html, status, {"Content-Security-Policy": policy})


WHOLE: Final = ""
"""In the place of a field's name: what is wrong with the form as a whole."""
FILES: Final = "files"
"""The field for files."""


@dataclass(frozen=True, slots=True)
class Faults:
    """What is wrong with a form that is shown again, by the name of the field, and the reader."""

    reader: Reader
    found: Mapping[str, str | Key]

    @property
    def status(self) -> int:
        """The status of the page where nothing else is said."""
        return HTTPStatus.UNPROCESSABLE_ENTITY if self.found else HTTPStatus.OK

    def at(self, name: str) -> str:
        """What is wrong with this field, to stand beside it; empty: nothing is."""
        fault = self.found.get(name)
        if fault is None:
            return ""
        key, facts = (fault.key, fault.facts) if isinstance(fault, Key) else (fault, {})
        mark = f' id="{name}-fault"' if name else ""
        return f'<p class="bad" role="alert"{mark}>{self.reader.say(key, **facts)}</p>'

    def attributes(self, name: str, hint: str = "") -> str:
        """What the field itself says of that. The first one that is wrong is where to go on."""
        wrong = name in self.found
        described = " ".join(filter(None, (hint, f"{name}-fault" if wrong else "")))
        first = wrong and name == next(filter(None, self.found))
        return (
            (f' aria-describedby="{described}"' if described else "")
            + (' aria-invalid="true"' if wrong else "")
            + (" autofocus" if first else "")
        )


def once() -> str:
    """Return a field that makes a form which is sent twice count once."""
    return f'<input type="hidden" name="once" value="{secrets.token_hex(16)}">'


def notice(reader: Reader, key: str, status: int = 200) -> HTMLResponse:
    """Return a page that says one thing."""
    title = reader.title
    return page(reader, title, f'<h1>{title}</h1><p role="status">{reader.say(key)}</p>', status)


def _style(colour: str | None) -> str:
    if colour is None:
        return _STYLE
    words = "#000" if _luminance(colour) > _BRIGHT else "#fff"
    return f"{_STYLE}:root {{ --accent: #{colour}; --on-accent: {words}; }}"


def _luminance(colour: str) -> float:
    """Relative luminance as WCAG counts it: with the better of black and white, at least 4.5:1."""
    channels = [int(colour[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4  # noqa: PLR2004 sRGB
        for c in channels
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
