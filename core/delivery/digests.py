"""What a digest tells of: how long, how many, which first. Pure."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from core.events import CaughtUp
from core.texts import Key

# So many numbers are named; the rest are counted.
NAMED: Final = 10


def digest_facts(event: CaughtUp) -> dict[str, Any]:
    """The facts of a digest's words; a part of which there is nothing is ``None``."""
    return {
        "down": timedelta(seconds=event.down),
        "overdue": _part("digest.overdue", event.overdue),
        "near": _part("digest.near", event.near),
        "woke": _part("digest.woke", event.woke),
    }


def _part(key: str, numbers: Sequence[int]) -> Key | None:
    if not numbers:
        return None
    named = ", ".join(f"#{number}" for number in numbers[:NAMED])
    more = "…" if len(numbers) > NAMED else ""
    return Key(key, {"n": len(numbers), "numbers": f"{named}{more}"})
