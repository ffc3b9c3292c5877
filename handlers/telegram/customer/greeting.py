"""The greeting, and the menu below it: the same wherever somebody begins."""

from aiogram.types import Message, ReplyKeyboardMarkup

from channels.telegram.screens.keyboards import menu
from core.desk import Desk
from core.equipment.cameras import has_cameras
from core.words.names import NAMELESS, clean_name
from handlers.telegram.responder import Responder


async def greet(message: Message, desk: Desk, responder: Responder) -> None:
    """Say hello, whose desk it is, and how it works."""
    company = desk.company
    facts = {
        "name": clean_name(message.from_user.first_name if message.from_user else "", 32),
        "company": clean_name(company.name),
        "span": company.answer_deadline,
    }
    hello = f"customer.hello{'_name' if facts['name'] != NAMELESS else ''}"
    about = f"customer.desk{'_company' if company.name.strip() else ''}"
    parts = [responder.html(key, facts) for key in (hello, about, "customer.how")]
    text = f"{parts[0]} {parts[1]}\n{parts[2]}"
    await responder.say(message.chat.id, text, keyboard=await menu_for(desk, responder))


async def menu_for(desk: Desk, responder: Responder, *, share: bool = False) -> ReplyKeyboardMarkup:
    """The menu of this company: no button leads nowhere. ``share``: a phone can be shared."""
    return menu(responder.renderer, cameras=await desk.read(has_cameras), share=share)
