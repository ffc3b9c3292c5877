"""Operators in their private chat with the bot: tickets by hand and calls (A5, A7).

Whatever else they write there, they write as anybody does.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

from aiogram import Bot, Router
from aiogram.filters import Filter
from aiogram.types import CallbackQuery, Message

from channels.telegram.messages.message_parser import Service, Unsupported, read
from channels.telegram.screens.callbacks import Hand, parse
from channels.telegram.screens.keyboards import menu_words
from channels.telegram.screens.manual_ticket import draw
from core.desk import Desk
from core.errors import Refusal
from core.manual_tickets import dialogue, save
from core.manual_tickets.dialogue import View
from core.manual_tickets.draft import CALL, TICKET
from core.people.identity import Sender
from core.people.operator_ids import OperatorIds, works_here
from core.people.staff import at_the_desk, for_worker
from core.texts import Key, Texts
from core.tx import ReadTx, Tx
from handlers.telegram.filters import Private, is_borrowed, is_nobody
from handlers.telegram.operators.command_parser import Command
from handlers.telegram.operators.command_parser import parse as parse_command
from handlers.telegram.operators.context import name_for
from handlers.telegram.operators.deep_links import read_payload
from handlers.telegram.operators.people import show_found
from handlers.telegram.responder import Responder

P = ParamSpec("P")
R = TypeVar("R")

_BEGINS: Final = {"new": TICKET, "call": CALL}


def private() -> Router:
    """What only those who work here can do in private; before the customers' room."""
    room = Router(name="operators/private")
    for observer in (room.message, room.callback_query):
        observer.filter(Private(), Works())
    room.message.register(on_command, AtWork())
    room.message.register(on_words, UnderWay())
    room.callback_query.register(on_press, HandPressed())
    return room


class Works(Filter):
    """The person is an operator or an admin. Costs no question while the roll is at hand."""

    async def __call__(  # type: ignore[mutable-override]
        self, event: Message | CallbackQuery, desk: Desk
    ) -> bool:
        """False for customers, and for identities that many share."""
        person = event.from_user
        if person is None or (isinstance(event, Message) and is_nobody(event)):
            return False
        roll: OperatorIds | None = desk.cache.get(OperatorIds)
        if roll is None:
            return await desk.read(works_here, person.id)
        return person.id in roll or person.id in desk.company.admins


class AtWork(Filter):
    """One of the commands of this room, written here by themselves; gives ``command``."""

    async def __call__(  # type: ignore[mutable-override]
        self, event: Message, bot: Bot, desk: Desk
    ) -> bool | dict[str, Any]:
        """The command; «cancel» is ours only inside the dialogue."""
        text = event.text or ""
        if not text.startswith("/") or is_borrowed(event) or event.from_user is None:
            return False
        command = parse_command(text, await name_for(bot, text), desk.company.number_mask)
        if command is not None and command.name == "start":
            command = read_payload(command)
        if command is None:
            return False
        if command.name == "cancel":
            ours = await desk.read(dialogue.is_under_way, event.from_user.id)
        else:
            ours = command.name in _COMMANDS
        return {"command": command} if ours else False


class UnderWay(Filter):
    """The person answers a question of the dialogue: no command, no button of the menu."""

    def __init__(self) -> None:
        self._words: dict[str, str] | None = None

    async def __call__(  # type: ignore[mutable-override]
        self, event: Message, desk: Desk, texts: Texts
    ) -> bool:
        """True while the dialogue is under way."""
        if self._words is None:
            self._words = menu_words(texts)
        text = event.text or ""
        if text.startswith("/") or text in self._words or event.from_user is None:
            return False
        return await desk.read(dialogue.is_under_way, event.from_user.id)


class HandPressed(Filter):
    """A button of the dialogue; gives ``pressed``."""

    async def __call__(  # type: ignore[mutable-override]
        self, event: CallbackQuery
    ) -> bool | dict[str, Any]:
        """What the button carried."""
        pressed = parse(event.data)
        return {"pressed": pressed} if isinstance(pressed, Hand) else False


