"""Other systems that are called when something happens to a ticket (A13).

A call is a row of the outbox like any other delivery: written in the transaction of its event, in
order for each ticket, tried again until the other side has taken it. Who takes nothing for a day is
not called any more, and admins are told.
"""

import base64
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

from sqlalchemy import func, select

from core import events as e
from core.addresses import WEBHOOK
from core.delivery.webhook_calls import drop_calls, write_calls
from core.errors import NothingToDo, Unreadable
from core.integrations.call_targets import may_be_called
from core.models import Message, OutboxRow, Person, Ticket, Webhook
from core.subscribers import Subscriber
from core.texts import pack
from core.tx import ReadTx, Tx

GIVEN_UP_AFTER: Final = timedelta(days=1)
GONE: Final = "blocked"
"""Why a delivery failed whose other side wants no more calls."""
_BYTES: Final = 32
_NAME: Final = re.compile(r"[\w.-]{1,40}")
_LONGEST_URL: Final = 1000

# What each event is called outside: of what, and what has happened.
TYPES: Final[dict[type[e.Event], tuple[str, str]]] = {
    e.TicketOpened: ("ticket", "opened"),
    e.StateEntered: ("ticket", "state_changed"),
    e.TicketTaken: ("ticket", "assigned"),
    e.TicketAssigned: ("ticket", "assigned"),
    e.TicketEscalated: ("ticket", "assigned"),
    e.TicketReleased: ("ticket", "assigned"),
    e.CustomerWrote: ("message", "received"),
    e.AnswerDelivered: ("message", "sent"),
}


@dataclass(frozen=True, slots=True)
class WebhookFacts:
    """A system that is called. ``stopped_at``: it is not called any more."""

    id: int
    name: str
    url: str
    secret: str
    created_at: datetime
    stopped_at: datetime | None


class Called(tuple[int, ...]):
    """The ids of those that are called; almost always none."""

    __slots__ = ()


async def _called(tx: ReadTx) -> Called:
    return Called(await tx.all(select(Webhook.id).where(Webhook.stopped_at.is_(None))))


async def add_webhook(tx: Tx, name: str, url: str) -> str:
    """Have a system called from now on; returns the secret that signs the calls, shown this once.

    Raises :class:`Unreadable` for a name or an address that cannot be, :class:`NothingToDo` for a
    name that is in use.
    """
    if not _NAME.fullmatch(name):
        raise Unreadable("refusal.webhook_name")
    if not _is_address(url):
        raise Unreadable("refusal.webhook_url")
    if not may_be_called(urlsplit(url).hostname or ""):
        raise Unreadable("refusal.webhook_place")
    if await _named(tx, name) is not None:
        raise NothingToDo("refusal.webhook_exists", name=name)
    secret = "whsec_" + base64.b64encode(secrets.token_bytes(_BYTES)).decode()
    await tx.insert(Webhook(name=name, url=url, secret=secret, created_at=tx.now))
    tx.invalidate(Called)
    tx.emit(e.WebhookAdded(ticket_id=None, name=name, url=_without_query(url)))
    return secret


def _is_address(url: str) -> bool:
    if len(url) > _LONGEST_URL or not url.isascii() or not url.isprintable():
        return False
    try:
        parts = urlsplit(url)
        usable = parts.port is None or parts.port > 0
    except ValueError:
        return False
    return usable and parts.scheme in {"https", "http"} and bool(parts.hostname)


def _without_query(url: str) -> str:
    """What of an address may be read by many: others may hold a password in the rest."""
    parts = urlsplit(url)
    port = "" if parts.port is None else f":{parts.port}"
    return f"{parts.scheme}://{parts.hostname}{port}{parts.path}"


async def remove_webhook(tx: Tx, name: str) -> None:
    """Forget a system; what waits for it is dropped. Raises :class:`Unreadable`."""
    row = await _existing(tx, name)
    await drop_calls(tx, row.id)
    await tx.delete(row)
    tx.invalidate(Called)
    tx.emit(e.WebhookRemoved(ticket_id=None, name=name))


async def resume_webhook(tx: Tx, name: str) -> None:
    """Call a system again that was stopped. Raises :class:`Unreadable`, :class:`NothingToDo`."""
    row = await _existing(tx, name)
    if row.stopped_at is None:
        raise NothingToDo("refusal.webhook_runs", name=name)
    row.stopped_at = None
    tx.invalidate(Called)
    tx.emit(e.WebhookResumed(ticket_id=None, name=name))


