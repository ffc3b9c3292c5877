"""Keyboards about cameras and outages: customers choose and tell, operators decide."""

from collections.abc import Sequence

from channels.telegram.callbacks import (
    OUTAGE_STEPS,
    TROUBLES,
    CameraPage,
    CameraPick,
    CameraTrouble,
    Menu,
    Mine,
    OutageStep,
)
from channels.telegram.keyboards import Button, Keyboard, button, rows_of, short
from channels.telegram.voice import Voice

Listed = Sequence[tuple[int, str]]


def cameras(listed: Listed, page: int, pages: int) -> Keyboard | None:
    """Cameras as ``(id, label)``, one in a row; ``‹ 2 / 5 ›`` where there are more."""
    rows = [[button(short(label), CameraPick(number))] for number, label in listed]
    turns: list[Button] = []
    if page > 0:
        turns.append(button("‹", CameraPage(page - 1)))
    if pages > 1:
        turns.append(button(f"{page + 1} / {pages}", CameraPage(page)))
    if page < pages - 1:
        turns.append(button("›", CameraPage(page + 1)))
    return Keyboard(inline_keyboard=[*rows, turns] if turns else rows) if rows else None


def troubles(voice: Voice, camera: int) -> Keyboard:
    """What can be wrong with a camera, and the way back."""
    codes = [code for code in TROUBLES if code != "known"]
    choices = [button(trouble(voice, code), CameraTrouble(code, camera)) for code in codes]
    return rows_of([*choices, _back(voice)])


def trouble(voice: Voice, code: str) -> str:
    """What is wrong, in words: of a button, and then of the customer."""
    return voice.plain(f"camera.trouble.{code}")


def known(voice: Voice, camera: int) -> Keyboard:
    """Somebody is at it already: one may be told when it is over."""
    tell = button(voice.plain("button.camera.tell"), CameraTrouble("known", camera))
    return rows_of([tell, _back(voice)])


def own_fault(voice: Voice, number: int) -> Keyboard:
    """The way to the ticket that one has about this camera."""
    label = voice.plain("button.camera.ticket", number=number)
    return rows_of([button(label, Mine(number)), _back(voice)])


def back_to_cameras(voice: Voice) -> Keyboard:
    """Only the way back to one's cameras."""
    return rows_of([_back(voice)])


def new_ticket(voice: Voice) -> Keyboard:
    """Where no camera helps, a ticket does."""
    return rows_of([button(voice.plain("button.menu.new"), Menu("new"))])


def _back(voice: Voice) -> Button:
    return button(voice.plain("button.menu.back"), Menu("cameras"))


# For operators.


def outage_offer(voice: Voice, number: int) -> Keyboard:
    """Are the faults in the area of this ticket one?"""
    return _outage(voice, number, ("ask", "no"))


def outage_spans(voice: Voice, number: int) -> Keyboard:
    """They are: how long will it take?"""
    spans = [code for code in OUTAGE_STEPS if code not in {"ask", "no", "back"}]
    return _outage(voice, number, [*spans, "back"])


def _outage(voice: Voice, number: int, codes: Sequence[str]) -> Keyboard:
    return rows_of(
        button(voice.plain(f"button.outage.{code}"), OutageStep(code, number)) for code in codes
    )
