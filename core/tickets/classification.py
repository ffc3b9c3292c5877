"""Changes what a ticket is classified as (B7, D4); its clocks follow, from its first moment on."""

from dataclasses import dataclass, replace

from core.errors import NoSuchTicket, NothingToDo, Unreadable
from core.events import TicketClassified, TitleChanged, TopicChanged
from core.models import Classification, Ticket
from core.sla import answer_clock
from core.sla.agreements import Agreements, agreements_of, new_row
from core.sla.answer_clock import set_timers
from core.tickets.catalog import (
    ASPECTS,
    CATEGORY,
    PRIORITY,
    SERVICE,
    Classes,
    ClassFacts,
    TopicFacts,
    answer_span,
    classes_of,
    find_class,
    find_topic,
    topic_title,
    topics_of,
    workflow_of,
)
from core.tickets.lifecycle import access, place_in_queue
from core.tx import ReadTx, Tx
from core.words.names import clean_name, is_blank

TITLE_LIMIT = 200


async def retitle(tx: Tx, ticket_id: int, words: str) -> Ticket:
    """Change the title. Raises :class:`Unreadable` for an empty one."""
    ticket = await access(tx, ticket_id, "title")
    if is_blank(words):
        raise Unreadable("refusal.empty_title", number=ticket_id)
    title = clean_name(words, TITLE_LIMIT)
    if title == ticket.title:
        raise NothingToDo("refusal.same_title", number=ticket_id)
    _give_title(tx, ticket, title)
    return ticket


def _give_title(tx: Tx, ticket: Ticket, title: str) -> None:
    old, ticket.title = ticket.title, title
    tx.emit(TitleChanged(ticket_id=ticket.id, old=old, new=title))


async def change_topic(tx: Tx, ticket_id: int, words: str) -> Ticket:
    """Change the topic; the deadline is counted anew from the same beginning (C1).

    A title made from the topic changes with it. Raises :class:`Unreadable` with the topics there
    are.
    """
    ticket = await access(tx, ticket_id, "topic")
    topic = await find_topic(tx, words)
    if topic.code == ticket.topic:
        raise NothingToDo("refusal.same_topic", number=ticket_id)
    old, ticket.topic = ticket.topic, topic.code
    automatic = ticket.title == await topic_title(tx, old, tx.company.language)
    timers = await answer_clock.restate(tx, ticket, await answer_span(tx, topic.code))
    place_in_queue(ticket, (await workflow_of(tx)).state(ticket.state))
    await set_timers(tx, ticket.id, timers)
    tx.emit(
        TopicChanged(ticket_id=ticket.id, old=old, new=topic.code, answer_due=ticket.answer_due)
    )
    if automatic:
        _give_title(tx, ticket, topic.title(tx.company.language))
    return ticket


async def other_topics(tx: ReadTx, ticket_id: int) -> list[TopicFacts]:
    """Return the topics that the ticket can be moved to.

    Raises :class:`NoSuchTicket`.
    """
    ticket = await tx.find(Ticket, ticket_id)
    if ticket is None:
        raise NoSuchTicket(ticket_id)
    known = (await topics_of(tx)).values()
    return [topic for topic in known if topic.active and topic.code != ticket.topic]


@dataclass(frozen=True, slots=True)
class ClassWish:
    """The classification that somebody asks for; ``None`` leaves a part as it is."""

    service: str | None = None
    category: str | None = None
    priority: str | None = None
    agreement: str | None = None


async def classify(tx: Tx, ticket_id: int, words: str) -> Ticket:
    """Set the service, category or agreement named by an operator, or several separated by commas.

    Raises :class:`Unreadable` with the choices, :class:`NothingToDo` when it is so already.
    """
    ticket = await access(tx, ticket_id, "classify")
    await _apply(
        tx, ticket, read_classification(await classes_of(tx), await agreements_of(tx), words, tx)
    )
    return ticket


