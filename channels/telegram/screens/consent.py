"""The question whether the words of a customer may be stored, and its answers (S31)."""

from collections.abc import Mapping
from typing import Annotated, Any

from aiogram.filters.callback_data import CallbackData

from channels.telegram.screens.buttons import Keyboard, button, matching, one_of, rows_of
from channels.telegram.screens.screen import Renderer


class ConsentAnswer(CallbackData, prefix="cs"):
    """Yes or no to this version of the text."""

    answer: Annotated[str, one_of(("yes", "no"))]
    version: Annotated[str, matching("[A-Za-z0-9._-]{1,16}")]


def answers(renderer: Renderer, facts: Mapping[str, Any]) -> Keyboard:
    """The buttons below the question."""
    return rows_of(
        [
            button(
                renderer.plain(f"button.consent.{answer}"),
                ConsentAnswer(answer=answer, version=facts["version"]),
            )
            for answer in ("yes", "no")
        ]
    )
