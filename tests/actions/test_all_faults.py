"""Every fault of a file is named at once, whatever else is wrong around it (X12)."""

import pytest

from core.desk import Desk
from core.directory.reader import read_directory
from tests.actions.test_directory import faults

RULE = """
[[rule]]
code = "x"
title = "X"
event = "opened"
when = { topics = ["moon", "payment"], states = ["asleep"], fields = { floor = ["2"] } }
then = { shout = "Now", team = "nobody", response = "gone", state = "sleep", fields = { a = "1" } }
"""


def places(told: list[str]) -> list[str]:
    return sorted(fault.split(": ")[1] for fault in told)


async def test_a_fault_in_a_rule_hides_no_other_of_it(desk: Desk) -> None:
    told = await faults(desk, RULE)
    assert places(told) == [
        "rule x, then",
        "rule x, then, fields, a",
        "rule x, then, response",
        "rule x, then, state",
        "rule x, then, team",
        "rule x, when, fields, floor",
        "rule x, when, states 1",
        "rule x, when, topics 1",
    ]


async def test_nor_does_one_in_what_it_is_called(desk: Desk) -> None:
    told = await faults(desk, RULE.replace('title = "X"\n', "").replace("shout", "note"))
    assert len(told) == 8
    assert "line 2: rule x: the line title is missing" in told
    told = await faults(desk, RULE.replace("opened", "born").replace("shout", "note"))
    assert places(told)[0] == "rule x, event"  # what it may do depends on it
    assert {"rule x, then, team", "rule x, when, topics 1"} <= {*places(told)}


@pytest.mark.parametrize(
    ("written", "place"),
    [
        ('[[response]]\ncode = "x"\ntitle = "X"\nfiles = ["a"]\n', "response x, files 1"),
        (
            '[[response]]\ncode = "x"\ntitle = "X"\nactions = { priority = 1 }\n',
            "response x, actions, priority",
        ),
        (
            '[settings]\nanswer_deadline = "soon"\nremind_before = "30d"\n',
            "settings, answer_deadline",
        ),
    ],
)
async def test_what_hangs_on_a_faulty_line_is_not_told(
    desk: Desk, written: str, place: str
) -> None:
    assert places(await faults(desk, written)) == [place]


async def test_what_was_taken_out_is_not_missed(desk: Desk) -> None:
    """Nothing is said of a place that only looks empty because of another fault."""
    only = RULE[: RULE.index("when")] + 'then = { shout = "Now" }\n'
    (fault,) = await faults(desk, only)
    assert "there is no line shout here" in fault
    late = only.replace('"opened"', '"open_for"').replace("shout", "note")
    (fault,) = await faults(desk, late + 'after = "soon"\n')
    assert fault.split(": ")[1] == "rule x, after"


async def test_a_field_of_the_wrong_kind_hides_no_unknown_topic(desk: Desk) -> None:
    field = '[[field]]\ncode = "a"\ntitles = { en = "A" }\nkind = "colour"\ntopics = ["x", "y"]\n'
    assert places(await faults(desk, field)) == [
        "field a, kind",
        "field a, topics 1",
        "field a, topics 2",
    ]


async def test_of_a_list_with_a_fault_the_others_are_looked_at(desk: Desk) -> None:
    team = '[[team]]\ncode = "a"\ntitles = { en = "A" }\nlevel = 0\nmembers = ["@nobody"]\n'
    assert places(await faults(desk, team)) == ["team a, level", "team a, members 1"]
    agreement = (
        '[[agreement]]\ncode = "a"\ntitle = "A"\ncalendar = "gone"\n'
        'terms = [{ reaction = "soon", priority = "x" }, { service = "y" }]\n'
    )
    assert places(await faults(desk, agreement)) == [
        "agreement a, calendar",
        "agreement a, terms 1, priority",
        "agreement a, terms 1, reaction",
        "agreement a, terms 2, service",
    ]


async def test_each_wrong_variable_of_a_text_is_named(desk: Desk) -> None:
    text = (
        '[[response]]\ncode = "a"\ntitle = "A"\ntexts = { en = "{ name } and {name.x}, {number}" }'
    )
    (fault,) = await faults(desk, text)
    assert fault.endswith("it says { name }, {name.x}")


async def test_what_a_table_that_is_no_toml_is_called_is_known(desk: Desk) -> None:
    """What refers to it is right, and what refers to others is still looked at."""
    calendar = '[[calendar]]\ncode = "office"\ntitle = "Office\n'
    agreement = '[[agreement]]\ncode = "a"\ntitle = "A"\ncalendar = "{}"\nterms = [{{}}]\n'
    (syntax,) = await faults(desk, calendar + agreement.format("office"))
    assert syntax.startswith("line 3: this is not valid TOML")
    syntax, missing = await faults(desk, calendar + agreement.format("gone"))
    assert missing.startswith("line 7: agreement a, calendar: there is no calendar gone, neither")


@pytest.mark.parametrize("head", ["[[calendar", '[[calendar]]\ncode = "off'])
async def test_what_cannot_be_checked_is_said(desk: Desk, head: str) -> None:
    agreement = '[[agreement]]\ncode = "a"\ntitle = "A"\ncalendar = "office"\nterms = [{}]\n'
    *_, last = await faults(desk, f"{head}\n{agreement}")
    assert "agreement a, calendar: whether there is a calendar office cannot be checked" in last


@pytest.mark.parametrize(
    ("table", "many"),
    [
        ('[[topic]]\ncode = "x{}\n', 25),
        ('[[topic]]\ncode = "x{}"\ncode = "y"\n', 15),
    ],
)
def test_all_lines_that_are_no_toml_are_named(table: str, many: int) -> None:
    told = read_directory("".join(table.format(number) for number in range(many))).faults
    step = table.count("\n")
    assert [fault.line for fault in told] == [
        number * step + table.count("code") + 1 for number in range(many)
    ]


@pytest.mark.parametrize(
    ("table", "many"),
    [
        ('[[topic]]\ncode = "x{}\n', 500),
        ('[[topic]]\ncode = "x{}"\ncode = "y"\n', 50),  # found one by one
    ],
)
def test_where_there_are_too_many_it_is_said(table: str, many: int) -> None:
    text = "".join(table.format(number) for number in range(many))
    *told, last = read_directory(text).faults
    assert last.key == "directory_file.fault.more_syntax"
    assert len(told) >= 20
    assert all(one.key != last.key and (one.line or 0) <= (last.line or 0) for one in told)
