"""Turns events into outbox rows: symbolic, with frozen facts, in the same commit.

What a notice says is frozen when it is written; how a card looks is not: it is drawn when it
leaves, so that it always shows the present.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import bindparam, func, select, text

from core import events as e
from core.address_holders import address_of, letter_address, reads_page
from core.addresses import ON_SCREEN, Address
from core.db import PreparedStatement
from core.db.statements import prepared
from core.delivery import pacing
from core.delivery.audiences import Recipient, find_admins, reporters_of
from core.delivery.channel import READERS_ZONE, Delivery
from core.delivery.digest_lines import LINES, MORE, MOST, as_text, lines_of, tickets_of
from core.delivery.digests import digest_facts
from core.delivery.linked_chats import is_operator_chat, operator_chat_of
from core.delivery.notice_facts import Case, own_words
from core.delivery.notices import NOTICES, UNASK, Audience, Notice, Stored, is_shown, notices_of
from core.delivery.outbox_store import OF_BACKUP
from core.delivery.own_notices import BOTH, BY_MAIL, CHAT, OwnNotice, own_notice, unless
from core.delivery.private_topics import private_topic
from core.delivery.sent_messages import IN_PLACE_OF, card_place, copies_of
from core.models import JournalEntry, Message, Note, OutboxRow, Person, Team, Ticket
from core.subscribers import Subscriber
from core.texts import Key, pack
from core.tx import Tx
from core.words.contact_values import EMAIL

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
_OF_CUSTOMER: Final = frozenset({Audience.CUSTOMER, Audience.CUSTOMER_MAIL})
# Rows that are about several messages.
_OF_SEVERAL: Final = frozenset({"delete", "unread"})
_NOTHING: Final = timedelta(0)
_HOUR: Final = timedelta(hours=1)
# Something that a colleague has from now on, or that another one answers in or has merged.
_GIVEN: Final = (
    *(e.TicketAssigned, e.TaskAssigned, e.TaskReopened, e.AnswerWritten),
    *(e.TicketMerged, e.SuggestionLost, e.RuleTold),
)
# Moves that no operator makes.
_BY_ITSELF: Final = frozenset({"confirm", "expire", "junk", "withdraw"})
# One step less urgent is worth this much waiting.
PATIENCE: Final = timedelta(seconds=pacing.PATIENCE)


def _upsert(insert: Callable[[Any], Any]) -> Any:
    # the table, not the class: the ORM would part rows with empty columns from the others
    statement = insert(OutboxRow.__table__)
    return statement.on_conflict_do_update(
        index_elements=["dedup_key"],
        index_where=text("state = 'queued' AND dedup_key IS NOT NULL"),
        set_={"facts": statement.excluded.facts},
    )


_WRITE: Final = PreparedStatement(prepared(_upsert))
_OPEN: Final = PreparedStatement(
    select(func.count(Ticket.id)).where(
        Ticket.customer_id == bindparam("customer"), Ticket.closed_at.is_(None)
    )
)


async def record(tx: Tx, events: Sequence[e.Event]) -> None:
    """Write the rows for these events, all in one statement."""
    hidden = {
        each.ticket_id for each in events if isinstance(each, e.TicketOpened) and not is_shown(each)
    }
    quiet = await _is_quiet(tx)
    rows = [
        row
        for event in events
        for notice in notices_of(event)
        if not (notice.kind == "card" and event.ticket_id in hidden)
        if not (quiet and await _is_spared(tx, event, notice))
        for row in await _rows(tx, event, notice)
    ]
    await write(tx, rows)


# Who sees nothing of what somebody does who is muted.
_SPARED: Final = frozenset({Audience.OPERATORS, Audience.ALERTS, Audience.STAFF_MAIL})


async def _is_quiet(tx: Tx) -> bool:
    """Whoever acts is a customer who is muted (S10)."""
    if tx.actor.role != "customer" or tx.actor.person_id is None:
        return False
    person = await tx.get(Person, tx.actor.person_id)
    return person.restricted_until is not None and person.restricted_until > tx.now


async def _is_spared(tx: Tx, event: e.Event, notice: Notice) -> bool:
    """A card that stands in the group is drawn anew all the same: that is no post."""
    if notice.to not in _SPARED:
        return False
    stands = event.ticket_id is not None and await card_place(tx, event.ticket_id) is not None
    return notice.kind != "card" or not stands


async def write(tx: Tx, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows; one that waits already under the same ``dedup_key`` takes the newer facts."""
    if not rows:
        return
    for each in rows:
        each["order_at"] = each["not_before"] + PATIENCE * each["priority"]
    if tx.company.on_hold and (tx.inbox_id or math.inf) <= tx.company.inbox_up_to:
        rows = [each | {"error": OF_BACKUP} for each in rows]
    tx.outgoing = True
    await _WRITE.change(tx.session, rows)


