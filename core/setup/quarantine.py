"""Quarantined updates for admins: a page of them, and letting them be handled again."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from core import inbox
from core.inbox import Quarantined
from core.people.identity import Sender
from core.setup.company_settings import arrive_as_admin
from core.tx import ReadTx, Tx

PAGE: Final = 8


@dataclass(frozen=True, slots=True)
class QuarantinePage:
    """Some quarantined updates, newest first. ``older``: the cursor of the next page, if any."""

    updates: tuple[Quarantined, ...]
    total: int
    older: int | None


async def quarantine_page(tx: ReadTx, before: int | None = None) -> QuarantinePage:
    """Return the newest quarantined updates, or those with lower numbers than ``before``."""
    found = await inbox.list_quarantined(tx, PAGE + 1, before)
    older = found[PAGE - 1].id if len(found) > PAGE else None
    return QuarantinePage(tuple(found[:PAGE]), await inbox.count_quarantined(tx), older)


async def replay_for(tx: Tx, sender: Sender, ids: Collection[int] | None) -> list[int]:
    """Let these quarantined updates be handled again, or all; returns which. Raises NotAllowed."""
    await arrive_as_admin(tx, sender)
    return await inbox.replay(tx, ids)
