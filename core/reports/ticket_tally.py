"""Adds up one ticket's journal (H1): the row of `ticket_metrics` that comes of it. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from core.delivery.notices import TRIAL
from core.sla.agreements import Agreements
from core.sla.calendar import Calendar
from core.sla.clock import KINDS, RESOLUTION
from core.tickets.metrics import measure

Entry = tuple[datetime, str, Mapping[str, Any]]

TOLD: Final = (
    *("ticket_opened", "ticket_taken", "ticket_released", "ticket_assigned", "ticket_escalated"),
    *("team_given", "topic_changed", "ticket_classified", "clocks_set", "clock_missed"),
    *("customer_wrote", "question_after_all", "answer_delivered", "answer_failed"),
    *("answer_withdrawn", "call_recorded", "state_entered", "deadline_missed"),
    *("fault_known", "fault_alone", "ending_described"),
)
"""Entries that are listened to."""
_SECOND: Final = timedelta(seconds=1)
_ENDS: Final = frozenset({"resolved", "closed", "cancelled"})
# Categories whose tickets have no times.
_VOID: Final = frozenset({"cancelled"})
# What a merged ticket was about is counted where it is now; taken back, it never ended.
_MERGES: Final = frozenset({"merge", "unmerge"})


def metrics_of(
    number: int, entries: Sequence[Entry], zone: ZoneInfo, agreed: Agreements
) -> dict[str, Any] | None:
    """Return a ticket's row from its journal, oldest first; tests and junk have none. Pure."""
    tally = _Tally(number)
    for entry in entries:
        tally.hear(*entry)
    return None if tally.opened_at is None or tally.ignored else tally.row(entries, zone, agreed)


