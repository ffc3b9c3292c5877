"""Further admins: appointed by a link that an admin passes on, dismissed by any admin (G1).

Those named in the environment are always admins. All the others are told of every change.
"""

import hmac
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import or_

from core.address_holders import addresses_of, addresses_where, is_at
from core.addresses import Address
from core.company import Company
from core.errors import NothingToDo, Refusal
from core.events import AdminAppointed, AdminDismissed
from core.models import Person, SystemState
from core.people.identity import Sender, arrive
from core.setup.claim import digest_of
from core.setup.company_settings import arrive_as_admin
from core.tx import ReadTx, Tx

INVITATION: Final = "invitation"
# A link's payload has at most 64 characters of A-Z a-z 0-9 _ -, its prefix included.
PREFIX: Final = "admin_"
LASTS: Final = timedelta(days=1)
_BYTES: Final = 24


@dataclass(frozen=True, slots=True)
class Admin:
    """An admin; ``named``: by the environment. Before such a person was seen there is no ``name``
    and no ``id``.
    """

    address: Address
    name: str = ""
    id: int = 0
    named: bool = False


async def list_admins(tx: ReadTx) -> list[Admin]:
    """Return all admins: those the environment names first, then by when they were appointed."""
    named = tx.company.named_admins
    query = addresses_where(or_(Person.admin_since.is_not(None), is_at(named)))
    rows = await tx.rows(query.add_columns(Person).order_by(Person.admin_since, Person.id))
    known = {Address(channel, chat): person for channel, chat, person in rows}
    of_environment = [_admin(address, known.get(address)) for address in sorted(named, key=str)]
    seen = {one.id for one in of_environment}
    appointed = {
        person.id: Admin(address, person.name, person.id)
        for address, person in known.items()
        if person.id not in seen
    }
    return [*of_environment, *appointed.values()]


def _admin(address: Address, person: Person | None) -> Admin:
    if person is None:
        return Admin(address, named=True)
    return Admin(address, person.name, person.id, named=True)


@dataclass(frozen=True, slots=True)
class Invitation:
    """The payload of a link that makes whoever opens it an admin, once, before ``until``."""

    payload: str
    until: datetime


async def invite(tx: Tx, sender: Sender) -> Invitation:
    """Return a new link, which replaces an unused one. Only its digest is stored.

    Raises :class:`NotAllowed`.
    """
    await arrive_as_admin(tx, sender)
    secret, until = secrets.token_urlsafe(_BYTES), tx.now + LASTS
    value = {"digest": digest_of(secret), "until": until.isoformat(), "by": tx.actor.name}
    await tx.put(SystemState(name=INVITATION, value=value, at=tx.now))
    return Invitation(PREFIX + secret, until)


async def accept(tx: Tx, sender: Sender, secret: str) -> Company:
    """Make the sender an admin. Returns the company as it is from now on.

    Raises :class:`NothingToDo` for an admin, who does not use the link up, and :class:`Refusal` for
    a secret that is invalid, used or expired.
    """
    fact = await tx.find(SystemState, INVITATION, hold=True)
    digest = "" if fact is None else str(fact.value["digest"])
    over = fact is None or datetime.fromisoformat(fact.value["until"]) < tx.now
    if over or not hmac.compare_digest(digest, digest_of(secret)):
        raise Refusal("refusal.invitation")
    if sender.address in tx.company.admins:
        raise NothingToDo("refusal.admin_already")
    person = await arrive(tx, sender, "customer")
    person.admin_since = tx.now
    by = "" if fact is None else str(fact.value["by"])
    await tx.delete(fact)
    tx.emit(AdminAppointed(ticket_id=None, person_id=person.id, by="invitation", invited_by=by))
    return replace(tx.company, admins=tx.company.admins | {sender.address})


async def dismiss(tx: Tx, sender: Sender, person_id: int) -> Company:
    """Dismiss an admin. Returns the company as it is from now on.

    Raises :class:`NotAllowed`, :class:`NothingToDo` when they are none, :class:`Refusal` for those
    the environment names, and for the last one.
    """
    await arrive_as_admin(tx, sender)
    person = await tx.find(Person, person_id, hold=True)
    if person is None or person.admin_since is None:
        raise NothingToDo("refusal.no_admin")
    theirs = await addresses_of(tx, person_id)
    if theirs & tx.company.named_admins:
        raise Refusal("refusal.fixed", variable="ADMIN_IDS")
    if tx.company.admins <= theirs:
        raise Refusal("refusal.last_admin")
    person.admin_since = None
    tx.emit(AdminDismissed(ticket_id=None, person_id=person.id))
    return replace(tx.company, admins=tx.company.admins - theirs)
