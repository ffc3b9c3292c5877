"""Files that somebody has damaged: each is refused, with a line for every fault, or applied whole.

`MUTATED_FILES=10000` tries as many; `MUTATED_SEED` begins elsewhere.
"""

import os
import random
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import pytest

from core.db import Database
from core.desk import Desk
from core.directory.faults import DirectoryError
from core.directory.kinds import KINDS
from core.directory.reader import Document, read_directory
from core.directory.store import apply_directory, show_directory, shown_fields
from core.models import Account
from core.tx import Tx

FILES: Final = int(os.environ.get("MUTATED_FILES", "24"))
SEED: Final = os.environ.get("MUTATED_SEED", "1")
EXAMPLES: Final = Path(__file__).parents[2] / "examples"


# What the first rules refer to.
NAMED: Final = ("hours",)


def some_of(name: str, most: int) -> str:
    """The file with at most so many tables of each kind: reading the others would show no more."""
    head, *tables = (EXAMPLES / name).read_text("utf-8").split("\n\n[[")
    seen: Counter[str] = Counter()
    kept = [head]
    for table in tables:
        kind = table.partition("]]")[0]
        seen[kind] += 1
        named = any(f'code = "{code}"' in table for code in NAMED)
        kept += [f"[[{table}"] if seen[kind] <= most or named else []
    return "\n\n".join(kept)


# Kinds that the examples have none of.
OTHERS: Final = """
[[category]]
code = "survey"
titles = { ru = "Обследование", en = "Survey" }
diagnosed = true

[[priority]]
code = "urgent"
titles = { ru = "Срочный", en = "Urgent" }

[[account_agreement]]
account = "House 10"
agreement = "always"

[[account_domain]]
domain = "house.example"
account = "House 10"

[[report]]
code = "week"
what = "week"
days = ["mon", "wed"]
at = "08:30"
to = "operators"

[[report]]
code = "overdue"
what = "overdue"
days = ["tue"]
"""
NAMES: Final = ("directory.toml", "tickets.toml", "answers.toml", "articles.toml", "words.toml")
WHOLE: Final = "\n".join([*(some_of(name, most=3) for name in NAMES), OTHERS])
# What people write instead of what is wanted, and what nobody would.
WORDS: Final = (
    *("true", "false", "0", "-1", "7", "99999999999999999999", "1.5", "nan", "2026-02-30"),
    *('""', '"x"', '" "', '"3d"', '"0d"', '"99999d"', '"off"', '"@nobody"', '"new"', '"closed"'),
    *("[]", "{}", "[[]]", '["x", "x"]', '{ en = "X" }', "{ ru = 1 }", "[1, [2]]", '"""', "'"),
    *('"{customer}"', '"{customer.name}"', '"{x}"', '"\\u0000"', '"\\u202e"', '"<b>"', '"ы"'),
    *('"*"', '"[a-z]"', '"' + "я" * 5000 + '"', '["09:00-18:00"]', '["18:00-09:00"]', "=", "#"),
)


# By kind: the line without which an entry says that there is none.
TAKES_AWAY: Final = {"account_agreement": "agreement", "account_domain": "account"}


class Undone(Exception):
    """Nothing of the transaction stays."""


Mutation = Callable[[random.Random, list[str]], None]


def drop_lines(chance: random.Random, lines: list[str]) -> None:
    at = chance.randrange(len(lines))
    del lines[at : at + chance.randrange(1, 4)]


def repeat_lines(chance: random.Random, lines: list[str]) -> None:
    at = chance.randrange(len(lines))
    lines[at:at] = lines[at : at + chance.randrange(1, 8)]


def swap_lines(chance: random.Random, lines: list[str]) -> None:
    one, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]


def replace_value(chance: random.Random, lines: list[str]) -> None:
    at = chance.choice([at for at, line in enumerate(lines) if " = " in line])
    lines[at] = f"{lines[at].partition(' = ')[0]} = {chance.choice(WORDS)}"


def borrow_value(chance: random.Random, lines: list[str]) -> None:
    one, other = chance.choices([at for at, line in enumerate(lines) if " = " in line], k=2)
    lines[one] = f"{lines[one].partition(' = ')[0]} = {lines[other].partition(' = ')[2]}"


