"""What Telegram tells of the topics of private chats: one was made, or has another name (X7)."""

from aiogram import Bot
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import Message

from channels.telegram.addresses import chat_address
from core.delivery.private_topics import bot_has_topics, note_named, private_topic
from core.desk import Desk
from core.tickets.incoming import IncomingMessage
from core.tickets.intake import Heard, Outcome
from core.tickets.private_topics import adopt_topic


async def on_own(message: Message, bot: Bot, desk: Desk) -> None:
    """A topic that we have made ourselves: by this it is found if the answer to that was lost."""
    by, thread, made = message.from_user, message.message_thread_id, message.forum_topic_created
    if by is None or by.id != bot.id or thread is None or made is None:
        return
    if not await desk.run(adopt_topic, chat_address(message.chat.id), str(thread), made.name):
        await _remove(bot, message.chat.id, thread)


async def _remove(bot: Bot, chat: int, thread: int) -> None:
    """Remove a topic that was made twice, and is empty."""
    try:
        await bot.delete_forum_topic(chat, thread)
    except TelegramBadRequest:  # it is gone already
        return


async def on_service_message(message: Message, desk: Desk) -> None:
    """A name that a person has chosen for a topic stays."""
    made, edited = message.forum_topic_created, message.forum_topic_edited
    named = edited is not None and bool(edited.name)
    named = named or (made is not None and not made.is_name_implicit)
    if named and message.message_thread_id is not None:
        thread = str(message.message_thread_id)
        await desk.run(note_named, chat_address(message.chat.id), thread)


async def goes_on_elsewhere(desk: Desk, heard: Heard, incoming: IncomingMessage) -> bool:
    """Whether the words have opened a ticket that is told of in another topic: then nobody would
    see here that they have arrived.
    """
    if heard.outcome is not Outcome.OPENED or heard.ticket is None:
        return False
    if not await desk.read(bot_has_topics):
        return False
    place = await desk.read(private_topic, heard.ticket.id, incoming.ref.address)
    return place is None or place.thread != incoming.thread
