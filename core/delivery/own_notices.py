"""How the company has people told of an event: which words, where, when, if at all (G3, G4).

Of the entries that fit a ticket the narrowest counts: topic and category, topic, category, all.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import select

from core import events as e
from core.delivery.channel import Delivery
from core.delivery.notice_events import EVENT_OF
from core.models import Classification, JournalEntry, NoticeRow, Ticket
from core.texts import pack, unpack
from core.tx import ReadTx, Tx

CHAT, MAIL, BOTH = "chat", "mail", "both"
WAYS: Final = (CHAT, MAIL, BOTH)
BY_MAIL: Final = "by_mail"
"""A fact: the company wants it mailed, whatever else customers are told by mail."""
UNLESS: Final = "unless"
"""A fact of a delayed notice: what holds as long as its reason has not passed."""

_MOVED: Final = e.name_of(e.StateEntered)


@dataclass(frozen=True, slots=True)
class OwnNotice:
    """An entry of the directory; see `core.models.NoticeRow`."""

    code: str
    topic: str | None
    category: str | None
    channel: str
    delay: timedelta
    told: bool
    texts: dict[str, str]

    def text_in(self, language: str) -> str | None:
        """Return the words for a reader; None: the desk's own, in their language."""
        return self.texts.get(language) or self.texts.get(language.partition("-")[0])

    def fits(self, topic: str | None, category: str | None) -> bool:
        """Return whether it is for such tickets."""
        return self.topic in {None, topic} and self.category in {None, category}


class OwnNotices(dict[str, list[OwnNotice]]):
    """Those that are in use, by event, the narrowest first."""


async def own_notices(tx: ReadTx) -> OwnNotices:
    """Return the company's own notices, cached until the directory changes."""
    return await tx.cached(OwnNotices, _read_notices)


async def _read_notices(tx: ReadTx) -> OwnNotices:
    query = select(NoticeRow).where(NoticeRow.active).order_by(NoticeRow.position, NoticeRow.code)
    found = OwnNotices()
    for row in await tx.all(query):
        found.setdefault(row.event, []).append(_notice(row))
    for notices in found.values():
        notices.sort(key=lambda one: (one.topic is None, one.category is None))
    return found


def _notice(row: NoticeRow) -> OwnNotice:
    delay, texts = timedelta(seconds=row.delay), dict(row.texts)
    return OwnNotice(row.code, row.topic, row.category, row.channel, delay, row.told, texts)


async def own_notice(tx: ReadTx, key: str | None, ticket: Ticket | None) -> OwnNotice | None:
    """Return how the company wants this text of a ticket told; None: as the desk does."""
    event = EVENT_OF.get(key or "")
    if event is None or ticket is None:
        return None
    offered = (await own_notices(tx)).get(event, ())
    category = None
    if any(one.category for one in offered):
        of_it = Classification.ticket_id == ticket.id
        category = await tx.first(select(Classification.category).where(of_it))
    return next((one for one in offered if one.fits(ticket.topic, category)), None)


def unless(tx: Tx, key: str, ticket: Ticket) -> dict[str, Any]:
    """Return what must hold still when a delayed notice leaves."""
    facts = {"state": ticket.state, "assignee": ticket.assignee_id, "since": tx.now, "key": key}
    return {UNLESS: pack(facts)}


async def has_passed(tx: ReadTx, delivery: Delivery) -> bool:
    """Return whether the reason of a delayed notice has passed: the ticket has moved since, went to
    somebody else who was to hear of it, or was answered after all.
    """
    noted = unpack(delivery.facts[UNLESS])
    ticket = await tx.find(Ticket, delivery.ticket_id)
    if ticket is None or ticket.state != noted["state"]:
        return True
    if noted["key"] == "ticket.late" and (ticket.answer_due is None or ticket.answer_due > tx.now):
        return True
    if not noted["key"].startswith("ticket.") and ticket.assignee_id != noted["assignee"]:
        return True
    moves = select(JournalEntry.facts).where(
        JournalEntry.ticket_id == ticket.id,
        JournalEntry.event == _MOVED,
        JournalEntry.at > noted["since"],
    )
    return any(facts.get("old") != facts.get("new") for facts in await tx.all(moves))
