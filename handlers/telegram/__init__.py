"""What comes in: updates of Telegram. Thin: parse, run an action, show."""

from aiogram import Dispatcher, Router
from aiogram.types import CallbackQuery

from channels.telegram.screens.open_menus import OpenMenus
from core.desk import Desk
from core.errors import Refusal
from core.texts import Texts
from handlers.telegram import admins, customer, operators
from handlers.telegram.middlewares import LocaleMiddleware


def dispatcher(desk: Desk, texts: Texts, open_menus: OpenMenus) -> Dispatcher:
    """All rooms behind one door. Its dialogues live in the database; in memory there is only which
    menus stand open on cards.
    """
    door = Dispatcher(disable_fsm=True, desk=desk, texts=texts, open_menus=open_menus)
    spoken = LocaleMiddleware(desk, texts)
    for observer in (
        door.message,
        door.edited_message,
        door.callback_query,
        door.my_chat_member,
        door.chat_member,
    ):
        observer.outer_middleware(spoken)
    # Admins first, then operators: in private they can do what a customer can, and more.
    door.include_routers(
        admins.router(),
        operators.private(),
        customer.router(),
        operators.router(),
        elsewhere(),
    )
    return door


def elsewhere() -> Router:
    """Buttons in chats that have no role, such as cards in the group of former days."""
    room = Router(name="elsewhere")
    room.callback_query.register(refuse_button)
    return room


async def refuse_button(_query: CallbackQuery) -> None:
    """The button waits for an answer wherever it stands."""
    raise Refusal("refusal.outdated")
