"""`python -m bot person`: a customer's data for them, and gone when they wish it."""

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from bot.cli import parse_arguments
from bot.commands import FINE, WRONG
from bot.commands.person import command
from bot.commands.restore import restore
from bot.settings import load_settings
from bot.update_copies import UpdateCopies
from channels.telegram.addresses import chat_address
from core import inbox
from core.company import Company
from core.contacts.erased_senders import sender_digest
from core.contacts.erasure import erase
from core.db import Database
from core.desk import Desk
from core.directory.reader import read_directory
from core.directory.store import apply_directory, restore_version, show_directory
from core.directory.versions import list_versions
from core.errors import Refusal
from core.files import store_at
from core.inbox import Raw
from core.models import Person
from core.people.contact_points import Point, add_point
from core.people.identity import Sender
from core.people.staff import by_operator, enrol
from core.reports import ticket_metrics
from core.reports.statistics import find_statistics
from core.setup.company_settings import find_company
from core.signing_key import find_signing_key, make_signing_key
from core.subscriptions import SUBSCRIBERS
from core.tickets.conversation import answer_delivered, edit, note, reply
from core.tickets.customer_dialogue import choose_topic
from core.tickets.intake import hear
from core.tickets.lifecycle import move, take
from core.tickets.search_index import index_new
from core.tx import Tx
from handlers.mail.nature import blacklisted
from tests.actions.people import OLGA, OPERATORS, says, writes
from tests.actions.people import customer as customer_of
from tests.actions.people import operator as operator_of
from tests.actions.store import Store
from tests.harness import fill
from tests.postgres import Postgres

CANARY = "c4narybird"
ANNA = Sender(chat_address(770055001), f"Anna {CANARY}", f"anna_{CANARY}", "en")
BORIS = Sender(chat_address(770055002), "Boris", None, "en")
FILE = f"a file of {CANARY}".encode()


def desk_on(url: str) -> Desk:
    company = Company(language="en", operators_chat=chat_address(OPERATORS))
    return Desk(Database(url), company, SUBSCRIBERS)


async def lives(desk: Desk, store: Store, who: Sender, words: str, file: str = "") -> int:
    """A ticket of somebody's, from its first words to its end, with all that leaves traces."""
    await desk.run(choose_topic, who, "payment")
    said = says(who, f"{words} one")
    await desk.run(
        inbox.store, "telegram:1", [Raw(str(len(words)), who.address.chat, f"raw {words}")]
    )
    (row,) = await desk.read(inbox.list_unfinished, 0, 1)
    with desk.handling(row.id):
        heard = await desk.run(hear, who, said)
    assert heard.ticket is not None
    number = heard.ticket.id
    content = {"kind": "document", "text": f"{words} two", "file": {"name": file, "title": words}}
    if file:
        second = says(who, f"{words} two")
        second.content.update(content)
        await desk.run(hear, who, second)
    changed = says(who, f"{words} three", message_ref=int(said.ref.message))
    await desk.run_as(await customer_of(desk, who), edit, changed)
    await desk.run(by_operator, OLGA, enrol)
    olga = await operator_of(desk)
    await desk.run_as(olga, take, number)
    await desk.run_as(olga, note, number, writes(f"{words} says so"))
    await desk.run_as(olga, reply, number, writes(f"Dear {words}"))
    await desk.run(answer_delivered, [(await store.messages(number))[-1].id])
    await desk.run_as(olga, move, number, "freeze", reason=f"{words} is away")
    await desk.run_as(olga, move, number, "close", reason=f"{words} is fine")
    await desk.run(index_new)
    return number


async def holding(database: Database, word: str) -> list[str]:
    """The tables with this word somewhere in their rows."""

    def read(connection: Any) -> list[str]:
        names = connection.dialect.get_table_names(connection)
        return [
            name
            for name in names
            # a row that is shown leaves out the middle of long words
            if word in repr([*map(tuple, connection.execute(text(f'SELECT * FROM "{name}"')))])  # noqa: S608
        ]

    return await database.alter(read)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def url(request: pytest.FixtureRequest, own_sqlite_url: str) -> Iterator[str]:
    if request.param == "sqlite":
        yield own_sqlite_url
        return
    server: Postgres = request.getfixturevalue("postgres")
    with server.database(fill) as given:
        yield given


async def run(url: str, files: Path, *arguments: str) -> int:
    settings = load_settings({"DATABASE_URL": url, "FILES_URL": f"file://{files}"})
    return await command(settings, parse_arguments(["person", *arguments]))


