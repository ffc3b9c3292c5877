"""What `tools.torture.days` counts: what chats have forgotten, and what a process came to hold."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from sandbox import Chat
from sandbox.server.faults import Hit
from tests.e2e.stage import Stage, staged
from tests.e2e.warm import SQLITE
from tools.torture.days import Days, Memory
from tools.torture.desk_under_test import DeskUnderTest
from tools.torture.traces import Forgotten, Standing, Trouble

BUTTON = {"inline_keyboard": [[{"text": "Взять", "callback_data": "take"}]]}


def copy(stage: Stage, chat: Chat, number: int, **more: Any) -> None:
    """The bot shows there what was said."""
    stage.world.telegram.bot_messages.send(chat, {"text": f"Слова №{number:05}."}, **more)


async def test_what_a_chat_forgets_counts_as_it_stood(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        made, group = DeskUnderTest(stage, cast(Any, None)), stage.group
        made.said = 5
        copy(stage, group, 1)
        copy(stage, group, 2)
        copy(stage, group, 2)
        copy(stage, group, 3)
        group.messages[-1].deleted = True
        copy(stage, group, 4, markup=BUTTON)
        copy(stage, group, 5)
        before = +await made.standing()
        made.forget(group, keep=1)
        assert [message.text[-3:-1] for message in group.messages] == ["04", "05"]
        copy(stage, group, 1)
        made.forget(group, keep=1)
        assert before == {"00001": 1, "00002": 2, "00004": 1, "00005": 1}
        assert +await made.standing() == before | {"00001": 2}


ROWS = """
INSERT INTO inbox (id, source, external_id, ordering_key, raw, state, received_at) VALUES
  (7, 'telegram:1', '70', '5', '{"text":"Слова №00002."}', 'done', '2026-12-01 16:22:56.1');
INSERT INTO message (id, ticket_id, author_id, from_customer, text, content, counts, in_card,
  source_chat, source_message, source_channel, created_at) VALUES
  (8, 37, 1, 0, 'Слова №00002.', '{}', 1, 0, '-100', '55', 'telegram', '2026-12-01 16:22:56.2');
INSERT INTO outbox (id, channel, address, ordering_key, locale, kind, facts, message_id, priority,
  state, not_before, order_at, attempts, probe_context, created_at, done_at) VALUES
  (9, 'telegram', '42', 'x', 'ru', 'content', '{}', 8, 1, 'sent', '2026-12-01 16:22:56',
   '2026-12-01 16:22:56', 2, '{"newest":{"shared":95837}}', '2026-12-01 16:22:56.3',
   '2026-12-01 16:23:08.018');
INSERT INTO sent_message (channel, chat, message, role, message_id) VALUES
  ('telegram', '42', '96209', 'copy', 8);
"""
SENT = datetime(2026, 12, 1, 16, 22, 56, tzinfo=UTC).timestamp()


async def test_of_what_stands_twice_or_nowhere_all_is_told_that_is_known(
    tmp_path: Path, own_sqlite_url: str
) -> None:
    with closing(sqlite3.connect(own_sqlite_url.removeprefix(SQLITE))) as desk:
        desk.executescript(ROWS)
    async with staged(tmp_path) as stage:
        stage.settings["DATABASE_URL"] = own_sqlite_url
        made, chat = DeskUnderTest(stage, cast(Any, None)), stage.customer("Борис").chat
        made.people, made.said = [(cast(Any, SimpleNamespace(chat=chat)), cast(Any, None))], 3
        for number in (1, 2, 2):
            copy(stage, chat, number)
        for message in chat.messages[-2:]:
            message.date = int(SENT)
        chat.messages[-2].date, first = int(SENT) - 1, chat.messages[-2].id
        made.forget(chat, keep=1)
        made.befell = [Trouble(SENT - 60, "long ago"), Trouble(SENT + 1, "the desk is killed")]
        stage.world.faults.hits.append(Hit(SENT, "cut", "sendmessage", chat.id))
        told = await made.traces(await made.standing())
    assert told == [
        "№00002 stands 2 times",
        f"  stands: {chat.id}/{first} at 2026-12-01 16:22:55.000",
        f"  stands: {chat.id}/{first + 1} at 2026-12-01 16:22:56.000",
        "  came: inbox 7, update 70, done, error None, at 2026-12-01 16:22:56.1",
        "  kept: message 8 of ticket 37, from customer: 0, from -100/55, at 2026-12-01 16:22:56.2",
        (
            "  delivery 9: content to 42, sent, 2 tries, error None, written at"
            ' 2026-12-01 16:22:56.3, ended at 2026-12-01 16:23:08.018; noted {"newest":'
            '{"shared":95837}}'
        ),
        "  known to stand at: 42/96209 as copy",
        f"  befell: 2026-12-01 16:22:56.000 cut of sendmessage {chat.id}",
        "  befell: 2026-12-01 16:22:57.000 the desk is killed",
        "№00003 stands nowhere",
    ]


async def test_a_fault_is_remembered_with_the_call_that_it_has_befallen(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        faults = stage.world.faults
        faults.cut(method="sendMessage")
        assert faults.take("getme", None) is None
        assert faults.take("sendmessage", 42) is not None
        (hit,) = faults.hits
    assert (hit.kind, hit.method, hit.chat_id) == ("cut", "sendmessage", 42)


def test_of_what_was_forgotten_all_places_are_known() -> None:
    forgotten, places = (
        Forgotten(),
        [Standing(5, -100, 1), Standing(9, 42, 2), Standing(7, -100, 3)],
    )
    forgotten.make_room(3)
    for place in places:
        forgotten.note(2, place)
    forgotten.make_room(9)
    assert forgotten.of(2) == places
    assert (forgotten.of(1), forgotten.of(8), forgotten.of(99)) == ([], [], [])
    assert list(forgotten.times) == [0, 0, 3, 0, 0, 0, 0, 0, 0]


def test_growth_is_that_of_the_process_that_lived_longest() -> None:
    memory = Memory()
    memory.note(0, 50.0)
    memory.note(10_000, 90.0)
    memory.died()
    for updates, megabytes in ((10_000, 60), (20_000, 80), (60_000, 95), (110_000, 89)):
        memory.note(updates, megabytes)
    assert memory.words() == (
        "one process for 100,000 updates: 80 MB after a tenth of them, 89 in the end, 95 at most,"
        " +1.00 for 10,000"
    )


@pytest.mark.parametrize(("faults", "deaths"), [(1_000, 20), (12, 2)])
def test_no_process_dies_between_the_first_and_the_last_part(faults: int, deaths: int) -> None:
    days = SimpleNamespace(sizes=SimpleNamespace(faults=faults))
    died = [n for n in range(1, faults + 1) if Days._is_death(cast(Days, days), n)]
    assert len(died) == deaths
    assert not [n for n in died if faults / 10 < n <= faults * 9 / 10]
