"""A desk with an assistant whose model answers as it is told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.assistant.service import Assistant
from core.company import Company
from core.desk import Desk
from core.texts import Texts
from tests.actions.assistant.fake_model import TERMS, FakeModel


@pytest.fixture
def company(company: Company) -> Company:
    return replace(company, assistance=TERMS, assistant_calls=3, assistant_tokens=100_000)


@pytest.fixture
def model() -> FakeModel:
    return FakeModel()


@pytest.fixture
def assistant(desk: Desk, texts: Texts, model: FakeModel) -> Assistant:
    return Assistant(desk, texts, model)
