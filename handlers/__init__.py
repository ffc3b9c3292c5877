"""What comes in: updates of Telegram. Thin: parse, run an action, show."""

from aiogram import Dispatcher

from core.desk import Desk
from core.texts import Texts
from handlers import admins, customer, operators
from handlers.middlewares import Spoken


def dispatcher(desk: Desk, texts: Texts) -> Dispatcher:
    """All rooms behind one door. Its dialogues live in the database, so it needs no memory."""
    door = Dispatcher(disable_fsm=True, desk=desk, texts=texts)
    spoken = Spoken(desk, texts)
    for observer in (
        door.message,
        door.edited_message,
        door.callback_query,
        door.my_chat_member,
        door.chat_member,
    ):
        observer.outer_middleware(spoken)
    # Admins first: in private they can do what a customer can, and more.
    door.include_routers(admins.router(), customer.router(), operators.router())
    return door
