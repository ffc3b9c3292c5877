"""Files for the browser: the page's own, and those that people and the bot have sent."""

from __future__ import annotations

import mimetypes
import re
from pathlib import Path
from typing import Final
from urllib.parse import quote, unquote

from aiohttp import web

from sandbox.page.words import Refused
from sandbox.server.media import FileStore

STATIC: Final = Path(__file__).parent / "static"

_POLICY: Final = (
    "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "frame-src http://127.0.0.1:* http://localhost:*"  # the bot's Mini App
)
_GUARDS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
# Shown in place; anything else is only ever saved, whatever it says that it is.
_SHOWN: Final = re.compile(r"(image/(png|jpeg|gif|webp|bmp)|audio/[\w.+-]+|video/[\w.+-]+)")
_TYPES: Final = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}


def static(name: str) -> web.StreamResponse:
    """A file of the page; ``Refused`` if there is none of this name."""
    wanted = (STATIC / unquote(name or "index.html")).resolve()
    if not wanted.is_relative_to(STATIC) or not wanted.is_file():
        raise Refused("not_found", status=404)
    kind = _TYPES.get(wanted.suffix) or mimetypes.guess_type(wanted.name)[0]
    text = kind is not None and (kind.startswith("text/") or kind == "image/svg+xml")
    headers = _GUARDS | {
        "Content-Security-Policy": _POLICY,
        "Cache-Control": "no-cache",
        "Content-Type": f"{kind or 'application/octet-stream'}{'; charset=utf-8' if text else ''}",
    }
    return web.FileResponse(wanted, headers=headers)


def to_save(name: str, data: bytes) -> web.Response:
    """A file that a browser saves and never shows."""
    return web.Response(body=data, headers=_GUARDS | _to_save(name))


def _to_save(name: str) -> dict[str, str]:
    plain = quote(name.replace("\r", "").replace("\n", ""))
    return {
        "Content-Type": "application/octet-stream",
        "Content-Disposition": f"attachment; filename*=UTF-8''{plain}",
    }


def picture(files: FileStore, request: web.BaseRequest) -> web.Response:
    """A file that somebody sent, or the part of it that a player asks for."""
    stored = files.by_path(request.path.removeprefix("/page/file/"))
    if stored is None:
        raise Refused("not_found", status=404)
    headers = _GUARDS | {
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "Cache-Control": "private, max-age=86400, immutable",
        "Content-Type": stored.mime,
        "Accept-Ranges": "bytes",
    }
    if _SHOWN.fullmatch(stored.mime) is None:
        headers |= _to_save(stored.name)
    part = _part(request.headers.get("Range", ""), len(stored.data))
    if part is None:
        return web.Response(body=stored.data, headers=headers)
    first, last = part
    headers["Content-Range"] = f"bytes {first}-{last}/{len(stored.data)}"
    return web.Response(status=206, body=stored.data[first : last + 1], headers=headers)


def _part(asked: str, size: int) -> tuple[int, int] | None:
    """First and last byte of a ``Range`` of one part; ``None``: the whole."""
    found = re.fullmatch(r"bytes=(\d*)-(\d*)", asked)
    if found is None or found[0] == "bytes=-":
        return None
    if not found[1]:
        first, last = max(0, size - int(found[2])), size - 1
    else:
        first, last = int(found[1]), min(int(found[2] or size - 1), size - 1)
    return (first, last) if first <= last else None
