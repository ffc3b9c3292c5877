"""`check` logs in to mailboxes, reaches the mail server and asks DNS what it lacks."""

from unittest.mock import AsyncMock

import pytest

from bot.commands import mail_dns
from sandbox.mail.imap import ImapServer
from sandbox.mail.post_office import PostOffice
from sandbox.mail.smtp import SmtpServer
from tests.bot.check.practice import Practice


async def test_mailboxes_are_logged_in_to(practice: Practice) -> None:
    office = PostOffice()
    office.open("a@desk.test", "right").inbox.add(b"Subject: x\r\n\r\nwords")
    imap, smtp = ImapServer(office), SmtpServer(office)
    await imap.start()
    await smtp.start()
    how = {
        "SMTP_URL": f"smtp://127.0.0.1:{smtp.port}",
        "MAIL_FROM": "a@desk.test",
        "SUPPORT_ADDRESSES": "a@desk.test",
    }
    url = f"imap://a%40desk.test:{{}}@127.0.0.1:{imap.port}"
    found = await practice.examine(IMAP_URL=url.format("right"), **how)
    assert [f.what for f in found if "the mailbox" in f.what] == [
        "the mailbox of a@desk.test at 127.0.0.1, INBOX can be read, 1 mails are in it"
    ]
    fault = await practice.fault(IMAP_URL=url.format("wrong"), **how)
    assert "look at IMAP_URL" in fault
    assert "wrong" not in fault
    await imap.stop()
    await smtp.stop()


async def test_a_mailbox_of_the_directory_that_nothing_is_fetched_for_is_named(
    practice: Practice,
) -> None:
    addresses = ("a@desk.test", "b+x@desk.test", "c@desk.test", "d@desk.test", "e@desk.test")
    text = "\n".join(f'[[mailbox]]\naddress = "{address}"' for address in addresses)
    await practice.has_directory(f"{text}\nactive = false")
    how = {
        "SMTP_URL": "smtp://127.0.0.1:9",
        "MAIL_FROM": "a@desk.test",
        "SUPPORT_ADDRESSES": "b@desk.test",
        "IMAP_URL": "imap://C%40desk.test:x@127.0.0.1:9",
    }
    found = [one.what for one in await practice.examine(**how) if "the directory's" in one.what]
    assert found == [
        f"the directory's mailbox {letter}@desk.test is fetched from nowhere" for letter in "ad"
    ]


async def test_a_mail_server_that_cannot_be_reached(practice: Practice) -> None:
    said = await practice.fault(
        SMTP_URL="smtp://desk:c4nary@127.0.0.1:9", MAIL_FROM="desk@example.com"
    )
    assert "look at SMTP_URL" in said
    assert "c4nary" not in said


async def test_what_dns_lacks_for_mail_is_told_and_is_no_fault(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail_dns, "missing_records", AsyncMock(return_value=["SPF: a record"]))
    found = await practice.examine(SMTP_URL="smtp://127.0.0.1:9", MAIL_FROM="desk@example.com")
    (told,) = [finding for finding in found if "SPF: a record" in finding.what]
    assert told.fine and "example.com" in told.what