async def list_webhooks(tx: ReadTx) -> list[WebhookFacts]:
    """Return the systems that are called or were, in the order of their names."""
    return [_facts(row) for row in await tx.all(select(Webhook).order_by(Webhook.name))]


async def find_webhook(tx: ReadTx, number: int) -> WebhookFacts | None:
    """Return a system that is to be called; ``None`` for one that is not, any more."""
    row = await tx.find(Webhook, number)
    return None if row is None or row.stopped_at is not None else _facts(row)


def shown_url(webhook: WebhookFacts) -> str:
    """Return the address as it may be shown."""
    return _without_query(webhook.url)


async def stop_failing(tx: Tx) -> int:
    """Stop calling those that take nothing; returns how many (A13).

    Nothing is taken: a call that was tried in vain waits for a day, or the other side said that it
    wants no more.
    """
    stopped = 0
    for number in await tx.cached(Called, _called):
        why = await _trouble(tx, number)
        if why is None:
            continue
        row = await tx.get(Webhook, number, hold=True)
        row.stopped_at = tx.now
        dropped = await drop_calls(tx, number)
        tx.invalidate(Called)
        tx.emit(
            e.WebhookStopped(
                ticket_id=None,
                name=row.name,
                url=_without_query(row.url),
                gone=why == GONE,
                dropped=dropped,
            )
        )
        stopped += 1
    return stopped


async def _trouble(tx: ReadTx, number: int) -> str | None:
    to = (OutboxRow.channel == WEBHOOK, OutboxRow.address == str(number))
    waiting = select(func.min(OutboxRow.created_at)).where(
        *to, OutboxRow.state == "queued", OutboxRow.error.is_not(None)
    )
    oldest = await tx.first(waiting)
    if oldest is not None and oldest < tx.now - GIVEN_UP_AFTER:
        return "late"
    row = await tx.get(Webhook, number)
    gone = select(OutboxRow.id).where(
        *to,
        OutboxRow.state == "failed",
        OutboxRow.error == GONE,
        OutboxRow.created_at >= row.created_at,
    )
    return GONE if await tx.first(gone.limit(1)) is not None else None


async def _named(tx: ReadTx, name: str) -> Webhook | None:
    return await tx.first(select(Webhook).where(Webhook.name == name))


async def _existing(tx: ReadTx, name: str) -> Webhook:
    row = await _named(tx, name)
    if row is None:
        raise Unreadable("refusal.no_such_webhook", name=name)
    return row


def _facts(row: Webhook) -> WebhookFacts:
    return WebhookFacts(row.id, row.name, row.url, row.secret, row.created_at, row.stopped_at)


# Calls


async def _call(tx: Tx, events: Sequence[e.Event]) -> None:
    """Write a call for each event and each system."""
    called = await tx.cached(Called, _called)
    if not called:
        return
    calls: list[tuple[int, int, dict[str, Any]]] = []
    for event in events:
        if event.ticket_id is None or not _is_news(event):
            continue
        kind = ".".join(TYPES[type(event)])
        facts = pack({"type": kind, "at": tx.now, "data": await _data(tx, event)})
        calls += [(system, event.ticket_id, facts) for system in called]
    await write_calls(tx, calls)


def _is_news(event: e.Event) -> bool:
    return not isinstance(event, e.StateEntered) or event.old != event.new


async def _data(tx: Tx, event: e.Event) -> dict[str, Any]:
    """What the event is about, as it is now; notes and what operators say inside are not in it."""
    ticket = await tx.get(Ticket, event.ticket_id)
    names = [await _name(tx, one) for one in (ticket.customer_id, ticket.assignee_id)]
    data: dict[str, Any] = {
        "ticket": {
            "number": ticket.id,
            "subject": ticket.title,
            "state": ticket.state,
            "topic": ticket.topic,
            "channel": ticket.origin,
            "customer": names[0],
            "assignee": names[1],
            "opened_at": ticket.opened_at.isoformat(),
        }
    }
    number = getattr(event, "message_id", None)
    message = None if number is None else await tx.find(Message, number)
    if message is not None:
        data["message"] = {
            "id": message.id,
            "from_customer": message.from_customer,
            "author": await _name(tx, message.author_id),
            "kind": str(message.content.get("kind", "text")),
            "text": message.text,
            "external_id": message.source.message if message.source.channel == "api" else None,
        }
    return data


async def _name(tx: Tx, person_id: int | None) -> str | None:
    return None if person_id is None else (await tx.get(Person, person_id)).name


SUBSCRIBER: Final = Subscriber("webhooks", tuple(TYPES), _call, last=True, unless_empty=Called)
