"""A customer who writes by mail is asked before anything of theirs is stored (S31)."""

import asyncio
import json
import signal
import subprocess
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import select

from bot.erasure_cleanup import ErasureCleanup
from core.addresses import Address
from core.contacts.consents import HELD_FOR, UNPROVED, consents_of, record_consent, settle_held
from core.contacts.written_consents import MOST_ASKED
from core.db import Database
from core.directory.reader import read_directory
from core.directory.store import apply_directory
from core.files import FolderStore
from core.held_updates import count_unasked
from core.inbox import HELD
from core.models import Consent, InboxRow, JournalEntry, Person, Ticket
from core.people.contact_points import Point, add_point
from core.people.identity import Sender, join_operators, recognise
from core.tx import Tx
from sandbox.process import python, tied
from tests.handlers.mail.desk_by_mail import ANNA, Stage, plain, stage_at
from tests.handlers.mail.imap_servers import INSTALLED

TEXT: Final = "We keep <your name> and your mail for a year."
PHOTO: Final = b"\x89PNG of the gate"
CANARY: Final = "canary"
EVERYWHERE = pytest.mark.parametrize(
    ("database", "mailbox"),
    [
        pytest.param("sqlite", "sandbox", id="sqlite"),
        pytest.param("postgres", "sandbox", id="postgres", marks=pytest.mark.postgres),
        *[pytest.param("sqlite", "other", id="dovecot")][: INSTALLED == "dovecot"],
    ],
    indirect=True,
)


@pytest.fixture
async def stage(stage: Stage) -> Stage:
    ask(stage)
    return stage


def ask(stage: Stage, version: str = "1") -> None:
    stage.desk.company = replace(stage.desk.company, consent={"en": TEXT}, consent_version=version)


def answer(stage: Stage, words: str, asked: EmailMessage, **how: Any) -> None:
    """Somebody answers a mail, and quotes it."""
    quoted = "\n".join(f"> {line}" for line in plain(asked).splitlines())
    said = f"{words}\n\nOn Tue, 24 Nov 2026 at 10:00, The desk <support@desk.test> wrote:\n{quoted}"
    how = {"In_Reply_To": asked["Message-ID"], "subject": f"Re: {asked['Subject']}"} | how
    stage.write(said, **how)


async def held(stage: Stage) -> list[str]:
    return await stage.rows(
        select(InboxRow.ordering_key).where(InboxRow.state == HELD).order_by(InboxRow.id)
    )


async def is_nothing_stored(stage: Stage) -> bool:
    return not await stage.rows(select(Person.id)) and not await stage.rows(select(JournalEntry.id))


def stored_files(stage: Stage) -> list[bytes]:
    return [path.read_bytes() for path in stage.folder.rglob("*") if path.is_file()]


async def clean_up(stage: Stage) -> None:
    await ErasureCleanup(stage.desk, FolderStore(stage.folder)).clean()


async def says(stage: Stage, word: str) -> list[str]:
    """Where this word still stands: in rows, or in files."""
    rows = await stage.rows(select(InboxRow.raw).where(InboxRow.raw.contains(word)))
    return [*rows, *("a file" for data in stored_files(stage) if word.encode() in data)]


