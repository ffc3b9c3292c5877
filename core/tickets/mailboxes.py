"""The mailboxes that customers write to: which of them a mail names, and what begins there (F1).

Nothing here says where mail is fetched or how: servers and passwords are the environment's. A
mailbox is known by the address that a mail was written to.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import bindparam, select

from core.db import PreparedStatement
from core.models import MailboxRow, Ticket, TicketMailbox
from core.sla.agreements import agreement_for, agreements_of
from core.tickets.classification import ClassWish, set_kind
from core.tx import ReadTx, Tx


@dataclass(frozen=True, slots=True)
class MailboxFacts:
    """A mailbox. ``signature`` by language; ``send_as``: answers leave from its address."""

    address: str
    title: str | None
    topic: str | None
    wish: ClassWish
    team: str | None
    language: str | None
    signature: Mapping[str, str]
    confirm: bool
    send_as: bool
    active: bool

    def signature_in(self, language: str, company: str) -> tuple[str, str] | None:
        """Return the language and the signature for a reader: theirs, the company's, or any."""
        for code in (language, company, *self.signature):
            if code in self.signature:
                return code, self.signature[code]
        return None


class DeskMailboxes(dict[str, MailboxFacts]):
    """All of them by address, in the order of the directory."""


async def mailboxes_of(tx: ReadTx) -> DeskMailboxes:
    """Return the mailboxes, cached until the directory changes."""
    return await tx.cached(DeskMailboxes, _read)


async def _read(tx: ReadTx) -> DeskMailboxes:
    rows = await tx.all(select(MailboxRow).order_by(MailboxRow.position, MailboxRow.address))
    return DeskMailboxes((row.address, _facts(row)) for row in rows)


def _facts(row: MailboxRow) -> MailboxFacts:
    return MailboxFacts(
        row.address,
        row.title,
        row.topic,
        ClassWish(row.service, row.category, row.priority, row.agreement),
        row.team,
        row.language,
        dict(row.texts),
        row.confirm,
        row.send_as,
        row.active,
    )


def bare(address: str) -> str:
    """Return the address without what follows a plus: ``billing+spring@x`` is ``billing@x``."""
    local, _, domain = address.rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


def mailbox_of(mailboxes: DeskMailboxes, recipients: Iterable[str]) -> MailboxFacts | None:
    """Return the mailbox in use that a mail was written to: the first that its headers name, in
    their order; ``None``: it names none.
    """
    for address in recipients:
        found = mailboxes.get(address) or mailboxes.get(bare(address))
        if found is not None and found.active:
            return found
    return None


_OF_TICKET: Final = PreparedStatement(
    select(TicketMailbox.__table__.c.mailbox).where(
        TicketMailbox.__table__.c.ticket_id == bindparam("ticket")
    )
)


async def mailbox_of_ticket(tx: ReadTx, ticket_id: int) -> MailboxFacts | None:
    """Return the mailbox that the ticket began in, if it is in use."""
    mailboxes = await mailboxes_of(tx)
    if not mailboxes:
        return None
    found = mailboxes.get(str(await _OF_TICKET.first(tx.session, {"ticket": ticket_id})))
    return found if found is not None and found.active else None


async def begin_in(tx: Tx, ticket: Ticket, mailbox: MailboxFacts) -> None:
    """Note where a ticket has begun, and make it what tickets of this mailbox are. What goes on
    from another ticket is what that one was.
    """
    await tx.insert(TicketMailbox(ticket_id=ticket.id, mailbox=mailbox.address))
    if ticket.follows_id is not None:
        return
    wish = mailbox.wish
    if wish.agreement is not None and await _has_agreement(tx, ticket):
        wish = replace(wish, agreement=None)
    if wish != ClassWish():
        await set_kind(tx, ticket, wish)


async def _has_agreement(tx: Tx, ticket: Ticket) -> bool:
    """Return whether the customer was promised something by a contract or as one of an account:
    that goes before what a mailbox promises to everybody.
    """
    agreed = replace(await agreements_of(tx), default=None)
    day = ticket.opened_at.astimezone(tx.company.zone).date()
    return await agreement_for(tx, agreed, ticket.customer_id, day) is not None
