"""Fills a canned response for a ticket, and sends what was shown: words and actions at once."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import select

from core.addresses import MessageRef
from core.db import insert_or
from core.errors import NoSuchTicket, NothingToDo, Refusal
from core.events import ResponseSent
from core.models import Camera, Message, Person, ResponseUse, Ticket, TicketCamera
from core.responses.catalogue import (
    Actions,
    Response,
    find_response,
    fitting,
    look_up,
    responses_of,
)
from core.responses.template import fill
from core.tickets.attached_files import AttachedFile, words_with
from core.tickets.catalog import PRIORITY, classes_of, topic_title, workflow_of
from core.tickets.classification import ClassWish, set_kind
from core.tickets.conversation import reply
from core.tickets.incoming import IncomingMessage
from core.tickets.lifecycle import access, move
from core.tickets.named_states import move_by_name
from core.tickets.on_screens import ref_on_screen, show_written
from core.tickets.tags import give_tags
from core.tx import ReadTx, Tx
from core.words.called import greeted_as
from core.words.names import NAMELESS, clean_name

DIGEST: Final = 8


@dataclass(frozen=True, slots=True)
class Prepared:
    """A response as it would go now: the ``text`` and the ``files`` for the customer, and what else
    is done.

    ``state``: the name of the state that it names, ``priority``: of the priority.
    ``digest`` names this text, these files and actions; another one was shown if it differs.
    """

    ticket_id: int
    code: str
    title: str
    text: str
    actions: Actions
    digest: str
    priority: str | None = None
    state: str | None = None
    files: tuple[AttachedFile, ...] = ()

    def words(self, ref: MessageRef, **content: Any) -> list[IncomingMessage]:
        """Return what the customer is sent, in order; nothing where it only acts."""
        return words_with(ref, self.text, self.files, **content)


async def list_fitting(tx: ReadTx, ticket_id: int) -> Sequence[Response]:
    """Return what can be answered in this ticket, the most used first."""
    return await fitting(tx, await _ticket(tx, ticket_id))


async def list_named(tx: ReadTx, ticket_id: int, words: str) -> Sequence[Response]:
    """Return the response that the words name, or those that have them, the most used in tickets
    like this first. Raises :class:`Unreadable` where there is none.
    """
    return await look_up(tx, words, await _ticket(tx, ticket_id))


async def prepare(tx: ReadTx, ticket_id: int, words: str, operator: str) -> Prepared:
    """Fill the response with this code or title. ``operator``: the name of who would send it.

    Raises :class:`Refusal` for a variable that the ticket has no fact for.
    """
    ticket = await _ticket(tx, ticket_id)
    response = await find_response(tx, words)
    customer = await tx.get(Person, ticket.customer_id)
    language, template = response.text_in(customer.language, tx.company.language)
    facts = await facts_of(tx, ticket, customer, operator, language)
    text, actions = fill(template, facts), response.actions
    priority = (await classes_of(tx)).get(PRIORITY, actions.priority)
    return Prepared(
        ticket_id,
        response.code,
        response.title,
        text,
        actions,
        _digest(text, actions, response.files),
        None if priority is None else priority.title(tx.company.language),
        await _state_title(tx, actions.verb),
        response.files,
    )


async def _state_title(tx: ReadTx, target: str | None) -> str | None:
    """Return the name of a state that the response moves a ticket to, if it names one."""
    found = (await workflow_of(tx)).states.get(target or "")
    return None if found is None else found.title(tx.company.language)


async def _ticket(tx: ReadTx, ticket_id: int) -> Ticket:
    ticket = await tx.find(Ticket, ticket_id)
    if ticket is None:
        raise NoSuchTicket(ticket_id)
    return ticket


async def facts_of(
    tx: ReadTx, ticket: Ticket, customer: Person, operator: str, language: str
) -> dict[str, str | None]:
    """Return what the variables of a text say of this ticket; ``None``: nothing is known."""
    camera = await tx.first(
        select(Camera)
        .join(TicketCamera, TicketCamera.camera_id == Camera.id)
        .where(TicketCamera.ticket_id == ticket.id)
    )
    facts = {
        "customer": customer.name,
        "first_name": greeted_as(customer.name),
        "number": str(ticket.id),
        "topic": await topic_title(tx, ticket.topic, language),
        "operator": operator,
        "company": tx.company.name,
        "camera": None if camera is None else camera.number,
        "place": None if camera is None else camera.address or camera.name,
    }
    cleaned = {name: clean_name(fact or "", 200) for name, fact in facts.items()}
    return {name: None if fact == NAMELESS else fact for name, fact in cleaned.items()}


def _digest(text: str, actions: Actions, files: Sequence[AttachedFile]) -> str:
    named = [[file.title, file.name] for file in files]
    whole = json.dumps([text, actions.stored(), *named], sort_keys=True)
    return sha256(whole.encode()).hexdigest()[:DIGEST]


class ResponseChanged(Refusal):
    """What would be sent is not what was shown: the ticket, the response or the sender differs."""

    def __init__(self) -> None:
        super().__init__("refusal.response_changed")


async def send_response(
    tx: Tx,
    ticket_id: int,
    code: str,
    digest: str,
    ref: MessageRef,
    more: Sequence[AttachedFile] = (),
) -> Ticket:
    """Send the response that was shown in the message ``ref``, with ``more`` files than its own,
    and do what goes with it.

    All of it is one transaction. Raises :class:`ResponseChanged`, :class:`NothingToDo` if it was
    sent from there already, and what `reply` and `move` raise.
    """
    ticket = await access(tx, ticket_id, "reply")
    shown = select(Message.id).where(Message.source == ref)
    if await tx.first(shown.limit(1)) is not None:
        raise NothingToDo("refusal.response_sent", number=ticket_id)
    if code not in await responses_of(tx):
        raise ResponseChanged
    prepared = await prepare(tx, ticket_id, code, tx.actor.name)
    if prepared.digest != digest:
        raise ResponseChanged
    await _answer(tx, replace(prepared, files=(*prepared.files, *more)), ref)
    await _act(tx, ticket, prepared.actions)
    await _count(tx, ticket, code)
    tx.emit(ResponseSent(ticket_id=ticket_id, response=code, title=prepared.title))
    return ticket


async def send_from_screen(tx: Tx, ticket_id: int, code: str, digest: str, nonce: str) -> Ticket:
    """Do the same from a screen that only the actor sees, and show the answer to the colleagues."""
    ref = ref_on_screen(tx, nonce)
    ticket = await send_response(tx, ticket_id, code, digest, ref)
    await show_written(tx, ticket_id, ref)
    return ticket


async def _answer(tx: Tx, prepared: Prepared, ref: MessageRef) -> None:
    wait = prepared.actions.verb == "wait"
    if said := prepared.words(ref):
        await reply(tx, prepared.ticket_id, said[0], wait=wait, rest=said[1:])
    elif wait:
        await move(tx, prepared.ticket_id, "wait")


async def _act(tx: Tx, ticket: Ticket, actions: Actions) -> None:
    if actions.priority:
        await set_kind(tx, ticket, ClassWish(priority=actions.priority))
    await give_tags(tx, ticket, actions.tags)
    if actions.verb is not None and actions.verb != "wait":
        await move_by_name(tx, ticket.id, actions.verb)
    if actions.freeze is not None:
        await move(tx, ticket.id, "freeze", until=tx.now + actions.freeze)


async def _count(tx: Tx, ticket: Ticket, code: str) -> None:
    customer = await tx.get(Person, ticket.customer_id)
    key = {"response": code, "topic": ticket.topic or "", "language": customer.language}
    insert = insert_or(tx.session, ResponseUse).values(**key, uses=1)
    more = {"uses": ResponseUse.uses + 1}
    await tx.change(insert.on_conflict_do_update(index_elements=list(key), set_=more))
