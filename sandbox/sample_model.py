"""A sample in place of a language model: it understands nothing, and says so in every answer.

It speaks as OpenAI's server does, so that the desk's assistant can be tried without one.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any, Final, Self

from aiohttp import web

NAME: Final = "sample-not-a-model"
_CYRILLIC: Final = re.compile("[а-яё]", re.IGNORECASE)
_LAST: Final = 200
# By the language of who asks: an answer, and what is only repeated.
_WORDS: Final = {
    "ru": (
        "Здравствуйте, {name}! Это образец ответа: модели в песочнице нет. Последние слова: {last}",
        "Образец, модели в песочнице нет: {last}",
    ),
    "en": (
        "Hello {name}! This is a sample: the sandbox has no model. The last words are: {last}",
        "A sample, the sandbox has no model: {last}",
    ),
}


@dataclass(slots=True)
class SampleModel:
    """Serves on a port of its own while the context lasts."""

    port: int = 0
    _runner: web.AppRunner = field(init=False)

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get("/v1/models", _models)
        app.router.add_post("/v1/chat/completions", _complete)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    def environment(self) -> dict[str, str]:
        """Return what the desk must be started with to ask it."""
        return {
            "ASSISTANT_URL": f"http://127.0.0.1:{self.port}/v1",
            "ASSISTANT_MODEL": NAME,
        }


async def _models(_request: web.Request) -> web.Response:
    return web.json_response({"object": "list", "data": [{"id": NAME, "object": "model"}]})


async def _complete(request: web.Request) -> web.Response:
    asked: dict[str, Any] = await request.json()
    rules, question = (str(one["content"]) for one in asked["messages"])
    text = _answer("ru" if _CYRILLIC.search(rules) else "en", json.loads(question))
    message = {"role": "assistant", "content": text}
    return web.json_response(
        {
            "object": "chat.completion",
            "model": NAME,
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": len(question) // 4, "completion_tokens": len(text) // 4},
        }
    )


def _answer(language: str, document: dict[str, Any]) -> str:
    said = document.get("conversation") or [{"text": ""}]
    last = str(document.get("text") or said[-1]["text"])[:_LAST]
    answer, repeated = _WORDS[language]
    if "customer" in document:
        return answer.format(name=document["customer"], last=last)
    return repeated.format(last=last)
