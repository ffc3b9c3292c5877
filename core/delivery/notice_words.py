"""What a notice says: the facts that are frozen in its row, for its words and for its place."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import bindparam, func, select

from core import events as e
from core.address_holders import address_of
from core.addresses import ON_SCREEN
from core.db import PreparedStatement
from core.delivery.audiences import Recipient
from core.delivery.digest_lines import LINES, MORE, MOST, as_text, lines_of, tickets_of
from core.delivery.digests import digest_facts
from core.delivery.linked_chats import operator_chat_of
from core.delivery.notices import Audience, Notice
from core.delivery.sent_messages import IN_PLACE_OF, card_place, copies_of
from core.models import Message, Note, Person, Team, Ticket
from core.texts import Key, pack
from core.tx import Tx

# What customers may read of a ticket. The title is not among it (A3).
_PUBLIC: Final = (
    *("number", "due", "until", "reason", "reply", "choices", "source", "into"),
    *("area", "words"),  # of an outage
    *("value", "closes"),  # of a rating
    *("field", "asked", "field_kind", "options"),
    "thread",
)
# Who reads only that.
_OUTSIDE: Final = frozenset({Audience.CUSTOMER, Audience.REPORTERS, Audience.PERSON})
# Rows that are about several messages.
_OF_SEVERAL: Final = frozenset({"delete", "unread"})
_NOTHING: Final = timedelta(0)
_OPEN: Final = PreparedStatement(
    select(func.count(Ticket.id)).where(
        Ticket.customer_id == bindparam("customer"), Ticket.closed_at.is_(None)
    )
)


async def facts_of(
    tx: Tx, event: e.Event, notice: Notice, ticket: Ticket | None, message: Message | None
) -> dict[str, Any]:
    """The frozen facts of a row: what its words and its place need, and no more."""
    facts: dict[str, Any] = dict(notice.extra)
    if notice.reply == "card":
        facts["reply"] = "card"
    elif notice.reply == "source":
        facts |= await _source(tx, event, notice, message)
    if notice.kind in ("content", "edit") and notice.to is not Audience.REPORTERS:
        facts |= await _content_facts(tx, event, notice, ticket, message)
    if isinstance(event, e.AnswerWithdrawn | e.SilentCustomerMailed) and notice.kind in _OF_SEVERAL:
        facts["messages"] = event.messages
    if isinstance(event, e.CustomerReacted) and notice.kind == "reaction" and event.emoji:
        facts["emoji"] = event.emoji
    if notice.kind == "text":
        facts |= event.facts() | await _ticket_facts(tx, notice, ticket)
        facts |= await _facts_of_people(tx, event)
        if "concerns" in facts:
            facts["told"] = await _mentions(tx, facts.pop("concerns"))
        facts |= await _digest_facts(tx, event, notice)
        if notice.to in _OUTSIDE:
            facts |= tx.actor.here
            facts = {name: facts[name] for name in _PUBLIC if name in facts}
        if isinstance(event, e.TicketOpened) and event.question and notice.to is Audience.CUSTOMER:
            facts[IN_PLACE_OF] = event.question
    return pack(facts)


async def _digest_facts(tx: Tx, event: e.Event, notice: Notice) -> dict[str, Any]:
    """What a digest sums up; of one moment, each ticket with a line of its own."""
    if not isinstance(event, e.CaughtUp | e.ContactsPassed | e.OperatorLeft):
        return {}
    facts = digest_facts(event)
    if isinstance(event, e.CaughtUp) and event.deadlines:
        told = tickets_of(event, alerts=notice.to is not Audience.OPERATORS)
        lines = await lines_of(tx, told)
        facts |= {LINES: lines, MORE: max(len(told) - MOST, 0), "listed": as_text(lines)}
    return facts


async def _facts_of_people(tx: Tx, event: e.Event) -> dict[str, Any]:
    """Whom and what an event of the desk is about, as its words name them."""
    if isinstance(event, e.DeskSick | e.DeskRecovered):
        outcome = "sick" if isinstance(event, e.DeskSick) else "over"
        return {"what": Key(f"health.{outcome}.{event.code}")}
    if isinstance(event, e.AdminAppointed | e.AdminDismissed):
        person = await tx.get(Person, event.person_id)
        return {"name": person.name, "by": getattr(event, "invited_by", "") or tx.actor.name}
    return {}


async def _mentions(tx: Tx, people: Sequence[int]) -> list[tuple[str, str]]:
    """Whom a post in the group calls: where they are reached, and their names."""
    found = [await tx.get(Person, number) for number in people]
    tx.pin(found)  # several posts may call the same
    return [(str(address_of(person)), person.name) for person in found]


async def _source(
    tx: Tx, event: e.Event, notice: Notice, message: Message | None
) -> dict[str, Any]:
    """Where the author wrote what the event is about; of what colleagues do not see, its copy."""
    if message is not None:
        place = message.source.message
        if message.source.channel == ON_SCREEN and notice.to is Audience.OPERATORS:
            place = await _copy_of(tx, event, message) or place
        return {"reply": place, "retry": message.id}
    note = await tx.session.get(Note, getattr(event, "note_id", 0))
    return {} if note is None else {"reply": note.source.message}


async def _copy_of(tx: Tx, event: e.Event, message: Message) -> str | None:
    chat = await operator_chat_of(tx, event.ticket_id)
    copies = [] if chat is None else await copies_of(tx, message.id, chat)
    return copies[-1] if copies else None


async def _ticket_facts(tx: Tx, notice: Notice, ticket: Ticket | None) -> dict[str, Any]:
    if ticket is None:
        return {}
    facts: dict[str, Any] = {"number": ticket.id, "due": ticket.answer_due}
    if notice.to is Audience.CUSTOMER:
        return facts
    due = ticket.answer_due or tx.now
    facts |= {"title": ticket.title, "since": ticket.waiting_since, "opening": ticket.opening}
    facts |= {"late": max(tx.now - due, _NOTHING), "left": max(due - tx.now, _NOTHING)}
    for name, person_id in (("customer", ticket.customer_id), ("assignee", ticket.assignee_id)):
        person = None if person_id is None else await tx.session.get(Person, person_id)
        facts[name] = None if person is None else person.name
    if notice.to is Audience.ALERTS:
        # frozen: a lost alert is only recognised by the button that it had when it was sent
        place = await card_place(tx, ticket.id)
        facts["card"] = None if place is None else str(place)
    return facts


async def _content_facts(
    tx: Tx, event: e.Event, notice: Notice, ticket: Ticket | None, message: Message | None
) -> dict[str, Any]:
    """A copy names its ticket only where the customer could take it for another's."""
    facts: dict[str, Any] = {"album": None if message is None else message.album}
    if notice.to is Audience.OPERATORS:
        facts["thanks"] = not (getattr(event, "counts", True) or getattr(event, "confirms", False))
        if isinstance(event, e.MessageShown):
            facts["shown"] = True
    elif ticket is not None:
        facts["number"] = ticket.id
        count = await _OPEN.first(tx.session, {"customer": ticket.customer_id})
        facts["header"] = int(count) > 1
        facts["topic"] = ticket.topic
    return facts


async def own_facts(tx: Tx, event: e.Event, notice: Notice, to: Recipient) -> dict[str, Any]:
    """What the row says differently to each of its recipients."""
    if to.ticket is not None:
        # that is what they know it by
        own: dict[str, Any] = {"number": to.ticket.id}
        if notice.kind != "text":
            own |= {
                "header": True,
                "topic": to.ticket.topic,
                "album": getattr(event, "album", None),
            }
        return own
    if isinstance(event, e.DeskTroubled | e.DeskWell) and event.team:
        language = to.person.language if to.person else tx.company.language
        team = await tx.get(Team, event.team)
        return {"team": team.titles.get(language) or next(iter(team.titles.values()), team.code)}
    return {}
