"""`check`: every finding says what is wrong, and what to do about it."""

import os
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import AsyncMock

import pytest
from aiogram.client.session.aiohttp import AiohttpSession
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot import cli
from bot.commands import FINE, WRONG, mail_dns
from bot.commands.check import examine
from bot.commands.checks import storage
from bot.commands.checks.result import Finding
from bot.migrations import migrate, undo
from bot.settings import load_settings
from channels.telegram.addresses import chat_address
from core import files
from core.company import Company
from core.db import Database
from core.desk import Desk
from core.directory.reader import read_directory
from core.directory.store import apply_directory
from core.people.identity import Sender
from core.setup.claim import PREFIX, claim, offer_claim
from core.setup.linked_chat import link
from sandbox import Chat, Person, World
from sandbox.mail.imap import ImapServer
from sandbox.mail.post_office import PostOffice
from sandbox.mail.smtp import SmtpServer
from tests.actions.company_directory import put_team
from tests.channels.certificate import make_certificate
from tests.delivery.s3_server import S3Server
from tests.delivery.test_health_watch import listener
from tests.model_server import model_server
from tests.ports import free_port

CANARY = "42:c4naryN3verShownc4naryN3verShown1234"


@dataclass
class Practice:
    """A set-up in which all is well, until a test spoils it."""

    world: World
    anna: Person
    group: Chat
    alerts: Chat
    folder: Path

    def environment(self) -> dict[str, str]:
        return {
            "BOT_TOKEN": self.world.token,
            "TELEGRAM_API_URL": self.world.api_url,
            "OPERATOR_CHAT_ID": str(self.group.id),
            "ALERT_CHAT_ID": str(self.alerts.id),
            "ADMIN_IDS": str(self.anna.id),
            "DATABASE_URL": f"sqlite+aiosqlite:///{self.folder}/desk.db",
            "FILES_URL": f"file://{self.folder}/files",
        }

    async def set_up_in_the_chat(self) -> None:
        """As an admin does it who knows no variables."""
        database = Database(self.environment()["DATABASE_URL"])
        await migrate(database)
        desk = Desk(database, Company())
        anna = Sender(chat_address(self.anna.id), name="Анна", language="ru")
        payload = await desk.run(offer_claim)
        assert payload is not None
        desk.company = await desk.run(claim, anna, payload.removeprefix(PREFIX))
        desk.company = await desk.run(link, anna, "operators", chat_address(self.group.id))
        desk.company = await desk.run(link, anna, "alerts", chat_address(self.alerts.id))
        await database.close()

    async def has_team(self, code: str, chat: int) -> None:
        """A team with a group of its own, as the directory's file has it."""
        database = Database(self.environment()["DATABASE_URL"])
        await Desk(database, Company()).run(put_team, code, {"ru": "Выездные"}, chat=chat)
        await database.close()

    async def has_directory(self, text: str) -> None:
        database = Database(self.environment()["DATABASE_URL"])
        await migrate(database)
        await Desk(database, Company()).run(apply_directory, read_directory(text))
        await database.close()

    async def examine(self, **changes: str) -> list[Finding]:
        return await examine(load_settings(self.environment() | changes))

    async def faults(self, **changes: str) -> list[Finding]:
        return [finding for finding in await self.examine(**changes) if not finding.fine]

    async def fault(self, **changes: str) -> str:
        """The only thing that is wrong, as it is printed."""
        found = await self.faults(**changes)
        assert len(found) == 1, found
        assert found[0].remedy
        assert "\n" not in found[0].what + found[0].remedy
        return str(found[0])


@pytest.fixture(autouse=True)
def no_dns(monkeypatch: pytest.MonkeyPatch) -> None:
    """No question leaves this machine."""
    monkeypatch.setattr(mail_dns, "missing_records", AsyncMock(return_value=[]))


@pytest.fixture(scope="module")
async def world() -> AsyncIterator[World]:
    async with World.start(token=CANARY) as world:
        yield world


