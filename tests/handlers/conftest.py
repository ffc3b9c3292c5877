"""A group and a private chat of one's own for each story; the tables are made once."""

from collections.abc import AsyncIterator

import pytest

from core.reports import charts
from core.texts import Texts
from tests.handlers.customer.chat import PrivateChat, private_chat
from tests.handlers.operators.group import Group, operator_group
from tests.ordered import backwards

__all__ = ["backwards"]


@pytest.fixture(autouse=True)
def pictures_are_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process of its own draws them, which takes a while where many are at work."""
    monkeypatch.setattr(charts, "PATIENCE", 300.0)


@pytest.fixture
async def group(own_sqlite_url: str, texts: Texts) -> AsyncIterator[Group]:
    async with operator_group(own_sqlite_url, texts) as group:
        yield group


@pytest.fixture
async def chat(own_sqlite_url: str, texts: Texts) -> AsyncIterator[PrivateChat]:
    async with private_chat(own_sqlite_url, texts) as chat:
        yield chat


@pytest.fixture(params=["ru", "en"])
def language(request: pytest.FixtureRequest) -> str:
    """Each dialogue is led in both languages."""
    return str(request.param)
