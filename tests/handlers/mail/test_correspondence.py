"""A customer writes mail and reads the answers; nothing is lost, nothing happens twice."""

from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path

import pytest
from sqlalchemy import func, select

from channels.email import contents
from channels.email.compose import message_id
from core.addresses import Address, MessageRef
from core.contacts.lookup import person_facts
from core.contacts.write_first import write_first
from core.db import Database
from core.directory.kinds.accounts import AccountDomainEntry
from core.directory.reader import Item, read_directory
from core.directory.store import apply_directory, put_items
from core.errors import Refusal
from core.journal import list_entries
from core.models import Account, OutboxRow, Person, Ticket
from core.people.identity import Sender, recognise
from core.people.staff import by_operator
from core.setup.restored import mail_stamp
from core.tickets.card import card_of
from core.tickets.conversation import edit, undo
from core.tickets.customer_message import open_ticket
from core.tickets.field_edits import STEP
from core.tickets.fields import values_of
from core.tickets.incoming import IncomingMessage
from core.tx import Tx
from tests.handlers.mail.desk_by_mail import ANNA, OLGA, Stage, plain, stage_at
from tests.handlers.mail.imap_servers import INSTALLED, OtherServer

pytestmark = pytest.mark.parametrize(
    ("database", "mailbox"),
    [
        pytest.param("sqlite", "sandbox", id="sqlite"),
        pytest.param("postgres", "sandbox", id="postgres", marks=pytest.mark.postgres),
        *[pytest.param("sqlite", "other", id="dovecot")][: INSTALLED == "dovecot"],
    ],
    indirect=True,
)


async def test_the_confirmation_of_a_ticket_by_hand_carries_the_companys_consent(
    stage: Stage,
) -> None:
    """Nobody has asked its customer."""
    stage.desk.company = replace(stage.desk.company, consent={"en": "We keep <it> for a year."})

    async def open_by_hand(tx: Tx, text: str) -> None:
        person = await recognise(tx, Sender(Address("email", ANNA), "Anna"))
        said = IncomingMessage(MessageRef("email", ANNA, text), "text", text, {"text": text})
        await open_ticket(tx, person, [said], topic=None)

    await stage.desk.run(open_by_hand, "The gate")
    said = plain(await stage.mail(1))
    assert "In answering your mail we use your data like this:\nWe keep <it> for a year." in said


async def test_a_mail_becomes_a_ticket_and_the_answer_comes_as_a_mail(stage: Stage) -> None:
    stage.write("The gate does not open.", subject="The gate")
    (ticket,) = await stage.tickets(1)
    assert (ticket.title, ticket.origin, ticket.state) == ("The gate", "email", "new")
    assert ticket.opening == "The gate does not open."
    assert any(delivery.kind == "card" for delivery in stage.group.deliveries)

    acknowledged = await stage.mail(1)
    assert acknowledged["Subject"] == "We have your request [SR-1]"
    assert acknowledged["Auto-Submitted"] == "auto-replied"
    assert acknowledged["In-Reply-To"] == "<1@x.test>"
    assert "The gate" not in plain(acknowledged)
    assert "we use your data" not in plain(acknowledged)

    await stage.answer(1, "Press twice & hold.")
    answer = await stage.mail(2)
    assert answer["Subject"] == "Re: The gate [SR-1]"
    assert answer["Auto-Submitted"] is None
    assert answer["In-Reply-To"] == answer["References"] == "<1@x.test>"
    assert plain(answer).startswith("Press twice & hold.\n\n-- \nOlga\n")
    html = answer.get_body(("html",))
    assert html is not None
    assert "Press twice &amp; hold." in html.get_content()
    (message,) = [one for one in await stage.messages(1) if not one.from_customer]
    assert message.delivered_at is not None


async def test_an_answer_to_our_mail_joins_its_ticket(stage: Stage) -> None:
    stage.write()
    first = await stage.mail(1)
    stage.write(
        "It is still shut.\n\nOn Tue, 24 Nov 2026 at 10:00, The desk <support@desk.test> wrote:\n"
        "> We have it.\n",
        subject="Re: something else",
        In_Reply_To=first["Message-ID"],
    )
    await stage.tickets(1)
    await stage.until(lambda: _count(stage, 1, 2))
    words = (await stage.messages(1))[-1]
    assert words.text == "It is still shut."
    assert words.content["whole"].endswith("> We have it.")


