"""What happens in the world, one event after the other, for browsers that look on.

Nothing has to report to the feed: it compares what there is to see with what it has told, so a
snapshot and the events after it cannot disagree, whoever acts – the page, the console, a test.
"""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import AsyncIterator, Iterator
from itertools import islice
from typing import Any, Final

from sandbox.page.scene import Scene
from sandbox.page.troubles import Troubles
from sandbox.people.buttons import Press
from sandbox.server.clock import Signal

Json = dict[str, Any]

KEPT: Final = 5000  # events for browsers that were away
HEARTBEAT: Final = 15.0
_PATIENCE: Final = 60.0  # seconds after which a press is no longer waited for

# Which event tells of which fields of a chat; all else is told with the whole list of chats.
_CHAT_EVENTS: Final = {
    "pin": ("pinned", "pins"),
    "keyboard": ("keyboard", "keyboards"),
    "commands": ("commands", "commands_for", "menu", "description"),
    "typing": ("typing",),
}
_APART: Final = frozenset(name for names in _CHAT_EVENTS.values() for name in names)


class Feed:
    """A bounded backlog of numbered events."""

    def __init__(self, scene: Scene, troubles: Troubles) -> None:
        self.scene = scene
        self.troubles = troubles
        # beyond the numbers of any earlier process: a browser that knew that one begins anew
        self.seq = int(time.time() * 1000)
        self.told: Json = {}
        self.machine: Json = {}
        self._age = scene.world.ages
        self._backlog: deque[tuple[int, bytes]] = deque(maxlen=KEPT)
        self._news = Signal()
        self._presses: list[tuple[float, Press]] = []
        self.told = self._look()

    # ------------------------------------------------------------------ telling

    def note(self, kind: str, data: Json) -> None:
        """Tell an event."""
        self.seq += 1
        body = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
        self._backlog.append((self.seq, _event(self.seq, kind, body)))
        self._news.notify()

    def pressed(self, press: Press) -> None:
        """Tell the answer to this press when it comes."""
        self._presses.append((time.monotonic(), press))

    def tell_machine(self, machine: Json) -> None:
        """How the bot and its database are now."""
        if machine != self.machine:
            self.machine = machine
            self.note("machine", machine)

    def refresh(self) -> None:
        """Tell what has changed since the last time."""
        before, now = self.told, self._look()
        self.told = now
        if self._age != self.scene.world.ages:  # everything is different
            self._age = self.scene.world.ages
            self.note("reset", {})
            return
        for name in ("bot", "people", "faults", "clock"):
            if now[name] != before[name]:
                body = now[name] if isinstance(now[name], dict) else {name: now[name]}
                self.note(name, body | self._moment(name))
        self._tell_chats(before["chats"], now["chats"])
        for chat_id, messages in now["messages"].items():
            self._tell_messages(chat_id, before["messages"].get(chat_id, {}), messages)
        self._tell_chat_fields(before["chats"], now["chats"])
        self._tell_answers()

    def _moment(self, name: str) -> Json:
        return {"now": self.scene.world.clock.now()} if name == "clock" else {}

    def _tell_chats(self, before: dict[int, Json], now: dict[int, Json]) -> None:
        if [_lasting(chat) for chat in before.values()] != [_lasting(c) for c in now.values()]:
            self.note("chats", {"chats": list(now.values())})

    def _tell_messages(self, chat_id: int, before: dict[int, Json], now: dict[int, Json]) -> None:
        oldest = min(now) if len(now) >= self.scene.shown else 0
        for number in sorted(before.keys() - now.keys()):
            if number > oldest:  # the others have only been pushed out by newer ones
                self.note("delete", {"chat": chat_id, "message": number})
        for number, view in now.items():
            known = before.get(number)
            if known is view or known == view:
                continue
            if known is None:
                self.note("message", view)
            elif known | {"reactions": view["reactions"]} == view:
                self.note("reactions", {"chat": chat_id, "message": number, **_reactions(view)})
            else:
                self.note("edit", view)

    def _tell_chat_fields(self, before: dict[int, Json], now: dict[int, Json]) -> None:
        for chat_id, chat in now.items():
            known = before.get(chat_id)
            for kind, names in _CHAT_EVENTS.items():
                if known is not None and any(known[name] != chat[name] for name in names):
                    self.note(kind, {"chat": chat_id} | {name: chat[name] for name in names})

    def _tell_answers(self) -> None:
        waiting = []
        for moment, press in self._presses:
            if press.answered:
                self.note("toast", _answer(press))
            elif time.monotonic() - moment < _PATIENCE:
                waiting.append((moment, press))
        self._presses = waiting

    # ------------------------------------------------------------------ looking

    def _look(self) -> Json:
        world = self.scene.world
        chats = self.scene.chats()
        return {
            "bot": self.scene.bot(),
            "people": self.scene.people(),
            "chats": chats,
            "messages": {number: self.scene.messages(world.chats[number]) for number in chats},
            "faults": self.troubles.running(),
            "clock": {"offset": world.clock.offset},
        }

    def snapshot(self) -> Json:
        """Everything at once, as of event ``seq``."""
        self.refresh()
        told = self.told
        return {
            "seq": self.seq,
            "now": self.scene.world.clock.now(),
            "offset": told["clock"]["offset"],
            "language": self.scene.demo.language,
            "bot": told["bot"],
            "people": told["people"],
            "chats": [
                chat | {"messages": list(told["messages"][number].values())}
                for number, chat in told["chats"].items()
            ],
            "machine": self.machine,
            "faults": told["faults"],
        }

    async def follow(self, after: int) -> AsyncIterator[bytes]:
        """The events after number ``after`` as they come, ready to be sent; never ends."""
        while True:
            chunk = b"".join(self._since(after))
            if chunk:
                after = self.seq
                yield chunk
                continue
            seq = self.seq
            await self._news.wait(HEARTBEAT)
            if self.seq == seq:
                yield b": still here\n\n"

    def _since(self, after: int) -> Iterator[bytes]:
        if after == self.seq:
            return
        first = self._backlog[0][0] if self._backlog else self.seq + 1
        if after > self.seq or after < first - 1:
            yield _event(self.seq, "reset", "{}")
            return
        for _, event in islice(self._backlog, after - first + 1, None):
            yield event


def _event(seq: int, kind: str, body: str) -> bytes:
    return f"id: {seq}\nevent: {kind}\ndata: {body}\n\n".encode()


def _lasting(chat: Json) -> Json:
    return {name: value for name, value in chat.items() if name not in _APART}


def _reactions(view: Json) -> Json:
    return {"reactions": view["reactions"]}


def _answer(press: Press) -> Json:
    message = press.message
    return {
        "press": press.query_id,
        "person": press.person.id,
        "chat": message.chat.id,
        "message": message.id,
        "text": press.text,
        "alert": press.alert,
        "url": press.url,
    }
