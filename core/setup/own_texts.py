"""Texts that the company says in its own words, taken over by a running process (G3)."""

import logging
from dataclasses import dataclass, field

from sqlalchemy import select

from core.models import TextRow
from core.text_faults import MENU, faults_of
from core.texts import Forms, Texts
from core.tx import ReadTx

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class OwnTexts:
    """By locale and key what is said instead. ``former``: words of buttons, each with its key."""

    said: dict[str, dict[str, Forms]] = field(default_factory=dict)
    former: dict[str, str] = field(default_factory=dict)


async def find_own_texts(tx: ReadTx) -> OwnTexts:
    """Return what the directory says instead of the desk's texts."""
    found = OwnTexts()
    for row in await tx.all(select(TextRow).order_by(TextRow.code)):
        words = list(row.former.get("words", ()))
        for locale, forms in row.forms.items():
            if row.active:
                found.said.setdefault(locale, {})[row.code] = list(forms)
            words += forms if row.code.startswith(MENU) else []
        found.former.update(dict.fromkeys(words, row.code))
    return found


def adopt_texts(texts: Texts, found: OwnTexts) -> None:
    """Say them from now on. One that a newer release of the desk has changed so that it does not
    fit any more is left out: its facts may be gone.
    """
    fitting: dict[str, dict[str, Forms]] = {}
    for locale, own in found.said.items():
        for key, forms in own.items():
            known = locale in texts.locales and key in texts.keys(locale)
            if known and not faults_of(texts, locale, key, forms):
                fitting.setdefault(locale, {})[key] = forms
            else:
                log.warning("an own text does not fit and is not said", extra={"key": key})
    texts.override(fitting, found.former)
