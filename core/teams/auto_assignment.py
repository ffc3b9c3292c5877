"""Who of a team gets what comes to it, where the company wants that chosen by itself (D2)."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import func, select, update

from core.models import TeamMember, Ticket
from core.teams.members import Colleague, colleagues_of
from core.teams.teams import TeamFacts
from core.tx import ReadTx, Tx


async def choose(tx: Tx, team: TeamFacts, but: Collection[int | None]) -> Colleague | None:
    """Return who of the team gets its next ticket; None: nobody is on duty, or it gives none.

    ``but``: people who do not get it. Two tickets at once are given one after the other: the rows
    of the team's members are locked.
    """
    if team.auto_assign is None or not team.active:
        return None
    members = select(TeamMember).where(TeamMember.team == team.code)
    rows = await tx.all(members.order_by(TeamMember.person_id).with_for_update(key_share=True))
    ours = {row.person_id for row in rows} - set(but)
    present = [one for one in await colleagues_of(tx) if one.on_duty and one.id in ours]
    if not present:
        return None
    chosen = await CHOICES[team.auto_assign](tx, team, present)
    is_theirs = (TeamMember.team == team.code) & (TeamMember.person_id == chosen.id)
    await tx.change(update(TeamMember).where(is_theirs).values(given_at=tx.now))
    return chosen


async def _least_loaded(tx: ReadTx, team: TeamFacts, present: Sequence[Colleague]) -> Colleague:
    """Whoever has the fewest tickets that have not ended; of equals, whose turn it is."""
    query = (
        select(Ticket.assignee_id, func.count())
        .where(Ticket.queue_rank.is_not(None), Ticket.assignee_id.in_(one.id for one in present))
        .group_by(Ticket.assignee_id)
    )
    load: dict[Any, int] = {person: count for person, count in await tx.rows(query)}  # noqa: C416
    least = min(load.get(one.id, 0) for one in present)
    return await _next_in_turn(tx, team, [one for one in present if load.get(one.id, 0) == least])


async def _next_in_turn(tx: ReadTx, team: TeamFacts, present: Sequence[Colleague]) -> Colleague:
    """Whoever was given none of the team's tickets for the longest time."""
    query = select(TeamMember.person_id, TeamMember.given_at).where(TeamMember.team == team.code)
    given = {person: at for person, at in await tx.rows(query) if at is not None}
    return min(present, key=lambda one: (one.id in given, given.get(one.id)))


CHOICES: Final[
    Mapping[str, Callable[[ReadTx, TeamFacts, Sequence[Colleague]], Awaitable[Colleague]]]
] = {"load": _least_loaded, "turn": _next_in_turn}
