"""Putting topics into the company's directory."""

from collections.abc import Mapping
from datetime import timedelta

from core.directory.agreements import CODE, BadEntry
from core.models import Topic
from core.tickets.topics import Topics
from core.tx import Tx


async def put_topic(
    tx: Tx,
    code: str,
    titles: Mapping[str, str],
    *,
    position: int,
    answer: timedelta | None,
    active: bool,
) -> None:
    """A topic, new or instead of what has its code. Raises :class:`BadEntry`."""
    where = f"topic {code}"
    if not CODE.fullmatch(code):
        raise BadEntry(where, "a code has up to 32 of a–z, 0–9, «_», «.», «-»")
    if not titles or not all(str(title).strip() for title in titles.values()):
        raise BadEntry(where, 'a title by language is needed, such as { en = "Payment" }')
    row = await tx.session.get(Topic, code) or Topic(code=code)
    tx.session.add(row)
    row.titles, row.position, row.active = dict(titles), position, active
    row.answer_seconds = None if answer is None else int(answer.total_seconds())
    await tx.session.flush()
    tx.invalidate(Topics)