async def _count(stage: Stage, ticket: int, count: int) -> bool:
    return len(await stage.messages(ticket)) == count


async def test_an_answer_to_ones_own_earlier_mail_joins_its_ticket(stage: Stage) -> None:
    stage.write()
    await stage.tickets(1)
    stage.write("It is still shut.", subject="x", In_Reply_To="<1@x.test>")
    await stage.until(lambda: _count(stage, 1, 2))
    stage.write("Mine, too.", subject="x", sender="mallory@y.test", In_Reply_To="<1@x.test>")
    await stage.tickets(2)


async def test_a_number_in_the_subject_joins_the_senders_own_ticket_only(stage: Stage) -> None:
    stage.write()
    await stage.tickets(1)
    stage.write("More of it.", subject="About SR-1")
    await stage.until(lambda: _count(stage, 1, 2))
    stage.write("Mine now.", subject="About SR-1", sender="mallory@y.test")
    *_, other = await stage.tickets(2)
    (words,) = await stage.messages(other.id)
    assert words.content["remark"] == {"key": "named", "number": 1}


async def test_another_customer_adds_to_no_ticket_but_their_own(stage: Stage) -> None:
    stage.write()
    ours = (await stage.mail(1))["Message-ID"]
    stage.write("A matter of mine.", subject="x", sender="mallory@y.test")
    await stage.tickets(2)
    stage.write("Mine, too.", subject="About SR-1", sender="mallory@y.test")
    stage.write("Mine as well.", subject="x", sender="mallory@y.test", In_Reply_To=ours)
    stage.write("And mine.", subject="x", sender="mallory@y.test", In_Reply_To="<1@x.test>")
    first, second, *more = await stage.tickets(5)
    assert len(await stage.messages(first.id)) == len(await stage.messages(second.id)) == 1
    remarks = [(await stage.messages(one.id))[0].content.get("remark") for one in more]
    assert remarks == [{"key": "named", "number": 1}, {"key": "named", "number": 1}, None]


async def test_another_mask_is_shown_and_found_and_the_usual_one_means_nothing(
    stage: Stage,
) -> None:
    stage.desk.company = replace(stage.desk.company, number_mask="REQ-{0}")
    stage.write()
    assert (await stage.mail(1))["Subject"] == "We have your request [REQ-1]"
    stage.write("More of it.", subject="About REQ-1")
    await stage.until(lambda: _count(stage, 1, 2))
    stage.write("Another matter.", subject="About SR-1")
    await stage.tickets(2)
    chosen = read_directory('[settings]\nnumber_mask = "NEW-{0}"\n')
    await stage.desk.run(apply_directory, chosen)
    stage.write("By the former number.", subject="About REQ-1")
    await stage.until(lambda: _count(stage, 1, 3))
    stage.write("By the new one.", subject="About NEW-1")
    await stage.until(lambda: _count(stage, 1, 4))


async def test_a_number_in_new_words_counts_by_a_setting_and_in_quoted_ones_never(
    database: Database, tmp_path: Path, mailbox: OtherServer | None
) -> None:
    quoted = "Something else.\n\n12.11.2026 10:21, The desk wrote:\n> We have it: SR-1\n"
    for joins, folder in ((False, "off"), (True, "on")):
        async with stage_at(database, tmp_path / folder, server=mailbox) as stage:
            chosen = read_directory(f"[settings]\nnumber_in_body = {str(joins).lower()}\n")
            await stage.desk.run(apply_directory, chosen)
            (before,) = await stage.rows(select(func.count(Ticket.id)))
            stage.write(f"The gate, {folder}.")
            await stage.tickets(before + 1)
            stage.write(quoted.replace("SR-1", f"SR-{before + 1}"), subject=f"Quoted {folder}")
            await stage.tickets(before + 2)
            stage.write(f"It is about SR-{before + 1}, {folder}.", subject=f"Body {folder}")
            await stage.tickets(before + (2 if joins else 3))
            assert len(await stage.messages(before + 1)) == (2 if joins else 1)


