"""Calls that bring files, and downloads, leave by aiogram's own session.

It needs aiohttp, which costs a tenth of a second of CPU: this module is imported with the first
file, or once a start is over (`bot/late_imports.py`).
"""

from typing import TypeVar

from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.exceptions import TelegramNetworkError
from aiogram.methods import TelegramMethod
from aiohttp import ClientConnectorError

from channels.telegram.client.http_connection import NotSent
from core.tx import demand_no_transaction

T = TypeVar("T")


class FileSession(AiohttpSession):
    """aiogram's, but that its errors say of themselves whether a call never left."""

    async def make_request(
        self,
        bot: Bot,
        method: TelegramMethod[T],
        timeout: int | None = None,  # noqa: ASYNC109 aiogram's
    ) -> T:
        """Make a call. Raises what aiogram's session does; its `TelegramNetworkError` has `NotSent`
        as its cause where the call never left.
        """
        demand_no_transaction(method.__api_method__)
        try:
            return await super().make_request(bot, method, timeout)
        except TelegramNetworkError as error:
            if isinstance(error.__cause__, ClientConnectorError):
                raise error from NotSent(str(error.__cause__))
            raise
