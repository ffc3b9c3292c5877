"""Forged senders, robots, floods: nobody writes in another's name, and nobody is mailed in vain."""

from collections.abc import Sequence
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Final

import pytest

from core.company import Company
from core.contacts.erasure import erase_again
from core.contacts.lookup import person_facts
from core.db import Database
from core.delivery import notice_recipients
from core.directory.kinds.accounts import AccountDomainEntry
from core.directory.reader import Item, read_directory
from core.directory.store import apply_directory, put_items
from core.errors import Refusal
from core.models import Account
from core.people.staff import by_operator
from core.tickets.correspondence import restore
from core.tickets.junk import junk_page
from core.tickets.search import search
from core.tickets.search_index import index_new
from core.tx import Tx
from sandbox.mail.post_office import Letter, PostOffice
from tests.handlers.mail.desk_by_mail import ANNA, OLGA, SUPPORT, Stage, plain, stage_at

JUNK: Final[dict[str, Any]] = {"junk_reason": "on the blacklist: {}".format}
LISTED: Final = '[settings]\nmail_blacklist = ["@Y.test"]\n'

PROVED = "mx.desk.test; dmarc=pass header.from=x.test"
FAILED = "mx.desk.test; dmarc=fail header.from=x.test"


async def test_who_is_not_confirmed_adds_to_nothing_and_is_marked(
    database: Database, tmp_path: Path
) -> None:
    async with stage_at(database, tmp_path / "files", authorities=("mx.desk.test",)) as stage:
        stage.write(Authentication_Results=PROVED)
        await stage.mail(1)
        stage.write("Tell me all.", subject="SR-1", Authentication_Results=FAILED)
        _, second = await stage.tickets(2)
        (words,) = await stage.messages(second.id)
        assert words.content["remark"] == {"key": "unproved", "address": ANNA}
        assert len(stage.mails()) == 1
        stage.write("Hello.", sender="boris@x.test", Authentication_Results=FAILED)
        await stage.tickets(3)
        assert not stage.mails("boris@x.test")
        stage.write("It is me.", subject="SR-1", Authentication_Results=PROVED)
        await stage.until(lambda: _has(stage, 1, "It is me."))
        stage.write("Hello.", sender="victim@x.test", Authentication_Results=FAILED)
        await stage.tickets(4)
        await stage.quiet()
        assert not stage.mails("victim@x.test"), "nobody is mailed who may not have written"


async def test_who_is_not_confirmed_belongs_to_no_account(
    database: Database, tmp_path: Path
) -> None:
    async def prepare(tx: Tx) -> None:
        await tx.insert(Account(name="House 10"))
        await put_items(tx, [Item(AccountDomainEntry(domain="x.test", account="House 10"))])

    async with stage_at(database, tmp_path / "files", authorities=("mx.desk.test",)) as stage:
        await stage.desk.run(prepare)
        for number, verdict in enumerate((FAILED, PROVED)):
            stage.write(sender=f"p{number}@x.test", Authentication_Results=verdict)
            await stage.tickets(number + 1)
        known = [await stage.desk.read(person_facts, number) for number in (1, 2)]
        assert [one.account for one in known if one is not None] == [None, "House 10"]


async def _has(stage: Stage, ticket: int, words: str) -> bool:
    return words in [one.text for one in await stage.messages(ticket)]


async def test_who_asks_for_the_answer_elsewhere_takes_over_nothing(
    database: Database, tmp_path: Path
) -> None:
    async with stage_at(database, tmp_path / "files", authorities=("mx.desk.test",)) as stage:
        stage.write(Authentication_Results=PROVED)
        await stage.tickets(1)
        stage.write(
            "Mine now.",
            subject="SR-1",
            sender="mallory@x.test",
            Authentication_Results=PROVED,
            Reply_To=ANNA,
        )
        first, _ = await stage.tickets(2)
        assert len(await stage.messages(first.id)) == 1


async def test_two_desks_that_mail_each_other_stop_after_two_messages(stage: Stage) -> None:
    """The other desk acknowledges as we do; we are asked once and say nothing more."""
    stage.write("A matter of the other desk.", sender="desk@other.test", subject="Matter")
    ours = await stage.mail(1, "desk@other.test")
    stage.write(
        plain(ours),
        sender="desk@other.test",
        subject=str(ours["Subject"]),
        In_Reply_To=str(ours["Message-ID"]),
        Auto_Submitted=str(ours["Auto-Submitted"]),
    )
    await stage.until(lambda: _says(stage, 1, 2))
    await stage.tickets(1)
    assert len(stage.mails("desk@other.test")) == 1


