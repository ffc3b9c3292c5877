"""A desk that draws cards and alerts a moment after a change, not two seconds after it: what
changes again within the moment is one edit, as ever. A test that lets everything leave waits that
long for each change, and until the courier looks for what may leave by now.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import pytest

from core.contacts import edit
from core.delivery import alerts, courier
from core.delivery.notices import CARD_WAIT, NOTICES
from core.links import merge_contents, ticket_links

# Seconds. More than a change and what follows from it take.
MOMENT: Final = 0.2
# How often it looks, then: once a second would make the moment one.
LOOK_EVERY: Final = 0.1


def draw_soon(patch: pytest.MonkeyPatch) -> None:
    """Shorten the wait of everything that is drawn, until ``patch`` is undone."""
    for event, notices in list(NOTICES.items()):
        shortened = (replace(one, wait=MOMENT) if one.wait == CARD_WAIT else one for one in notices)
        patch.setitem(NOTICES, event, tuple(shortened))
    for module in (edit, merge_contents, ticket_links):
        assert module.CARD_WAIT == CARD_WAIT
        patch.setattr(module, "CARD_WAIT", MOMENT)
    patch.setattr(alerts, "WAIT", MOMENT)
    patch.setattr(courier, "LOOK_EVERY", LOOK_EVERY)
