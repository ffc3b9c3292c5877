"""A rule that was tried: for which tickets it would have run, and what it would have done (X11)."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Final

from aiogram.filters.callback_data import CallbackData
from pydantic import Field

from channels.telegram.screens.buttons import Button, button, matching, one_of, page_turns, rows_of
from channels.telegram.screens.buttons import short as shorten
from channels.telegram.screens.screen import Renderer, Screen
from channels.telegram.screens.ticket_list import draw_lines
from core.automation.rule_trials import Trial, TriedTicket

DIGEST: Final = 8
MOST_BUTTONS: Final = 4


class TryRule(CallbackData, prefix="try"):
    """Show a page of what a rule would have done: in a message of its own, or ``turn`` to it.

    ``digest``: of the file that it is in, which the message answers; empty for one that is there.
    """

    code: Annotated[str, matching("[a-z0-9][a-z0-9_.-]{0,31}")]
    page: Annotated[int, Field(ge=0, le=999)] = 0
    step: Annotated[str, one_of(("show", "turn"))] = "turn"
    digest: Annotated[str, matching(f"([0-9a-f]{{{DIGEST}}})?")] = ""


def try_buttons(renderer: Renderer, codes: Sequence[str], digest: str) -> list[Button]:
    """A button for each of the first rules of a file."""
    return [
        button(
            shorten(renderer.plain("button.rule.try", code=code)),
            TryRule(code=code, step="show", digest=digest),
        )
        for code in codes[:MOST_BUTTONS]
    ]


def draw_trial(renderer: Renderer, trial: Trial, digest: str = "") -> Screen:
    """A page of the tickets, each with what the rule would have done."""

    def turn(page: int) -> TryRule:
        return TryRule(code=trial.rule.code, page=page, digest=digest)

    buttons = page_turns(trial.page, trial.pages, turn)
    return Screen("\n".join(_lines(renderer, trial)), rows_of(buttons, width=3))


def _lines(renderer: Renderer, trial: Trial) -> Iterator[str]:
    facts = {"title": trial.rule.title, "n": len(trial.tickets)}
    yield renderer.html("rules.tried" if trial.tickets else "rules.tried_none", **facts)
    if trial.past.cut:
        n = len(trial.past.events)
        yield renderer.html("rules.tried_cut", n=n, since=trial.past.since)
    for one in trial.shown:
        yield from draw_lines(renderer, [one.line], renderer.zone)
        yield _would(renderer, one)


def _would(renderer: Renderer, one: TriedTicket) -> str:
    done, left = _named(renderer, one.done), _named(renderer, one.left)
    if one.ended:
        return renderer.html("rules.would.ended", actions=done)
    if not one.done:
        return renderer.html("rules.would.nothing", left=left)
    if left:
        return renderer.html("rules.would.left", actions=done, left=left)
    return renderer.html("rules.would.done", actions=done)


def _named(renderer: Renderer, actions: tuple[str, ...]) -> str:
    return ", ".join(renderer.plain(f"rules.action.{name}") for name in actions)
