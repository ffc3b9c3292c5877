"""Who is let in, and what is handed out."""

from __future__ import annotations

import pytest

from sandbox.page.files import STATIC
from sandbox.server.images import image_size
from tests.sandbox.page.visitor import Visitor

START = {"do": "start"}


@pytest.mark.parametrize("path", ["/page/", "/page/world", "/page/events", "/"])
@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "127.0.0.1:1", "localhost.evil:80"])
async def test_another_host_is_refused(visitor: Visitor, path: str, host: str) -> None:
    async with visitor.session.get(path, headers={"Host": host}) as answer:
        assert answer.status == 403


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "[::1]"])
async def test_the_machine_s_own_names_are_welcome(visitor: Visitor, name: str) -> None:
    host = {"Host": f"{name}:{visitor.world.server.port}"}
    async with visitor.session.get("/page/world", headers=host) as answer:
        assert answer.status == 200


@pytest.mark.parametrize("path", ["/page/act", "/page/trouble"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Host": "evil.example"},
    ],
)
async def test_another_page_cannot_act_here(
    visitor: Visitor, path: str, headers: dict[str, str]
) -> None:
    body = {"as": visitor.anna.id, "do": "start"}
    status, answer = await visitor.ask(path, body, headers=headers)
    assert (status, answer["code"]) == (403, "forbidden")
    assert not visitor.anna.chat.messages


async def test_a_form_of_another_page_cannot_act_here(visitor: Visitor) -> None:
    """What a form can send without being asked for: text that looks like JSON."""
    body = f'{{"as": {visitor.anna.id}, "do": "start"}}'
    async with visitor.session.post(
        "/page/act", data=body, headers={"Content-Type": "text/plain"}
    ) as answer:
        assert answer.status == 415
    assert not visitor.anna.chat.messages


@pytest.mark.parametrize("body", ["", "[]", "{", '"x"', "null"])
async def test_what_is_no_object_is_refused(visitor: Visitor, body: str) -> None:
    async with visitor.session.post(
        "/page/act", data=body.encode(), headers={"Content-Type": "application/json"}
    ) as answer:
        assert answer.status == 400
        assert (await answer.json())["code"] == "not_json"


async def test_the_page_is_guarded_and_runs_nothing_from_elsewhere(visitor: Visitor) -> None:
    async with visitor.session.get("/") as answer:
        assert (answer.status, answer.url.path) == (200, "/page/")
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy and "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        text = await answer.text()
    assert "<script>" not in text and "style=" not in text and "http" not in text


async def test_modules_and_styles_have_their_types(visitor: Visitor) -> None:
    for name, kind in (("*.js", "text/javascript"), ("*.css", "text/css")):
        for file in STATIC.rglob(name):
            async with visitor.session.get(f"/page/{file.relative_to(STATIC)}") as answer:
                assert (answer.status, answer.content_type) == (200, kind)


@pytest.mark.parametrize(
    "path", ["/page/../page.py", "/page/%2e%2e/page.py", "/page/..%2fpage.py", "/page/nothing.js"]
)
async def test_nothing_but_the_page_s_files_is_served(visitor: Visitor, path: str) -> None:
    from yarl import URL

    url = URL(f"{visitor.world.api_url}{path}", encoded=True)
    async with visitor.session.get(url) as answer:
        assert answer.status == 404


async def test_a_photo_comes_as_it_was_sent(visitor: Visitor) -> None:
    await visitor.act(visitor.anna, "photo")
    media = (await visitor.chat(visitor.anna.chat))["messages"][0]["media"]
    async with visitor.session.get(media["url"]) as answer:
        assert answer.content_type == "image/png"
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert image_size(await answer.read()) == (media["width"], media["height"]) == (800, 600)


async def test_a_player_may_ask_for_a_part(visitor: Visitor) -> None:
    await visitor.act(visitor.anna, "voice")
    url = (await visitor.chat(visitor.anna.chat))["messages"][0]["media"]["url"]
    async with visitor.session.get(url) as answer:
        whole = await answer.read()
        assert answer.content_type == "audio/wav" and whole[:4] == b"RIFF"
    for asked, part in (("0-3", whole[:4]), ("40-", whole[40:]), ("-8", whole[-8:])):
        async with visitor.session.get(url, headers={"Range": f"bytes={asked}"}) as answer:
            assert (answer.status, await answer.read()) == (206, part)
    async with visitor.session.get(url, headers={"Range": "bytes=9999999-"}) as answer:
        assert answer.status == 200


async def test_what_could_run_is_only_ever_saved(visitor: Visitor) -> None:
    evil = b"<script>alert(1)</script>"
    for name, mime in (("x.html", "text/html"), ("x.svg", "image/svg+xml")):
        status, _ = await visitor.send(visitor.anna, "document", (name, evil, mime))
        assert status == 200
        url = (await visitor.chat(visitor.anna.chat))["messages"][-1]["media"]["url"]
        async with visitor.session.get(url) as answer:
            assert answer.content_type == "application/octet-stream"
            assert answer.headers["Content-Disposition"].startswith("attachment")
