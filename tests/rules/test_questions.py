"""By which words something is found: any writing of a phone, an address, a number."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.words.questions import (
    INSIDE,
    question,
    words_of_account,
    words_of_camera,
    words_of_person,
    words_of_solution,
    words_of_text,
)


def is_found(words: set[str], text: str, *, inside: bool = True) -> bool:
    """Whether a ticket with these words is found by this text; nothing else is in the index."""

    def has(beginnings: tuple[str, ...]) -> bool:
        return any(word.startswith(one) for word in words for one in beginnings)

    asked = question(text, inside=inside)
    return bool(asked) and all(has(one.beginnings) for one in asked)


ANNA = words_of_person(
    "Анна Ёлкина", ["+79161234567"], ["Anna.Yolkina@mail.example"], ["anna_yolka"]
)


@pytest.mark.parametrize(
    "text",
    [
        *("+79161234567", "+7 916 123-45-67", "8 (916) 123-45-67", "89161234567", "9161234567"),
        *("7 916 123 45 67", "8\u2011916\u2011123\u201145\u201167", "916.123.45.67"),
        *("4567", "34567", "1234567", "123-45-67", "123 45 67", "23-45-67"),
        *("anna.yolkina@mail.example", "Anna.Yolkina@MAIL.example", "yolkina"),
        *("@anna_yolka", "@Anna_Yolka", "anna_yolka", "yolka", "анны", "елкиной 4567"),
    ],
)
def test_a_customer_is_found_by_any_writing(text: str) -> None:
    assert is_found(ANNA, text)


@pytest.mark.parametrize(
    "text",
    [
        *("+7 916 123-45-68", "567", "8 915 123-45-67", "4568", "+44 916 123 4567"),
        *("anna.yolkina@other.example", "@elka", "борис"),
    ],
)
def test_nobody_else_is(text: str) -> None:
    assert not is_found(ANNA, text)


@pytest.mark.parametrize(
    "text", ["+79161234567", "4567", "anna.yolkina@mail.example", "anna_yolka"]
)
def test_who_does_not_work_here_searches_no_phones_and_addresses(text: str) -> None:
    assert not is_found(ANNA, text, inside=False)
    assert is_found(ANNA, "анна", inside=False)


ACCOUNT = words_of_account(["ООО «Ромашка»", "Д-77/15"])


@pytest.mark.parametrize("text", ["Д-77/15", "д7715", "ромашка", "«РОМАШКИ»"])
def test_an_account_is_found_by_its_name_and_contracts(text: str) -> None:
    assert is_found(ACCOUNT, text)
    assert not is_found(ACCOUNT, text, inside=False)


def test_where_no_number_is_written_so_its_parts_are_asked_for() -> None:
    (wanted,) = question("77/15", inside=True)
    assert not is_found(ACCOUNT, "77/15") and wanted.instead == ("77", "15")
    assert all(any(word.startswith(INSIDE + part) for word in ACCOUNT) for part in wanted.instead)


@pytest.mark.parametrize("text", ["К-105", "к105", "лермонтова", "105 подъезд", "К-10"])
def test_a_camera_is_found_by_number_name_and_address(text: str) -> None:
    assert is_found(words_of_camera("К-105", "Второй подъезд", "ул. Лермонтова, 7"), text)


@pytest.mark.parametrize(
    "text", ["8 916 123-45-67", "4567", "anna@mail.example", "К-105", "к105", "звоните"]
)
def test_a_text_is_found_by_what_is_written_in_it(text: str) -> None:
    said = "Звоните +7 (916) 123-45-67 или пишите на Anna@mail.example, камера К-105"
    assert is_found(words_of_text(said), text, inside=False)


def test_what_is_said_inside_is_found_inside_only() -> None:
    assert is_found(words_of_solution("заменили кабель"), "кабели")
    assert not is_found(words_of_solution("заменили кабель"), "кабели", inside=False)


@given(st.text(max_size=300), st.booleans())
def test_whatever_is_typed_is_a_question(text: str, inside: bool) -> None:
    asked = question(text, inside=inside)
    assert len(asked) <= 8 and all(one.beginnings for one in asked)
    assert all(0 < len(word) <= 64 for word in words_of_text(text) | words_of_solution(text))
