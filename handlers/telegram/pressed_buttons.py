"""Which handler a pressed button goes to: by the kind of chat, the role of who pressed it, and what
the button carries.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final, NoReturn

from aiogram.filters.callback_data import CallbackData
from aiogram.types import MaybeInaccessibleMessageUnion

from channels.telegram.addresses import NEVER_A_PERSON, chat_address
from channels.telegram.messages.message_parser import message_ref
from channels.telegram.screens.callback_data import parse, parted
from channels.telegram.screens.customer_tickets import OWN
from channels.telegram.screens.help import HelpSection
from channels.telegram.screens.ticket_list import ListPage
from core.errors import NoSuchTicket, Refusal
from core.people.staff import by_operator
from core.setup.restored import post_card_anew
from core.tickets.incoming import find_location
from core.tx import ReadTx
from handlers.effort import limited
from handlers.telegram.admins import routes as admins
from handlers.telegram.context import ButtonContext
from handlers.telegram.customer import consent, tickets
from handlers.telegram.customer import routes as customer
from handlers.telegram.effort import effort_of
from handlers.telegram.operators import private
from handlers.telegram.operators.buttons import IN_PRIVATE, press_in_private
from handlers.telegram.operators.buttons import on_button as on_group_button
from handlers.telegram.operators.commands import show_help_in_private
from handlers.telegram.operators.membership import Memberships
from handlers.telegram.origin import Role, is_operator_chat, role_of

ButtonHandler = Callable[[ButtonContext, Any], Awaitable[None]]


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
        HelpSection: show_help_in_private,
        **dict.fromkeys(IN_PRIVATE, press_in_private),
    },
    Role.ADMIN: {
        **customer.BUTTONS,
        **private.BUTTONS,
        **dict.fromkeys(IN_PRIVATE, press_in_private),
        **admins.BUTTONS,
        ListPage: _turn_page,
        HelpSection: show_help_in_private,
    },
}


async def press(context: ButtonContext, memberships: Memberships) -> None:
    """A button waits for an answer wherever it stands: what is not ours is outdated."""
    query, desk = context.query, context.desk
    (words, epoch), message = parted(query.data), query.message
    data = parse(words)
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
    with limited(desk, context.sender, effort_of(data)):
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
