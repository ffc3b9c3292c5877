"""Every fault of ``tools.torture``, in short: nothing lost, doubled or stuck (R1, R5, R6)."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.e2e.warm import WarmProcesses, warm_processes
from tools import torture
from tools.torture import SCENARIOS, SHORT, NotTried, Outcome, line

POSTGRES = {name for name in SCENARIOS if name.startswith("postgres")}
PLAYED = [
    pytest.param(name, marks=pytest.mark.postgres) if name in POSTGRES else name
    for name in SCENARIOS
    if name != "kills"  # tests/e2e/test_kills.py plays these
]


@pytest.fixture(scope="module")
async def lives() -> AsyncIterator[WarmProcesses]:
    async with warm_processes() as made:
        yield made


@pytest.mark.parametrize("name", PLAYED)
async def test_a_fault_is_endured(
    lives: WarmProcesses, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(torture, "QUIET", 0.5)
    try:
        outcome = await SCENARIOS[name](tmp_path, lives, SHORT)
    except NotTried as why:
        pytest.skip(str(why))
    assert outcome.fine, line(name, outcome)
    assert outcome.said >= SHORT.messages


@pytest.mark.parametrize(
    "outcome",
    [Outcome(9, 1, 0, False, 1.0), Outcome(9, 0, 1, False, 1.0), Outcome(9, 0, 0, True, 1)],
)
def test_what_is_lost_doubled_or_stuck_is_not_endured(outcome: Outcome) -> None:
    assert not outcome.fine
