"""A tag called otherwise everywhere (D3): on tickets, in the list, and wherever it is named."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import delete, select

from core.automation.rules import Rules
from core.directory.store import edited
from core.errors import NotAllowed, Refusal
from core.models import ResponseRow, RuleRow, TagRow, ViewRow
from core.people.permissions import may
from core.responses.catalogue import Responses
from core.tickets.tag_list import Tags, listed_tags
from core.tickets.tags import demand_givable, is_used, read_tag, retag
from core.tickets.views import Views
from core.tx import Tx

# Where tags of tickets are named, each in an object under `tags`.
_NAMING: Final = (
    (ResponseRow, ("actions",)),
    (ViewRow, ("conditions",)),
    (RuleRow, ("conditions", "actions")),
)


async def rename_tag(tx: Tx, old: str, new: str) -> int:
    """Call a tag otherwise; two become one where ``new`` is there already. What the list says of
    it, and responses, views and rules that name it, go along: a version of the directory.

    Returns how many tickets had it. Raises :class:`Unreadable`, :class:`NotAllowed`, and
    :class:`Refusal` where nobody knows it, or the other may not be given.
    """
    if not may(tx.actor.role, "tags"):
        raise NotAllowed("tags")
    before, after = read_tag(old), read_tag(new)
    known = await listed_tags(tx)
    if before == after or not (before in known or await is_used(tx, before)):
        raise Refusal("refusal.unknown_tag", tag=before)
    if before not in known or after in known:
        await demand_givable(tx, after)
    async with edited(tx):
        await _rename_entry(tx, before, after)
        await _rename_named(tx, before, after)
        tx.invalidate(Tags, Responses, Views, Rules)
    return await retag(tx, before, after)


async def _rename_entry(tx: Tx, before: str, after: str) -> None:
    """What the list says of the other, if it has that, counts."""
    row, there = await tx.find(TagRow, before), await tx.find(TagRow, after)
    if row is None:
        return
    kept = {name: getattr(row, name) for name in ("position", "titles", "marker", "active")}
    await tx.change(delete(TagRow).where(TagRow.word == before))
    if there is None:
        await tx.insert(TagRow(word=after, **kept))


async def _rename_named(tx: Tx, before: str, after: str) -> None:
    for model, columns in _NAMING:
        for row in await tx.all(select(model)):
            for column in columns:
                if before in getattr(row, column).get("tags", ()):
                    setattr(row, column, _with_other(getattr(row, column), before, after))
    await tx.write()


def _with_other(named: Mapping[str, Any], before: str, after: str) -> dict[str, Any]:
    words = [after if word == before else word for word in named["tags"]]
    return {**named, "tags": list(dict.fromkeys(words))}
