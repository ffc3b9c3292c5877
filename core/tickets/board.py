"""The board: one pinned message in a group that always shows the queue as it is (X6).

Its place is stored, so that it survives a restart; deleted by somebody, it is made again. It is
drawn when it leaves, at most once per run of its job, and only where it would look otherwise.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import select

from core.addresses import Address, MessageRef
from core.delivery.card_updates import draw_board, pin, remove_later
from core.errors import NothingToDo
from core.events import ChatMoved, Event
from core.models import SystemState
from core.subscribers import Subscriber
from core.tickets.list_lines import Page
from core.tickets.lists import page_of
from core.tickets.marker_counts import count_by_marker
from core.tx import ReadTx, Tx

# Under this name it is stored where a chat's board stands, and how it looked last.
_BOARD: Final = "board@"
# Ages and delays grow: it is drawn anew so often, whatever happens.
_ANEW: Final = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Board:
    """What a board shows: how many tickets have which marker, and the most urgent ones."""

    counts: Mapping[str, int]
    page: Page


class Boards(dict[Address, str | None]):
    """The chats that have a board, and the message that it is; ``None``: not posted yet."""


async def boards_of(tx: ReadTx) -> Boards:
    """Return where boards stand, cached until one is shown, posted or hidden."""
    return await tx.cached(Boards, _read_boards)


async def _read_boards(tx: ReadTx) -> Boards:
    rows = await tx.all(select(SystemState).where(SystemState.name.startswith(_BOARD)))
    return Boards((_chat_of(one), one.value.get("message")) for one in rows)


def _chat_of(state: SystemState) -> Address:
    return Address.parse(state.name.removeprefix(_BOARD))


async def board_of(tx: ReadTx) -> Board:
    """Return the queue as it is now."""
    return Board(await count_by_marker(tx), await page_of(tx, "queue"))


async def is_board(tx: ReadTx, place: MessageRef) -> bool:
    """Return whether this message is a board."""
    return (await boards_of(tx)).get(place.address) == place.message


async def show_board(tx: Tx, chat: Address) -> None:
    """Post and pin a board in the chat. Raises :class:`NothingToDo` where it has one."""
    if await tx.find(SystemState, f"{_BOARD}{chat}") is not None:
        raise NothingToDo("refusal.board_shown")
    await tx.put(SystemState(name=f"{_BOARD}{chat}", value={}, at=tx.now))
    tx.invalidate(Boards)
    await draw_board(tx, chat)


async def hide_board(tx: Tx, chat: Address) -> None:
    """Remove the chat's board. Raises :class:`NothingToDo` where it has none."""
    state = await tx.find(SystemState, f"{_BOARD}{chat}")
    if state is None:
        raise NothingToDo("refusal.no_board")
    if message := state.value.get("message"):
        await remove_later(tx, chat, [int(message)], 0.0)
    await tx.delete(state)
    tx.invalidate(Boards)


async def note_board(tx: Tx, chat: Address, message: str) -> None:
    """The chat's board stands here from now on; one that was hidden meanwhile is removed."""
    state = await tx.find(SystemState, f"{_BOARD}{chat}", hold=True)
    if state is None:
        await remove_later(tx, chat, [int(message)], 0.0)
        return
    state.value = {**state.value, "message": message}
    tx.pin([state])
    tx.invalidate(Boards)
    await pin(tx, None, MessageRef(chat.channel, chat.chat, message))


async def refresh_boards(tx: Tx) -> None:
    """Have those boards drawn that would look otherwise than they were drawn last."""
    boards = await boards_of(tx)
    if not boards:
        return
    looks = _looks(await board_of(tx), int(tx.now.timestamp() // _ANEW.total_seconds()))
    for chat in boards:
        state = await tx.find(SystemState, f"{_BOARD}{chat}", hold=True)
        if state is None or state.value.get("looks") == looks:
            continue
        state.value = {**state.value, "looks": looks}
        tx.pin([state])
        await draw_board(tx, chat)


async def follow_chats(tx: Tx, events: Sequence[Event]) -> None:
    """Post the board of a group that has become a supergroup in the new chat."""
    for event in events:
        if not isinstance(event, ChatMoved):
            continue
        state = await tx.find(SystemState, f"{_BOARD}{event.old}", hold=True)
        if state is None:
            continue
        await tx.delete(state)
        if await tx.find(SystemState, f"{_BOARD}{event.new}") is None:
            await show_board(tx, Address.parse(event.new))
        tx.invalidate(Boards)


SUBSCRIBER: Final = Subscriber("board", (ChatMoved,), follow_chats)


def _looks(board: Board, period: int) -> str:
    said: list[Any] = [period, sorted(board.counts.items()), *board.page.lines]
    return hashlib.sha256(repr(said).encode()).hexdigest()[:16]
