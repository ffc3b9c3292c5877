"""Mailboxes of the directory: what begins in one, and how it is answered from there (F1, F6)."""

from dataclasses import replace
from typing import Final

import pytest
from sqlalchemy import select

from core.directory.reader import read_directory
from core.directory.store import apply_directory
from core.models import Classification, OutboxRow, Person, TicketMailbox, TicketTeam
from core.tickets.classification import ClassWish
from core.tickets.mailboxes import DeskMailboxes, MailboxFacts, mailbox_of
from handlers.mail.parse import parse
from tests.handlers.mail.desk_by_mail import ANNA, SUPPORT, Stage, plain

BILLING: Final = "billing@desk.test"
DIRECTORY: Final = f"""
[[topic]]
code = "payment"
titles = {{ en = "Payment" }}

[[team]]
code = "clerks"
titles = {{ en = "Clerks" }}
chat = -200

[[mailbox]]
address = "{SUPPORT}"

[[mailbox]]
address = "{BILLING}"
title = "The desk, billing"
topic = "payment"
category = "request"
priority = "high"
team = "clerks"
language = "ru"
signature = {{ en = "{{operator}}\\nBilling, {{company}}\\n{{topic}}, ticket {{number}}" }}
"""

both = pytest.mark.parametrize(
    "database",
    ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)],
    indirect=True,
)


async def put(stage: Stage, text: str = DIRECTORY, **changes: str) -> None:
    """Let this be the directory; ``changes``: what else stands in billing's entry."""
    more = "\n".join(f"{name} = {value}" for name, value in changes.items())
    await stage.desk.run(apply_directory, read_directory(text + more))


@both
async def test_a_mail_to_billing_is_billings_and_is_answered_from_there(stage: Stage) -> None:
    await put(stage)
    stage.write("I paid twice.", subject="Twice", to=f"Billing <{BILLING.title()}>")
    (ticket,) = await stage.tickets(1)
    assert (ticket.topic, ticket.title) == ("payment", "Twice")
    (team,) = await stage.rows(select(TicketTeam.team))
    (kind,) = await stage.rows(select(Classification))
    (card,) = [one for one in stage.group.deliveries if one.kind == "card"]
    assert (team, kind.category, kind.priority) == ("clerks", "request", "high")
    assert card.address == "-200", "the card is in the team's own group"

    confirmed = await stage.mail(1)
    assert str(confirmed["From"]) == f'"The desk, billing" <{BILLING}>'
    assert confirmed["Reply-To"] is None
    assert plain(confirmed).endswith("-- \nPayment, ticket 1\n"), "no name, no company: no line"

    await stage.answer(1, "Your money is on its way.")
    answer = await stage.mail(2)
    assert str(answer["From"]) == f'"The desk, billing" <{BILLING}>'
    assert plain(answer) == ("Your money is on its way.\n\n-- \nOlga\nPayment, ticket 1\n")
    assert answer["In-Reply-To"] == "<1@x.test>"

    stage.write("Thanks, when?", to=BILLING, In_Reply_To=answer["Message-ID"], subject="Hm")
    await stage.quiet()
    assert [one.text for one in await stage.messages(1)] == [
        *("I paid twice.", "Your money is on its way.", "Thanks, when?")
    ]
    stage.write("And this?", to=SUPPORT, subject="Another [SR-1]")
    await stage.quiet()
    await stage.answer(1, "This, too.")
    later = await stage.mail(3)
    assert str(later["From"]) == f'"The desk, billing" <{BILLING}>', "wherever they went on"


async def test_who_first_writes_to_a_mailbox_is_answered_in_its_language(stage: Stage) -> None:
    await put(stage)
    stage.write(to=BILLING)
    await stage.tickets(1)
    stage.write(to=SUPPORT, sender="john@x.test")
    await stage.tickets(2)
    languages = await stage.rows(select(Person.language).order_by(Person.id))
    assert languages[:2] == ["ru", "en"]


@pytest.mark.parametrize(
    ("headers", "box"),
    [
        ("To: billing+spring@desk.test", BILLING),
        ("To: support+1@desk.test", SUPPORT),
        (f"To: bob@y.test\nCc: Al <al@y.test>, B <{BILLING.upper()}>", BILLING),
        (f"Delivered-To: {BILLING}\nTo: bob@y.test", BILLING),
        (f"To: {SUPPORT}, {BILLING}", SUPPORT),
        (f"Delivered-To: {SUPPORT}\nTo: {BILLING}", BILLING),
        ("To: sales@desk.test", None),
        ("To: undisclosed-recipients:;", None),
    ],
)
def test_the_mailbox_is_the_first_that_the_mails_headers_name(
    headers: str, box: str | None
) -> None:
    off = replace(mailbox("sales@desk.test"), active=False)
    mailboxes = DeskMailboxes(
        {one.address: one for one in (off, *map(mailbox, (SUPPORT, BILLING)))}
    )
    found = mailbox_of(mailboxes, parse(f"From: a@x.test\n{headers}\n\nHi".encode()).recipients)
    assert (None if found is None else found.address) == box


def mailbox(address: str) -> MailboxFacts:
    return MailboxFacts(
        address, None, None, ClassWish(), None, None, {}, confirm=True, send_as=True, active=True
    )


