"""How the desk is: what waits, what is wrong, and failed deliveries with *again* and *drop*."""

from collections.abc import Iterator
from typing import Annotated

from aiogram.filters.callback_data import CallbackData

from channels.telegram.screens.buttons import Id, Keyboard, button, one_of
from channels.telegram.screens.screen import Renderer, Screen
from core.setup.desk_health import DeskHealth


class FailedStep(CallbackData, prefix="fd"):
    """Send the failed delivery ``id`` again, or drop it."""

    verb: Annotated[str, one_of(("again", "drop"))]
    id: Id


def draw_health(renderer: Renderer, health: DeskHealth) -> Screen:
    """The state in lines, then the failed deliveries with two buttons each."""
    rows = [
        [
            button(
                renderer.plain(f"button.failed.{verb}", id=one.id), FailedStep(verb=verb, id=one.id)
            )
            for verb in ("again", "drop")
        ]
        for one in health.failed
    ]
    keyboard = Keyboard(inline_keyboard=rows) if rows else None
    return Screen("\n".join(_lines(renderer, health)), keyboard)


def _lines(renderer: Renderer, health: DeskHealth) -> Iterator[str]:
    beat = health.heartbeat
    sick = () if beat is None else beat.sick
    yield renderer.html("health.head.sick" if sick else "health.head.well")
    for code in sick:
        yield renderer.html(f"health.sick.{code}")
    yield renderer.html("health.unhandled", n=health.unhandled, quarantined=health.quarantined)
    if health.oldest is None:
        yield renderer.html("health.nothing_waits")
    else:
        yield renderer.html("health.waiting", n=health.waiting, oldest=health.oldest)
    for one in health.failed:
        facts = {"id": one.id, "at": one.at, "kind": one.kind, "error": one.error}
        yield renderer.html("health.failed", **facts, address=one.address)
