"""A file of cameras is read whole, or every wrong line of it is named with its reason."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from core.equipment.csv_file import Read, WrongFile, read_cameras, read_owner
from core.texts import shipped_texts
from core.words.contact_values import read_phone, shared_phone

HEAD = "number,name,owner"


def faults(text: str | bytes) -> list[str]:
    raw = text if isinstance(text, bytes) else text.encode()
    with pytest.raises(WrongFile) as wrong:
        read_cameras(raw)
    return [f"line {fault.line}: {said(fault.key, **fault.facts)}" for fault in wrong.value.faults]


def said(key: str, **facts: object) -> str:
    now = datetime(2026, 11, 30, tzinfo=UTC)
    return shipped_texts().say("en", key, facts, now=now, zone=ZoneInfo("UTC"))


def test_a_plain_file() -> None:
    assert read_cameras(f"{HEAD}\nMOS_1,Yard,101\n".encode()) == [
        Read("MOS_1", "Yard", owners=frozenset({("telegram", "101")}))
    ]


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("sign", [",", ";"])
def test_spreadsheets_save_in_many_ways(mark: str, end: str, sign: str) -> None:
    rows = [["Номер", "Название", "Владелец", "Район", "Модель"]]
    rows += [
        ["MOS_1", '"Двор, вход; ворота"', '"101; +7 (916) 123-45-67;A@Example.org"', "Юг", "X9"]
    ]
    (camera,) = read_cameras((mark + end.join(sign.join(row) for row in rows)).encode())
    assert camera == Read(
        "MOS_1",
        "Двор, вход; ворота",
        area="Юг",
        owners=frozenset(
            {("telegram", "101"), ("phone", "+79161234567"), ("email", "a@example.org")}
        ),
        fields={"Модель": "X9"},
    )


@pytest.mark.parametrize(
    "text",
    [
        "sep=;\nnumber;name;owner\nMOS_1;Yard;101\n",
        '"sep=;"\r\nnumber;name;owner\r\nMOS_1;Yard;101\r\n',
        "\n\nnumber;name;owner\nMOS_1;Yard;101\n",
        "number;name;owner;;\nMOS_1;Yard;101;;\n",
        "number;name;owner\nMOS_1;Yard;101;\n",
        "number,name,owner\n\u200eMOS_1,Yard\u200b,\u202d101\u202c\n",
    ],
)
def test_traces_of_spreadsheets_are_no_fault(text: str) -> None:
    assert read_cameras(text.encode()) == [
        Read("MOS_1", "Yard", owners=frozenset({("telegram", "101")}))
    ]


def test_a_name_may_hold_a_quote_and_blank_lines_do_not_count() -> None:
    first, second = read_cameras(f'{HEAD}\n\n1,"«""A""»",\n ,,\n2,B,\n'.encode())
    assert (first.name, second.number, second.owners) == ('«"A"»', "2", frozenset())


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "line 1: there is no column number"),
        ("", "line 1: there is no column name"),
        ("number,name\n1,A\n", "line 1: there is no column owner"),
        ("number,name,owner,name\n", "line 1: the column name is there twice"),
        ("number,,name,owner\n", "line 1: a column has no name"),
        (f"\n\n{HEAD}\n,A,1\n", "line 4: number is empty"),
        (f"sep=,\n{HEAD}\n,A,1\n", "line 3: number is empty"),
        (f"{HEAD}\n1,A,9161234567\n", "looks like a phone; write it with +"),
        (f"{HEAD}\n1,A,375291234567\n", "looks like a phone; write it with +"),
        (f"{HEAD}\n1,A,+7916123456\n", "is not a phone in international form"),
        (f"{HEAD}\n1,A,+791612345678\n", "is not a phone in international form"),
        (f"{HEAD}\nMOC 1,A,1\nМОС1,B,1\n", "is in line 2 already"),
        (f"{HEAD}\n,A,1\n", "line 2: number is empty"),
        (f"{HEAD}\n1,,1\n", "line 2: name is empty"),
        (f"{HEAD}\n{'9' * 65},A,1\n", "line 2: number is longer than 64"),
        (f"{HEAD}\n1,{'я' * 201},1\n", "line 2: name is longer than 200"),
        (f"{HEAD}\n1,A,1\nx,B,1\n1,C,1\n", "line 4: number “1” is in line 2 already"),
        (f"{HEAD}\nmos,A,1\nMOS,B,1\n", "line 3: number “MOS” is in line 2 already"),
        (f"{HEAD}\n1,A,1,2\n", "line 2: it has 4 columns, the header has 3"),
        (f'{HEAD}\n1,"A\nB",1\n', "line 2: name has a line break"),
        (f"{HEAD}\n1,A\0,1\n", "line 2: name has a line break or another sign"),
        (f'{HEAD}\n1,"A"b,1\n', "line 2: the quotes are wrong"),
        (f'{HEAD}\n1,A,1\n2,"B,1\n', "line 3: the quotes are wrong"),
        (f"{HEAD}\n1,A,89161234567\n", "looks like a phone; write it with +"),
        (f"{HEAD}\n1,A,+7\n", "is not a phone in international form"),
        (f"{HEAD}\n1,A,a@b\n", "is not an e-mail address"),
        (f"{HEAD}\n1,A,Ivan\n", "line 2: owner “Ivan” is neither a Telegram id"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(text: str, told: str) -> None:
    assert any(told in fault for fault in faults(text)), faults(text)


def test_every_wrong_line_is_named_not_the_first_alone() -> None:
    found = faults(f"{HEAD}\n,A,1\n2,B,2\n3,,Ivan\n")
    assert [line.split(":")[0] for line in found] == ["line 2", "line 4", "line 4"]


def test_another_encoding_is_named_with_its_line() -> None:
    (told,) = faults(f"{HEAD}\n1,Двор,1\n".encode("cp1251"))
    assert told.startswith("line 2: this is not UTF-8")


@pytest.mark.parametrize(
    ("words", "phone"),
    [
        ("+79161234567", "+79161234567"),
        ("+7 (916) 123-45-67", "+79161234567"),
        ("+44 20 7946 0958", "+442079460958"),
        ("89161234567", None),
        ("+0123456789", None),
        ("+7916123456789012", None),
        ("+7916abc", None),
        ("", None),
    ],
)
def test_a_phone_is_international_or_none(words: str, phone: str | None) -> None:
    assert read_phone(words) == phone


def test_telegram_shares_phones_with_and_without_a_plus() -> None:
    assert shared_phone("79161234567") == shared_phone("+79161234567") == "+79161234567"
    assert shared_phone("none") is None


def test_an_owner_is_of_one_of_three_kinds() -> None:
    assert read_owner("5001") == ("telegram", "5001")
    assert read_owner("+79161234567")[0] == "phone"
    assert read_owner("8 916 123-45-67") == ("phone", "+79161234567")
    assert read_owner("Anna@Example.org") == ("email", "anna@example.org")
