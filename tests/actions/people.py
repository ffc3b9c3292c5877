"""The cast of the stories, and short ways of saying what they do."""

from collections.abc import Sequence
from itertools import count
from typing import Any, Final

from channels.telegram.addresses import chat_address
from core.addresses import TELEGRAM, MessageRef
from core.desk import Desk
from core.models import Person, Ticket
from core.people.identity import Sender, arrive, enter_dialogue
from core.tickets.incoming import IncomingMessage
from core.tickets.intake import Heard, hear
from core.tx import Actor, Tx

ALICE: Final = Sender(chat_address(101), "Alice", "alice", "en")
BORIS: Final = Sender(chat_address(102), "Boris", None, "ru")
OLGA: Final = Sender(chat_address(201), "Olga", "olga")
OLEG: Final = Sender(chat_address(202), "Oleg", "oleg")
ANNA: Final = Sender(chat_address(301), "Anna", "anna")
EVE: Final = Sender(chat_address(666), "Eve")

ADMINS: Final = frozenset({ANNA.address})
OPERATORS: Final = -100
ALERTS: Final = -200

_refs = count(1000)


def number(sender: Sender) -> int:
    """By which the directory names them."""
    return int(sender.address.chat)


def ref(chat: int | str, message: int) -> MessageRef:
    """A message of a chat in Telegram."""
    return MessageRef(TELEGRAM, str(chat), str(message))


def says(
    sender: Sender,
    text: str = "It does not work",
    *,
    kind: str = "text",
    message_ref: int | None = None,
    **more: Any,
) -> IncomingMessage:
    """Words of somebody in their private chat."""
    content = {"kind": kind, "text": text}
    return IncomingMessage(
        ref(sender.address.chat, message_ref or next(_refs)), kind, text, content, **more
    )


def writes(text: str = "Please restart it", *, kind: str = "text", **more: Any) -> IncomingMessage:
    """Words of an operator in their group."""
    return IncomingMessage(
        ref(OPERATORS, next(_refs)), kind, text, {"kind": kind, "text": text}, **more
    )


async def actor(desk: Desk, sender: Sender, role: str) -> Actor:
    """Somebody the desk knows, in a role."""

    async def recognised(tx: Tx) -> Actor:
        await arrive(tx, sender, role)
        return tx.actor

    return await desk.run(recognised)


async def operator(desk: Desk, sender: Sender = OLGA) -> Actor:
    """An operator; who is among the admins is one."""
    return await actor(desk, sender, "operator")


async def customer(desk: Desk, sender: Sender = ALICE) -> Actor:
    """A customer."""
    return await actor(desk, sender, "customer")


async def describe(tx: Tx, sender: Sender, topic: str | None) -> Person:
    """They have chosen a topic (or none) in the menu; what they write next makes a ticket."""
    person = await arrive(tx, sender, "customer")
    enter_dialogue(person, {"step": "describe", "topic": topic})
    return person


async def opens(
    desk: Desk,
    sender: Sender = ALICE,
    text: str = "It does not work",
    topic: str | None = "payment",
) -> Ticket:
    """Somebody opens a ticket from the menu."""
    await desk.run(describe, sender, topic)
    heard = await desk.run(hear, sender, says(sender, text))
    assert heard.ticket is not None
    return heard.ticket


async def leaves_dialogue(desk: Desk, sender: Sender) -> None:
    """Time enough has passed for what comes next to be no continuation."""

    async def leave(tx: Tx) -> None:
        enter_dialogue(await arrive(tx, sender, "customer"), None)

    await desk.run(leave)


async def hears(desk: Desk, sender: Sender, *words: IncomingMessage) -> Sequence[Heard]:
    """The desk hears several messages, one after the other."""
    return [await desk.run(hear, sender, said) for said in words]
