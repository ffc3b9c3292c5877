"""Hands a ticket over to a colleague or a team, and escalates it (B3, E1)."""

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import shorten
from typing import Final

from core.delivery.card_updates import move_card
from core.delivery.linked_chats import operator_chat_of
from core.errors import NothingToDo, NotYours, Refusal, Unreadable
from core.events import (
    Event,
    NoteWritten,
    StateEntered,
    TeamGiven,
    TicketAssigned,
    TicketEscalated,
)
from core.models import Note, Ticket, TicketTeam
from core.people.permissions import may
from core.sla.clock import UNMERGE
from core.subscribers import Subscriber
from core.teams.assignee_parser import AssignmentWish, Target, name_of
from core.teams.auto_assignment import choose
from core.teams.members import Colleague, colleagues_of
from core.teams.teams import TeamFacts, Teams, teams_of
from core.tickets.incoming import IncomingMessage
from core.tickets.lifecycle import access, enter, target_of
from core.tickets.lifecycle import name_of as name_of_person
from core.tx import Actor, ReadTx, Tx

# How many people a notice names: no messenger notifies more.
MOST_TOLD: Final = 5
# How much of the reason a notice quotes; the internal note has it all.
WHY_TOLD: Final = 300


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose a ticket is: its assignee, the code of its team, the support level."""

    assignee: int | None = None
    team: str | None = None
    level: int = 1


async def hand_over(
    tx: Tx, ticket_id: int, wish: AssignmentWish, incoming: IncomingMessage | None = None
) -> Ticket:
    """Give the ticket to a colleague or a team. ``incoming``: the reason, for an internal note.

    With a colleague it goes to a team of theirs, unless it is with one already. Raises
    :class:`NotYours`, :class:`NothingToDo` when it is so already, :class:`MoveRefused`.
    """
    ticket = await access(tx, ticket_id, "assign")
    await _refuse_others(tx, ticket)
    target = wish.target or Target()
    before = await holder_of(tx, ticket)
    target = await _within_team(tx, before, target)
    after = _new_holder(await teams_of(tx), before, target)
    if after == before:
        raise NothingToDo("refusal.assigned_already", number=ticket_id, to=name_of(tx, target))
    await _give(tx, ticket, before, after, AssignmentWish(target, why=wish.why), TicketAssigned)
    await _note_why(tx, ticket, wish.why, incoming)
    return ticket


async def _within_team(tx: Tx, before: Holder, target: Target) -> Target:
    """Of a team whose tickets are given out by themselves, add who gets this one: not who gives it
    away, nor who had it.
    """
    if target.person is not None or target.team is None:
        return target
    chosen = await choose(tx, target.team, {tx.actor.person_id, before.assignee})
    return target if chosen is None else Target(target.team, chosen)


async def escalate(
    tx: Tx, ticket_id: int, wish: AssignmentWish, incoming: IncomingMessage | None = None
) -> Ticket:
    """Give the ticket to a team or a colleague of a higher support level.

    Without a level it is the next one, without a target the only team there. Raises as
    :func:`hand_over` does, and :class:`Unreadable` with the levels and teams there are.
    """
    ticket = await access(tx, ticket_id, "escalate")
    await _refuse_others(tx, ticket)
    before = await holder_of(tx, ticket)
    team, target = _find_higher_team(tx, await teams_of(tx), ticket_id, before, wish)
    target = await _within_team(tx, before, target)
    person = None if target.person is None else target.person.id
    after = Holder(person, team.code, team.level)
    await _give(tx, ticket, before, after, AssignmentWish(target, why=wish.why), TicketEscalated)
    await _note_why(tx, ticket, wish.why, incoming)
    return ticket


async def begin_with(tx: Tx, ticket: Ticket, code: str) -> None:
    """Set the team and level of a ticket that is being made. Raises :class:`Refusal` when the team
    takes no tickets any more.
    """
    team = (await teams_of(tx)).get(code)
    if team is None or not team.active:
        raise Refusal("refusal.outdated")
    await _place(tx, ticket, Holder(ticket.assignee_id, team.code, team.level))
    target = Target(team=team)
    tx.emit(
        TeamGiven(
            ticket_id=ticket.id,
            team=team.code,
            level=team.level,
            to=name_of(tx, target),
            by=tx.actor.name,
            concerns=await whom_it_concerns(tx, target),
        )
    )


async def holder_of(tx: ReadTx, ticket: Ticket) -> Holder:
    """Return whose the ticket is now."""
    place = await tx.find(TicketTeam, ticket.id)
    if place is None:
        return Holder(ticket.assignee_id)
    return Holder(ticket.assignee_id, place.team, place.level)


async def _refuse_others(tx: Tx, ticket: Ticket) -> None:
    holder = ticket.assignee_id
    mine = holder is None or holder == tx.actor.person_id
    if not mine and not may(tx.actor.role, "assign_any"):
        raise NotYours(ticket.id, await name_of_person(tx, holder or 0))


def _new_holder(teams: Teams, before: Holder, target: Target) -> Holder:
    """Return whose the ticket will be; its team stays if the person is in it."""
    team = target.team
    person = target.person
    if person is not None and team is None:
        codes = {one.code: one for one in person.teams}
        team = codes.get(before.team or "") or next(iter(person.teams), None)
    if team is None:
        team = teams.get(before.team or "")
    same = team is None or team.code == before.team
    return Holder(
        None if person is None else person.id,
        None if team is None else team.code,
        before.level if same or team is None else team.level,
    )


def _find_higher_team(
    tx: ReadTx, teams: Teams, ticket_id: int, before: Holder, wish: AssignmentWish
) -> tuple[TeamFacts, Target]:
    """Return the team of a higher level, and who in it gets the ticket."""
    higher = [team for team in teams.offered if team.level > before.level]
    if wish.level is not None and wish.level <= before.level:
        raise Unreadable("refusal.not_upward", number=ticket_id, level=before.level)
    if not higher:
        raise Refusal("refusal.no_higher", number=ticket_id, level=before.level)
    if wish.target is not None:
        return _named(tx, ticket_id, before, wish, wish.target)
    level = wish.level or higher[0].level
    there = [team for team in higher if team.level == level]
    if not there:
        levels = ", ".join(map(str, dict.fromkeys(team.level for team in higher)))
        raise Unreadable("refusal.no_such_level", level=level, levels=levels)
    if len(there) > 1:
        titles = ", ".join(team.title(tx.company.language) for team in there)
        raise Unreadable("refusal.which_team", number=ticket_id, level=level, teams=titles)
    return there[0], Target(team=there[0])


def _named(
    tx: ReadTx, ticket_id: int, before: Holder, wish: AssignmentWish, target: Target
) -> tuple[TeamFacts, Target]:
    """Check that the target is at the level that was named, or at any higher one."""
    candidates = target.person.teams if target.person is not None else (target.team,)
    for team in candidates:
        if team is not None and team.level > before.level and wish.level in {None, team.level}:
            return team, target
    level = wish.level or before.level + 1
    raise Unreadable("refusal.not_there", number=ticket_id, to=name_of(tx, target), level=level)


async def _give(
    tx: Tx,
    ticket: Ticket,
    before: Holder,
    after: Holder,
    wish: AssignmentWish,
    kind: type[TicketAssigned],
) -> None:
    target = wish.target or Target()
    verb = "release" if after.assignee is None else "take"
    await target_of(tx, ticket, verb)
    room, first = await operator_chat_of(tx, ticket.id), ticket.earlier_assignee_id is None
    await _place(tx, ticket, after)
    to = target.person.name if target.person is not None else name_of(tx, target)
    tx.emit(
        kind(
            ticket_id=ticket.id,
            assignee_id=after.assignee,
            old_assignee_id=before.assignee,
            team=after.team,
            old_team=before.team,
            level=after.level,
            old_level=before.level,
            to=to,
            by=tx.actor.name,
            first=first,
            concerns=await whom_it_concerns(tx, target),
            why=shorten(wish.why, WHY_TOLD, placeholder=" …"),
        )
    )
    await enter(tx, ticket, verb)
    await move_card(tx, ticket, room, to)


async def _place(tx: Tx, ticket: Ticket, after: Holder) -> None:
    if ticket.assignee_id != after.assignee:
        ticket.assigned_at = None if after.assignee is None else tx.now
        ticket.earlier_assignee_id = after.assignee or ticket.assignee_id
        ticket.assignee_id = after.assignee
    place = await tx.find(TicketTeam, ticket.id)
    if place is not None:
        place.team, place.level = after.team, after.level
        await tx.write()
    elif after.team is not None:
        await tx.insert(TicketTeam(ticket_id=ticket.id, team=after.team, level=after.level))


async def whom_it_concerns(tx: Tx, target: Target) -> tuple[int, ...]:
    """Whose work it is: the assignee; of a team those on duty, or everybody if nobody is."""
    chosen: list[Colleague] = []
    if target.person is not None:
        chosen = [target.person]
    elif target.team is not None:
        code = target.team.code
        chosen = [one for one in await colleagues_of(tx) if _is_in(one, code)]
        chosen = [one for one in chosen if one.on_duty] or chosen
    others = [one for one in chosen if one.id != tx.actor.person_id and one.address is not None]
    return tuple(one.id for one in others[:MOST_TOLD])


def _is_in(one: Colleague, code: str) -> bool:
    return any(team.code == code for team in one.teams)


async def _note_why(tx: Tx, ticket: Ticket, why: str, incoming: IncomingMessage | None) -> None:
    if not why or incoming is None:
        return
    note = Note(
        ticket_id=ticket.id,
        author_id=tx.actor.person_id,
        text=why,
        content={"kind": "text", "text": why},
        source=incoming.ref,
        created_at=tx.now,
    )
    await tx.insert(note)
    tx.emit(NoteWritten(ticket_id=ticket.id, note_id=note.id, said_with="assignment"))


async def record(tx: Tx, events: Sequence[Event]) -> None:
    """Give tickets of nobody to those on duty, where their team wants that: those that began with
    the team, and those that came back to it.
    """
    teams = await teams_of(tx)
    for event in events:
        if isinstance(event, TeamGiven) or (isinstance(event, StateEntered) and _came_back(event)):
            await _give_out(tx, teams, await tx.get(Ticket, event.ticket_id, hold=True))


def _came_back(event: StateEntered) -> bool:
    ended = {"resolved", "closed", "cancelled"}
    back = event.old_category in ended and event.clock == "runs"
    return back and event.assignee_id is None and event.verb != UNMERGE  # it was nobody's before


async def _give_out(tx: Tx, teams: Teams, ticket: Ticket) -> None:
    before = await holder_of(tx, ticket)
    team = teams.get(before.team or "")
    if team is None or before.assignee is not None:
        return
    target = await _within_team(tx, before, Target(team))
    if target.person is None:
        return
    actor, first = tx.actor, len(tx.events)
    tx.actor = Actor("system", name=team.title(tx.company.language))
    after = _new_holder(teams, before, target)
    await _give(tx, ticket, before, after, AssignmentWish(target), TicketAssigned)
    tx.note_actor(first)
    tx.actor = actor


SUBSCRIBER: Final = Subscriber(
    "tickets of teams that give them out", (TeamGiven, StateEntered), record, unless_empty=Teams
)


async def holder_at(tx: ReadTx, ticket_id: int) -> Holder:
    """Return whose the ticket of this number is."""
    ticket = await tx.find(Ticket, ticket_id)
    return Holder() if ticket is None else await holder_of(tx, ticket)


async def takers(tx: ReadTx, ticket_id: int) -> tuple[list[TeamFacts], list[Colleague]]:
    """Return the teams, and the colleagues on duty, who do not have the ticket already; where
    nobody says when they are on duty, all colleagues.
    """
    now = await holder_at(tx, ticket_id)
    teams = [
        team
        for team in (await teams_of(tx)).offered
        if team.code != now.team or now.assignee is not None
    ]
    colleagues = await colleagues_of(tx)
    on_duty = [one for one in colleagues if one.on_duty]
    return teams, [one for one in on_duty or colleagues if one.id != now.assignee]


async def above(tx: ReadTx, ticket_id: int) -> tuple[list[TeamFacts], int]:
    """Return the teams of higher levels than the ticket's, and its level."""
    level = (await holder_at(tx, ticket_id)).level
    return [team for team in (await teams_of(tx)).offered if team.level > level], level
