"""`{first_name}`: a customer is greeted as people are, and a text is whole without a name."""

import pytest

from core.errors import Refusal
from core.responses.template import fill, fill_lines
from core.words.called import greeted_as


@pytest.mark.parametrize(
    ("name", "called"),
    [
        ("Иван Петров", "Иван"),
        ("Смирнова Анна Петровна", "Анна"),
        ("ПЁТР ЕФИМОВ", "Пётр"),
        ("Петр Ефимов", "Петр"),
        ("анна смирнова 🌸", "Анна"),
        ("Анна-Мария Кох", "Анна-Мария"),
        ("Smith, Anna", "Anna"),
        ("ИП Иванов Пётр", "Пётр"),
        ("Тимур", "Тимур"),
        ("Гульчачак Сабирова", "Гульчачак Сабирова"),
        ("Zoltán Nagy", "Zoltán Nagy"),
        ("Nagy, Zoltán", "Zoltán Nagy"),
        ("ТСЖ «Лермонтовское»", None),
        ("ООО Анна и партнёры", None),
        ("River Street Warehouse Ltd", None),
        ("Queen & Co", None),
        ("info@example.org", None),
        ("Офис 12", None),
        ("—", None),
        ("🔥🔥", None),
        ("", None),
        ("когда же всё это кончится наконец", None),
    ],
)
def test_a_name_says_what_its_owner_is_called(name: str, called: str | None) -> None:
    assert greeted_as(name) == called


@pytest.mark.parametrize(
    ("template", "greeting", "without"),
    [
        ("Здравствуйте, {first_name}! Едем.", "Здравствуйте, Анна! Едем.", "Здравствуйте! Едем."),
        ("Hello {first_name}, we come.", "Hello Анна, we come.", "Hello, we come."),
        ("{first_name}, добрый день.", "Анна, добрый день.", "Добрый день."),
        ("Привет! {first_name}, едем.", "Привет! Анна, едем.", "Привет! Едем."),
        ("День добрый.\n{first_name}, едем.", "День добрый.\nАнна, едем.", "День добрый.\nЕдем."),
        ("Добрый день, {first_name}, едем.", "Добрый день, Анна, едем.", "Добрый день, едем."),
        ("Спасибо.", "Спасибо.", "Спасибо."),
    ],
)
def test_a_greeting_is_whole_with_a_first_name_and_without(
    template: str, greeting: str, without: str
) -> None:
    assert fill(template, {"first_name": "Анна"}) == greeting
    assert fill(template, {"first_name": None}) == without
    assert fill_lines(template, {}) == without


def test_nothing_but_a_name_that_is_not_known_is_no_answer() -> None:
    with pytest.raises(Refusal, match=r"refusal\.response_hole"):
        fill("{first_name}", {"first_name": None})


def test_a_signature_without_whom_to_greet_keeps_no_mail_back() -> None:
    assert fill_lines("{first_name}\nYour support", {}) == "Your support"
    assert fill_lines("{first_name}!\n{camera}\n\nYour support", {}) == "Your support"
    assert fill_lines("One\n\nTwo {first_name}", {}) == "One\n\nTwo"
    assert fill_lines("{first_name}", {}) == ""
