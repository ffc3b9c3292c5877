"""Buttons in the operator group. Data names a wish, never a right: every wish is checked (S5)."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from aiogram.types import CallbackQuery, InlineKeyboardMarkup

from channels.telegram.addresses import message_ref
from channels.telegram.screens import keyboards
from channels.telegram.screens.callbacks import (
    AnswerRetry,
    Classify,
    FreezeFor,
    HandTo,
    MakeParent,
    OutageStep,
    Question,
    QueuePage,
    Settle,
    TaskPage,
    TaskVerb,
    TicketVerb,
    Who,
    parse,
)
from channels.telegram.screens.open_menus import MessagePlace, OpenMenus
from core.desk import Desk
from core.errors import NoSuchTicket, Refusal
from core.people.identity import Sender
from core.tickets import assignment, conversation
from core.tickets.card import Card, card_of
from core.tickets.incoming import find_location
from core.tickets.lifecycle import move
from core.tickets.lists import VIEWS
from core.words.when import parse_when
from handlers.telegram.operators import agreements, outages, people, relations, tasks, teams
from handlers.telegram.operators.command_parser import parse as parse_command
from handlers.telegram.operators.context import OperatorContext, name_for
from handlers.telegram.operators.read_commands import read_page, show_journal
from handlers.telegram.responder import Responder
from handlers.telegram.ticket_list import draw


@dataclass(frozen=True, slots=True)
class Pressed(OperatorContext):
    """A button that an operator pressed, on a message in the operator group."""

    query: CallbackQuery
    open_menus: OpenMenus

    @property
    def place(self) -> MessagePlace:
        """Where the button stands."""
        return self.message.chat.id, self.message.message_id

    async def toast(self, verb: str = "", *, alert: bool = False, **facts: Any) -> None:
        """Say what was done, or just stop the button's clock."""
        text = self.responder.plain(f"operators.toast.{verb}", facts) if verb else ""
        await self.responder.toast(self.query, text, alert=alert)

    async def show(self, keyboard: InlineKeyboardMarkup | None) -> None:
        """Other buttons below the same message."""
        await self.responder.show_buttons(self.message, keyboard)


async def on_press(
    query: CallbackQuery, desk: Desk, responder: Responder, sender: Sender, open_menus: OpenMenus
) -> None:
    """Every button of the group. What we have not packed is outdated."""
    wish = parse(query.data)
    handler = _BY_KIND.get(type(wish))
    if handler is None or query.message is None:
        raise Refusal("refusal.outdated")
    pressed = Pressed(desk, responder, sender, query.message, query, open_menus)
    open_menus.close(pressed.place)
    await handler(pressed, wish)


async def _verb(pressed: Pressed, wish: TicketVerb) -> None:
    if wish.verb in _MENUS:
        await _menu(pressed, wish)
    elif wish.verb in teams.MENUS:
        await _choose_whom(pressed, wish)
    elif wish.verb == "resolve":
        if await tasks.resolved(pressed, wish.number):
            await pressed.toast("resolve", number=wish.number)
        else:
            await pressed.toast()
    elif wish.verb in _SHOWS:
        await _SHOWS[wish.verb](pressed, wish.number)
        await pressed.toast()
    else:
        verb = wish.verb.removesuffix("!")
        action = {"take": assignment.take, "release": assignment.release}.get(verb)
        if action is None:
            await pressed.act(move, wish.number, verb)
        else:
            await pressed.act(action, wish.number)
        await pressed.toast(verb, number=wish.number)


_SHOWS: Final = {
    "journal": show_journal,
    "why": agreements.show_why,
    "tasks": tasks.show_of,
}
_MENUS: Final = frozenset({"freeze", "more", "back", "close", "cancel"})


async def _menu(pressed: Pressed, wish: TicketVerb) -> None:
    """Buttons that only lead to other buttons of the same card."""
    card = await pressed.look(card_of, wish.number)
    if card is None:
        raise NoSuchTicket(wish.number)
    renderer, taken = pressed.responder.renderer, card.assignee_id is not None
    match wish.verb:
        case "freeze":
            keyboard = keyboards.freeze(renderer, wish.number)
        case "more":
            also = await _offered(pressed, card)
            keyboard = keyboards.more(renderer, wish.number, card.verbs, taken=taken, also=also)
        case "close" | "cancel":
            keyboard = keyboards.ask_again(renderer, wish.number, wish.verb)
        case _:
            keyboard = keyboards.card(
                renderer,
                wish.number,
                card.verbs,
                taken=taken,
                frozen=card.state.category == "frozen",
                ended=card.state.final,
            )
    await _lead(pressed, wish, keyboard)


async def _lead(pressed: Pressed, wish: TicketVerb, keyboard: InlineKeyboardMarkup) -> None:
    """Show the buttons that a button of the card leads to."""
    if wish.verb != "back":
        # what closes, cancels or hands over is behind «more»
        opener = wish.verb if wish.verb == "freeze" else "more"
        pressed.open_menus.open(pressed.place, keyboard, TicketVerb(opener, wish.number).pack())
    await pressed.toast()
    await pressed.show(keyboard)


async def _offered(pressed: Pressed, card: Card) -> list[str]:
    """What only some tickets offer."""
    offered = list(await pressed.look(teams.offered, card))
    offered += ["tasks"] if card.behind.tasks else []
    return [*offered, "why"] if card.promised.agreed else offered


async def _choose_whom(pressed: Pressed, wish: TicketVerb) -> None:
    keyboard, level = await pressed.look(teams.menu, pressed.responder.renderer, wish)
    if keyboard is None:
        nobody = f"nobody_to_{wish.verb}"
        await pressed.toast(nobody, alert=True, number=wish.number, level=level)
    else:
        await _lead(pressed, wish, keyboard)


