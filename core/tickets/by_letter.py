"""Whoever blocks us where they write is answered by mail, if an address of theirs may be used (F8).

One that they wrote from may. One that was only noted may be wrong: an operator's words go there
all the same, and operators read that they did; notices of the desk go there only where the company
mails silent customers, too.
"""

from typing import Final

from core.address_holders import letter_address
from core.addresses import Address
from core.delivery.channel import Delivery
from core.delivery.outbox import redirect
from core.events import AnswerRedirected, CustomerRedirected
from core.models import Message, Person
from core.people.contact_points import answer_by_letter
from core.people.identity import is_colleague
from core.tickets.customer_tickets import open_numbers
from core.tx import Tx

# What is worth a mail when a chat refuses it.
_SENT_AGAIN: Final = frozenset({"text", "content", "edit"})


async def send_by_letter(tx: Tx, refused: Delivery) -> bool:
    """Send by mail what the customer's chat refuses for good, and all that follows. Return whether
    that can be done.
    """
    letters = tx.company.letter_channels
    if refused.person_id is None or refused.ticket_id is None or refused.channel in letters:
        return False
    person = await tx.get(Person, refused.person_id, hold=True)
    before = person.address
    if before is None or not (before == refused.to or before.channel in letters):
        return False  # they write from elsewhere by now
    by_operator = refused.kind == "content"
    address = await _turn_to_letters(tx, person, by_operator=by_operator)
    if address is None:
        return False
    if refused.kind in _SENT_AGAIN:
        await redirect(tx, refused, person, address)
    if by_operator and await _is_own(tx, refused):
        tx.emit(
            AnswerRedirected(
                ticket_id=refused.ticket_id, message_id=refused.message_id or 0, to=address.chat
            )
        )
    elif before != address:
        await _tell(tx, person, address)
    return True


async def go_on_by_letter(tx: Tx, person: Person) -> bool:
    """The customer has blocked us where they write: go on by mail. Return whether that can be."""
    before = person.address
    if before is None or before.channel in tx.company.letter_channels:
        return False
    address = await _turn_to_letters(tx, person, by_operator=False)
    if address is not None:
        await _tell(tx, person, address)
    return address is not None


async def address_for_answers(tx: Tx, person: Person) -> Address | None:
    """Return where an operator's answer goes that the customer's chat refuses, if there is such."""
    return None if _is_reached_at_work(tx, person) else await letter_address(tx, person.id)


def _is_reached_at_work(tx: Tx, person: Person) -> bool:
    return is_colleague(person) or person.address in tx.company.admins


async def _turn_to_letters(tx: Tx, person: Person, *, by_operator: bool) -> Address | None:
    if _is_reached_at_work(tx, person):
        return None
    noted_will_do = by_operator or tx.company.mail_when_silent is not None
    return await answer_by_letter(tx, person, proved=not noted_will_do)


async def _is_own(tx: Tx, refused: Delivery) -> bool:
    """Return whether it is an answer in the customer's own ticket, and no copy of one to many."""
    message = await tx.get(Message, refused.message_id)
    return message.ticket_id == refused.ticket_id


async def _tell(tx: Tx, person: Person, address: Address) -> None:
    for number in await open_numbers(tx, person.id) or (None,):
        tx.emit(CustomerRedirected(ticket_id=number, person_id=person.id, to=address.chat))
