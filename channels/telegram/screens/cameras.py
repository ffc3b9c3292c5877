"""«Неисправность камеры»: the list of one's own cameras, one of them, and what is wrong with it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated, Any, Final

from aiogram.filters.callback_data import CallbackData

from channels.telegram.screens import outages
from channels.telegram.screens.buttons import (
    LONGEST_LABEL,
    Button,
    Id,
    Keyboard,
    PageIndex,
    button,
    one_of,
    page_turns,
    rows_of,
    short,
)
from channels.telegram.screens.customer_menu import Menu, back_to, new_ticket
from channels.telegram.screens.customer_tickets import OwnTicketOpened, state_of
from channels.telegram.screens.screen import Renderer, Screen
from core.equipment.cameras import PAGE, CameraFacts, Offered
from core.equipment.faults import Chosen
from core.words.names import clean_name

_LABEL: Final = 64
# «other» asks for words.
_FAULTS: Final = ("picture", "quality", "archive", "view", "other")


class PickCamera(CallbackData, prefix="ci"):
    """The customer means this camera, by its id."""

    camera: Id


class CameraFault(CallbackData, prefix="ct"):
    """What is wrong with the camera; ``known``: wants to be told when a known fault is over."""

    fault: Annotated[str, one_of((*_FAULTS, "known"))]
    camera: Id


class CameraPage(CallbackData, prefix="cp"):
    """A page of the customer's cameras, counted from 0."""

    page: PageIndex


def facts_of(camera: CameraFacts) -> dict[str, Any]:
    """The camera's facts as a text takes them."""
    return {"number": camera.number, "name": camera.place}


def draw_list(renderer: Renderer, offered: Offered) -> Screen:
    """A page of one's cameras, and how to find one among many."""
    page, words = offered.page, clean_name(offered.words, _LABEL)
    if not page.cameras:
        return Screen(renderer.html("camera.not_found", words=words), new_ticket(renderer))
    text = renderer.html("camera.found" if offered.words else "camera.list", words=words)
    if page.total > PAGE:
        text += f"\n{renderer.html('camera.search')}"
    places = Counter(camera.place for camera in page.cameras)
    labels = [(camera.id, _label(camera, places[camera.place])) for camera in page.cameras]
    return Screen(text, list_keyboard(labels, page.page, page.pages))


def _label(camera: CameraFacts, namesakes: int) -> str:
    """Where it is, and its number: whole or not at all, because a part of it tells nobody anything.

    It is left out only where the place is whole and no other's on the page (``namesakes`` is 1).
    """
    number = f" · {camera.number}"
    room = LONGEST_LABEL - len(number)
    if namesakes == 1 and room < len(camera.place) <= LONGEST_LABEL:
        return camera.place
    return f"{short(camera.place, room)}{number}" if room > 0 else short(camera.place)


def list_keyboard(cameras: Sequence[tuple[int, str]], page: int, pages: int) -> Keyboard:
    """Cameras as ``(id, label)``, one in a row; ``‹ 2 / 5 ›`` where there are more."""
    rows = [[button(short(label), PickCamera(camera=camera))] for camera, label in cameras]
    turns = list(page_turns(page, pages, lambda to: CameraPage(page=to)))
    return Keyboard(inline_keyboard=[*rows, turns] if turns else rows)


def draw_none(renderer: Renderer, phone: str) -> Screen:
    """No camera is known as theirs, though their phone is."""
    return Screen(renderer.html("camera.none_by_phone", phone=phone), new_ticket(renderer))


def draw_camera(renderer: Renderer, chosen: Chosen) -> Screen:
    """A camera: what is wrong with it, or what is known of that already."""
    camera, known = chosen.camera, chosen.known
    if known is None:
        text, keyboard = renderer.html("camera.ask"), faults(renderer, camera.id)
    elif known.mine is not None:
        state, ticket_id = state_of(known.mine, renderer), known.mine.number
        text = renderer.html("camera.own_open", number=ticket_id, state=state)
        keyboard = _own_fault(renderer, ticket_id)
    else:
        text, keyboard = renderer.html("camera.known"), known_fault(renderer, camera.id)
        if known.outage is not None:
            text = renderer.html("camera.known_area", news=outages.news(asdict(known.outage)))
    return Screen(f"{renderer.html('camera.head', **facts_of(camera))}\n{text}", keyboard)


def draw_describe(renderer: Renderer, camera: CameraFacts) -> Screen:
    """The same camera: now describe what is wrong."""
    head = renderer.html("camera.head", **facts_of(camera))
    return Screen(f"{head}\n{renderer.html('camera.describe')}", back_to(renderer, "cameras"))


def faults(renderer: Renderer, camera: int) -> Keyboard:
    """What can be wrong with a camera, and the way back."""
    choices = [
        button(fault_text(renderer, fault), CameraFault(fault=fault, camera=camera))
        for fault in _FAULTS
    ]
    return rows_of([*choices, _back(renderer)])


def fault_text(renderer: Renderer, fault: str) -> str:
    """What is wrong, in words: of a button, and then of the customer."""
    return renderer.plain(f"camera.trouble.{fault}")


def known_fault(renderer: Renderer, camera: int) -> Keyboard:
    """The fault is known: one may be told when it is over."""
    data = CameraFault(fault="known", camera=camera)
    return rows_of([button(renderer.plain("button.camera.tell"), data), _back(renderer)])


def _own_fault(renderer: Renderer, ticket_id: int) -> Keyboard:
    """The way to the ticket that one has about this camera."""
    label = renderer.plain("button.camera.ticket", number=ticket_id)
    return rows_of([button(label, OwnTicketOpened(ticket_id=ticket_id)), _back(renderer)])


def _back(renderer: Renderer) -> Button:
    return button(renderer.plain("button.menu.back"), Menu(step="cameras"))
