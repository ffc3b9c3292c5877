"""Who is silent in the chat reads the answer by mail, and answers that mail (F8)."""

from dataclasses import replace
from datetime import timedelta

from core.addresses import Address, MessageRef
from core.directory.reader import read_directory
from core.directory.store import apply_directory
from core.models import Person
from core.people.contact_points import Point, add_point
from core.people.identity import Sender, arrive, enter_dialogue
from core.people.staff import by_operator
from core.tickets.incoming import IncomingMessage
from core.tickets.intake import hear
from core.tickets.lifecycle import take
from core.tickets.sweep import sweep
from core.tx import Tx
from core.words.contact_values import EMAIL
from tests.handlers.mail.desk_by_mail import ANNA, OLGA, Stage, plain


async def opens_in_chat(stage: Stage, language: str) -> None:
    """Anna opens ticket 1 in Telegram; staff note her address."""
    anna = Sender(Address("telegram", "42"), "Anna", None, language)
    ref = MessageRef("telegram", "42", "1")
    said = IncomingMessage(ref, "text", "The gate is shut.", {"kind": "text", "text": "x"})

    async def known(tx: Tx) -> None:
        person: Person = await arrive(tx, anna, "customer")
        enter_dialogue(person, {"step": "describe", "topic": None})
        await add_point(tx, person, Point(EMAIL, ANNA))

    await stage.desk.run(known)
    await stage.desk.run(hear, anna, said)


async def falls_silent(stage: Stage) -> None:
    """Both answers arrive in the chat, and nothing comes back."""
    await stage.answer(1, "Press twice & hold.")
    await stage.answer(1, "", kind="photo", file_id="ph1")
    await stage.quiet()
    await stage.desk.run(sweep)


async def test_the_answers_come_in_one_mail_and_an_answer_to_it_joins_the_ticket(
    stage: Stage,
) -> None:
    stage.desk.company = replace(stage.desk.company, mail_when_silent=timedelta(0))
    await opens_in_chat(stage, "en")
    await falls_silent(stage)
    letter = await stage.mail(1)
    assert letter["Subject"] == "Your request [SR-1]"
    assert letter["Auto-Submitted"] == "auto-generated"
    words = plain(letter)
    assert words.startswith("We answered you in the chat.")
    assert "\n\nPress twice & hold.\n\n-- \nOlga\n" in words
    assert [part.get_filename() for part in letter.iter_attachments()] == ["photo.jpg"]

    stage.write("Now it works.", subject="Re: Your request", In_Reply_To=letter["Message-ID"])
    await stage.tickets(1)
    said = [one for one in await stage.messages(1) if one.from_customer]
    assert said[-1].text == "Now it works."
    await stage.answer(1, "Good.")
    assert (await stage.mail(2))["In-Reply-To"] == f"<{stage.said - 1}@x.test>"


async def test_the_mail_speaks_the_customers_language(stage: Stage) -> None:
    stage.desk.company = replace(stage.desk.company, mail_when_silent=timedelta(0))
    await opens_in_chat(stage, "ru")
    await falls_silent(stage)
    letter = await stage.mail(1)
    assert letter["Subject"] == "Ваше обращение [SR-1]"
    assert plain(letter).startswith("Мы ответили вам в чате.")


async def test_a_notice_that_is_to_be_mailed_comes_in_the_companys_words(stage: Stage) -> None:
    own = '[[notice]]\ncode = "taken"\nevent = "taken"\nchannel = "both"\n'
    own += 'texts = { en = "{operator} has it <now>: #{number}" }\n'
    await stage.desk.run(apply_directory, read_directory(own))
    await opens_in_chat(stage, "en")
    await stage.desk.run(by_operator, OLGA, take, 1)
    letter = await stage.mail(1)
    assert letter["Subject"] == "Your request [SR-1]"
    assert plain(letter).startswith("Olga has it <now>: #1\n\n-- \n")
    told = [one for one in stage.group.deliveries if one.key == "ticket.taken"]
    assert len(told) == 1, "in the chat, too"
