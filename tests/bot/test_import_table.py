"""``import cameras FILE``, and accounts and contracts: beside the desk, whole or not at all."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from bot import cli
from bot.commands import FINE, WRONG
from core.db import Database

GOOD = "number,name,owner,area\nMOS_1,Yard,101;+79161234567,North\nMOS_2,Gate,,North\n"


def cameras(database: Path) -> list[tuple[str, int]]:
    with sqlite3.connect(database) as connection:
        return connection.execute("SELECT number, active FROM camera ORDER BY number").fetchall()


def written(folder: Path, text: str | bytes) -> str:
    file = folder / "cameras.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(file)


def test_an_import_says_what_it_did_and_can_be_repeated(
    database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(tmp_path, GOOD)
    assert cli.main(["import", "cameras", file]) == FINE
    told = capsys.readouterr().out
    assert told.startswith("2 new, 0 changed, 0 unchanged; 1 have no owner")
    assert cli.main(["import", "cameras", file]) == FINE
    assert capsys.readouterr().out.startswith("0 new, 0 changed, 2 unchanged")
    file = written(tmp_path, GOOD.partition("MOS_2")[0])
    assert cli.main(["import", "cameras", file, "--deactivate-missing"]) == FINE
    assert capsys.readouterr().out == "0 new, 0 changed, 1 unchanged, 1 deactivated\n"
    assert cameras(database) == [("MOS_1", 1), ("MOS_2", 0)]


def test_a_file_without_cameras_switches_none_off(
    database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["import", "cameras", written(tmp_path, GOOD)]) == FINE
    empty = written(tmp_path, GOOD.partition("\n")[0])
    assert cli.main(["import", "cameras", empty, "--deactivate-missing"]) == WRONG
    assert "there is no camera below the header" in capsys.readouterr().err
    assert [active for _number, active in cameras(database)] == [1, 1]


def test_it_works_beside_a_desk_that_holds_the_database(
    database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = Database(f"sqlite+aiosqlite:///{database}")
    desk.lock()
    try:
        assert cli.main(["import", "cameras", written(tmp_path, GOOD)]) == FINE
    finally:
        asyncio.run(desk.close())
    assert len(cameras(database)) == 2


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        (GOOD + ",A,1,\nMOS_1,B,Ivan,\n", [4, 5, 5]),
        ("number,name\n1,A\n", [1]),
        (GOOD.encode() + "MOS_3,Двор,1\n".encode("cp1251"), [4]),
    ],
)
def test_a_wrong_file_changes_nothing_and_every_wrong_line_is_named(
    database: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    text: str | bytes,
    lines: list[int],
) -> None:
    file = written(tmp_path, text)
    assert cli.main(["import", "cameras", file]) == WRONG
    out, err = capsys.readouterr()
    *faults, last = err.splitlines()
    assert [int(line.removeprefix(f"{file}: line ").split(":")[0]) for line in faults] == lines
    assert (out, last) == ("", f"{file}: nothing was changed")
    assert cameras(database) == []


def test_what_is_not_there_is_said_in_a_line(
    database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["import", "cameras", "nowhere.csv"]) == WRONG
    assert capsys.readouterr().err == "nowhere.csv cannot be read: No such file or directory\n"
    database.unlink()
    assert cli.main(["import", "cameras", written(tmp_path, GOOD)]) == WRONG
    assert "has no tables of this release yet" in capsys.readouterr().err


def known(database: Path, query: str) -> list[tuple[str, ...]]:
    with sqlite3.connect(database) as connection:
        return connection.execute(query).fetchall()


def test_companies_and_their_contracts_come_the_same_way(
    database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    accounts = written(tmp_path, "account,plan\nDaisy Ltd,Yard+\nRose Ltd,\n")
    assert cli.main(["import", "accounts", accounts]) == FINE
    assert capsys.readouterr().out == "2 new, 0 changed, 0 unchanged\n"
    contracts = written(tmp_path, "account,number,line\nDaisy Ltd,D-1,100\nKite,K-1,50\n")
    assert cli.main(["import", "contracts", contracts]) == FINE
    query = "SELECT account.name, number, json_extract(contract.fields, '$.line') FROM contract"
    query += " JOIN account ON account.id = account_id ORDER BY number"
    assert known(database, query) == [("Daisy Ltd", "D-1", "100"), ("Kite", "K-1", "50")]
    capsys.readouterr()
    assert cli.main(["import", "accounts", written(tmp_path, "account\nDaisy Ltd\n")]) == FINE
    told = "0 new, 1 changed, 0 unchanged; 2 are not in the file and stay: Kite, Rose Ltd;"
    assert capsys.readouterr().out == f"{told} no longer there: plan\n"


def test_a_check_says_what_would_change_and_changes_nothing(
    database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(tmp_path, "account,plan\nDaisy Ltd,Yard+\n")
    assert cli.main(["import", "accounts", file, "--check"]) == FINE
    assert capsys.readouterr().out == "1 new, 0 changed, 0 unchanged\n"
    assert known(database, "SELECT name FROM account") == []


def test_faults_of_contracts_are_named_with_their_lines(
    database: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = written(tmp_path, "account,number,since,agreement\nA,1,soon,\nA,,,\n")
    assert cli.main(["import", "contracts", file]) == WRONG
    assert capsys.readouterr().err.splitlines() == [
        f"{file}: line 2: since “soon” is not a day; write 2026-11-30 or 30.11.2026",
        f"{file}: line 3: number is empty",
        f"{file}: nothing was changed",
    ]
    file = written(tmp_path, "account,number,agreement\nA,1,golden\n")
    assert cli.main(["import", "contracts", file]) == WRONG
    assert "line 2: there is no agreement “golden”; there are: —" in capsys.readouterr().err
    assert cli.main(["import", "contracts", file, "--deactivate-missing"]) == WRONG
    assert "--deactivate-missing is for cameras" in capsys.readouterr().err
    assert known(database, "SELECT number FROM contract") == []
