"""What is asked for by ``/stats``, wherever it is (H1)."""

from collections.abc import Callable, Coroutine
from datetime import date
from typing import Any

from core.allowances import HEAVY, Turn
from core.desk import Desk, reading_within
from core.errors import Unreadable
from core.people.identity import Sender
from core.people.staff import for_admin
from core.reports.statistics import Statistics, find_scope, find_statistics
from core.reports.ticket_metrics import count_all
from core.texts import Key
from core.words.periods import read_period
from handlers.effort import READING
from handlers.telegram.responder import Responder

Send = Callable[[Statistics], Coroutine[Any, Any, None]]


async def show(responder: Responder, sender: Sender, chat: int, words: str, send: Send) -> None:
    """Count what ``/stats month payment`` or ``/stats 1.11-30.11 @olga`` ask for, and let it be
    drawn and sent to the chat while others are answered. Until it is, whoever asked has nothing
    else of this kind under way (S40).

    Raises :class:`Unreadable`, :class:`NotAllowed` for whoever is no admin, :class:`AskedTooMuch`.
    """
    desk = responder.desk
    with desk.allowances.begin(sender.address, HEAVY) as turn, reading_within(READING):
        found = await _count(desk, sender, words)
        turn.keep()
    responder.make(chat, _sent(turn, send(found)))


async def _sent(turn: Turn, sending: Coroutine[Any, Any, None]) -> None:
    try:
        await sending
    finally:
        turn.end()


async def _count(desk: Desk, sender: Sender, words: str) -> Statistics:
    since, until, rest = _period(desk, words)
    await desk.read(for_admin, sender, find_scope, rest)
    await count_all(desk)
    return await desk.read(for_admin, sender, find_statistics, since, until, rest)


def _period(desk: Desk, words: str) -> tuple[date, date, str]:
    today = desk.clock().astimezone(desk.company.zone).date()
    try:
        return read_period(words, today)
    except ValueError:
        raise Unreadable(
            "operators.malformed", words=words[:40], example=Key("operators.example.stats")
        ) from None