async def _rows(tx: Tx, event: e.Event, notice: Notice) -> list[dict[str, Any]]:
    key = notice.key(event) if callable(notice.key) else notice.key
    if notice.kind == "text" and key is None:
        return []
    ticket = await _ticket(tx, event)
    if (
        notice.kind == "card"
        and isinstance(event, e.StateEntered)
        and ticket is not None
        and await _is_needless(tx, event, ticket)
    ):
        return []
    own = await own_notice(tx, key, ticket) if notice.kind == "text" else None
    if (own is None and notice.silent) or (own is not None and not _is_told(event, own)):
        return []
    message = await _message(tx, event)
    if notice.if_stored is not None and not notice.if_stored(
        event, await _stored(tx, event, ticket, message)
    ):
        return []
    person = await _customer(tx, event, ticket) if notice.to in _OF_CUSTOMER else None
    recipients = await _recipients(tx, event, notice, person, message)
    if own is not None and person is not None:
        recipients = await _by_own_ways(tx, event, own, recipients, person)
    facts = await _facts(tx, event, notice, ticket, message) if recipients else {}
    rows = []
    for to in recipients:
        written = row(
            tx,
            to.address,
            notice.kind,
            notice.priority,
            ordering_key=_ordering_key(notice, to.address.chat, to.ticket or ticket),
            key=key,
            facts=facts | await _own_facts(tx, event, notice, to),
            ticket_id=event.ticket_id if to.ticket is None else to.ticket.id,
            message_id=None if message is None else message.id,
            person=to.person,
            dedup_key=_once(notice, event, to.address.chat),
            wait=notice.wait,
            locale=to.locale,
        )
        if own is not None and ticket is not None and key is not None:
            await _say_otherwise(tx, own, written, Case(tx, event, key, ticket, written["locale"]))
        rows.append(written)
    return rows


def _answers_press(event: e.Event) -> bool:
    """What the customer is told replaces the question whose button they pressed: it is no notice
    that could be left out, or come later.
    """
    return isinstance(event, e.TicketOpened) and event.question is not None


def _is_told(event: e.Event, own: OwnNotice) -> bool:
    return own.told or _answers_press(event)


async def _by_own_ways(
    tx: Tx, event: e.Event, own: OwnNotice, recipients: list[Recipient], person: Person
) -> list[Recipient]:
    """Whom the company wants mailed, is; who has no address is told where they write."""
    if own.channel == CHAT or not own.told:
        return recipients
    letter = await letter_address(tx, person.id)
    if letter is None:
        return recipients
    stays = own.channel == BOTH or _answers_press(event)
    chats = [each for each in recipients if stays and each.address != letter]
    return [*chats, Recipient(letter, person=person)]


async def _say_otherwise(tx: Tx, own: OwnNotice, written: dict[str, Any], case: Case) -> None:
    """Have a row say the company's words, by mail although it would not be, and later.

    What waits has an order of its own: nothing else waits behind it.
    """
    written["facts"] = written["facts"] | await own_words(case, own)
    if own.channel != CHAT and written["channel"] in tx.company.letter_channels:
        written["facts"] = written["facts"] | {BY_MAIL: True}
    if own.delay and not (_answers_press(case.event) and not written["facts"].get(BY_MAIL)):
        written["facts"] = written["facts"] | unless(tx, case.key, case.ticket)
        written["not_before"] += own.delay
        written["ordering_key"] += f":{case.key}"


async def _is_needless(tx: Tx, event: e.StateEntered, ticket: Ticket) -> bool:
    """A card that would only be posted to say that a ticket nobody looked at has moved by itself:
    with its parent, by its customer's word, or by time. A thousand of them end with one outage.
    """
    by_itself = event.parent is not None or event.verb in _BY_ITSELF
    return by_itself and await card_place(tx, ticket.id) is None


