"""A lean session for aiogram: calls leave as JSON over kept connections.

aiogram's own session makes a form of every call and parses every answer whole, which costs several
times as much. Calls with files, and downloads, still go its way.
"""

import json
import ssl
from collections.abc import AsyncGenerator
from datetime import datetime, timedelta
from http import HTTPStatus
from io import BytesIO
from typing import Any, Final, TypeVar, cast
from urllib.parse import urlsplit

import certifi
import orjson
from aiogram import Bot
from aiogram.client.default import Default
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.session.base import BaseSession
from aiogram.client.telegram import PRODUCTION, TelegramAPIServer
from aiogram.exceptions import AiogramError, TelegramNetworkError
from aiogram.methods import TelegramMethod
from aiogram.types import InputFile, MessageId, TelegramObject

from channels.telegram.client.http_connection import ConnectionPool, Server
from channels.telegram.screens.buttons import stamped
from core.files import FetchFile, FileTooLarge
from core.tx import demand_no_transaction

T = TypeVar("T")

# Calls that answer with the messages they made or changed: only their ids are read.
_MAKE_MESSAGES: Final = ("send", "edit", "stop", "forward")
_SIMPLE: Final = frozenset({str, int, bool, float})
_EMPTY: Final = (None, "")
# Empty, it takes a topic's icon away.
_CLEARED: Final = "icon_custom_emoji_id"
_HTTPS_PORT: Final = 443
_HTTP_PORT: Final = 80


class NotPlain(Exception):
    """The call holds what JSON cannot carry: a file."""


class LeanSession(BaseSession):
    """Makes the calls of a bot. ``timeout``: seconds for an answer, unless a call says otherwise.

    ``tls``: the context for https; by default the one that trusts certifi's authorities.
    ``proxy``: the URL of a proxy that all goes through, ``socks5://…`` or ``http://…``.
    """

    def __init__(
        self,
        api: TelegramAPIServer = PRODUCTION,
        *,
        timeout: float,
        tls: ssl.SSLContext | None = None,
        proxy: str | None = None,
    ) -> None:
        super().__init__(api=api, json_loads=loads, json_dumps=_dumps, timeout=timeout)
        self._pool = ConnectionPool(self._server)
        self._tls = tls
        self._proxy = proxy
        self.epoch = 0  # of the desk: what buttons carry after a restore
        self._defaults: dict[str, Any] = {}
        self._with_files: AiohttpSession | None = None

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
            body = self._body(bot, method)
        except (NotPlain, orjson.JSONEncodeError):
            return await self._files().make_request(bot, method, timeout)
        request = self._request(bot, method.__api_method__, body)
        try:
            answer = await self._pool.request(request, timeout or self.timeout)
        except TimeoutError as error:
            raise TelegramNetworkError(method=method, message="Request timeout error") from error
        except OSError as error:
            raise TelegramNetworkError(method=method, message=str(error)) from error
        made = _made(method, answer.status, answer.body)
        if made is not None:
            return cast(T, made)
        content = answer.body.decode("utf-8", "surrogateescape")
        return cast(T, self.check_response(bot, method, answer.status, content).result)

    async def stream_content(
        self,
        url: str,
        headers: dict[str, Any] | None = None,
        timeout: int = 30,  # noqa: ASYNC109 aiogram's
        chunk_size: int = 65536,
        raise_for_status: bool = True,  # noqa: FBT001, FBT002 aiogram's
    ) -> AsyncGenerator[bytes, None]:
        """Download, aiogram's own way."""
        demand_no_transaction("download")
        stream = self._files().stream_content(url, headers, timeout, chunk_size, raise_for_status)
        async for chunk in stream:
            yield chunk

    async def close(self) -> None:
        """Close all connections."""
        await self._pool.close()
        if self._with_files is not None:
            await self._with_files.close()

    def _files(self) -> AiohttpSession:
        if self._with_files is None:
            self._with_files = AiohttpSession(
                self._proxy,
                api=self.api,
                json_loads=loads,
                json_dumps=_dumps,
                timeout=self.timeout,
            )
        return self._with_files

    def _server(self) -> Server:
        parts = urlsplit(self.api.base)
        secure = parts.scheme == "https"
        port = parts.port or (_HTTPS_PORT if secure else _HTTP_PORT)
        if secure and self._tls is None:
            self._tls = ssl.create_default_context(cafile=certifi.where())
        return Server(parts.hostname or "", port, self._tls if secure else None, self._proxy)

    def _body(self, bot: Bot, method: TelegramMethod[Any]) -> bytes:
        """The call as JSON, without what is empty. Raises `NotPlain` where it brings a file."""
        call = method.model_dump(exclude_none=True, warnings=False)
        if self.epoch and isinstance(call.get("reply_markup"), dict):
            call["reply_markup"] = stamped(call["reply_markup"], self.epoch)
        said = ((key, self._plain(bot, value)) for key, value in call.items())
        return orjson.dumps(
            {key: value for key, value in said if value not in _EMPTY or key == _CLEARED}
        )

    def _plain(self, bot: Bot, value: Any) -> Any:
        """The value as JSON knows it, with the bot's defaults filled in."""
        kind = type(value)
        if kind in _SIMPLE:
            return value
        if kind is dict:
            pairs = ((key, self._plain(bot, one)) for key, one in value.items())
            return {key: one for key, one in pairs if one is not None}
        if kind is list:
            return [self._plain(bot, one) for one in value]
        match value:
            case Default():
                return self._default(bot, value.name)
            case InputFile() | timedelta():
                raise NotPlain
            case datetime():
                return round(value.timestamp())
        return value

    def _default(self, bot: Bot, name: str) -> Any:
        """What the bot says where a call says nothing; it never changes."""
        if name not in self._defaults:
            value = bot.default[name]
            if isinstance(value, TelegramObject):
                value = value.model_dump(exclude_none=True, warnings=False)
            self._defaults[name] = None if value is None else self._plain(bot, value)
        return self._defaults[name]

    def _request(self, bot: Bot, name: str, body: bytes) -> bytes:
        parts = urlsplit(self.api.api_url(token=bot.token, method=name))
        head = (
            f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc.rpartition('@')[2]}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


