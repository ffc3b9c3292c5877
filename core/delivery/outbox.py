"""Turns events into outbox rows: symbolic, with frozen facts, in the same commit.

What a notice says is frozen when it is written; how a card looks is not: it is drawn when it
leaves, so that it always shows the present.
"""

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import select, text

from core import events as e
from core.addresses import Address
from core.db import PreparedStatement
from core.db.statements import prepared
from core.delivery import pacing
from core.delivery.channel import READERS_ZONE, Delivery
from core.delivery.notice_facts import Case, own_words
from core.delivery.notice_recipients import (
    answers_press,
    by_own_ways,
    customer_of,
    recipients_of,
    stored_with,
)
from core.delivery.notice_words import facts_of, own_facts
from core.delivery.notices import NOTICES, Audience, Notice, is_shown, notices_of
from core.delivery.own_notices import BY_MAIL, CHAT, OwnNotice, own_notice, unless
from core.delivery.sent_messages import card_place
from core.delivery.waiting_rows import OF_BACKUP
from core.models import Message, OutboxRow, Person, Ticket
from core.models.delivery import LONGEST_DEDUP_KEY
from core.subscribers import Subscriber
from core.tx import ReadTx, Tx

_OF_CUSTOMER: Final = frozenset({Audience.CUSTOMER, Audience.CUSTOMER_MAIL})
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


async def record(tx: Tx, events: Sequence[e.Event]) -> None:
    """Write the rows for these events, all in one statement."""
    hidden = {
        each.ticket_id for each in events if isinstance(each, e.TicketOpened) and not is_shown(each)
    }
    quiet = tx.actor.role == "customer" and await _is_quiet(tx)
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
    """The customer who acts is muted (S10)."""
    if tx.actor.person_id is None:
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
    tx.written += [
        (each["address"], each["order_at"]) for each in rows if each["not_before"] <= tx.now
    ]
    await _WRITE.change(tx.session, rows)


async def _rows(tx: Tx, event: e.Event, notice: Notice) -> list[dict[str, Any]]:
    key = notice.key(event) if callable(notice.key) else notice.key
    if notice.kind == "text" and key is None:
        return []
    ticket = None if event.ticket_id is None else await tx.find(Ticket, event.ticket_id)
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
    about = getattr(event, "message_id", None)
    message = None if about is None else await tx.find(Message, about)
    if notice.if_stored is not None and not notice.if_stored(
        event, await stored_with(tx, event, ticket, message)
    ):
        return []
    person = await customer_of(tx, event, ticket) if notice.to in _OF_CUSTOMER else None
    recipients = await recipients_of(tx, event, notice, person, message)
    if own is not None and person is not None:
        recipients = await by_own_ways(tx, event, own, recipients, person)
    facts = await facts_of(tx, event, notice, ticket, message) if recipients else {}
    rows = []
    for to in recipients:
        written = row(
            tx,
            to.address,
            notice.kind,
            notice.priority,
            ordering_key=_ordering_key(notice, to.address.chat, to.ticket or ticket),
            key=key,
            facts=facts | await own_facts(tx, event, notice, to),
            ticket_id=event.ticket_id if to.ticket is None else to.ticket.id,
            message_id=None if message is None else message.id,
            person=to.person,
            dedup_key=notice.dedup_key and _once(notice.dedup_key, event, to.address.chat),
            wait=notice.wait,
            locale=to.locale,
        )
        if own is not None and ticket is not None and key is not None:
            await _say_otherwise(tx, own, written, Case(tx, event, key, ticket, written["locale"]))
        rows.append(written)
    return rows


def _is_told(event: e.Event, own: OwnNotice) -> bool:
    return own.told or answers_press(event)


async def _say_otherwise(tx: Tx, own: OwnNotice, written: dict[str, Any], case: Case) -> None:
    """Have a row say the company's words, by mail although it would not be, and later.

    What waits has an order of its own: nothing else waits behind it.
    """
    written["facts"] = written["facts"] | await own_words(case, own)
    if own.channel != CHAT and written["channel"] in tx.company.letter_channels:
        written["facts"] = written["facts"] | {BY_MAIL: True}
    if own.delay and not (answers_press(case.event) and not written["facts"].get(BY_MAIL)):
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
    if dedup_key is not None and len(dedup_key) > LONGEST_DEDUP_KEY:  # a long address is in it
        dedup_key = hashlib.sha256(dedup_key.encode()).hexdigest()
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


async def find_reader(tx: ReadTx, address: Address, outbox_id: int) -> int | None:
    """Return the person to whom this row was sent there; ``None``: it was not, or to nobody."""
    here = OutboxRow.channel == address.channel, OutboxRow.address == address.chat
    return await tx.first(select(OutboxRow.person_id).where(OutboxRow.id == outbox_id, *here))


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


def _ordering_key(notice: Notice, address: str, ticket: Ticket | None) -> str:
    """Rows of a ticket keep their order at an address; what may overtake has a key of its own."""
    number = 0 if ticket is None else ticket.id
    if notice.kind == "reaction":
        return f"{address}:{number}:reaction"
    if notice.kind == "card" and notice.wait:
        return f"{address}:{number}:card"
    return f"{address}:{number}"


def _once(name: str, event: e.Event, address: str) -> str:
    return f"{name.format(**asdict(event))}@{address}"


SUBSCRIBER: Final = Subscriber("notices", tuple(NOTICES), record, last=True)
