"""`check` tries what is elsewhere: the sign of life, error reports and the assistant."""

from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.bot.check.practice import Practice
from tests.delivery.test_health_watch import listener
from tests.model_server import model_server


async def test_the_sign_of_life_is_tried_and_its_address_is_not_shown(practice: Practice) -> None:
    async with listener() as (url, called):
        found = await practice.examine(PING_URL=url.get_secret_value())
    assert "ok     the sign of life arrives" in map(str, found) and called == ["/hush"]
    said = await practice.fault(PING_URL=url.get_secret_value())
    assert "look at PING_URL" in said and "hush" not in said


async def test_where_errors_are_reported_is_tried_and_the_key_is_not_shown(
    practice: Practice,
) -> None:
    keys = []

    async def take(request: web.Request) -> web.Response:
        keys.append(request.headers["x-sentry-auth"].rpartition("=")[2])
        return web.Response(status=200 if keys[-1] == "g00d" else 403)

    app = web.Application()
    app.router.add_post("/below/api/7/envelope/", take)
    async with TestServer(app) as server:
        where = f"127.0.0.1:{server.port}/below/7"
        found = await practice.examine(SENTRY_DSN=f"http://g00d@{where}")
        said = await practice.fault(SENTRY_DSN=f"http://wr0ng@{where}")
    assert "ok     errors can be reported to Sentry" in map(str, found)
    assert "look at SENTRY_DSN" in said and "403" in said and "wr0ng" not in said
    assert keys == ["g00d", "wr0ng"]


async def test_the_assistant_is_asked_for_its_models_and_the_key_is_not_shown(
    practice: Practice,
) -> None:
    async with model_server() as server:
        found = await practice.examine(**server.settings)
        server.models = ["large-1", "large-2"]
        other = await practice.fault(**server.settings)
        server.models = []
        silent = await practice.faults(**server.settings)
        server.status = 401
        refused = await practice.fault(**server.settings)
        url = server.url
    assert f"ok     the assistant at {url} answers, with small-1" in map(str, found)
    assert "has no model small-1" in other and "it has: large-1, large-2" in other
    assert silent == []
    assert "look at ASSISTANT_URL and ASSISTANT_KEY (refused: 401)" in refused
    assert "sk-canary" not in refused and server.keys[0] == "Bearer sk-canary"
    assert "does not answer" in await practice.fault(**server.settings)
    assert server.asked == []
