"""The order of entries after a file that names some of them (X12). Pure."""

import pytest

from core.db import Row
from core.directory.kinds import KINDS
from core.directory.ordering import order
from core.directory.schema import DirectoryEntry


@pytest.mark.parametrize(
    ("named", "then"),
    [
        ("c", "abcd"),
        ("dcba", "dcba"),
        ("ca", "cbad"),  # they change places among themselves
        ("x", "abcdx"),
        ("xy", "abcdxy"),
        ("bx", "abxcd"),
        ("xb", "axbcd"),
        ("xbyz", "axbyzcd"),
        ("", "abcd"),
    ],
)
def test_named_ones_take_their_own_places_and_a_new_one_stands_by_its_neighbour(
    named: str, then: str
) -> None:
    assert order("abcd", named) == list(then)
    assert order(then, named) == list(then), "once more changes nothing"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_kind_whose_rows_have_a_place_is_one_that_has_an_order(
    kind: type[DirectoryEntry],
) -> None:
    columns = {one.class_.__name__: set(one.columns.keys()) for one in Row.registry.mappers}
    named = kind.__name__.removesuffix("Entry")
    found = columns.get(f"{named}Row") or columns.get(named) or set()
    assert kind.ordered == bool(found & {"position", "rank"})
