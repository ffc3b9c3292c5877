"""Mails of somebody who is asked for their consent by mail, and what they answer (S31)."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from itertools import count
from typing import Any, Final

from sqlalchemy import select

from core import inbox
from core.addresses import Address
from core.contacts.written_consents import Written, take_written
from core.desk import Desk
from core.inbox import HELD, Raw
from core.models import (
    ContactPoint,
    InboxRow,
    OutboxRow,
    Person,
)
from core.people.identity import Sender
from core.tx import Tx
from core.words.consent_answers import ConsentWord
from tests.actions.store import Store

TEXT: Final = {"en": "We keep your words for a year."}
ANNA: Final = Sender(Address("email", "anna@x.test"), "Anna")
_ids = count(1)


def ask_for_consent(desk: Desk) -> None:
    """The company asks whoever writes, by mail too."""
    channels = frozenset({"email"})
    desk.company = replace(desk.company, consent=TEXT, letter_channels=channels)


def written(who: Sender = ANNA, **what: Any) -> Written:
    about: dict[str, Any] = {"id": "m@x.test", "word": None, "answered": None}
    return Written(sender=who, **(about | what))


async def mail(
    desk: Desk, said: Written, action: Callable[[Tx, Written], Awaitable[Any]] = take_written
) -> Any:
    """A mail of theirs comes in and is handled."""
    number = next(_ids)
    raw = json.dumps({inbox.FILE: f"{number:064x}", inbox.FROM: said.sender.address.chat})
    await desk.run(inbox.store, "mail:box", [Raw(f"{number}", "mail:1", raw)])
    stored = (await desk.read(inbox.list_unfinished, 0, 100))[-1]
    with desk.handling(stored.id):
        return await desk.run(action, said)


async def question(store: Store, who: Sender = ANNA) -> int:
    """The newest question, as if it had left."""
    return int((await store.outbox(who.address.chat))[-1].id)


async def sent(desk: Desk, store: Store, who: Sender = ANNA) -> int:
    number = await question(store, who)

    async def leave(tx: Tx) -> None:
        (await tx.get(OutboxRow, number)).state = "sent"

    await desk.run(leave)
    return number


async def held(store: Store) -> list[str]:
    query = select(InboxRow.ordering_key).where(InboxRow.state == HELD)
    return await store.rows(query.order_by(InboxRow.id))


async def proves_to_have(tx: Tx, person: Person, there: str) -> None:
    point = ContactPoint(person_id=person.id, kind="email", value=there, verified_at=tx.now)
    await tx.insert(point)


async def waiting(desk: Desk) -> list[str]:
    return [one.ordering_key for one in await desk.read(inbox.list_unfinished, 0, 1000)]


async def released(desk: Desk, store: Store, who: Sender = ANNA) -> list[str]:
    """A mail was held and handled after the yes; the names of its file and of the answer's."""
    await mail(desk, written(who))
    answered = await sent(desk, store, who)
    await mail(desk, written(who, word=ConsentWord.YES, answered=answered))
    for stored in await desk.read(inbox.list_unfinished, 0, 10):
        with desk.handling(stored.id):
            await desk.run(inbox.change_nothing)
    return [f"{number - back:064x}" for number in [next(_ids)] for back in (2, 1)]
