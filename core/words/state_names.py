"""Names of the states that every desk has from the first day."""

from collections.abc import Mapping
from typing import Final

# Names by code and language. A state that bears another one says it wherever it is shown.
TITLES: Final[Mapping[str, Mapping[str, str]]] = {
    "new": {"ru": "Новое", "en": "New"},
    "in_progress": {"ru": "В работе", "en": "In progress"},
    "waiting": {"ru": "Ждём клиента", "en": "Waiting for the customer"},
    "frozen": {"ru": "Заморожено", "en": "Frozen"},
    "resolved": {"ru": "Решено", "en": "Resolved"},
    "reopened": {"ru": "Переоткрыто", "en": "Reopened"},
    "closed": {"ru": "Закрыто", "en": "Closed"},
    "cancelled": {"ru": "Отменено", "en": "Cancelled"},
    "on_hold": {"ru": "Ждём других", "en": "Waiting for others"},
}
# What an earlier release has stored.
_FORMER: Final = {"frozen": {"ru": "Отложено", "en": "Frozen"}}


def former_names(code: str, titles: Mapping[str, str]) -> list[str]:
    """Return what a state was called in an earlier release, if it bears today's names: people go on
    writing what they are used to.
    """
    return list(_FORMER.get(code, {}).values()) if titles == TITLES.get(code) else []


def names_of(code: str, stored: Mapping[str, str]) -> Mapping[str, str]:
    """Return the names of a state by language: those that are stored, unless they are the ones
    that every desk had in an earlier release. Those are today's.
    """
    return TITLES[code] if stored and stored == _FORMER.get(code) else stored
