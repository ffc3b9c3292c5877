"""Whatever happens, in whatever order: once all is delivered, each card in the group shows what the
database says (R10), and far fewer calls than changes were needed for it.

The changes are those of `tests.actions.random_walk`; the group is the strict Telegram's.
`CARD_STEPS` says how many are made, another `WALK_SEED` gives other ones.
"""

import os
import random
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select, update

from channels.telegram.screens.card import draw
from channels.telegram.screens.screen import Renderer
from core.models import OutboxRow, Ticket
from core.texts import Texts
from core.tickets.card import card_of
from core.tx import ReadTx, Tx
from sandbox import World
from tests.actions import random_walk
from tests.actions.random_walk import TABLE
from tests.actions.walk_company import COMPANY, Stage, seed_company
from tests.channels.telegram.harness import ChannelHarness, channel_harness
from tests.leaving import find_leaving

STEPS = int(os.environ.get("CARD_STEPS", "100"))
SEED = os.environ.get("WALK_SEED", "1")
# The steps of a company's life: of a longer one each takes longer.
LIFE = 100
# So often what waits is delivered, and compared; meanwhile cards lag behind.
DELIVERED = 5


@pytest.fixture
async def stage(migrated: Path, tmp_path: Path) -> AsyncIterator[Stage]:
    path = tmp_path / "walk.db"
    shutil.copyfile(migrated, path)
    stage = await seed_company(path)
    yield stage
    await stage.close()


@pytest.mark.parametrize("life", range(-(-STEPS // LIFE)))
async def test_whatever_happens_each_card_comes_to_show_what_the_database_says(
    stage: Stage, world: World, texts: Texts, monkeypatch: pytest.MonkeyPatch, life: int
) -> None:
    url = f"sqlite+aiosqlite:///{stage.database.path}"
    async with channel_harness(world, url, texts, "en") as harness:
        chosen = {"admins": COMPANY.admins, "outage_faults": COMPANY.outage_faults}
        harness.known_as(language="en", **chosen)
        monkeypatch.setattr(random_walk, "Desk", lambda *_, **__: harness.desk)
        await _live(random_walk.World(stage, harness.clock), harness, f"{SEED}.{life}")


async def _live(walk: random_walk.World, harness: ChannelHarness, seed: str) -> None:
    dice, often = random.Random(seed), [step.often for step in TABLE.values()]
    try:
        await walk.begin(late=False)
        for number, name in enumerate(dice.choices(list(TABLE), often, k=LIFE), start=1):
            choices = TABLE[name].choices.items()
            await walk.step(name, **{key: dice.choice(many) for key, many in choices})
            if number % DELIVERED == 0:
                await walk.step("the_sweep_comes")  # what has fallen due is on the cards, too
                await _deliver(harness)
                assert await _compare(harness) >= 3
    except BaseException as wrong:
        wrong.add_note(f"life {seed!r}:\n" + "\n".join(walk.done))
        raise


async def _deliver(harness: ChannelHarness) -> None:
    """Let cards leave for the group; the rest is nobody's business here."""
    await harness.desk.run(_leave_cards_alone, str(harness.group.id))
    for left in await harness.pump():
        assert left.error is None, left


async def _leave_cards_alone(tx: Tx, group: str) -> None:
    others = (OutboxRow.kind != "card") | (OutboxRow.address != group)
    await tx.change(
        update(OutboxRow).where(OutboxRow.state == "queued", others).values(state="dropped")
    )


async def _compare(harness: ChannelHarness) -> int:
    """Compare what stands in the group with what would be drawn now; returns how many cards."""
    desk, compared = harness.desk, 0
    renderer = Renderer(harness.texts, "en", desk.clock(), desk.company.zone)
    assert not await desk.read(find_leaving)
    for number in await desk.read(_numbers):
        card = await desk.read(card_of, number)
        assert card is not None
        if card.place is None:
            continue
        shown = harness.group.get(int(card.place.message))
        assert shown is not None
        assert shown.text == draw(card, renderer).plain, f"#{number}"
        compared += 1
    return compared


async def _numbers(tx: ReadTx) -> list[int]:
    return await tx.all(select(Ticket.id))