@pytest.mark.parametrize(("verb", "after"), [("freeze", "reopened"), ("wait", "reopened")])
async def test_an_answer_ends_a_pause(stage: Stage, verb: str, after: str) -> None:
    stage.write()
    await stage.tickets(1)
    await stage.answer(1, "Which gate?")
    await stage.mail(2)
    await stage.move(1, verb)
    stage.write("The left one.", subject="Re: The gate [SR-1]")
    await stage.until(lambda: _count(stage, 1, 3))
    (ticket,) = await stage.tickets(1)
    assert ticket.state == after


async def test_a_guessed_reference_adds_nothing_to_somebody_elses_ticket(stage: Stage) -> None:
    stage.write()
    ours = (await stage.mail(1))["Message-ID"]
    stage.write("Hello.", subject="x", sender="mallory@y.test", In_Reply_To=ours)
    forged = ours.replace(
        ours[ours.rindex(".", 0, ours.index("@")) + 1 : ours.index("@")], "0" * 20
    )
    stage.write("Hello again.", subject="x", sender=ANNA, In_Reply_To=forged)
    tickets = await stage.tickets(3)
    assert [len(await stage.messages(ticket.id)) for ticket in tickets] == [1, 1, 1]


async def test_an_answer_to_an_ended_ticket_opens_one_that_follows_it(stage: Stage) -> None:
    stage.write()
    await stage.tickets(1)
    await stage.move(1, "close")
    stage.write("It broke again.", subject="Re: The gate [SR-1]")
    _, second = await stage.tickets(2)
    assert second.follows_id == 1


async def test_an_answer_reopens_a_resolved_ticket(stage: Stage) -> None:
    stage.write()
    await stage.tickets(1)
    await stage.move(1, "resolve", reason="fixed")
    resolved = await stage.mail(2)
    stage.write("No, it is shut.", In_Reply_To=resolved["Message-ID"])
    await stage.until(lambda: _count(stage, 1, 2))
    (ticket,) = await stage.tickets(1)
    assert ticket.state == "reopened"


async def test_automatic_mail_opens_nothing_reopens_nothing_and_gets_no_answer(
    stage: Stage,
) -> None:
    stage.write("I am on holiday.", Auto_Submitted="auto-replied")
    stage.write()
    await stage.tickets(1)
    await stage.move(1, "resolve", reason="fixed")
    resolved = await stage.mail(2)
    stage.write("Out of office.", Auto_Submitted="auto-replied", In_Reply_To=resolved["Message-ID"])
    await stage.until(lambda: _count(stage, 1, 2))
    (ticket,) = await stage.tickets(1)
    assert (ticket.state, len(stage.mails())) == ("resolved", 2)
    assert not (await stage.messages(1))[-1].counts, "nobody waits for an answer to it"


async def test_files_come_to_the_group_and_go_with_answers(stage: Stage) -> None:
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = ANNA, "support@desk.test", "A photo"
    letter.set_content("See here.")
    letter.add_attachment(b"\x89PNG", maintype="image", subtype="png", filename="../../gate.png")
    stage.write(raw=letter.as_bytes())
    await stage.tickets(1)
    words, file = await stage.messages(1)
    assert words.text == "See here."
    assert (file.text, file.content["file"]["title"]) == ("gate.png", "gate.png")
    path = stage.folder / file.content["file"]["name"][:2] / file.content["file"]["name"]
    assert path.read_bytes() == b"\x89PNG"

    await stage.answer(1, "A plan", kind="document", file_id="F1", more={"name": "plan.pdf"})
    answer = await stage.mail(2)
    (enclosed,) = answer.iter_attachments()
    assert (enclosed.get_filename(), enclosed.get_content()) == ("plan.pdf", b"bytes of F1")


async def test_files_that_no_mail_can_carry_are_told_and_not_cut(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contents, "LARGEST", 5)
    stage.write()
    await stage.tickets(1)
    await stage.answer(1, "A plan", kind="document", file_id="F1", more={"name": "plan.pdf"})
    await stage.until(lambda: _failures(stage, "answer.failed.letter_other"))
    assert len(stage.mails()) == 1


