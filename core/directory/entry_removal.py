"""Removes an entry of the directory for good, where nothing needs it (B13).

Most kinds are only switched off: tickets name their entries for ever. An article that no ticket
knows can go; one that a ticket knows stays, and a draft is read by nobody.
"""

from typing import Final

from sqlalchemy import delete, func, select

from core.directory.entry_edits import EntryFacts, find_entry
from core.directory.kinds.articles import ArticleEntry
from core.directory.store import edited
from core.errors import NotAllowed, Refusal
from core.knowledge.catalogue import Articles
from core.models import ArticleOpinion, ArticleRow, Resolution, TicketArticle
from core.people.permissions import may
from core.tx import ReadTx, Tx

REMOVABLE: Final = frozenset({ArticleEntry.name})
"""The kinds whose entries can be removed."""


async def find_removable(tx: ReadTx, kind: str, mark: str) -> EntryFacts:
    """Return the entry that may be removed. Raises :class:`Refusal` where tickets know it, or there
    is none any more.
    """
    if kind not in REMOVABLE:
        raise Refusal("refusal.outdated")
    found = await find_entry(tx, kind, mark)
    uses = await _tickets_with(tx, found.key)
    if uses:
        raise Refusal("refusal.article_used", n=uses)
    return found


async def remove_entry(tx: Tx, kind: str, mark: str) -> EntryFacts:
    """Remove an entry; the version of the directory before it can bring it back. Raises as
    `find_removable` does.
    """
    if not may(tx.actor.role, "set_up"):
        raise NotAllowed("set_up")
    async with edited(tx):
        await tx.find(ArticleRow, (await find_entry(tx, kind, mark)).key, hold=True)
        found = await find_removable(tx, kind, mark)
        await tx.change(delete(ArticleOpinion).where(ArticleOpinion.article == found.key))
        await tx.change(delete(ArticleRow).where(ArticleRow.code == found.key))
    tx.invalidate(Articles)
    return found


async def _tickets_with(tx: ReadTx, code: str) -> int:
    """Return how many tickets it was sent in, linked with, or has solved."""
    linked = select(TicketArticle.ticket_id).where(TicketArticle.article == code)
    solved = select(Resolution.ticket_id).where(Resolution.article == code)
    both = linked.union(solved).subquery()
    return await tx.first(select(func.count()).select_from(both)) or 0
