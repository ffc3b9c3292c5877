"""Serves stored files to whoever has a signed link: to be saved, never to be shown or run."""

from http import HTTPStatus
from typing import Final
from urllib.parse import quote

from fastapi import APIRouter
from fastapi.responses import Response

from core.desk import Desk
from core.files import FileStore
from core.setup.file_links import is_valid_link
from core.setup.signing_key import find_signing_key
from handlers.http.problems import Problem

_HEADERS: Final = {
    "Content-Security-Policy": "sandbox; default-src 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "private, no-store",
    "Referrer-Policy": "no-referrer",
}


def file_routes(desk: Desk, files: FileStore) -> APIRouter:
    """Return ``GET /files/NAME/UNTIL/SIGNATURE/TITLE``."""
    router = APIRouter()

    @router.get("/files/{name}/{until}/{signed}/{title}")
    async def download(name: str, until: int, signed: str, title: str) -> Response:
        key = await desk.read(find_signing_key)
        if not is_valid_link(key, name, until, signed, desk.clock()):
            raise Problem(HTTPStatus.NOT_FOUND, "not_found")
        try:
            data = await files.read(name)
        except FileNotFoundError:
            raise Problem(HTTPStatus.NOT_FOUND, "not_found") from None
        named = f"attachment; filename*=UTF-8''{quote(title, safe='')}"
        return Response(
            data,
            media_type="application/octet-stream",
            headers=_HEADERS | {"Content-Disposition": named},
        )

    return router
