"""Who hears of what: one line per notice, by subject. Pure.

An event may have several notices. ``when`` decides by the event alone, ``if_stored`` by the ticket
and the message that it is about, as they are stored. ``wait`` holds a row back for some seconds, so
that what changes again meanwhile is one message (X5). Rows with the same ``dedup_key`` that still
wait are one row. The order of the lines is the order of leaving.
"""

from typing import Final

from core.delivery.notices import deadlines, desk, links, messages, tickets, work
from core.delivery.notices.deadlines import TRIAL
from core.delivery.notices.notice import CARD_WAIT, Audience, Notice, NoticeTable, Stored
from core.delivery.notices.tickets import STATE_TEXTS, UNASK, is_shown
from core.events import Event

__all__ = [
    "CARD_WAIT",
    "NOTICES",
    "STATE_TEXTS",
    "TRIAL",
    "UNASK",
    "Audience",
    "Notice",
    "Stored",
    "is_shown",
    "notices_of",
]

NOTICES: Final[NoticeTable] = (
    tickets.NOTICES
    | messages.NOTICES
    | deadlines.NOTICES
    | work.NOTICES
    | links.NOTICES
    | desk.NOTICES
)


def notices_of(event: Event) -> list[Notice]:
    """The lines that apply to this event, in the order of leaving."""
    lines = NOTICES.get(type(event), ())
    return [line for line in lines if line.when is None or line.when(event)]
