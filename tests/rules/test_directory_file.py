"""A directory file without a database: faults with their lines, the schema, the round trip."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.directory.faults import DirectoryError
from core.directory.kinds import KINDS
from core.directory.reader import Document, read_directory
from core.directory.store import directory_schema, shown_fields
from core.directory.toml_file import parse_toml
from core.directory.toml_writer import write_table
from core.texts import shipped_texts

ROOT = Path(__file__).parents[2]
EXAMPLE = (ROOT / "examples" / "directory.toml").read_text("utf-8")
TEXTS = shipped_texts()
LANGUAGES = ("ru", "en")
NOW = datetime(2026, 11, 28, tzinfo=UTC)

FILE = """\
# A file with one entry of each kind.
[[topic]]
code = "payment"
titles = { ru = "Оплата", en = "Payment" }
answer = "1d"

[[service]]
code = "video"
titles = { en = "Video" }

[[category]]
code = "incident"
titles = { en = "Incident" }
diagnosed = true

[[priority]]
code = "urgent"
titles = { en = "Urgent" }

[[calendar]]
code = "office"
title = "Office hours"
zone = "Europe/Moscow"
week = { mon = ["09:00-13:00", "14:00-18:00"], tue = ["09:00-18:00"] }
days = { 2026-12-30 = ["09:00-16:00"] }
holidays = ["2027-01-01", 2027-01-02]

[[agreement]]
code = "standard"
title = "Standard"
calendar = "office"
default = true
terms = [
  { priority = "urgent", reaction = "30m", resolution = "4h" },
  { service = "video", category = "incident", resolution = "16h" },
]

[[account_agreement]]
account = "House 10"
agreement = "standard"

[[team]]
code = "field"
titles = { en = "Field crew" }
level = 2
chat = -1001234567890
members = ["@olga", 512340202]

[[state]]
code = "supplier"
titles = { en = "Waiting for the supplier" }
category = "on_hold"
pause = true
sources = ["new", "in_progress"]
roles = ["admin"]
verbs = { hear = "supplier", wake = "new", close = "closed" }
marker = "🔵"

[[response]]
code = "reboot"
title = "Restart the camera"
topic = "payment"
texts = { en = "Hello, {customer}." }
actions = { state = "wait", tags = ["reboot"], priority = "urgent" }

[[article]]
code = "password"
title = "Forgotten password"
text = "Press it."
status = "public"
language = "en"
tags = ["login"]

[[view]]
code = "late"
titles = { en = "Late" }
markers = ["overdue"]
tags = ["vip"]
older = "2d"
order = "oldest"



[[rule]]
code = "vip"
title = "VIP first"
event = "opened"
when = { words = ["director"], cameras = ["MOS_*"], unassigned = true }
then = { priority = "urgent", tags = ["vip"], note = "Call at once." }

[[report]]
code = "week"
what = "week"
days = ["wed", "mon"]
at = "8:30"
to = "operators"

[[notice]]
code = "paid"
event = "taken"
topic = "payment"
on = false
channel = "both"
delay = "10m"
texts = { en = "{operator} has it until {due}" }

[[text]]
code = "group.flood"
texts = { en = ["{n} more", "{n} more"], uk = "{n}", ru = ["{n}", "{n}", "{n}"] }
active = false

[[account_domain]]
domain = "house.test"
account = "House 10"

[[mailbox]]
address = "Billing@House.test"
title = "House 10, billing"
topic = "payment"
team = "field"
language = "ru"
signature = { en = "{company} ({operator})" }
send_as = false

[[closing_reason]]
code = "cable"
titles = { en = "New cable" }

[[field]]
code = "speed"
titles = { en = "Speed" }
kind = "choice"
choices = ["100 Mbit", "1 Gbit"]
topics = ["payment"]
required = "opening"

[[tag]]
word = "#Повтор"
titles = { en = "Repeated" }
marker = "🔴"

