"""Tags of tickets (D3): how they are written, chosen, and corrected."""

from collections.abc import Iterable, Sequence
from typing import Annotated, Final

from aiogram.filters.callback_data import CallbackData

from channels.telegram.screens.buttons import Button, Id, button, matching, one_of, rows_of, short
from channels.telegram.screens.screen import Renderer, Screen
from core.tickets.tag_list import MARK, Tag, mark_of
from core.tickets.tags import Doubt

_MARK: Final = f"[0-9a-f]{{{MARK}}}"
# So many tags of a ticket are told, and so many in a line of a list: it may have any number, and a
# message has an end.
_TOLD: Final = 20
_IN_LINE: Final = 5
# So many buttons to choose from; Telegram takes a hundred.
_MOST_BUTTONS: Final = 60


class UseTag(CallbackData, prefix="tg"):
    """The ticket gets the tag with this mark, perhaps ``instead`` of another one, or it is taken
    away: what was shown, however often it is pressed, and by however many.
    """

    ticket_id: Id
    step: Annotated[str, one_of(("give", "take"))]
    mark: Annotated[str, matching(_MARK)]
    instead: Annotated[str, matching(f"(?:{_MARK})?")] = ""


def tags_line(renderer: Renderer, words: Iterable[str], listed: Iterable[Tag]) -> str:
    """Tags in a line, with what the company calls them."""
    known = {tag.word: tag for tag in listed}
    return _some([tag_text(renderer, word, known.get(word)) for word in words], _TOLD)


def _some(told: Sequence[str], most: int) -> str:
    left = len(told) - most
    return " ".join([*told[:most], *([f"+{left}"] if left > 0 else [])])


def tag_text(renderer: Renderer, word: str, listed: Tag | None) -> str:
    """A tag as it is typed, with its sign and its title."""
    sign = f"{listed.marker} " if listed is not None and listed.marker else ""
    title = "" if listed is None else listed.title(renderer.locale)
    return f"{sign}#{word} ({title})" if title else f"{sign}#{word}"


def signed(words: Iterable[str], listed: Iterable[Tag]) -> str:
    """Tags in a line of a list: words and signs only."""
    signs = {tag.word: tag.marker for tag in listed if tag.marker}
    told = [f"{signs[word]} #{word}" if word in signs else f"#{word}" for word in words]
    return _some(told, _IN_LINE)


def draw_tags(renderer: Renderer, found: Sequence[tuple[str, int, Tag | None]]) -> Screen:
    """The tags there are, each with its number of tickets."""
    if not found:
        return Screen(renderer.html("operators.no_tags"))
    lines = [_line(renderer, *one) for one in found]
    return Screen("\n".join([renderer.html("operators.tags_head"), *lines]))


def _line(renderer: Renderer, word: str, count: int, listed: Tag | None) -> str:
    is_off = listed is not None and not listed.active
    key = "operators.tags_line_off" if is_off else "operators.tags_line"
    return renderer.html(key, tag=tag_text(renderer, word, listed), count=count)


def draw_choice(
    renderer: Renderer, ticket_id: int, offered: Sequence[str], has: frozenset[str]
) -> Screen:
    """A button for each tag; a press gives it, or takes it away from a ticket that has it."""
    if not offered:
        return Screen(renderer.html("operators.no_tags"))
    buttons = [
        _button(ticket_id, word, f"✓ #{word}", step="take")
        if word in has
        else _button(ticket_id, word, f"#{word}")
        for word in offered[:_MOST_BUTTONS]
    ]
    return Screen(renderer.html("operators.tags_choose", number=ticket_id), rows_of(buttons))


def draw_doubt(renderer: Renderer, ticket_id: int, doubt: Doubt, *, given: bool) -> Screen:
    """A tag that nobody has used before, and those that look like it. ``given``: the ticket has
    it; otherwise it stayed a word.
    """
    instead = mark_of(doubt.word) if given else ""
    buttons = [_button(ticket_id, word, f"#{word}", instead=instead) for word in doubt.near]
    key = "operators.tag_new" if given else "operators.tag_unlisted"
    return Screen(renderer.html(key, tag=doubt.word, number=ticket_id), rows_of(buttons))


def _button(
    ticket_id: int, word: str, label: str, *, step: str = "give", instead: str = ""
) -> Button:
    data = UseTag(ticket_id=ticket_id, step=step, mark=mark_of(word), instead=instead)
    return button(short(label), data)
