"""`check` tries the address that HTTP is served on, the webhook and the address for links."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web

from tests.bot.check.practice import Practice
from tests.channels.certificate import make_certificate
from tests.ports import free_port


@asynccontextmanager
async def answering(status: int) -> AsyncIterator[int]:
    """A server that answers health checks, and whatever is posted with this status."""

    async def page(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(text="ok", status=200 if request.method == "GET" else status)

    runner = web.ServerRunner(web.Server(page))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield int(runner.addresses[0][1])
    await runner.cleanup()


async def test_an_address_for_http_that_is_taken_by_another_is_named(practice: Practice) -> None:
    assert not await practice.faults(HTTP_LISTEN=f"127.0.0.1:{free_port()}")
    async with answering(200) as port:
        lines = [str(f) for f in await practice.examine(HTTP_LISTEN=f"127.0.0.1:{port}")]
        assert f"ok     HTTP is served on http://127.0.0.1:{port}" in lines
    assert "set HTTP_LISTEN to a free address" in await practice.fault(HTTP_LISTEN="192.0.2.1:80")


async def test_a_webhook_that_leads_elsewhere_or_is_not_set_is_told(practice: Practice) -> None:
    secret = {"WEBHOOK_SECRET": "a-secret-of-many-letters"}
    async with answering(404) as port:
        here = f"127.0.0.1:{port}"
        url = f"http://{here}/telegram"
        found = await practice.faults(HTTP_LISTEN=here, WEBHOOK_URL=url, **secret)
    assert [finding.what for finding in found] == [
        f"WEBHOOK_URL {url} answers 404 instead of 401",
        "Telegram has another webhook: none",
    ]
    async with answering(401) as port:
        here = f"127.0.0.1:{port}"
        said = await practice.fault(
            HTTP_LISTEN=here, WEBHOOK_URL=f"http://{here}/telegram", **secret
        )
    assert "Telegram has another webhook" in said


@asynccontextmanager
async def in_front(status: int, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """A proxy before the desk, that answers all with this status: its address."""

    async def page(_request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=status, headers={"location": "/elsewhere"})

    runner = web.ServerRunner(web.Server(page))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
    yield f"{'http' if tls is None else 'https'}://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


@pytest.mark.parametrize("status", [200, 301, 404, 502])
async def test_an_address_for_links_that_leads_elsewhere_is_told(
    practice: Practice, status: int
) -> None:
    async with answering(200) as port, in_front(status) as url:
        said = await practice.fault(HTTP_LISTEN=f"127.0.0.1:{port}", PUBLIC_URL=url)
    seen = "with a page of another" if status == 200 else status
    assert f"PUBLIC_URL {url} answers {seen}, not as the desk" in said


async def test_an_address_for_links_that_fits_is_fine_and_one_without_an_answer_is_not(
    practice: Practice,
) -> None:
    async with answering(200) as port:
        here = f"127.0.0.1:{port}"
        found = await practice.examine(HTTP_LISTEN=here, PUBLIC_URL=f"http://{here}")
        assert f"ok     PUBLIC_URL http://{here} leads to the desk" in map(str, found)
        async with in_front(200) as url:
            pass
        said = await practice.fault(HTTP_LISTEN=here, PUBLIC_URL=url)
        assert f"PUBLIC_URL {url} cannot be reached from here" in said


async def test_a_certificate_of_another_name_or_of_nobody_is_told(
    practice: Practice, tmp_path: Path
) -> None:
    certificate = make_certificate(tmp_path)
    async with answering(200) as port, in_front(200, certificate.server) as url:
        said = await practice.fault(HTTP_LISTEN=f"127.0.0.1:{port}", PUBLIC_URL=url)
    assert f"PUBLIC_URL {url} has a certificate that does not count" in said
