"""Snapshot and events agree, whatever happens and whoever looks when."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox import Chat, World, demo
from sandbox.demo import Demo
from sandbox.page.feed import Feed
from sandbox.page.scene import Scene
from sandbox.page.troubles import Troubles
from sandbox.server.message import Message
from tests.sandbox.page.applying import apply, events_in

Json = dict[str, Any]
# Few, so that old messages are pushed out, and come back when newer ones go.
SHOWN = 10


class Play:
    """A world without a server, in which things happen by their number."""

    def __init__(self) -> None:
        world = World(privacy=True)
        self.demo: Demo = demo.build(world)
        self.world = world
        self.feed = Feed(Scene(self.demo, SHOWN), Troubles(self.demo, None))

    def chat(self, number: int) -> Chat:
        chats = [self.demo.people["anna"].chat, self.demo.group, self.demo.alerts]
        return chats[number % 3]

    def pick(self, number: int, *, bots: bool = False) -> Message | None:
        chat = self.chat(number)
        found = [m for m in chat.messages if not m.is_service and (m.from_bot or not bots)]
        return found[number % len(found)] if found else None


def _says(play: Play, number: int) -> None:
    who = play.demo.admin if number % 3 else play.demo.people["anna"]
    replied = play.pick(number) if number % 2 else None
    play.world.telegram.actions.post(
        play.chat(number), who, {"text": f"слова {number}"}, reply_to=replied
    )


def _bot_says(play: Play, number: int) -> None:
    markup = [
        None,
        {"inline_keyboard": [[{"text": "Взять", "callback_data": "t"}]]},
        {"keyboard": [["да", "нет"]], "one_time_keyboard": True},
        {"remove_keyboard": True},
    ][number % 4]
    play.world.telegram.bot_messages.send(
        play.chat(number), {"text": f"бот {number}"}, markup=markup
    )


def _bot_edits(play: Play, number: int) -> None:
    if message := play.pick(number, bots=True):
        play.world.telegram.bot_messages.edit(message, {"text": f"правка {number}"}, None)


def _deletes(play: Play, number: int) -> None:
    if message := play.pick(number):
        _ = play.demo.admin.delete(message)


def _reacts(play: Play, number: int) -> None:
    if message := play.pick(number):
        _ = play.demo.admin.react(message, *["👍", "🔥"][: number % 3])


def _pins(play: Play, number: int) -> None:
    if message := play.pick(number):
        if message.pinned:
            message.pinned = False
        else:
            play.world.telegram.events.pin(message, None)


def _types(play: Play, number: int) -> None:
    play.chat(number).actions.append((play.world.clock.now(), "typing", None))


def _sends(play: Play, number: int) -> None:
    _ = play.demo.people["anna"].send_photo(caption=f"фото {number}")


def _polls(play: Play, number: int) -> None:
    _ = play.demo.admin.send_poll(play.demo.group, options=("a", "b"))
    for message in play.demo.group.messages:
        if message.kind == "poll":
            play.world.telegram.actions.voted(message, play.demo.people["olga"], [number % 2])


def _comes_and_goes(play: Play, number: int) -> None:
    guest = play.demo.people["anna"]
    member = play.demo.group.member(guest)
    if member is None or not member.present:
        _ = guest.join(play.demo.group)
    else:
        _ = guest.leave(play.demo.group)
    del number


def _blocks(play: Play, number: int) -> None:
    anna = play.demo.people["anna"]
    _ = anna.unblock_bot() if anna.chat.access == "blocked" else anna.block_bot()
    del number


def _learns(play: Play, number: int) -> None:
    menu = [{"command": f"c{number % 5}", "description": "x"}]
    play.world.telegram.profile.commands["all_private_chats", ""] = menu
    play.world.profile["description", "ru"] = f"о боте {number % 5}"


def _time_passes(play: Play, number: int) -> None:
    play.world.clock.advance(number)


def _trouble(play: Play, number: int) -> None:
    play.world.faults.error(500, times=1 + number % 3)


def _somebody_new(play: Play, number: int) -> None:
    play.world.user(f"Гость {number}", language="en")


def _quiet(play: Play, number: int) -> None:
    """Only looks, so that changes come one by one and not all at once."""
    del play, number


HAPPENINGS: list[Callable[[Play, int], None]] = [
    _says, _bot_says, _bot_edits, _deletes, _reacts, _pins, _types, _sends, _polls,
    _comes_and_goes, _blocks, _learns, _time_passes, _trouble, _somebody_new, _quiet,
]  # fmt: skip


steps = st.tuples(st.sampled_from(HAPPENINGS), st.integers(0, 60), st.booleans())


@settings(max_examples=40, deadline=None)
@given(st.lists(steps, max_size=60))
def test_the_events_after_a_snapshot_turn_it_into_the_next(
    script: list[tuple[Callable[[Play, int], None], int, bool]],
) -> None:
    asyncio.run(_agree(script))


async def _agree(script: list[tuple[Callable[[Play, int], None], int, bool]]) -> None:
    play = Play()
    snapshots = [play.feed.snapshot()]
    for happens, number, looked_at in script:
        try:
            happens(play, number)
        except ValueError:  # the apps would not let them: nothing happened
            continue
        if looked_at:
            snapshots.append(play.feed.snapshot())
        elif number % 2:
            play.feed.refresh()
    last = play.feed.snapshot()
    for snapshot in snapshots:
        stream = b"".join(play.feed._since(snapshot["seq"]))
        came = apply(snapshot, [(kind, data) for _, kind, data in events_in(stream)], SHOWN)
        for name in ("bot", "people", "chats", "faults", "offset"):
            assert came[name] == last[name], name


async def test_nothing_is_told_when_nothing_has_happened() -> None:
    play = Play()
    _bot_says(play, 1)
    play.feed.refresh()
    seq = play.feed.seq
    play.feed.refresh()
    assert play.feed.snapshot()["seq"] == seq


async def test_a_browser_that_was_away_too_long_begins_anew() -> None:
    play = Play()
    first = play.feed.snapshot()["seq"]
    for number in range(6000):
        play.feed.note("typing", {"number": number})
    assert [kind for _, kind, _ in events_in(b"".join(play.feed._since(first)))] == ["reset"]
    late = play.feed.seq - 4999
    assert len(events_in(b"".join(play.feed._since(late)))) == 4999
    assert len(play.feed._backlog) == 5000


async def test_a_browser_of_an_earlier_sandbox_begins_anew() -> None:
    play = Play()
    for stranger in (0, play.feed.seq - 10_000, play.feed.seq + 1):
        found = events_in(b"".join(play.feed._since(stranger)))
        assert [kind for _, kind, _ in found] == ["reset"]


async def test_an_empty_world_is_taken_as_a_whole() -> None:
    play = Play()
    _says(play, 1)
    seq = play.feed.snapshot()["seq"]
    play.world.telegram.profile.commands["default", ""] = [{"command": "x", "description": "y"}]
    play.demo.begin_anew()
    play.feed.refresh()
    found = events_in(b"".join(play.feed._since(seq)))
    assert [kind for _, kind, _ in found] == ["reset"]
    assert all(not chat["messages"] for chat in play.feed.snapshot()["chats"])


async def test_a_world_begins_anew_in_another_language_and_with_topics() -> None:
    play = Play()
    play.demo.begin_anew("en", forum=True)
    found = play.feed.snapshot()
    names = {person["name"] for person in found["people"]}
    assert {"Anna Smith", "Olga", "Anna Petrovna"} <= names and "Анна Смирнова" not in names
    group, channel = (c for c in found["chats"] if c["kind"] != "private")
    assert (found["language"], group["title"], channel["title"]) == ("en", "Operators", "Overdue")
    assert [topic["name"] for topic in group["topics"]] == ["General"]
    assert play.demo.news == [demo.TOUR["en"]]  # whoever types hears what to type now
    play.demo.begin_anew(forum=False)
    assert play.feed.snapshot()["language"] == "en", "unless another one is asked for"
    assert not play.demo.group.is_forum