@EVERYWHERE
async def test_mails_wait_unread_and_become_tickets_after_a_yes(stage: Stage) -> None:
    stage.write(f"The gate does not open, says the {CANARY}.", subject="The gate")
    question = await stage.mail(1)
    assert question["Subject"] == "Your consent to the use of your data is needed"
    assert question["In-Reply-To"] == "<1@x.test>"
    assert question["Auto-Submitted"] == "auto-replied"
    assert TEXT in plain(question) and "answer this mail with one word: yes" in plain(question)
    assert CANARY not in str(question)
    stage.write("The lamp does not burn either.", subject="The lamp")
    await stage.quiet()
    assert await is_nothing_stored(stage) and await held(stage) == [ANNA, ANNA]
    assert len(stage.mails()) == 1 and not stage.group.deliveries

    answer(stage, "Yes, I agree.\n\n-- \nAnna", question)
    tickets = await stage.tickets(2)
    assert [one.title for one in tickets] == ["The gate", "The lamp"]
    assert await held(stage) == []
    (consent,) = await stage.rows(select(Consent))
    assert (consent.version, consent.origin) == ("1", "email")
    confirmed = await stage.mail(2)
    assert confirmed["Subject"] == "We have your request [SR-1]"
    assert TEXT not in plain(confirmed), "they have just agreed to it"
    answer(stage, "yes", question)
    stage.write("Thanks.", subject="x", In_Reply_To=confirmed["Message-ID"])
    await stage.until(lambda: _said(stage, 1, ["The gate", "Thanks."]))
    assert len(await stage.tickets(2)) == 2, "the same yes once more says nothing new"


async def _said(stage: Stage, ticket: int, beginnings: list[str]) -> bool:
    said = await stage.messages(ticket)
    return len(said) == len(beginnings) and all(
        one.text.startswith(words) for one, words in zip(said, beginnings, strict=True)
    )


@EVERYWHERE
async def test_after_a_no_nothing_is_left_of_the_mails(stage: Stage) -> None:
    stage.write(f"The {CANARY} sings.", subject="x")
    question = await stage.mail(1)
    assert await says(stage, CANARY)
    answer(stage, "No, thank you", question, subject=f"Re: the {CANARY}")
    erased = await stage.mail(2)
    assert erased["Subject"] == "Your mail was not passed on"
    await clean_up(stage)
    assert not await held(stage) and await is_nothing_stored(stage)
    assert not await says(stage, CANARY) and not await says(stage, ANNA)
    stage.write("I have thought it over.", subject="x")
    question = await stage.mail(3)
    answer(stage, "I agree", question)
    (ticket,) = await stage.tickets(1)
    assert ticket.opening == "I have thought it over."


async def test_who_says_no_again_and_again_is_told_once(stage: Stage) -> None:
    stage.write("The gate does not open.", subject="The gate")
    question = await stage.mail(1)
    for _ in range(3):
        answer(stage, "No", question)
    await stage.quiet()
    assert len(stage.mails()) == 2 and await is_nothing_stored(stage)


async def test_a_week_of_silence_leaves_nothing_and_a_late_yes_is_told_so(stage: Stage) -> None:
    stage.write(f"The {CANARY} sings.", subject="x")
    question = await stage.mail(1)
    now = stage.desk.clock() + HELD_FOR + timedelta(minutes=1)
    stage.desk.clock = lambda: now
    assert await stage.desk.run(settle_held) == 1
    await clean_up(stage)
    assert not await says(stage, CANARY) and not await says(stage, ANNA)
    answer(stage, "yes", question)
    late = await stage.mail(2)
    assert late["Subject"] == "Your consent is noted"
    assert not await stage.rows(select(Ticket.id))
    stage.write("Once more.", subject="x")
    (ticket,) = await stage.tickets(1)
    assert ticket.opening == "Once more."


async def test_an_answer_that_says_more_is_held_and_told_once_more_how_to_agree(
    stage: Stage,
) -> None:
    stage.write("The gate does not open.", subject="The gate")
    question = await stage.mail(1)
    answer(stage, "Why do you ask? The gate is shut.\n\nyes\n\nI cannot leave.", question)
    again = await stage.mail(2)
    assert "there was no “yes” or “no” yet" in plain(again) and TEXT in plain(again)
    answer(stage, "Please open the gate.", again)
    stage.write("The gate is still shut.", subject="The gate")
    await stage.quiet()
    assert len(stage.mails()) == 2 and len(await held(stage)) == 4
    assert await is_nothing_stored(stage)
    answer(stage, "Да", again)
    await stage.tickets(4)


