"""Whom a notice goes to: the audience's people and chats, and whether they are told at all."""

from datetime import timedelta
from typing import Final

from sqlalchemy import select

from core import events as e
from core.address_holders import address_of, letter_address, reads_page
from core.addresses import Address
from core.delivery.audiences import Recipient, find_admins, reporters_of
from core.delivery.linked_chats import is_operator_chat, operator_chat_of
from core.delivery.notices import UNASK, Audience, Notice, Stored
from core.delivery.own_notices import BOTH, CHAT, OwnNotice, own_notice
from core.delivery.private_topics import private_topic
from core.models import JournalEntry, Message, Note, Person, Ticket
from core.tx import Tx
from core.words.contact_values import EMAIL

_HOUR: Final = timedelta(hours=1)
# Something that a colleague has from now on, or that another one answers in or has merged.
_GIVEN: Final = (
    *(e.TicketAssigned, e.TaskAssigned, e.TaskReopened, e.AnswerWritten),
    *(e.TicketMerged, e.SuggestionLost, e.RuleTold),
)


async def recipients_of(
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
    person = await customer_of(tx, event, None)
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
            chat = await _group_of(tx, event, notice, message)
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
            assignee = await tx.get(Person, event.concerns[0])
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


async def _group_of(
    tx: Tx, event: e.Event, notice: Notice, message: Message | None
) -> Address | None:
    """The ticket's group; what answers a colleague's words goes where they stand, if it can."""
    if notice.reply == "source":
        note = await tx.session.get(Note, getattr(event, "note_id", 0)) if message is None else None
        words = message or note
        if words is not None and await is_operator_chat(tx, words.source.address):
            return words.source.address
    return await operator_chat_of(tx, event.ticket_id)


async def by_own_ways(
    tx: Tx, event: e.Event, own: OwnNotice, recipients: list[Recipient], person: Person
) -> list[Recipient]:
    """The same by the way that the company has chosen. Who has no address for letters is told where
    they write.
    """
    if own.channel == CHAT or not own.told:
        return recipients
    letter = await letter_address(tx, person.id)
    if letter is None:
        return recipients
    stays = own.channel == BOTH or answers_press(event)
    chats = [each for each in recipients if stays and each.address != letter]
    return [*chats, Recipient(letter, person=person)]


def answers_press(event: e.Event) -> bool:
    """What the customer is told replaces the question whose button they pressed: it is no notice
    that could be left out, or come later.
    """
    return isinstance(event, e.TicketOpened) and event.question is not None


async def stored_with(
    tx: Tx, event: e.Event, ticket: Ticket | None, message: Message | None
) -> Stored:
    """What is stored of the event's ticket and message, as far as it decides who is told."""
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
    customer = await tx.get(Person, ticket.customer_id)
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


async def customer_of(tx: Tx, event: e.Event, ticket: Ticket | None) -> Person | None:
    """The ticket's customer; without a ticket, the person whom the event is about."""
    number = getattr(event, "person_id", None) if ticket is None else ticket.customer_id
    return None if number is None else await tx.session.get(Person, number)
