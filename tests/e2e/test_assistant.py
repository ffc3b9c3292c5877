"""The assistant over the wire: the bot asks a real server, and an operator decides (X17)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

import pytest

from sandbox import Message
from tests.e2e.asking import SOON, asks
from tests.e2e.looking import value
from tests.e2e.stage import Stage, staged
from tests.model_server import ModelServer, model_server

WORDS: Final[dict[str, dict[str, str]]] = {
    "ru": {
        "customer": "Анна",
        "says": "Это Анна Смирнова, +7 916 123-45-67. Камера тёмная",
        "model": "Здравствуйте, [PERSON_1]. Мастер позвонит на [NUMBER_1].",
        "answer": "Здравствуйте, Анна. Мастер позвонит на +7 916 123-45-67.",
        "insert": "Вставить",
        "busy": "помощник сейчас занят",
    },
    "en": {
        "customer": "Anna",
        "says": "This is Anna Smirnova, +7 916 123-45-67. The camera is dark",
        "model": "Hello [PERSON_1]. We call [NUMBER_1].",
        "answer": "Hello Anna. We call +7 916 123-45-67.",
        "insert": "Insert",
        "busy": "the assistant is busy",
    },
}


@pytest.fixture
async def server() -> AsyncIterator[ModelServer]:
    async with model_server() as server:
        yield server


@pytest.fixture(params=["ru", "en"])
async def stage(
    request: pytest.FixtureRequest, tmp_path: Path, server: ModelServer
) -> AsyncIterator[Stage]:
    async with staged(tmp_path, language=request.param, draws_soon=True) as stage:
        stage.settings |= server.settings
        async with stage.process():
            yield stage


async def test_a_draft_is_asked_for_looked_at_and_sent(stage: Stage, server: ModelServer) -> None:
    words = WORDS[stage.language]
    anna = stage.customer(words["customer"])
    number, card = await stage.open_ticket(anna, words["says"])
    server.says = lambda _asked: words["model"]
    screen: Message = await asks(stage, stage.olga, "/draft", to=card)
    assert words["answer"] in screen.text
    assert anna.last.text != words["answer"]
    for secret in (words["customer"], "916", "123-45-67"):
        assert secret not in server.sent
    await stage.olga.press(words["insert"], message=screen)
    await anna.expect(words["answer"].split(".")[0], timeout=SOON)
    await stage.settle()
    tokens = "SELECT tokens FROM assistant_day"
    assert value(stage, tokens) == 150
    server.status = 429
    refused = await asks(stage, stage.olga, f"/draft {number}")
    assert words["busy"] in refused.text
    assert stage.bot is not None
    log = (stage.folder / "bot.log").read_text()
    assert "sk-canary" not in log and words["says"] not in log and "429" in log