async def test_after_an_erase_nothing_of_them_is_left_and_statistics_stay(
    url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = tmp_path / "files"
    name = await store_at(f"file://{files}").put(FILE)
    desk = desk_on(url)
    store = Store(desk.database)
    number = await lives(desk, store, ANNA, CANARY, name)
    other = await lives(desk, store, BORIS, "sparrow")
    await desk.run(ticket_metrics.keep_metrics)
    today = desk.clock().astimezone(desk.company.zone).date()
    week = (today - timedelta(days=6), today)
    before = await desk.read(find_statistics, *week)
    person = (await store.ticket(number)).customer_id
    assert {"message", "journal", "inbox", "outbox"} <= set(await holding(desk.database, CANARY))
    assert await run(url, files, "erase", str(person)) == FINE
    assert f"erased: person {person}, 1 tickets" in capsys.readouterr().out
    assert await holding(desk.database, CANARY) == []
    assert await holding(desk.database, ANNA.address.chat) == []
    assert "message" in await holding(desk.database, "sparrow")
    assert (await store.ticket(other)).title
    if desk.database.path is not None:
        for path in desk.database.path.parent.glob(f"{desk.database.path.name}*"):
            assert CANARY.encode() not in path.read_bytes(), path
    assert not [path for path in files.rglob("*") if path.is_file()]
    await desk.run(ticket_metrics.count_anew)
    await desk.run(ticket_metrics.keep_metrics)
    assert await desk.read(find_statistics, *week) == before
    with pytest.raises(Exception, match="stay as they are"):
        await desk.database.alter(lambda one: one.execute(text("DELETE FROM journal")))
    await desk.database.close()


async def test_copies_of_updates_beside_the_database_are_erased_with_them(
    own_sqlite_url: str, tmp_path: Path
) -> None:
    desk = desk_on(own_sqlite_url)
    number = await lives(desk, Store(desk.database), ANNA, CANARY)
    person = (await Store(desk.database).ticket(number)).customer_id
    copies = UpdateCopies(tmp_path / "elsewhere", desk.clock)
    copies.folder.mkdir()
    query = text("SELECT source, external_id, ordering_key, raw FROM inbox")
    async with desk.database.read() as session:
        for source, *update in await session.execute(query):
            await copies.add(source, [Raw(*update)])
    assert any(CANARY in each.update.raw for each in copies.read())
    given = {
        "DATABASE_URL": own_sqlite_url,
        "FILES_URL": f"file://{tmp_path}/files",
        "UPDATE_COPIES_DIR": str(copies.folder),
    }
    options = parse_arguments(["person", "erase", str(person)])
    assert await command(load_settings(given), options) == FINE
    for path in copies.folder.iterdir():
        assert CANARY.encode() not in path.read_bytes()
    await desk.database.close()


async def test_what_is_erased_does_not_depend_on_the_disk_of_the_copies(
    own_sqlite_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = desk_on(own_sqlite_url)
    name = await store_at(f"file://{tmp_path}/files").put(FILE)
    number = await lives(desk, Store(desk.database), ANNA, CANARY, name)
    person = (await Store(desk.database).ticket(number)).customer_id
    given = {
        "DATABASE_URL": own_sqlite_url,
        "FILES_URL": f"file://{tmp_path}/files",
        "UPDATE_COPIES_DIR": f"{tmp_path}/not-mounted",
    }
    options = parse_arguments(["person", "erase", str(person)])
    assert await command(load_settings(given), options) == WRONG
    said = capsys.readouterr()
    assert f"erased: person {person}, 1 tickets" in said.out and "1 files" in said.out
    assert "may lie in UPDATE_COPIES_DIR yet" in said.err and "not-mounted" in said.err
    assert await holding(desk.database, CANARY) == []
    await desk.database.close()


async def test_files_that_the_store_does_not_delete_are_named(
    own_sqlite_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing names them any more: without this line nobody would find them."""
    desk = desk_on(own_sqlite_url)
    name = await store_at(f"file://{tmp_path}").put(FILE)
    number = await lives(desk, Store(desk.database), ANNA, CANARY, name)
    person = (await Store(desk.database).ticket(number)).customer_id
    (tmp_path / name[:2] / name).unlink()
    (tmp_path / name[:2] / name).mkdir()  # what cannot be deleted as a file
    assert await run(own_sqlite_url, tmp_path, "erase", str(person)) == WRONG
    said = capsys.readouterr()
    assert f"erased: person {person}, 1 tickets" in said.out and "0 files" in said.out
    assert f"could not be deleted from FILES_URL: {name}" in said.err
    assert await holding(desk.database, CANARY) == []
    await desk.database.close()


async def test_who_wrote_again_is_somebody_new(own_sqlite_url: str, tmp_path: Path) -> None:
    desk = desk_on(own_sqlite_url)
    store = Store(desk.database)
    number = await lives(desk, store, ANNA, CANARY)
    person = (await store.ticket(number)).customer_id
    assert await run(own_sqlite_url, tmp_path, "erase", str(person)) == FINE
    desk.invalidate()
    again = await lives(desk, store, ANNA, "swallow")
    assert (await store.ticket(again)).customer_id != person
    await desk.database.close()


async def test_an_open_ticket_and_the_staff_are_not_erased(
    own_sqlite_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = desk_on(own_sqlite_url)
    store = Store(desk.database)
    number = await lives(desk, store, ANNA, CANARY)
    person = (await store.ticket(number)).customer_id
    olga = await operator_of(desk)
    await desk.run_as(olga, move, number, "reopen")
    assert await run(own_sqlite_url, tmp_path, "erase", str(person)) == WRONG
    assert f"#{number}" in capsys.readouterr().err
    assert await run(own_sqlite_url, tmp_path, "erase", "4711") == WRONG
    assert await run(own_sqlite_url, tmp_path, "erase", "anna") == WRONG
    with pytest.raises(Refusal):
        await desk.run(erase, olga.person_id or 0)
    assert "message" in await holding(desk.database, CANARY)
    await desk.database.close()


LISTED = """[settings]
mail_blacklist = ["{}", "@y.test", "noreply", "boris@x.test"]
"""
UNWANTED = f"{CANARY}@x.test"


async def blacklists(desk: Desk, number: int) -> None:
    """Their address is on the blacklist, in more than one version of the directory."""

    async def known(tx: Tx) -> None:
        await add_point(tx, await tx.get(Person, number), Point("email", UNWANTED))

    await desk.run(make_signing_key)
    await desk.run(known)
    for file in (LISTED.format(UNWANTED), "[settings]\nmail_junk = true\n"):
        await desk.run(apply_directory, read_directory(file))


async def entries(desk: Desk) -> list[str]:
    """The blacklist as the directory's file has it, and as mail is looked at by."""
    company = await desk.read(find_company)
    shown = await desk.read(show_directory)
    assert f"mail_blacklist = {json.dumps(list(company.mail_blacklist))}" in shown
    return list(company.mail_blacklist)


async def test_of_an_unwanted_senders_address_an_erase_leaves_a_digest_that_is_as_good(
    url: str, tmp_path: Path
) -> None:
    desk = desk_on(url)
    desk.find_company = find_company
    store = Store(desk.database)
    person = (await store.ticket(await lives(desk, store, ANNA, CANARY))).customer_id
    await blacklists(desk, person)
    assert {"directory_version", "setting"} <= set(await holding(desk.database, UNWANTED))
    versions = len(await desk.read(list_versions))
    assert await run(url, tmp_path, "erase", str(person)) == FINE
    assert await holding(desk.database, UNWANTED) == []
    digest = sender_digest(await desk.read(find_signing_key), UNWANTED)
    listed = [digest, "@y.test", "noreply", "boris@x.test"]
    assert await entries(desk) == listed
    assert blacklisted(UNWANTED, listed, digest) == digest
    newest, *_ = after = await desk.read(list_versions)
    assert (newest.origin, len(after)) == ("erasure", versions + 1)
    # what was can be brought back, and what the desk shows can be applied, as before
    await desk.run(restore_version, 2)
    assert await desk.run(apply_directory, read_directory(await desk.read(show_directory))) == []
    assert await entries(desk) == listed
    await desk.database.close()


async def test_a_customer_gets_what_is_known_of_them_and_no_notes(
    own_sqlite_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = tmp_path / "files"
    name = await store_at(f"file://{files}").put(FILE)
    desk = desk_on(own_sqlite_url)
    store = Store(desk.database)
    number = await lives(desk, store, ANNA, CANARY, name)
    await lives(desk, store, BORIS, "sparrow")
    person = (await store.ticket(number)).customer_id
    assert await run(own_sqlite_url, files, "find", f"#{number}") == FINE
    assert capsys.readouterr().out.startswith(f"{person}\tAnna")
    target = tmp_path / "anna"
    assert await run(own_sqlite_url, files, "export", str(person), str(target)) == FINE
    told = (target / "person.json").read_text()
    data = json.loads(told)
    assert [ticket["number"] for ticket in data["tickets"]] == [number]
    assert f"{CANARY} three" in told and f"Dear {CANARY}" in told
    assert "says so" not in told and "sparrow" not in told
    assert (target / name).read_bytes() == FILE
    assert (target / "person.json").stat().st_mode & 0o077 == 0
    assert await run(own_sqlite_url, files, "export", str(person), str(target)) == WRONG
    await desk.database.close()


async def test_a_backup_of_before_is_erased_of_them_when_it_is_restored(
    own_sqlite_url: str, tmp_path: Path
) -> None:
    desk = desk_on(own_sqlite_url)
    store = Store(desk.database)
    number = await lives(desk, store, ANNA, CANARY)
    person = (await store.ticket(number)).customer_id
    await blacklists(desk, person)
    path = desk.database.path
    assert path is not None
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    backup = tmp_path / "backup.db"
    shutil.copyfile(path, backup)
    assert await run(own_sqlite_url, tmp_path, "erase", str(person)) == FINE
    await desk.database.close()
    await restore(own_sqlite_url, backup, None, Company())
    assert CANARY.encode() in backup.read_bytes()
    assert CANARY.encode() not in path.read_bytes()
