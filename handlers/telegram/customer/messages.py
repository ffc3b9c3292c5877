"""What customers say: heard by the desk, and only then shown where it went."""

from aiogram import Router
from aiogram.types import CallbackQuery, Message

from channels.telegram.messages.message_parser import Service, Unsupported, read
from channels.telegram.screens.callbacks import File
from core.desk import Desk
from core.errors import NoSuchTicket, Refusal
from core.people.identity import Sender
from core.texts import Key
from core.tickets import customer_dialogue, intake
from core.tickets.incoming import IncomingMessage
from core.tickets.intake import Heard, Outcome
from handlers.telegram.customer import cameras
from handlers.telegram.customer.filters import Pressed
from handlers.telegram.responder import Responder


def router() -> Router:
    """Words, edited words, and where kept words belong."""
    room = Router(name="customer/words")
    room.message.register(hear)
    room.edited_message.register(hear_edited)
    room.callback_query.register(file_kept, Pressed(File))
    return room


async def hear(message: Message, desk: Desk, sender: Sender, responder: Responder) -> None:
    """Words of any kind go to the desk; a kind that cannot be carried is refused aloud."""
    said = read(message)
    if isinstance(said, Service):
        return
    if isinstance(said, Unsupported):
        await desk.run(customer_dialogue.refuse_kind, sender, said.kind)
        raise Refusal("refusal.kind", kind=_kind(said.kind))
    heard = await desk.run(intake.hear, sender, said, steps=cameras.steps(responder))
    if heard.outcome is Outcome.SEARCHES:
        await cameras.show_found(message, desk, sender, responder)
    await _show(message, heard, responder)


def _kind(kind: str) -> Key:
    return Key(f"kind.{kind}")


async def _show(message: Message, heard: Heard, responder: Responder) -> None:
    """What became of the words. Confirmations and questions come by the outbox, so not here."""
    if heard.outcome is Outcome.JOINED and not heard.rest:
        await responder.react(message, "👌")


async def file_kept(
    query: CallbackQuery, pressed: File, desk: Desk, sender: Sender, responder: Responder
) -> None:
    """The person has said where their words belong; the question turns into what was done."""
    if pressed.forget:
        if not await desk.run(intake.drop_unassigned_messages, sender):
            raise Refusal("refusal.outdated")
        text = responder.html("customer.filed.forgotten")
    else:
        text = await _file(pressed.number, desk, sender, responder)
    await responder.toast(query)
    await responder.edit(query.message, text)


async def _file(ticket_id: int | None, desk: Desk, sender: Sender, responder: Responder) -> str:
    try:
        heard = await desk.run(intake.file_unassigned_messages, sender, ticket_id)
    except NoSuchTicket as refused:
        raise Refusal("refusal.outdated") from refused
    if heard is None:
        raise Refusal("refusal.outdated")
    if heard.outcome is Outcome.JOINED:
        return responder.html("customer.filed.joined", {"number": ticket_id})
    return responder.html("customer.filed.opened")


async def hear_edited(message: Message, desk: Desk, sender: Sender) -> None:
    """The copies follow; the old words stay in the journal (X8)."""
    said = read(message)
    if isinstance(said, IncomingMessage):
        await desk.run(customer_dialogue.edit_own, sender, said)