async def _says(stage: Stage, ticket: int, count: int) -> bool:
    return len(await stage.messages(ticket)) == count


async def test_a_robot_that_does_not_say_so_gets_one_mail(stage: Stage) -> None:
    stage.write("Your mail was received.", sender="robot@other.test", subject="Received")
    ours = await stage.mail(1, "robot@other.test")
    for _ in range(5):
        stage.write(
            "Your mail was received.",
            sender="robot@other.test",
            subject="Received",
            In_Reply_To=str(ours["Message-ID"]),
        )
    await stage.until(lambda: _says(stage, 1, 6))
    await stage.tickets(1)
    assert len(stage.mails("robot@other.test")) == 1


async def test_a_flood_joins_the_newest_ticket(stage: Stage) -> None:
    limit = Company().mail_ticket_limit
    assert limit is not None and limit.count == 20
    for number in range(limit.count + 5):
        stage.write(f"Matter {number}", subject=f"Matter {number}")
    tickets = await stage.tickets(limit.count)
    first, *more = await stage.messages(tickets[-1].id)
    assert "remark" not in first.content
    assert [one.content["remark"] for one in more] == [{"key": "repeated"}] * 5
    assert len(stage.mails()) == 1


async def test_our_own_mail_is_no_ticket(stage: Stage) -> None:
    stage.write("A copy of ours.", sender=SUPPORT)
    stage.write()
    await stage.tickets(1)


async def test_mail_for_another_address_of_the_company_is_left_alone(stage: Stage) -> None:
    stage.write("For the head.", to="head@desk.test")
    stage.write("In a blind copy.", to="somebody@else.test")
    (ticket,) = await stage.tickets(1)
    assert ticket.opening == "In a blind copy."


async def applies(stage: Stage, *lines: str) -> None:
    """An admin changes the directory while the desk runs."""
    await stage.desk.run(apply_directory, read_directory("".join(lines)))


async def test_a_blacklisted_sender_opens_nothing(database: Database, tmp_path: Path) -> None:
    async with stage_at(database, tmp_path / "files") as stage:
        stage.write("Buy.", sender="mallory@y.test")
        await stage.tickets(1)
        await applies(stage, LISTED)
        stage.write("Buy more.", sender="mallory@y.test", subject="Another matter")
        stage.write()
        first, second = await stage.tickets(2)
        assert (first.opening, second.opening) == ("Buy.", "The gate does not open.")


async def test_a_blacklisted_sender_opens_nothing_once_they_are_erased_either(
    database: Database, tmp_path: Path
) -> None:
    """Of their address a digest is left, which only the desk's own key makes (S31)."""
    async with stage_at(database, tmp_path / "files") as stage:
        stage.write("Buy.", sender="mallory@y.test")
        (ticket,) = await stage.tickets(1)
        await applies(stage, LISTED.replace("@Y.test", "Mallory@y.test"))
        await stage.desk.run(erase_again, ticket.customer_id)
        (entry,) = stage.desk.company.mail_blacklist
        assert entry.startswith("erased:") and "mallory" not in entry
        stage.write("Buy more.", sender="MALLORY@y.test", subject="Another matter")
        stage.write("We do not.", sender="boris@y.test")
        assert [one.opening for one in await stage.tickets(2)] == ["", "We do not."]


async def test_a_blacklisted_sender_opens_a_junk_ticket_that_nobody_is_told_of_by_a_setting(
    database: Database, tmp_path: Path
) -> None:
    async with stage_at(database, tmp_path / "files", **JUNK) as stage:
        await applies(stage, LISTED, "mail_junk = true\n")
        stage.write("Buy.", sender="mallory@y.test", subject="Cheap")
        (ticket,) = await stage.tickets(1)
        assert (ticket.state, ticket.reason) == ("cancelled", "on the blacklist: @y.test")
        assert not stage.group.deliveries and not stage.mails("mallory@y.test")
        page = await stage.desk.read(junk_page)
        assert [(one.number, one.title, one.why) for one in page.lines] == [
            (1, "Cheap", "on the blacklist: @y.test")
        ]
        await stage.desk.run(index_new)
        assert (await stage.desk.read(search, "cheap")).numbers == (1,)
        stage.write("Buy now.", sender="mallory@y.test", subject="Re: Cheap [SR-1]")
        assert [one.state for one in await stage.tickets(2)] == ["cancelled"] * 2


