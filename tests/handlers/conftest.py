"""A group and a private chat of one's own for each story; the tables are made once."""

from collections.abc import AsyncIterator

import pytest

from core.texts import Texts
from tests.handlers.customer.room import PrivateRoom, private_room
from tests.handlers.operators.group import Group, operator_group


@pytest.fixture
async def group(own_sqlite_url: str, texts: Texts) -> AsyncIterator[Group]:
    async with operator_group(own_sqlite_url, texts) as group:
        yield group


@pytest.fixture
async def room(own_sqlite_url: str, texts: Texts) -> AsyncIterator[PrivateRoom]:
    async with private_room(own_sqlite_url, texts) as room:
        yield room


@pytest.fixture(params=["ru", "en"])
def language(request: pytest.FixtureRequest) -> str:
    """Each dialogue is led in both languages."""
    return str(request.param)