async def _hand_to(pressed: Pressed, wish: HandTo) -> None:
    """The card follows; whoever gets the ticket hears of it."""
    said, facts = await teams.give(pressed, wish)
    await pressed.toast(said, **facts)


async def _task(pressed: Pressed, wish: TaskVerb) -> None:
    keyboard = tasks.keyboard_for(pressed.responder.renderer, wish)
    if keyboard is not None:
        await pressed.toast()
        await pressed.show(keyboard)
        return
    said = await tasks.work(pressed, wish)
    await pressed.toast(said, task=wish.task)
    text, keyboard = await tasks.shown(pressed, wish.task)
    await pressed.responder.edit(pressed.message, text, keyboard=keyboard)


async def _task_page(pressed: Pressed, wish: TaskPage) -> None:
    asker, _ = _asker(pressed)
    text, keyboard = await tasks.page(pressed, wish.view, wish.page, asker)
    await pressed.toast()
    await pressed.responder.edit(pressed.message, text, keyboard=keyboard)


async def _settle(pressed: Pressed, wish: Settle) -> None:
    """What becomes of the tasks is decided: the ticket is resolved with the words said before."""
    _, said = _asker(pressed)
    username = await name_for(pressed.responder.bot, said)
    command = parse_command(said, username, pressed.desk.company.number_mask)
    await tasks.settle(pressed, wish, command)
    await pressed.toast("resolve", number=wish.number)
    settled = pressed.responder.html("tasks.settled", {"number": wish.number})
    await pressed.responder.edit(pressed.message, settled)


_SPANS: Final = {"1h": "1h", "tomorrow": "tomorrow 9:00", "monday": "monday 9:00", "week": "7d"}


async def _freeze(pressed: Pressed, wish: FreezeFor) -> None:
    if wish.code == "other":
        await pressed.toast("freeze_other", alert=True, number=wish.number)
        return
    now, zone = pressed.desk.clock(), pressed.desk.company.zone
    until = parse_when(_SPANS.get(wish.code, ""), now, zone).at
    await pressed.act(move, wish.number, "freeze", until=until)
    verb = "freeze" if until is None else "freeze_until"
    await pressed.toast(verb, number=wish.number, until=until)


async def _classify(pressed: Pressed, wish: Classify) -> None:
    title, (text, keyboard) = await agreements.chosen(pressed, wish)
    await pressed.toast("kind", number=wish.number, kind=title)
    await pressed.responder.edit(pressed.message, text, keyboard=keyboard)


async def _retry(pressed: Pressed, wish: AnswerRetry) -> None:
    ticket = await pressed.act(conversation.retry, wish.message_id)
    await pressed.toast()
    again = pressed.responder.html("operators.retrying", {"number": ticket.id})
    await pressed.responder.edit(pressed.message, again)


async def _question(pressed: Pressed, wish: Question) -> None:
    ticket = await pressed.act(conversation.question_after_all, wish.message_id)
    await pressed.toast("question", number=ticket.id)
    await pressed.show(None)


async def _page(pressed: Pressed, wish: QueuePage) -> None:
    """Turn a page; from a notice, show the list below it."""
    if wish.view != "find" and wish.view not in VIEWS:
        raise Refusal("refusal.outdated")
    asker, words = await _asked_by(pressed, wish.view)
    page = await pressed.look(
        read_page, wish.view, wish.cursor, asker, words, backward=wish.backward
    )
    text, keyboard = draw(pressed.responder, page, words=words)
    place = message_ref(pressed.message.chat.id, pressed.message.message_id)
    notice = await pressed.look(find_location, place)
    await pressed.toast()
    if notice is None:
        await pressed.responder.edit(pressed.message, text, keyboard=keyboard)
    else:
        await pressed.say(text, keyboard)


async def _asked_by(pressed: Pressed, view: str) -> tuple[int, str]:
    """Who asked for the list, and for what: the command that the list replies to still says it."""
    asker, text = _asker(pressed)
    username = await name_for(pressed.responder.bot, text)
    command = parse_command(text, username, pressed.desk.company.number_mask)
    if view == "find" and (command is None or command.name != "find"):
        raise Refusal("refusal.outdated")
    return asker, "" if command is None else command.rest


def _asker(pressed: Pressed) -> tuple[int, str]:
    """Who wrote what the message answers, and how; without such words, who presses."""
    asked = getattr(pressed.message, "reply_to_message", None)
    author = None if asked is None else asked.from_user
    if asked is None or author is None or author.is_bot:
        return pressed.sender.telegram_id, ""
    return author.id, asked.text or asked.caption or ""


async def _outage(pressed: Pressed, wish: OutageStep) -> None:
    """Lead to the spans and back, or decide."""
    keyboard = outages.keyboard_for(pressed.responder, wish)
    if keyboard is not None:
        await pressed.toast()
        await pressed.show(keyboard)
        return
    text = await outages.decide(pressed, wish)
    await pressed.toast()
    await pressed.responder.edit(pressed.message, text)


_BY_KIND: Final[dict[type, Callable[[Pressed, Any], Awaitable[None]]]] = {
    TicketVerb: _verb,
    FreezeFor: _freeze,
    Classify: _classify,
    AnswerRetry: _retry,
    Question: _question,
    QueuePage: _page,
    Who: people.on_who,
    MakeParent: relations.on_parent,
    OutageStep: _outage,
    HandTo: _hand_to,
    TaskVerb: _task,
    TaskPage: _task_page,
    Settle: _settle,
}
