"""What `tools.torture.versions` takes for a mixture of two versions of the directory."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.directory.reader import read_directory
from tools.torture.versions import Entry, directory, judge

AT = datetime(2026, 11, 29, 12, tzinfo=UTC)


def entry(event: str, at: int = 0, by: str = "", **facts: Any) -> Entry:
    return Entry(1, AT + timedelta(seconds=at), event, facts, by)


def due(hours: int, at: int = 0) -> dict[str, str]:
    return {"$time": (AT + timedelta(hours=hours, seconds=at - 40)).isoformat()}


def handled(version: int, at: int = 0, by: str = "", **other: Any) -> list[Entry]:
    """What a message leaves that is handled by this version; ``other`` is of another one."""
    parts = {
        "field": str(version),
        "state": ("even", "odd")[version % 2],
        "due": due(version, at),
    } | other
    return [
        entry("customer_wrote", at, by, turned=True, answer_due=parts["due"]),
        entry("field_set", at, by, field="step", value=parts["field"]),
        entry("state_entered", at, by, new=parts["state"]),
        entry("rule_ran", at, by, title=str(version), done=["fields", "state"]),
    ]


def test_what_is_of_one_version_is_no_mixture() -> None:
    again = [entry("customer_wrote", 2, turned=False), entry("rule_ran", 2, title="2", done=[])]
    others = [entry("answer_written", 3), entry("state_entered", 3, new="waiting")]
    judged = judge([*handled(1), *handled(2, 1), *again, *others, *handled(5, 4)])
    assert judged.faults == []
    assert [one.version for one in judged.seen] == [1, 2, 2, 5]


@pytest.mark.parametrize("other", [{"field": "6"}, {"state": "even"}, {"due": due(6)}])
def test_a_part_of_another_version_is_a_mixture(other: dict[str, Any]) -> None:
    assert len(judge(handled(7, **other)).faults) == 1


def test_two_rules_of_two_versions_are_a_mixture() -> None:
    assert judge([*handled(7), entry("rule_ran", title="8", done=[])]).faults


def test_a_message_that_no_rule_has_seen_is_a_fault() -> None:
    assert judge([entry("customer_wrote", turned=False)]).faults


def test_no_process_goes_back_to_an_earlier_version_and_another_may_be_behind() -> None:
    assert judge([*handled(2, 0, "a"), *handled(1, 1, "a")]).faults
    assert judge([*handled(2, 0, "a"), *handled(1, 1, "b"), *handled(3, 2, "a")]).faults == []


@pytest.mark.parametrize("version", [1, 2, 47])
def test_each_version_is_a_directory(version: int) -> None:
    kinds = [item.entry.name for item in read_directory(directory(version)).items]
    assert sorted(set(kinds)) == ["field", "rule", "settings", "state"]
