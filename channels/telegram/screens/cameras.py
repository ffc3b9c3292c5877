"""Keyboards about cameras and outages: customers choose and tell, operators decide."""

from collections.abc import Sequence

from channels.telegram.messages.renderer import Renderer
from channels.telegram.screens.callbacks import (
    OUTAGE_STEPS,
    TROUBLES,
    CameraPage,
    CameraPick,
    CameraTrouble,
    Menu,
    Mine,
    OutageStep,
)
from channels.telegram.screens.keyboards import Button, Keyboard, button, rows_of, short

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


def troubles(renderer: Renderer, camera: int) -> Keyboard:
    """What can be wrong with a camera, and the way back."""
    codes = [code for code in TROUBLES if code != "known"]
    choices = [button(trouble(renderer, code), CameraTrouble(code, camera)) for code in codes]
    return rows_of([*choices, _back(renderer)])


def trouble(renderer: Renderer, code: str) -> str:
    """What is wrong, in words: of a button, and then of the customer."""
    return renderer.plain(f"camera.trouble.{code}")


def known(renderer: Renderer, camera: int) -> Keyboard:
    """Somebody is at it already: one may be told when it is over."""
    tell = button(renderer.plain("button.camera.tell"), CameraTrouble("known", camera))
    return rows_of([tell, _back(renderer)])


def own_fault(renderer: Renderer, ticket_id: int) -> Keyboard:
    """The way to the ticket that one has about this camera."""
    label = renderer.plain("button.camera.ticket", number=ticket_id)
    return rows_of([button(label, Mine(ticket_id)), _back(renderer)])


def back_to_cameras(renderer: Renderer) -> Keyboard:
    """Only the way back to one's cameras."""
    return rows_of([_back(renderer)])


def new_ticket(renderer: Renderer) -> Keyboard:
    """Where no camera helps, a ticket does."""
    return rows_of([button(renderer.plain("button.menu.new"), Menu("new"))])


def _back(renderer: Renderer) -> Button:
    return button(renderer.plain("button.menu.back"), Menu("cameras"))


# For operators.


def outage_offer(renderer: Renderer, ticket_id: int) -> Keyboard:
    """Are the faults in the area of this ticket one?"""
    return _outage(renderer, ticket_id, ("ask", "no"))


def outage_spans(renderer: Renderer, ticket_id: int) -> Keyboard:
    """They are: how long will it take?"""
    spans = [code for code in OUTAGE_STEPS if code not in {"ask", "no", "back"}]
    return _outage(renderer, ticket_id, [*spans, "back"])


def _outage(renderer: Renderer, ticket_id: int, codes: Sequence[str]) -> Keyboard:
    return rows_of(
        button(renderer.plain(f"button.outage.{code}"), OutageStep(code, ticket_id))
        for code in codes
    )
