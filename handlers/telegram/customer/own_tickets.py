"""«Мои обращения»: the list, a ticket, and whether everything works."""

from channels.telegram.screens.customer_tickets import (
    OWN,
    Confirm,
    OwnTicketOpened,
    cursor_of,
    draw_list,
    draw_ticket,
)
from channels.telegram.screens.screen import Screen
from channels.telegram.screens.ticket_list import ListPage
from core.errors import Refusal
from core.tickets import customer_dialogue, customer_tickets
from handlers.telegram.context import ButtonContext, MessageContext


async def show_list(context: MessageContext) -> None:
    """Send the list."""
    await context.show(await _first_page(context))


async def edit_to_list(context: ButtonContext) -> None:
    """Edit the screen back into the list."""
    await context.show(await _first_page(context))


async def _first_page(context: MessageContext | ButtonContext) -> Screen:
    page = await context.desk.read(customer_tickets.list_own, context.sender.address)
    return draw_list(context.renderer, page)


async def turn_page(context: ButtonContext, data: ListPage) -> None:
    """Another page of one's own list; one that is empty by now is outdated."""
    if data.view != OWN:
        raise Refusal("refusal.outdated")
    cursor = cursor_of(data.cursor)
    page = await context.desk.read(
        customer_tickets.list_own, context.sender.address, cursor, newer=data.backward
    )
    if not page.tickets:
        raise Refusal("refusal.outdated")
    await context.show(draw_list(context.renderer, page))


async def show_ticket(context: ButtonContext, data: OwnTicketOpened) -> None:
    """Show the conversation; what the person writes next belongs to it."""
    ticket, words = await context.desk.run(
        customer_tickets.look_at_own, context.sender, data.ticket_id
    )
    await context.show(draw_ticket(context.renderer, ticket, words))


async def confirm(context: ButtonContext, data: Confirm) -> None:
    """Closed, or back to work; the question becomes what was done."""
    await context.desk.run(
        customer_dialogue.say_whether_helped, context.sender, data.ticket_id, content=data.yes
    )
    key = "customer.verdict.content" if data.yes else "customer.verdict.disputed"
    await context.show(context.responder.html(key, {"number": data.ticket_id}))
