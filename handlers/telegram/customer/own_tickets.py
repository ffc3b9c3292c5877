"""«Мои обращения»: the list and a ticket, each one screen that is edited."""

from collections.abc import Sequence
from typing import Final

from aiogram import Router
from aiogram.types import CallbackQuery, InlineKeyboardMarkup, Message

from channels.telegram.screens.callbacks import Mine, QueuePage
from channels.telegram.screens.customer_tickets import OWN, cursor_of, own_page, own_ticket
from channels.telegram.screens.screen import clipped
from core.desk import Desk
from core.errors import Refusal
from core.people.identity import Sender
from core.texts import Key
from core.tickets import customer_tickets
from core.tickets.customer_tickets import OwnPage, OwnTicket, OwnWords
from core.words.names import LONGEST_MESSAGE, units
from handlers.telegram.customer.filters import MenuPressed, MenuStep, Pressed
from handlers.telegram.responder import Responder

# What one message of a conversation may take, and from where on it stands in a folded quote.
LONGEST_WORDS: Final = 900
FOLDED: Final = 240
# Left for the head and the foot of the screen.
ROOM: Final = LONGEST_MESSAGE - 700


def list_screen(responder: Responder, page: OwnPage) -> str:
    """The list: a line for each ticket."""
    if not page.tickets:
        return responder.html("own.nothing")
    lines = [_line(responder, ticket) for ticket in page.tickets]
    return "\n".join([responder.html("own.head"), *lines])


def _line(responder: Responder, ticket: OwnTicket) -> str:
    facts = {
        "number": ticket.number,
        "topic": about(responder, ticket),
        "state": in_words(ticket, responder),
    }
    return responder.html("own.line", facts)


def about(responder: Responder, ticket: OwnTicket) -> str | Key:
    """What the ticket is about, as its customer may read it: the topic, never the title (A3)."""
    return Key("own.no_topic") if ticket.topic is None else ticket.topic.title(responder.locale)


def in_words(ticket: OwnTicket, responder: Responder) -> Key:
    """The state of a ticket for its customer."""
    state = ticket.state
    facts = {"due": ticket.due, "until": ticket.until, "closed": ticket.closed_at}
    if state.category in {"new", "open"}:
        return Key(f"own.state.{state.category}{_promise(ticket, responder)}", facts)
    if state.category == "frozen" and ticket.until is not None:
        return Key("own.state.frozen_until", facts)
    if state.final and ticket.closed_at is not None:
        return Key(f"own.state.{state.category}_at", facts)
    return Key(f"own.state.{state.category}", facts)


def _promise(ticket: OwnTicket, responder: Responder) -> str:
    """Whether we still promise an answer by an instant; a promise that was broken is not made."""
    if not ticket.waits or ticket.due is None:
        return ""
    return "_due" if ticket.due > responder.desk.clock() else "_late"


def ticket_screen(responder: Responder, ticket: OwnTicket, words: Sequence[OwnWords]) -> str:
    """A ticket: what it is, the newest words that fit, what writing here does."""
    head = responder.html(
        "own.ticket",
        {
            "number": ticket.number,
            "topic": about(responder, ticket),
            "state": in_words(ticket, responder),
        },
    )
    foot = responder.html("own.write_ended" if ticket.state.final else "own.write")
    return "\n\n".join([head, *_newest(responder, words), foot])


def _newest(responder: Responder, words: Sequence[OwnWords]) -> list[str]:
    shown: list[str] = []
    left = ROOM
    for said in reversed(words):
        left -= units(said.text[:LONGEST_WORDS]) + 60
        if left < 0:
            shown.append(responder.html("own.earlier"))
            break
        shown.append(_said(responder, said))
    return shown[::-1]


def _said(responder: Responder, said: OwnWords) -> str:
    who = "you" if said.mine else "support"
    head = responder.html(f"own.by.{who}", {"at": said.at})
    text = clipped(said.text, LONGEST_WORDS)
    if said.kind != "text":
        head = f"{head} · {responder.html(f'kind.{said.kind}')}"
    if not text:
        return head
    long = len(text) > FOLDED
    return f"{head}\n{responder.html('own.quote_long' if long else 'own.quote', {'text': text})}"


def router() -> Router:
    """The list, its pages, and the tickets in it."""
    room = Router(name="customer/lists")
    room.message.register(show_own, MenuStep("mine"))
    room.callback_query.register(show_own_again, MenuPressed("mine"))
    room.callback_query.register(show_ticket, Pressed(Mine))
    room.callback_query.register(turn_page, OwnPressed())
    return room


class OwnPressed(Pressed):
    """The person turned a page of their own list."""

    def __init__(self) -> None:
        super().__init__(QueuePage)

    async def __call__(  # type: ignore[mutable-override]
        self, event: CallbackQuery
    ) -> bool | dict[str, QueuePage]:
        """False for pages of other lists."""
        found = await super().__call__(event)
        if isinstance(found, dict) and found["pressed"].view == OWN:
            return found
        return False


async def show_own(message: Message, desk: Desk, sender: Sender, responder: Responder) -> None:
    """Send the list."""
    text, keyboard = _list(
        responder, await desk.read(customer_tickets.list_own, sender.telegram_id)
    )
    await responder.say(message.chat.id, text, keyboard=keyboard)


async def show_own_again(
    query: CallbackQuery, desk: Desk, sender: Sender, responder: Responder
) -> None:
    """Turn the screen back into the list."""
    text, keyboard = _list(
        responder, await desk.read(customer_tickets.list_own, sender.telegram_id)
    )
    await responder.toast(query)
    await responder.edit(query.message, text, keyboard=keyboard)


async def turn_page(
    query: CallbackQuery, pressed: QueuePage, desk: Desk, sender: Sender, responder: Responder
) -> None:
    """Show another page; one that is empty by now is out of date."""
    page = await desk.read(
        customer_tickets.list_own,
        sender.telegram_id,
        cursor_of(pressed.cursor),
        newer=pressed.backward,
    )
    if not page.tickets:
        raise Refusal("refusal.outdated")
    text, keyboard = _list(responder, page)
    await responder.toast(query)
    await responder.edit(query.message, text, keyboard=keyboard)


def _list(responder: Responder, page: OwnPage) -> tuple[str, InlineKeyboardMarkup]:
    return list_screen(responder, page), own_page(responder.renderer, page)


async def show_ticket(
    query: CallbackQuery, pressed: Mine, desk: Desk, sender: Sender, responder: Responder
) -> None:
    """Show the conversation; what the person writes next belongs to it."""
    ticket, words = await desk.run(customer_tickets.look_at_own, sender, pressed.number)
    asks = ticket.state.resolution and not ticket.state.final
    await responder.toast(query)
    await responder.edit(
        query.message,
        ticket_screen(responder, ticket, words),
        keyboard=own_ticket(responder.renderer, ticket.number, asks=asks),
    )
