"""Buttons below a card: what is done with its ticket, and the menus that lead there."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from aiogram.filters.callback_data import CallbackData
from aiogram.types import InlineKeyboardMarkup

from channels.telegram.messages.message_parser import message_ref
from channels.telegram.screens import card as card_screen
from channels.telegram.screens.card import Freeze, FreezeEnd, TicketVerb
from channels.telegram.screens.ticket_choices import (
    EndAs,
    MoveTo,
    draw_reasons,
    draw_states,
)
from core.delivery.sent_messages import note_question
from core.errors import NoSuchTicket
from core.tasks.rules import EQUIPMENT
from core.texts import Key
from core.tickets import lifecycle
from core.tickets.card import Card, FaultyCamera, card_of
from core.tickets.lifecycle import freeze_until, move
from core.tickets.resolutions import reasons_of
from core.tickets.unanswered import WORDS, find_unanswered
from core.words.names import clean_name
from core.words.when import parse_when
from handlers.telegram.operators import (
    agreements,
    assistant,
    states,
    tasks,
    teams,
    transcripts,
)
from handlers.telegram.operators.context import GroupButton
from handlers.telegram.operators.read_commands import show_data, show_journal
from handlers.telegram.responder import ShownAt


async def press_verb(context: GroupButton, data: TicketVerb) -> None:
    """Do what a button of the card says."""
    await _VERBS.get(data.verb, _move)(context, data)


async def _move(context: GroupButton, data: TicketVerb) -> None:
    verb = data.verb.removesuffix("!")
    await context.act(move, data.ticket_id, verb)
    await context.toast(verb, number=data.ticket_id)


async def _take(context: GroupButton, data: TicketVerb) -> None:
    await context.act(lifecycle.take, data.ticket_id)
    await context.toast("take", number=data.ticket_id)


async def _release(context: GroupButton, data: TicketVerb) -> None:
    await context.act(lifecycle.release, data.ticket_id)
    await context.toast("release", number=data.ticket_id)


async def _resolve(context: GroupButton, data: TicketVerb) -> None:
    """Ask for the reason, where the company has reasons."""
    reasons = (await context.read(reasons_of)).offered
    if reasons:
        screen = draw_reasons(context.renderer, data.ticket_id, reasons, resolve=True)
        await _lead(context, data, screen.keyboard or _NO_BUTTONS)
    else:
        await _end(context, data)


async def _end(context: GroupButton, data: TicketVerb) -> None:
    """End the ticket, unless it is asked first what becomes of its tasks."""
    verb, sure = data.verb.removesuffix("!"), data.verb.endswith("!")
    if await tasks.ended(context, data.ticket_id, verb, sure=sure):
        await context.toast(verb, number=data.ticket_id)
    else:
        await context.toast()


async def _show(context: GroupButton, data: TicketVerb) -> None:
    """Show something about the ticket below its card."""
    show, alone = _SHOWS[data.verb]
    await context.say_where(await show(replace(context, quiet=alone), data.ticket_id))


async def _send_whole(context: GroupButton, data: TicketVerb) -> None:
    await transcripts.send_whole(replace(context, quiet=True), data.ticket_id)
    await context.toast("file_coming")


async def _choose_state(context: GroupButton, data: TicketVerb) -> None:
    ways = await states.ways(context, data.ticket_id)
    keyboard = draw_states(context.renderer, ways, card=True).keyboard
    await _lead(context, data, keyboard or _NO_BUTTONS)


async def _choose_whom(context: GroupButton, data: TicketVerb) -> None:
    keyboard, level = await context.read(teams.menu, context.renderer, data)
    if keyboard is None:
        nobody = f"nobody_to_{data.verb}"
        await context.toast(nobody, alert=True, number=data.ticket_id, level=level)
    else:
        await _lead(context, data, keyboard)


# Buttons that only lead to other buttons of the same card.


async def _menu(context: GroupButton, data: TicketVerb) -> None:
    card = await context.read(card_of, data.ticket_id)
    if card is None:
        raise NoSuchTicket(data.ticket_id)
    await _lead(context, data, await _MENUS[data.verb](context, card, data.verb))


async def _freeze_spans(context: GroupButton, card: Card, _verb: str) -> InlineKeyboardMarkup:
    return card_screen.freeze_spans(context.renderer, card.number)


async def _more(context: GroupButton, card: Card, _verb: str) -> InlineKeyboardMarkup:
    app = await context.responder.app.link(context.responder.bot, card.number)
    return card_screen.more(
        context.renderer,
        card.number,
        card.verbs,
        taken=card.assignee_id is not None,
        technical=card.technical,
        also=await _offered(context, card),
        app=app,
    )


async def _assistant_menu(context: GroupButton, card: Card, _verb: str) -> InlineKeyboardMarkup:
    assistant.demand(context)
    return card_screen.assistant_menu(context.renderer, card.number)


async def _confirm_end(context: GroupButton, card: Card, verb: str) -> InlineKeyboardMarkup:
    return card_screen.confirm_end(context.renderer, card.number, verb)


async def _back(context: GroupButton, card: Card, _verb: str) -> InlineKeyboardMarkup:
    return card_screen.keyboard(context.renderer, card)


async def _is_warned(context: GroupButton, data: TicketVerb) -> bool:
    """Say that the customer waits for an answer, where the buttons that follow end the ticket: they
    ask already, and nothing more is asked when they are pressed.
    """
    if data.verb not in {"close", "resolve"}:
        return False
    message = await context.read(find_unanswered, data.ticket_id)
    if message is None:
        return False
    words = clean_name(message.text, WORDS)
    await context.toast("unanswered", alert=True, number=data.ticket_id, words=words)
    return True


async def _lead(context: GroupButton, data: TicketVerb, keyboard: InlineKeyboardMarkup) -> None:
    """Show the buttons that a button of the card leads to."""
    if data.verb != "back":
        # what closes, cancels or hands over is behind «more»
        opener = data.verb if data.verb in {"freeze", "resolve"} else "more"
        place = (context.message.chat.id, context.message.message_id)
        leads_here = TicketVerb(verb=opener, ticket_id=data.ticket_id).pack()
        context.button.open_menus.open(place, keyboard, leads_here)
    if not await _is_warned(context, data):
        await context.toast()
    await context.show_buttons(keyboard)


async def _offered(context: GroupButton, card: Card) -> list[str]:
    """What only some tickets offer."""
    offered = list(await context.read(teams.offered, card))
    offered += [] if context.responder.assistant is None else ["assistant"]
    offered += ["tasks"] if card.behind.tasks else []
    seen_to = any(task.kind == EQUIPMENT for task in card.behind.tasks)
    offered += ["task"] if isinstance(card.faulty, FaultyCamera) and not seen_to else []
    return [*offered, "why"] if card.promised.agreed else offered


_NO_BUTTONS: Final = InlineKeyboardMarkup(inline_keyboard=[])
_MENUS: Final[dict[str, Callable[[GroupButton, Card, str], Awaitable[InlineKeyboardMarkup]]]] = {
    "freeze": _freeze_spans,
    "more": _more,
    "assistant": _assistant_menu,
    "close": _confirm_end,
    "cancel": _confirm_end,
    "back": _back,
}
# What is shown, and whether only whoever presses asks for it.
_SHOWS: Final[dict[str, tuple[Callable[[Any, int], Awaitable[ShownAt]], bool]]] = {
    "data": (show_data, True),
    "journal": (show_journal, True),
    "why": (agreements.show_why, True),
    "tasks": (tasks.show_tasks, True),
    "task": (tasks.new_by_button, False),
}
# A verb without a line is a move to another state.
_VERBS: Final[dict[str, Callable[[GroupButton, TicketVerb], Awaitable[None]]]] = {
    **dict.fromkeys(_MENUS, _menu),
    **dict.fromkeys(_SHOWS, _show),
    **dict.fromkeys(teams.MENUS, _choose_whom),
    **dict.fromkeys(card_screen.ASSISTED, assistant.ask_by_button),
    "state": _choose_state,
    "transcript": _send_whole,
    "take": _take,
    "release": _release,
    "resolve": _resolve,
    "resolve!": _end,
    "close!": _end,
}


# How long a ticket rests.


SPANS: Final = {"1h": "1h", "tomorrow": "tomorrow 9:00", "monday": "monday 9:00", "week": "7d"}


async def freeze(context: GroupButton, data: Freeze) -> None:
    if data.span == "other":
        await _ask_for_date(context, data.ticket_id)
        return
    until = _end_of(context, data.span)
    await context.act(move, data.ticket_id, "freeze", until=until)
    verb = "freeze" if until is None else "freeze_until"
    await context.toast(verb, number=data.ticket_id, until=until)


async def _ask_for_date(context: GroupButton, ticket_id: int) -> None:
    """Ask until when, below the card; a reply to the question freezes the ticket."""
    renderer, message = context.renderer, context.message
    user = context.button.query.from_user
    who = Key("group.mention", {"id": user.id, "name": clean_name(context.sender.name)})
    text = renderer.html("operators.freeze_until", number=ticket_id, who=who)
    example = renderer.plain("operators.freeze_example")
    asked = await context.responder.ask(message, text, example)
    if asked is not None:
        place = message_ref(message.chat.id, asked)
        await context.act(note_question, ticket_id, place, "freeze")
    await context.toast("answer_below")


async def end_freeze_then(context: GroupButton, data: FreezeEnd) -> None:
    until = _end_of(context, data.span)
    await context.act(freeze_until, data.ticket_id, until)
    await context.toast("freeze_until", number=data.ticket_id, until=until)
    await context.show_buttons(None)


def _end_of(context: GroupButton, span: str) -> datetime | None:
    return parse_when(SPANS.get(span, ""), context.desk.clock(), context.desk.company.zone).at


async def show_next_steps(context: GroupButton, data: CallbackData | None) -> None:
    """After a move that a button has made: what may follow it. A menu has moved nothing."""
    if isinstance(data, Freeze | MoveTo | EndAs) or (
        isinstance(data, TicketVerb) and data.verb not in _MENUS
    ):
        await states.show_next(context, data.ticket_id)
