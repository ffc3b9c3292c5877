"""Keyboards of the customer's screens that turn pages or lead back to where one came from."""

import re
from typing import Final

from aiogram.types import InlineKeyboardMarkup

from channels.telegram.messages.renderer import Renderer
from channels.telegram.screens.callbacks import Menu, QueuePage
from channels.telegram.screens.keyboards import button, own_tickets, resolved
from core.tickets.customer_tickets import Cursor, OwnPage

# The name of a customer's own list among the lists that have pages.
OWN: Final = "own"
# Ended or open, and a number that fits into every database.
_CURSOR: Final = re.compile("([eo])([0-9]{1,18})", re.ASCII)


def cursor_of(words: str) -> Cursor | None:
    """A cursor as a button carries it; ``None``: from the start, or not one of ours."""
    found = _CURSOR.fullmatch(words)
    return Cursor(found[1] == "e", int(found[2])) if found else None


def _written(cursor: Cursor) -> str:
    return f"{'e' if cursor.ended else 'o'}{cursor.number}"


def own_page(renderer: Renderer, page: OwnPage) -> InlineKeyboardMarkup:
    """A page of one's own tickets: a button for each, ``‹`` and ``›`` where there is more."""
    keyboard = own_tickets(renderer, [ticket.number for ticket in page.tickets])
    turns = []
    if page.newer and page.tickets:
        turns.append(button("‹", QueuePage(OWN, _written(page.tickets[0].cursor), backward=True)))
    if page.older and page.tickets:
        turns.append(button("›", QueuePage(OWN, _written(page.tickets[-1].cursor))))
    if turns:
        keyboard.inline_keyboard.insert(-1, turns)
    return keyboard


def own_ticket(renderer: Renderer, ticket_id: int, *, asks: bool) -> InlineKeyboardMarkup:
    """A ticket of one's own. ``asks``: it is ready, and does everything work?"""
    keyboard = back_to(renderer, "mine")
    if asks:
        keyboard.inline_keyboard[:0] = resolved(renderer, ticket_id).inline_keyboard
    return keyboard


def back_to(renderer: Renderer, step: str) -> InlineKeyboardMarkup:
    """Only the way back, to this step of the menu."""
    back = button(renderer.plain("button.menu.back"), Menu(step))
    return InlineKeyboardMarkup(inline_keyboard=[[back]])
