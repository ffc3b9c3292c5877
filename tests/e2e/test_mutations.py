"""Updates that no Telegram would send: the desk goes on, and keeps aside what it cannot handle."""

from __future__ import annotations

import copy
import json
import logging
import os
import random
import re
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import closing
from itertools import islice
from pathlib import Path

import pytest

from bot.app import build
from bot.polling import row_of
from bot.process import App
from bot.settings import load_settings
from bot.update_queue import UnparsableUpdate
from core.db import Database
from core.inbox import Stored
from sandbox import World
from tests.e2e.looking import soon, value
from tests.e2e.mutants import Json, mutants, overhear, strangers
from tests.e2e.stage import Stage, staged
from tests.sentry import Sentry, sentry_server
from tests.unhurried import Unhurried

SEED = 20261122
# Every kind of mutant is among two thousand; ten thousand are for a long night.
MUTANTS = int(os.environ.get("MUTANTS", "2000"))
# So many of them through the whole desk: what they cost there is mostly the disk.
OVER_THE_WIRE = 400


@pytest.fixture(scope="module")
async def sentry() -> AsyncIterator[Sentry]:
    async with sentry_server() as server:
        yield server


@pytest.fixture(scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory, sentry: Sentry) -> AsyncIterator[Stage]:
    async with staged(tmp_path_factory.mktemp("mutations")) as stage:
        stage.settings["SENTRY_DSN"] = sentry.dsn.get_secret_value()
        async with stage.process():
            yield stage


@pytest.fixture(scope="module")
async def heard(stage: Stage) -> list[Json]:
    return await overhear(stage)


def brood(heard: list[Json], count: int) -> list[Json]:
    """Mutants of what was heard, the same every time."""
    chance = random.Random(SEED)
    made = [*strangers(heard), *islice(mutants(heard, chance), count)]
    chance.shuffle(made)
    return made[:count]


# ------------------------------------------------------------------ thousands


@pytest.fixture
async def twin(stage: Stage, tmp_path: Path) -> AsyncIterator[App]:
    """The same desk in this process, with what it knows, in a world that keeps no records."""
    with (
        closing(sqlite3.connect(stage.database)) as known,
        closing(sqlite3.connect(tmp_path / "twin.db")) as copied,
    ):
        known.backup(copied)
    async with World.start(token=stage.world.token, lean=True) as world:
        settings = load_settings(
            stage.environment(
                DATABASE_URL=f"sqlite+aiosqlite:///{tmp_path}/twin.db",
                TELEGRAM_API_URL=world.api_url,
            )
        )
        database = Database(settings.database_url.get_secret_value())
        app = build(settings, database, pacer=Unhurried())
        await app.prepare()
        yield app
        await app.bot.session.close()
        await database.close()


@pytest.mark.filterwarnings("ignore:(?s).*unknown update type:RuntimeWarning")  # aiogram's
async def test_mutants_are_handled_or_refused_and_nothing_else(
    twin: App, heard: list[Json], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)  # thousands of toasts that nobody can be shown
    ends: Counter[str] = Counter()
    strange: list[tuple[Exception, Json]] = []
    for number, update in enumerate(brood(heard, MUTANTS), start=10**9):
        whole = {"update_id": number, **update}
        row = row_of(whole)
        assert row is not None
        stored = Stored(number, row.external_id, row.ordering_key, row.raw)
        try:
            await twin.update_queue.handle(stored)
            ends["handled"] += 1
        except UnparsableUpdate:
            ends["unparseable"] += 1
        except (OverflowError, TypeError) as error:
            ends["too large"] += 1  # fails three times, and is put aside then
            if "too large" not in str(error) and "64-bit" not in str(error):
                strange.append((error, whole))
        except Exception as error:
            strange.append((error, whole))
    assert not strange, (len(strange), strange[0])
    assert ends.total() == MUTANTS
    assert min(ends.values()) > 2, (
        ends
    )  # no walk-over in any way; too large ones do not grow in number


# ------------------------------------------------------------------ in the running desk


async def test_people_are_served_while_mutants_come(
    stage: Stage, heard: list[Json], sentry: Sentry
) -> None:
    bot = stage.bot
    assert bot is not None
    pid, last = bot.pid, value(stage, "SELECT max(id) FROM inbox")
    for update in brood(heard, OVER_THE_WIRE):
        stage.world.inject(update)
    vera = stage.customer("Вера")
    number, card = await stage.open_ticket(vera, "Среди всего этого")
    await stage.olga.reply(card, "Слышим вас")
    await vera.expect("Слышим вас", timeout=30)
    new = "SELECT count(*) FROM inbox WHERE state='new'"
    await soon(
        lambda: not stage.world.updates.pending and not value(stage, new),
        "all of them have an end",
        timeout=120,
    )
    ends = dict(stage.query("SELECT state, count(*) FROM inbox WHERE id > ? GROUP BY state", last))
    assert set(ends) == {"done", "quarantined"}
    assert sum(ends.values()) >= OVER_THE_WIRE
    assert bot.running and bot.pid == pid
    assert value(stage, "SELECT count(*) FROM message WHERE ticket_id=?", number) == 2
    told = value(stage, "SELECT count(*) FROM outbox WHERE key='alert.quarantined'")
    assert 1 <= told < ends["quarantined"] / 4  # a flood of them is no flood of alerts
    await soon(lambda: bool(sentry.events), "a Sentry server is told of them")
    said = "".join(sentry.raw)
    assert "an update was quarantined" in said and "update_id" in said
    assert stage.world.token not in said and "Среди всего этого" not in said


