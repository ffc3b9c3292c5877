"""What the ledger of a story calls lost, and what doubled."""

from collections.abc import Iterator
from typing import cast

import pytest

from tests.e2e.lives import Ledger, Times
from tests.e2e.stage import Stage


class Counted(Ledger):
    """A ledger that has counted this."""

    found: tuple[Times, ...] = ()

    def _times(self) -> Iterator[Times]:
        yield from self.found

    def _rows(self) -> list[str]:
        return []


@pytest.mark.parametrize(
    ("told", "due", "lost", "problems"),
    [(1, 1, 0, 0), (9, 9, 0, 0), (0, 1, 1, 1), (6, 8, 1, 1), (2, 1, 0, 1), (0, 0, 0, 0)],
)
def test_what_stands_less_often_than_it_must_is_lost(
    told: int, due: int, lost: int, problems: int
) -> None:
    """Two of eight alerts that are missing were called doubled: minus one of one."""
    ledger = Counted(cast(Stage, None))
    ledger.found = (("an alert", told, due),)
    assert (ledger.lost(), len(ledger.problems())) == (lost, problems)
