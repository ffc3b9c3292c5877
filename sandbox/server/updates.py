"""Updates: what waits for the bot, and what was already given to it."""

from __future__ import annotations

import asyncio
import json
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Final

from sandbox.server.context import Context
from sandbox.server.schema import check_update, update_kinds

Json = dict[str, Any]

# by default these must be asked for
OPTIONAL_KINDS: Final = frozenset({"chat_member", "message_reaction", "message_reaction_count"})
LIFETIME: Final = 86_400.0  # seconds that an update is kept
QUERY_LIFETIME: Final = 150.0  # the same for callback queries
REMEMBERED: Final = 1000  # delivered updates that can be delivered again


@dataclass(eq=False, slots=True)
class Update:
    """An update in the queue."""

    id: int
    kind: str
    body: bytes
    chat_id: int | None
    key: tuple[str, int]
    created: float
    expires: float  # on Telegram's clock
    deliveries: int = 0
    delivered_at: float = 0.0
    copies: int = 1
    group: int = 0  # updates that were put out of order together


@dataclass
class Webhook:
    """Settings and state of the webhook."""

    url: str
    secret: str | None
    max_connections: int
    ip_address: str | None = None
    certificate: bool = False
    last_error: str | None = None
    last_error_date: int | None = None
    failures: int = 0
    running: dict[tuple[str, int], asyncio.Task[None]] = field(default_factory=dict)
    slots: asyncio.Semaphore = field(init=False)

    def __post_init__(self) -> None:
        self.slots = asyncio.Semaphore(self.max_connections)


