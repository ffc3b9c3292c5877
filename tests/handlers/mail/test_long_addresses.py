"""An address may have 254 characters: mail comes from it, and the answer goes there."""

import pytest
from sqlalchemy import select

from core import inbox
from core.models import ContactPoint
from tests.handlers.mail.desk_by_mail import Stage, plain

DOMAIN = ".".join(["d" * 61, "e" * 61, "f" * 60, "test"])
PLAIN = f"{'a' * 64}@{DOMAIN}"
# The desk writes each of these signs as three in the names of its own.
ESCAPED = f"a{'%' * 63}@{DOMAIN}"

pytestmark = pytest.mark.parametrize(
    "database",
    ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)],
    indirect=True,
)


@pytest.mark.parametrize("address", [PLAIN, ESCAPED], ids=["plain", "escaped"])
async def test_who_has_the_longest_address_writes_and_is_answered(
    stage: Stage, address: str
) -> None:
    assert len(address) == 254
    stage.write("The gate does not open.", sender=address)
    (ticket,) = await stage.tickets(1)
    await stage.mail(1, address)
    await stage.answer(ticket.id, "Press twice.")
    answer = await stage.mail(2, address)
    assert answer["To"] == address
    assert plain(answer).startswith("Press twice.")

    stage.write("It is still shut.", sender=address, In_Reply_To=answer["Message-ID"])
    await stage.quiet()
    assert [one.text for one in await stage.messages(ticket.id)] == [
        *("The gate does not open.", "Press twice.", "It is still shut.")
    ]
    (point,) = await stage.rows(select(ContactPoint.value).where(ContactPoint.kind == "email"))
    assert point == address


async def test_of_an_address_that_no_mail_can_reach_admins_read_just_that(stage: Stage) -> None:
    stage.write(sender=PLAIN.replace("@", "@x"))
    stage.write(sender="boris@x.test")
    (ticket,) = await stage.tickets(1)
    (shown,) = await stage.desk.read(inbox.list_quarantined)
    longer = "the address of its sender is longer than 254 characters"
    assert shown.cause == f"cannot be parsed, {longer}"
    assert ticket.opening == "The gate does not open."