async def test_ten_tickets_of_an_hour_are_acknowledged_once(stage: Stage) -> None:
    for number in range(10):
        stage.write(f"Matter {number}", subject=f"Matter {number}")
    await stage.tickets(10)
    assert len(stage.mails()) == 1


async def test_an_acknowledgement_quotes_nothing_of_what_came(stage: Stage) -> None:
    """Or the desk would carry a stranger's advertisement to whomever they name as the sender."""
    stage.write("Buy my pills.", subject="Cheap pills")
    letter = await stage.mail(1)
    words = letter.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "SR-1" in letter["Subject"]
    assert "pills" not in letter["Subject"] + words


async def test_a_bounce_tells_that_the_answer_did_not_arrive(stage: Stage) -> None:
    stage.write()
    await stage.tickets(1)
    await stage.answer(1, "Press twice.")
    sent = await stage.mail(2)
    stage.write(raw=bounce(sent["Message-ID"]))
    await stage.until(lambda: _failures(stage))
    await stage.tickets(1)
    card = await stage.desk.read(card_of, 1)
    assert card is not None and card.customer_lost, "the address is marked until they write"
    stage.write("I am here.", subject="Re: The gate [SR-1]")
    await stage.until(lambda: _count(stage, 1, 3))
    card = await stage.desk.read(card_of, 1)
    assert card is not None and not card.customer_lost


async def test_a_bounce_of_a_full_mailbox_is_told_and_the_address_stays_good(stage: Stage) -> None:
    stage.write()
    await stage.tickets(1)
    await stage.answer(1, "Press twice.")
    sent = await stage.mail(2)
    stage.write(raw=bounce(sent["Message-ID"], "5.2.2"))
    await stage.until(lambda: _failures(stage, "answer.failed.letter_other"))
    card = await stage.desk.read(card_of, 1)
    assert card is not None and not card.customer_lost


def bounce(message_id: str, status: str = "5.1.1") -> bytes:
    """A server's report that this mail to Anna will never arrive."""
    return (
        "From: MAILER-DAEMON@mx.test\r\nTo: support@desk.test\r\nSubject: failed\r\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n"
        "--b\r\nContent-Type: text/plain\r\n\r\nIt failed.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\n"
        f"Final-Recipient: rfc822; {ANNA}\r\nStatus: {status}\r\n\r\n"
        "--b\r\nContent-Type: message/rfc822\r\n\r\n"
        f"Message-ID: {message_id}\r\n\r\nx\r\n--b--\r\n"
    ).encode()


def _failures(stage: Stage, key: str = "answer.failed.letter_blocked") -> bool:
    return any(one.key == key for one in stage.group.deliveries)


async def test_after_a_restore_an_answer_to_an_earlier_mail_joins_its_ticket(stage: Stage) -> None:
    stage.write()
    first = await stage.mail(1)
    stage.desk.company = replace(stage.desk.company, epoch=1)
    stage.write("Still shut.", subject="Re: something else", In_Reply_To=first["Message-ID"])
    await stage.until(lambda: _count(stage, 1, 2))
    await stage.tickets(1)
    await stage.answer(1, "Press twice.")
    answer = await stage.mail(2)
    assert first["Message-ID"].startswith("<outbox-0.")
    assert answer["Message-ID"].startswith("<outbox-1.")
    stage.write("It opens.", subject="Re: something else", In_Reply_To=answer["Message-ID"])
    await stage.until(lambda: _count(stage, 1, 4))


async def test_a_bounce_of_a_mail_lost_in_a_restore_is_nobody_elses(stage: Stage) -> None:
    stage.write()
    await stage.tickets(1)
    await stage.answer(1, "Press twice.")
    await stage.mail(2)
    (answer,) = await stage.rows(
        select(OutboxRow).where(OutboxRow.kind == "content", OutboxRow.channel == "email")
    )
    stamp = await stage.desk.read(mail_stamp)
    stage.write(raw=bounce(message_id(answer.id, 12, stamp, "desk.test")))
    await stage.quiet()
    assert not _failures(stage)
    stage.write(raw=bounce(message_id(answer.id, 1, stamp, "desk.test")))
    await stage.until(lambda: _failures(stage))


