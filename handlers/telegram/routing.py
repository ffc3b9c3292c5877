"""Which handler an update goes to: by the kind of chat and the role of who acts, in one step.

aiogram sees one handler for each kind of update; everything else are the tables below.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, NoReturn

from aiogram import Bot, Dispatcher
from aiogram.dispatcher.event.bases import UNHANDLED
from aiogram.dispatcher.event.telegram import TelegramEventObserver
from aiogram.filters.callback_data import CallbackData
from aiogram.types import (
    CallbackQuery,
    ChatMemberUpdated,
    MaybeInaccessibleMessageUnion,
    Message,
    MessageReactionUpdated,
)

from channels.telegram.addresses import NEVER_A_PERSON, chat_address
from channels.telegram.messages.message_parser import message_ref
from channels.telegram.screens.buttons import OpenMenus
from channels.telegram.screens.callback_data import parse, parted
from channels.telegram.screens.customer_menu import living_menu_words
from channels.telegram.screens.customer_tickets import OWN
from channels.telegram.screens.help import HelpSection, draw_greeting
from channels.telegram.screens.ticket_list import ListPage
from core.delivery.topics import ForumChats, forum_chats_of, note_forums
from core.desk import Desk
from core.errors import NoSuchTicket, Refusal
from core.files import FileStore
from core.people.identity import Sender
from core.people.staff import by_operator
from core.setup.restored import post_card_anew
from core.texts import Texts
from core.tickets import customer_dialogue
from core.tickets.incoming import find_location
from core.tx import ReadTx
from handlers.effort import limited
from handlers.telegram.acknowledgements import Acknowledgements
from handlers.telegram.admins import routes as admins
from handlers.telegram.admins import setup
from handlers.telegram.app_address import AppAddress
from handlers.telegram.context import ButtonContext, MessageContext
from handlers.telegram.customer import consent, private_topics, tickets
from handlers.telegram.customer import routes as customer
from handlers.telegram.effort import effort_of
from handlers.telegram.link_throttle import LinkThrottle
from handlers.telegram.operators import group_messages, private
from handlers.telegram.operators import responses as canned
from handlers.telegram.operators.buttons import IN_PRIVATE, press_in_private, show_help
from handlers.telegram.operators.buttons import on_button as on_group_button
from handlers.telegram.operators.commands import on_private_message
from handlers.telegram.operators.membership import Memberships, on_change, on_service_message
from handlers.telegram.origin import (
    LocaleMiddleware,
    Role,
    is_borrowed,
    is_nobody,
    is_operator_chat,
    role_of,
)
from handlers.telegram.responder import Responder

if TYPE_CHECKING:
    from core.assistant.service import Assistant

MessageHandler = Callable[[MessageContext], Awaitable[bool]]
ButtonHandler = Callable[[ButtonContext, Any], Awaitable[None]]


def dispatcher(
    desk: Desk,
    texts: Texts,
    open_menus: OpenMenus,
    memberships: Memberships,
    files: FileStore | None = None,
    app: AppAddress | None = None,
    assistant: "Assistant | None" = None,
) -> Dispatcher:
    """The dispatcher with a handler for each kind of update that is used. What it holds under
    ``acknowledgements`` is to be finished before the bot's session is closed. ``files``: where
    attachments are that Telegram does not keep for us; ``app``: where the staff's app is;
    ``assistant``: where there is one (X17).
    """
    made = Dispatcher(
        disable_fsm=True,
        desk=desk,
        open_menus=open_menus,
        menu_words=living_menu_words(texts),
        memberships=memberships,
        link_throttle=LinkThrottle(),
        files=files,
        app=app,
        assistant=assistant,
    )
    handlers: dict[TelegramEventObserver, Callable[..., Any]] = {
        made.message: on_message,
        made.edited_message: on_edited_message,
        made.message_reaction: on_reaction,
        made.callback_query: on_button,
        made.inline_query: canned.on_inline_query,
        made.my_chat_member: on_own_membership,
        made.chat_member: on_membership,
    }
    acknowledgements = made["acknowledgements"] = Acknowledgements()
    locale = LocaleMiddleware(desk, texts, acknowledgements)
    for observer, handler in handlers.items():
        observer.outer_middleware(locale)
        observer.register(handler)
    return made


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


# Messages. In private the dialogues of a role are asked in this order; the first one that
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


async def on_message(
    message: Message,
    bot: Bot,
    desk: Desk,
    menu_words: Mapping[str, str],
    open_menus: OpenMenus,
    memberships: Memberships,
    link_throttle: LinkThrottle,
    responder: Responder,
    sender: Sender | None = None,
) -> Any:
    """A private chat, a group of operators, or nothing of ours."""
    if message.chat.type != "private":
        if not await is_operator_chat(desk, message.chat.id):
            return UNHANDLED
        if await on_service_message(message, memberships):
            return None
        await group_messages.on_message(message, memberships, responder, sender)
        return await _note_topics(message, desk)
    user = message.from_user
    if sender is None or user is None or user.is_bot or is_nobody(message):
        return await private_topics.on_own(message, bot, desk)
    context = MessageContext(bot, desk, menu_words, open_menus, responder, sender, message)
    if (message.text or "").startswith("/start"):
        link_throttle.pass_on(message)
        if await admins.on_link(context):
            return None
    role = await role_of(desk, user)
    if role is Role.OPERATOR:
        role = await memberships.role_of(user)
    await _on_words(context, role)
    return None


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


async def on_edited_message(
    message: Message,
    bot: Bot,
    desk: Desk,
    memberships: Memberships,
    responder: Responder,
    sender: Sender | None = None,
) -> Any:
    """What was passed on follows the edit."""
    if message.chat.type == "private":
        user = message.from_user
        if sender is None or user is None or user.is_bot or is_nobody(message):
            return UNHANDLED
        if await role_of(desk, user) is Role.CUSTOMER and await consent.is_edit_held(
            desk, sender, message, responder
        ):
            return None
        return await customer.on_edit(message, desk, sender)
    if not await is_operator_chat(desk, message.chat.id):
        return UNHANDLED
    return await group_messages.on_edit(message, bot, desk, memberships, sender)


async def on_reaction(
    event: MessageReactionUpdated, desk: Desk, sender: Sender | None = None
) -> Any:
    """What a customer thinks of an answer; reactions in groups are among colleagues."""
    if event.chat.type != "private" or sender is None or event.user is None:
        return UNHANDLED
    if await role_of(desk, event.user) is Role.CUSTOMER and await consent.is_missing(desk, sender):
        return UNHANDLED  # nothing of theirs stands here that it could be about
    return await customer.on_reaction(event, desk, sender)


# Buttons.


async def _turn_page(context: ButtonContext, data: ListPage) -> None:
    """Staff see the lists of their work in private, and their own tickets like any customer."""
    handler = tickets.turn_ticket_page if data.view == OWN else press_in_private
    await handler(context, data)


PRIVATE_BUTTONS: Final[dict[Role, dict[type[CallbackData], ButtonHandler]]] = {
    Role.CUSTOMER: customer.BUTTONS,
    Role.OPERATOR: {
        **customer.BUTTONS,
        **private.BUTTONS,
        ListPage: _turn_page,
        HelpSection: show_help,
        **dict.fromkeys(IN_PRIVATE, press_in_private),
    },
    Role.ADMIN: {
        **customer.BUTTONS,
        **private.BUTTONS,
        **dict.fromkeys(IN_PRIVATE, press_in_private),
        **admins.BUTTONS,
        ListPage: _turn_page,
        HelpSection: show_help,
    },
}


async def on_button(
    query: CallbackQuery,
    bot: Bot,
    desk: Desk,
    menu_words: Mapping[str, str],
    open_menus: OpenMenus,
    memberships: Memberships,
    responder: Responder,
    sender: Sender,
    files: FileStore | None = None,
) -> None:
    """A button waits for an answer wherever it stands: what is not ours is outdated."""
    (words, epoch), message = parted(query.data), query.message
    data = parse(words)
    context = ButtonContext(
        bot, desk, menu_words, open_menus, responder, sender, query, files=files
    )
    handler: ButtonHandler | None = None
    if message is None or query.from_user.is_bot or query.from_user.id in NEVER_A_PERSON:
        pass
    elif epoch != desk.company.epoch and not await desk.read(_is_known, message):
        await _refuse_epoch(context, memberships, data)
    elif message.chat.type == "private":
        role = await role_of(desk, query.from_user)
        if role is Role.OPERATOR:
            role = await memberships.role_of(query.from_user, press=True)
        if role is Role.CUSTOMER:
            await consent.demand_consent(context, data)
        handler = PRIVATE_BUTTONS[role].get(type(data)) if data is not None else None
    elif chat_address(message.chat.id) == desk.company.alerts_chat:
        handler = admins.on_button
    elif await is_operator_chat(desk, message.chat.id):
        await memberships.require(query.from_user, press=True)
        handler = admins.on_button if isinstance(data, admins.FIGURES) else on_group_button
    if handler is None:
        raise Refusal("refusal.outdated")
    with limited(desk, sender, effort_of(data)):
        await handler(context, data)


async def _refuse_epoch(
    context: ButtonContext, memberships: Memberships, data: CallbackData | None
) -> NoReturn:
    """Nothing is done; where the button is about a ticket of the backup, its card comes anew."""
    number = getattr(data, "ticket_id", None)
    if number is None or not await is_operator_chat(context.desk, context.message.chat.id):
        raise Refusal("refusal.other_epoch")
    await memberships.require(context.query.from_user, press=True)
    try:
        await context.desk.run(by_operator, context.sender, post_card_anew, number)
    except NoSuchTicket:
        raise Refusal("refusal.other_epoch") from None
    raise Refusal("refusal.other_epoch.card", number=number)


async def _is_known(tx: ReadTx, message: MaybeInaccessibleMessageUnion) -> bool:
    """Whether the desk has noted what stands there: a card of before the backup, with its number.

    What it does not know was sent after the backup, about a ticket that is not in it (R21).
    """
    return await find_location(tx, message_ref(message.chat.id, message.message_id)) is not None


# Memberships.


async def on_own_membership(
    event: ChatMemberUpdated, bot: Bot, desk: Desk, responder: Responder, sender: Sender
) -> Any:
    """The bot was blocked or unblocked in private, or added to a chat."""
    if event.chat.type == "private":
        return await customer.on_blocked(event, desk, sender)
    if await setup.is_strangers(event, desk):
        return await setup.leave(event, bot)
    role = setup.possible_role(event, desk)
    if role is None:
        return UNHANDLED
    return await setup.on_added(event, role, desk, sender, responder, bot)


async def on_membership(event: ChatMemberUpdated, desk: Desk, memberships: Memberships) -> Any:
    """Somebody joined or left a group of operators."""
    if not await is_operator_chat(desk, event.chat.id):
        return UNHANDLED
    return await on_change(event, memberships)