def row(
    tx: Tx,
    address: Address,
    kind: str,
    priority: pacing.Priority,
    *,
    ordering_key: str,
    key: str | None = None,
    facts: dict[str, Any] | None = None,
    ticket_id: int | None = None,
    message_id: int | None = None,
    person: Person | None = None,
    dedup_key: str | None = None,
    wait: float = 0.0,
    locale: str | None = None,
) -> dict[str, Any]:
    """A row as it is written. ``facts`` are packed already; ``wait`` is in seconds.

    ``person`` is the customer it is for; without one it speaks the company's language, unless a
    ``locale`` is given.
    """
    told = facts or {}
    if person is not None and person.zone is not None:
        told = told | {READERS_ZONE: person.zone}  # their own, since they have said it (C9)
    return {
        "channel": address.channel,
        "address": address.chat,
        "ordering_key": ordering_key,
        "locale": locale or (person.language if person else tx.company.language),
        "kind": kind,
        "key": key,
        "facts": told,
        "ticket_id": ticket_id,
        "message_id": message_id,
        "person_id": None if person is None else person.id,
        "priority": int(priority),
        "dedup_key": dedup_key,
        "state": "queued",
        "not_before": tx.now + timedelta(seconds=wait),
        "attempts": 0,
        "created_at": tx.now,
    }


async def post(tx: Tx, chat: Address, key: str, facts: dict[str, Any], *, topic: str) -> None:
    """Write a post for a group; posts on one ``topic`` keep their order."""
    ordering_key = f"{chat.chat}:{topic}"
    post = row(
        tx,
        chat,
        "text",
        pacing.Priority.GROUP_NEWS,
        ordering_key=ordering_key,
        key=key,
        facts=facts,
    )
    await write(tx, [post])


async def redirect(tx: Tx, refused: Delivery, person: Person, to: Address) -> None:
    """Write what an address of the person refuses again, for another one of theirs."""
    moved = row(
        tx,
        to,
        refused.kind,
        pacing.Priority(refused.priority),
        ordering_key=f"{to.chat}:{refused.ticket_id or 0}",
        key=refused.key,
        facts=dict(refused.facts),
        ticket_id=refused.ticket_id,
        message_id=refused.message_id,
        person=person,
        locale=refused.locale,
    )
    await write(tx, [moved])


async def _recipients(
    tx: Tx, event: e.Event, notice: Notice, person: Person | None, message: Message | None
) -> list[Recipient]:
    """Whom an audience is. Nobody to reach: no row, and no trouble."""
    match notice.to:
        case Audience.STAFF_MAIL:
            return [Recipient(Address(EMAIL, to)) for to in tx.company.mail_alerts_to]
        case Audience.ADMINS:
            about = getattr(event, "person_id", None)
            admins = await find_admins(tx, (about, tx.actor.person_id))
            return [Recipient(address_of(one), person=one) for one in admins]
        case Audience.PERSON:
            return await _whom_it_is_about(tx, event)
        case Audience.REPORTERS:
            return [
                Recipient(one.address, person=one, ticket=ticket)
                for ticket, one in await reporters_of(tx, event.ticket_id)
                if one.address is not None
            ]
    return await _in_chat(tx, event, notice, person, message)


async def _whom_it_is_about(tx: Tx, event: e.Event) -> list[Recipient]:
    person = await _customer(tx, event, None)
    if person is None or person.id == tx.actor.person_id or person.unreachable_since is not None:
        return []
    return [Recipient(address_of(person), person=person)]


async def _in_chat(
    tx: Tx, event: e.Event, notice: Notice, person: Person | None, message: Message | None
) -> list[Recipient]:
    chat: Address | None = None
    locale: str | None = None
    match notice.to:
        case Audience.OPERATORS:
            chat = await _room(tx, event, notice, message)
        case Audience.ALERTS:
            chat = tx.company.alerts_chat
        case Audience.CUSTOMER_MAIL if person is not None:
            chat = await letter_address(tx, person.id)
        case Audience.CUSTOMER:
            chat = person.address if person else None
            letters = tx.company.letter_channels
            if notice.kind == UNASK and chat is not None and chat.channel in letters:
                return []  # nothing can be taken off there
        case Audience.ASSIGNEE if isinstance(event, _GIVEN):
            # what is said to a colleague in private, is said in their language
            assignee = await tx.session.get_one(Person, event.concerns[0])
            chat, locale = assignee.address, assignee.language
        case Audience.OTHER_CHAT:
            other = getattr(event, "other", None)
            chat = None if other is None else Address.parse(other)
    if chat is None:
        return []
    found = [Recipient(chat, person=person, locale=locale)]
    if notice.kind == "text" and person is not None and reads_page(person):
        mailbox = await letter_address(tx, person.id)
        found += [] if mailbox is None else [Recipient(mailbox, person=person)]
    return found


async def _own_facts(tx: Tx, event: e.Event, notice: Notice, to: Recipient) -> dict[str, Any]:
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
        team = await tx.session.get_one(Team, event.team)
        return {"team": team.titles.get(language) or next(iter(team.titles.values()), team.code)}
    return {}