@pytest.fixture
def practice(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Practice:
    monkeypatch.setattr(AiohttpSession, "close", _close_at_once)
    anna = world.user("Анна")
    group = world.supergroup("Операторы", owner=anna, bot="admin")
    alerts = world.channel("Просрочки", owner=anna, bot="admin")
    return Practice(world, anna, group, alerts, tmp_path)


async def _close_at_once(session: AiohttpSession) -> None:
    """aiogram's own waits a quarter of a second for TLS that there is not."""
    if session._session is not None:
        await session._session.close()


@pytest.fixture
async def elsewhere() -> AsyncIterator[str]:
    """A server that is not Telegram: whatever it is asked, it shows its page."""

    async def page(_request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(text="<html>It works!</html>", content_type="text/html")

    runner = web.ServerRunner(web.Server(page))
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


# ------------------------------------------------------------------ nothing is wrong


async def test_where_all_is_well_it_says_so_line_by_line(practice: Practice) -> None:
    lines = [str(finding) for finding in await practice.examine()]
    assert lines == [
        "ok     SQLite database can be written to",
        "ok     SQLite database is empty: the first `python -m bot run` makes the tables",
        f"ok     files can be stored in file://{practice.folder}/files",
        "ok     the bot is @help_bot",
        "ok     the operator group is “Операторы”, the bot is an admin there",
        "ok     the alert channel is “Просрочки”, the bot is an admin there",
    ]
    assert not (practice.folder / "files").exists()


async def test_tables_of_an_earlier_release_are_wrong_until_they_are_brought_up_to_date(
    practice: Practice,
) -> None:
    database = Database(practice.environment()["DATABASE_URL"])
    await migrate(database)
    await undo(database, "0043")
    await database.close()
    (behind,) = await practice.faults()
    assert "tables are those of an earlier release" in behind.what
    assert "python -m bot migrate" in behind.remedy
    database = Database(practice.environment()["DATABASE_URL"])
    await migrate(database)
    await database.close()
    assert not await practice.faults()


async def test_it_runs_beside_the_desk(practice: Practice) -> None:
    desk = Database(practice.environment()["DATABASE_URL"])
    desk.lock()
    assert next(f.what for f in await practice.examine()).endswith("in use: the desk is running")
    assert not await practice.faults()
    await desk.close()


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


# ------------------------------------------------------------------ Telegram


async def test_without_a_token_it_says_where_to_get_one(practice: Practice) -> None:
    assert "get one from @BotFather" in await practice.fault(BOT_TOKEN="")


async def test_a_token_that_telegram_does_not_know(practice: Practice) -> None:
    said = await practice.fault(BOT_TOKEN="42:another")
    assert "does not know BOT_TOKEN" in said
    assert "ask @BotFather" in said


async def test_a_server_that_cannot_be_reached(practice: Practice) -> None:
    said = await practice.fault(TELEGRAM_API_URL="http://127.0.0.1:9")
    assert "Telegram cannot be reached" in said
    assert "look at the network, TELEGRAM_PROXY, or TELEGRAM_API_URL" in said


async def test_a_server_that_is_not_telegram(practice: Practice, elsewhere: str) -> None:
    assert "look at TELEGRAM_API_URL" in await practice.fault(TELEGRAM_API_URL=elsewhere)


@pytest.mark.parametrize("code", [404, 502])
async def test_a_server_that_answers_with_an_error(practice: Practice, code: int) -> None:
    practice.world.faults.error(code, method="getMe", description="Something")
    assert "TELEGRAM_API_URL" in await practice.fault()


async def test_nobody_is_an_admin(practice: Practice) -> None:
    assert "set ADMIN_IDS to" in await practice.fault(ADMIN_IDS="")


async def test_what_was_set_up_in_the_chat_counts_as_much_as_variables(practice: Practice) -> None:
    nothing = {"OPERATOR_CHAT_ID": "", "ALERT_CHAT_ID": "", "ADMIN_IDS": ""}
    assert len(await practice.faults(**nothing)) == 3
    await practice.set_up_in_the_chat()
    assert [str(finding) for finding in await practice.examine(**nothing)][-2:] == [
        "ok     the operator group is “Операторы”, the bot is an admin there",
        "ok     the alert channel is “Просрочки”, the bot is an admin there",
    ]
    assert "-1001 is out of reach" in await practice.fault(**nothing | {"ALERT_CHAT_ID": "-1001"})


# ------------------------------------------------------------------ the group and the channel


@pytest.mark.parametrize("variable", ["OPERATOR_CHAT_ID", "ALERT_CHAT_ID"])
async def test_a_chat_that_is_not_set(practice: Practice, variable: str) -> None:
    assert f"set {variable} to its id" in await practice.fault(**{variable: ""})


@pytest.mark.parametrize("variable", ["OPERATOR_CHAT_ID", "ALERT_CHAT_ID"])
async def test_a_chat_that_is_not_there(practice: Practice, variable: str) -> None:
    said = await practice.fault(**{variable: "-1001"})
    assert "-1001 is out of reach" in said
    assert f"look at {variable}, and add the bot there as an admin" in said


async def test_a_bot_that_is_no_admin_does_not_see_what_is_said(practice: Practice) -> None:
    await practice.group.demote_bot(practice.anna)
    assert "make the bot an admin of “Операторы”" in await practice.fault()


async def test_a_team_s_own_group_is_looked_at_as_well(practice: Practice) -> None:
    await practice.set_up_in_the_chat()
    field_group = practice.world.supergroup("Выездные", owner=practice.anna, bot="admin")
    await practice.has_team("field", field_group.id)
    told = "ok     the group of the team field is “Выездные”, the bot is an admin there"
    assert told in [str(finding) for finding in await practice.examine()]
    await field_group.remove_bot(practice.anna)
    said = await practice.fault()
    assert f"the group of the team field {field_group.id} is out of reach" in said
    assert "look at the team's chat in the directory, and add the bot there as an admin" in said


async def test_a_bot_that_was_thrown_out(practice: Practice) -> None:
    await practice.group.remove_bot(practice.anna)
    assert "add the bot there as an admin" in await practice.fault()


@pytest.mark.parametrize(
    ("right", "title"),
    [("can_delete_messages", "Delete messages"), ("can_pin_messages", "Pin messages")],
)
async def test_a_right_that_is_missing_in_the_group(
    practice: Practice, right: str, title: str
) -> None:
    await practice.group.promote_bot(practice.anna, **{right: False})
    said = await practice.fault()
    assert f"the operator group: the bot lacks the right “{title}”" in said
    assert "allow it in the bot's admin rights" in said


async def test_a_right_that_is_missing_in_the_channel(practice: Practice) -> None:
    await practice.alerts.promote_bot(practice.anna, can_post_messages=False)
    assert "the alert channel: the bot lacks the right “Post messages”" in await practice.fault()


async def test_a_channel_where_the_group_should_be(practice: Practice) -> None:
    said = await practice.fault(OPERATOR_CHAT_ID=str(practice.alerts.id))
    assert "OPERATOR_CHAT_ID" in said
    assert "in “Просрочки”, a channel, nobody can answer" in said


async def test_alerts_may_go_to_a_group(practice: Practice) -> None:
    assert not await practice.faults(ALERT_CHAT_ID=str(practice.group.id))


async def test_a_group_that_has_become_a_supergroup_has_another_id(practice: Practice) -> None:
    group = practice.world.group("Старая", owner=practice.anna, bot="admin")
    new = group.migrate()
    said = await practice.fault(OPERATOR_CHAT_ID=str(group.id))
    assert f"set OPERATOR_CHAT_ID to {new.id}" in said


# ------------------------------------------------------------------ the database and the mail


async def test_a_database_that_cannot_be_opened(practice: Practice) -> None:
    (practice.folder / "file").write_text("no folder")
    said = await practice.fault(DATABASE_URL=f"sqlite+aiosqlite:///{practice.folder}/file/x.db")
    assert "look at DATABASE_URL: it cannot be opened" in said


async def test_a_mail_server_that_cannot_be_reached(practice: Practice) -> None:
    said = await practice.fault(
        SMTP_URL="smtp://desk:c4nary@127.0.0.1:9", MAIL_FROM="desk@example.com"
    )
    assert "look at SMTP_URL" in said
    assert "c4nary" not in said


async def test_what_is_wrong_in_one_place_does_not_hide_the_others(practice: Practice) -> None:
    (practice.folder / "file").write_text("no folder")
    await practice.group.demote_bot(practice.anna)
    found = await practice.faults(
        DATABASE_URL=f"sqlite+aiosqlite:///{practice.folder}/file/x.db",
        ALERT_CHAT_ID="-1001",
        ADMIN_IDS="",
        SMTP_URL="smtp://127.0.0.1:9",
        MAIL_FROM="desk@example.com",
    )
    assert len(found) == 5


async def test_what_dns_lacks_for_mail_is_told_and_is_no_fault(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail_dns, "missing_records", AsyncMock(return_value=["SPF: a record"]))
    found = await practice.examine(SMTP_URL="smtp://127.0.0.1:9", MAIL_FROM="desk@example.com")
    (told,) = [finding for finding in found if "SPF: a record" in finding.what]
    assert told.fine and "example.com" in told.what


async def test_a_folder_where_nothing_can_be_stored_is_named(practice: Practice) -> None:
    (practice.folder / "files").write_text("no folder")
    said = await practice.fault()
    assert f"files cannot be stored in file://{practice.folder}/files" in said
    assert "the desk's user must be able to write there" in said


async def test_the_sign_of_life_is_tried_and_its_address_is_not_shown(practice: Practice) -> None:
    async with listener() as (url, called):
        found = await practice.examine(PING_URL=url.get_secret_value())
    assert "ok     the sign of life arrives" in map(str, found) and called == ["/hush"]
    said = await practice.fault(PING_URL=url.get_secret_value())
    assert "look at PING_URL" in said and "hush" not in said


async def test_where_errors_are_reported_is_tried_and_the_key_is_not_shown(
    practice: Practice,
) -> None:
    keys = []

    async def take(request: web.Request) -> web.Response:
        keys.append(request.headers["x-sentry-auth"].rpartition("=")[2])
        return web.Response(status=200 if keys[-1] == "g00d" else 403)

    app = web.Application()
    app.router.add_post("/below/api/7/envelope/", take)
    async with TestServer(app) as server:
        where = f"127.0.0.1:{server.port}/below/7"
        found = await practice.examine(SENTRY_DSN=f"http://g00d@{where}")
        said = await practice.fault(SENTRY_DSN=f"http://wr0ng@{where}")
    assert "ok     errors can be reported to Sentry" in map(str, found)
    assert "look at SENTRY_DSN" in said and "403" in said and "wr0ng" not in said
    assert keys == ["g00d", "wr0ng"]


async def test_the_assistant_is_asked_for_its_models_and_the_key_is_not_shown(
    practice: Practice,
) -> None:
    async with model_server() as server:
        found = await practice.examine(**server.settings)
        server.models = ["large-1", "large-2"]
        other = await practice.fault(**server.settings)
        server.models = []
        silent = await practice.faults(**server.settings)
        server.status = 401
        refused = await practice.fault(**server.settings)
        url = server.url
    assert f"ok     the assistant at {url} answers, with small-1" in map(str, found)
    assert "has no model small-1" in other and "it has: large-1, large-2" in other
    assert silent == []
    assert "look at ASSISTANT_URL and ASSISTANT_KEY (refused: 401)" in refused
    assert "sk-canary" not in refused and server.keys[0] == "Bearer sk-canary"
    assert "does not answer" in await practice.fault(**server.settings)
    assert server.asked == []


async def test_where_updates_are_copied_to_is_looked_at(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = practice.folder / "elsewhere"
    said = await practice.fault(UPDATE_COPIES_DIR=str(folder))
    assert "updates cannot be copied" in said and f"make the folder {folder}" in said
    folder.mkdir()
    said = await practice.fault(UPDATE_COPIES_DIR=str(folder))
    assert "on the disk of the database" in said and "on another disk" in said
    monkeypatch.setattr(storage, "_disk_of", hash)
    found = await practice.examine(UPDATE_COPIES_DIR=str(folder))
    assert f"ok     updates are copied to {folder}" in map(str, found)


async def test_a_bucket_is_tried_and_nothing_stays_in_it(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with S3Server() as server:
        server.set_environment(monkeypatch)
        found = await practice.examine(FILES_URL="s3://desk/mails")
        assert "ok     files can be stored in s3://desk/mails" in map(str, found)
        assert server.objects == {} and "PUT" in server.asked
        monkeypatch.setattr(files, "ANSWER_WITHIN", 0.5)
        said = await practice.fault(FILES_URL="s3://other")
        assert "files cannot be stored in s3://other" in said and "AWS_ variables" in said
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        assert "look at FILES_URL" in await practice.fault(FILES_URL="s3://desk")


# ------------------------------------------------------------------ HTTP


@asynccontextmanager
async def answering(status: int) -> AsyncIterator[int]:
    """A server that answers health checks, and whatever is posted with this status."""

    async def page(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(text="ok", status=200 if request.method == "GET" else status)

    runner = web.ServerRunner(web.Server(page))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield int(runner.addresses[0][1])
    await runner.cleanup()


async def test_an_address_for_http_that_is_taken_by_another_is_named(practice: Practice) -> None:
    assert not await practice.faults(HTTP_LISTEN=f"127.0.0.1:{free_port()}")
    async with answering(200) as port:
        lines = [str(f) for f in await practice.examine(HTTP_LISTEN=f"127.0.0.1:{port}")]
        assert f"ok     HTTP is served on http://127.0.0.1:{port}" in lines
    assert "set HTTP_LISTEN to a free address" in await practice.fault(HTTP_LISTEN="192.0.2.1:80")


async def test_a_webhook_that_leads_elsewhere_or_is_not_set_is_told(practice: Practice) -> None:
    secret = {"WEBHOOK_SECRET": "a-secret-of-many-letters"}
    async with answering(404) as port:
        here = f"127.0.0.1:{port}"
        url = f"http://{here}/telegram"
        found = await practice.faults(HTTP_LISTEN=here, WEBHOOK_URL=url, **secret)
    assert [finding.what for finding in found] == [
        f"WEBHOOK_URL {url} answers 404 instead of 401",
        "Telegram has another webhook: none",
    ]
    async with answering(401) as port:
        here = f"127.0.0.1:{port}"
        said = await practice.fault(
            HTTP_LISTEN=here, WEBHOOK_URL=f"http://{here}/telegram", **secret
        )
    assert "Telegram has another webhook" in said


@asynccontextmanager
async def in_front(status: int, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """A proxy before the desk, that answers all with this status: its address."""

    async def page(_request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=status, headers={"location": "/elsewhere"})

    runner = web.ServerRunner(web.Server(page))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
    yield f"{'http' if tls is None else 'https'}://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


@pytest.mark.parametrize("status", [200, 301, 404, 502])
async def test_an_address_for_links_that_leads_elsewhere_is_told(
    practice: Practice, status: int
) -> None:
    async with answering(200) as port, in_front(status) as url:
        said = await practice.fault(HTTP_LISTEN=f"127.0.0.1:{port}", PUBLIC_URL=url)
    seen = "with a page of another" if status == 200 else status
    assert f"PUBLIC_URL {url} answers {seen}, not as the desk" in said


async def test_an_address_for_links_that_fits_is_fine_and_one_without_an_answer_is_not(
    practice: Practice,
) -> None:
    async with answering(200) as port:
        here = f"127.0.0.1:{port}"
        found = await practice.examine(HTTP_LISTEN=here, PUBLIC_URL=f"http://{here}")
        assert f"ok     PUBLIC_URL http://{here} leads to the desk" in map(str, found)
        async with in_front(200) as url:
            pass
        said = await practice.fault(HTTP_LISTEN=here, PUBLIC_URL=url)
        assert f"PUBLIC_URL {url} cannot be reached from here" in said


async def test_a_certificate_of_another_name_or_of_nobody_is_told(
    practice: Practice, tmp_path: Path
) -> None:
    certificate = make_certificate(tmp_path)
    async with answering(200) as port, in_front(200, certificate.server) as url:
        said = await practice.fault(HTTP_LISTEN=f"127.0.0.1:{port}", PUBLIC_URL=url)
    assert f"PUBLIC_URL {url} has a certificate that does not count" in said


# ------------------------------------------------------------------ as a command


def test_its_exit_code_tells_whether_something_is_wrong(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def examined(findings: list[Finding]) -> list[Finding]:
        return findings

    def found(*findings: Finding) -> Any:
        monkeypatch.setattr("bot.commands.check.examine", lambda _settings: examined([*findings]))
        return cli.main(["check"])

    for name in ("BOT_TOKEN", "FAULT_POINT"):
        monkeypatch.delenv(name, raising=False)
    assert os.environ.get("BOT_TOKEN") is None
    assert found(Finding("one", True)) == FINE
    assert found(Finding("one", True), Finding("two", False, "do this")) == WRONG
    assert capsys.readouterr().out.endswith("ok     one\nWRONG  two\n       → do this\n")