async def test_files_that_come_with_the_yes_are_not_lost(stage: Stage) -> None:
    stage.write("The gate does not open.", subject="The gate")
    question = await stage.mail(1)
    letter = EmailMessage()
    # her name as in her other mail: by another one it would be of another turn, side by side
    letter["From"], letter["To"] = f"Anna <{ANNA}>", "support@desk.test"
    letter["Message-ID"] = "<p@x.test>"
    letter["Subject"], letter["In-Reply-To"] = "Re: x", question["Message-ID"]
    letter.set_content("yes")
    letter.add_attachment(PHOTO, maintype="image", subtype="png", filename="gate.png")
    stage.write(raw=letter.as_bytes())
    await stage.tickets(2)
    assert await kinds_said(stage) == [["text"], ["text", "document"]]


async def test_a_no_is_one_of_the_file_that_came_with_it_too_and_is_told(stage: Stage) -> None:
    """No file takes a no back, as words may; without a consent none of it may be kept."""
    stage.write("The gate does not open.", subject="The gate")
    question = await stage.mail(1)
    letter = EmailMessage()
    letter["From"], letter["To"] = f"Anna <{ANNA}>", "support@desk.test"
    letter["Message-ID"] = "<p@x.test>"
    letter["Subject"], letter["In-Reply-To"] = "Re: x", question["Message-ID"]
    letter.set_content("No")
    letter.add_attachment(PHOTO, maintype="image", subtype="png", filename="gate.png")
    stage.write(raw=letter.as_bytes())
    erased = await stage.mail(2)
    assert erased["Subject"] == "Your mail was not passed on"
    assert "What you wrote and attached is erased" in plain(erased)
    await clean_up(stage)
    assert not await held(stage) and await is_nothing_stored(stage) and not stored_files(stage)


async def kinds_said(stage: Stage) -> list[list[str]]:
    """Of each ticket, the shortest first: a ``From`` without the name is another sender, and
    what two senders write is handled side by side.
    """
    tickets = await stage.rows(select(Ticket.id).order_by(Ticket.id))
    said = [await stage.messages(one) for one in tickets]
    return sorted(([one.content["kind"] for one in each] for each in said), key=len)


def yes_with_a_picture(asked: EmailMessage, html: str) -> bytes:
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Message-ID"] = ANNA, "support@desk.test", "<p@x.test>"
    letter["Subject"], letter["In-Reply-To"] = "Re: x", asked["Message-ID"]
    letter.set_content("Yes\n\n-- \nAnna")
    letter.add_alternative(html, subtype="html")
    _, shown = letter.iter_parts()
    assert isinstance(shown, EmailMessage)
    shown.add_related(
        PHOTO, "image", "png", cid="<picture>", filename="image001.png", disposition="inline"
    )
    return letter.as_bytes()


async def test_the_picture_of_a_signature_opens_no_ticket(stage: Stage) -> None:
    stage.write("The gate does not open.", subject="The gate")
    question = await stage.mail(1)
    html = "<p>Yes</p><p>-- <br>Anna <img src='cid:picture'></p>"
    stage.write(raw=yes_with_a_picture(question, html))
    await stage.tickets(1)
    await stage.quiet()
    assert len(await stage.rows(select(Ticket.id))) == 1


async def test_a_picture_above_the_signature_is_not_lost(stage: Stage) -> None:
    stage.write("The gate does not open.", subject="The gate")
    question = await stage.mail(1)
    html = "<p>Yes</p><p><img src='cid:picture'></p><p>-- <br>Anna</p>"
    stage.write(raw=yes_with_a_picture(question, html))
    await stage.tickets(2)
    assert await kinds_said(stage) == [["text"], ["text", "document"]]


async def test_words_below_the_signature_of_the_yes_are_not_lost(stage: Stage) -> None:
    stage.write("The gate does not open.", subject="The gate")
    question = await stage.mail(1)
    answer(stage, "Yes.\n\nBest regards,\nAnna\n\nP.S. The lamp is broken, too.", question)
    tickets = await stage.tickets(2)
    said = [one.text for each in tickets for one in await stage.messages(each.id)]
    assert len(said) == 2 and any("P.S. The lamp is broken, too." in words for words in said)


