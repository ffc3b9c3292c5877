"""Who acts upon events, and how long: until nothing new happens.

A subscriber names the types of events it asks for and is never called for others. What it emits is
handed on as well, to those before it too, at most :data:`MOST` deep.
"""

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from core.events import Event, EventChainCut, name_of
from core.tx import SYSTEM, Tx

log = logging.getLogger(__name__)

React = Callable[[Tx, Sequence[Event]], Awaitable[None]]

MOST: Final = 10
"""So many subscribers may act one upon another; a longer chain is a mistake, and is cut."""


class _Asked(dict[type[Event], bool]):
    """Of each type of events whether it is one of these, or a subclass: worked out once."""

    def __init__(self, types: tuple[type[Event], ...]) -> None:
        super().__init__()
        self._types = types

    def __missing__(self, kind: type[Event]) -> bool:
        asked = self[kind] = issubclass(kind, self._types)
        return asked


@dataclass(frozen=True, slots=True)
class Subscriber:
    """``react`` gets the events of ``types`` (subclasses too) that are new to it, in their order.

    ``last``: it writes down what has happened and causes nothing. It is called once, after all
    others, with the events of the whole transaction.
    ``unless_empty``: it is not called while what is cached under this type is empty, or known not
    to be (`core.tx.ReadTx.any_row`): it would only find that there is nothing to do.
    ``passes_on``: what it emits goes on being the act of whoever caused it, as when a ticket is
    solved together with its parent; else the journal says that the bot did it.
    """

    name: str
    types: tuple[type[Event], ...]
    react: React
    last: bool = False
    unless_empty: type | None = None
    passes_on: bool = False
    asks_for: Mapping[type[Event], bool] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        """``asks_for`` says of each type of events whether it is one of those."""
        object.__setattr__(self, "asks_for", _Asked(self.types))

    def rests(self, tx: Tx) -> bool:
        """Return whether what it acts upon is known not to be there."""
        known = None if self.unless_empty is None else tx.cache.get(self.unless_empty)
        return known is not None and not known


async def notify(tx: Tx, subscribers: Sequence[Subscriber]) -> None:
    """Hand the transaction's events to whoever asked for them, in the order of ``subscribers``.

    Each gets at its turn what has happened since its last one; the turns go round until nothing
    new happens. Then those that are ``last`` get everything.
    """
    events, chain = tx.events, _Chain(tx, [0] * len(tx.events))
    acting = [one for one in subscribers if not one.last]
    seen, before = [0] * len(acting), 0
    while before < len(events):
        before = len(events)
        for turn, subscriber in enumerate(acting):
            first, seen[turn] = seen[turn], len(events)
            asked = first < len(events) and any(
                subscriber.asks_for[type(event)] for event in events[first:]
            )
            if asked and not subscriber.rests(tx):
                await chain.hand(subscriber, first)
    for subscriber in subscribers:
        if subscriber.last and not subscriber.rests(tx):
            told = [event for event in events if subscriber.asks_for[type(event)]]
            if told:
                await subscriber.react(tx, told)


@dataclass(slots=True)
class _Chain:
    """The events of one transaction, and how many subscribers led to each of them."""

    tx: Tx
    depths: list[int]
    cut: bool = False

    async def hand(self, subscriber: Subscriber, first: int) -> None:
        """Hand on what the subscriber asked for, from the event number ``first`` on."""
        fresh = zip(self.tx.events[first:], self.depths[first:], strict=True)
        asked = [(event, depth) for event, depth in fresh if subscriber.asks_for[type(event)]]
        near = [(event, depth) for event, depth in asked if depth < MOST]
        if near:
            known = len(self.tx.events)
            await subscriber.react(self.tx, [event for event, _ in near])
            if not subscriber.passes_on:
                self.tx.note_actor(known, SYSTEM)
            deepest = 1 + max(depth for _, depth in near)
            self.depths += [deepest] * (len(self.tx.events) - len(self.depths))
        if len(near) < len(asked) and not self.cut:
            self._cut(subscriber, next(event for event, depth in asked if depth >= MOST))

    def _cut(self, subscriber: Subscriber, event: Event) -> None:
        """Say once that a chain did not end: in the log, in the journal, to the admins."""
        self.cut = True
        name = name_of(event)
        log.error("a chain of events was cut", extra={"event": name, "for": subscriber.name})
        self.tx.emit(
            EventChainCut(
                ticket_id=event.ticket_id, event=name, subscriber=subscriber.name, depth=MOST
            )
        )
        self.depths.append(MOST)
