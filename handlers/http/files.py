"""Serves stored files to whoever has a signed link: to be saved, never to be shown or run."""

import logging
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import Response

from core.desk import Desk
from core.files import FileStore
from core.setup.signed_links import is_valid_link
from core.signing_key import find_signing_key
from core.texts import Texts
from handlers.http.guard import RETRY_AFTER
from handlers.http.pages.layout import notice, reader_of

log = logging.getLogger(__name__)

_HEADERS: Final = {
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "private, no-store",
    "Referrer-Policy": "no-referrer",
}


def file_routes(desk: Desk, texts: Texts, files: FileStore) -> APIRouter:
    """Return ``GET /files/NAME/UNTIL/SIGNATURE/TITLE``."""
    router = APIRouter()

    @router.get("/files/{name}/{until}/{signed}/{title:path}")
    async def download(
        request: Request, name: str, until: int, signed: str, title: str
    ) -> Response:
        reader = reader_of(request, desk, texts)
        key = await desk.read(find_signing_key)
        if not is_valid_link(key, name, until, signed, desk.clock()):
            return notice(reader, "web.no_file", HTTPStatus.NOT_FOUND)
        try:
            data = await files.read(name)
        except FileNotFoundError:
            return notice(reader, "web.no_file", HTTPStatus.NOT_FOUND)
        except OSError:
            log.exception("a stored file cannot be read")
            away = notice(reader, "web.file_away", HTTPStatus.SERVICE_UNAVAILABLE)
            away.headers.update(RETRY_AFTER)
            return away
        return to_be_saved(data, title)

    return router


def to_be_saved(data: bytes, title: str) -> Response:
    """Return a file that a browser saves under this title, and neither shows nor runs."""
    named = f"attachment; filename*=UTF-8''{quote(title, safe='')}"
    return Response(
        data,
        media_type="application/octet-stream",
        headers=_HEADERS | {"Content-Disposition": named},
    )
