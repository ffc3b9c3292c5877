"""The offer to make one outage of several faults in an area, and what came of it (X9)."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Annotated, Any, Final

from aiogram.filters.callback_data import CallbackData

from channels.telegram.screens.buttons import Id, Keyboard, button, one_of, rows_of
from channels.telegram.screens.screen import Renderer, clipped
from core.texts import Key

_LONGEST_WORDS: Final = 500
# How long it will take.
_SPANS: Final = ("1h", "3h", "tomorrow", "ever")


class OutageStep(CallbackData, prefix="x"):
    """What becomes of the faults in the area of this ticket.

    ``ask`` leads to the spans, ``back`` from them; the others decide.
    """

    step: Annotated[str, one_of(("ask", "back", "no", *_SPANS))]
    ticket_id: Id


def offer(renderer: Renderer, ticket_id: int) -> Keyboard:
    """Are the faults in the area of this ticket one outage?"""
    return _keyboard(renderer, ticket_id, ("ask", "no"))


def spans(renderer: Renderer, ticket_id: int) -> Keyboard:
    """They are: how long will it take?"""
    return _keyboard(renderer, ticket_id, (*_SPANS, "back"))


# Steps that only lead to other buttons.
MENUS: Final[dict[str, Callable[[Renderer, int], Keyboard]]] = {"ask": spans, "back": offer}


def _keyboard(renderer: Renderer, ticket_id: int, steps: Iterable[str]) -> Keyboard:
    return rows_of(
        button(renderer.plain(f"button.outage.{step}"), OutageStep(step=step, ticket_id=ticket_id))
        for step in steps
    )


def declined(renderer: Renderer, area: str) -> str:
    """The offer after «no»."""
    return renderer.html("group.outage_declined", area=area)


def opened(renderer: Renderer, ticket_id: int, reports: int, until: datetime | None) -> str:
    """The offer after it was accepted."""
    key = "group.outage_opened_until" if until else "group.outage_opened"
    return renderer.html(key, number=ticket_id, n=reports, until=until)


def news(facts: Mapping[str, Any]) -> Key:
    """What is known of an area's outage: ``area``, ``words`` and ``until``."""
    words = "_words" if facts.get("words") else ""
    until = "_until" if facts.get("until") else ""
    told = {name: facts.get(name) for name in ("area", "until")}
    told["words"] = clipped(str(facts.get("words") or ""), _LONGEST_WORDS).rstrip(" .")
    return Key(f"outage.news{words}{until}", told)
