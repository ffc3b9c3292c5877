"""Raw updates, updates that come again, and a port of one's own choice."""

from __future__ import annotations

import pytest

from sandbox import World
from tests.ports import free_port
from tests.sandbox.clients import Raw


async def test_a_raw_update_is_delivered_as_it_is() -> None:
    async with World.start() as world, Raw(world) as raw:
        anna = world.user("Anna", started=True)
        first = world.inject({"message": {"chat": {"id": anna.id}, "nonsense": [1]}})
        second = world.inject({"a_kind_of_tomorrow": 5})
        assert second == first + 1
        found = await raw.ok("getUpdates")
        assert found == [
            {"update_id": first, "message": {"chat": {"id": anna.id}, "nonsense": [1]}},
            {"update_id": second, "a_kind_of_tomorrow": 5},
        ]
        await anna.say("after")
        found = await raw.ok("getUpdates", offset=second + 1)
        assert [update["update_id"] for update in found] == [second + 1]


async def test_a_raw_update_may_bring_its_own_identifier() -> None:
    async with World.start() as world, Raw(world) as raw:
        high = world.updates.next_id + 1000
        assert world.inject({"update_id": high, "message": {}}) == high
        assert world.inject({"message": {}}) == high + 1
        assert world.inject({"update_id": 7, "message": {}}) == 7
        found = await raw.ok("getUpdates")
        assert [update["update_id"] for update in found] == [high, high + 1, 7]


async def test_a_confirmed_update_can_be_delivered_again() -> None:
    async with World.start(strict_polling=False) as world, Raw(world) as raw:
        anna = world.user("Anna")
        with pytest.raises(LookupError):
            world.redeliver()
        await anna.say("one")
        found = await raw.ok("getUpdates")
        one = found[0]["update_id"]
        await anna.say("two")
        assert len(await raw.ok("getUpdates", offset=one + 1)) == 1
        assert await raw.ok("getUpdates", offset=one + 2) == []
        assert world.redeliver(one) == one
        assert await raw.ok("getUpdates", offset=one + 2) == found
        assert await raw.ok("getUpdates", offset=one + 2) == []
        assert world.redeliver() == one  # the latest one that was delivered
        assert world.stats.updates_redelivered == 1


async def test_the_server_listens_where_it_is_told_to() -> None:
    port = free_port()
    async with World.start(port=port) as world, Raw(world) as raw:
        assert world.api_url == f"http://127.0.0.1:{port}"
        assert (await raw.ok("getMe"))["username"] == "help_bot"
