"""A lean session for aiogram: calls leave as JSON over kept connections.

aiogram's own session makes a form of every call and parses every answer whole, which costs several
times as much. Calls with files, and downloads, still go its way.
"""

import json
import ssl
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast
from urllib.parse import urlsplit

import certifi
import orjson
from aiogram import Bot
from aiogram.client.default import Default
from aiogram.client.session.base import BaseSession
from aiogram.client.telegram import PRODUCTION, TelegramAPIServer
from aiogram.exceptions import TelegramNetworkError
from aiogram.methods import TelegramMethod
from aiogram.methods.base import Response
from aiogram.types import InputFile, TelegramObject

from channels.telegram.client.http_connection import Answer, ConnectionPool, Server
from channels.telegram.screens.buttons import stamped
from core.tx import demand_no_transaction

if TYPE_CHECKING:
    from channels.telegram.client.file_calls import FileSession

T = TypeVar("T")

# Calls that answer with the messages they made or changed: only their ids are read.
_MAKE_MESSAGES: Final = ("send", "edit", "stop", "forward", "copy")
_SIMPLE: Final = frozenset({str, int, bool, float})
_EMPTY: Final = (None, "")
# Empty, it takes a topic's icon away.
_CLEARED: Final = "icon_custom_emoji_id"
_KEYBOARD: Final = "reply_markup"
# Answers whose parts are read later, by whoever asked.
_AS_IT_CAME: Final = list[Any]
_HTTPS_PORT: Final = 443
_HTTP_PORT: Final = 80


@dataclass(frozen=True, slots=True)
class Made:
    """All that is read of a message that a call has made or changed."""

    message_id: int


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
        self._heads_of: TelegramAPIServer | None = None
        self._heads: dict[tuple[str, str], bytes] = {}
        self._with_files: FileSession | None = None

    async def make_request(
        self,
        bot: Bot,
        method: TelegramMethod[T],
        timeout: int | None = None,  # noqa: ASYNC109 aiogram's
    ) -> T:
        """Make a call. Raises what aiogram's session does; its `TelegramNetworkError` has `NotSent`
        as its cause where the call never left.
        """
        name = method.__api_method__
        demand_no_transaction(name)
        try:
            body = self._body(bot, method)
        except NotPlain:
            kept_response(method.__returning__)
            return await self._files().make_request(bot, method, timeout)
        request = self._request(bot, name, body)
        try:
            answer = await self._pool.request(request, timeout or self.timeout)
        except TimeoutError as error:
            raise TelegramNetworkError(method=method, message="Request timeout error") from error
        except OSError as error:
            raise TelegramNetworkError(method=method, message=str(error)) from error
        read = _read(method, answer)
        if read is not None:
            return cast(T, read)
        kept_response(method.__returning__)
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

    def _files(self) -> "FileSession":
        if self._with_files is None:
            from channels.telegram.client.file_calls import FileSession

            self._with_files = FileSession(
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
        """The call without what is empty. Raises `NotPlain` where it brings a file."""
        call: dict[str, Any] = {}
        for name, value in _parts(method).items():
            if value is None:  # most of what a call could say
                continue
            plain = value if type(value) in _SIMPLE else self._plain(bot, value)
            if plain not in _EMPTY or (name == _CLEARED and plain is not None):
                call[name] = plain
        if self.epoch and isinstance(call.get(_KEYBOARD), dict):
            call[_KEYBOARD] = stamped(call[_KEYBOARD], self.epoch)
        try:
            return orjson.dumps(call)
        except orjson.JSONEncodeError as error:
            raise NotPlain from error

    def _plain(self, bot: Bot, value: Any) -> Any:
        """The value as JSON knows it."""
        kind = type(value)
        if kind in _SIMPLE:
            return value
        if kind is dict or isinstance(value, TelegramObject):
            parts = value if kind is dict else _parts(value)
            pairs = ((key, self._plain(bot, one)) for key, one in parts.items() if one is not None)
            return {key: one for key, one in pairs if one is not None}
        if kind is list:
            return [self._plain(bot, one) for one in value]
        if isinstance(value, Default):
            return self._default(bot, value.name)
        return _single(value)

    def _default(self, bot: Bot, name: str) -> Any:
        """What the bot says where a call says nothing; it never changes."""
        if name not in self._defaults:
            value = bot.default[name]
            self._defaults[name] = None if value is None else self._plain(bot, value)
        return self._defaults[name]

    def _request(self, bot: Bot, name: str, body: bytes) -> bytes:
        if self._heads_of is not self.api:
            self._heads_of, self._heads = self.api, {}
        url = (bot.token, name)
        head = self._heads.get(url)
        if head is None:
            head = self._heads[url] = _head(self.api.api_url(*url))
        return b"%b%d\r\n\r\n%b" % (head, len(body), body)


@cache
def kept_response(returned: Any) -> Any:
    """Return the class of an answer that returns this, and hold it: aiogram otherwise builds it
    anew after garbage collections, a third of its time.
    """
    return Response.__class_getitem__(returned)


def _parts(model: TelegramObject | TelegramMethod[Any]) -> dict[str, Any]:
    """What it was made of, as it is: pydantic's own ways to it take several times as long."""
    return vars(model) if not model.model_extra else vars(model) | model.model_extra


def _single(value: Any) -> Any:
    match value:
        case InputFile() | timedelta():  # aiogram reckons from its own now
            raise NotPlain
        case datetime():
            return round(value.timestamp())
    return value


def _head(url: str) -> bytes:
    """All that stands above a call's body but for its length."""
    parts = urlsplit(url)
    return (
        f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc.rpartition('@')[2]}\r\n"
        f"Content-Type: application/json\r\nContent-Length: "
    ).encode()


def loads(text: str | bytes) -> Any:
    """What Telegram says, even where a string holds half of a surrogate pair."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return json.loads(text)


def _dumps(value: Any) -> str:
    return orjson.dumps(value).decode()


def _read(method: TelegramMethod[Any], answer: Answer) -> Any:
    """What a call came to, as far as it is read: «true», the ids of the messages that it made, or
    updates as they came. ``None``: the answer must be read in full, by aiogram.
    """
    if answer.status != HTTPStatus.OK:
        return None
    try:
        said = loads(answer.body)
        result = said["result"]
        if result is True:
            return True
        if method.__api_method__.startswith(_MAKE_MESSAGES):
            if isinstance(result, list):
                return [Made(int(one["message_id"])) for one in result]
            return Made(int(result["message_id"]))
        if isinstance(result, list) and method.__returning__ == _AS_IT_CAME:
            return result
    except (ValueError, KeyError, TypeError):
        pass  # no answer of the Bot API: aiogram says what is wrong with it
    return None
