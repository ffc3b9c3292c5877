"""Which handler an update goes to: by the kind of chat and the role of who acts, in one step.

What is asked for by buttons is told by `pressed_buttons`; everything else are the tables below.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from aiogram import Bot
from aiogram.types import (
    CallbackQuery,
    ChatMemberUpdated,
    InlineQuery,
    Message,
    MessageReactionUpdated,
    TelegramObject,
    User,
)

from channels.telegram.addresses import chat_address
from channels.telegram.screens.buttons import OpenMenus
from channels.telegram.screens.customer_menu import living_menu_words
from channels.telegram.screens.help import draw_greeting
from core.delivery.topics import ForumChats, forum_chats_of, note_forums
from core.desk import Desk
from core.errors import Refusal
from core.files import FileStore
from core.people.identity import Sender
from core.texts import Texts
from core.tickets import customer_dialogue
from handlers.telegram.acknowledgements import Acknowledgements
from handlers.telegram.admins import routes as admins
from handlers.telegram.admins import setup
from handlers.telegram.app_address import AppAddress
from handlers.telegram.context import ButtonContext, MessageContext
from handlers.telegram.customer import consent, private_topics, tickets
from handlers.telegram.customer import routes as customer
from handlers.telegram.link_throttle import LinkThrottle
from handlers.telegram.operators import group_messages, private
from handlers.telegram.operators import responses as canned
from handlers.telegram.operators.commands import on_private_message
from handlers.telegram.operators.membership import Memberships, on_change, on_service_message
from handlers.telegram.origin import (
    Role,
    are_words,
    find_reader,
    is_borrowed,
    is_nobody,
    is_operator_chat,
    role_of,
    sender_of,
    show_refusal,
)
from handlers.telegram.pressed_buttons import press
from handlers.telegram.responder import Responder

if TYPE_CHECKING:
    from core.assistant.service import Assistant

MessageHandler = Callable[[MessageContext], Awaitable[bool]]


async def _greet_staff(context: MessageContext) -> bool:
    """`/start` of somebody who works here. Below their chat stands what customers have."""
    if (context.message.text or "").strip() != "/start" or is_borrowed(context.message):
        return False
    desk = context.desk
    await desk.run(customer_dialogue.welcome, context.sender)
    admin = context.sender.address in desk.company.admins
    text = draw_greeting(context.renderer, context.sender.name, desk.company.name, admin=admin)
    await context.say(text, await tickets.menu_for(desk, context.responder))
    return True


# In private the dialogues of a role are asked in this order; the first one that
# returns True has handled the message.
_PRIVATE_MESSAGES: Final[dict[Role, tuple[MessageHandler, ...]]] = {
    Role.CUSTOMER: (customer.on_message,),
    Role.OPERATOR: (_greet_staff, private.on_message, on_private_message, customer.on_message),
    Role.ADMIN: (
        _greet_staff,
        admins.on_message,
        private.on_message,
        on_private_message,
        customer.on_message,
    ),
}


async def _on_words(context: MessageContext, role: Role) -> None:
    if role is Role.CUSTOMER and context.desk.company.consent and await consent.is_held(context):
        return
    for handler in _PRIVATE_MESSAGES[role]:
        if await handler(context):
            return


async def _note_topics(message: Message, desk: Desk) -> None:
    """A group that has got topics, or lost them, shows it with its next message (X7)."""
    chat, is_forum = chat_address(message.chat.id), bool(message.chat.is_forum)
    known: ForumChats | None = desk.cache.get(ForumChats)
    if known is None:
        known = await desk.read(forum_chats_of)
    if (chat in known) != is_forum:
        await desk.run(note_forums, [(chat, is_forum)])


@dataclass(slots=True)
class UpdateRoutes:
    """Hands each update to the handler of its kind, with who acts and a way to answer them.

    ``files``: where attachments are that Telegram does not keep for us; ``app``: where the staff's
    app is; ``assistant``: where there is one (X17). ``acknowledgements`` are to be finished before
    the bot's session is closed.
    """

    bot: Bot
    desk: Desk
    texts: Texts
    open_menus: OpenMenus
    memberships: Memberships
    files: FileStore | None = None
    app: AppAddress = field(default_factory=AppAddress)
    assistant: "Assistant | None" = None
    acknowledgements: Acknowledgements = field(default_factory=Acknowledgements)
    _menu_words: Mapping[str, str] = field(init=False)
    _links: LinkThrottle = field(default_factory=LinkThrottle, init=False)
    _handlers: Mapping[str, Callable[..., Awaitable[None]]] = field(init=False)

    def __post_init__(self) -> None:
        self._menu_words = living_menu_words(self.texts)
        # other kinds have no handler: nobody asks who is behind them, and nothing comes of them
        self._handlers = {
            "message": self._on_message,
            "edited_message": self._on_edited_message,
            "message_reaction": self._on_reaction,
            "callback_query": self._on_button,
            "inline_query": self._on_inline_query,
            "my_chat_member": self._on_own_membership,
            "chat_member": self._on_membership,
        }

    async def hand(self, kind: str, event: TelegramObject) -> None:
        """Hand it to its handler, if there is one. A refusal becomes a line to the person who
        acted, in their language; in groups the company's is used, whoever asks: everybody reads it.
        """
        handler = self._handlers.get(kind)
        if handler is None:
            return
        # a reaction names its author otherwise
        user: User | None = getattr(event, "from_user", None) or getattr(event, "user", None)
        sender = None if user is None else sender_of(user)
        unasked = sender is not None and are_words(event, self.desk, self._menu_words)
        locale, zone = self.desk.company.language, None
        if not unasked:
            sender, locale, zone = await self._reader(event, sender)
        message: Any = event.message if isinstance(event, CallbackQuery) else event
        topic: tuple[int, int] | None = None
        if getattr(message, "is_topic_message", None) and message.chat.type == "private":
            topic = (message.chat.id, message.message_thread_id)
            sender = sender and replace(sender, thread=str(message.message_thread_id))
        responder = Responder(
            self.bot,
            self.desk,
            self.texts,
            self.acknowledgements,
            locale,
            zone,
            self.files,
            topic,
            self.assistant,
            self.app,
        )
        try:
            await handler(event, responder, sender)
        except Refusal as refusal:
            if unasked:
                _, locale, zone = await self._reader(event, sender)
                responder = replace(responder, locale=locale, own_zone=zone)
            await show_refusal(responder, event, refusal)

    async def _reader(
        self, event: TelegramObject, sender: Sender | None
    ) -> tuple[Sender | None, str, ZoneInfo | None]:
        """The sender, their language, and their own zone if they have one."""
        message = event.message if isinstance(event, CallbackQuery) else event
        chat = getattr(message, "chat", None)
        if sender is None or chat is None or chat.type != "private":
            return sender, self.desk.company.language, None
        # an account that was merged into another acts as that one
        acts = isinstance(event, Message | CallbackQuery | MessageReactionUpdated)
        return await self.desk.read(find_reader, sender, merged=acts)

    async def _on_message(
        self, message: Message, responder: Responder, sender: Sender | None
    ) -> None:
        """A private chat, a group of operators, or nothing of ours."""
        desk = self.desk
        if message.chat.type != "private":
            if await is_operator_chat(desk, message.chat.id) and not await on_service_message(
                message, self.memberships
            ):
                await group_messages.on_message(message, self.memberships, responder, sender)
                await _note_topics(message, desk)
            return
        user = message.from_user
        if sender is None or user is None or user.is_bot or is_nobody(message):
            await private_topics.on_own(message, self.bot, desk)
            return
        context = MessageContext(
            self.bot, desk, self._menu_words, self.open_menus, responder, sender, message
        )
        if (message.text or "").startswith("/start"):
            self._links.pass_on(message)
            if await admins.on_link(context):
                return
        role = await role_of(desk, user)
        if role is Role.OPERATOR:
            role = await self.memberships.role_of(user)
        await _on_words(context, role)

    async def _on_edited_message(
        self, message: Message, responder: Responder, sender: Sender | None
    ) -> None:
        """What was passed on follows the edit."""
        desk = self.desk
        if message.chat.type != "private":
            if await is_operator_chat(desk, message.chat.id):
                await group_messages.on_edit(message, self.bot, desk, self.memberships, sender)
            return
        user = message.from_user
        if sender is None or user is None or user.is_bot or is_nobody(message):
            return
        if await role_of(desk, user) is Role.CUSTOMER and await consent.is_edit_held(
            desk, sender, message, responder
        ):
            return
        await customer.on_edit(message, desk, sender)

    async def _on_reaction(
        self, event: MessageReactionUpdated, _responder: Responder, sender: Sender | None
    ) -> None:
        """What a customer thinks of an answer; reactions in groups are among colleagues."""
        if event.chat.type != "private" or sender is None or event.user is None:
            return
        role = await role_of(self.desk, event.user)
        if role is Role.CUSTOMER and await consent.is_missing(self.desk, sender):
            return  # nothing of theirs stands here that it could be about
        await customer.on_reaction(event, self.desk, sender)

    async def _on_button(self, query: CallbackQuery, responder: Responder, sender: Sender) -> None:
        """See `pressed_buttons`."""
        context = ButtonContext(
            self.bot,
            self.desk,
            self._menu_words,
            self.open_menus,
            responder,
            sender,
            query,
            files=self.files,
        )
        await press(context, self.memberships)

    async def _on_inline_query(
        self, query: InlineQuery, responder: Responder, sender: Sender | None
    ) -> None:
        """Canned responses, for those who work here."""
        await canned.on_inline_query(query, self.desk, self.memberships, responder, sender)

    async def _on_own_membership(
        self, event: ChatMemberUpdated, responder: Responder, sender: Sender
    ) -> None:
        """The bot was blocked or unblocked in private, or added to a chat."""
        if event.chat.type == "private":
            await customer.on_blocked(event, self.desk, sender)
        elif await setup.is_strangers(event, self.desk):
            await setup.leave(event, self.bot)
        elif (role := setup.possible_role(event, self.desk)) is not None:
            await setup.on_added(event, role, self.desk, sender, responder, self.bot)

    async def _on_membership(
        self, event: ChatMemberUpdated, _responder: Responder, _sender: Sender | None
    ) -> None:
        """Somebody joined or left a group of operators."""
        if await is_operator_chat(self.desk, event.chat.id):
            await on_change(event, self.memberships)
