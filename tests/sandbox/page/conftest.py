"""A page without a desk behind it: the tests call the Bot API themselves."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from sandbox import demo
from sandbox.page import Page
from tests.sandbox.page.visitor import Visitor, visiting


@pytest.fixture
async def visitor() -> AsyncIterator[Visitor]:
    """Somebody who has the page open. At the end the sandbox has made no mistake of its own."""
    async with demo.start(rate_limits=False) as world:
        page = Page(demo.build(world))
        async with visiting(page) as visitor:
            yield visitor
