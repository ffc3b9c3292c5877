"""What the screens about cameras say, each with its buttons."""

from dataclasses import asdict
from typing import Any

from channels.telegram import camera_menus
from channels.telegram.keyboards import Keyboard
from channels.telegram.sentences import outage_news
from core.equipment.cameras import PAGE, CameraFacts
from core.equipment.choosing import Offered
from core.equipment.faults import Chosen
from core.words.names import clean_name
from handlers.customer.screens import in_words
from handlers.speech import Speech

Shown = tuple[str, Keyboard | None]
_LABEL = 64


def list_screen(speech: Speech, offered: Offered) -> Shown:
    """A page of one's cameras, and how to find one among many."""
    page, facts = offered.page, {"words": clean_name(offered.words, _LABEL)}
    if not page.cameras:
        return speech.html("camera.not_found", facts), camera_menus.new_ticket(speech.voice)
    text = speech.html("camera.found" if offered.words else "camera.list", facts)
    if page.total > PAGE:
        text += f"\n{speech.html('camera.search')}"
    labels = [(camera.id, f"{camera.number} · {camera.place}") for camera in page.cameras]
    return text, camera_menus.cameras(labels, page.page, page.pages)


def nothing_screen(speech: Speech, offered: Offered) -> Shown:
    """No camera is known as theirs, though their phone is."""
    text = speech.html("camera.none_by_phone", {"phone": offered.phones[0]})
    return text, camera_menus.new_ticket(speech.voice)


def camera_screen(speech: Speech, chosen: Chosen) -> Shown:
    """A camera: what is wrong with it, or what is known of that already."""
    camera, known, voice = chosen.camera, chosen.known, speech.voice
    head = speech.html("camera.head", facts_of(camera))
    if known is None:
        return f"{head}\n{speech.html('camera.ask')}", camera_menus.troubles(voice, camera.id)
    if known.mine is not None:
        facts = {"number": known.mine.number, "state": in_words(known.mine, speech)}
        text = speech.html("camera.own_open", facts)
        return f"{head}\n{text}", camera_menus.own_fault(voice, known.mine.number)
    if known.outage is not None:
        text = speech.html("camera.known_area", {"news": outage_news(asdict(known.outage))})
    else:
        text = speech.html("camera.known")
    return f"{head}\n{text}", camera_menus.known(voice, camera.id)


def words_screen(speech: Speech, camera: CameraFacts) -> Shown:
    """The same camera: now describe it."""
    text = f"{speech.html('camera.head', facts_of(camera))}\n{speech.html('camera.describe')}"
    return text, camera_menus.back_to_cameras(speech.voice)


def facts_of(camera: CameraFacts) -> dict[str, Any]:
    """The camera's facts as a sentence takes them."""
    return {"number": camera.number, "name": camera.place}
