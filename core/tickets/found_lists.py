"""Lists of what a search finds (D3): the newest first, or what fits best."""

import re
from typing import Final

from sqlalchemy import select

from core.models import Ticket
from core.tickets.filters import Filters
from core.tickets.list_lines import PAGE, Page, lines_of
from core.tickets.relevance import rank
from core.tickets.search import Found, search
from core.tickets.tags import tags_in, without_tags
from core.tx import ReadTx
from core.words.numbers import find_number

_FOUND: Final = re.compile(r"(\d{1,18})\.(\d{1,5})", re.ASCII)
# The cursor of a search by relevance: `b`, and from the second page on what it goes on from.
BEST: Final = "b"
_BEST: Final = re.compile(rf"{BEST}(\d{{1,18}})\.(\d{{1,5}})", re.ASCII)
# Tickets that a search with filters looks at at once, and how often it does for one page.
_LOOKED_AT: Final = 100
_ROUNDS: Final = 10


async def found_of(tx: ReadTx, words: str, cursor: str = "", *, backward: bool = False) -> Page:
    """Return what `/find` finds: the ticket with that number, then those with all these words, of
    which `#word` is a tag; the newest first, or with a cursor that `BEST` begins what fits best.
    """
    if cursor.startswith(BEST):
        return await _best_page(tx, words, cursor, backward=backward)
    read = _FOUND.fullmatch(cursor)
    start, turned = (int(read[1]), int(read[2])) if read else (None, 0)
    backward = backward and start is not None
    exact = _exact(words, *tx.company.number_masks)
    found = await _search(tx, words, start, newer=backward, limit=PAGE)
    numbers = [number for number in found.numbers if number != exact]
    if exact is not None and start is None:
        numbers.insert(0, exact)
    first, last = (found.numbers[0], found.numbers[-1]) if found.numbers else (start, start)
    older = last if backward else found.more
    newer = found.more if backward else (first if start is not None else None)
    place = max(1, turned - 1 if backward else turned + 1)
    lines = await lines_of(tx, numbers)
    return Page(
        "find",
        lines,
        place,
        before=None if newer is None else f"{newer}.{place}",
        after=None if older is None else f"{older}.{place}",
        other=BEST if len(lines) > 1 or start is not None else None,
    )


async def found_within(
    tx: ReadTx, words: str, filters: Filters, cursor: str = "", *, person: int | None = None
) -> Page:
    """Return of what `found_of` finds those tickets that the ``filters`` let through, the newest
    first; the way back is the reader's own. So many that were found are looked at for one page.
    """
    read = _FOUND.fullmatch(cursor)
    start, turned = (int(read[1]), int(read[2])) if read else (None, 0)
    conditions = filters.where(tx, person)
    numbers: list[int] = []
    for _ in range(_ROUNDS):
        found = await _search(tx, words, start, newer=False, limit=_LOOKED_AT)
        fitting = select(Ticket.id).where(Ticket.id.in_(found.numbers), *conditions)
        numbers += await tx.all(fitting.order_by(Ticket.id.desc()))
        start = found.more
        if start is None or len(numbers) >= PAGE:
            break
    if len(numbers) > PAGE:
        numbers, start = numbers[:PAGE], numbers[PAGE - 1]
    after = None if start is None else f"{start}.{turned + 1}"
    lines, partly = await lines_of(tx, numbers), after is not None and len(numbers) < PAGE
    return Page("find", lines, turned + 1, after=after, partly=partly)


async def _best_page(tx: ReadTx, words: str, cursor: str, *, backward: bool) -> Page:
    """The same by how well it fits. A cursor names the newest ticket of the ranking and the page
    that it turns: what comes meanwhile moves nothing.
    """
    read = _BEST.fullmatch(cursor)
    up_to, turned = (int(read[1]), int(read[2])) if read else (None, 0)
    tags = tags_in(words)
    rest = without_tags(words) if tags else words
    found = await rank(tx, rest, up_to=up_to, tags=tags)
    exact = _exact(words, *tx.company.number_masks)
    numbers = [exact] if exact is not None else []
    numbers += [number for number in found.numbers if number != exact]
    last = max(1, -(-len(numbers) // PAGE))
    place = min(max(1, turned - 1 if backward else turned + 1), last)
    here = f"{BEST}{found.up_to}.{place}"
    return Page(
        "find",
        await lines_of(tx, numbers[(place - 1) * PAGE : place * PAGE]),
        place,
        before=here if place > 1 else None,
        after=here if place < last else None,
        other="",
        best=True,
    )


async def numbers_found(
    tx: ReadTx, words: str, cursor: str = "", *, size: int = PAGE
) -> tuple[list[int], str | None]:
    """Return the numbers of what :func:`found_of` finds, the newest first, and where to go on."""
    start = int(cursor) if cursor else None
    exact = _exact(words, *tx.company.number_masks)
    found = await _search(tx, words, start, newer=False, limit=size)
    numbers = [number for number in found.numbers if number != exact]
    if exact is not None and start is None:
        numbers = await _existing(tx, exact) + numbers
    return numbers, None if found.more is None else str(found.more)


async def _existing(tx: ReadTx, number: int) -> list[int]:
    return list(await tx.all(select(Ticket.id).where(Ticket.id == number)))


async def _search(tx: ReadTx, words: str, start: int | None, *, newer: bool, limit: int) -> Found:
    """Search as whoever works here does: by these words, of which `#word` is a tag."""
    tags = tags_in(words)
    rest = without_tags(words) if tags else words
    return await search(tx, rest, start=start, newer=newer, limit=limit, tags=tags, inside=True)


def _exact(words: str, *masks: str) -> int | None:
    found = find_number(words, *masks)
    return found[0] if found is not None and not found[1].strip() else None