[settings]
answer_deadline = "2d"
rating_wait = "off"
"""

# The number of its last line.
LAST = FILE.count("\n")


def say(language: str, key: str, facts: dict[str, Any] | None = None) -> str:
    return TEXTS.say(
        language, key, facts, now=datetime(2026, 11, 28, tzinfo=UTC), zone=ZoneInfo("UTC")
    )


def said(document: Document, language: str = "en") -> list[str]:
    return [say(language, fault.text.key, dict(fault.text.facts)) for fault in document.faults]


def written(document: Document) -> str:
    """The entries as a file, as ``directory show`` writes them."""
    parts = [
        write_table(item.entry.name, shown_fields(item.entry), single=item.entry.single)
        for item in document.items
    ]
    return "\n".join(parts)


def test_a_file_with_every_kind_has_no_faults() -> None:
    document = read_directory(FILE)
    assert document.faults == []
    assert [item.entry.name for item in document.items] == [kind.name for kind in KINDS]


@pytest.mark.parametrize("text", [FILE, EXAMPLE])
def test_what_is_written_reads_as_the_same_entries(text: str) -> None:
    entries = [item.entry for item in read_directory(text).items]
    again = read_directory(written(read_directory(text)))
    assert [item.entry for item in again.items] == entries
    assert written(again) == written(read_directory(text))


# Old, new, where and why it is wrong. The line is that of the new text.
FAULTS: list[tuple[str, str, str]] = [
    ('code = "payment"', 'code = "Оплата"', "topic Оплата, code: up to 32 of a–z"),
    ('code = "payment"', "code = 3", "topic 3, code: a text in quotes is needed, not 3"),
    ('{ ru = "Оплата", en = "Payment" }', "{}", "topic payment, titles: a title in at least one"),
    ('"Оплата"', '" "', "topic payment, titles, ru: a title has 1 to 100 characters"),
    ('"Оплата"', '"a\\u0000b"', "topic payment, titles, ru: a title has 1 to 100 characters"),
    ("ru =", "russian =", "topic payment, titles, russian: a language is written with two letters"),
    ('"1d"', '"some day"', "topic payment, answer: a length of time is written as 30m, 4h, 3d"),
    ('"1d"', "1", "topic payment, answer: a length of time is written as 30m, 4h, 3d; not 1"),
    ("answer =", "answr =", "topic payment: there is no line answr here; there are: code, titles"),
    ("diagnosed = true", 'diagnosed = "yes"', "category incident, diagnosed: true or false"),
    ("Europe/Moscow", "Europe/Moskow", "calendar office, zone: there is no time zone"),
    ("Europe/Moscow", "Europe", 'calendar office, zone: there is no time zone "Europe"; there are'),
    ("mon =", "monday =", "calendar office, week, monday: only mon, tue, wed, thu, fri, sat, sun"),
    ('["09:00-18:00"]', '["9 to 6"]', "calendar office, week, tue 1: hours are written as"),
    ('["09:00-18:00"]', '"09:00-18:00"', "calendar office, week, tue: a list in square brackets"),
    ('["09:00-18:00"]', '["18:00-09:00"]', "calendar office, week, tue 1: these hours end before"),
    ('["09:00-18:00"]', '["09:00-24:30"]', "calendar office, week, tue 1: these hours end before"),
    ('"14:00-18:00"', '"12:00-18:00"', "calendar office, week, mon: these hours overlap"),
    ("week = { mon", "week = {} # { mon", "calendar office, week: at least one day of the week"),
    ('"2027-01-01"', '"1.1.2027"', "calendar office, holidays 1: a date is written as 2026-12-31"),
    ("2026-12-30 =", "2026-13-30 =", "calendar office, days, 2026-13-30: a date is written as"),
    (
        '"30m"',
        '"0s"',
        "agreement standard, terms 1, reaction: a length of time is written as",
    ),
    ('"30m"', '"400d"', "agreement standard, terms 1, reaction: working time is from a second"),
    ('"16h" }', '"16h", colour = "red" }', "agreement standard, terms 2: there is no line colour"),
    ("default = true", "default = 1", "agreement standard, default: true or false without quotes"),
    ("level = 2", "level = 0", "team field, level: at least 1 is needed, not 0"),
    ("level = 2", "level = 10", "team field, level: at most 9 is allowed, not 10"),
    ("level = 2", 'level = "2"', "team field, level: a whole number without quotes is needed"),
    ("level = 2", "level = true", "team field, level: a whole number without quotes is needed"),
    ("-1001234567890", "12", "team field, chat: a group's id is a whole number below zero, not 12"),
    ("-1001234567890", f"-{10**30}", "team field, chat: a group's id is a whole number below"),
    ('"@olga"', "-5", "team field, members 1: a member is an @name or the numeric Telegram id"),
    ('"@olga"', "true", "team field, members 1: a member is an @name or the numeric"),
    ('"@olga"', "512340202", "team field, members: this member is named twice"),
    ('titles = { en = "Field crew" }', 'titles = "Crew"', "team field, titles: pairs of a name"),
    ('"on_hold"', '"held"', "state supplier, category: only new, open, waiting, frozen, on_hold, "),
    (
        'hear = "s',
        'see = "s',
        "state supplier, verbs, see: only take, release, reply, wait, freeze",
    ),
    ('["admin"]', '["boss"]', "state supplier, roles 1: only admin, operator are allowed"),
    ('"off"', '"never"', "settings, rating_wait: a time is written as 30m, 4h, 3d, or off"),
    ("rating_wait", "rating", "settings: there is no line rating here"),
    ("Billing@House.test", "Billing", 'mailbox Billing, address: "Billing" is no mail address'),
    ("Billing@House.test", "a@b@c.test", 'mailbox a@b@c.test, address: "a@b@c.test" is no mail'),
    ("{company} (", "{company.id} (", "mailbox billing@house.test, signature, en: braces may"),
    ('language = "ru"', 'language = "fr"', "mailbox billing@house.test, language: only ru, en are"),
    ('"🔵"', '"!"', "state supplier, marker: only 🔴, 🟠, 🟡"),
]


@pytest.mark.parametrize(("old", "new", "why"), FAULTS)
def test_a_fault_is_told_with_its_line_and_what_is_allowed(old: str, new: str, why: str) -> None:
    text = FILE.replace(old, new, 1)
    line = FILE[: FILE.index(old)].count("\n") + 1
    (fault,) = said(read_directory(text))
    assert fault.startswith(f"line {line}: {why}")


SERVICE = "[[service]]\ncode='x'\ntitles={ru='x'}\n"
AGREEMENT = "[[agreement]]\ncode='x'\ntitle='x'\ncalendar='x'\n"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("\n[[topic]]\ncode='x'", "line 2: topic x: the line titles is missing"),
        ("\n[[topic]]\ntitles={ru='x'}", "line 2: topic 1: the line code is missing"),
        ("[[colour]]\ncode='x'", "line 1: there is no section [[colour]]; there are: topic, "),
        ("\n\ntopic = 3", "line 3: a section begins with the line [[topic]]"),
        ("[[settings]]\n[[settings]]", "line 1: the section begins with the line [settings]"),
        ("settings = 3", "line 1: the section begins with the line [settings]"),
        ("topic = [3]", "line 1: a section begins with the line [[topic]]"),
        (SERVICE * 2, "line 5: service x, code: this stands in line 2"),
        (
            "[[mailbox]]\naddress='a@b.test'\n[[mailbox]]\naddress=' A@B.Test '",
            "line 4: mailbox a@b.test, address: this stands in line 2",
        ),
        (AGREEMENT + "terms=[]", "line 5: agreement x, terms: at least one term"),
        (AGREEMENT + "terms=[{},{}]", "line 5: agreement x, terms: terms 1 and 2 are for the same"),
    ],
)  # fmt: skip
def test_what_a_file_lacks_or_has_twice_is_told_where_it_should_be_mended(
    text: str, why: str
) -> None:
    (fault,) = said(read_directory(text))
    assert fault.startswith(why)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ('[[topic]]\ncode = "x\ntitles = { ru = "a" }\n[[team]]\ncode = \n', [2, 5]),
        ("[[topic\n", [1]),
        ("[[topic]]\ncode = «x»\n", [2]),
        ('[[topic]]\ntitles = { ru = "a"\nactive = true\n', [2]),
        ("[[topic]]\ncode = 1\ncode = 2\n", [3]),
        ("[[topic]]\ntitles = { ru = 'a', ru = 'b' }\n", [2]),
        ("a = " + "[" * 5000, [1]),
        (FILE.replace("level = 2", 'level = "2'), [45]),
        (FILE.replace("level = 2", "level = 2\nlevel = 3") + "[x]\n[x]", [46, LAST + 2, LAST + 3]),
        ("# a\na = 1\nb = 2\nc = 3 3\nb = 4", [2, 3, 4, 5]),
        (FILE.replace("terms = [", "terms = "), [33]),
        (FILE.replace("level = 2", "level = ").replace('"1d"', '"soon"'), [5, 45]),
    ],
)
def test_what_is_no_toml_is_told_with_every_line_and_the_rest_is_checked(
    text: str, lines: list[int]
) -> None:
    error = DirectoryError(read_directory(text).faults)
    assert [fault.line for fault in error.faults] == lines


def test_all_faults_of_a_file_are_told_at_once_in_the_order_of_its_lines() -> None:
    text = FILE.replace('"1d"', '"soon"').replace("Europe/Moscow", "Mars").replace("level", "lvl")
    text += "\n[[colour]]\n"
    error = DirectoryError(read_directory(text).faults)
    assert [fault.line for fault in error.faults] == [5, 23, 45, LAST + 2]


def test_faults_are_told_in_russian_as_well() -> None:
    document = read_directory(FILE.replace("level = 2", "level = 0"))
    assert said(document, "ru") == ["строка 45: team field, level: нужно не меньше 1, а написано 0"]


@pytest.mark.parametrize(
    ("text", "path", "line"),
    [
        ("[[a]]\n\nx.y = 1", ("a", 0, "x", "y"), 3),
        ("[[a]]\n[a.t]\nru = 1\n[[a]]\n[a.t]\nru = 2", ("a", 1, "t", "ru"), 6),
        ("a = [\n  # one\n  1,\n  2,\n]", ("a", 1), 4),
        ('[[a]]\n"ключ \\u0041" = 1', ("a", 0, "ключ A"), 2),
        ("[[a]]\n[[a.b]]\n[[a.b]]\nc = 1", ("a", 0, "b", 1, "c"), 4),
        ("[[a]]\r\nx = '''\r\nlong\r\n'''\r\ny = 1", ("a", 0, "y"), 5),
        ("[[a]]\nx = 1", ("a", 0, "gone", 3), 1),
    ],
)
def test_every_way_to_write_a_value_has_its_line(
    text: str, path: tuple[str | int, ...], line: int
) -> None:
    assert parse_toml(text).line_of(path) == line


VALUES = st.recursive(
    st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)


@settings(max_examples=40)
@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), VALUES))
def test_whatever_is_written_is_read_back(fields: dict[str, Any]) -> None:
    file = parse_toml(write_table("entry", fields))
    assert file.values == {"entry": [fields]}
    assert all(("entry", 0, name) in file.lines for name in fields)


@settings(max_examples=60)
@given(st.integers(0, len(EXAMPLE)), st.integers(0, 40), st.text(max_size=6))
def test_a_mutated_file_is_read_or_every_fault_of_it_has_a_line(
    at: int, cut: int, put: str
) -> None:
    text = EXAMPLE[:at] + put + EXAMPLE[at + cut :]
    document = read_directory(text)
    assert document.items or document.faults or not parse_toml(text).values
    last = len(text.split("\n"))
    assert all(fault.line and 0 < fault.line <= last for fault in document.faults)
    assert all(said(document, language) is not None for language in LANGUAGES)


# The schema for editors


def broken(value: Any, rule: dict[str, Any], schema: dict[str, Any]) -> Iterator[str]:
    """What JSON Schema would refuse, for the words of it that the directory's schema uses."""
    assert set(rule) <= KEYWORDS, rule
    if "$ref" in rule:
        rule = schema["$defs"][rule["$ref"].rpartition("/")[2]]
    types = rule.get("type", "object")
    if type(value).__name__ not in {
        TYPES[one] for one in ([types] if isinstance(types, str) else types)
    }:
        yield f"{value!r} is no {types}"
    elif isinstance(value, dict):
        yield from broken_object(value, rule, schema)
    elif isinstance(value, list):
        for item in value:
            yield from broken(item, rule["items"], schema)
    elif isinstance(value, str):
        if not re.search(rule.get("pattern", ""), value) or value not in rule.get("enum", [value]):
            yield f"{value!r} is not {rule}"
        if not rule.get("minLength", 0) <= len(value) <= rule.get("maxLength", 1000):
            yield f"{value!r} is too short or too long"
    elif not rule.get("minimum", value) <= value <= rule.get("maximum", value):
        yield f"{value!r} is not between {rule}"


