"""How the page opens the bot's Mini App: as Telegram would, signed for whoever opens it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import pytest

from channels.telegram.addresses import chat_address
from handlers.http.app.session import read_init_data
from sandbox.page.bot_control import BotControl
from tests.sandbox.page.visitor import Visitor


class Control:
    """A bot that serves its app at this port, or does not run."""

    def __init__(self, port: int | None) -> None:
        self.port = port

    def app_port(self) -> int | None:
        return self.port

    async def look(self) -> dict[str, Any]:
        return {}


async def ask(visitor: Visitor, query: str) -> tuple[int, Any]:
    async with visitor.session.get(f"/page/app?{query}") as answer:
        return answer.status, await answer.json()


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_the_desk_believes_who_opens_it(visitor: Visitor, theme: str) -> None:
    visitor.page.bot = cast("BotControl", Control(4321))
    status, answer = await ask(visitor, f"as={visitor.olga.id}&theme={theme}")
    assert status == 200
    url = urlsplit(answer["url"])
    assert (url.netloc.split(":")[1], url.path) == ("4321", "/app")
    given = {name: values[0] for name, values in parse_qs(url.fragment).items()}
    now = datetime.fromtimestamp(visitor.world.clock.now(), UTC)
    opened = read_init_data(visitor.world.token, given["tgWebAppData"], now)
    assert opened == chat_address(visitor.olga.id)
    assert read_init_data("42:OTHER", given["tgWebAppData"], now) is None
    assert ("#ffffff" in given["tgWebAppThemeParams"]) is (theme == "light")


async def test_the_bots_clock_counts_for_what_is_signed(visitor: Visitor) -> None:
    visitor.page.bot = cast("BotControl", Control(4321))
    visitor.world.clock.advance(7 * 86_400)
    _, answer = await ask(visitor, f"as={visitor.olga.id}")
    data = parse_qs(urlsplit(answer["url"]).fragment)["tgWebAppData"][0]
    now = datetime.fromtimestamp(visitor.world.clock.now(), UTC)
    assert read_init_data(visitor.world.token, data, now) is not None


@pytest.mark.parametrize(
    ("port", "query", "code"),
    [(None, "as={olga}", "no_app"), (1, "as=1", "no_person"), (1, "as=x%00", "no_person"),
     (1, "", "no_person")],
)  # fmt: skip
async def test_there_is_no_app_of_nobody_or_of_a_bot_that_does_not_run(
    visitor: Visitor, port: int | None, query: str, code: str
) -> None:
    visitor.page.bot = cast("BotControl", Control(port))
    status, answer = await ask(visitor, query.format(olga=visitor.olga.id))
    assert status in (404, 409) and answer["code"] == code
