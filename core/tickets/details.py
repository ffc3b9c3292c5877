"""The tags and the company's own fields of many tickets at once, as other systems read them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import select

from core.models import TicketField
from core.tickets.fields import fields_of, show_value
from core.tickets.tag_list import titles_of
from core.tickets.tags import tags_by_ticket
from core.tx import ReadTx

NamedTags = Mapping[str, Mapping[str, str]]
# Fields that keep an id, which says nothing elsewhere.
_NAMED: Final = frozenset({"person", "camera"})


@dataclass(frozen=True, slots=True)
class Details:
    """``tags`` with their titles by language; ``fields`` by code: as kept, a person and a camera as
    they are called.
    """

    tags: NamedTags = field(default_factory=dict)
    fields: Mapping[str, str] = field(default_factory=dict)


async def details_of(tx: ReadTx, numbers: Sequence[int]) -> dict[int, Details]:
    """Return what these tickets have, all of them; no query where nobody has any of it."""
    tags, fields = await _tags(tx, numbers), await _fields(tx, numbers)
    return {one: Details(tags.get(one, {}), fields.get(one, {})) for one in numbers}


async def _tags(tx: ReadTx, numbers: Sequence[int]) -> dict[int, NamedTags]:
    words = await tags_by_ticket(tx, numbers)
    used = {word for tags in words.values() for word in tags}
    titles = {tag.word: tag.titles for tag in await titles_of(tx, used)}
    return {number: {word: titles.get(word, {}) for word in tags} for number, tags in words.items()}


async def _fields(tx: ReadTx, numbers: Sequence[int]) -> dict[int, dict[str, str]]:
    known = await fields_of(tx)
    if not numbers or not known:
        return {}
    columns = (TicketField.ticket_id, TicketField.field, TicketField.value)
    found: dict[int, dict[str, str]] = {}
    for number, code, value in await tx.rows(
        select(*columns).where(TicketField.ticket_id.in_(numbers))
    ):
        if code not in known:
            continue
        named = known[code].kind in _NAMED
        shown = await show_value(tx, known[code], value) if named else value
        found.setdefault(number, {})[code] = str(shown)
    return found
