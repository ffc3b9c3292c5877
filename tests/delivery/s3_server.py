"""A server that speaks as much of S3 as the desk's files need, on loopback."""

import asyncio
import hashlib
import re
from dataclasses import dataclass, field
from typing import Self

import pytest
from aiohttp import web

_MISSING = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    "<Error><Code>{code}</Code><Message>not there</Message><Resource>{path}</Resource></Error>"
)


@dataclass
class S3Server:
    """One bucket, addressed by path. It refuses what is not signed with ``key``, and bytes other
    than the signed ones. ``broken`` answers 503; ``silent`` never answers.
    """

    bucket: str = "desk"
    key: str = "AKIDESK"
    objects: dict[str, bytes] = field(default_factory=dict)
    broken: bool = False
    silent: bool = False
    asked: list[str] = field(default_factory=list)
    url: str = ""
    _runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=2**26)
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    def set_environment(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Name this server by the usual AWS variables."""
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", self.key)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
        monkeypatch.setenv("AWS_REGION", "eu-west-1")
        monkeypatch.setenv("AWS_ENDPOINT_URL", self.url)
        monkeypatch.setenv("AWS_ALLOW_HTTP", "true")

    async def __aexit__(self, *_error: object) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(request.method)
        if self.silent:
            await asyncio.sleep(3600)
        if self.broken:
            return web.Response(status=503, text="<Error><Code>SlowDown</Code></Error>")
        data = await request.read()
        signed = request.headers.get("x-amz-content-sha256")
        if f"Credential={self.key}/" not in request.headers.get("Authorization", ""):
            return self._error(request, 403, "InvalidAccessKeyId")
        if signed not in {"UNSIGNED-PAYLOAD", hashlib.sha256(data).hexdigest()}:
            return self._error(request, 400, "XAmzContentSHA256Mismatch")
        bucket, _, name = request.match_info["path"].partition("/")
        if bucket != self.bucket:
            return self._error(request, 404, "NoSuchBucket")
        return self._object(request, name, data)

    def _object(self, request: web.Request, name: str, data: bytes) -> web.StreamResponse:
        if request.method == "PUT":
            self.objects[name] = data
            return web.Response(headers={"ETag": f'"{hashlib.md5(data).hexdigest()}"'})  # noqa: S324
        if request.method == "POST" and "delete" in request.query:
            return self._deleted(data)
        if name not in self.objects:
            return self._error(request, 404, "NoSuchKey")
        headers = {"ETag": '"1"', "Last-Modified": "Sat, 28 Nov 2026 10:00:00 GMT"}
        return web.Response(body=self.objects[name], headers=headers)

    def _deleted(self, data: bytes) -> web.Response:
        """Delete several, as S3 does: what is not there counts as deleted."""
        names = re.findall(r"<Key>([^<]*)</Key>", data.decode())
        for name in names:
            self.objects.pop(name, None)
        gone = "".join(f"<Deleted><Key>{name}</Key></Deleted>" for name in names)
        text = f"<DeleteResult>{gone}</DeleteResult>"
        return web.Response(text=text, content_type="application/xml")

    def _error(self, request: web.Request, status: int, code: str) -> web.Response:
        text = _MISSING.format(code=code, path=request.path)
        return web.Response(status=status, text=text, content_type="application/xml")
