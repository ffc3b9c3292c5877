"""What customers write and edit: stored by the desk first, and only then shown where it went."""

from typing import Final

from aiogram.types import ChatMemberUpdated, Message

from channels.telegram.messages.message_parser import Service, Unsupported, read
from channels.telegram.screens.new_ticket import FileMessages
from core.desk import Desk
from core.errors import NoSuchTicket, Refusal
from core.people.identity import Sender, regain
from core.texts import Key
from core.tickets import customer_dialogue, intake
from core.tickets.incoming import IncomingMessage
from core.tickets.intake import Outcome
from core.tickets.reachability import lose_sender
from handlers.telegram.context import ButtonContext, MessageContext
from handlers.telegram.customer import cameras

_BLOCKED: Final = frozenset({"kicked", "left"})


async def on_words(context: MessageContext) -> None:
    """Words of any kind go to the desk; a kind that cannot be passed on is refused aloud.

    Confirmations and questions about them come through the outbox.
    """
    incoming = read(context.message)
    if isinstance(incoming, Service):
        return
    if isinstance(incoming, Unsupported):
        await context.desk.run(customer_dialogue.refuse_kind, context.sender, incoming.kind)
        raise Refusal("refusal.kind", kind=Key(f"kind.{incoming.kind}"))
    steps = cameras.steps(context.responder)
    heard = await context.desk.run(intake.hear, context.sender, incoming, steps=steps)
    if heard.outcome is Outcome.SEARCHES:
        await cameras.show_found(context)
    if heard.outcome is Outcome.JOINED and not heard.rest:
        context.responder.react(context.message, "👌")


async def file_messages(context: ButtonContext, data: FileMessages) -> None:
    """The person has said where their words belong; the question becomes what was done."""
    if not data.forget:
        await context.show(await _file(context, data.ticket_id))
    elif await context.desk.run(intake.drop_unassigned_messages, context.sender):
        await context.show(context.responder.html("customer.filed.forgotten"))
    else:
        raise Refusal("refusal.outdated")


async def _file(context: ButtonContext, ticket_id: int | None) -> str:
    try:
        heard = await context.desk.run(intake.file_unassigned_messages, context.sender, ticket_id)
    except NoSuchTicket as refused:
        raise Refusal("refusal.outdated") from refused
    if heard is None:
        raise Refusal("refusal.outdated")
    if heard.outcome is Outcome.JOINED:
        return context.responder.html("customer.filed.joined", {"number": ticket_id})
    return context.responder.html("customer.filed.opened")


async def on_edit(message: Message, desk: Desk, sender: Sender) -> None:
    """The copies follow; the old words stay in the journal (X8)."""
    incoming = read(message)
    if isinstance(incoming, IncomingMessage):
        await desk.run(customer_dialogue.edit_own, sender, incoming)


async def on_blocked(event: ChatMemberUpdated, desk: Desk, sender: Sender) -> None:
    """The person blocked the bot, or let it in again; their tickets say so to operators (R12)."""
    if event.new_chat_member.status in _BLOCKED:
        await desk.run(lose_sender, sender, "blocked")
    else:
        await desk.run(regain, sender)
