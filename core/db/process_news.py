"""What processes at one PostgreSQL tell each other: LISTEN and NOTIFY.

News make things quicker, never right: who misses some looks by themselves before long.
"""

import asyncio
import json
import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Select, func, select
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession, create_async_engine
from sqlalchemy.pool import NullPool

log = logging.getLogger(__name__)

_CHANNEL: Final = "frontdoor"
# PostgreSQL takes less than 8,000 bytes at once.
MOST_BYTES: Final = 7000
# Seconds between two looks whether the line is there, and before it is tried again.
LOOK_EVERY: Final = 3.0

# A kind of news and its facts.
News = Sequence[Any]


class ProcessNews:
    """The line of one process. ``options``: of its connection."""

    def __init__(self, url: URL, options: Mapping[str, Any]) -> None:
        self._name = secrets.token_hex(8)
        self._engine = create_async_engine(
            url,
            hide_parameters=True,
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
            connect_args=dict(options),
        )
        self._line: AsyncConnection | None = None
        self._one_statement = asyncio.Lock()

    async def tell_with(self, session: AsyncSession, news: Sequence[News]) -> None:
        """Tell the others once the session's transaction is committed."""
        for notification in self._notifications(news):
            await session.execute(notification)

    async def tell(self, news: Sequence[News]) -> None:
        """Tell the others now, if they can be reached."""
        for notification in self._notifications(news):
            async with self._one_statement:
                if self._line is None:
                    return
                try:
                    await self._line.execute(notification)
                except (SQLAlchemyError, OSError) as error:
                    log.info("news could not be told: %s", error)
                    return

    def _notifications(self, news: Sequence[News]) -> list[Select[Any]]:
        parts: list[list[str]] = [[]]
        size = 0
        for one in news:
            packed = json.dumps(one, ensure_ascii=True)
            size += len(packed) + 1
            if size > MOST_BYTES and parts[-1]:
                parts.append([])
                size = len(packed)
            parts[-1].append(packed)
        return [
            select(func.pg_notify(_CHANNEL, f"{self._name}[{','.join(part)}]")) for part in parts
        ]

    async def hear(self, heard: Callable[[News], None], begun: Callable[[], None]) -> None:
        """Call ``heard`` for all that others tell, until cancelled. ``begun``: the line is there
        (again), and what was told before may have been missed.
        """
        while True:
            try:
                await self._listen(heard, begun)
            except (SQLAlchemyError, OSError) as error:
                log.info("nothing is heard of other processes for now: %s", error)
            await asyncio.sleep(LOOK_EVERY)

    async def _listen(self, heard: Callable[[News], None], begun: Callable[[], None]) -> None:
        def take(_connection: Any, _pid: int, _channel: str, payload: str) -> None:
            name, _, packed = payload.partition("[")
            if name == self._name:
                return
            for one in json.loads(f"[{packed}"):
                heard(one)

        async with self._engine.connect() as line:
            driver: Any = (await line.get_raw_connection()).driver_connection
            await driver.add_listener(_CHANNEL, take)
            self._line = line
            try:
                begun()
                while True:
                    await asyncio.sleep(LOOK_EVERY)
                    async with self._one_statement:
                        await line.scalar(select(1))
            finally:
                self._line = None
