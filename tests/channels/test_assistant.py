"""The assistant's server is asked once, answers within bounds, and no error has a word (X17)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from channels.assistant.client import LARGEST, ModelClient
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
from core.tx import INSIDE, NetworkInTransaction
from tests.model_server import MODEL, ModelServer, model_server

KEY = "sk-canary"
WORDS = "the camera is dark"
ASKED: list[dict[str, Any]] = [{"role": "user", "content": WORDS}]


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    async with model_server() as server:
        yield server


@asynccontextmanager
async def client(url: str, patience: float = 20.0, key: str | None = KEY) -> AsyncIterator[Any]:
    made = ModelClient(url, MODEL, key, patience)
    try:
        yield made
    finally:
        await made.close()


async def refusal(url: str, patience: float = 20.0) -> ModelError:
    async with client(url, patience) as asks:
        with pytest.raises(ModelError) as failed:
            await asks.complete(ASKED, 100)
    assert KEY not in str(failed.value) and WORDS not in str(failed.value)
    return failed.value


async def test_a_model_answers(server: ModelServer) -> None:
    async with client(f"{server.url}/") as asks:
        assert await asks.complete(ASKED, 100) == Completion("Please restart the camera.", 120, 30)
        assert await asks.models() == [MODEL]
    assert server.asked == [{"model": MODEL, "messages": ASKED, "stream": False, "max_tokens": 100}]
    assert server.keys == [f"Bearer {KEY}"] * 2
    assert server.paths == ["/v1/chat/completions", "/v1/models"]


async def test_a_server_of_ones_own_needs_no_key_and_counts_nothing(server: ModelServer) -> None:
    server.usage = None
    async with client(server.url, key=None) as asks:
        assert await asks.complete(ASKED, 100) == Completion("Please restart the camera.")
    assert server.keys == [None]


async def test_a_newer_server_is_asked_as_it_wishes(server: ModelServer) -> None:
    server.newer = True
    async with client(server.url) as asks:
        await asks.complete(ASKED, 100)
        await asks.complete(ASKED, 100)
    assert [("max_tokens" in one) for one in server.asked] == [True, False, False]


async def test_an_answer_that_ran_out_of_room_says_so(server: ModelServer) -> None:
    server.finish = "length"
    async with client(server.url) as asks:
        assert not (await asks.complete(ASKED, 100)).whole


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (429, BUSY), (503, BUSY), (500, DOWN), (502, DOWN), (599, DOWN), (504, SLOW),
        (401, REFUSED), (403, REFUSED), (400, REFUSED), (418, REFUSED), (404, WRONG_MODEL),
    ],
)  # fmt: skip
async def test_every_refusal_has_a_code(server: ModelServer, status: int, code: str) -> None:
    server.status, server.body = status, f'{{"error": "{WORDS} {KEY}"}}'.encode()
    assert (await refusal(server.url)).code == code
    assert len(server.asked) == 1


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_no_redirect_is_followed(server: ModelServer, status: int) -> None:
    server.status, server.headers = status, {"location": server.url + "/chat/completions"}
    assert (await refusal(server.url)).code == REFUSED
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", UNREADABLE), (b"", UNREADABLE), (b"[]", UNREADABLE), (b"{}", UNREADABLE),
        (b"\xff\xfe", UNREADABLE), (b'{"choices": []}', UNREADABLE),
        (b'{"choices": [{"message": null}]}', UNREADABLE), (b'{"choices": {"0": 1}}', UNREADABLE),
        (b'{"choices": [{"message": {"content": null}}]}', EMPTY),
        (b'{"choices": [{"message": {"content": " "}}]}', EMPTY),
        (b'{"choices": [{"message": {"content": [1]}}]}', EMPTY),
        (b'{"choices": [{"message": {"content": "' + b"x" * LARGEST + b'"}}]}', UNREADABLE),
        (b"[" * 100_000, UNREADABLE),
    ],
)  # fmt: skip
async def test_an_answer_that_is_none_has_a_code(
    server: ModelServer, body: bytes, code: str
) -> None:
    server.body = body
    assert (await refusal(server.url)).code == code


@pytest.mark.parametrize("usage", [{"prompt_tokens": -1}, {"prompt_tokens": "x"}, {}])
async def test_tokens_that_are_none_count_nothing(server: ModelServer, usage: Any) -> None:
    server.usage = usage
    async with client(server.url) as asks:
        assert (await asks.complete(ASKED, 100)).asked == 0


async def test_a_server_that_does_not_answer_is_not_waited_for(server: ModelServer) -> None:
    server.hangs = True
    assert (await refusal(server.url, patience=0.2)).code == SLOW


async def test_nobody_there_is_told_as_such() -> None:
    async with model_server() as gone:
        url = gone.url
    assert (await refusal(url)).code == DOWN


async def test_no_call_is_made_inside_a_transaction(server: ModelServer) -> None:
    async with client(server.url) as asks:
        inside = INSIDE.set(True)
        try:
            with pytest.raises(NetworkInTransaction):
                await asks.complete(ASKED, 100)
        finally:
            INSIDE.reset(inside)
    assert server.asked == []


async def test_a_call_that_is_given_up_leaves_nothing_behind(server: ModelServer) -> None:
    server.hangs = True
    async with client(server.url) as asks:
        call = asyncio.create_task(asks.complete(ASKED, 100))
        await server.reached.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        server.hangs = False
        assert (await asks.complete(ASKED, 100)).text
