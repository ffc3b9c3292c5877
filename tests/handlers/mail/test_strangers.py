"""Forged senders, robots, floods: nobody writes in another's name, and nobody is mailed in vain."""

from pathlib import Path

from core.db import Database
from core.tickets.correspondence import FLOOD
from tests.handlers.mail.desk_by_mail import ANNA, SUPPORT, Stage, plain, stage_at

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
        stage.write("It is me.", subject="SR-1", Authentication_Results=PROVED)
        await stage.until(lambda: _has(stage, 1, "It is me."))


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
    for number in range(FLOOD + 5):
        stage.write(f"Matter {number}", subject=f"Matter {number}")
    tickets = await stage.tickets(FLOOD)
    assert len(await stage.messages(tickets[-1].id)) == 6
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


async def test_a_blacklisted_sender_opens_nothing(database: Database, tmp_path: Path) -> None:
    async with stage_at(database, tmp_path / "files", blacklist=("@y.test",)) as stage:
        stage.write("Buy.", sender="mallory@y.test")
        stage.write()
        (ticket,) = await stage.tickets(1)
        assert ticket.opening == "The gate does not open."
