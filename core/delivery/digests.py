"""What a digest tells of: how long, how many, which first. Pure."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from core.events import CaughtUp, ContactsPassed, OperatorLeft
from core.texts import Key

# So many numbers are named; the rest are counted.
NAMED: Final = 10


def digest_facts(event: CaughtUp | ContactsPassed | OperatorLeft) -> dict[str, Any]:
    """The facts of a digest's words; a part of which there is nothing is ``None``."""
    if isinstance(event, ContactsPassed):
        return {"passed": _part("digest.contacts", event.numbers, event.total)}
    if isinstance(event, OperatorLeft):
        return {"returned": _part("digest.returned", event.numbers)}
    return {
        "down": timedelta(seconds=event.down),
        "overdue": _overdue(event),
        "near": _part("digest.near", event.near),
        "woke": _part("digest.woke", event.woke),
    }


def _overdue(event: CaughtUp) -> Key | None:
    """Answers, and what was promised in agreements: as one part, whichever of them there is."""
    answers = _part("digest.overdue", event.overdue)
    promised = _part("digest.late", event.late)
    if answers is None or promised is None:
        return answers or promised
    return Key("digest.overdue_both", {"answers": answers, "promised": promised})


def _part(key: str, numbers: Sequence[int], total: int | None = None) -> Key | None:
    if not numbers:
        return None
    total = total or len(numbers)
    named = ", ".join(f"#{number}" for number in numbers[:NAMED])
    more = "…" if total > NAMED else ""
    return Key(key, {"n": total, "numbers": f"{named}{more}"})
