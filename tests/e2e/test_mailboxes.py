"""Two mailboxes of a company, set up in the directory while its desk runs (F1, F6)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from sandbox.mail import BILLING, SUPPORT, MailServers
from tests.e2e.beside import apply_directory
from tests.e2e.stage import Stage, staged

DIRECTORY = f"""
[[topic]]
code = "payment"
titles = {{ ru = "Оплата" }}

[[mailbox]]
address = "{SUPPORT}"

[[mailbox]]
address = "{BILLING}"
title = "Расчёты"
topic = "payment"
signature = {{ ru = "{{operator}}\\nРасчёты: {{topic}}" }}
"""


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path, draws_soon=True) as stage:
        yield stage


async def test_two_mailboxes_are_set_up_while_the_desk_runs(stage: Stage) -> None:
    async with MailServers() as mail, stage.process(**mail.environment()):
        await apply_directory(stage, DIRECTORY)
        mail.office.deliver(BILLING, written("Списали дважды", to=BILLING))
        card = await stage.group.expect("Списали дважды", timeout=20)
        assert "Оплата" in card.text
        await stage.olga.reply(card, "Вернём сегодня.")
        answer = await letter(stage, mail, 2)
        assert str(answer["From"]) == f"Расчёты <{BILLING}>"
        assert body(answer).endswith("\n-- \nОльга\nРасчёты: Оплата\n")

        again = written("Спасибо, когда?", to=BILLING, answers=answer["Message-ID"])
        mail.office.deliver(BILLING, again)
        await stage.group.expect("когда", reply_to=card, timeout=20)
        await stage.settle()
        stage.clean()


def written(words: str, *, to: str, answers: str = "") -> bytes:
    made = EmailMessage(policy=policy.SMTP)
    made["From"] = "Анна <anna@mail.example>"
    made["To"] = to
    made["Subject"] = "Оплата"
    made["Message-ID"] = f"<{len(words)}@mail.example>"
    if answers:
        made["In-Reply-To"] = answers
    made.set_content(words)
    return made.as_bytes()


async def letter(stage: Stage, mail: MailServers, count: int) -> EmailMessage:
    """The newest of so many letters in Anna's mailbox."""
    inbox = mail.office.open("anna@mail.example").inbox.letters
    await stage.world.until(lambda: len(inbox) >= count, 30, f"{count} letters")
    return message_from_bytes(inbox[-1].raw, policy=policy.default)


def body(found: EmailMessage) -> str:
    part = found.get_body(("plain",))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")