async def test_what_comes_twice_by_two_mailboxes_is_one_ticket(stage: Stage) -> None:
    await put(stage)
    for _ in range(2):
        stage.write(to=f"{BILLING}, {SUPPORT}", Message_ID="<same@x.test>")
    await stage.tickets(1)
    assert await stage.rows(select(TicketMailbox.mailbox)) == [BILLING]


async def test_an_address_that_is_no_mailbox_is_as_before(stage: Stage) -> None:
    await put(stage, active="false")
    stage.write(to=BILLING)
    await stage.until(stage.is_quiet)
    stage.write(to=SUPPORT)
    (ticket,) = await stage.tickets(1)
    assert ticket.topic is None, "billing is nobody's, and a mail to it is for another address"
    assert await stage.rows(select(TicketMailbox.mailbox)) == [SUPPORT]
    confirmed = await stage.mail(1)
    assert str(confirmed["From"]) == f"The desk <{SUPPORT}>"
    assert plain(confirmed).endswith("-- \nTo answer, reply to this mail.\n")


async def test_a_mailbox_changes_while_the_desk_runs(stage: Stage) -> None:
    await put(stage)
    stage.write(to=BILLING)
    await stage.tickets(1)
    await stage.mail(1)
    await put(stage, active="false")
    await stage.answer(1, "Gone.")
    assert str((await stage.mail(2))["From"]) == f"The desk <{SUPPORT}>"
    await put(stage, DIRECTORY.replace("The desk, billing", "Bills"))
    await stage.answer(1, "Back.")
    assert str((await stage.mail(3))["From"]) == f"Bills <{BILLING}>"


async def test_a_mailbox_that_confirms_nothing_says_nothing(stage: Stage) -> None:
    await put(stage, confirm="false")
    stage.write(to=BILLING)
    await stage.tickets(1)
    await stage.answer(1, "Here.")
    assert "Here." in plain(await stage.mail(1))


@pytest.mark.parametrize("late", [False, True], ids=["at once", "as Postfix does"])
async def test_where_the_relay_takes_nothing_from_a_mailbox_it_is_where_answers_go(
    stage: Stage, late: bool
) -> None:
    stage.smtp.sender_refusals[BILLING] = "553 5.7.1 Sender address rejected: not owned by user"
    stage.smtp.late = late
    await put(stage)
    stage.write(to=BILLING)
    await stage.tickets(1)
    await stage.answer(1, "From elsewhere.")
    for letter in (await stage.mail(2), stage.mails()[0]):
        assert str(letter["From"]) == f'"The desk, billing" <{SUPPORT}>'
        assert str(letter["Reply-To"]) == f'"The desk, billing" <{BILLING}>'
    mails = select(OutboxRow).where(OutboxRow.channel == "email").order_by(OutboxRow.id)
    rows = await stage.rows(mails)
    assert {row.state for row in rows} == {"sent"}

    answer = stage.mails()[-1]
    stage.write("Fine", to=BILLING, In_Reply_To=answer["Message-ID"])
    await stage.quiet()
    assert len(await stage.messages(1)) == 3


async def test_a_recipient_who_is_refused_is_refused_from_everywhere(stage: Stage) -> None:
    stage.smtp.refusals[ANNA] = "550 5.1.1 no such user"
    await put(stage)
    stage.write(to=BILLING)
    await stage.tickets(1)
    await stage.quiet()
    (row,) = await stage.rows(select(OutboxRow).where(OutboxRow.channel == "email"))
    assert row.state == "failed"
    del stage.smtp.refusals[ANNA]
    stage.write("Once more", to=BILLING, sender="john@x.test")
    await stage.tickets(2)
    letter = await stage.mail(1, "john@x.test")
    assert BILLING in letter["From"], "the mailbox was not at fault"


async def test_by_a_line_answers_leave_from_the_usual_address(stage: Stage) -> None:
    await put(stage, send_as="false")
    stage.write(to=BILLING)
    await stage.tickets(1)
    letter = await stage.mail(1)
    assert str(letter["From"]) == f'"The desk, billing" <{SUPPORT}>'
    assert str(letter["Reply-To"]) == f'"The desk, billing" <{BILLING}>'


async def test_the_desks_own_mail_from_a_mailbox_opens_nothing(stage: Stage) -> None:
    await put(stage)
    stage.write(sender=BILLING, to=SUPPORT)
    stage.write(to=SUPPORT)
    await stage.tickets(1)


async def test_what_follows_an_end_keeps_its_team_and_gets_the_mailbox_it_came_by(
    stage: Stage,
) -> None:
    await put(stage)
    stage.write(to=BILLING)
    await stage.tickets(1)
    answered = await stage.mail(1)
    await stage.move(1, "cancel")
    await stage.quiet()
    stage.write("Again", to=SUPPORT, In_Reply_To=answered["Message-ID"])
    _, follower = await stage.tickets(2)
    assert (follower.follows_id, follower.topic) == (1, "payment")
    teams = select(TicketTeam.team).order_by(TicketTeam.ticket_id)
    assert await stage.rows(teams) == ["clerks", "clerks"]
    boxes = select(TicketMailbox.mailbox).order_by(TicketMailbox.ticket_id)
    assert await stage.rows(boxes) == [BILLING, SUPPORT]
