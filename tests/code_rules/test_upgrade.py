"""A database of the release before is upgraded: nothing is lost, and the desk goes on with it."""

import json
import shutil
from collections.abc import AsyncIterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from alembic import command
from sqlalchemy import Connection, text

from bot.migrations import config, migrate, undo
from channels.telegram.addresses import chat_address
from core import inbox
from core.addresses import MessageRef
from core.company import Company
from core.contacts.lookup import find_people
from core.db import Database
from core.delivery import outbox_store
from core.delivery.channel import Sent
from core.delivery.linked_chats import find_linked_chats
from core.delivery.sent_messages import card_place
from core.desk import Desk
from core.inbox import Raw
from core.manual_tickets.dialogue import current
from core.manual_tickets.save import save
from core.people.identity import Sender, find_by_address, merged_account
from core.people.operator_ids import works_here
from core.people.staff import as_staff
from core.setup.chat_health import troubled_teams
from core.setup.profile_state import find_profile_state
from core.teams.members import colleagues_of
from core.teams.teams import teams_of
from core.tickets.card import card_of
from core.tickets.delivery_results import arrived
from core.tickets.incoming import IncomingMessage, find_location
from core.tickets.intake import hear
from core.tx import ReadTx, Tx
from tests.leaving import find_leaving
from tests.postgres import Postgres, in_a_thread

BEFORE: Final = "0005"
GROUP: Final = -1009
ALICE: Final = Sender(chat_address(101), "Alice", "alice", "en")
OLGA: Final = Sender(chat_address(201), "Olga", "olga", "en")
# Of every table that has changed since, as 0005 has it.
ROWS: Final = Path(__file__).with_name("rows_of_0005.sql").read_text(encoding="utf-8")
TABLES: Final = (
    *("person", "ticket", "message", "note", "placement", "inbox", "outbox"),
    *("fact", "place", "merge", "parentage", "contact_point", "team", "team_member"),
)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def older(
    request: pytest.FixtureRequest, kind: str, tmp_path: Path
) -> AsyncIterator[Database]:
    """A database as the release before left it, with rows in every table that changes."""
    with ExitStack() as stack:
        url = f"sqlite+aiosqlite:///{tmp_path / 'older'}"
        if kind == "postgresql":
            server: Postgres = request.getfixturevalue("postgres")
            url = stack.enter_context(server.database())
        database = Database(url)
        await database.alter(_as_before)
        yield database
        await database.close()


@pytest.fixture(scope="module")
def upgraded_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same in a file, upgraded: once for all tests, each of which has a copy."""
    path = tmp_path_factory.mktemp("upgraded") / "desk.db"
    _upgrade(f"sqlite+aiosqlite:///{path}")
    return path


@pytest.fixture
async def upgraded(
    request: pytest.FixtureRequest, kind: str, tmp_path: Path
) -> AsyncIterator[Database]:
    with ExitStack() as stack:
        if kind == "postgresql":
            server: Postgres = request.getfixturevalue("postgres")
            url = stack.enter_context(server.database(_upgrade))
        else:
            file = shutil.copyfile(request.getfixturevalue("upgraded_file"), tmp_path / "desk.db")
            url = f"sqlite+aiosqlite:///{file}"
        database = Database(url)
        yield database
        await database.close()


def _upgrade(url: str) -> None:
    """Make a database as the release before left it, and bring it to this one."""
    in_a_thread(_make_and_migrate(url))


async def _make_and_migrate(url: str) -> None:
    database = Database(url)
    await database.alter(_as_before)
    await migrate(database)
    await database.close()


def _as_before(connection: Connection) -> None:
    command.upgrade(config(connection), BEFORE)
    for statement in ROWS.split(";\n"):
        if statement.strip():
            connection.exec_driver_sql(statement)
    if connection.dialect.name == "postgresql":
        for table in TABLES[:7]:
            connection.exec_driver_sql(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}"  # noqa: S608
            )


async def rows(database: Database, table: str) -> list[dict[str, Any]]:
    """All rows of a table, by their first column's order."""
    async with database.read() as session:
        found = await session.execute(text(f"SELECT * FROM {table} ORDER BY 1, 2"))  # noqa: S608
        return [
            {name: _parsed(name, value) for name, value in row.items()} for row in found.mappings()
        ]


def _parsed(name: str, value: Any) -> Any:
    """What is kept as JSON, without the order of its names."""
    is_json = name in ("dialogue", "value", "titles") and str(value).startswith("{")
    return json.loads(value) if is_json and isinstance(value, str) else value


async def everything(database: Database) -> dict[str, list[dict[str, Any]]]:
    """All rows of the tables of the release before."""
    return {table: await rows(database, table) for table in TABLES}


@pytest.fixture
async def desk(upgraded: Database) -> Desk:
    """The desk of this release over the upgraded database."""
    return Desk(upgraded, replace(Company(), operators_chat=chat_address(GROUP), language="en"))


async def test_cards_and_copies_stand_where_they_stood(desk: Desk) -> None:
    sent = await rows(desk.database, "sent_message")
    placed = [(row["chat"], row["message"], row["role"], row["digest"]) for row in sent]
    assert placed == [
        ("-1009", "51", "card", "d1"),
        ("-1008", "40", "former_card", None),
        ("101", "70", "copy", None),
        ("-1009", "53", "card", "d3"),
    ]
    assert {row["channel"] for row in sent} == {"telegram"}
    shown = await desk.read(card_of, 1)
    assert shown is not None
    assert (str(shown.place), shown.digest) == ("telegram:-1009:51", "d1")


