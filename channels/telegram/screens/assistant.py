"""What the assistant suggests, with *insert · change · no* (X17). All of it is text, escaped."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

from aiogram.filters.callback_data import CallbackData

from channels.telegram.screens.buttons import Button, Id, Keyboard, button, one_of
from channels.telegram.screens.screen import Renderer, Screen, clipped
from core.words.names import clean_name

if TYPE_CHECKING:
    from core.assistant.suggestions import Suggested

_WHOLE = 4000
_ORIGINAL = 500
_TITLE = 60


class SuggestionStep(CallbackData, prefix="sg"):
    """Use the suggestion, go on with it by hand, or let it go."""

    step: Annotated[str, one_of(("insert", "change", "drop"))]
    ticket_id: Id
    suggestion: Id


def draw_suggestion(renderer: Renderer, one: Suggested) -> Screen:
    """The suggestion whole, what it goes by, what is to be looked at, and the buttons to decide."""
    use = [_step(renderer, one, "insert")] if one.fit else []
    rows = [[*use, _step(renderer, one, "change")], [_step(renderer, one, "drop")]]
    return Screen("\n".join(suggestion_lines(renderer, one)), Keyboard(inline_keyboard=rows))


def _step(renderer: Renderer, one: Suggested, step: str) -> Button:
    data = SuggestionStep(step=step, ticket_id=one.ticket_id, suggestion=one.number)
    note = "_note" if step == "insert" and not one.for_customer else ""
    return button(renderer.plain(f"button.suggestion.{step}{note}"), data)


def suggestion_lines(renderer: Renderer, one: Suggested) -> Iterator[str]:
    """The suggestion whole, what it goes by, and what is to be looked at."""
    yield renderer.html(f"suggestion.{one.kind}", number=one.ticket_id)
    if one.original:
        yield renderer.html("card.opening", words=clipped(one.original, _ORIGINAL))
    yield renderer.html("card.opening", words=clipped(one.text, _WHOLE))
    if sources := ", ".join(_sources(renderer, one)):
        yield renderer.html("suggestion.sources") + f" {sources}"
    for flag in sorted(one.flags):
        yield renderer.html(f"suggestion.flag.{flag}")


def _sources(renderer: Renderer, one: Suggested) -> Iterator[str]:
    for title in one.articles:
        yield renderer.html("suggestion.article", title=clean_name(title, _TITLE))
    for number in one.tickets:
        yield renderer.html("suggestion.ticket", other=number)


def draw_inserted(renderer: Renderer, one: Suggested, name: str) -> Screen:
    """What has gone to the customer, or was kept as a note, and by whom."""
    key = "suggestion.sent" if one.for_customer else "suggestion.noted"
    head = renderer.html(key, number=one.ticket_id, name=clean_name(name))
    return Screen(f"{head}\n{renderer.html('card.opening', words=clipped(one.text, _WHOLE))}")


def draw_change(renderer: Renderer, one: Suggested) -> Screen:
    """The command that says it, to be copied with one touch and changed before it is sent."""
    key = "suggestion.change_answer" if one.for_customer else "suggestion.change_note"
    return Screen(
        renderer.html(key, number=one.ticket_id, words=clipped(one.text, _WHOLE)),
    )


def draw_dropped(renderer: Renderer, one: Suggested) -> Screen:
    """Nothing was done with it."""
    return Screen(renderer.html("suggestion.dropped", number=one.ticket_id))