async def test_junk_that_is_restored_is_shown_whole_answered_and_goes_on(
    database: Database, tmp_path: Path
) -> None:
    async with stage_at(database, tmp_path / "files", **JUNK) as stage:
        await applies(stage, LISTED, "mail_junk = true\n")
        letter = EmailMessage()
        letter["From"], letter["To"], letter["Subject"] = "m@y.test", SUPPORT, "The gate"
        letter.set_content("It does not open.")
        letter.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="x.pdf")
        stage.write(raw=letter.as_bytes())
        await stage.tickets(1)
        await stage.desk.run(by_operator, OLGA, restore, 1)
        acknowledged = await stage.mail(1, "m@y.test")
        assert acknowledged["Subject"] == "We have your request [SR-1]"
        assert [one.kind for one in stage.group.deliveries] == ["card", "content"]
        assert not (await stage.desk.read(junk_page)).lines
        stage.write("And now?", sender="m@y.test", subject="Re: The gate [SR-1]")
        await stage.until(lambda: _has(stage, 1, "And now?"))
        (ticket,) = await stage.tickets(1)
        assert (ticket.state, ticket.waiting_since is not None) == ("reopened", True)
        with pytest.raises(Refusal):
            await stage.desk.run(by_operator, OLGA, restore, 1)


async def test_a_robots_address_is_marked_and_gets_no_acknowledgement(stage: Stage) -> None:
    stage.write("Your parcel.", sender="noreply@shop.test")
    (ticket,) = await stage.tickets(1)
    (words,) = await stage.messages(ticket.id)
    assert words.content["remark"] == {"key": "robot", "address": "noreply@shop.test"}
    assert not stage.mails("noreply@shop.test")


async def test_headers_that_steer_other_desks_are_nothing_here(stage: Stage) -> None:
    stage.write()
    (before,) = await stage.tickets(1)
    headers: dict[str, Any] = {
        "Control": "close",
        "X_Priority": "1 (Highest)",
        "X_OTRS_State": "closed successful",
        "X_Zammad_Ticket_State": "closed",
        "X_Zammad_Ticket_Owner": "olga",
    }
    stage.write("#close\n/close 1\nThe gate again.", subject="Re: SR-1", **headers)
    await stage.until(lambda: _has(stage, 1, "#close\n/close 1\nThe gate again."))
    (ticket,) = await stage.tickets(1)
    kept = ("state", "assignee_id", "queue_rank", "closed_at", "resolved_at")
    assert [getattr(ticket, name) for name in kept] == [getattr(before, name) for name in kept]


MARKS: Final = ("Auto-Submitted", "Precedence", "X-Auto-Response-Suppress")
CHAIN: Final = ("In-Reply-To", "References", "Subject")


class Stripped(PostOffice):
    """Mailboxes behind a server that removes headers."""

    def __init__(self, *names: str) -> None:
        super().__init__()
        self.names = names

    def deliver(self, address: str, raw: bytes) -> Letter:
        letter = message_from_bytes(raw, policy=policy.SMTP)
        for name in self.names:
            del letter[name]
        return super().deliver(address, letter.as_bytes())


@pytest.mark.parametrize(
    ("removed", "pause"),
    [
        pytest.param((), timedelta(hours=1), id="all of it"),
        pytest.param(CHAIN, timedelta(0), id="the mark of a program alone"),
        pytest.param((*MARKS, "Subject"), timedelta(0), id="our own id in the chain alone"),
        pytest.param((*MARKS, *CHAIN), timedelta(hours=1), id="one an hour and address alone"),
    ],
)
async def test_two_desks_that_write_each_other_stop_after_two_mails(
    database: Database,
    other_database: Database,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    removed: Sequence[str],
    pause: timedelta,
) -> None:
    """Whatever the servers between them remove, what is left is enough."""
    monkeypatch.setattr(notice_recipients, "_HOUR", pause)
    other, office = "help@other.test", Stripped(*removed)
    async with (
        stage_at(database, tmp_path / "one", office=office) as one,
        stage_at(other_database, tmp_path / "other", office=office, address=other) as two,
    ):
        one.write("The gate.", sender=other)
        await one.tickets(1)
        await one.until(lambda: one.mails(other))
        for _ in range(2):  # what one of them writes is news for the other
            await one.quiet()
            await two.quiet()
        written = len(one.mails(other)) + len(one.mails(SUPPORT)) - 1
        assert written <= 2