class Updates:
    """The queue: filled by what happens, emptied by long polling or by the webhook."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.next_id = context.first_update
        self.queue: deque[Update] = deque()
        self.again: deque[Update] = deque()  # duplicates to deliver once more
        self.pushed: dict[tuple[str, int], deque[Update]] = {}  # by chat, for the webhook
        self.arrived = asyncio.Event()
        self.allowed: frozenset[str] | None = None  # None: the default set
        self.webhook: Webhook | None = None
        self.push: Callable[[Update], None] = _nowhere  # to the webhook, while one is set
        self.polls = 0  # how often the bot has called getUpdates
        self.confirmed = 0
        self.duplicate_next = 0  # so many updates are delivered twice
        self.disordered = 0  # updates that were put out of order
        self._held: list[Update] | None = None
        self._hold_count = 0
        self._delivered: dict[int, Update] = {}

    def wants(self, kind: str) -> bool:
        """The bot is subscribed to this kind of updates."""
        if self.allowed is None:
            return kind not in OPTIONAL_KINDS
        return kind in self.allowed

    def allow(self, kinds: Any) -> None:
        """``allowed_updates``: absent keeps the previous setting, an empty list is the default."""
        if kinds is None:
            return
        names = frozenset(str(kind).lower() for kind in kinds)
        unknown = names - update_kinds()
        if unknown:
            self.context.violations.add(
                "unknown_parameter", f"unknown kinds in allowed_updates: {sorted(unknown)}"
            )
        known = names & update_kinds()
        self.allowed = known or None

    def put(
        self, kind: str, payload: Json, chat_id: int | None, key: tuple[str, int]
    ) -> int | None:
        """Create an update; ``None`` if the bot does not want this kind."""
        if not self.wants(kind):
            return None
        data = {"update_id": self.next_id, kind: payload}
        self.next_id += 1
        if self.context.selfcheck:
            self.context.verify(lambda: check_update(data))
        return self._admit(data, kind, chat_id, key)

    def inject(self, raw: Json) -> int:
        """Queue an update exactly as given, even one that no type describes.

        It gets the next identifier unless it brings its own ``update_id``; what the bot has
        subscribed to does not matter. Returns the identifier.
        """
        update_id = int(raw.get("update_id", self.next_id))
        self.next_id = max(self.next_id, update_id + 1)
        kind = next((name for name in raw if name != "update_id"), "")
        chat_id = _chat_of(raw.get(kind))
        group = "query" if kind in ("callback_query", "inline_query") else "message"
        return self._admit({**raw, "update_id": update_id}, kind, chat_id, (group, chat_id or 0))

    def redeliver(self, update_id: int | None = None) -> int:
        """Give the bot an update again that it already got (``None``: the latest one).

        As after a confirmation that was lost: whatever offset the bot asks for. Returns the
        identifier; ``LookupError`` if the update was never delivered or is too long ago.
        """
        if update_id is None:
            update_id = next(reversed(self._delivered), None)
        if update_id is None or update_id not in self._delivered:
            raise LookupError(f"update {update_id} was not delivered")
        again = replace(self._delivered[update_id], copies=1, group=0)
        if self.webhook is not None:
            self.push(again)
        else:
            self.again.append(again)
            self.arrived.set()
        self.context.signal.notify()
        return update_id

    def _admit(self, data: Json, kind: str, chat_id: int | None, key: tuple[str, int]) -> int:
        body = _encoded(data)
        lifetime = QUERY_LIFETIME if kind == "callback_query" else LIFETIME
        expires = self.context.clock.now() + lifetime
        update = Update(data["update_id"], kind, body, chat_id, key, time.monotonic(), expires)
        self.context.stats.created()
        if self.duplicate_next > 0:
            self.duplicate_next -= 1
            update.copies = 2
        if self._held is not None:
            self._held.append(update)
            if len(self._held) >= self._hold_count:
                self.release()
        else:
            self._enqueue([update])
        return update.id

    def hold(self, count: int) -> None:
        """Collect updates in order to deliver them in the reverse order."""
        self._held = []
        self._hold_count = count

    def release(self) -> None:
        """Deliver the collected updates in the reverse order."""
        held, self._held = self._held, None
        if held:
            for update in held:
                update.group = held[0].id
            self.disordered += len(held)
            self._enqueue(list(reversed(held)))

    def _enqueue(self, updates: list[Update]) -> None:
        if self.webhook is not None:
            for update in updates:
                self.push(update)
        else:
            self.queue.extend(updates)
        self.arrived.set()
        self.context.signal.notify()

    @property
    def pending(self) -> int:
        """Number of updates that the bot has not confirmed."""
        pushed = sum(len(queue) for queue in self.pushed.values())
        return len(self.queue) + len(self.again) + pushed + len(self._held or ())

    def clear(self) -> None:
        """``drop_pending_updates``."""
        self.queue.clear()
        self.again.clear()
        for queue in self.pushed.values():
            queue.clear()

    def forget(self, update: Update) -> None:
        """The bot has confirmed the update."""
        self.confirmed += 1
        self.disordered -= bool(update.group)
        if update.copies > 1 and update.deliveries:
            update.copies -= 1
            self.again.append(update)  # pretend that the confirmation was lost

    def hand_over(self, update: Update) -> None:
        """Note that the bot gets the update now."""
        update.deliveries += 1
        update.delivered_at = time.monotonic()
        self.context.stats.delivered(update.chat_id, update.created, again=update.deliveries > 1)
        if not self.context.lean:
            self._delivered.pop(update.id, None)
            self._delivered[update.id] = update
            if len(self._delivered) > REMEMBERED:
                del self._delivered[next(iter(self._delivered))]


def _nowhere(_update: Update) -> None:
    raise RuntimeError("no webhook is set")


def _encoded(data: Json) -> bytes:
    try:
        return json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:  # half of a surrogate pair can only be written as an escape
        return json.dumps(data, separators=(",", ":")).encode()


def _chat_of(payload: Any) -> int | None:
    """The chat that a raw update is about, if it tells."""
    if not isinstance(payload, dict):
        return None
    place = payload.get("chat") or payload.get("from")
    if isinstance(payload.get("message"), dict):
        place = payload["message"].get("chat")
    number = place.get("id") if isinstance(place, dict) else None
    return number if isinstance(number, int) else None