async def test_a_sender_belongs_to_the_account_of_their_domain(stage: Stage) -> None:
    async def prepare(tx: Tx) -> None:
        await tx.insert(Account(name="House 10"))
        await put_items(tx, [Item(AccountDomainEntry(domain="x.test", account="House 10"))])

    await stage.desk.run(prepare)
    stage.write()
    await stage.tickets(1)
    stage.write(sender="boris@sub.x.test")
    await stage.tickets(2)
    known = [await stage.desk.read(person_facts, number) for number in (1, 2)]
    assert [one.account for one in known if one is not None] == ["House 10", None]


async def test_a_mail_on_an_ended_ticket_stands_in_both_histories_with_a_link_both_ways(
    stage: Stage,
) -> None:
    stage.write()
    await stage.tickets(1)
    await stage.move(1, "close")
    stage.write("It broke again.", subject="Re: The gate [SR-1]")
    await stage.tickets(2)
    old = await stage.desk.read(list_entries, 1)
    (told,) = [facts for _, _, event, facts in old if event == "followed_up"]
    assert (told["follow_up"], told["words"]) == (2, "It broke again.")
    assert [one.text for one in await stage.messages(2)] == ["It broke again."]
    first, second = [await stage.desk.read(card_of, number) for number in (1, 2)]
    assert first is not None and second is not None
    assert [(one.kind, one.other) for one in first.relations.links] == [("followed_by", 2)]
    assert second.follows == 1


async def test_an_operator_writes_first_and_the_answer_joins(stage: Stage) -> None:
    ref = MessageRef("telegram", "-100", "77")
    incoming = IncomingMessage(
        ref, "text", "We are done.", {"kind": "text", "text": "We are done."}
    )
    to = Address("email", "new@y.test")
    await stage.desk.run(by_operator, OLGA, write_first, to, incoming)
    first = await stage.mail(1, "new@y.test")
    assert plain(first).startswith("We are done.")
    stage.write("Thank you!", sender="new@y.test", In_Reply_To=first["Message-ID"])
    await stage.until(lambda: _count(stage, 1, 2))
    (ticket,) = await stage.tickets(1)
    assert (ticket.origin, len(stage.mails("new@y.test"))) == ("email", 1)


async def test_a_mail_is_not_taken_back_but_corrected(stage: Stage) -> None:
    stage.write()
    await stage.tickets(1)
    ref = await stage.answer(1, "Press thrice.")
    await stage.mail(2)
    with pytest.raises(Refusal) as refused:
        await stage.desk.run(by_operator, OLGA, undo, ref)
    assert refused.value.key == "refusal.undo_letter"
    words = IncomingMessage(ref, "text", "Press twice.", {"kind": "text", "text": "Press twice."})
    await stage.desk.run(by_operator, OLGA, edit, words)
    corrected = await stage.mail(3)
    assert plain(corrected).startswith("A corrected answer:\n\nPress twice.")


REQUIRED = """
[[field]]
code = "flat"
titles = { en = "Flat" }
kind = "number"
required = "opening"
"""


async def test_a_mail_is_asked_nothing_and_its_card_says_what_is_missing(stage: Stage) -> None:
    await stage.desk.run(apply_directory, read_directory(REQUIRED))
    stage.write("The gate is shut.")
    (ticket,) = await stage.tickets(1)
    card = await stage.desk.read(card_of, ticket.id)
    assert card is not None
    assert [(one.field.code, one.value) for one in card.fields] == [("flat", None)]
    (person,) = await stage.rows(select(Person).where(Person.id == ticket.customer_id))
    assert (person.dialogue or {}).get("step") != STEP
    stage.write("Really shut.", subject=f"SR-{ticket.id}")
    await stage.until(lambda: said_in(stage, ticket.id))
    assert await stage.desk.read(values_of, ticket.id) == {}


async def said_in(stage: Stage, number: int) -> bool:
    return "Really shut." in [one.text for one in await stage.messages(number)]