def broken_object(
    value: dict[str, Any], rule: dict[str, Any], schema: dict[str, Any]
) -> Iterator[str]:
    yield from (name for name in rule.get("required", ()) if name not in value)
    if len(value) < rule.get("minProperties", 0):
        yield "too few"
    for name, item in value.items():
        yield from broken(name, {"type": "string", **rule.get("propertyNames", {})}, schema)
        inner = rule.get("properties", {}).get(name, rule["additionalProperties"])
        yield from broken(item, inner, schema) if inner else [f"no {name!r}"]


TYPES = {"object": "dict", "array": "list", "string": "str", "boolean": "bool", "integer": "int"}
KEYWORDS = {
    "$schema", "$defs", "$ref", "title", "description", "default", "examples", "format", "type",
    "properties", "required", "additionalProperties", "propertyNames", "minProperties", "items",
    "enum", "pattern", "minLength", "maxLength", "minimum", "maximum",
}  # fmt: skip


@pytest.fixture(scope="module", params=LANGUAGES)
def schema(request: pytest.FixtureRequest) -> dict[str, Any]:
    found = directory_schema(lambda key: say(request.param, key))
    assert json.loads(json.dumps(found)) == found
    return found


def test_the_schema_describes_every_field_of_every_kind(schema: dict[str, Any]) -> None:
    assert schema["$schema"].endswith("2020-12/schema")
    assert list(schema["properties"]) == ["version", *(kind.name for kind in KINDS)]
    assert schema["properties"]["version"]["description"]
    for part in {part for kind in KINDS for part in kind.parts()}:
        fields = schema["$defs"][part.__name__]
        assert fields["description"] and fields["additionalProperties"] is False
        assert set(fields["properties"]) == set(part.model_fields)
        assert all(field["description"] for field in fields["properties"].values())
    assert '"null"' not in json.dumps(schema)


@pytest.mark.parametrize(
    "text", [FILE.replace(", 2027-01-02", ""), EXAMPLE, f"version = 7\n{EXAMPLE}"]
)
def test_the_schema_takes_what_the_reader_takes(schema: dict[str, Any], text: str) -> None:
    assert list(broken(parse_toml(text).values, schema, schema)) == []


@pytest.mark.parametrize(("old", "new"), [(old, new) for old, new, _ in FAULTS[:2]] + [
    ("answer =", "answr ="), ("level = 2", "level = 10"), ("mon =", "monday ="),
    ('["09:00-18:00"]', '["9 to 6"]'), ('titles = { en = "Field crew" }', 'titles = "Crew"'),
    ("zone =", "# zone ="), ("diagnosed = true", 'diagnosed = "yes"'),
])  # fmt: skip
def test_the_schema_refuses_what_an_editor_can_see(
    schema: dict[str, Any], old: str, new: str
) -> None:
    assert list(broken(parse_toml(FILE.replace(old, new, 1)).values, schema, schema))
