"""The first admin: whoever opens the link that the log prints while there is none.

Whoever can read the machine's log runs the machine: no other proof is needed.
"""

import hashlib
import hmac
import secrets
from dataclasses import replace
from datetime import timedelta
from typing import Final

from core.address_holders import addresses_where
from core.addresses import Address
from core.company import Company
from core.errors import Refusal
from core.events import AdminAppointed
from core.models import Person, SystemState
from core.people.identity import Sender, arrive
from core.tx import ReadTx, Tx

CLAIM: Final = "claim"
# A link's payload has at most 64 characters of A-Z a-z 0-9 _ -, its prefix included.
PREFIX: Final = "claim_"
# A link that nobody opened for so long is worth nothing; a restart prints another one.
LASTS: Final = timedelta(days=1)
_BYTES: Final = 24


async def appointed(tx: ReadTx) -> frozenset[Address]:
    """Return the addresses of those who were made admins by a link."""
    rows = await tx.rows(addresses_where(Person.admin_since.is_not(None)))
    return frozenset(Address(*row) for row in rows)


async def offer_claim(tx: Tx) -> str | None:
    """Return a new payload for the link that makes an admin; ``None`` while there is an admin.

    It replaces an unused one. Only its digest is stored.
    """
    if tx.company.admins or await appointed(tx):
        if (old := await tx.find(SystemState, CLAIM)) is not None:
            await tx.delete(old)
        return None
    secret = secrets.token_urlsafe(_BYTES)
    await tx.put(SystemState(name=CLAIM, value={"digest": digest_of(secret)}, at=tx.now))
    return PREFIX + secret


async def claim(tx: Tx, sender: Sender, secret: str) -> Company:
    """Make the sender the first admin. Returns the company as it is from now on.

    Raises :class:`Refusal` for a secret that is invalid, used or expired.
    """
    offered = await tx.find(SystemState, CLAIM, hold=True)
    if offered is None or tx.now - offered.at > LASTS:
        raise Refusal("refusal.claim")
    if not hmac.compare_digest(str(offered.value.get("digest")), digest_of(secret)):
        raise Refusal("refusal.claim")
    person = await arrive(tx, sender, "customer")
    person.admin_since = tx.now
    await tx.delete(offered)
    tx.emit(AdminAppointed(ticket_id=None, person_id=person.id, by="claim"))
    return replace(tx.company, admins=tx.company.admins | {sender.address})


def digest_of(secret: str) -> str:
    """Return the digest of a secret, which is all that is stored of it."""
    return hashlib.sha256(secret.encode()).hexdigest()
