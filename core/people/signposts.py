"""Telegram accounts that were merged into another: whoever writes from them is that person."""

from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import aliased

from core.models import Merge, Person
from core.tx import Look

_GONE: Final = aliased(Person)
_POSTS: Final = (
    select(_GONE.telegram_id, Person.telegram_id)
    .select_from(Merge)
    .join(_GONE, _GONE.id == Merge.person_id)
    .join(Person, Person.id == Merge.into_id)
    .where(_GONE.telegram_id.is_not(None), Person.telegram_id.is_not(None))
)


class Signposts(dict[int, int]):
    """The Telegram id of an account that is no person's own any more → the id of whose it is."""


async def signposts_of(look: Look) -> Signposts:
    """All of them, kept until two are merged."""
    found: Signposts | None = look.directory.get(Signposts)
    if found is None:
        rows: list[Any] = list(await look.session.execute(_POSTS))
        found = look.directory[Signposts] = Signposts(tuple(row) for row in rows)
    return found


async def stands_for(look: Look, telegram_id: int) -> int:
    """The Telegram id of the person behind this account: nearly always its own."""
    return (await signposts_of(look)).get(telegram_id, telegram_id)
