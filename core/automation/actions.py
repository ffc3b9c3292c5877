"""What a rule does with a ticket. Each action is a line of a table, done in the table's order.

Rules act in the name of a person of their own, the desk's: a note and an answer have an author. An
action that is not possible now (the state does not allow it, nobody is above) is left out, and the
rule's entry in the journal does not name it.
"""

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import select

from core.addresses import MessageRef
from core.errors import Refusal
from core.events import RuleTold
from core.models import Message, Person, SystemState, Ticket, TicketTeam
from core.responses.sending import facts_of, prepare
from core.responses.template import fill
from core.teams.assignee_parser import AssignmentWish, Target
from core.teams.assignment import escalate, hand_over, whom_it_concerns
from core.teams.members import colleagues_of
from core.teams.teams import teams_of
from core.tickets import conversation
from core.tickets.classification import ClassWish, set_kind
from core.tickets.field_edits import fill_field
from core.tickets.incoming import IncomingMessage
from core.tickets.lifecycle import move
from core.tickets.named_states import move_by_name
from core.tickets.tags import give_tags
from core.tx import Actor, Tx
from core.words.names import split_text
from core.words.when import parse_span

_AUTHOR: Final = "rules"
# Where words of rules come from: no chat that anybody could reply in.
_CHANNEL: Final = "rules"
# By mail one customer is answered by rules once in this time.
_PAUSE: Final = timedelta(hours=1)
NOTICE_TO: Final = ("group", "team", "admins", "assignee", "alerts")
"""Whom a rule may tell something: the ticket's group; there, those of its team who are on duty; the
admins and the assignee in private; the alert channel.
"""
LONGEST_TOLD: Final = 3500
"""What a message holds beside the number and those who are called."""
_NOTHING: Final = "–"


async def author_of(tx: Tx) -> Actor:
    """Return who rules act as; made when a rule first acts."""
    known = await tx.find(SystemState, _AUTHOR)
    if known is None:
        person = Person(
            name=tx.company.name or "Frontdoor", language=tx.company.language, created_at=tx.now
        )
        await tx.insert(person)
        known = SystemState(name=_AUTHOR, value={"person": person.id}, at=tx.now)
        await tx.insert(known)
    person_id = int(known.value["person"])
    name = await tx.first(select(Person.name).where(Person.id == person_id))
    return Actor("system", person_id, name or "")


async def act(tx: Tx, ticket: Ticket, cause: str, actions: Mapping[str, Any]) -> tuple[str, ...]:
    """Do them; ``cause`` tells this run from every other. Returns the names of those done."""
    done = []
    for name, action in ACTIONS.items():
        if name not in actions:
            continue
        await tx.write()  # the ticket is read again, and what was not written would be lost
        try:
            changed = await action(tx, ticket, actions[name], f"{cause}:{name}")
        except Refusal:
            continue
        if changed is not False:
            done.append(name)
    return tuple(done)


Act = Callable[[Tx, Ticket, Any, str], Awaitable[object]]


async def _priority(tx: Tx, ticket: Ticket, code: str, _cause: str) -> bool:
    return await set_kind(tx, ticket, ClassWish(priority=code))


async def _tags(tx: Tx, ticket: Ticket, tags: list[str], _cause: str) -> bool:
    return await give_tags(tx, ticket, tags)


async def _fields(tx: Tx, ticket: Ticket, values: Mapping[str, str], _cause: str) -> bool:
    changed = [await fill_field(tx, ticket, code, words) for code, words in values.items()]
    return any(changed)


async def _team(tx: Tx, ticket: Ticket, code: str, _cause: str) -> None:
    team = (await teams_of(tx))[code]
    await hand_over(tx, ticket.id, AssignmentWish(Target(team=team)))


async def _assignee(tx: Tx, ticket: Ticket, handle: str, _cause: str) -> bool:
    wanted = handle.removeprefix("@").lower()
    for one in await colleagues_of(tx):
        if one.handle == wanted:
            await hand_over(tx, ticket.id, AssignmentWish(Target(person=one)))
            return True
    return False


async def _escalate(tx: Tx, ticket: Ticket, wanted: bool, _cause: str) -> bool:  # noqa: FBT001
    if wanted:
        await escalate(tx, ticket.id, AssignmentWish())
    return wanted


async def _note(tx: Tx, ticket: Ticket, text: str, cause: str) -> None:
    await conversation.note(tx, ticket.id, _said(text, ticket, cause))


async def _notice(tx: Tx, ticket: Ticket, wanted: Mapping[str, Any], _cause: str) -> bool:
    """Tell colleagues; who is not there (no assignee, no team) is left out."""
    customer = await tx.get(Person, ticket.customer_id)
    known = await facts_of(tx, ticket, customer, tx.actor.name, tx.company.language)
    whole = fill(wanted["text"], {name: fact or _NOTHING for name, fact in known.items()})
    text, *_ = split_text(whole, LONGEST_TOLD)
    calls = {name: await _called(tx, ticket, name) for name in wanted["to"]}
    told = {to: called for to, called in calls.items() if called or to not in {"team", "assignee"}}
    for name, called in told.items():
        tx.emit(RuleTold(ticket_id=ticket.id, to=name, text=text, concerns=called))
    return bool(told)


async def _called(tx: Tx, ticket: Ticket, to: str) -> tuple[int, ...]:
    if to == "assignee":
        return () if ticket.assignee_id is None else (ticket.assignee_id,)
    if to != "team":
        return ()
    code = await tx.first(select(TicketTeam.team).where(TicketTeam.ticket_id == ticket.id))
    team = (await teams_of(tx)).get(code or "")
    return () if team is None else await whom_it_concerns(tx, Target(team=team))


async def _response(tx: Tx, ticket: Ticket, code: str, cause: str) -> bool:
    if ticket.origin in tx.company.letter_channels and await _answered_lately(tx, ticket):
        return False
    prepared = await prepare(tx, ticket.id, code, tx.actor.name)
    said = prepared.words(_ref(ticket, cause))
    if said:
        await conversation.reply(tx, ticket.id, said[0], rest=said[1:])
    return bool(said)


async def _answered_lately(tx: Tx, ticket: Ticket) -> bool:
    """Return whether rules have answered this customer within the hour: by mail they may be a
    program, or somebody whose name another one uses (F5, S19).
    """
    query = (
        select(Message.id)
        .join(Ticket, Ticket.id == Message.ticket_id)
        .where(
            Message.author_id == tx.actor.person_id,
            Message.created_at > tx.now - _PAUSE,
            Ticket.customer_id == ticket.customer_id,
        )
    )
    return await tx.first(query.limit(1)) is not None


async def _state(tx: Tx, ticket: Ticket, target: str, _cause: str) -> None:
    await move_by_name(tx, ticket.id, target)


async def _freeze(tx: Tx, ticket: Ticket, span: str, _cause: str) -> None:
    await move(tx, ticket.id, "freeze", until=tx.now + parse_span(span))


def _said(text: str, ticket: Ticket, cause: str) -> IncomingMessage:
    content = {"kind": "text", "text": text}
    return IncomingMessage(_ref(ticket, cause), "text", text, content)


def _ref(ticket: Ticket, cause: str) -> MessageRef:
    return MessageRef(_CHANNEL, str(ticket.id), cause)


ACTIONS: Final[Mapping[str, Act]] = {
    "priority": _priority,
    "tags": _tags,
    "fields": _fields,
    "team": _team,
    "assignee": _assignee,
    "escalate": _escalate,
    "note": _note,
    "notice": _notice,
    "response": _response,
    "state": _state,
    "freeze": _freeze,
}
