"""What must hold of tickets that a team gives out by itself (D2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tests.actions.tables_seen import Seen


@dataclass(frozen=True)
class Handed:
    """A ticket was given to somebody or to a team: what the journal says of it."""

    actor: int | None
    ticket: int
    old: int | None
    person: int | None
    team: str | None


def check_gifts(before: Seen, seen: Seen, handed: Sequence[Handed]) -> None:
    """Whoever is given a ticket by the desk is of its team, on duty, and the one whom the rule
    names; nobody is passed over. One action gives one ticket to one person.
    """
    for place, at in before.members.items():
        assert at is None or seen.members.get(place, at) is not None, "a turn is not forgotten"
    given = [
        place
        for place, at in seen.members.items()
        if at is not None and before.members[place] != at
    ]
    assert len(given) <= 1, given
    for team, person in given:
        (one,) = handed
        assert (one.person, one.team) == (person, team), (given, handed)
        assert before.gives[team] is not None, given
        fitting = _candidates(before, one, team)
        assert person in fitting, (one, fitting)
        ranks = {other: _rank(before, team, other) for other in fitting}
        assert ranks[person] == min(ranks.values()), (one, ranks)
    for one in handed:
        left = one.person is None and one.team is not None and before.gives[one.team] is not None
        assert not left or not _candidates(before, one, str(one.team)), one


def _candidates(before: Seen, one: Handed, team: str) -> set[int]:
    """Those of the team who are on duty, but for who gives the ticket away and who had it."""
    ours = {person for code, person in before.members if code == team}
    return (ours & before.on_duty) - {one.actor, one.old}


def _rank(before: Seen, team: str, person: int) -> tuple[int, bool, datetime | None]:
    """Who is first: by load whoever has the fewest tickets; then, or in turn, who waits longest."""
    at = before.members[team, person]
    load = 0
    if before.gives[team] == "load":
        theirs = [row for row in before.tickets.values() if row.assignee_id == person]
        load = sum(row.queue_rank is not None for row in theirs)
    return load, at is not None, at
