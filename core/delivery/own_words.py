"""The company's own words of a notice, as an outbox row carries them, and how a channel says them.

A template and its facts are frozen when the row is written; times are said in the reader's zone.
Markup in a template is text, as in everything that people write.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from core.texts import unpack
from core.words.formatters import say_when
from core.words.templates import filled

OWN: Final = "own"
OWN_FACTS: Final = "own_facts"
"""Facts of a row: the template of what it says instead of its text, and what fills that."""


def say_own(
    facts: Mapping[str, Any],
    *,
    now: datetime,
    zone: ZoneInfo,
    locale: str,
    escape: Callable[[str], str] = str,
) -> str | None:
    """Return the row's own words, all of them passed through ``escape``; None: it has none."""
    template = facts.get(OWN)
    if not isinstance(template, str):
        return None
    said = {
        name: say_when(fact, now, zone, locale) if isinstance(fact, datetime) else str(fact)
        for name, fact in unpack(facts.get(OWN_FACTS, {})).items()
    }
    return filled(escape(template), {name: escape(fact) for name, fact in said.items()})
