"""Tables of accounts and contracts, as CSV and as workbooks: read whole, or every line named."""

import zipfile
from collections.abc import Sequence
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from core.contacts.account_import import ACCOUNTS, CONTRACTS, AccountRead, ContractRead
from core.equipment.csv_file import read_cameras
from core.imports import kind_of
from core.sheets.faults import WrongFile
from core.sheets.rows import read_rows
from core.sheets.sheet import Sheet, read_head, read_sheet

# A workbook knows no zones.
AT = datetime(2026, 1, 2, 3, 4, tzinfo=UTC).replace(tzinfo=None)
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def book(*rows: Sequence[Any]) -> bytes:
    """A workbook with these rows."""
    made, kept = openpyxl.Workbook(), BytesIO()
    for row in rows:
        made.active.append(list(row))
    made.save(kept)
    return kept.getvalue()


def faults(sheet: Sheet[Any], raw: str | bytes) -> list[tuple[int, str]]:
    with pytest.raises(WrongFile) as wrong:
        read_sheet(sheet, raw if isinstance(raw, bytes) else raw.encode())
    return [(one.line, one.key.removeprefix("sheet.fault.")) for one in wrong.value.faults]


def test_every_column_that_is_not_known_is_technical_data() -> None:
    text = "Компания;Тариф;Роутер\nТСЖ «Роза»;Двор;\n ООО\u00a0Кит ;;AX-3\n"
    assert read_sheet(ACCOUNTS, text.encode()) == [
        AccountRead("ТСЖ «Роза»", {"Тариф": "Двор"}),
        AccountRead("ООО Кит", {"Роутер": "AX-3"}),
    ]


def test_a_contract_has_days_and_an_agreement_where_the_file_has_them() -> None:
    text = "Компания,Номер договора,С,По,Канал\nКит,Р-8,1.9.2025,2027-08-31,100\nКит,Р-9,,,\n"
    first, second = read_sheet(CONTRACTS, text.encode())
    days = {"since": date(2025, 9, 1), "until": date(2027, 8, 31)}
    assert first == ContractRead(2, "Кит", "Р-8", days, {"Канал": "100"})
    assert second.terms == {"since": None, "until": None}, "no agreement: the file has no column"
    (bare,) = read_sheet(CONTRACTS, b"account,number\nKit,1\n")
    assert bare.terms == {}


@pytest.mark.parametrize(
    ("sheet", "text", "told"),
    [
        (ACCOUNTS, "account,x\n,1\nA,2\na,3\n", [(2, "empty"), (4, "twice")]),
        (ACCOUNTS, "tariff\n1\n", [(1, "no_column")]),
        (ACCOUNTS, f"account\n{'я' * 201}\n", [(2, "too_long")]),
        (ACCOUNTS, 'account,x\nA,"1\n2"\nB,#N/A\n', [(2, "unprintable"), (4, "cell_error")]),
        (ACCOUNTS, "account,X,x\nA,1,2\n", [(1, "column_twice")]),
        (ACCOUNTS, 'account,x\nA,"1" 2\n', [(2, "quotes")]),
        (ACCOUNTS, f"account,x\nA,{'y' * 140_000}\n", [(2, "cell_long")]),
        (CONTRACTS, "account\nA\n", [(1, "no_column")]),
        (CONTRACTS, "account,number\nA,\n,1\nB,1\n", [(2, "empty"), (3, "empty"), (4, "twice")]),
        (CONTRACTS, "account,number,since\nA,1,soon\nA,2,1.11\n", [(2, "day"), (3, "day")]),
        (CONTRACTS, "account,number,since,until\nA,1,2026-02-01,2026-01-01\n", [(2, "days")]),
        (CONTRACTS, "account,number,until\nA,1,31.02.2026\nA,2\n", [(2, "day"), (3, "width")]),
    ],
)
def test_every_wrong_line_is_named(
    sheet: Sheet[Any], text: str, told: list[tuple[int, str]]
) -> None:
    assert faults(sheet, text) == told


def test_a_workbook_is_read_as_it_looks() -> None:
    raw = book(
        ("Компания", "Номер", "С", "Порт", "Снято", "Пусто"),
        (),
        ("Кит", 12, date(2025, 9, 1), 8080.0, AT, None),
        ("Кит", "Р-9", None, 1.5, True, None),
    )
    first, second = read_sheet(CONTRACTS, raw)
    assert (first.line, first.number, first.terms) == (3, "12", {"since": date(2025, 9, 1)})
    assert first.fields == {"Порт": "8080", "Снято": "2026-01-02 03:04"}
    assert (second.line, second.fields) == (4, {"Порт": "1.5", "Снято": "TRUE"})


def test_cameras_come_as_a_workbook_too() -> None:
    raw = book(("number", "name", "owner", "IP"), ("MOS_1", "Двор", 101, "10.0.0.7"))
    (camera,) = read_cameras(raw)
    assert (camera.owners, camera.fields) == (frozenset({("telegram", "101")}), {"IP": "10.0.0.7"})