async def test_a_company_signature_hinders_nobody_to_agree(stage: Stage) -> None:
    stage.write("The gate does not open.", subject="The gate")
    question = await stage.mail(1)
    answer(stage, "Yes\n\nAnna Smith\nSales manager, Tram & Sons\n+7 900 123-45-67", question)
    await stage.tickets(2)
    assert len(await stage.rows(select(Consent))) == 1


async def test_a_condition_below_a_line_is_no_consent(stage: Stage) -> None:
    stage.write("The gate does not open.", subject="The gate")
    question = await stage.mail(1)
    answer(stage, "Yes.\n-----\nBut only if nobody keeps my phone number.", question)
    await stage.mail(2)
    assert not await stage.rows(select(Consent)) and await held(stage) == [ANNA, ANNA]


async def test_words_below_the_signature_of_a_no_are_not_erased_with_all_else(stage: Stage) -> None:
    stage.write("The gate does not open.", subject="The gate")
    question = await stage.mail(1)
    answer(stage, "No.\n\nBest regards,\nAnna\n\nP.S. The lamp is broken, too.", question)
    again = await stage.mail(2)
    assert again["Subject"] == "We wait for your consent to the use of your data"
    assert await held(stage) == [ANNA, ANNA]


# Nobody answers for another, and no program is asked.


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Precedence": "bulk"},
        {"List_Id": "<news.x.test>"},
        {"Subject": "Out of office: yes"},
    ],
)
async def test_a_program_is_not_asked_and_cannot_agree(
    stage: Stage, headers: dict[str, Any]
) -> None:
    stage.write("Yes", sender="robot@x.test", **headers)
    await stage.quiet()
    assert not stage.mails("robot@x.test")
    stage.write("The gate does not open.")
    question = await stage.mail(1)
    answer(stage, "Yes", question, **headers)
    answer(stage, "No", question, **headers)
    await stage.quiet()
    assert len(stage.mails()) == 1 and await is_nothing_stored(stage)
    assert ANNA in await held(stage)


async def test_a_robot_that_answers_whatever_it_gets_is_asked_a_few_times_a_week(
    stage: Stage,
) -> None:
    stage.write("No")
    for count in range(1, 4 * MOST_ASKED):
        await stage.quiet()
        mails = stage.mails()
        if len(mails) < count:
            break
        answer(stage, "No", mails[-1])
    questions = [one for one in stage.mails() if "needed" in one["Subject"]]
    assert len(questions) == MOST_ASKED


async def test_only_who_got_the_question_can_answer_it(stage: Stage) -> None:
    stage.write("The gate does not open.")
    question = await stage.mail(1)
    stage.write("Yes", subject="Re: Your consent")
    stage.write("Yes", In_Reply_To="<outbox-0.1.0.0123456789abcdef0123@desk.test>")
    stage.write("No", subject="Re: Your consent")
    stage.write("Hello.", sender="mallory@y.test")
    theirs = await stage.mail(1, "mallory@y.test")
    answer(stage, "Yes", theirs, sender=ANNA)
    answer(stage, "No", theirs, sender=ANNA)
    answer(stage, "Yes", question, sender="mallory@y.test")
    await stage.quiet()
    assert await is_nothing_stored(stage) and (await held(stage)).count(ANNA) == 6
    answer(stage, "Yes", question)
    await stage.until(lambda: _agreed(stage, [ANNA]))


async def _agreed(stage: Stage, names: list[str]) -> bool:
    people = await stage.rows(select(Person).join(Consent, Consent.person_id == Person.id))
    return sorted(one.address.chat for one in people) == names


