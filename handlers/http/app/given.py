"""What a form of a ticket's page says: its words, and what was chosen beside them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from core.errors import Refusal, Unreadable
from core.responses.staff_page import Draft
from core.tasks.task_actions import Choice
from core.teams.assignee_parser import Target
from core.teams.members import Colleague, colleagues_of
from core.teams.teams import teams_of
from core.tickets.incoming import IncomingMessage
from core.tickets.on_screens import ref_on_screen
from core.tx import ReadTx, Tx
from core.words.instants import read_instant
from core.words.when import FARTHEST, NotATime, TimeInPast, parse_when

OTHER: Final = "other"
"""An end that is none of those offered: a day and an hour stand beside it."""

SPANS: Final[Mapping[str, str]] = {
    "1h": "1h",
    "tomorrow": "tomorrow 9:00",
    "monday": "monday 9:00",
    "week": "7d",
    "ever": "",
}
"""For how long a ticket may be frozen: as the buttons of a card have it."""

RESTRICTED: Final[Mapping[str, str]] = {"2h": "2h", "day": "24h", "week": "7d"}
"""For how long somebody may be muted or blocked: as the buttons below a person have it."""

PERSON: Final = "person:"
TEAM: Final = "team:"


@dataclass(frozen=True, slots=True)
class Form:
    """What was sent with a button: words, and the other fields by name."""

    draft: Draft
    given: Mapping[str, str] = field(default_factory=dict)

    def get(self, name: str) -> str:
        """Return a field without spaces around it; a missing one is empty."""
        return self.given.get(name, "").strip()

    @property
    def reason(self) -> str | None:
        """The words as a reason, or as a solution."""
        return self.draft.text.strip() or None

    @property
    def public(self) -> bool:
        """Whether the customer may read the words."""
        return bool(self.get("public"))

    @property
    def choice(self) -> Choice | None:
        """What becomes of the open tasks; ``None``: nobody has said."""
        chosen = self.get("tasks")
        return Choice(chosen) if chosen in set(Choice) else None

    def incoming(self, tx: Tx) -> IncomingMessage | None:
        """The words as a message, for a note of why."""
        if self.reason is None:
            return None
        content = {"kind": "text", "text": self.reason}
        return IncomingMessage(ref_on_screen(tx, self.draft.nonce), "text", self.reason, content)


def end_of(tx: ReadTx, form: Form, spans: Mapping[str, str]) -> datetime | None:
    """Return until when; a day that was filled in counts before what stands above it: without a
    zone it is the company's. ``None``: without an end. Raises :class:`Unreadable` for a day that is
    none, or has passed.
    """
    words = form.get("at")
    if not words and form.get("until") == OTHER:
        raise Unreadable("app.fault.no_date")
    words = words or spans.get(form.get("until"), "")
    if not words:
        return None
    try:
        return _instant(tx, words)
    except ValueError:
        return _local(tx, words.replace("T", " "))


def _instant(tx: ReadTx, words: str) -> datetime:
    """Raises ValueError for what does not say its zone."""
    at = read_instant(words)
    if at <= tx.now:
        raise Unreadable("app.fault.past", words=words[:40])
    if at > tx.now + FARTHEST:
        raise Unreadable("app.fault.no_time", words=words[:40])
    return at


def _local(tx: ReadTx, words: str) -> datetime:
    try:
        when = parse_when(words, tx.now, tx.company.zone)
    except TimeInPast:
        raise Unreadable("app.fault.past", words=words[:40]) from None
    except NotATime:
        raise Unreadable("app.fault.no_time", words=words[:40]) from None
    if when.at is None or when.rest:
        raise Unreadable("app.fault.no_time", words=words[:40])
    return when.at


async def target_of(tx: ReadTx, chosen: str) -> Target:
    """Return the colleague or the team that was chosen. Raises :class:`Refusal` for one that is
    there no more.
    """
    if chosen.startswith(PERSON):
        return Target(person=await colleague_of(tx, chosen.removeprefix(PERSON)))
    team = (await teams_of(tx)).get(chosen.removeprefix(TEAM))
    if team is None or not team.active:
        raise Refusal("refusal.outdated")
    return Target(team=team)


async def colleague_of(tx: ReadTx, code: str) -> Colleague:
    """Return the colleague with this id. Raises :class:`Refusal`."""
    for one in await colleagues_of(tx):
        if str(one.id) == code:
            return one
    raise Refusal("refusal.outdated")
