"""The sandbox's stand-in for a language model is asked as a real one, and says what it is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from channels.assistant.client import ModelClient
from sandbox.sample_model import NAME, SampleModel

DRAFT: dict[str, Any] = {
    "customer": "[PERSON_1]",
    "conversation": [{"from": "customer", "text": "dark"}, {"from": "support", "text": "hm"}],
}


@pytest.mark.parametrize(
    ("rules", "document", "answer"),
    [
        ("Ты помогаешь", DRAFT, "Здравствуйте, [PERSON_1]! Это образец ответа"),
        ("You help", DRAFT, "Hello [PERSON_1]! This is a sample"),
        ("You translate", {"text": "dark"}, "A sample, the sandbox has no model: dark"),
        ("You help", {"conversation": DRAFT["conversation"]}, "A sample, the sandbox has no model"),
    ],
)
async def test_it_answers_as_a_sample(rules: str, document: dict[str, Any], answer: str) -> None:
    asked = [
        {"role": "system", "content": rules},
        {"role": "user", "content": json.dumps(document)},
    ]
    async with SampleModel() as model:
        leads = model.environment()
        client = ModelClient(leads["ASSISTANT_URL"], leads["ASSISTANT_MODEL"], None, 20.0)
        try:
            assert await client.models() == [NAME]
            assert (await client.complete(asked, 100)).text.startswith(answer)
        finally:
            await client.close()
