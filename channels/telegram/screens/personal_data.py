"""What is known of a customer, shown to themselves: as a file, or erased (S31)."""

from typing import Annotated, Final

from aiogram.filters.callback_data import CallbackData

from channels.telegram.screens.buttons import Button, button, one_of, rows_of
from channels.telegram.screens.screen import Renderer, Screen
from core.contacts.personal_data import Known
from core.words.names import clean_name


class PersonalData(CallbackData, prefix="pd"):
    """A step: the screen again, all as a file, the question whether to erase, and erasing."""

    step: Annotated[str, one_of(("show", "file", "ask", "erase"))]


_LABELS: Final = {step: f"button.mydata.{step}" for step in ("file", "ask", "erase")}


def draw_known(renderer: Renderer, known: Known | None, held: int = 0) -> Screen:
    """What is known, and what can be done about it; ``held``: updates that wait for a consent."""
    if held:
        return Screen(renderer.html("mydata.held", n=held))
    if known is None:
        return Screen(renderer.html("mydata.nothing"))
    lines = [
        renderer.html("mydata.head"),
        renderer.html("mydata.name", name=clean_name(known.name)),
        renderer.html("mydata.tickets", count=known.tickets),
    ]
    if known.points:
        points = ", ".join(clean_name(point) for point in known.points)
        lines.insert(2, renderer.html("mydata.points", points=points))
    if known.keep_words is not None:
        lines.append(renderer.html("mydata.keep_words", span=known.keep_words))
    if known.keep_people is not None:
        lines.append(renderer.html("mydata.keep_people", span=known.keep_people))
    if known.consents:
        version, at = known.consents[0]
        lines.append(renderer.html("mydata.consent", version=version, at=at))
    return Screen("\n".join(lines), rows_of([_button(renderer, "file"), _button(renderer, "ask")]))


def ask_to_erase(renderer: Renderer) -> Screen:
    """The question before what cannot be undone."""
    back = button(renderer.plain("button.menu.back"), PersonalData(step="show"))
    return Screen(renderer.html("mydata.ask"), rows_of([back, _button(renderer, "erase")]))


def _button(renderer: Renderer, step: str) -> Button:
    return button(renderer.plain(_LABELS[step]), PersonalData(step=step))
