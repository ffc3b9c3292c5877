"""The greeting and the menu below the chat: the same wherever somebody begins.

Short, because both the commands and the camera links begin with it.
"""

from aiogram.types import ReplyKeyboardMarkup

from channels.telegram.screens.customer_menu import menu
from core.desk import Desk
from core.equipment.cameras import has_cameras
from core.words.names import NAMELESS, clean_name
from handlers.telegram.context import MessageContext
from handlers.telegram.responder import Responder


async def greet(context: MessageContext) -> None:
    """Say hello, whose desk it is, and how it works."""
    company, responder, user = context.desk.company, context.responder, context.message.from_user
    facts = {
        "name": clean_name(user.first_name if user else "", 32),
        "company": clean_name(company.name),
        "span": company.answer_deadline,
    }
    hello = f"customer.hello{'_name' if facts['name'] != NAMELESS else ''}"
    about = f"customer.desk{'_company' if company.name.strip() else ''}"
    parts = [responder.html(key, facts) for key in (hello, about, "customer.how")]
    text = f"{parts[0]} {parts[1]}\n{parts[2]}"
    await context.say(text, await menu_for(context.desk, responder))


async def menu_for(desk: Desk, responder: Responder, *, share: bool = False) -> ReplyKeyboardMarkup:
    """The menu of this company: no button leads nowhere. ``share``: a phone can be shared."""
    return menu(responder.renderer, cameras=await desk.read(has_cameras), share=share)
