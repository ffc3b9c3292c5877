"""A stop has five seconds (R16): what comes in and what was taken in ends side by side."""

import asyncio
from typing import Any
from unittest.mock import AsyncMock, MagicMock

from bot.process import App


async def test_updates_are_finished_while_requests_are() -> None:
    """Each has two seconds, and so have the deliveries they cause: one after the other they would
    have six.
    """
    asked = asyncio.Event()
    ended: list[str] = []

    async def updates(_patience: float) -> None:
        asked.set()
        ended.append("updates")

    async def requests() -> None:
        await asked.wait()
        ended.append("requests")

    async def deliveries(_patience: float) -> None:
        ended.append("deliveries")

    app: Any = MagicMock(spec=App)
    app._leading, app.channels, app.assistant = set(), {}, None
    app.update_queue.stop, app.runner.stop, app.courier.stop = updates, AsyncMock(), deliveries
    app.routes.acknowledgements = AsyncMock()
    app.database = AsyncMock()
    app.database.leads, app.reads = lambda: False, AsyncMock()
    app.bot.session.close = AsyncMock()
    async with asyncio.timeout(60):
        await App._finish(app, {asyncio.create_task(requests(), name="http")})
    assert sorted(ended[:2]) == ["requests", "updates"] and ended[2:] == ["deliveries"]
    assert app.http.stop.called
