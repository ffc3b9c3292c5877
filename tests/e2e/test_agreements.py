"""A service agreement over the wire: kinds by buttons, why a deadline, a late reaction told."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.migrations import migrate
from core.company import Company
from core.db import Database
from core.desk import Desk
from core.sla.terms import Kind, Spans, Term
from core.tx import Tx
from tests.actions import company_directory as directory
from tests.e2e.asking import asks, shows
from tests.e2e.looking import assert_sealed
from tests.e2e.stage import Stage, staged

WORDS = {
    "ru": {
        "card": r"⏱ .*решение до .+",
        "unknown": "вид не указан",
        "video": "Видео",
        "kind": "🏷 Видео",
        "more": "⋯ Ещё",
        "why": "⏱ Почему такой срок",
        "head": "срок решения",
        "agreement": "Соглашение «Always», часы работы «Round the clock» (UTC)",
        "late": "вышел срок реакции",
        "resolve": "Вместе 2 ч: срок",
        "next": "завтра 10:00",
        "contact": r"связаться до \d+ \w+, 10:00",
        "urgent": "Срочный",
        "urgency": "Приоритет — ниже",
        "times": "на что ушло время",
        "no_answer": "Первого ответа ещё не было",
    },
    "en": {
        "card": r"⏱ .*resolve by .+",
        "unknown": "no kind yet",
        "video": "Video",
        "kind": "🏷 Video",
        "more": "⋯ More",
        "why": "⏱ Why this deadline",
        "head": "the resolution deadline",
        "agreement": "Agreement “Always”, working hours “Round the clock” (UTC)",
        "late": "the reaction is late",
        "resolve": "Together 2 h: due",
        "next": "tomorrow 10:00",
        "contact": r"to be contacted by \d+ \w+, 10:00",
        "urgent": "Urgent",
        "urgency": "Choose how urgent it is",
        "times": "where the time went",
        "no_answer": "No first answer yet",
    },
}


# Seconds. The reminder comes in the last quarter: even a busy machine has looked by then.
REACTION = 12


async def _agree(url: str) -> None:
    """What an admin would apply to the directory: work never stops, and a reaction is due soon."""
    database = Database(url)
    await migrate(database)

    async def put(tx: Tx) -> None:
        await directory.put_service(tx, "video", {"en": "Video", "ru": "Видео"}, position=1)
        week = [[["00:00", "24:00"]]] * 7
        await directory.put_calendar(tx, "always", "Round the clock", zone="UTC", week=week)
        terms = [
            Term(Kind(), Spans(REACTION, 4 * 3600)),
            Term(Kind("video"), Spans(REACTION, 2 * 3600)),
        ]
        await directory.put_agreement(
            tx, "always", "Always", calendar="always", terms=terms, default=True
        )

    await Desk(database, Company()).run(put)
    await database.close()


@pytest.fixture(params=["ru", "en"])
async def stage(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path, draws_soon=True) as stage:
        stage.settings["DEFAULT_LANGUAGE"] = request.param
        await _agree(stage.environment()["DATABASE_URL"])
        async with stage.process():
            yield stage
            assert_sealed(stage)
            stage.clean()


async def test_what_was_agreed_is_shown_kept_and_explained(stage: Stage) -> None:
    language = stage.settings["DEFAULT_LANGUAGE"]
    say = WORDS[language]
    number, card = await stage.open_ticket(stage.customer(language=language), "Камера не работает")
    assert re.search(say["card"], card.text)
    command = await stage.olga.reply(card, "/class")
    screen = await stage.group.expect(say["unknown"], timeout=15)
    assert screen.reply_to is command
    await stage.olga.press_soon(say["video"], message=screen)
    await stage.world.until(lambda: say["unknown"] not in screen.text, 10, "the kind was chosen")
    await stage.world.until(lambda: say["kind"] in card.text, 10, "the card shows the kind")
    late = await stage.alerts.expect(re.escape(say["late"]), timeout=30)
    assert late.text.startswith(f"⏱ #{number}: ") and card.text.startswith("🔴")
    await stage.olga.press_soon(say["more"], message=card)
    await stage.olga.press_soon(say["why"], message=card)
    told = await stage.group.expect(re.escape(say["head"]), timeout=15)
    assert say["agreement"] in told.text and say["resolve"] in told.text
    await stage.olga.reply(card, f"/next {say['next']}")
    await stage.olga.reply(card, "/ticket")
    await stage.group.expect(say["contact"], timeout=15)
    screen = await asks(stage, stage.olga, "/priority", card)
    assert say["urgency"] in screen.text
    await stage.olga.press_soon(say["urgent"], message=screen)
    await shows(stage, screen, f"{say['video']} · {say['urgent']}")
    times = await asks(stage, stage.olga, "/times", card)
    assert say["times"] in times.text and say["no_answer"] in times.text
