"""«Неисправность камеры»: one's own cameras, what is wrong, and whose phone it is."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from aiogram import Router
from aiogram.filters import Filter
from aiogram.types import CallbackQuery, Message

from channels.telegram.addresses import message_ref
from channels.telegram.messages.notice_text import outage_news
from channels.telegram.screens import cameras as camera_screens
from channels.telegram.screens.callbacks import CameraPage, CameraPick, CameraTrouble
from channels.telegram.screens.keyboards import Keyboard
from core.desk import Desk
from core.equipment import camera_picker, faults
from core.equipment.camera_picker import Offered
from core.equipment.cameras import PAGE, CameraFacts
from core.equipment.faults import Chosen
from core.errors import Refusal
from core.people.contact_points import verify_phone
from core.people.identity import Sender
from core.tickets.incoming import IncomingMessage
from core.tickets.intake import Heard, Outcome, Step
from core.words.contact_values import shared_phone
from core.words.names import clean_name
from handlers.telegram.customer.filters import Command, MenuPressed, MenuStep, Pressed
from handlers.telegram.customer.greeting import greet, menu_for
from handlers.telegram.customer.own_tickets import in_words
from handlers.telegram.filters import is_borrowed
from handlers.telegram.responder import Responder

Shown = tuple[str, Keyboard | None]
_LABEL = 64


def list_screen(responder: Responder, offered: Offered) -> Shown:
    """A page of one's cameras, and how to find one among many."""
    page, facts = offered.page, {"words": clean_name(offered.words, _LABEL)}
    if not page.cameras:
        return responder.html("camera.not_found", facts), camera_screens.new_ticket(
            responder.renderer
        )
    text = responder.html("camera.found" if offered.words else "camera.list", facts)
    if page.total > PAGE:
        text += f"\n{responder.html('camera.search')}"
    labels = [(camera.id, f"{camera.number} · {camera.place}") for camera in page.cameras]
    return text, camera_screens.cameras(labels, page.page, page.pages)


def nothing_screen(responder: Responder, offered: Offered) -> Shown:
    """No camera is known as theirs, though their phone is."""
    text = responder.html("camera.none_by_phone", {"phone": offered.phones[0]})
    return text, camera_screens.new_ticket(responder.renderer)


def camera_screen(responder: Responder, chosen: Chosen) -> Shown:
    """A camera: what is wrong with it, or what is known of that already."""
    camera, known, renderer = chosen.camera, chosen.known, responder.renderer
    head = responder.html("camera.head", facts_of(camera))
    if known is None:
        return f"{head}\n{responder.html('camera.ask')}", camera_screens.troubles(
            renderer, camera.id
        )
    if known.mine is not None:
        facts = {"number": known.mine.number, "state": in_words(known.mine, responder)}
        text = responder.html("camera.own_open", facts)
        return f"{head}\n{text}", camera_screens.own_fault(renderer, known.mine.number)
    if known.outage is not None:
        text = responder.html("camera.known_area", {"news": outage_news(asdict(known.outage))})
    else:
        text = responder.html("camera.known")
    return f"{head}\n{text}", camera_screens.known(renderer, camera.id)


def words_screen(responder: Responder, camera: CameraFacts) -> Shown:
    """The same camera: now describe it."""
    text = f"{responder.html('camera.head', facts_of(camera))}\n{responder.html('camera.describe')}"
    return text, camera_screens.back_to_cameras(responder.renderer)


def facts_of(camera: CameraFacts) -> dict[str, Any]:
    """The camera's facts as a sentence takes them."""
    return {"number": camera.number, "name": camera.place}


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
        asked = await desk.read(camera_picker.wants_phone, sender.id)
        return {"own": own} if asked and (own or asked == "asked") else False


def steps(responder: Responder) -> Mapping[str, Step]:
    """The steps of our dialogue in which words are expected."""
    return {
        camera_picker.STEP: camera_picker.search,
        faults.STEP: faults.describing(_titled(responder)),
    }


def _titled(responder: Responder) -> faults.Title:
    def title(camera: CameraFacts) -> str:
        company = responder.desk.company
        return responder.texts.say(
            company.language,
            "fault.title",
            facts_of(camera),
            now=responder.desk.clock(),
            zone=company.zone,
        )

    return title


async def show_cameras(message: Message, desk: Desk, sender: Sender, responder: Responder) -> None:
    """The person's cameras; the only one at once; without any, the way to find them."""
    offered = await desk.run(camera_picker.begin_choosing, sender)
    if not offered.page.cameras and not offered.phones:
        text = responder.html("camera.share_phone")
        await responder.say(
            message.chat.id, text, keyboard=await menu_for(desk, responder, share=True)
        )
        return
    text, keyboard = await _begun(desk, sender, responder, offered)
    await responder.say(message.chat.id, text, keyboard=keyboard)


