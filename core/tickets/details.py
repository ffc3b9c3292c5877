"""What a ticket is about: its title and topic (A3)."""

from core.errors import NothingToDo, Unreadable
from core.events import TitleChanged, TopicChanged
from core.models import Ticket
from core.sla import answer
from core.sla.timers import set_timers
from core.tickets.access import access
from core.tickets.lifecycle import place_in_queue
from core.tickets.topics import answer_span, find_topic, title_of
from core.tickets.workflow_store import workflow_of
from core.tx import Tx
from core.words.names import clean_name, is_blank

TITLE_LIMIT = 200


async def retitle(tx: Tx, number: int, words: str) -> Ticket:
    """Give the ticket another title. Raises :class:`Unreadable` for an empty one."""
    ticket = await access(tx, number, "title")
    if is_blank(words):
        raise Unreadable("refusal.empty_title", number=number)
    title = clean_name(words, TITLE_LIMIT)
    if title == ticket.title:
        raise NothingToDo("refusal.same_title", number=number)
    _give_title(tx, ticket, title)
    return ticket


def _give_title(tx: Tx, ticket: Ticket, title: str) -> None:
    old, ticket.title = ticket.title, title
    tx.emit(TitleChanged(ticket_id=ticket.id, old=old, new=title))


async def change_topic(tx: Tx, number: int, words: str) -> Ticket:
    """The ticket is about another topic; its deadline runs from the same beginning (C1).

    An automatic title follows. Raises :class:`Unreadable` with the topics there are.
    """
    ticket = await access(tx, number, "topic")
    topic = await find_topic(tx, words)
    if topic.code == ticket.topic:
        raise NothingToDo("refusal.same_topic", number=number)
    old, ticket.topic = ticket.topic, topic.code
    automatic = ticket.title == await title_of(tx, old, tx.company.language)
    timers = answer.restate(tx, ticket, await answer_span(tx, topic.code))
    place_in_queue(ticket, (await workflow_of(tx)).state(ticket.state))
    await set_timers(tx, ticket.id, timers)
    tx.emit(
        TopicChanged(ticket_id=ticket.id, old=old, new=topic.code, answer_due=ticket.answer_due)
    )
    if automatic:
        _give_title(tx, ticket, topic.title(tx.company.language))
    return ticket
