"""Many mails, and a large one: chats go on, and nobody is flooded with answers.

``MAIL_STORM=1000`` and ``MAIL_SAMPLES=5000`` in the environment make the crowds larger.
"""

import os
import random
from email.message import EmailMessage
from functools import partial
from pathlib import Path
from typing import Final

from sqlalchemy import func, select

from bot.update_queue import UpdateQueue
from core import inbox
from core.db import Database
from core.inbox import Raw, Stored
from core.models import InboxRow, Message, OutboxRow, Ticket
from handlers.mail.fetch import AT_ONCE, MOST_WAITING
from handlers.mail.nature import Nature, nature_of
from handlers.mail.parse import parse
from tests.handlers.mail import samples
from tests.handlers.mail.desk_by_mail import ANNA, SUPPORT, Stage, stage_at

STORM: Final = int(os.environ.get("MAIL_STORM", "120"))
SAMPLES: Final = int(os.environ.get("MAIL_SAMPLES", "60"))
PATIENCE: Final = 600 + (STORM + SAMPLES) // 4  # seconds


async def _all_read(stage: Stage) -> bool:
    letters = stage.office.open(SUPPORT).inbox.letters
    if any("\\Seen" not in letter.flags for letter in letters):
        return False
    new = select(InboxRow.id).where(InboxRow.state == "new").order_by(InboxRow.id)
    return not await stage.rows(new.limit(1))


async def test_a_storm_of_mails_from_everybody_holds_up_no_chat(
    database: Database, tmp_path: Path
) -> None:
    """However many mails there are, a chat's update stands behind the few that are handled."""
    async with stage_at(database, tmp_path / "files") as stage:
        handled: list[str] = []
        queue = stage.queue
        assert queue is not None
        _watch(queue, handled)
        for number in range(STORM):
            stage.write(f"Matter {number}", sender=f"p{number}@x.test", subject=f"Matter {number}")
        stage.write(raw=_large(), sender="large@x.test")
        for number in range(10):
            await _reach(stage, handled, number * STORM // 12)
            before = len(handled)
            await stage.desk.run(inbox.store, "chats", [Raw(str(number), "chat:1", "{}")])
            queue.news.set()
            await stage.until(partial(handled.__contains__, f"chat {number}"), seconds=300)
            ahead = handled.index(f"chat {number}") - before
            assert ahead <= MOST_WAITING // 4, f"{ahead} mails went before a chat's update"
        await stage.until(lambda: _all_read(stage), seconds=PATIENCE)
        assert await stage.rows(select(func.count(Ticket.id))) == [STORM + 1]
        assert not await stage.rows(select(InboxRow).where(InboxRow.state == "quarantined"))


async def _reach(stage: Stage, handled: list[str], many: int) -> None:
    await stage.until(lambda: len(handled) >= many, seconds=300)


def _watch(queue: UpdateQueue, handled: list[str]) -> None:
    """Note what is handled, in order; updates of chats have no effect."""
    mails, under_way = queue.handle, 0

    async def handle(stored: Stored) -> None:
        nonlocal under_way
        if stored.source == "chats":
            handled.append(f"chat {stored.external_id}")
            return
        under_way += 1
        assert under_way <= AT_ONCE
        await mails(stored)
        under_way -= 1
        handled.append(stored.external_id)

    queue.handle = handle


def _large() -> bytes:
    """A mail of 25 MB."""
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = "large@x.test", SUPPORT, "Large"
    letter.set_content("See here.")
    letter.add_attachment(os.urandom(18_500_000), maintype="video", subtype="mp4", filename="x.mp4")
    return letter.as_bytes()


async def test_any_number_of_mails_in_a_victims_name_cause_one_mail_to_it(stage: Stage) -> None:
    for number in range(STORM):
        stage.write(f"Matter {number}", subject=f"Matter {number}")
    await stage.until(lambda: _all_read(stage), seconds=PATIENCE)
    await stage.quiet()
    assert len(stage.mails(ANNA)) == 1
    assert await stage.rows(select(func.count(Message.id))) == [STORM]
    rows = await stage.rows(select(OutboxRow.id).where(OutboxRow.channel == "email"))
    assert len(rows) == 1


async def test_mutated_mails_are_tickets_or_in_one_or_wait_in_quarantine(stage: Stage) -> None:
    """What a program wrote opens nothing, and what is for another address is left alone."""
    drawn, expected, unreadable = random.Random(5), set(), 0
    for number in range(SAMPLES):
        whole = samples.WHOLE[number % len(samples.WHOLE)]
        raw = bytearray(whole.replace(b"<1@x.test>", b"<m%d@x.test>" % number))
        for _ in range(drawn.randint(1, 30)):
            samples.mutate(raw, drawn)
        stage.write(raw=bytes(raw))
        said = _what_a_person_says(bytes(raw))
        unreadable += said == UNREADABLE
        expected |= {said} - {None, UNREADABLE}
    await stage.until(lambda: _all_read(stage), seconds=PATIENCE)
    messages = await stage.rows(
        select(Message).where(Message.ticket_id.is_not(None)).order_by(Message.id)
    )
    assert expected <= {message.content.get("chain") for message in messages}
    aside = select(func.count(InboxRow.id)).where(InboxRow.state == "quarantined")
    assert await stage.rows(aside) == [unreadable]
    assert len(expected) > SAMPLES // 4


UNREADABLE: Final = "?"


def _what_a_person_says(raw: bytes) -> str | None:
    """The id of a mail that must be in a ticket; ``None`` for others."""
    try:
        mail = parse(raw)
    except ValueError:
        return UNREADABLE
    nature = nature_of(mail, {SUPPORT})
    if mail.sender is None and nature is not Nature.BOUNCE:
        return UNREADABLE
    to_others = [one for one in mail.recipients if one.endswith("@desk.test")]
    for_us = SUPPORT in mail.recipients or not to_others
    return mail.id if nature is Nature.PERSON and for_us else None
