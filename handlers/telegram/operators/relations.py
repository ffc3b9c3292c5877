"""Relations between tickets, and links to objects elsewhere."""

from typing import Any

from channels.telegram.screens.similar import MakeParent, draw
from core.errors import NoSuchTicket, Refusal
from core.links import ticket_links
from core.links.similar import similar_to
from core.links.split import Fragment
from core.links.split import split as split_off
from core.tickets.parents import set_parent
from handlers.telegram.operators.context import CommandContext


async def link(context: CommandContext) -> None:
    """To another ticket, to a parent, to an object elsewhere."""
    await context.act(ticket_links.link, context.number, context.command.words)


async def unlink(context: CommandContext) -> None:
    """Take a link away."""
    await context.act(ticket_links.unlink, context.number, context.command.words)


async def split(context: CommandContext) -> None:
    """Make the quoted part of a message a ticket of its own."""
    message = context.message
    if context.incoming.reply_to is None:
        raise Refusal("refusal.split_what")
    quote = message.quote.text if message.quote is not None else None
    fragment = Fragment(
        ref=context.incoming.reply_to,
        quote=quote,
        command=context.incoming.ref,
        title=context.command.rest,
    )
    new, old = await context.act(split_off, fragment)
    facts = {"number": new.id, "source": old.id}
    await context.say(context.responder.html("operators.split", facts))


async def similar(context: CommandContext) -> None:
    """Tickets like this one, each with the reason, and a way to make it the parent."""
    found = await context.read(similar_to, context.number)
    await context.show(draw(context.renderer, context.number, found))


async def on_button(context: Any, data: MakeParent) -> None:
    """The button below a list of similar tickets."""
    try:
        await context.act(set_parent, data.ticket_id, data.parent)
    except NoSuchTicket as refused:
        raise Refusal("refusal.outdated") from refused
    await context.toast("parent", number=data.ticket_id, parent=data.parent)
