"""Polling: stored before it is confirmed, and nothing that Telegram says stops it."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from aiogram import Bot
from aiogram.client.session.middlewares.base import (
    BaseRequestMiddleware,
    NextRequestMiddlewareType,
)
from aiogram.exceptions import TelegramNotFound, TelegramUnauthorizedError
from aiogram.methods import TelegramMethod
from sqlalchemy import delete, select

from bot import polling
from bot.polling import Poller, ordering_key_of, row_of
from bot.update_copies import UpdateCopies
from channels.telegram.client.gateway import make_bot
from core import inbox
from core.desk import Desk
from core.inbox import Raw
from core.models import InboxRow
from sandbox import World
from tests.slow_disk import SlowDisk


@dataclass(frozen=True)
class PollRequest:
    """A call of the poller, in monotonic seconds."""

    at: float
    offset: int | None


class Watch(BaseRequestMiddleware):
    """Notes all calls."""

    def __init__(self) -> None:
        self.asked: list[PollRequest] = []

    async def __call__(
        self,
        make_request: NextRequestMiddlewareType[Any],
        bot: Bot,
        method: TelegramMethod[Any],
    ) -> Any:
        self.asked.append(PollRequest(time.monotonic(), getattr(method, "offset", None)))
        return await make_request(bot, method)


class Post:
    """A poller against the sandbox."""

    def __init__(self, world: World, desk: Desk) -> None:
        self.world = world
        self.desk = desk
        self.batches = 0
        self.reached = asyncio.Event()
        self.bot: Bot = make_bot(world.token, world.api_url)
        self.poller = self.hire()

    def hire(self) -> Poller:
        self.poller = Poller(self.bot, self.desk, self.count, self.reached.set)
        return self.poller

    def count(self) -> None:
        self.batches += 1

    def watch(self) -> list[PollRequest]:
        """What the poller asks Telegram from now on."""
        watch = Watch()
        self.bot.session.middleware(watch)
        return watch.asked

    @asynccontextmanager
    async def open(self) -> AsyncIterator[asyncio.Task[None]]:
        task = asyncio.create_task(self.poller.run())
        try:
            yield task
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def stored(self) -> list[InboxRow]:
        async with self.desk.database.read() as session:
            return list((await session.scalars(select(InboxRow).order_by(InboxRow.id))).all())

    async def until(self, condition: Callable[[], Any]) -> None:
        await self.world.until(condition, 30)

    async def until_stored(self, count: int) -> list[InboxRow]:
        async with asyncio.timeout(30):
            while len(rows := await self.stored()) < count:
                await asyncio.sleep(0.005)
        return rows


@pytest.fixture
async def post(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Post]:
    monkeypatch.setattr(polling, "backoff", lambda *_: 0.01)
    async with World.start(strict_polling=False) as world:
        post = Post(world, desk)
        yield post
        await post.bot.session.close()


async def test_the_offset_moves_after_the_store_and_not_before(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, failures = post.desk.run, [OSError("disk full"), OSError("disk full")]
    batches: list[int] = []

    async def shaky(action: object, *args: object, **options: object) -> object:
        if action is inbox.store:
            batches.append(len(args[1]))  # type: ignore[arg-type]
            if failures:
                raise failures.pop()
        result: object = await run(action, *args, **options)  # type: ignore[arg-type]
        return result

    monkeypatch.setattr(post.desk, "run", shaky)
    anna = post.world.user("Anna", started=True)
    for number in range(3):
        await anna.say(f"{number}")
    async with post.open():
        await post.until_stored(3)
        await post.until(lambda: not post.world.updates.pending)
    assert batches == [3, 3, 3]


async def test_updates_are_handled_while_the_offset_waits_for_the_disk(
    post: Post, slow_disk: SlowDisk
) -> None:
    asked = post.watch()
    await post.world.user("Anna", started=True).say("hello")
    slow_disk.hold()
    async with post.open():
        await slow_disk.asked.wait()
        assert post.batches == 1, "whoever handles them knows of them"
        assert len(await post.stored()) == 1
        assert [each.offset for each in asked] == [None]
        slow_disk.let_go()
        await post.until(lambda: not post.world.updates.pending)


async def test_what_came_alone_is_confirmed_when_whoever_handles_it_has_stored_it(
    post: Post,
) -> None:
    asked, taken = post.watch(), list[tuple[str, Raw]]()
    stored: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def take(source: str, update: Raw) -> asyncio.Future[int]:
        taken.append((source, update))
        asyncio.get_running_loop().call_later(0.01, stored.set_result, 1)
        return stored

    post.poller.take = take
    await post.world.user("Anna", started=True).say("hello")
    async with post.open():
        await post.until(lambda: not post.world.updates.pending)
    ((source, update),) = taken
    assert source == f"telegram:{post.bot.id}" and "hello" in update.raw
    assert stored.done() and not post.batches and not await post.stored()
    assert [each.offset for each in asked][:2] == [None, int(update.external_id) + 1]


async def test_what_came_alone_is_stored_here_where_its_handler_takes_long(post: Post) -> None:
    taken = list[str]()

    def take(source: str, update: Raw) -> asyncio.Future[int]:
        taken.append(update.external_id)
        return asyncio.get_running_loop().create_future()

    post.poller.take = take
    await post.world.user("Anna", started=True).say("hello")
    async with post.open():
        await post.until(lambda: not post.world.updates.pending)
    assert [row.external_id for row in await post.stored()] == taken
    assert post.batches == 1, "it is to be read"


async def test_what_came_with_others_is_stored_first(post: Post) -> None:
    def take(source: str, update: Raw) -> asyncio.Future[int] | None:
        raise AssertionError(source, update)

    post.poller.take = take
    anna = post.world.user("Anna", started=True)
    await anna.say("hello")
    await anna.say("is anybody there?")
    async with post.open():
        await post.until_stored(2)
        await post.until(lambda: not post.world.updates.pending)


async def test_a_copy_lies_beside_before_anything_is_stored_or_confirmed(
    post: Post, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    copies = post.poller.copies = UpdateCopies(tmp_path)
    run, seen = post.desk.run, list[list[str]]()

    async def look(action: object, *args: object, **options: object) -> object:
        if action is inbox.store:
            seen.append([each.update.external_id for each in copies.read()])
            assert post.world.updates.pending
        result: object = await run(action, *args, **options)  # type: ignore[arg-type]
        return result

    monkeypatch.setattr(post.desk, "run", look)
    anna = post.world.user("Anna", started=True)
    await anna.say("hello")
    async with post.open():
        (row,) = await post.until_stored(1)
        await post.until(lambda: not post.world.updates.pending)
    assert seen == [[row.external_id]]
    assert [each.update.raw for each in copies.read()] == [row.raw]


async def test_each_update_lies_in_the_lane_of_its_chat(post: Post) -> None:
    anna = post.world.user("Anna", started=True)
    group = post.world.supergroup("Ops", members=[anna], bot="admin")
    await anna.say("hello")
    await anna.say(group, "hello")
    async with post.open():
        rows = await post.until_stored(2)
    assert [row.ordering_key for row in rows] == [str(anna.id), str(group.id)]


@pytest.mark.parametrize(
    "update",
    [
        {"message": {"text": "no chat"}},
        {"message": {"chat": {"id": 2**63}, "message_id": 2**70, "text": "big"}},
        {"message": {"chat": {"id": 5}, "text": "half a pair \ud83d, and \udc00"}},
        {"message": {"chat": {"id": 5}, "text": "a \0 in it"}},
        {"message": ["a", "list"]},
        {"message": None},
        {"callback_query": {"message": "words"}},
        {"unknown_kind": {"chat": {"id": "x"}}},
        {"message": {"chat": {"id": 1.5e300}}},
        {},
    ],
)
async def test_a_poisoned_update_harms_none_of_its_neighbours(
    post: Post, update: dict[str, Any]
) -> None:
    anna = post.world.user("Anna", started=True)
    await anna.say("before")
    poison = post.world.inject(update)
    await anna.say("after")
    async with post.open() as task:
        rows = await post.until_stored(3)
        await post.until(lambda: not post.world.updates.pending)
        assert not task.done()
    assert [int(row.external_id) for row in rows] == [poison - 1, poison, poison + 1]


def test_a_thing_without_an_id_is_passed_over() -> None:
    rows = map(row_of, [{"message": {}}, "words", None, {"update_id": 2**63}, {"update_id": 5}])
    assert [row and row.external_id for row in rows] == [None, None, None, None, "5"]


async def test_a_redelivered_batch_is_stored_once(post: Post) -> None:
    anna = post.world.user("Anna", started=True)
    await anna.say("hello")
    async with post.open():
        await post.until_stored(1)
        await post.until(lambda: not post.world.updates.pending)
        post.world.redeliver()
        await post.until(lambda: post.batches == 2)
        await anna.say("again")
        await post.until(lambda: post.batches == 3)
    assert len(await post.stored()) == 2


async def test_ids_may_begin_anew_after_a_pause(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polling, "TIMEOUT", 1)
    asked = post.watch()
    anna = post.world.user("Anna", started=True)
    await anna.say("hello")
    async with post.open():
        await post.until_stored(1)
        # one came back empty: by the offset of before lower ids would count as confirmed
        await post.until(lambda: asked and asked[-1].offset is None and len(asked) > 1)
        post.world.updates.next_id = 500
        await anna.say("after a week")
        rows = await post.until_stored(2)
    assert rows[1].external_id == "500"


async def test_what_telegram_still_has_is_fetched_again_after_a_restore(post: Post) -> None:
    """What was stored since the backup and not confirmed yet: the restored inbox has none of it."""
    post.world.faults.error(500, method="getUpdates", times=1000, after=1)
    await post.world.user("Anna", started=True).say("since the backup")
    async with post.open():
        (lost,) = await post.until_stored(1)
    async with post.desk.database.write() as session:
        await session.execute(delete(InboxRow))
    post.world.faults.clear()
    post.hire()
    async with post.open():
        (again,) = await post.until_stored(1)
    assert (again.external_id, again.raw) == (lost.external_id, lost.raw)


async def test_a_webhook_in_the_way_is_removed_and_nothing_dropped(post: Post) -> None:
    await post.bot.set_webhook("http://127.0.0.1:1/nobody")
    anna = post.world.user("Anna", started=True)
    await anna.say("hello")
    post.world.faults.error(500, method="deleteWebhook")
    async with post.open():
        await post.until_stored(1)
    assert post.world.updates.webhook is None


async def test_another_poller_is_waited_for(post: Post) -> None:
    anna = post.world.user("Anna", started=True)
    post.world.faults.error(
        409,
        method="getUpdates",
        times=3,
        description="Conflict: terminated by other getUpdates request",
    )
    await anna.say("hello")
    async with post.open():
        await post.until_stored(1)
    assert not post.world.calls_of("deleteWebhook")


@pytest.mark.parametrize("fault", ["error", "garbage", "drop", "cut", "flood"])
async def test_trouble_on_the_way_is_waited_out(post: Post, fault: str) -> None:
    getattr(post.world.faults, fault)(
        *([1] if fault == "flood" else []), method="getUpdates", times=2 if fault != "flood" else 1
    )
    await post.world.user("Anna", started=True).say("hello")
    async with post.open() as task:
        await post.until_stored(1)
        if fault != "flood":  # who says «too many» was reached
            await asyncio.wait_for(post.reached.wait(), 30)
        assert not task.done()


async def test_who_is_told_to_wait_does_not_ask_meanwhile(post: Post) -> None:
    await post.bot.get_updates(timeout=0)  # aiogram's types are built, which takes a while
    post.world.faults.flood(1, method="getUpdates")
    await post.world.user("Anna", started=True).say("hello")
    asked = post.watch()
    async with post.open():
        await post.until_stored(1)
    assert asked[1].at - asked[0].at >= 1


async def test_an_unknown_token_ends_it(post: Post, desk: Desk) -> None:
    bot = make_bot("1:wrong-token", post.world.api_url)
    with pytest.raises(TelegramUnauthorizedError):
        await asyncio.wait_for(Poller(bot, desk, lambda: None).run(), 30)
    await bot.session.close()


async def test_a_server_that_knows_no_bots_ends_it_only_in_the_beginning(post: Post) -> None:
    post.world.faults.error(404, method="getUpdates")
    with pytest.raises(TelegramNotFound):
        await asyncio.wait_for(post.poller.run(), 30)
    anna = post.world.user("Anna", started=True)
    await anna.say("hello")
    async with post.open():
        await post.until_stored(1)
        post.world.faults.error(404, method="getUpdates", times=2)
        await anna.say("again")
        await post.until_stored(2)


async def test_ending_it_during_a_store_finishes_the_store(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = asyncio.Event()
    original = inbox.store

    async def slow(*args: Any, **options: Any) -> None:
        started.set()
        await asyncio.sleep(0.05)
        await original(*args, **options)

    monkeypatch.setattr(polling, "store", slow)
    await post.world.user("Anna", started=True).say("hello")
    async with post.open():
        await started.wait()
    assert len(await post.stored()) == 1


@pytest.mark.parametrize(
    ("update", "ordering_key"),
    [
        ({"message": {"chat": {"id": 5}}}, 5),
        ({"callback_query": {"from": {"id": 7}, "message": {"chat": {"id": -5}}}}, -5),
        ({"callback_query": {"from": {"id": 7}}}, 7),
        ({"my_chat_member": {"chat": {"id": -9}}}, -9),
        ({"message": {"chat": {"id": 2**63}}}, 0),
        ({"message": {"chat": {"id": "5"}}}, 0),
        ({"poll": {}}, 0),
    ],
)
def test_the_lane_of_an_update(update: dict[str, Any], ordering_key: int) -> None:
    assert ordering_key_of(update) == str(ordering_key)
