"""The bench runs: what nobody runs would rot. How quick the desk is, it does not judge here."""

import math
from pathlib import Path

import pytest

from tests.e2e.warm import WarmProcesses
from tools.bench import cost, crowded, meter, processes, rush, statements
from tools.bench.__main__ import PARTS
from tools.bench.figures import Figure, Report
from tools.bench.machine import piece_seconds


async def test_a_customers_message_costs_few_statements_from_end_to_end(tmp_path: Path) -> None:
    figures = {figure.name: figure for figure in await statements.measure(tmp_path)}
    for which in ("joins a waiting ticket", "turns an answered one"):
        assert figures[f"customer's message that {which}: handled"].met
    assert figures["    commits"].met


@pytest.mark.slow
async def test_the_cost_of_a_message_is_told_in_stages_and_against_an_echo(tmp_path: Path) -> None:
    figures = {one.name.strip(): one.value for one in await cost.measure(tmp_path, size=0)}
    for how in ("in bursts", "one by one"):
        assert figures[f"CPU per customer message ÷ stock aiogram echo, {how}"] > 0
        for stage in meter.STAGES[:-1]:
            assert figures[f"{stage}, {how}"] > 0, stage


@pytest.mark.slow
@pytest.mark.postgres
async def test_several_processes_are_measured_against_one_and_lose_and_double_nothing(
    forking: WarmProcesses, tmp_path: Path
) -> None:
    del forking  # their processes are forked meanwhile
    figures = {one.name.strip(): one.value for one in await processes.measure(tmp_path, size=0)}
    for how in ("in bursts", "one by one"):
        name = f"CPU per customer message of 2 processes ÷ of one, PostgreSQL, {how}"
        assert figures[name] > 0


async def test_a_crowded_desk_is_made_and_asked_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # once is enough to see that it runs; a median wants more
    monkeypatch.setattr(crowded, "RUNS", crowded.FIRST + 1)
    monkeypatch.setattr(crowded, "MESSAGES", 10)
    figures = await crowded.measure(tmp_path, size=0, on_postgres=False)
    assert len(figures) > 20
    assert all(math.isfinite(figure.value) for figure in figures)


async def test_a_rush_is_handled_to_the_last_message(tmp_path: Path) -> None:
    handled, left, _refused = await rush.measure(tmp_path, size=0)
    assert handled.name.startswith("60 messages a second for 1 s")
    assert 0 < handled.value < rush.PATIENCE and 0 <= left.value <= rush.A_SECOND


def test_a_report_says_what_is_missed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    report = Report()
    report.add("Part", [Figure("slow", 3.0, "s", 2), Figure("quick", 1.0, "s", 2)])
    slow, quick = capsys.readouterr().out.splitlines()[2:]
    assert slow.split()[0] == "✗" and quick.split()[0] == "✓"
    report.write(tmp_path / "bench.json", {"seconds": 4})
    assert '"met": false' in (tmp_path / "bench.json").read_text("utf-8")


def test_every_part_has_a_name_of_its_own_and_a_size() -> None:
    assert len({name for name, *_ in PARTS}) == len(PARTS)
    assert all(0 < size <= 1 for *_, size in PARTS)


def test_the_piece_of_work_that_tells_machines_apart_is_about_the_same_each_time() -> None:
    assert 0.1 < piece_seconds() / piece_seconds() < 10
