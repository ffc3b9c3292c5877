"""Who came by the web form is told by mail of what stands on the page (A9)."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select

from core.integrations.intake import Customer, NewTicket, add_by_page, open_by_form
from core.models import Person, Ticket
from core.people.contact_points import Point, make_contact
from core.setup.signed_links import follow_path
from core.signing_key import find_signing_key
from core.tickets.sweep import sweep
from core.words.contact_values import EMAIL
from tests.handlers.mail.desk_by_mail import ANNA, DESK, Stage, plain


async def sends_form(
    stage: Stage, once: str = "1", language: str = "en", address: str = ANNA
) -> int:
    """Anna sends the form; returns the ticket's number."""
    points = (Point(EMAIL, address),)
    customer = Customer("Anna", points=points, language=language, vouched=False)
    new = NewTicket(customer, "The gate", "It is shut.", origin="form", external_id=once)
    return (await stage.desk.run(open_by_form, new, "2026-11")).ticket_id


async def page(stage: Stage, number: int) -> str:
    return DESK + follow_path(await stage.desk.read(find_signing_key), number)


async def a_minute_later(stage: Stage) -> None:
    """All that was said is on the page, and the sweep runs when a minute has passed. It stays
    passed: what the sweep has written may leave from then on.
    """
    await stage.quiet()
    clock = stage.desk.clock
    stage.desk.clock = lambda: clock() + timedelta(minutes=1, seconds=1)
    await stage.desk.run(sweep)
    stage.desk.outbox_wakeup.set()


async def test_a_form_is_acknowledged_with_the_way_to_its_page(stage: Stage) -> None:
    number = await sends_form(stage)
    letter = await stage.mail(1)
    assert letter["Auto-Submitted"] == "auto-replied"
    words = plain(letter)
    assert await page(stage, number) in words
    assert "It is shut." not in letter.as_string() and "The gate" not in letter["Subject"]


async def test_who_agreed_on_the_form_is_not_asked_again_when_they_answer_its_mail(
    stage: Stage,
) -> None:
    """The answer proves that the address is theirs."""
    stage.desk.company = replace(
        stage.desk.company, consent={"en": "We keep it."}, consent_version="2026-11"
    )
    number = await sends_form(stage)
    letter = await stage.mail(1)
    assert "We keep it." not in plain(letter)
    stage.write("It is still shut.", subject="x", In_Reply_To=letter["Message-ID"])
    await stage.until(lambda: _has(stage, number, "It is still shut."))
    stage.write("Another matter.", subject="x", sender="boris@x.test")
    question = await stage.mail(1, "boris@x.test")
    assert "We keep it." in plain(question)


async def _has(stage: Stage, number: int, words: str) -> bool:
    return any(one.text == words for one in await stage.messages(number))


async def test_another_form_within_the_hour_is_not_acknowledged(stage: Stage) -> None:
    """Whoever types somebody else's address again and again fills no mailbox (S19)."""
    await sends_form(stage)
    await sends_form(stage, "2")
    await stage.mail(1)


async def test_answers_that_follow_each_other_are_one_mail_with_the_way_to_the_page(
    stage: Stage,
) -> None:
    number = await sends_form(stage, language="ru")
    await stage.mail(1)
    await stage.answer(number, "Press twice & hold.")
    await stage.answer(number, "Then wait.")
    await a_minute_later(stage)
    letter = await stage.mail(2)
    words = plain(letter)
    assert words.startswith("Press twice & hold.\n\nThen wait.\n\nВся переписка")
    assert await page(stage, number) in words
    await a_minute_later(stage)
    await stage.mail(2)


async def test_an_answer_in_a_ticket_that_was_closed_at_once_is_mailed_too(stage: Stage) -> None:
    number = await sends_form(stage)
    await stage.mail(1)
    await stage.answer(number, "It was the fuse.")
    await stage.quiet()
    await stage.move(number, "resolve", "The fuse.")
    await stage.mail(2)
    await a_minute_later(stage)
    mails = [plain(one) for one in (await stage.mail(3), *stage.mails())]
    assert any("It was the fuse." in one for one in mails)
    assert any("The fuse." in one for one in mails)


async def test_who_writes_on_the_page_meanwhile_has_seen_the_answer(stage: Stage) -> None:
    number = await sends_form(stage)
    await stage.mail(1)
    await stage.answer(number, "Press twice & hold.")
    await stage.quiet()
    await stage.desk.run(add_by_page, number, "It works.", "2")
    await a_minute_later(stage)
    await stage.mail(1)


async def test_an_answer_to_such_a_mail_joins_the_ticket(stage: Stage) -> None:
    number = await sends_form(stage)
    letter = await stage.mail(1)
    stage.write("It opens again.", subject="Re: gate", In_Reply_To=letter["Message-ID"])
    await stage.quiet()
    said = [one.text for one in await stage.messages(number)]
    assert said == ["It is shut.", "It opens again."]


async def test_an_answer_joins_the_ticket_although_its_address_is_noted_of_another_too(
    stage: Stage,
) -> None:
    number = await sends_form(stage)
    letter = await stage.mail(1)
    await stage.desk.run(make_contact, "Boris", [Point(EMAIL, ANNA)])
    stage.write("It opens again.", subject="Re: gate", In_Reply_To=letter["Message-ID"])
    await stage.quiet()
    said = [one.text for one in await stage.messages(number)]
    assert said == ["It is shut.", "It opens again."]


async def test_a_mailbox_that_refuses_does_not_make_the_page_unreachable(stage: Stage) -> None:
    stage.smtp.refusals[ANNA] = "550 5.1.1 no such user"
    number = await sends_form(stage)
    await stage.quiet()
    (ticket,) = await stage.tickets(1)
    assert isinstance(ticket, Ticket)
    (customer,) = await stage.rows(select(Person).where(Person.id == ticket.customer_id))
    assert customer.unreachable_since is None
    await stage.answer(number, "Press twice.")
    await stage.quiet()
    assert (await stage.messages(number))[-1].delivered_at is not None


async def test_without_mail_nothing_waits(stage: Stage) -> None:
    stage.desk.company = replace(stage.desk.company, letter_channels=frozenset())
    number = await sends_form(stage)
    await stage.answer(number, "Press twice.")
    await a_minute_later(stage)
    await stage.quiet()
    assert not stage.mails()
