"""Trouble on purpose: floods, lost answers, no network, a killed bot, time that leaps."""

from __future__ import annotations

import asyncio
import functools
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

from sandbox.demo import GROUP, Demo
from sandbox.page.bot_control import BotControl
from sandbox.page.words import Refused
from sandbox.server.faults import Fault

Json = dict[str, Any]

YEAR: Final = 366 * 86400.0
_STOPS: Final = 12  # on the way of one leap; what falls due after them happens at its end
_JUST_AFTER: Final = 2.0
_SWEPT: Final = 5.0  # the sandbox's bot looks every second
_DEAD: Final = ("killed", "stopped")


class Troubles:
    """The troubles of a world. Those of the bot's process need control over it."""

    def __init__(self, demo: Demo, bot: BotControl | None) -> None:
        self.played = demo
        self.world = demo.world
        self.bot = bot
        self.demo = False
        self._told: Json = {}  # how far the story has come while it is told, or ends
        self._slow = asyncio.Lock()  # for what takes seconds: kill, start, the story

    def running(self) -> list[Json]:
        """What is going on now; ``until`` is on the machine's clock, unix seconds."""
        shown = [_fault(fault) for fault in self.world.faults.lasting()]
        if self.world.server.cut_off:
            shown.append({"id": "network", "kind": "network"})
        if self.demo or self._told:
            shown.append({"id": "demo", "kind": "demo"} | self._told)
        return shown

    async def make(self, body: Json) -> Json:
        """Do what ``body["do"]`` says. Raises :class:`Refused`."""
        made = _TROUBLES.get(str(body.get("do")))
        if made is None:
            raise Refused("unknown_do", do=str(body.get("do"))[:40])
        return await made(self, body) or {}

    # ------------------------------------------------------------------ the wire

    async def flood(self, body: Json) -> None:
        """429 to every call (``chat``: only of this chat) for ``seconds``."""
        seconds = _number(body, "seconds", 30, 1, 3600)
        chat = body.get("chat")
        if chat is not None and chat not in self.world.chats:
            raise Refused("no_chat", status=404)
        self.world.faults.flood_for(seconds, chat=chat)

    async def lose_responses(self, body: Json) -> None:
        """Do what the next ``count`` calls ask for, and answer none of them."""
        self.world.faults.cut(times=int(_number(body, "count", 1, 1, 100)))

    async def network(self, body: Json) -> None:
        """``on: false`` – nothing of the bot's gets through, until ``on: true``."""
        if not isinstance(body.get("on"), bool):
            raise Refused("bad_value", field="on")
        self.world.server.cut(off=not body["on"])

    async def calm(self, _body: Json) -> None:
        """End all troubles; a dead bot is started."""
        self.world.faults.clear()
        self.world.server.cut(off=False)
        if self.bot is not None and await self._state() in _DEAD:
            await self.start_bot({})

    # ------------------------------------------------------------------ the process

    async def kill_bot(self, _body: Json) -> None:
        """SIGKILL."""
        bot, state = self._bot(), await self._state()
        if state != "running":
            raise Refused("stopped" if state in _DEAD else "busy", status=409)
        await self._alone(bot.kill)

    async def start_bot(self, _body: Json) -> None:
        """Start a bot that was killed."""
        bot = self._bot()
        if await self._state() not in _DEAD:
            raise Refused("running", status=409)
        await self._alone(bot.start)

    async def advance(self, body: Json) -> Json:
        """Let everybody's clocks leap ``seconds`` ahead, with a stop at each deadline on the way:
        what falls due happens at its time, and not all at once as after a downtime."""
        left = _number(body, "seconds", None, 1, YEAR)
        for _ in range(_STOPS):
            due = self._next_deadline(await self._seen())
            if due is None or due > left:
                break
            self._leap(due)
            left -= due
            await self._caught_up()
        self._leap(left)
        return {"offset": self.world.clock.offset}

    def _leap(self, seconds: float) -> None:
        clock = self.world.clock
        clock.advance(seconds)
        if self.bot is not None:
            self.bot.shift(clock.offset)
        self.world.context.touched()

    async def _seen(self) -> Json:
        return await self.bot.look() if self.bot is not None else {}

    def _next_deadline(self, seen: Json) -> float | None:
        """Seconds until just after what the bot has to do next; ``None`` if it cannot."""
        if seen.get("bot") != "running":
            return None
        now = self.world.clock.now()
        return min((d["at"] - now + _JUST_AFTER for d in seen.get("deadlines", ())), default=None)

    async def _caught_up(self) -> None:
        """Until the bot has done what has fallen due, and has said so; or for a while."""
        end = time.monotonic() + _SWEPT * self.world.patience
        while time.monotonic() < end:
            seen = await self._seen()
            due, outbox = self._next_deadline(seen), seen.get("outbox", {})
            said = not (outbox.get("waiting") or outbox.get("sending"))
            if (due is None or due > _JUST_AFTER) and said:
                return
            await asyncio.sleep(0.05)

    async def tell(self, body: Json) -> None:
        """``on: true`` – the demonstration's people act; ``false`` – everything begins anew, if
        said so in another ``language`` and with topics or without (``forum``)."""
        _, on = self._bot(), body.get("on")
        if not isinstance(on, bool):
            raise Refused("bad_value", field="on")
        if on and self.demo and not self._told:
            return
        anew = functools.partial(self._begin_anew, **_world_of(body))
        await self._alone(self._tell_story if on else anew)
        self.demo = on

    async def welcome(self, body: Json) -> Json:
        """A browser has come whose people read ``language``: the desk speaks it, too, if nobody
        has done anything here yet. Returns the desk's language."""
        wished, bot, demo = _world_of(body), self.bot, self.played
        fits = "language" not in wished or wished["language"] == demo.language
        if bot is not None and demo.untouched and not fits and not self._told:
            await self._alone(functools.partial(self._begin_anew, **wished))
        return {"language": demo.language}

    async def _tell_story(self) -> None:
        try:
            await self._bot().tell_story(self._tell_progress)
        finally:
            self._told = {}

    def _tell_progress(self, at: int, of: int) -> None:
        self._told = {"at": at, "of": of}
        self.world.context.touched()

    async def _begin_anew(self, **world: Any) -> None:
        """It takes a few seconds: the bot is killed, and comes up again."""
        self._told = {"anew": True}
        self.world.context.touched()
        try:
            await self._bot().begin_anew(**world)
        finally:
            self._told = {}

    # ------------------------------------------------------------------ inside

    def _bot(self) -> BotControl:
        if self.bot is None:
            raise Refused("no_room", status=409)
        return self.bot

    async def _state(self) -> str:
        return str((await self._bot().look()).get("bot"))

    async def _alone(self, act: Callable[[], Awaitable[None]]) -> None:
        if self._slow.locked():
            raise Refused("busy", status=409)
        async with self._slow:
            try:
                await act()
            except AssertionError as problem:
                raise Refused("failed", status=409, why=str(problem).splitlines()[0]) from problem