async def _stored(tx: Tx, event: e.Event, ticket: Ticket | None, message: Message | None) -> Stored:
    in_card = message is not None and message.in_card
    flooded = message is not None and message.flood_id is not None
    if ticket is None:
        return Stored(in_card=in_card, flooded=flooded)
    by_letter = await _is_told_by_letter(tx, ticket) if tx.company.letter_channels else False
    repeated = by_letter and await _opened_lately(tx, ticket)
    late = by_letter and isinstance(event, e.DeadlineMissed)
    promised = not late or await _was_told(tx, ticket, repeated=repeated)
    in_topic = isinstance(event, e.StateEntered) and await _has_topic(tx, ticket)
    return Stored(ticket.origin, in_card, flooded, by_letter, repeated, promised, in_topic)


async def _is_told_by_letter(tx: Tx, ticket: Ticket) -> bool:
    if ticket.origin in tx.company.letter_channels:
        return True
    return reads_page(await tx.get(Person, ticket.customer_id))


async def _has_topic(tx: Tx, ticket: Ticket) -> bool:
    customer = await tx.session.get_one(Person, ticket.customer_id)
    if customer.address is None:
        return False
    return await private_topic(tx, ticket.id, customer.address) is not None


async def _was_told(tx: Tx, ticket: Ticket, *, repeated: bool) -> bool:
    """Return whether the customer knows that the ticket is here: by an answer, or by a notice."""
    answers = select(Message.id).where(
        Message.ticket_id == ticket.id, Message.from_customer.is_(False)
    )
    if await tx.session.scalar(answers.limit(1)) is not None:
        return True
    opened = select(JournalEntry.facts).where(JournalEntry.ticket_id == ticket.id)
    facts = await tx.session.scalar(opened.order_by(JournalEntry.id).limit(1))
    own = await own_notice(tx, "ticket.opened", ticket)
    if own is not None and not own.told:
        return False
    return not repeated and not (facts or {}).get("silent")


async def _opened_lately(tx: Tx, ticket: Ticket) -> bool:
    """Return whether the customer has opened another ticket within the hour before this one."""
    query = (
        select(Ticket.opened_at)
        .where(Ticket.customer_id == ticket.customer_id, Ticket.id < ticket.id)
        .order_by(Ticket.id.desc())
        .limit(1)
    )
    before = await tx.session.scalar(query)
    return before is not None and ticket.opened_at - before < _HOUR


async def _room(tx: Tx, event: e.Event, notice: Notice, message: Message | None) -> Address | None:
    """The ticket's group; what answers a colleague's words goes where they stand, if it can."""
    if notice.reply == "source":
        note = await tx.session.get(Note, getattr(event, "note_id", 0)) if message is None else None
        words = message or note
        if words is not None and await is_operator_chat(tx, words.source.address):
            return words.source.address
    return await operator_chat_of(tx, event.ticket_id)


def _ordering_key(notice: Notice, address: str, ticket: Ticket | None) -> str:
    """Rows of a ticket keep their order at an address; what may overtake has a key of its own."""
    number = 0 if ticket is None else ticket.id
    if notice.kind == "reaction":
        return f"{address}:{number}:reaction"
    if notice.kind == "card" and notice.wait:
        return f"{address}:{number}:card"
    return f"{address}:{number}"


def _once(notice: Notice, event: e.Event, address: str) -> str | None:
    if notice.dedup_key is None:
        return None
    name = notice.dedup_key.format(**(asdict(event)))
    return f"{name}@{address}"


async def _ticket(tx: Tx, event: e.Event) -> Ticket | None:
    return None if event.ticket_id is None else await tx.session.get(Ticket, event.ticket_id)


async def _message(tx: Tx, event: e.Event) -> Message | None:
    number = getattr(event, "message_id", None)
    return None if number is None else await tx.session.get(Message, number)


async def _customer(tx: Tx, event: e.Event, ticket: Ticket | None) -> Person | None:
    """The ticket's customer; without a ticket, the person whom the event is about."""
    number = getattr(event, "person_id", None) if ticket is None else ticket.customer_id
    return None if number is None else await tx.session.get(Person, number)


async def _facts(
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
        person = await tx.session.get_one(Person, event.person_id)
        return {"name": person.name, "by": getattr(event, "invited_by", "") or tx.actor.name}
    return {}


async def _mentions(tx: Tx, people: Sequence[int]) -> list[tuple[str, str]]:
    """Whom a post in the group calls: where they are reached, and their names."""
    found = [await tx.session.get_one(Person, number) for number in people]
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
    room = await operator_chat_of(tx, event.ticket_id)
    copies = [] if room is None else await copies_of(tx, message.id, room)
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


SUBSCRIBER: Final = Subscriber("notices", tuple(NOTICES), record, last=True)