async def prioritise(tx: Tx, ticket_id: int, words: str) -> Ticket:
    """Set the priority named by an operator. Raises as :func:`classify` does."""
    ticket = await access(tx, ticket_id, "prioritise")
    classes = await classes_of(tx)
    found = find_class(classes, (PRIORITY,), words)
    if found is None:
        known = _titles(classes.offered(PRIORITY), tx)
        raise Unreadable(
            "refusal.no_such_priority", words=words[:40], known=known, number=ticket_id
        )
    await _apply(tx, ticket, ClassWish(priority=found.code))
    return ticket


async def choose(tx: Tx, ticket_id: int, aspect: str, code: str) -> Ticket:
    """Set the choice that an operator pressed. Raises as :func:`classify` does."""
    ticket = await access(tx, ticket_id, "prioritise" if aspect == PRIORITY else "classify")
    found = (await classes_of(tx)).get(aspect, code)
    if found is None or not found.active:
        raise Unreadable("refusal.outdated")
    await _apply(tx, ticket, replace(ClassWish(), **{aspect: code}))
    return ticket


async def set_kind(tx: Tx, ticket: Ticket, wish: ClassWish) -> bool:
    """Set the classification. Returns False if it was so already. The caller has checked the
    rights.
    """
    row = await tx.find(Classification, ticket.id)
    if row is None:
        row = await new_row(tx, ticket.id)
    old = {aspect: getattr(row, aspect) for aspect in ASPECTS}
    new = {aspect: getattr(wish, aspect) or old[aspect] for aspect in ASPECTS}
    named = wish.agreement not in {None, row.agreement}
    if new == old and not named:
        return False
    for aspect, code in new.items():
        setattr(row, aspect, code)
    row.agreement = wish.agreement or row.agreement
    await tx.write()
    tx.emit(
        TicketClassified(
            ticket_id=ticket.id,
            service=new[SERVICE],
            category=new[CATEGORY],
            priority=new[PRIORITY],
            old_service=old[SERVICE],
            old_category=old[CATEGORY],
            old_priority=old[PRIORITY],
            agreement=wish.agreement if named else None,
        )
    )
    return True


async def inherit_kind(tx: Tx, old: Ticket, new: Ticket) -> None:
    """Give a new ticket the classification and the agreement of the one that it comes from."""
    kind = await tx.find(Classification, old.id)
    if kind is not None:
        wish = ClassWish(kind.service, kind.category, kind.priority, kind.agreement)
        await set_kind(tx, new, wish)


async def _apply(tx: Tx, ticket: Ticket, wish: ClassWish) -> None:
    if not await set_kind(tx, ticket, wish):
        raise NothingToDo("refusal.same_kind", number=ticket.id)


def read_classification(
    classes: Classes, agreements: Agreements, words: str, tx: ReadTx
) -> ClassWish:
    """Return the classification that the words name. Raises :class:`Unreadable` for an unknown
    word.
    """
    wish = ClassWish()
    for part in _parts(classes, agreements, words):
        found = find_class(classes, (SERVICE, CATEGORY, PRIORITY), part)
        agreement = None if found else _find_agreement(agreements, part)
        if found is not None:
            wish = replace(wish, **{found.aspect: found.code})
        elif agreement is not None:
            wish = replace(wish, agreement=agreement)
        else:
            offered = [*classes.offered(SERVICE), *classes.offered(CATEGORY)]
            raise Unreadable("refusal.no_such_class", words=part[:40], known=_titles(offered, tx))
    return wish


def _parts(classes: Classes, agreements: Agreements, words: str) -> list[str]:
    """Return the text, or its parts between commas if the whole names nothing."""
    whole = words.strip()
    known = find_class(classes, ASPECTS, whole) or _find_agreement(agreements, whole)
    parts = [part.strip() for part in whole.split(",")]
    return [whole] if known else [part for part in parts if part] or [whole]


def _find_agreement(agreements: Agreements, words: str) -> str | None:
    wanted = words.strip().casefold()
    for one in agreements.agreements.values():
        named = wanted == one.code.casefold() or one.title.casefold().startswith(wanted)
        if wanted and one.active and named:
            return one.code
    return None


def _titles(offered: list[ClassFacts], tx: ReadTx) -> str:
    return ", ".join(one.title(tx.company.language) for one in offered)
