"""«Неисправность камеры»: one's own cameras, what is wrong, and whose phone it is."""

from typing import Final

from channels.telegram.addresses import chat_address
from channels.telegram.messages.message_parser import message_ref
from channels.telegram.screens import cameras as screens
from channels.telegram.screens.cameras import CameraFault, CameraPage, PickCamera, facts_of
from channels.telegram.screens.screen import Screen
from core.equipment import cameras, faults
from core.equipment.cameras import CameraFacts, Offered
from core.errors import Refusal
from core.people.contact_points import verify_phone
from core.tickets.incoming import IncomingMessage
from core.tickets.intake import Heard, Outcome, Step
from core.words.contact_values import shared_phone
from handlers.telegram.context import ButtonContext, MessageContext
from handlers.telegram.customer.tickets import greet, menu_for
from handlers.telegram.origin import is_borrowed
from handlers.telegram.responder import Responder

# What a link on a camera's page carries: `/start cam_<number>`.
LINK_PREFIX: Final = "cam_"


def step_of(responder: Responder, name: str) -> Step | None:
    """The step of this dialogue in which words are expected, if that is its name."""
    if name == cameras.STEP:
        return cameras.search
    return faults.describing(_title_in(responder)) if name == faults.STEP else None


def _title_in(responder: Responder) -> faults.Title:
    """Titles of tickets are in the company's language, whatever the customer's is."""

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


async def show_cameras(context: MessageContext) -> None:
    """The person's cameras; the only one at once; without any, the way to find them."""
    offered = await context.desk.run(cameras.begin_choosing, context.sender)
    if not offered.page.cameras and not offered.phones:
        keyboard = await menu_for(context.desk, context.responder, share=True)
        await context.say(context.responder.html("camera.share_phone"), keyboard)
        return
    await context.show(await _first_screen(context, offered))


async def _first_screen(context: MessageContext, offered: Offered) -> Screen:
    cameras = offered.page.cameras
    if not cameras:
        return screens.draw_none(context.renderer, offered.phones[0])
    if offered.page.total > 1:
        return screens.draw_list(context.renderer, offered)
    chosen = await context.desk.run(faults.choose_camera, context.sender, camera_id=cameras[0].id)
    return screens.draw_camera(context.renderer, chosen)


async def edit_to_list(context: ButtonContext) -> None:
    """Back to the whole list; from an only camera there is nowhere to go back to."""
    offered = await context.desk.run(cameras.begin_choosing, context.sender)
    if not offered.page.cameras:
        raise Refusal("refusal.outdated")
    await context.show(screens.draw_list(context.renderer, offered))


async def show_found(context: MessageContext) -> None:
    """The cameras that the words have found."""
    offered = await context.desk.read(cameras.look_at_page, context.sender, 0)
    await context.show(screens.draw_list(context.renderer, offered))


async def turn_page(context: ButtonContext, data: CameraPage) -> None:
    """Another page of the same list."""
    offered = await context.desk.read(cameras.look_at_page, context.sender, data.page)
    await context.show(screens.draw_list(context.renderer, offered))


async def pick(context: ButtonContext, data: PickCamera) -> None:
    """This camera: what is wrong with it?"""
    chosen = await context.desk.run(faults.choose_camera, context.sender, camera_id=data.camera)
    await context.show(screens.draw_camera(context.renderer, chosen))


async def open_link(context: MessageContext, number: str) -> None:
    """Straight to the camera of the link; whoever is new here is greeted first."""
    desk, responder = context.desk, context.responder
    try:
        chosen = await desk.run(faults.choose_camera, context.sender, number=number)
    except Refusal as refused:
        offered = await desk.run(cameras.begin_choosing, context.sender)
        keyboard = await menu_for(desk, responder, share=not offered.phones)
        key = refused.key if offered.phones else f"{refused.key}_share"
        await context.say(responder.html(key), keyboard)
        return
    if chosen.new:
        await greet(context)
    await context.show(screens.draw_camera(context.renderer, chosen))


async def take_phone(context: MessageContext) -> bool:
    """The person shared a contact where a phone would help to find cameras; if it is theirs,
    cameras of this phone are theirs. False for contacts that are words for the support.

    Telegram says whose a contact is; one's own is the only proof that a phone is one's own.
    """
    contact, user = context.message.contact, context.message.from_user
    if contact is None or user is None:
        return False
    own = contact.user_id == user.id and not is_borrowed(context.message)
    wanted = await context.desk.read(cameras.wants_phone, chat_address(user.id))
    if not wanted or not (own or wanted == "asked"):
        return False
    phone = shared_phone(contact.phone_number)
    if not own or phone is None:
        raise Refusal("refusal.not_your_phone")
    await context.desk.run(verify_phone, context.sender, phone)
    text = context.responder.html("camera.phone_verified", {"phone": phone})
    await context.say(text, await menu_for(context.desk, context.responder))
    await show_cameras(context)
    return True


async def report(context: ButtonContext, data: CameraFault) -> None:
    """What is wrong is chosen: that makes the ticket. «Other» is asked for in words."""
    message = context.message
    if message is None:
        raise Refusal("refusal.outdated")
    if data.fault == "other":
        chosen = await context.desk.run(faults.choose_camera, context.sender, camera_id=data.camera)
        await context.show(screens.draw_describe(context.renderer, chosen.camera))
        return
    words = screens.fault_text(context.renderer, data.fault)
    content = {"kind": "text", "text": words}
    if context.sender.thread is not None:
        content["thread"] = context.sender.thread
    place = message_ref(message.chat.id, message.message_id)
    incoming = IncomingMessage(place, "text", words, content)
    title = _title_in(context.responder)
    heard = await context.desk.run(
        faults.report, context.sender, data.camera, incoming, title=title
    )
    await context.show(_reported(context.responder, heard, data.fault, words))


def _reported(responder: Responder, heard: Heard, fault: str, words: str) -> str:
    if heard.outcome is Outcome.JOINED and heard.ticket is not None:
        return responder.html("customer.filed.joined", {"number": heard.ticket.id})
    if fault == "known":
        return responder.html("camera.told_known")
    return responder.html("camera.told", {"words": words})
