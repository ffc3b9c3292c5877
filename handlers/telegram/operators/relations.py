"""What tickets have to do with each other and with objects elsewhere."""

from collections.abc import Iterator
from typing import Any, Final

from channels.telegram.screens.callbacks import MakeParent
from channels.telegram.screens.keyboards import Keyboard, button
from core.errors import NoSuchTicket, Refusal
from core.links import ticket_links
from core.links.similar import Similar, similar_to
from core.links.split import Fragment
from core.links.split import split as split_off
from core.texts import Key
from core.tickets.parents import set_parent
from core.words.names import clean_name
from handlers.telegram.operators.context import CommandContext

_TITLE: Final = 60


async def link(context: CommandContext) -> None:
    """To another ticket, to a parent, to an object elsewhere."""
    await context.act(ticket_links.link, context.number, context.command.words)


async def unlink(context: CommandContext) -> None:
    """Take a link away."""
    await context.act(ticket_links.unlink, context.number, context.command.words)


async def split(context: CommandContext) -> None:
    """Make the quoted part of a message a ticket of its own."""
    message = context.message
    if context.said.reply_to is None:
        raise Refusal("refusal.split_what")
    quote = message.quote.text if message.quote is not None else None
    fragment = Fragment(
        ref=context.said.reply_to,
        quote=quote,
        command=context.said.ref,
        title=context.command.rest,
    )
    new, old = await context.act(split_off, fragment)
    facts = {"number": new.id, "source": old.id}
    await context.say(context.responder.html("operators.split", facts))


async def similar(context: CommandContext) -> None:
    """Tickets like this one, each with the reason, and a way to make it the parent."""
    found = await context.look(similar_to, context.number)
    if not found:
        await context.say(context.responder.html("similar.none", {"number": context.number}))
        return
    lines = [context.responder.html("similar.head", {"number": context.number})]
    lines += [_line(context, one) for one in found]
    await context.say("\n".join(lines), _parents(context, found))


def _line(context: CommandContext, one: Similar) -> str:
    responder = context.responder
    facts = {
        "marker": str(one.line.marker),
        "number": one.line.number,
        "title": clean_name(one.line.title, _TITLE),
        "state": Key(f"card.link.state.{one.category}"),
    }
    return f"{responder.html('similar.line', facts)}\n{' · '.join(_reasons(context, one))}"


def _reasons(context: CommandContext, one: Similar) -> Iterator[str]:
    for reason in one.reasons:
        yield context.responder.html(f"similar.reason.{reason}")
    if one.words:
        yield context.responder.html("similar.reason.words", {"words": ", ".join(one.words)})


def _parents(context: CommandContext, found: tuple[Similar, ...]) -> Keyboard | None:
    rows = [
        [
            button(
                context.responder.plain("button.parent", {"number": one.line.number}),
                MakeParent(context.number, one.line.number),
            )
        ]
        for one in found
        if not one.child
    ]
    return Keyboard(inline_keyboard=rows) if rows else None


async def on_parent(pressed: Any, wish: MakeParent) -> None:
    """The button below a list of similar tickets."""
    try:
        await pressed.act(set_parent, wish.number, wish.parent)
    except NoSuchTicket as refused:
        raise Refusal("refusal.outdated") from refused
    await pressed.toast("parent", number=wish.number, parent=wish.parent)
