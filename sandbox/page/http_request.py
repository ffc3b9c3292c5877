"""Who may ask, and what was asked."""

from __future__ import annotations

import json
from typing import Any, Final
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.web_request import FileField

from sandbox.page.act_request import FILE_LIMIT
from sandbox.page.words import Refused
from sandbox.server.media import Upload

Json = dict[str, Any]

HOSTS: Final = ("127.0.0.1", "localhost", "[::1]")
_MOST: Final = (10 * FILE_LIMIT + 1) << 20  # an album of the largest files


def check_origin(request: web.BaseRequest, port: int) -> None:
    """Turn away whoever does not come from this very page.

    A foreign ``Host`` is a name that was bent to this machine (DNS rebinding); a foreign ``Origin``
    is another page in the same browser that tries to act here.
    """
    own = [f"{host}:{port}" for host in HOSTS]
    if request.headers.get("Host", "").lower() not in own:
        raise Refused("forbidden", status=403)
    if request.headers.get("Sec-Fetch-Site", "none") == "cross-site" and not _visits(request):
        raise Refused("forbidden", status=403)
    origin = request.headers.get("Origin")
    if origin is not None and urlsplit(origin).netloc.lower() not in own:
        raise Refused("forbidden", status=403)


def _visits(request: web.BaseRequest) -> bool:
    """Somebody follows a link to the page."""
    return request.method == "GET" and request.headers.get("Sec-Fetch-Mode") == "navigate"


async def read_body(request: web.BaseRequest) -> tuple[Json, list[Upload]]:
    """The body: JSON, or a form with the JSON in ``act`` and files beside it."""
    request._client_max_size = _MOST  # noqa: SLF001 - aiohttp has no other way
    try:
        if request.content_type == "multipart/form-data":
            form = await request.post()
            files = [value for value in form.values() if isinstance(value, FileField)]
            return _object(str(form.get("act", ""))), [_upload(value) for value in files]
        if request.content_type != "application/json":  # what a form of another page can send
            raise Refused("not_json", status=415)
        return _object(await request.text()), []
    except web.HTTPRequestEntityTooLarge:
        raise Refused("big_file", status=413, limit=FILE_LIMIT) from None


def _upload(value: FileField) -> Upload:
    mime = (value.content_type or "").partition(";")[0].strip()  # recorders add their codecs
    return Upload(value.filename or "file", value.file.read(), mime or None)


def _object(text: str) -> Json:
    try:
        parsed = json.loads(text)
    except ValueError:
        raise Refused("not_json") from None
    if not isinstance(parsed, dict):
        raise Refused("not_json")
    return parsed
