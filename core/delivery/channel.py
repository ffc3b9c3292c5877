"""What the courier asks of a channel, and what a channel may answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Protocol, runtime_checkable

from core.addresses import Address
from core.tx import ReadTx

READERS_ZONE: Final = "readers_zone"
"""A fact: the time zone of whoever reads it, where they have one of their own."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One row of the outbox as a channel sees it.

    ``kind`` names an operation in the channel's own table ("text", "content", "card", "edit",
    "delete", "reaction", …). ``facts`` were frozen when the row was written and are JSON-able; the
    words are found only now, by ``key`` and ``locale``, so that a row that waited through an
    upgrade speaks in the new words. The same row asks for the same thing however often it is tried.
    ``probe_context`` is what the channel noted just before the call (see `Channel.probe_context`),
    ``found`` what it read when the row was claimed (see `ReadsAhead`).
    """

    id: int
    channel: str
    address: str
    locale: str
    kind: str
    key: str | None
    facts: Mapping[str, Any]
    ticket_id: int | None
    created_at: datetime
    attempts: int = 0
    message_id: int | None = None
    person_id: int | None = None
    priority: int = 0
    probe_context: Mapping[str, Any] = field(default_factory=dict)
    found: object = field(default=None, compare=False, repr=False)

    @property
    def to(self) -> Address:
        """Where it goes."""
        return Address(self.channel, self.address)


@dataclass(frozen=True, slots=True)
class Sent:
    """What now stands on the other side.

    ``message_refs`` are the provider's ids in the order of appearance. ``note`` is whatever the
    channel wants kept with the row and handed back to people who ask (JSON-able).
    """

    message_refs: tuple[str, ...] = ()
    note: Mapping[str, Any] = field(default_factory=dict)


class SendError(Exception):
    """A delivery that failed. One bit decides: ``permanent`` or not.

    A permanent one ends the row, whatever else it says; anything else is tried again, not before
    ``retry_after`` seconds if that is given. Each channel turns its library's exceptions into this
    one and lets nothing else out.

    ``reason`` is a short code for code:

    * ``blocked``: nobody can be reached at this address any more;
    * ``bad_request``: this delivery is not accepted, another might be;
    * ``unsupported``: the channel has no such operation;
    * ``flood``: too much at once; ``retry_after`` says for how long;
    * ``busy``: the other side asks to come later; ``network``: it could not be asked;
    * ``moved``: the same chat has the address ``moved_to`` now;
    * ``configuration``: see below.

    ``uncertain``: the other side may have accepted it all the same. Ask `Channel.was_delivered`
    before trying again. ``configuration``: the fault is ours and every other one would meet it
    too. Stop the channel, tell the admins, and count no attempt against the row. ``lasting``: such
    a failure may last for days and pass all the same, as one of the network may.
    """

    def __init__(
        self,
        reason: str,
        detail: str = "",
        *,
        permanent: bool = False,
        retry_after: float | None = None,
        moved_to: str | None = None,
        uncertain: bool = False,
        configuration: bool = False,
        lasting: bool = False,
    ) -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail
        self.permanent = permanent
        self.retry_after = retry_after
        self.moved_to = moved_to
        self.uncertain = uncertain
        self.configuration = configuration
        self.lasting = lasting or reason == "network"


class Channel(Protocol):
    """Something that sends messages: a folder in ``channels/``.

    It renders and sends. It decides nothing about when, how often or whether to try again, and
    writes nothing but what it needs to recognise a delivery whose answer was lost
    (`core.delivery.probe_contexts`). What must be drawn as it is at that moment, a card or words
    that were edited meanwhile, it reads through the desk.
    """

    name: str

    async def recall(self) -> None:
        """A new process: learn what the earlier ones knew of what stands where."""
        ...

    def probe_context(self) -> dict[str, Any]:
        """What to note with rows before they are sent, to find out later whether they arrived.

        One note serves all addresses: rows of several leave in one claim. A channel that has
        nothing to note returns nothing from the beginning on, and is not asked again.
        """
        ...

    async def send(self, delivery: Delivery) -> Sent:
        """Do what the delivery says, or raise `SendError`. Returns when the other side has it."""
        ...

    async def was_delivered(self, delivery: Delivery) -> Sent | None:
        """After an uncertain send: what stands there, or None when nothing of it does.

        None also from a channel whose deliveries carry a key that makes sending again harmless.
        May raise `SendError` when even that cannot be found out now.
        """
        ...

    async def close(self) -> None:
        """Let go of connections. No send is under way, and none will follow."""
        ...


@runtime_checkable
class ReadsAhead(Protocol):
    """A channel that reads in the transaction which claims a delivery: no other one is needed then.

    What is changed after that has a delivery of its own, which leaves after this one. What has to
    wait behind another delivery is read when it is sent.
    """

    async def read_ahead(self, tx: ReadTx, delivery: Delivery) -> object:
        """What becomes `Delivery.found`; ``None``: it is read when it is sent."""
        ...