def borrow_from_namesake(chance: random.Random, lines: list[str]) -> None:
    named = [line.split(" = ", 1) for line in lines if " = " in line]
    at = chance.choice([at for at, line in enumerate(lines) if " = " in line])
    name = lines[at].partition(" = ")[0]
    value = chance.choice([value for other, value in named if other == name])
    lines[at] = f"{name} = {value}"


def rename_key(chance: random.Random, lines: list[str]) -> None:
    one, other = chance.choices([at for at, line in enumerate(lines) if " = " in line], k=2)
    name = lines[other].partition(" = ")[0]
    lines[one] = f"{name} = {lines[one].partition(' = ')[2]}"


def change_signs(chance: random.Random, lines: list[str]) -> None:
    at = chance.randrange(len(lines))
    line, cut = lines[at], chance.randrange(len(lines[at]) + 1)
    sign = chance.choice(["", '"', "[", "]", "{", "}", "=", ",", "\\", "\t", "я", "1", "\r", "-"])
    lines[at] = line[:cut] + sign + line[cut + chance.randrange(3) :]


MUTATIONS: Final[Sequence[Mutation]] = (
    *(drop_lines, repeat_lines, swap_lines, rename_key, change_signs),
    *(replace_value, borrow_value, replace_value, borrow_value),
    *[borrow_from_namesake] * 6,
)


def mutated(chance: random.Random) -> str:
    lines = WHOLE.split("\n")
    for _ in range(chance.choice((1, 1, 1, 2, 3, 6))):
        chance.choice(MUTATIONS)(chance, lines)
    return "\n".join(lines)


async def tries(tx: Tx, text: str) -> None:
    """Apply the file, look at what came of it, and undo all of it."""
    document, before = read_directory(text), await show_directory(tx)
    try:
        await apply_directory(tx, document)
    except DirectoryError as error:
        faults = error.faults
    else:
        await holds_all_of(tx, document)
        tx.session.expunge_all()  # as the next transaction would see it
        assert await apply_directory(tx, read_directory(text)) == [], "once more changes nothing"
        raise Undone("applied")
    last = text.count("\n") + 1
    assert faults
    assert all(fault.line and 0 < fault.line <= last for fault in faults)
    assert await show_directory(tx) == before, "nothing was put before all was checked"
    raise Undone("refused")


async def holds_all_of(tx: Tx, document: Document) -> None:
    """Everything that the file says is so now. What it leaves out is as it is by default, but for
    the settings, of which it may name some, and what an entry without its reference takes away.
    """
    stored = {(kind.name, one.key_value): one for kind in KINDS for one in await kind.load(tx)}
    for item in document.items:
        if getattr(item.entry, TAKES_AWAY.get(item.entry.name, "name")) is None:
            assert (item.entry.name, item.entry.key_value) not in stored
            continue
        entry = stored[item.entry.name, item.entry.key_value]
        said, kept = shown_fields(item.entry), shown_fields(entry)
        assert {name: kept.get(name) for name in said} == said


async def arrange(tx: Tx) -> None:
    await tx.insert(Account(name="House 10"))


def test_every_kind_of_entry_is_among_the_damaged_ones() -> None:
    assert {item.entry.name for item in read_directory(WHOLE).items} == {one.name for one in KINDS}


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
async def test_a_damaged_file_is_refused_with_lines_or_applied_whole(
    desk: Desk, database: Database
) -> None:
    chance, ends = random.Random(SEED), {"refused": 0, "applied": 0}
    await desk.run(arrange)
    with pytest.raises(Undone, match="applied"):
        await desk.run(tries, WHOLE)
    for number in range(FILES):
        text = mutated(chance)
        try:
            await desk.run(tries, text)
        except Undone as undone:
            ends[str(undone)] += 1
        except Exception as error:
            error.add_note(f"file {number} of seed {SEED}:\n{_difference(text)}")
            raise
    assert min(ends.values()) > FILES // 10, ends


def _difference(text: str) -> str:
    lines = set(WHOLE.split("\n"))
    return "\n".join(line[:200] for line in text.split("\n") if line not in lines)
