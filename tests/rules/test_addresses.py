"""Addresses and references of messages have one written form each, which reads back the same."""

import pytest

from core.addresses import Address, MessageRef

ADDRESSES = [
    (Address("telegram", "-1001"), "telegram:-1001"),
    (Address("telegram", "-1001", "7"), "telegram:-1001:7"),
    (Address("email", "anna@example.org"), "email:anna@example.org"),
    (Address("web", "a:b", "%3A"), "web:a%3Ab:%253A"),
]


@pytest.mark.parametrize(("address", "written"), ADDRESSES)
def test_an_address_is_written_one_way_and_read_back(address: Address, written: str) -> None:
    assert str(address) == written
    assert Address.parse(written) == address


def test_a_message_is_written_one_way_and_read_back() -> None:
    ref = MessageRef("email", "anna@example.org", "<1:2@example.org>")
    assert str(ref) == "email:anna@example.org:<1%3A2@example.org>"
    assert MessageRef.parse(str(ref)) == ref


@pytest.mark.parametrize("words", ["", "telegram", "telegram:", ":5", "a:b:c:d", "a::c"])
def test_what_is_no_address_is_refused(words: str) -> None:
    with pytest.raises(ValueError, match=r"empty|no address"):
        Address.parse(words)


@pytest.mark.parametrize("words", ["", "telegram:5", "telegram:5:", "a:b:c:d"])
def test_what_is_no_message_is_refused(words: str) -> None:
    with pytest.raises(ValueError, match=r"empty|no message"):
        MessageRef.parse(words)
