"""«Неисправность камеры»: one's own cameras, what is wrong, and whose phone it is."""

from collections.abc import Mapping
from typing import Any

from aiogram import Router
from aiogram.filters import Filter
from aiogram.types import CallbackQuery, Message

from channels.telegram import camera_menus
from channels.telegram.callbacks import CameraPage, CameraPick, CameraTrouble
from core.contacts.verification import verify_phone
from core.desk import Desk
from core.equipment import choosing, faults
from core.equipment.cameras import CameraFacts
from core.equipment.choosing import Offered
from core.errors import Refusal
from core.people.directory import Caller
from core.tickets.intake import Heard, Outcome, Step
from core.tickets.said import Said
from core.words.phones import shared_phone
from handlers.customer.asking import Command, MenuPressed, MenuStep, Pressed
from handlers.customer.camera_screens import (
    Shown,
    camera_screen,
    facts_of,
    list_screen,
    nothing_screen,
    words_screen,
)
from handlers.customer.greeting import greet, menu_for
from handlers.filters import is_borrowed
from handlers.speech import Speech

PREFIX = "cam_"


def router() -> Router:
    """From the menu, a link or a shared phone to a ticket about a camera."""
    room = Router(name="customer/cameras")
    room.message.register(open_link, CameraLink())
    room.message.register(show_cameras, MenuStep("cameras"))
    room.message.register(take_phone, SharedPhone())
    room.callback_query.register(show_cameras_again, MenuPressed("cameras"))
    room.callback_query.register(turn_page, Pressed(CameraPage))
    room.callback_query.register(pick, Pressed(CameraPick))
    room.callback_query.register(tell, Pressed(CameraTrouble))
    return room


class CameraLink(Filter):
    """``/start cam_<number>``, from a link on the camera's page; gives ``number``."""

    def __init__(self) -> None:
        self._command = Command()

    async def __call__(  # type: ignore[mutable-override]
        self, event: Message
    ) -> bool | dict[str, Any]:
        """The camera's number."""
        found = await self._command(event)
        if not isinstance(found, dict) or found["command"] != "start":
            return False
        payload = found["argument"]
        if not payload.startswith(PREFIX) or payload == PREFIX:
            return False
        return {"number": payload.removeprefix(PREFIX)}


class SharedPhone(Filter):
    """A contact where a phone would help to find cameras; gives ``own``: is it theirs?

    Telegram says whose a contact is; one's own is the only proof that a phone is one's own.
    """

    async def __call__(  # type: ignore[mutable-override]
        self, event: Message, desk: Desk
    ) -> bool | dict[str, Any]:
        """False for contacts that are words for the support."""
        contact, sender = event.contact, event.from_user
        if contact is None or sender is None:
            return False
        own = contact.user_id == sender.id and not is_borrowed(event)
        asked = await desk.read(choosing.wants_phone, sender.id)
        return {"own": own} if asked and (own or asked == "asked") else False


def steps(speech: Speech) -> Mapping[str, Step]:
    """The steps of our dialogue in which words are expected."""
    return {choosing.STEP: choosing.search, faults.STEP: faults.describing(_titled(speech))}


def _titled(speech: Speech) -> faults.Title:
    def title(camera: CameraFacts) -> str:
        company = speech.desk.company
        return speech.texts.say(
            company.language,
            "fault.title",
            facts_of(camera),
            now=speech.desk.clock(),
            zone=company.zone,
        )

    return title


async def show_cameras(message: Message, desk: Desk, caller: Caller, speech: Speech) -> None:
    """The person's cameras; the only one at once; without any, the way to find them."""
    offered = await desk.run(choosing.begin_choosing, caller)
    if not offered.page.cameras and not offered.phones:
        text = speech.html("camera.share_phone")
        await speech.say(message.chat.id, text, keyboard=await menu_for(desk, speech, share=True))
        return
    text, keyboard = await _begun(desk, caller, speech, offered)
    await speech.say(message.chat.id, text, keyboard=keyboard)


async def _begun(desk: Desk, caller: Caller, speech: Speech, offered: Offered) -> Shown:
    if not offered.page.cameras:
        return nothing_screen(speech, offered)
    if offered.page.total == 1:
        only = offered.page.cameras[0]
        return camera_screen(
            speech, await desk.run(faults.choose_camera, caller, camera_id=only.id)
        )
    return list_screen(speech, offered)