class Seat:
    """An operator in private: the only ways from here to the desk, and what is shown."""

    def __init__(self, message: Any, desk: Desk, sender: Sender, responder: Responder) -> None:
        self.message = message
        self.desk = desk
        self.sender = sender
        self.responder = responder

    async def act(
        self,
        action: Callable[Concatenate[Tx, P], Awaitable[R]],
        *args: P.args,
        **options: P.kwargs,
    ) -> R:
        """Run an action as whoever works here. Raises :class:`NotAllowed` for others."""
        return await self.desk.run(at_the_desk, self.sender, action, *args, **options)

    async def look(
        self,
        query: Callable[Concatenate[ReadTx, P], Awaitable[R]],
        *args: P.args,
        **options: P.kwargs,
    ) -> R:
        """Look as whoever works here."""
        return await self.desk.read(for_worker, self.sender, query, *args, **options)

    async def show(self, view: View, *, anew: bool) -> None:
        """The next question: below the operator's words, or in place of the one answered."""
        screen = draw(view, self.responder.renderer)
        if anew:
            chat = self.message.chat.id
            await self.responder.say(chat, screen.html, keyboard=screen.keyboard)
        else:
            await self.responder.edit(self.message, screen.html, keyboard=screen.keyboard)

    async def turn(self, key: str, **facts: Any) -> None:
        """The screen becomes what was done."""
        await self.responder.edit(self.message, self.responder.html(key, facts))


async def on_command(
    message: Message, command: Command, desk: Desk, sender: Sender, responder: Responder
) -> None:
    """Begin, look somebody up, or leave."""
    await _COMMANDS[command.name](Seat(message, desk, sender, responder), command)


async def _begin(seat: Seat, command: Command) -> None:
    kind = _BEGINS[command.name]
    await seat.show(await seat.act(dialogue.begin, kind, command.rest), anew=True)


async def _who(seat: Seat, command: Command) -> None:
    await show_found(seat.look, seat.responder, seat.message, command.rest)


async def _leave(seat: Seat, _command: Command) -> None:
    await seat.act(dialogue.leave)
    await seat.responder.say(seat.message.chat.id, seat.responder.html("by_hand.left"))


_COMMANDS: Final[dict[str, Callable[[Seat, Command], Awaitable[None]]]] = {
    "new": _begin,
    "call": _begin,
    "who": _who,
    "cancel": _leave,
}


async def on_words(message: Message, desk: Desk, sender: Sender, responder: Responder) -> None:
    """An answer in words, or the words of the ticket with whatever is attached."""
    said = read(message)
    if isinstance(said, Service):
        return
    if isinstance(said, Unsupported):
        raise Refusal("refusal.kind", kind=Key(f"kind.{said.kind}"))
    seat = Seat(message, desk, sender, responder)
    await seat.show(await seat.act(dialogue.say, said), anew=True)


async def on_press(
    query: CallbackQuery, pressed: Hand, desk: Desk, sender: Sender, responder: Responder
) -> None:
    """A choice, a way back or out, or the last word."""
    seat = Seat(query.message, desk, sender, responder)
    match pressed.step:
        case "save":
            saved = await seat.act(save.save)
            key = "by_hand.recorded" if saved.recorded else "by_hand.opened"
            await responder.toast(query)
            await seat.turn(key, number=saved.number)
        case "leave":
            await seat.act(dialogue.leave)
            await responder.toast(query)
            await seat.turn("by_hand.left")
        case "back":
            await _show_or_leave(query, seat, await seat.act(dialogue.go_back))
        case _:
            view = await seat.act(dialogue.choose, pressed.step, pressed.value)
            await _show_or_leave(query, seat, view)


async def _show_or_leave(query: CallbackQuery, seat: Seat, view: View | None) -> None:
    await seat.responder.toast(query)
    if view is None:
        await seat.turn("by_hand.left")
    else:
        await seat.show(view, anew=False)
