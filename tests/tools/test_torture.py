"""Faults of ``tools.torture`` in short: nothing lost, doubled or stuck (R1, R5, R6).

Left out is what another test plays as well: kills (``e2e/test_kills.py``), steps of the clock
(``e2e/test_clock_steps.py``), a connection that is cut (``e2e/test_faults.py``), PostgreSQL
that is restarted, a leader that is killed (``e2e/test_postgres.py``), a restore
(``handlers/admins/test_restore.py``), two processes whose directory changes
(``actions/test_directory_under_load.py``), lost answers
(``channels/telegram/test_lost_answers.py``); and simulated days, which take minutes.
"""

from pathlib import Path

import pytest

from tests.e2e.warm import WarmProcesses
from tools.torture import desk_under_test
from tools.torture.desk_under_test import SHORT, NotTried, Outcome
from tools.torture.table import SCENARIOS, line


@pytest.mark.parametrize("name", ["disk-full", "locked", "flood", "directory"])
async def test_a_fault_is_endured(
    forking: WarmProcesses, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(desk_under_test, "QUIET", 0.5)
    try:
        outcome = await SCENARIOS[name](tmp_path, forking, SHORT)
    except NotTried as why:
        pytest.skip(str(why))
    assert outcome.fine, line(name, outcome)
    assert outcome.said >= SHORT.messages


@pytest.mark.parametrize(
    "outcome",
    [
        Outcome(9, 1, 0, False, 1.0),
        Outcome(9, 0, 1, False, 1.0),
        Outcome(9, 0, 0, True, 1),
        Outcome(9, 0, 0, False, 1.0, mixed=1),
    ],
)
def test_what_is_lost_doubled_or_stuck_is_not_endured(outcome: Outcome) -> None:
    assert not outcome.fine