def loads(text: str | bytes) -> Any:
    """What Telegram says, even where a string holds half of a surrogate pair."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return json.loads(text)


def _dumps(value: Any) -> str:
    return orjson.dumps(value).decode()


def _made(method: TelegramMethod[Any], status: int, body: bytes) -> Any:
    """The ids that a call made, or «true»; ``None``: the answer must be read in full."""
    if status != HTTPStatus.OK or not method.__api_method__.startswith(_MAKE_MESSAGES):
        return None
    try:
        result = loads(body)["result"]
        if isinstance(result, list):
            return [MessageId(message_id=one["message_id"]) for one in result]
        return result if result is True else MessageId(message_id=result["message_id"])
    except (ValueError, KeyError, TypeError):
        return None  # no answer of the Bot API: aiogram says what is wrong with it


class _Bounded(BytesIO):
    """Takes at most so many bytes. Raises `FileTooLarge` for more, at once if ``size`` tells it."""

    def __init__(self, most: int | None, size: int) -> None:
        super().__init__()
        self._most = most
        if most is not None and size > most:
            raise FileTooLarge(size)

    def write(self, data: Any, /) -> int:
        """Take them, or none of them."""
        if self._most is not None and self.tell() + len(data) > self._most:
            raise FileTooLarge
        return super().write(data)


def telegram_file(bot: Bot) -> FetchFile:
    """Return what downloads a file that Telegram keeps. Its errors never show the token."""

    async def fetch(file_id: str, most: int | None = None) -> bytes:
        try:
            file = await bot.get_file(file_id)
            bounded = _Bounded(most, file.file_size or 0)
            found = await bot.download_file(file.file_path or "", bounded)
        except FileTooLarge:
            raise
        except AiogramError as error:
            raise OSError(f"Telegram does not hand it out: {type(error).__name__}") from None
        except Exception as error:  # noqa: BLE001 the library's words have the token in them
            raise ConnectionError(type(error).__name__) from None
        return b"" if found is None else found.read()

    return fetch