def poison(stage: Stage, sender: Json, **more: object) -> Json:
    """A text in which one field has a type that no release knows."""
    update = {
        "message": {
            "message_id": 900_000,
            "date": stage.world.clock.unix(),
            "chat": {"id": sender["id"], "type": "private", "first_name": sender["first_name"]},
            "from": sender,
            "text": {"of": "tomorrow"},
        }
    }
    update["message"] |= more
    return update


async def test_one_poisoned_update_in_a_batch_does_not_hold_up_the_others(stage: Stage) -> None:
    gleb, dina = stage.customer("Глеб"), stage.customer("Дина")
    stage.alerts.mark()
    stage.world.inject(poison(stage, gleb.to_json()))
    gleb.say("Сразу за ядом").result  # noqa: B018 not waited for: they come in one batch
    stage.world.inject({"edited_message": ["not", "a", "message"]})
    dina.say("И рядом с ним").result  # noqa: B018
    await gleb.expect("Передать это в поддержку?", timeout=30)
    await dina.expect("Передать это в поддержку?", timeout=30)
    alert = await stage.alerts.expect("бот не понял и отложил под номером", timeout=30)
    assert "of" not in re.findall(r"номером \d+: (.*?)\. Оно", alert.text)[0]


async def test_what_fails_three_times_is_put_aside(stage: Stage) -> None:
    assert stage.bot is not None
    with closing(sqlite3.connect(stage.database)) as refusing, refusing:
        refusing.execute(
            "CREATE TRIGGER refuses BEFORE INSERT ON message WHEN NEW.text = 'яд'"
            " BEGIN SELECT RAISE(ABORT, 'no such words'); END"
        )
    number = stage.world.inject(poison(stage, stage.customer("Яков").to_json(), text="яд"))
    state = "SELECT state, error FROM inbox WHERE external_id=?"
    await soon(
        lambda: stage.query(state, str(number)) and stage.query(state, str(number))[0][0] != "new"
    )
    ((ended, error),) = stage.query(state, str(number))
    assert (ended, error.split("(")[0]) == ("quarantined", "IntegrityError")
    assert f"an update could not be handled  [update_id={number}]" in stage.bot.output


async def test_the_quarantine_is_shown_and_what_is_understood_by_now_is_handled(
    stage: Stage,
) -> None:
    bot, egor = stage.bot, stage.customer("Егор")
    assert bot is not None
    update = poison(stage, egor.to_json())
    number = stage.world.inject(copy.deepcopy(update))
    state = "SELECT id FROM inbox WHERE external_id=? AND state='quarantined'"
    await soon(lambda: stage.query(state, str(number)))
    inbox = value(stage, state, str(number))

    code, out, _ = await stage.command("quarantine", "show")
    assert code == 0
    assert f"{inbox}\tupdate {number}\tcannot be parsed: " in out
    assert '"text":{"of":"tomorrow"}' in out

    await bot.stop()
    with closing(sqlite3.connect(stage.database)) as later, later:
        # as if the next release knew how to read it
        update["message"]["text"] = "Теперь понятно"
        raw = json.dumps({"update_id": number, **update})
        later.execute("UPDATE inbox SET raw=? WHERE id=?", (raw, inbox))
    code, out, _ = await stage.command("quarantine", "replay", str(inbox))
    assert (code, out) == (0, "1 will be handled again, by a running desk at once\n")
    await bot.start()
    await egor.expect("Передать это в поддержку?", timeout=30)
    await soon(lambda: not stage.query(state, str(number)))


async def test_an_update_of_a_kind_to_come_is_left_alone_and_not_told_in_the_log(
    stage: Stage,
) -> None:
    assert stage.bot is not None
    update = {"hologram": {"text": "шлагбаум", "from": stage.olga.to_json()}}
    number = stage.world.inject(update)
    done = "SELECT count(*) FROM inbox WHERE external_id=? AND state='done'"
    await soon(lambda: value(stage, done, str(number)))
    assert "unknown kind is left alone: ['hologram']" in stage.bot.output
    assert "шлагбаум" not in stage.bot.output
    assert "\\u0448" not in stage.bot.output
