"""Which tickets an export has (H2): those of a list by name, of a saved one or of a search, by the
same query that the screen has.
"""

from array import array
from dataclasses import dataclass
from typing import Final

from core.addresses import Address
from core.desk import Desk
from core.errors import Refusal, Unreadable
from core.people.staff import id_of
from core.tickets.found_lists import numbers_found
from core.tickets.lists import VIEWS, numbers_of, numbers_of_view
from core.tickets.views import View, find_view, views_for, views_of
from core.tx import ReadTx
from core.words.aliases import SEARCHES
from core.words.aliases import VIEWS as NAMES

PAGE: Final = 500
FIND: Final = "find"


@dataclass(frozen=True, slots=True)
class TicketList:
    """A list: the name of a view, the code of a ``saved`` one, or `find` with its ``words``;
    ``person``: whose it is, where that makes a difference.
    """

    name: str
    words: str = ""
    saved: View | None = None
    person: int | None = None


async def find_list(tx: ReadTx, words: str, asker: Address | None = None) -> TicketList:
    """Return the list that is meant by its name, or by `find` with words behind it.

    ``asker``: whose lists count; ``None``: all of them, and nobody's own. Raises
    :class:`Unreadable` with those there are.
    """
    first, _, rest = words.strip().partition(" ")
    if first.casefold() in SEARCHES and rest.strip():
        return TicketList(FIND, rest.strip())
    wanted = words.strip().casefold()
    name, person = NAMES.get(wanted, wanted), None if asker is None else await id_of(tx, asker)
    saved = None if wanted in VIEWS else await _saved(tx, wanted, asker)
    is_ours = name in VIEWS and (name != "mine" or asker is not None)
    if is_ours and (saved is None or saved.code != wanted):
        return TicketList(name, person=person)
    if saved is None:
        raise Unreadable("operators.no_view", words=words[:40], views=await _known(tx, asker))
    return TicketList(saved.code, saved=saved, person=person)


async def list_of_button(tx: ReadTx, name: str, words: str, asker: Address) -> TicketList:
    """Return the list that a button stands below. Raises :class:`Refusal` where it is gone."""
    if name == FIND and words:
        return TicketList(FIND, words)
    person = await id_of(tx, asker)
    if name in VIEWS:
        return TicketList(name, person=person)
    saved = next((one for one in await views_for(tx, asker) if one.code == name), None)
    if saved is None:
        raise Refusal("refusal.outdated")
    return TicketList(name, saved=saved, person=person)


async def _saved(tx: ReadTx, wanted: str, asker: Address | None) -> View | None:
    if asker is not None:
        return await find_view(tx, asker, wanted)
    for view in (await views_of(tx)).values():
        if view.active and wanted in {view.code, *(t.casefold() for t in view.titles.values())}:
            return view
    return None


async def _known(tx: ReadTx, asker: Address | None) -> str:
    views = (await views_of(tx)).values() if asker is None else await views_for(tx, asker)
    own = () if asker is None else ("mine",)
    names = [name for name in VIEWS if name != "mine"]
    return ", ".join([*own, *names, *(one.code for one in views if one.active)])


async def numbers_in(desk: Desk, wanted: TicketList) -> "array[int]":
    """Return the numbers of the list's tickets, in its order, each once.

    They alone are kept in memory, so that all tables are of the same tickets.
    """
    found, seen = array("q"), set[int]()
    cursor: str | None = ""
    while cursor is not None:
        numbers, cursor = await desk.read(_page, wanted, cursor)
        if wanted.name != FIND:  # a search goes by the number, lists may move while they are read
            numbers = [number for number in numbers if number not in seen]
            seen.update(numbers)
        found.extend(numbers)
    return found


async def _page(tx: ReadTx, wanted: TicketList, cursor: str) -> tuple[list[int], str | None]:
    if wanted.name == FIND and wanted.words:
        return await numbers_found(tx, wanted.words, cursor, size=PAGE)
    if wanted.saved is not None:
        person = wanted.person
        return await numbers_of_view(tx, wanted.saved, cursor, size=PAGE, person=person)
    return await numbers_of(tx, wanted.name, cursor, size=PAGE, person=wanted.person)
