"""Names of the states that every desk has from the first day."""

from collections.abc import Mapping
from typing import Final

# Names by code and language. A state that bears another one says it wherever it is shown.
TITLES: Final[Mapping[str, Mapping[str, str]]] = {
    "new": {"ru": "Новое", "en": "New"},
    "in_progress": {"ru": "В работе", "en": "In progress"},
    "waiting": {"ru": "Ждём клиента", "en": "Waiting for the customer"},
    "frozen": {"ru": "Отложено", "en": "Frozen"},
    "resolved": {"ru": "Решено", "en": "Resolved"},
    "reopened": {"ru": "Переоткрыто", "en": "Reopened"},
    "closed": {"ru": "Закрыто", "en": "Closed"},
    "cancelled": {"ru": "Отменено", "en": "Cancelled"},
    "on_hold": {"ru": "Ждём других", "en": "Waiting for others"},
}
