"""What a company may say instead of a text: only its facts, its markup, all its plurals (G3)."""

import pytest

from core.text_faults import faults_of, near_keys
from core.texts import shipped_texts

TEXTS = shipped_texts()
OPENED, DEADLINE = "ticket.opened", "Обращение #{number}. До {due}."


def names(key: str, *forms: str, locale: str = "ru") -> list[str]:
    return [one.name for one in faults_of(TEXTS, locale, key, forms)]


def key_of(form: str) -> str:
    return next(key for key in TEXTS.keys("ru") if TEXTS.shipped("ru", key) == [form])


def test_every_text_of_the_desk_can_stand_in_for_itself() -> None:
    found = [
        f"{locale}: {key}: {faults_of(TEXTS, locale, key, TEXTS.shipped(locale, key))}"
        for locale in TEXTS.locales
        for key in TEXTS.keys(locale)
        if faults_of(TEXTS, locale, key, TEXTS.shipped(locale, key))
    ]
    assert not found


def test_less_may_be_said_and_in_another_order() -> None:
    assert not names(OPENED, DEADLINE)
    assert not names(OPENED, "Приняли.\nДо {due}: #{number}, Q&A")


@pytest.mark.parametrize(
    "wrong",
    ["{name}", "{number.real}", "{number:hours}", "{ number }", "{{number}}", "{number", "number}"],
)
def test_only_the_facts_of_the_original_may_be_asked_for(wrong: str) -> None:
    assert "text.slot" in names(OPENED, f"Обращение {wrong}")


def test_a_format_is_that_of_the_original() -> None:
    key = key_of("👤 <b>{name}</b>, {at:dated}")
    assert not names(key, "{at:dated}, {name}")
    assert names(key, "{at:hours}, {name}") == ["text.slot"]


@pytest.mark.parametrize(
    ("form", "wrong"),
    [
        ("<b>{name}", "text.unbalanced"),
        ("{name}</b>", "text.unbalanced"),
        ("<i>{name}</i>", "text.markup"),
        ("<script>alert(1)</script>", "text.markup"),
        ('<a href="https://example.org">x</a>', "text.markup"),
        ("1 < 2", "text.markup"),
    ],
)
def test_markup_is_that_of_the_original_and_whole(form: str, wrong: str) -> None:
    assert wrong in names(key_of("👤 <b>{name}</b>, {at:dated}"), form)
    assert "text.markup" in names(OPENED, "<b>x</b>"), "there is none in the original"
    assert "text.markup" in names(OPENED, "&lt;b&gt;")


def test_every_plural_of_the_language_is_needed() -> None:
    key = "group.flood"
    forms = TEXTS.shipped("ru", key)
    assert len(forms) == 3
    assert not names(key, *forms)
    assert names(key, *forms[:2]) == ["text.plurals"]
    assert names(OPENED, DEADLINE, DEADLINE) == ["text.one_form"]
    (fault,) = faults_of(TEXTS, "en", key, [*TEXTS.shipped("en", key)[:1], "{who}"])
    assert (fault.name, fault.form) == ("text.slot", 1), "it says which of them"


@pytest.mark.parametrize(
    ("key", "form", "wrong"),
    [
        ("button.menu.new", "x" * 41, "text.long"),
        ("button.menu.new", "one\ntwo", "text.lines"),
        ("refusal.outdated", "x" * 201, "text.long"),
        (OPENED, "x" * 1001, "text.long"),
        ("customer.blocked", "x" * 4097, "text.long"),
        (OPENED, " \u200b ", "text.blank"),
        (OPENED, "x\x00y", "text.blank"),
        (OPENED, "x\u202ey", "text.blank"),
    ],
)
def test_a_text_finds_room_where_it_stands(key: str, form: str, wrong: str) -> None:
    assert names(key, form) == [wrong]


def test_keys_that_are_spelled_alike_are_proposed() -> None:
    assert "ticket.opened" in near_keys(TEXTS, "tikcet.opened")
    assert near_keys(TEXTS, "frozen_until")[0] == "ticket.frozen_until"
    assert near_keys(TEXTS, "") == []
