"""Calls a server that speaks as OpenAI's does: a cloud's, or Ollama, vLLM, llama.cpp of one's own.

An answer is bounded, no redirect is followed (it would carry the words elsewhere), and neither key
nor words are ever in an error: what a server says of a fault may quote what it was sent (S34).
"""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, Final

import aiohttp
import orjson

from core.assistant.model import (
    BUSY,
    DOWN,
    EMPTY,
    REFUSED,
    SLOW,
    UNREADABLE,
    WRONG_MODEL,
    Completion,
    ModelError,
)
from core.tx import demand_no_transaction

# Bytes of an answer that are read.
LARGEST: Final = 262_144
CONNECT: Final = 5.0
_FINE: Final = HTTPStatus.OK
_BY_STATUS: Final = {
    HTTPStatus.UNAUTHORIZED: REFUSED,
    HTTPStatus.FORBIDDEN: REFUSED,
    HTTPStatus.PAYMENT_REQUIRED: REFUSED,
    HTTPStatus.NOT_FOUND: WRONG_MODEL,
    HTTPStatus.TOO_MANY_REQUESTS: BUSY,
    HTTPStatus.SERVICE_UNAVAILABLE: BUSY,
    HTTPStatus.REQUEST_TIMEOUT: SLOW,
    HTTPStatus.GATEWAY_TIMEOUT: SLOW,
}
# How the room for an answer is called; newer servers of OpenAI's know only the second.
_ROOM: Final = ("max_tokens", "max_completion_tokens")


class ModelClient:
    """A model on the server at ``url``, which ends before ``/chat/completions``. ``patience`` is in
    seconds.
    """

    def __init__(self, url: str, model: str, key: str | None, patience: float) -> None:
        self._url = url.rstrip("/")
        self._model = model
        self._key = key
        self._timeout = aiohttp.ClientTimeout(total=patience, connect=min(CONNECT, patience))
        self._session: aiohttp.ClientSession | None = None
        self._room = _ROOM[0]

    async def complete(self, messages: Sequence[dict[str, Any]], tokens: int) -> Completion:
        """See `core.assistant.model.Model`."""
        asked = {"model": self._model, "messages": list(messages), "stream": False}
        status, body = await self._call("POST", "/chat/completions", asked | {self._room: tokens})
        if status == HTTPStatus.BAD_REQUEST and _wants_other_room(body, self._room):
            self._room = _ROOM[1]
            status, body = await self._call(
                "POST", "/chat/completions", asked | {self._room: tokens}
            )
        _demand_fine(status)
        return _completion(body)

    async def models(self) -> list[str]:
        """Return the names of the models that the server offers. Raises :class:`ModelError`."""
        status, body = await self._call("GET", "/models")
        _demand_fine(status)
        listed = _json(body).get("data")
        found = [one.get("id") for one in listed or () if isinstance(one, dict)]
        return [name for name in found if isinstance(name, str)]

    async def _call(
        self, method: str, path: str, asked: dict[str, Any] | None = None
    ) -> tuple[int, bytes]:
        demand_no_transaction("assistant")
        headers = {"accept": "application/json", "content-type": "application/json"}
        if self._key:
            headers["authorization"] = f"Bearer {self._key}"
        body = None if asked is None else orjson.dumps(asked)
        try:
            async with self._calls().request(
                method, self._url + path, data=body, headers=headers, allow_redirects=False
            ) as answer:
                return answer.status, await _bounded(answer)
        except TimeoutError:
            raise ModelError(SLOW) from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise ModelError(DOWN, type(error).__name__) from None

    def _calls(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=self._timeout, cookie_jar=aiohttp.DummyCookieJar()
            )
        return self._session

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()


async def _bounded(answer: aiohttp.ClientResponse) -> bytes:
    """Read an answer as far as it may go; one that is longer is not read on."""
    body = bytearray()
    async for piece in answer.content.iter_any():
        body += piece
        if len(body) > LARGEST:
            answer.close()
            raise ModelError(UNREADABLE, "too long")
    return bytes(body)


def _wants_other_room(body: bytes, room: str) -> bool:
    return room == _ROOM[0] and _ROOM[1].encode() in body


def _demand_fine(status: int) -> None:
    if status != _FINE:
        known = _BY_STATUS.get(HTTPStatus(status)) if status in set(HTTPStatus) else None
        failed = status >= HTTPStatus.INTERNAL_SERVER_ERROR
        raise ModelError(known or (DOWN if failed else REFUSED), str(status))


def _json(body: bytes) -> dict[str, Any]:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise ModelError(UNREADABLE, "no JSON") from None
    if not isinstance(found, dict):
        raise ModelError(UNREADABLE, "no object")
    return found


def _completion(body: bytes) -> Completion:
    """Return the text of the first choice: nothing else of an answer is used."""
    answer = _json(body)
    try:
        choice = answer["choices"][0]
        text = choice["message"]["content"]
    except (KeyError, IndexError, TypeError):
        raise ModelError(UNREADABLE, "no choice") from None
    if not isinstance(text, str) or not text.strip():
        raise ModelError(EMPTY)
    asked, answered = (_count(answer, name) for name in ("prompt_tokens", "completion_tokens"))
    return Completion(text, asked, answered, whole=choice.get("finish_reason") != "length")


def _count(answer: dict[str, Any], name: str) -> int:
    usage = answer.get("usage")
    count = usage.get(name) if isinstance(usage, dict) else None
    return count if isinstance(count, int) and 0 <= count < 10**9 else 0
