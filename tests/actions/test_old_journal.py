"""What the versions before have written, in the journal and in the outbox, is still understood."""

from typing import Any

from core import journal
from core.desk import Desk
from core.models import JournalEntry
from core.sla.clock_recorder import recompute
from core.texts import pack
from core.tx import Tx
from tests.actions.journal_replay import replayed
from tests.actions.people import OLEG, opens
from tests.actions.store import Store
from tests.clock import Clock

# Entries with the fields that events had before: who is told, and how it is shown.
OLD: tuple[tuple[str, dict[str, Any]], ...] = (
    ("customer_wrote", {"message_id": 1, "album": None, "counts": True, "turned": True}),
    ("ticket_assigned", {"assignee_id": 2, "old_assignee_id": None, "team": None}),
    ("note_written", {"note_id": 1, "quiet": True}),
    ("deadline_near", {"alone": False}),
    ("deadline_missed", {"alone": True}),
    ("clock_missed", {"kind": "reaction", "alone": True}),
    ("task_opened", {"task_id": 3, "kind": "diagnose", "assignee_id": 2, "title": "x"}),
    ("task_done", {"task_id": 3, "kind": "diagnose", "assignee_id": 2, "outcome": "done"}),
    ("ticket_woke", {"reason": None, "waiting": False, "alone": True}),
    ("person_unreachable", {"person_id": 1, "reason": "blocked", "alone": True}),
)
SHOWN: dict[str, dict[str, Any]] = {
    "customer_wrote": {"in_card": True},
    "ticket_assigned": {"old_team": None, "level": 1, "old_level": 1, "to": "Oleg", "by": "Olga"}
    | {"first": True, "told": [[int(OLEG.address.chat), "Oleg"]], "why": ""},
    "task_done": {"result": None, "by_hand": True, "aside": True, "quiet": False},
}


async def test_old_entries_are_listed_replayed_and_counted(
    desk: Desk, store: Store, clock: Clock
) -> None:
    number = (await opens(desk)).id

    async def write_old(tx: Tx) -> None:
        for event, old in OLD:
            facts = old | SHOWN.get(event, {})
            facts |= {"due": tx.now, "deadline": tx.now, "answer_due": tx.now}
            tx.session.add(
                JournalEntry(ticket_id=number, at=tx.now, event=event, facts=pack(facts))
            )

    clock.move(minutes=1)
    await desk.run(write_old)
    entries = await desk.read(journal.list_entries, number)
    assert [event for _, _, event, _ in entries][-len(OLD) :] == [event for event, _ in OLD]
    now = await replayed(store, number)
    assert now.assignee == 2 and now.tasks[3].state == "done"
    assert await desk.read(recompute, number) == {}
