"""What customers say: heard by the desk, and only then shown where it went."""

from aiogram import Router
from aiogram.types import CallbackQuery, Message

from channels.telegram.callbacks import File
from channels.telegram.contents import Service, Unsupported, read
from core.desk import Desk
from core.errors import NoSuchTicket, Refusal
from core.people.directory import Caller
from core.texts import Key
from core.tickets import dialogue, intake
from core.tickets.intake import Heard, Outcome
from core.tickets.said import Said
from handlers.customer import cameras
from handlers.customer.asking import Pressed
from handlers.speech import Speech


def router() -> Router:
    """Words, edited words, and where kept words belong."""
    room = Router(name="customer/words")
    room.message.register(hear)
    room.edited_message.register(hear_edited)
    room.callback_query.register(file_kept, Pressed(File))
    return room


async def hear(message: Message, desk: Desk, caller: Caller, speech: Speech) -> None:
    """Words of any kind go to the desk; a kind that cannot be carried is refused aloud."""
    said = read(message)
    if isinstance(said, Service):
        return
    if isinstance(said, Unsupported):
        await desk.run(dialogue.refuse_kind, caller, said.kind)
        raise Refusal("refusal.kind", kind=_kind(said.kind))
    heard = await desk.run(intake.hear, caller, said, steps=cameras.steps(speech))
    if heard.outcome is Outcome.SEARCHES:
        await cameras.show_found(message, desk, caller, speech)
    await _show(message, heard, speech)


def _kind(kind: str) -> Key:
    return Key(f"kind.{kind}")


async def _show(message: Message, heard: Heard, speech: Speech) -> None:
    """What became of the words. Confirmations and questions come by the outbox, so not here."""
    if heard.outcome is Outcome.JOINED and not heard.rest:
        await speech.react(message, "👌")


async def file_kept(
    query: CallbackQuery, pressed: File, desk: Desk, caller: Caller, speech: Speech
) -> None:
    """The person has said where their words belong; the question turns into what was done."""
    if pressed.forget:
        if not await desk.run(intake.forget_unfiled, caller):
            raise Refusal("refusal.outdated")
        text = speech.html("customer.filed.forgotten")
    else:
        text = await _file(pressed.number, desk, caller, speech)
    await speech.toast(query)
    await speech.edit(query.message, text)


async def _file(number: int | None, desk: Desk, caller: Caller, speech: Speech) -> str:
    try:
        heard = await desk.run(intake.file_unfiled, caller, number)
    except NoSuchTicket as refused:
        raise Refusal("refusal.outdated") from refused
    if heard is None:
        raise Refusal("refusal.outdated")
    if heard.outcome is Outcome.JOINED:
        return speech.html("customer.filed.joined", {"number": number})
    return speech.html("customer.filed.opened")


async def hear_edited(message: Message, desk: Desk, caller: Caller) -> None:
    """The copies follow; the old words stay in the journal (X8)."""
    said = read(message)
    if isinstance(said, Said):
        await desk.run(dialogue.edit_own, caller, said)
