"""Phones and addresses as operators type them, and what a draft by hand asks next."""

import pytest

from core.manual_tickets.draft import CALL, Draft, Offered, step_of, unpacked
from core.words.contact_values import read_email, typed_phone


@pytest.mark.parametrize(
    ("words", "phone"),
    [
        ("+7 916 123-45-67", "+79161234567"),
        ("8 (916) 123-45-67", "+79161234567"),
        ("79161234567", "+79161234567"),
        ("916 123 45 67", "+79161234567"),
        ("8 495 123 45 67", "+74951234567"),
        ("+44 20 7946 0958", "+442079460958"),
        ("+375 29 123-45-67", "+375291234567"),
        ("2071234567", None),
        ("8 016 123 45 67", None),
        ("12", None),
        ("#12", None),
        ("8 916 123 45 6", None),
        ("8 916 123 45 678", None),
        ("+7 916 abc", None),
        ("٨٩١٦١٢٣٤٥٦٧", None),
        ("", None),
    ],
)
def test_a_phone_is_read_as_it_is_dialled_here_or_as_the_world_writes_it(
    words: str, phone: str | None
) -> None:
    assert typed_phone(words) == phone


@pytest.mark.parametrize(
    ("words", "address"),
    [
        (" Anna@Example.org ", "anna@example.org"),
        ("a.b+c@mail.example.co.uk", "a.b+c@mail.example.co.uk"),
        ("anna@xn--e1afmkfd.xn--p1ai", "anna@xn--e1afmkfd.xn--p1ai"),
        ("anna", None),
        ("@anna", None),
        ("anna@localhost", None),
        ("a..b@example.org", None),
        ("anna.@example.org", None),
        ("anna@example.org, boris@example.org", None),
        ("anna@-example.org", None),
        ("anna@example.org\nBcc: x@example.org", None),
        ("a" * 65 + "@example.org", None),
    ],
)
def test_an_address_is_one_that_can_be_written_to(words: str, address: str | None) -> None:
    assert read_email(words) == address


FULL = Offered(topics=True, services=True, categories=True)
SAID = {"kind": "text", "text": "It leaks"}
KNOWN = Draft().answered(person=5)
PLACED = KNOWN.answered(topic="payment").answered(service="tv").answered(category="incident")
CALLER = Draft(kind=CALL).answered(phone="+79161234567")


@pytest.mark.parametrize(
    ("draft", "offered", "step"),
    [
        (Draft(), FULL, "customer"),
        (Draft(kind=CALL), FULL, "customer"),
        (Draft().answered(new=True), FULL, "name"),
        (Draft().answered(new=True, name="Carol"), FULL, "reach"),
        (Draft().answered(new=True, name="Carol", email="a@b.c"), FULL, "topic"),
        (CALLER.answered(new=True), FULL, "name"),
        (CALLER.answered(new=True).answered(name="Carol"), FULL, "purpose"),
        (CALLER.answered(person=5), FULL, "purpose"),
        (CALLER.answered(person=5).answered(fresh=True), FULL, "topic"),
        (CALLER.answered(person=5).answered(ticket=12), FULL, "words"),
        (CALLER.answered(person=5).answered(ticket=12).answered(words=SAID), FULL, "check"),
        (KNOWN, FULL, "topic"),
        (KNOWN, Offered(), "words"),
        (KNOWN, Offered(services=True), "service"),
        (KNOWN.answered(topic="payment"), FULL, "service"),
        (KNOWN.answered(topic="payment").answered(service="tv"), FULL, "category"),
        (PLACED, FULL, "words"),
        (PLACED.answered(words=SAID), FULL, "assignee"),
        (PLACED.answered(words=SAID).answered(assignee="me"), FULL, "check"),
    ],
)
def test_what_is_required_is_asked_in_its_order(draft: Draft, offered: Offered, step: str) -> None:
    assert step_of(draft, offered) == step
    assert unpacked(draft.packed()) == draft


def test_going_back_takes_the_last_answers_away_and_ends_at_the_beginning() -> None:
    draft = CALLER.answered(new=True).answered(name="Carol")
    one_back = draft.back()
    assert one_back is not None and (one_back.name, one_back.new) == (None, True)
    two_back = one_back.back()
    assert two_back is not None and (two_back.new, two_back.phone) == (False, "+79161234567")
    first = two_back.back()
    assert first == Draft(kind=CALL) and first.back() is None


def test_a_draft_of_another_release_keeps_what_is_still_known() -> None:
    packed = {"kind": "ticket", "person": 5, "colour": "red", "trail": [["person", "colour"]]}
    assert unpacked(packed) == Draft(person=5, trail=(("person",),))