async def test_who_is_not_confirmed_is_neither_asked_nor_heard(
    database: Database, tmp_path: Path
) -> None:
    proved: dict[str, Any] = {
        "Authentication_Results": "mx.desk.test; dmarc=pass header.from=x.test"
    }
    failed: dict[str, Any] = {
        "Authentication_Results": "mx.desk.test; dmarc=fail header.from=x.test"
    }
    async with stage_at(database, tmp_path / "files", authorities=("mx.desk.test",)) as stage:
        ask(stage)
        stage.write("Hello.", sender="victim@x.test", **failed)
        stage.write("Hello.", **proved)
        question = await stage.mail(1)
        answer(stage, "Yes", question, **failed)
        answer(stage, "No", question, **failed)
        await stage.quiet()
        assert not stage.mails("victim@x.test") and len(stage.mails()) == 1
        assert await is_nothing_stored(stage) and len(await held(stage)) == 4
        assert await stage.desk.read(count_unasked, UNPROVED) == 3
        answer(stage, "Yes", question, **proved)
        await stage.until(lambda: _agreed(stage, [ANNA]))


async def test_a_yes_to_an_earlier_text_counts_for_nothing(stage: Stage) -> None:
    stage.write("The gate does not open.")
    question = await stage.mail(1)
    ask(stage, "2")
    answer(stage, "Yes", question)
    other = await stage.mail(2)
    assert other["Subject"] == question["Subject"] and await is_nothing_stored(stage)
    answer(stage, "Yes", other)
    (ticket,) = await stage.tickets(1)
    assert ticket.opening == "The gate does not open."
    (consent,) = await stage.rows(select(Consent))
    assert consent.version == "2"


async def test_who_agreed_is_asked_anew_about_another_text_also_in_their_ticket(
    stage: Stage,
) -> None:
    stage.write("The gate does not open.")
    answer(stage, "Yes", await stage.mail(1))
    confirmed = await stage.mail(2)
    ask(stage, "2")
    stage.write("Yes", In_Reply_To=confirmed["Message-ID"])
    question = await stage.mail(3)
    assert await held(stage) == [ANNA] and len(await stage.messages(1)) == 1
    answer(stage, "Yes", question)
    await stage.until(lambda: _said(stage, 1, ["The gate", "Yes"]))


# Who is not asked.


async def test_who_agreed_in_the_chat_is_not_asked_by_mail_where_the_address_is_theirs(
    stage: Stage,
) -> None:
    async def known(tx: Tx) -> None:
        person = await recognise(tx, Sender(Address("telegram", "9"), "Anna", None, "en"))
        await add_point(tx, person, Point("email", ANNA))
        await record_consent(tx, person.id, "1", "telegram")

    await stage.desk.run(known)
    stage.write("The gate does not open.")
    question = await stage.mail(1)  # an operator has noted the address: that proves nothing yet
    answer(stage, "Yes", question)
    await stage.tickets(1)
    stage.write("The lamp does not burn.", subject="The lamp")
    first, second = await stage.tickets(2)
    assert first.customer_id == second.customer_id == 1
    assert [version for version, _ in await stage.desk.read(consents_of, 1)] == ["1"]


async def test_colleagues_and_who_is_blocked_and_robots_are_as_before(stage: Stage) -> None:
    async def joins(tx: Tx) -> None:
        await join_operators(tx, Sender(Address("email", "olga@desk.test"), "Olga"))

    await stage.desk.run(joins)
    stage.write("From a colleague.", sender="olga@desk.test")
    stage.write("A parcel.", sender="noreply@shop.test")
    await stage.tickets(2)
    assert await held(stage) == [] and not stage.mails("noreply@shop.test")


async def test_what_was_held_is_handled_in_the_order_of_its_sender(stage: Stage) -> None:
    """Held under the sender's address, released into the order that its mailbox has."""
    stage.write("The gate does not open.")
    question = await stage.mail(1)
    (row,) = await stage.rows(select(InboxRow).where(InboxRow.state == HELD))
    before = json.loads(row.raw)["came_under"]
    assert before.startswith("mail:")
    answer(stage, "Yes", question)
    await stage.tickets(1)
    keys = await stage.rows(select(InboxRow.ordering_key).order_by(InboxRow.id))
    assert sorted(keys) == ["", before], "the answer is forgotten"