def test_what_is_wrong_in_a_workbook_has_the_number_of_its_row() -> None:
    raw = book(("account", "x"), ("A", 1), (None, 2), (None, None), ("a", 3), ("B", 4, "more"))
    assert faults(ACCOUNTS, raw) == [(3, "empty"), (5, "twice"), (6, "width")]


def test_a_formula_counts_as_it_was_calculated_and_what_was_not_is_empty() -> None:
    assert faults(ACCOUNTS, book(("account", "x"), ("=A1", 1))) == [(2, "empty")]


def _repacked(raw: bytes, name: str, content: bytes) -> bytes:
    kept = BytesIO()
    with (
        zipfile.ZipFile(BytesIO(raw)) as old,
        zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for part in dict.fromkeys((*old.namelist(), name)):
            new.writestr(part, content if part == name else old.read(part))
    return kept.getvalue()


@pytest.mark.parametrize(
    "raw",
    [
        b"PK\x03\x04",
        book(("account",), ("A",))[:-40],
        _repacked(book(("account",)), "xl/workbook.xml", b"<x/>"),
        _repacked(
            book(("account",)), "xl/worksheets/sheet1.xml", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a/>"
        ),
        _repacked(
            book(("account",)),
            "xl/worksheets/sheet1.xml",
            "<!DOCTYPE a [<!ENTITY b 'c'>]><a/>".encode("utf-16"),
        ),
    ],
    ids=["a head", "cut off", "no sheets", "entities", "entities in wide letters"],
)
def test_what_is_no_workbook_is_said_to_be_none(raw: bytes) -> None:
    assert faults(ACCOUNTS, raw) == [(1, "no_workbook")]


def test_a_workbook_that_would_unpack_to_a_heap_is_not_unpacked() -> None:
    raw = _repacked(book(("account",)), "xl/worksheets/sheet1.xml", b" " * 65_000_000)
    assert len(raw) < 100_000
    assert faults(ACCOUNTS, raw) == [(1, "too_large")]


OFFICE = "openxmlformats-officedocument.spreadsheetml"


def _sheet(rows: str) -> bytes:
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return f'<worksheet xmlns="{space}"><sheetData>{rows}</sheetData></worksheet>'.encode()


def _with_words(words: str) -> bytes:
    """A workbook with words that any number of cells may name."""
    raw, name = book(("account",)), "xl/sharedStrings.xml"
    types = zipfile.ZipFile(BytesIO(raw)).read("[Content_Types].xml").decode()
    kind = f'ContentType="application/vnd.{OFFICE}.sharedStrings+xml"'
    types = types.replace("</Types>", f'<Override PartName="/{name}" {kind}/></Types>')
    space = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    strings = f'<sst xmlns="{space}"><si><t>{words}</t></si></sst>'
    return _repacked(_repacked(raw, "[Content_Types].xml", types.encode()), name, strings.encode())


@pytest.mark.parametrize(
    "row",
    ['<row><c r="XFD{n}"/></row>', '<row><c r="A{n}" t="s"><v>0</v></c></row>'],
    ids=["a cell far to the right", "the same long words"],
)
def test_rows_that_would_come_to_a_heap_are_not_gathered(row: str) -> None:
    rows = "".join(row.replace("{n}", str(n)) for n in range(1, 1001))
    raw = _repacked(_with_words("x" * 200_000), "xl/worksheets/sheet1.xml", _sheet(rows))
    assert len(raw) < 100_000
    assert faults(ACCOUNTS, raw) == [(1, "too_large")]


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        ("number,name,owner,IP", "cameras"),
        ("Номер,Название,Владелец", "cameras"),
        ("компания,номер", "contracts"),
        ("account,contract,channel", "contracts"),
        ("Клиент,Тариф", "accounts"),
        ("account", "accounts"),
        ("тариф,канал", None),
        ("Номер,Название,Адрес", None),
        ("name,number", None),
        ("Клиент,Номер,Название", "contracts"),
        ("", None),
    ],
)
def test_the_header_says_what_a_file_is(head: str, kind: str | None) -> None:
    found = kind_of(read_head(f"{head}\nA,B,C\n".encode()))
    assert (None if found is None else found.sheet.name) == kind


@pytest.mark.parametrize("folder", [EXAMPLES, EXAMPLES / "en"], ids=["ru", "en"])
def test_the_examples_are_read(folder: Path) -> None:
    accounts = read_sheet(ACCOUNTS, (folder / "accounts.csv").read_bytes())
    contracts = read_sheet(CONTRACTS, (folder / "contracts.csv").read_bytes())
    assert {one.account for one in contracts} == {one.name for one in accounts}
    assert all(one.fields for one in accounts) and all(one.fields for one in contracts)
    assert all(len(cells) > 1 for _, cells in read_rows((folder / "cameras.csv").read_bytes()))