@dataclass(slots=True)
class _Tally:
    """Adds up a ticket's journal."""

    number: int
    opened_at: datetime | None = None
    first_ended_at: datetime | None = None
    ended_at: datetime | None = None
    counted: bool = True
    reason: str | None = None
    ignored: bool = False
    holds: dict[str, Any] = field(default_factory=dict)
    agreement: str | None = None
    promised: dict[str, int] = field(default_factory=dict)
    late_by_agreement: set[str] = field(default_factory=set)
    due: datetime | None = None
    waiting: bool = False
    late: bool = False
    answers: int = 0
    reopened: int = 0
    kept: int = 0
    missed: int = 0

    def hear(self, at: datetime, name: str, facts: Mapping[str, Any]) -> None:
        """Take in one entry."""
        for key in ("assignee_id", "team", "topic", "category"):
            if key in _HELD.get(name, ()):
                self.holds[key] = facts.get(_RENAMED.get((name, key), key))
        self.answers += name == "answer_delivered"
        match name:
            case "ticket_opened":
                self.opened_at = at
                self.ignored = facts.get("origin") == TRIAL or facts.get("part_of") == "junk"
            case "ticket_released":
                self.holds["assignee_id"] = None
            case "state_entered":
                self._enter(at, str(facts.get("old_category")), str(facts["category"]), facts)
            case "deadline_missed":
                self.late = True
            case "clocks_set" | "clock_missed":
                self._agree(facts)
            case "ending_described":
                self._describe(facts)
        if "answer_due" in facts:
            self._owe(at, name, facts)

    def _describe(self, facts: Mapping[str, Any]) -> None:
        """Somebody says why it ended; what they say of an ending before this one is passed over."""
        if facts["at"] == self.ended_at:
            self.reason = facts["reason"]

    def _agree(self, facts: Mapping[str, Any]) -> None:
        """Other things are promised, or a promise of this ``kind`` was not kept."""
        if "kind" in facts:
            self.late_by_agreement.add(str(facts["kind"]))
            return
        self.agreement = facts.get("agreement")
        self.promised = {kind: span for kind in KINDS if (span := facts.get(kind)) is not None}

    def _enter(self, at: datetime, old: str, new: str, facts: Mapping[str, Any]) -> None:
        if facts.get("verb") in _MERGES:
            self.counted = new not in _VOID
            self.ended_at, self.reason = None if self.counted else at, None
            return
        if new in _ENDS and old not in _ENDS:
            self.ended_at, self.reason = at, facts.get("closing")
            self.first_ended_at = self.first_ended_at or at
        elif old in _ENDS and new not in _ENDS:
            self.ended_at, self.reason, self.reopened = None, None, self.reopened + 1
        if _VOID & {old, new}:
            self.counted = new not in _VOID
            self.ignored = self.ignored and not self.counted  # junk that was none

    def _owe(self, at: datetime, name: str, facts: Mapping[str, Any]) -> None:
        """An answer is owed, or no longer: then its deadline was kept or missed."""
        waits = facts.get("waiting_since", facts["answer_due"]) is not None
        if name == "topic_changed" or (name == "customer_wrote" and not facts.get("turned")):
            waits = self.waiting  # only the deadline may be another one
        if self.waiting and not waits and self.counted and name != "fault_known":
            late = self.late or (self.due is not None and at > self.due)
            self.missed, self.kept = self.missed + late, self.kept + (not late)
        if not waits or not self.waiting:
            self.late = False
        self.waiting, self.due = waits, facts["answer_due"]

    def row(self, entries: Sequence[Entry], zone: ZoneInfo, agreed: Agreements) -> dict[str, Any]:
        """Return the row."""
        opened_at = self.opened_at or entries[0][0]
        hours = self._hours(agreed)
        measures = measure(entries, self.ended_at or entries[-1][0])
        first = measures.first_response
        answered_at = None if first is None else opened_at + first
        done = RESOLUTION in self.late_by_agreement or self.ended_at is not None
        agreed_missed = len(self.late_by_agreement & self.promised.keys())
        return {
            "ticket_id": self.number,
            "opened_day": day_of(opened_at, zone),
            "first_ended_day": day_of(self.first_ended_at, zone),
            "ended_day": day_of(self.ended_at, zone),
            "counted": self.counted,
            **dict.fromkeys(("topic", "category", "team", "assignee_id")),
            **self.holds,
            "first_answer": _real(opened_at, answered_at),
            "first_answer_worked": _worked(hours, opened_at, answered_at),
            "resolution": _real(opened_at, self.ended_at),
            "resolution_worked": _worked(hours, opened_at, self.ended_at),
            "by_us": measures.by_us // _SECOND,
            "by_customer": measures.by_customer // _SECOND,
            "by_others": measures.by_others // _SECOND,
            "answers": self.answers,
            "reopened": self.reopened,
            "kept": self.kept,
            "missed": self.missed,
            "agreed_kept": len(self.promised) - agreed_missed if done else 0,
            "agreed_missed": agreed_missed,
            "reason": self.reason,
        }

    def _hours(self, agreed: Agreements) -> Calendar | None:
        """The working hours of the ticket's agreement, or of what counts for everybody else."""
        known = agreed.agreements
        code = self.agreement if self.agreement in known else agreed.default
        return None if code is None else agreed.calendar_of(code).hours


# Which facts of which entries say what holds from now on, and those that are named otherwise.
_HELD: Final[Mapping[str, tuple[str, ...]]] = {
    "ticket_opened": ("topic",),
    "ticket_taken": ("assignee_id",),
    "ticket_assigned": ("assignee_id", "team"),
    "ticket_escalated": ("assignee_id", "team"),
    "team_given": ("team",),
    "state_entered": ("assignee_id",),
    "topic_changed": ("topic",),
    "ticket_classified": ("category",),
}
_RENAMED: Final = {("topic_changed", "topic"): "new"}


def day_of(at: datetime | None, zone: ZoneInfo) -> int | None:
    """Return the number of a day in this zone."""
    return None if at is None else at.astimezone(zone).toordinal()


def _real(since: datetime, until: datetime | None) -> int | None:
    return None if until is None else (until - since) // _SECOND


def _worked(hours: Calendar | None, since: datetime, until: datetime | None) -> int | None:
    return None if hours is None or until is None else hours.worked(since, until) // _SECOND
