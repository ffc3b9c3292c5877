"""What customers write: stored by the desk first, and only then shown where it went."""

from channels.telegram.messages.message_parser import Service, Unsupported, read
from channels.telegram.screens.new_ticket import FileMessages
from core.errors import NoSuchTicket, Refusal
from core.texts import Key
from core.tickets import customer_dialogue, intake
from core.tickets.intake import Outcome
from handlers.telegram.context import ButtonContext, MessageContext
from handlers.telegram.customer import cameras


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
        await context.responder.react(context.message, "👌")


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