_TROUBLES: Final[dict[str, Callable[[Troubles, Json], Awaitable[Json | None]]]] = {
    "flood": Troubles.flood,
    "lose_responses": Troubles.lose_responses,
    "network": Troubles.network,
    "calm": Troubles.calm,
    "kill_bot": Troubles.kill_bot,
    "start_bot": Troubles.start_bot,
    "advance": Troubles.advance,
    "demo": Troubles.tell,
    "welcome": Troubles.welcome,
}


def _world_of(body: Json) -> Json:
    """How the world is to begin: its ``language``, whether its group is a ``forum``."""
    wished = {name: body[name] for name in ("language", "forum") if body.get(name) is not None}
    if wished.get("language", "ru") not in GROUP:
        raise Refused("bad_value", field="language")
    if not isinstance(wished.get("forum", False), bool):
        raise Refused("bad_value", field="forum")
    return wished


def _number(body: Json, field: str, default: float | None, least: float, most: float) -> float:
    value = body.get(field, default)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Refused("bad_value", field=field)
    if not least <= value <= most:
        raise Refused("bad_value", field=field)
    return value


def _fault(fault: Fault) -> Json:
    shown: Json = {"id": str(id(fault)), "kind": fault.kind, "left": fault.times}
    if fault.until is not None:
        del shown["left"]
        shown["until"] = round(time.time() + fault.until - time.monotonic())
    if fault.chat_id is not None:
        shown["chat"] = fault.chat_id
    return shown
