"""Staff learn of new and overdue tickets by e-mail, through a real SMTP server."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from email.message import EmailMessage

import pytest
from aiosmtpd.smtp import SMTP

from sandbox import Person
from tests.channels.email.server import Relay, read, text_of
from tests.e2e.hours import all_falls_due, pass_hours
from tests.e2e.looking import soon, value
from tests.e2e.stage import Stage, staged
from tests.ports import free_port

HEAD, DUTY = "head@company.test", "duty@company.test"
# As people come: with a line end in the name, or worse.
HOSTILE = "Ева\r\nBcc: eve@evil.test\u202e =?utf-8?q?=0D=0ABcc:_eve@evil.test?="


class MailServer:
    """Somebody's mail server: it can be gone for a while, and comes back where it was."""

    def __init__(self) -> None:
        self.relay = Relay(port=free_port())
        self._server: asyncio.Server | None = None

    async def up(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: SMTP(self.relay, hostname="relay.test", loop=loop),
            "127.0.0.1",
            self.relay.port,
        )

    def down(self) -> None:
        if self._server is not None:
            self._server.close()

    async def letters(self, stage: Stage, words: str, count: int = 2) -> list[EmailMessage]:
        """So many letters whose subject has these words."""

        def found() -> list[EmailMessage]:
            letters = [read(envelope) for envelope in self.relay.letters]
            return [letter for letter in letters if words in letter["Subject"]]

        await soon(lambda: len(found()) >= count, f"{count} letters {words!r}", 30)
        await stage.settle()
        return found()


@pytest.fixture(scope="module")
async def mail() -> AsyncIterator[MailServer]:
    server = MailServer()
    await server.up()
    yield server
    server.down()


@pytest.fixture(scope="module")
async def stage(mail: MailServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    async with staged(tmp_path_factory.mktemp("mail"), draws_soon=True) as stage:
        letters = {
            "SMTP_URL": f"smtp://127.0.0.1:{mail.relay.port}",
            "MAIL_FROM": "Наш двор <support@company.test>",
            "MAIL_ALERTS_TO": f"{HEAD},{DUTY}",
        }
        async with stage.process(**letters):
            yield stage
            stage.clean()


@pytest.fixture
async def anna(stage: Stage) -> Person:
    return stage.customer("Анна")


async def test_a_new_ticket_is_told_to_each_of_the_staff(
    stage: Stage, mail: MailServer, anna: Person
) -> None:
    number, _ = await stage.open_ticket(anna, "Нет картинки во дворе")
    letters = await mail.letters(stage, f"#{number}")
    assert sorted(letter["To"] for letter in letters) == [DUTY, HEAD]
    for letter in letters:
        assert letter["Subject"] == f"Новое обращение #{number}: Нет картинки во дворе"
        assert letter["From"].addresses[0].display_name == "Наш двор"
        words = text_of(letter)
        assert words.startswith(
            f"Новое обращение #{number}: Нет картинки во дворе\nОт кого: Анна\n"
        )
        assert "Ответить до: " in words
        assert words.endswith("\n\nНет картинки во дворе\n")
    assert len({letter["Message-ID"] for letter in letters}) == 2


async def test_an_overdue_ticket_is_told_once(stage: Stage, mail: MailServer, anna: Person) -> None:
    await all_falls_due(stage)
    number, card = await stage.open_ticket(anna, "Нет архива")
    await stage.oleg.reply(card, "/take")
    await anna.expect("взяли в работу")
    pass_hours(stage, 73)
    letters = await mail.letters(stage, f"Просрочено обращение #{number}")
    assert sorted(letter["To"] for letter in letters) == [DUTY, HEAD]
    for letter in letters:
        assert letter["Subject"] == f"Просрочено обращение #{number}: Нет архива"
        words = text_of(letter).splitlines()
        assert words[:3] == [
            f"Обращение #{number} просрочено: Нет архива",
            "От кого: Анна",
            "Ответственный: Олег",
        ]
        assert re.fullmatch(r"Ответить надо было до: \d+ [а-я]+, \d+:\d\d", words[3])
        assert re.fullmatch(r"Ждёт с: \d+ [а-я]+, \d+:\d\d", words[4])
        assert words[5:] == ["", "Нет архива"]
    nobodys, _ = await stage.open_ticket(stage.customer("Борис"), "Ничьё")
    pass_hours(stage, 73)
    others = await mail.letters(stage, f"Просрочено обращение #{nobodys}")
    assert {text_of(letter).splitlines()[2] for letter in others} == {"Ответственный: не назначен"}
    await stage.olga.reply(card, "Простите")
    await anna.expect("Простите")
    await stage.settle()
    assert len(await mail.letters(stage, f"Просрочено обращение #{number}")) == 2


async def test_names_and_words_stay_where_they_belong(stage: Stage, mail: MailServer) -> None:
    eve = stage.customer(HOSTILE)
    words = "Тема\r\nBcc: eve@evil.test\r\n\r\n<b>x</b>\n.\nMAIL FROM:<eve@evil.test>"
    number, _ = await stage.open_ticket(eve, words)
    for letter in await mail.letters(stage, f"#{number}"):
        assert letter["Bcc"] is None
        assert letter["To"] in {HEAD, DUTY}
        assert "\u202e" not in letter["Subject"]
        told = text_of(letter)
        assert "<b>x</b>\n.\nMAIL FROM:<eve@evil.test>" in told
        assert "\u202e" not in told
    assert {r for e in mail.relay.letters for r in e.rcpt_tos} == {HEAD, DUTY}


async def test_a_refused_letter_goes_again_as_the_same_letter(
    stage: Stage, mail: MailServer, anna: Person
) -> None:
    before = len(mail.relay.letters)
    mail.relay.data_reply = "451 try later"
    number, _ = await stage.open_ticket(anna, "Серый список")
    await soon(lambda: len(mail.relay.letters) >= before + 2, "both are refused", 30)
    mail.relay.data_reply = "250 queued"
    left = "SELECT count(*) FROM outbox WHERE channel='email' AND state != 'sent'"
    await soon(lambda: value(stage, left) == 0, "the letters have left", 30)
    letters = await mail.letters(stage, f"#{number}")
    assert len({letter["Message-ID"] for letter in letters}) == 2
    for who in (HEAD, DUTY):
        same = {e.content for e in mail.relay.letters if who in e.rcpt_tos and number_in(e, number)}
        assert len(same) == 1  # byte for byte, however often
    assert len(letters) > 2


def number_in(envelope: object, number: int) -> bool:
    return f"#{number}:" in read(envelope)["Subject"]  # type: ignore[arg-type]


async def test_a_server_that_is_down_holds_up_nobody_and_gets_its_letters_later(
    stage: Stage, mail: MailServer, anna: Person
) -> None:
    mail.down()
    number, card = await stage.open_ticket(anna, "Почта лежит")
    tried = "SELECT min(attempts) FROM outbox WHERE ticket_id=? AND channel='email'"
    await soon(lambda: (value(stage, tried, number) or 0) >= 1, "the letters were tried", 30)
    await stage.olga.reply(card, "Телеграм работает")
    await anna.expect("Телеграм работает")
    assert stage.bot is not None
    await stage.bot.restart(kill=True)
    before = len(mail.relay.letters)
    await mail.up()
    letters = await mail.letters(stage, f"#{number}")
    assert sorted(letter["To"] for letter in letters) == [DUTY, HEAD]
    assert len(mail.relay.letters) == before + 2
