"""Does everything work? And a word for buttons whose time has passed."""

from aiogram import Router
from aiogram.types import CallbackQuery

from channels.telegram.screens.callbacks import Confirm
from core.desk import Desk
from core.errors import Refusal
from core.people.identity import Sender
from core.tickets import customer_dialogue
from handlers.telegram.customer.filters import Pressed
from handlers.telegram.responder import Responder


def router() -> Router:
    """The customer's verdict."""
    room = Router(name="customer/buttons")
    room.callback_query.register(hear_verdict, Pressed(Confirm))
    return room


def last_router() -> Router:
    """Buttons that nobody here knows: after everybody else."""
    room = Router(name="customer/stale")
    room.callback_query.register(refuse_stale)
    return room


async def hear_verdict(
    query: CallbackQuery, pressed: Confirm, desk: Desk, sender: Sender, responder: Responder
) -> None:
    """Closed, or back to work; the question turns into what was done."""
    await desk.run(
        customer_dialogue.say_whether_helped, sender, pressed.number, content=pressed.yes
    )
    key = "customer.verdict.content" if pressed.yes else "customer.verdict.disputed"
    await responder.toast(query)
    await responder.edit(query.message, responder.html(key, {"number": pressed.number}))


async def refuse_stale(_query: CallbackQuery) -> None:
    """Forged, of an older release, or of another room."""
    raise Refusal("refusal.outdated")