async def show_cameras_again(
    query: CallbackQuery, desk: Desk, caller: Caller, speech: Speech
) -> None:
    """Turn the screen back into the list, whole; of an only camera there is nowhere to go back."""
    offered = await desk.run(choosing.begin_choosing, caller)
    if not offered.page.cameras:
        raise Refusal("refusal.outdated")
    text, keyboard = list_screen(speech, offered)
    await speech.toast(query)
    await speech.edit(query.message, text, keyboard=keyboard)


async def show_found(message: Message, desk: Desk, caller: Caller, speech: Speech) -> None:
    """What the words have found."""
    text, keyboard = list_screen(speech, await desk.read(choosing.look_at_page, caller, 0))
    await speech.say(message.chat.id, text, keyboard=keyboard)


async def turn_page(
    query: CallbackQuery, pressed: CameraPage, desk: Desk, caller: Caller, speech: Speech
) -> None:
    """Another page of the same list."""
    offered = await desk.read(choosing.look_at_page, caller, pressed.page)
    text, keyboard = list_screen(speech, offered)
    await speech.toast(query)
    await speech.edit(query.message, text, keyboard=keyboard)


async def pick(
    query: CallbackQuery, pressed: CameraPick, desk: Desk, caller: Caller, speech: Speech
) -> None:
    """This camera: what is wrong with it?"""
    chosen = await desk.run(faults.choose_camera, caller, camera_id=pressed.camera)
    text, keyboard = camera_screen(speech, chosen)
    await speech.toast(query)
    await speech.edit(query.message, text, keyboard=keyboard)


async def open_link(
    message: Message, number: str, desk: Desk, caller: Caller, speech: Speech
) -> None:
    """Straight to the camera of the link; whoever is new here is greeted first."""
    try:
        chosen = await desk.run(faults.choose_camera, caller, number=number)
    except Refusal as refused:
        offered = await desk.run(choosing.begin_choosing, caller)
        keyboard = await menu_for(desk, speech, share=not offered.phones)
        key = refused.key if offered.phones else f"{refused.key}_share"
        await speech.say(message.chat.id, speech.html(key), keyboard=keyboard)
        return
    if chosen.new:
        await greet(message, desk, speech)
    text, buttons = camera_screen(speech, chosen)
    await speech.say(message.chat.id, text, keyboard=buttons)


async def take_phone(
    message: Message, desk: Desk, caller: Caller, speech: Speech, *, own: bool
) -> None:
    """The person shared a contact. If it is theirs, cameras of this phone are theirs."""
    phone = shared_phone(message.contact.phone_number if message.contact else "")
    if not own or phone is None:
        raise Refusal("refusal.not_your_phone")
    await desk.run(verify_phone, caller, phone)
    text = speech.html("camera.phone_verified", {"phone": phone})
    await speech.say(message.chat.id, text, keyboard=await menu_for(desk, speech))
    await show_cameras(message, desk, caller, speech)


async def tell(
    query: CallbackQuery, pressed: CameraTrouble, desk: Desk, caller: Caller, speech: Speech
) -> None:
    """What is wrong is chosen: that makes the ticket. «Other» is asked for in words."""
    if query.message is None:
        raise Refusal("refusal.outdated")
    if pressed.code == "other":
        chosen = await desk.run(faults.choose_camera, caller, camera_id=pressed.camera)
        text, keyboard = words_screen(speech, chosen.camera)
        await speech.toast(query)
        await speech.edit(query.message, text, keyboard=keyboard)
        return
    words = camera_menus.trouble(speech.voice, pressed.code)
    place, content = query.message, {"kind": "text", "text": words}
    said = Said(place.chat.id, place.message_id, "text", words, content)
    heard = await desk.run(faults.report, caller, pressed.camera, said, title=_titled(speech))
    await speech.toast(query)
    await speech.edit(query.message, _told(speech, heard, pressed.code, words))


def _told(speech: Speech, heard: Heard, code: str, words: str) -> str:
    if heard.outcome is Outcome.JOINED and heard.ticket is not None:
        return speech.html("customer.filed.joined", {"number": heard.ticket.id})
    if code == "known":
        return speech.html("camera.told_known")
    return speech.html("camera.told", {"words": words})
