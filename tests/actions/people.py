"""The cast of the stories, and short ways of saying what they do."""

from collections.abc import Sequence
from itertools import count
from typing import Any, Final

from core.desk import Desk
from core.models import Person, Ticket
from core.people.directory import Caller, arrive, enter_dialogue
from core.tickets.intake import Heard, hear
from core.tickets.said import Said
from core.tx import Actor, Tx

ALICE: Final = Caller(101, "Alice", "alice", "en")
BORIS: Final = Caller(102, "Boris", None, "ru")
OLGA: Final = Caller(201, "Olga", "olga")
OLEG: Final = Caller(202, "Oleg", "oleg")
ANNA: Final = Caller(301, "Anna", "anna")
EVE: Final = Caller(666, "Eve")

ADMINS: Final = frozenset({ANNA.telegram_id})
OPERATORS: Final = -100
ALERTS: Final = -200

_refs = count(1000)


def says(
    who: Caller,
    text: str = "It does not work",
    *,
    kind: str = "text",
    ref: int | None = None,
    **more: Any,
) -> Said:
    """Words of somebody in their private chat."""
    content = {"kind": kind, "text": text}
    return Said(who.telegram_id, ref or next(_refs), kind, text, content, **more)


def writes(text: str = "Please restart it", *, kind: str = "text", **more: Any) -> Said:
    """Words of an operator in their group."""
    return Said(OPERATORS, next(_refs), kind, text, {"kind": kind, "text": text}, **more)


async def actor(desk: Desk, who: Caller, role: str) -> Actor:
    """Somebody the desk knows, in a role."""

    async def recognised(tx: Tx) -> Actor:
        await arrive(tx, who, role)
        return tx.actor

    return await desk.run(recognised)


async def operator(desk: Desk, who: Caller = OLGA) -> Actor:
    """An operator; who is among the admins is one."""
    return await actor(desk, who, "operator")


async def customer(desk: Desk, who: Caller = ALICE) -> Actor:
    """A customer."""
    return await actor(desk, who, "customer")


async def describe(tx: Tx, who: Caller, topic: str | None) -> Person:
    """They have chosen a topic (or none) in the menu; what they write next makes a ticket."""
    person = await arrive(tx, who, "customer")
    enter_dialogue(person, {"step": "describe", "topic": topic})
    return person


async def opens(
    desk: Desk, who: Caller = ALICE, text: str = "It does not work", topic: str | None = "payment"
) -> Ticket:
    """Somebody opens a ticket from the menu."""
    await desk.run(describe, who, topic)
    heard = await desk.run(hear, who, says(who, text))
    assert heard.ticket is not None
    return heard.ticket


async def leaves_dialogue(desk: Desk, who: Caller) -> None:
    """Time enough has passed for what comes next to be no continuation."""

    async def leave(tx: Tx) -> None:
        enter_dialogue(await arrive(tx, who, "customer"), None)

    await desk.run(leave)


async def hears(desk: Desk, who: Caller, *words: Said) -> Sequence[Heard]:
    """The desk hears several messages, one after the other."""
    return [await desk.run(hear, who, said) for said in words]
