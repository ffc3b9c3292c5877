"""A company that asks for consent by mail, too: with real servers, and through a kill (S31)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from sandbox.mail import SUPPORT, MailServers
from tests.e2e.beside import apply_directory
from tests.e2e.looking import value
from tests.e2e.stage import Stage, staged
from tests.e2e.warm import CLEANS_EVERY

DIRECTORY = """
[settings]
consent = { ru = "Храним ваше имя и переписку год, чтобы отвечать.", en = "We keep your words." }
"""
ANNA, EVA = "anna@mail.example", "eva@mail.example"


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path, draws_soon=True) as stage:
        stage.settings |= {"FILES_URL": f"file://{tmp_path}/files", CLEANS_EVERY: "0.2"}
        yield stage


async def test_a_mail_waits_for_the_yes_through_a_kill_and_a_no_leaves_nothing(
    stage: Stage,
) -> None:
    async with MailServers() as mail:
        async with stage.process(**mail.environment()) as bot:
            await apply_directory(stage, DIRECTORY)
            write(mail, ANNA, "Списали дважды")
            question = await letter(stage, mail, ANNA, 1)
            assert question["Subject"] == "Нужно ваше согласие на обработку данных"
            assert "Храним ваше имя и переписку год" in body(question)
            assert "ответьте на это письмо одним словом: да" in body(question)
            await stage.settle()
            assert value(stage, "SELECT count(*) FROM message") == 0
            write(mail, EVA, "Секрет Евы")
            theirs = await letter(stage, mail, EVA, 1)
            await stage.settle()
            await bot.kill()
        write(mail, ANNA, "Да, согласна.\n\nС уважением,\nАнна", answers=question["Message-ID"])
        write(mail, EVA, "Нет", answers=theirs["Message-ID"])
        async with stage.process(**mail.environment()):
            card = await stage.group.expect("Списали дважды", timeout=30)
            confirmed = await letter(stage, mail, ANNA, 2)
            assert "принято" in confirmed["Subject"]
            assert "Храним ваше имя" not in body(confirmed)
            await stage.olga.reply(card, "Вернём сегодня.")
            assert "Вернём сегодня." in body(await letter(stage, mail, ANNA, 3))
            erased = await letter(stage, mail, EVA, 2)
            assert erased["Subject"] == "Ваше письмо не передали в поддержку"
            await stage.settle()
            assert value(stage, "SELECT count(*) FROM consent WHERE origin = 'email'") == 1
            assert value(stage, "SELECT count(*) FROM inbox WHERE raw LIKE '%eva@%'") == 0
            await stage.world.until(lambda: not kept(stage, "Секрет Евы"), 90, "its file is gone")
            stage.clean()


def write(mail: MailServers, sender: str, words: str, *, answers: str = "") -> None:
    made = EmailMessage(policy=policy.SMTP)
    made["From"], made["To"], made["Subject"] = sender, SUPPORT, "Оплата"
    made["Message-ID"] = mail.next_id()
    if answers:
        made["In-Reply-To"] = answers
    made.set_content(words, cte="8bit")
    mail.office.deliver(SUPPORT, made.as_bytes())


def kept(stage: Stage, words: str) -> bool:
    files = (stage.folder / "files").rglob("*")
    return any(words.encode() in path.read_bytes() for path in files if path.is_file())


async def letter(stage: Stage, mail: MailServers, to: str, count: int) -> EmailMessage:
    """The newest of so many letters in somebody's mailbox."""
    inbox = mail.office.open(to).inbox.letters
    await stage.world.until(lambda: len(inbox) >= count, 30, f"{count} letters")
    return message_from_bytes(inbox[-1].raw, policy=policy.default)


def body(found: EmailMessage) -> str:
    part = found.get_body(("plain",))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")
