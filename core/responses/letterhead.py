"""Who a mail to a customer comes from, and how it is signed: as the mailbox says that the ticket
began in (F1, F6).
"""

from dataclasses import dataclass

from core.models import Person, Ticket
from core.responses.sending import facts_of
from core.responses.template import fill_lines
from core.tickets.mailboxes import mailbox_of_ticket, mailboxes_of
from core.tx import ReadTx


@dataclass(frozen=True, slots=True)
class Letterhead:
    """The mailbox's ``address`` and the sender's name; ``None``: as in all other mails.
    ``signature``: ``None``: as below all others. ``send_as``: mail may leave from the address.
    """

    address: str
    title: str | None
    signature: str | None
    send_as: bool


async def letterhead_at(tx: ReadTx, address: str) -> Letterhead | None:
    """Return the letterhead of a mail about no ticket, to whoever wrote to this mailbox; ``None``:
    it is not in use any more. It is signed as all others are.
    """
    mailbox = (await mailboxes_of(tx)).get(address)
    if mailbox is None or not mailbox.active:
        return None
    return Letterhead(mailbox.address, mailbox.title, None, mailbox.send_as)


async def letterhead_of(
    tx: ReadTx, ticket_id: int, language: str, author: str
) -> Letterhead | None:
    """Return the letterhead of a ticket's mails; ``None``: it began in no mailbox, or in one that
    is not in use any more. ``author``: who has written the answer, empty for a notice.
    """
    mailbox = await mailbox_of_ticket(tx, ticket_id)
    if mailbox is None:
        return None
    found = mailbox.signature_in(language, tx.company.language)
    signature = None
    if found is not None:
        ticket = await tx.get(Ticket, ticket_id)
        customer = await tx.get(Person, ticket.customer_id)
        facts = await facts_of(tx, ticket, customer, author, found[0])
        signature = fill_lines(found[1], facts)
    return Letterhead(mailbox.address, mailbox.title, signature, mailbox.send_as)