async def _begun(desk: Desk, sender: Sender, responder: Responder, offered: Offered) -> Shown:
    if not offered.page.cameras:
        return nothing_screen(responder, offered)
    if offered.page.total == 1:
        only = offered.page.cameras[0]
        return camera_screen(
            responder, await desk.run(faults.choose_camera, sender, camera_id=only.id)
        )
    return list_screen(responder, offered)


async def show_cameras_again(
    query: CallbackQuery, desk: Desk, sender: Sender, responder: Responder
) -> None:
    """Turn the screen back into the list, whole; of an only camera there is nowhere to go back."""
    offered = await desk.run(camera_picker.begin_choosing, sender)
    if not offered.page.cameras:
        raise Refusal("refusal.outdated")
    text, keyboard = list_screen(responder, offered)
    await responder.toast(query)
    await responder.edit(query.message, text, keyboard=keyboard)


async def show_found(message: Message, desk: Desk, sender: Sender, responder: Responder) -> None:
    """What the words have found."""
    text, keyboard = list_screen(responder, await desk.read(camera_picker.look_at_page, sender, 0))
    await responder.say(message.chat.id, text, keyboard=keyboard)


async def turn_page(
    query: CallbackQuery, pressed: CameraPage, desk: Desk, sender: Sender, responder: Responder
) -> None:
    """Another page of the same list."""
    offered = await desk.read(camera_picker.look_at_page, sender, pressed.page)
    text, keyboard = list_screen(responder, offered)
    await responder.toast(query)
    await responder.edit(query.message, text, keyboard=keyboard)


async def pick(
    query: CallbackQuery, pressed: CameraPick, desk: Desk, sender: Sender, responder: Responder
) -> None:
    """This camera: what is wrong with it?"""
    chosen = await desk.run(faults.choose_camera, sender, camera_id=pressed.camera)
    text, keyboard = camera_screen(responder, chosen)
    await responder.toast(query)
    await responder.edit(query.message, text, keyboard=keyboard)


async def open_link(
    message: Message, number: str, desk: Desk, sender: Sender, responder: Responder
) -> None:
    """Straight to the camera of the link; whoever is new here is greeted first."""
    try:
        chosen = await desk.run(faults.choose_camera, sender, number=number)
    except Refusal as refused:
        offered = await desk.run(camera_picker.begin_choosing, sender)
        keyboard = await menu_for(desk, responder, share=not offered.phones)
        key = refused.key if offered.phones else f"{refused.key}_share"
        await responder.say(message.chat.id, responder.html(key), keyboard=keyboard)
        return
    if chosen.new:
        await greet(message, desk, responder)
    text, buttons = camera_screen(responder, chosen)
    await responder.say(message.chat.id, text, keyboard=buttons)


async def take_phone(
    message: Message, desk: Desk, sender: Sender, responder: Responder, *, own: bool
) -> None:
    """The person shared a contact. If it is theirs, cameras of this phone are theirs."""
    phone = shared_phone(message.contact.phone_number if message.contact else "")
    if not own or phone is None:
        raise Refusal("refusal.not_your_phone")
    await desk.run(verify_phone, sender, phone)
    text = responder.html("camera.phone_verified", {"phone": phone})
    await responder.say(message.chat.id, text, keyboard=await menu_for(desk, responder))
    await show_cameras(message, desk, sender, responder)


async def tell(
    query: CallbackQuery, pressed: CameraTrouble, desk: Desk, sender: Sender, responder: Responder
) -> None:
    """What is wrong is chosen: that makes the ticket. «Other» is asked for in words."""
    if query.message is None:
        raise Refusal("refusal.outdated")
    if pressed.code == "other":
        chosen = await desk.run(faults.choose_camera, sender, camera_id=pressed.camera)
        text, keyboard = words_screen(responder, chosen.camera)
        await responder.toast(query)
        await responder.edit(query.message, text, keyboard=keyboard)
        return
    words = camera_screens.trouble(responder.renderer, pressed.code)
    place, content = query.message, {"kind": "text", "text": words}
    said = IncomingMessage(message_ref(place.chat.id, place.message_id), "text", words, content)
    heard = await desk.run(faults.report, sender, pressed.camera, said, title=_titled(responder))
    await responder.toast(query)
    await responder.edit(query.message, _told(responder, heard, pressed.code, words))


def _told(responder: Responder, heard: Heard, code: str, words: str) -> str:
    if heard.outcome is Outcome.JOINED and heard.ticket is not None:
        return responder.html("customer.filed.joined", {"number": heard.ticket.id})
    if code == "known":
        return responder.html("camera.told_known")
    return responder.html("camera.told", {"words": words})
