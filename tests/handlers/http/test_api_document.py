"""The API does what its own document says, whatever is sent (schemathesis)."""

import asyncio
from pathlib import Path
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import positive_data_acceptance

from core.desk import Desk
from core.files import FolderStore
from core.integrations.keys import SCOPES, create_key
from core.texts import Texts
from handlers.http.api import access
from handlers.http.api.routes import PREFIX
from handlers.http.door import make_door
from handlers.http.health import Vitals
from tests.actions import people
from tests.handlers.http.conftest import served
from tests.handlers.http.whole_door import served_routes

# Not asked: whether all that the document allows is accepted. It does not say which phones there
# are, which topics, or that a text needs a visible sign. Examples of each operation:
EXAMPLES = 25
DOCUMENT = f"{PREFIX}/openapi.json"


def examine(document: str, token: str) -> list[str]:
    """Call every operation of the document with generated data; returns their names."""
    schema = schemathesis.openapi.from_url(document)
    headers = {"Authorization": f"Bearer {token}"}
    called = []
    for found in schema.get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            derandomize=True,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def answers_as_described(case: Any) -> None:
            case.call_and_validate(headers=headers, excluded_checks=[positive_data_acceptance])

        answers_as_described()
        called.append(operation.label)
    return called


async def test_no_generated_request_gets_an_answer_that_is_not_described(
    desk: Desk, texts: Texts, monkeypatch: Any, tmp_path: Path
) -> None:
    monkeypatch.setattr(access, "RATE", (10_000.0, 10_000.0))
    monkeypatch.setattr(access, "FORGED_RATE", (10_000.0, 10_000.0))
    await people.opens(desk)
    token = await desk.run(create_key, "examiner", SCOPES)
    files = FolderStore(tmp_path / "files")
    app = make_door(desk, texts, Vitals(lambda: 0.0, lambda: 0), files=files)
    async with served(app) as visitor:
        called = await asyncio.to_thread(examine, f"{visitor.url}{DOCUMENT}", token)
    answered = [f"{method} {path}" for method, path in served_routes(app) if PREFIX in path]
    described = [one.replace(PREFIX, "") for one in answered if DOCUMENT not in one]
    assert sorted(one.replace(PREFIX, "") for one in called) == sorted(described)
