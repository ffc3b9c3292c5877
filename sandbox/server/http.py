"""The Bot API over HTTP: addresses, tokens, parameters, files."""

from __future__ import annotations

import json
import re
from typing import Any

from aiohttp import web
from aiohttp.web_request import FileField

from sandbox.server.dispatch import Dispatcher, encode
from sandbox.server.errors import ApiError
from sandbox.server.listener import hang_up
from sandbox.server.media import DOWNLOAD_LIMIT, Upload

Json = dict[str, Any]

_PATH = re.compile(r"/bot([^/]+)(?:/test)?/([^/]*)/?")
_MAX_BODY = 80 << 20


class HttpApi:
    """``<url>/bot<token>/<method>`` and ``<url>/file/bot<token>/<path>``."""

    def __init__(self, dispatcher: Dispatcher) -> None:
        self.dispatcher = dispatcher
        self.context = dispatcher.context

    async def serve(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer a request of a bot."""
        path = request.path
        if path.startswith("/file/bot"):
            return self._download(path)
        found = _PATH.fullmatch(path)
        if found is None:
            return self._json(404, {"ok": False, "error_code": 404, "description": "Not Found"})
        token, method = found[1], found[2]
        if token != self.context.options.token:
            self.context.violations.add("bad_token", f"wrong token {token[:8]}…", method)
            if not re.fullmatch(r"\d+:[\w-]+", token):
                return self._json(404, {"ok": False, "error_code": 404, "description": "Not Found"})
            return self._json(401, {"ok": False, "error_code": 401, "description": "Unauthorized"})
        try:
            params, uploads = await self._parameters(request)
        except ApiError as error:
            self.context.violations.add("invalid_parameters", error.description, method)
            return self._json(error.code, error.to_json())
        method = method or str(params.pop("method", ""))
        outcome = await self.dispatcher.dispatch(
            method, params, uploads, connection=request.transport
        )
        if outcome is None:
            hang_up(request)
        status, body, content_type = outcome
        return web.Response(status=status, body=body, content_type=content_type)

    @staticmethod
    def _json(status: int, body: Json) -> web.Response:
        return web.Response(status=status, body=encode(body), content_type="application/json")

    async def _parameters(self, request: web.BaseRequest) -> tuple[Json, dict[str, Upload]]:
        params: Json = dict(request.query)
        uploads: dict[str, Upload] = {}
        if request.method not in ("GET", "POST"):
            raise ApiError(405, "Method Not Allowed")
        if request.method == "GET":
            return params, uploads
        kind = request.content_type
        if kind == "application/json":
            body = await request.read()
            if not body:
                return params, uploads
            try:
                parsed = json.loads(body)
            except ValueError:
                raise ApiError(400, "Bad Request: can't parse JSON object") from None
            if not isinstance(parsed, dict):
                raise ApiError(400, "Bad Request: expected a JSON object")
            params.update(parsed)
        elif kind in ("application/x-www-form-urlencoded", "multipart/form-data"):
            request._client_max_size = _MAX_BODY  # noqa: SLF001 - aiohttp has no other door
            try:
                form = await request.post()
            except (web.HTTPRequestEntityTooLarge, ValueError):
                raise ApiError(413, "Request Entity Too Large") from None
            for key, value in form.items():
                if isinstance(value, FileField):
                    with value.file as file:
                        data = file.read()
                    uploads[key] = Upload(value.filename or key, data, value.content_type)
                elif isinstance(value, (bytes, bytearray)):
                    params[key] = bytes(value).decode("utf-8", "replace")
                else:
                    params[key] = value
        return params, uploads

    def _download(self, path: str) -> web.Response:
        found = re.fullmatch(r"/file/bot([^/]+)/(.+)", path)
        if found is None or found[1] != self.context.options.token:
            return self._json(404, {"ok": False, "error_code": 404, "description": "Not Found"})
        stored = self.context.files.by_path(found[2])
        self.context.stats.calls["download"] += 1
        if stored is None or stored.size > DOWNLOAD_LIMIT:
            return self._json(404, {"ok": False, "error_code": 404, "description": "Not Found"})
        fault = self.dispatcher.faults.take("download", None)
        if fault is not None and fault.kind == "status":
            return self._json(
                fault.code, {"ok": False, "error_code": fault.code, "description": "Bad Gateway"}
            )
        return web.Response(body=stored.data, content_type="application/octet-stream")