@EVERYWHERE
async def test_a_mail_that_is_stored_behind_the_yes_does_not_overtake_what_was_held(
    stage: Stage,
) -> None:
    stage.write("First.", subject="A")
    question = await stage.mail(1)
    await stage.stop()
    answer(stage, "Yes", question)
    stage.write("Second.", subject="B")
    stage.write("Third.", subject="C")
    await _fetch(stage)
    await stage.start()
    tickets = await stage.tickets(3)
    assert [one.opening for one in tickets] == ["First.", "Second.", "Third."]


async def test_the_question_comes_from_the_mailbox_that_was_written_to_in_its_language(
    stage: Stage,
) -> None:
    billing = '[[mailbox]]\naddress = "billing@desk.test"\ntitle = "Расчёты"\nlanguage = "ru"\n'
    await stage.desk.run(apply_directory, read_directory(billing))
    ask(stage)
    stage.write("Списали дважды.", to="billing@desk.test")
    question = await stage.mail(1)
    assert question["From"].addresses[0].addr_spec == "billing@desk.test"
    assert question["Subject"] == "Нужно ваше согласие на обработку данных"
    answer(stage, "Согласна", question, to="billing@desk.test")
    (ticket,) = await stage.tickets(1)
    confirmed = await stage.mail(2)
    assert ticket.opening == "Списали дважды." and "принято" in confirmed["Subject"]


HANDLING: Final = """
from bot.lazy_aiogram import defer_types
defer_types()  # as the command line does: all of aiogram's take many seconds
import asyncio, sys
from pathlib import Path
from core import fault_points
from core.company import Company
from core.db import Database
from core.desk import Desk
from core.files import FolderStore
from core.inbox import list_unfinished
from core.subscriptions import SUBSCRIBERS
from handlers.mail.handler import MailHandler
from tests.handlers.mail.desk_by_mail import SUPPORT

async def main(folder, point):
    company = Company(language="en", consent={"en": "x"}, letter_channels=frozenset({"email"}))
    desk = Desk(Database(f"sqlite+aiosqlite:///{folder / 'desk.db'}"), company, SUBSCRIBERS)
    handler = MailHandler(desk, FolderStore(folder / "files"), [SUPPORT], {SUPPORT})
    fault_points.arm(point)
    for stored in await desk.read(list_unfinished, 0, 10):
        with desk.handling(stored.id):
            await handler.handle(stored)

asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
"""


@pytest.mark.parametrize("point", ["desk.before_commit:1", "desk.after_commit:1"])
async def test_a_process_killed_at_the_yes_loses_and_doubles_nothing(
    stage: Stage, tmp_path: Path, point: str
) -> None:
    stage.write("The gate does not open.", subject="The gate")
    question = await stage.mail(1)
    await stage.stop()
    answer(stage, "Yes", question)
    await _fetch(stage)
    killed = subprocess.Popen(
        tied(python("-c", HANDLING, str(tmp_path), point)), cwd=Path(__file__).parents[3]
    )
    await stage.until(lambda: killed.poll() is not None, seconds=300)
    assert killed.returncode == -signal.SIGKILL
    assert len(await held(stage)) == (point == "desk.before_commit:1")
    await stage.start()
    (ticket,) = await stage.tickets(1)
    assert ticket.title == "The gate" and len(await stage.messages(1)) == 1
    await stage.mail(2)
    assert len(await stage.rows(select(Consent))) == 1


async def _fetch(stage: Stage) -> None:
    """Store what is new, and handle nothing of it."""
    assert stage.fetcher is not None
    fetching = asyncio.create_task(stage.fetcher.run())
    await stage.until(stage.all_seen)
    fetching.cancel()
    await asyncio.gather(fetching, return_exceptions=True)
