"""What stories ask of a stage besides: whether something holds by now, and what must never show."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

from sandbox import Message
from tests.e2e.stage import Stage

# Internal notes and titles of stories begin so; no customer may ever see one (A3, B16).
LEAK: Final = "LEAK-"
TITLE: Final = "TITLE-"

# What the desk keeps, but for what came in, what it remembers of itself, and the search.
TABLES: Final = (
    "ticket",
    "message",
    "note",
    "journal",
    "timer",
    "outbox",
    "sent_message",
    "linked_chat",
)


async def soon(check: Callable[[], Any], what: str = "it", timeout: float = 10.0) -> None:
    """Wait until the database says so; it does not tell us."""
    end = time.monotonic() + timeout * float(os.environ["SANDBOX_PATIENCE"])
    while not check():
        if time.monotonic() > end:
            raise AssertionError(f"{what} does not hold after {timeout} s")
        await asyncio.sleep(0.03)


def everything(stage: Stage) -> dict[str, list[tuple[Any, ...]]]:
    """All that a forbidden act could change."""
    return {table: stage.query(f"SELECT * FROM {table}") for table in TABLES}  # noqa: S608


def value(stage: Stage, sql: str, *values: object) -> Any:
    """The only value of a query."""
    return stage.query(sql, *values)[0][0]


def events(stage: Stage, number: int) -> list[str]:
    """The journal of a ticket, by the names of its events."""
    rows = stage.query("SELECT event FROM journal WHERE ticket_id=? ORDER BY id", number)
    return [name for (name,) in rows]


def posts(stage: Stage, card: Message, since: Message | None = None) -> list[Message]:
    """What stands below a card in the group, in order."""
    return [
        m
        for m in stage.group.bot_messages
        if m.reply_to is card and (since is None or m.id > since.id)
    ]


def shown(message: Message) -> Iterator[str]:
    """All that a message has ever said, buttons included."""
    yield message.text
    yield from message.buttons
    for revision in message.revisions:
        yield revision.text
        for row in revision.keyboard:
            yield from row


def assert_sealed(stage: Stage) -> None:
    """No customer has ever been shown a note or a title."""
    for person in stage.world.people.values():
        for message in person.chat.history.values():
            for text in shown(message) if message.from_bot else ():
                assert LEAK not in text, f"a note reached {person.name}: {text}"
                assert TITLE not in text, f"a title reached {person.name}: {text}"