@pytest.mark.parametrize(
    ("chat", "message", "ticket", "said", "noted"),
    [("101", "7", 1, 1, None), ("-1009", "60", 1, 2, None), ("-1009", "61", 1, None, 1)],
)
async def test_words_and_notes_are_found_where_people_wrote_them(
    desk: Desk, chat: str, message: str, ticket: int, said: int | None, noted: int | None
) -> None:
    found = await desk.read(find_location, MessageRef("telegram", chat, message))
    assert found is not None
    assert (found.ticket_id, found.message_id, found.note_id) == (ticket, said, noted)


async def test_a_note_from_a_button_stands_nowhere(desk: Desk) -> None:
    note = (await rows(desk.database, "note"))[1]
    assert (note["source_channel"], note["source_chat"], note["source_message"]) == ("", "", "")


async def test_what_waits_in_the_inbox_is_handled_next_and_what_was_handled_is_known(
    desk: Desk,
) -> None:
    assert [
        (row["source"], row["external_id"], row["ordering_key"], row["state"])
        for row in await rows(desk.database, "inbox")
    ] == [
        ("telegram:42", "500", "101", "done"),
        ("telegram:42", "501", "-1009", "new"),
        ("telegram:42", "502", "0", "quarantined"),
        ("telegram:42", "aside:4", "0", "done"),
    ]
    (waits,) = await desk.read(inbox.list_unfinished, 0, 10)
    assert (waits.id, waits.external_id) == (2, "501")

    async def store_again(tx: Tx) -> None:
        tx.now = tx.now.replace(year=2026, month=11, day=1, hour=10)
        await inbox.store(tx, "telegram:42", [Raw("500", "101", "again"), Raw("503", "1", "{}")])

    await desk.run(store_again)
    assert [row.external_id for row in await desk.read(inbox.list_unfinished, 0, 10)] == [
        "501",
        "503",
    ]
    assert await desk.run(inbox.replay, [3]) == [3]


async def test_what_waits_in_the_outbox_leaves_and_its_card_is_noted(desk: Desk) -> None:
    (ready,) = await desk.read(find_leaving)
    (card,) = await desk.run(outbox_store.claim, [ready.id], {})
    await desk.run(arrived, card, Sent(("90",), {"digest": "new"}))
    place = await desk.read(card_place, 2)
    assert place == MessageRef("telegram", "-1009", "90")


async def test_a_customer_goes_on_with_a_ticket_by_a_reply(desk: Desk) -> None:
    said = MessageRef("telegram", "101", "99")
    answered = MessageRef("telegram", "101", "70")
    heard = await desk.run(
        hear, ALICE, IncomingMessage(said, "text", "and more", {}, reply_to=answered)
    )
    assert heard.ticket is not None and heard.ticket.id == 1
    assert heard.person.id == 1


async def test_people_are_known_by_where_they_write_from(desk: Desk) -> None:
    points = await rows(desk.database, "contact_point")
    assert [(row["person_id"], row["kind"], row["value"], row["handle"]) for row in points] == [
        (1, "email", "alice@example.org", None),
        (1, "phone", "+79161234567", None),
        (1, "telegram", "101", "alice"),
        (2, "telegram", "201", "olga"),
        (3, "phone", "+79161234567", None),
        (4, "telegram", "104", None),
    ]
    for sender, number in ((ALICE, 1), (OLGA, 2)):
        person = await desk.read(find_by_address, sender.address)
        assert person is not None
        assert (person.id, person.address) == (number, sender.address)
    assert await desk.read(works_here, OLGA.address)
    assert not await desk.read(works_here, ALICE.address)
    assert await desk.read(merged_account, chat_address(104)) == ALICE.address
    (told_of,) = await desk.read(find_people, "A contact")
    assert not told_of.writes


async def test_chats_keep_their_roles_and_teams_their_groups_and_people(desk: Desk) -> None:
    desk.company = replace(desk.company, operators_chat=None)
    assert (await desk.read(find_linked_chats)).operators_chat == chat_address(GROUP)
    teams = await desk.read(teams_of)
    assert teams["crew"].chat == chat_address(-1008)
    assert teams["desk"].chat is None
    (olga,) = await desk.read(colleagues_of)
    assert [team.code for team in olga.teams] == ["crew"]
    assert await desk.read(troubled_teams) == {"crew"}
    assert (await desk.read(find_profile_state)).admins == {OLGA.address}


async def test_a_consultation_that_was_being_written_down_is_saved(desk: Desk) -> None:
    async def save_it(tx: Tx) -> int:
        assert (await current(tx)).words is not None
        return (await save(tx)).number

    number = await desk.run(as_staff, OLGA, save_it)

    async def source(tx: ReadTx) -> str | None:
        found = await find_location(tx, MessageRef("telegram", "201", "8"))
        return None if found is None else str(found.ticket_id)

    assert await desk.read(source) == str(number)


async def test_going_back_loses_nothing_either(older: Database) -> None:
    before = await everything(older)
    await migrate(older)
    await undo(older, BEFORE)
    # one that has read the columns of this release would go on with the plans for them
    again = Database(older.url.render_as_string(hide_password=False))
    after = await everything(again)
    await again.close()
    unplaced = after["placement"].pop()
    assert (unplaced["chat"], unplaced["ref"], unplaced["role"]) == (GROUP, 53, "card")
    assert after == before
