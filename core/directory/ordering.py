"""Where entries stand in the list of their kind, once a file has named some of them (X12)."""

from collections.abc import Mapping, Sequence

from core.directory.schema import DirectoryEntry, EntriesOfKind

Entries = Sequence[DirectoryEntry]


def in_place(
    known: Mapping[str, EntriesOfKind], entries: Entries
) -> list[tuple[DirectoryEntry, int]]:
    """Return what is to be put, and where in the list of its kind, from 0; ``known``: what there
    is, by kind and key.

    Where a kind has an order, those that ``entries`` leave out are put, too: no two share a place.
    """
    placed: list[tuple[DirectoryEntry, int]] = []
    for kind in dict.fromkeys([type(one) for one in entries]):
        named = {one.key_value: one for one in entries if type(one) is kind}
        if kind.ordered:
            stored = known[kind.name]
            both = {**stored, **named}
            placed += [(both[key], at) for at, key in enumerate(order([*stored], [*named]))]
        else:
            placed += [(one, at) for at, one in enumerate(named.values())]
    return placed


def order(stored: Sequence[str], named: Sequence[str]) -> list[str]:
    """The keys in their order from now on. Those that are named and known share out the places that
    they had, in the order in which they are named; a new one follows the one before it. What is
    new alone comes last.
    """
    known = iter([key for key in named if key in stored])
    keys = [next(known) if key in named else key for key in stored]
    for at, key in enumerate(named):
        if key not in stored:
            keys.insert(_place_of_new(keys, named, at), key)
    return keys


def _place_of_new(keys: Sequence[str], named: Sequence[str], at: int) -> int:
    if at:
        return keys.index(named[at - 1]) + 1
    after = next((key for key in named if key in keys), None)
    return len(keys) if after is None else keys.index(after)
