"""How the desk speaks to one reader: their language, their zone, this instant."""

import html
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from core.texts import Texts


@dataclass(frozen=True, slots=True)
class Renderer:
    """A language, an instant and a zone, ready to speak.

    `html` escapes every fact; `plain` is for button labels, toasts and everything without markup.
    """

    texts: Texts
    locale: str
    now: datetime
    zone: ZoneInfo

    def html(self, key: str, /, **facts: Any) -> str:
        """The text as HTML."""
        return self.texts.say(
            self.locale, key, facts, now=self.now, zone=self.zone, escape=html.escape
        )

    def plain(self, key: str, /, **facts: Any) -> str:
        """The text without markup."""
        return self.texts.say(self.locale, key, facts, now=self.now, zone=self.zone)
