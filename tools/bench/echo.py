"""The yardstick: the least that a bot on aiogram can do, ``python -m tools.bench.echo``.

Stock: aiogram as its manual shows it. ``--tuned``: with everything that costs no code of one's own:
response classes held, orjson, what was loaded kept out of garbage collection. ``--soon``: types are
built at their first use, which saves five seconds where no figure counts.
"""

from __future__ import annotations

import asyncio
import gc
import os
import sys

if "--soon" in sys.argv:
    from bot.lazy_aiogram import defer_types

    defer_types()

from aiogram import Bot, Dispatcher
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.methods import GetMe, GetUpdates, SendMessage
from aiogram.types import Message


async def echo(message: Message) -> None:
    await message.answer(message.text or "")


async def stock() -> None:
    await _poll(AiohttpSession())


async def tuned() -> None:
    import orjson

    from channels.telegram.client.session import kept_response

    for method in (GetMe, GetUpdates, SendMessage):
        kept_response(method.__returning__)
    gc.collect()
    gc.freeze()
    await _poll(AiohttpSession(json_loads=orjson.loads, json_dumps=_dumps))


def _dumps(value: object) -> str:
    import orjson

    return orjson.dumps(value).decode()


async def _poll(session: AiohttpSession) -> None:
    session.api = TelegramAPIServer.from_base(os.environ["TELEGRAM_API_URL"])
    dispatcher = Dispatcher()
    dispatcher.message.register(echo)
    await dispatcher.start_polling(Bot(os.environ["BOT_TOKEN"], session=session))


if __name__ == "__main__":
    if "--tuned" in sys.argv:
        asyncio.run(tuned())
    else:
        asyncio.run(stock())
