"""Canned responses: a choice of them, the filled text before it goes, and the one that went."""

from collections.abc import Iterator, Sequence
from math import ceil
from typing import Annotated, Final

from aiogram.filters.callback_data import CallbackData

from channels.telegram.screens.attached_files import file_lines
from channels.telegram.screens.buttons import (
    Id,
    Keyboard,
    PageIndex,
    button,
    matching,
    page_turns,
    short,
)
from channels.telegram.screens.screen import Renderer, Screen, clipped
from core.responses.catalogue import Response
from core.responses.sending import DIGEST, Prepared
from core.words.names import clean_name

PAGE: Final = 8
_WORDS: Final = 40
_SHOWN: Final = 3600

Code = Annotated[str, matching("[a-z0-9][a-z0-9_.-]{0,31}")]


class ResponsePage(CallbackData, prefix="rl"):
    """A page of what can be answered in the ticket."""

    ticket_id: Id
    page: PageIndex = 0


class ShowResponse(CallbackData, prefix="rt"):
    """Show this response, filled for the ticket."""

    ticket_id: Id
    code: Code


class SendResponse(CallbackData, prefix="rx"):
    """Send it, if it is still the one that ``digest`` names."""

    ticket_id: Id
    code: Code
    digest: Annotated[str, matching(f"[0-9a-f]{{{DIGEST}}}")]


class DropResponse(CallbackData, prefix="rd"):
    """Send nothing."""

    ticket_id: Id


def draw_choice(
    renderer: Renderer, ticket_id: int, offered: Sequence[Response], page: int = 0
) -> Screen:
    """A button for each response on the page."""
    if not offered:
        return Screen(renderer.html("responses.none", number=ticket_id))
    pages = ceil(len(offered) / PAGE)
    page = min(page, pages - 1)
    rows = [
        [button(short(one.title), ShowResponse(ticket_id=ticket_id, code=one.code))]
        for one in offered[page * PAGE : (page + 1) * PAGE]
    ]
    rows.append(
        list(page_turns(page, pages, lambda at: ResponsePage(ticket_id=ticket_id, page=at)))
    )
    keyboard = Keyboard(inline_keyboard=[row for row in rows if row])
    return Screen(renderer.html("responses.choose", number=ticket_id), keyboard)


def draw_found(renderer: Renderer, ticket_id: int, found: Sequence[Response], words: str) -> Screen:
    """A button for each of the first responses that have the words; how many more there are."""
    shown = draw_choice(renderer, ticket_id, found[:PAGE])
    said = [renderer.html("responses.found", number=ticket_id, words=words[:_WORDS])]
    if len(found) > PAGE:
        said.append(renderer.html("responses.found_more", n=len(found) - PAGE))
    return Screen("\n".join(said), shown.keyboard)


def draw_filled(renderer: Renderer, prepared: Prepared) -> Screen:
    """The text as the customer would get it, what is done besides, and the buttons to decide."""
    number, code = prepared.ticket_id, prepared.code
    send = SendResponse(ticket_id=number, code=code, digest=prepared.digest)
    rows = [
        [button(renderer.plain("button.response.send"), send)],
        [
            button(renderer.plain("button.response.other"), ResponsePage(ticket_id=number)),
            button(renderer.plain("button.response.drop"), DropResponse(ticket_id=number)),
        ],
    ]
    head = renderer.html("responses.filled", number=number, title=prepared.title)
    return Screen(_whole(renderer, head, prepared), Keyboard(inline_keyboard=rows))


def draw_sent(renderer: Renderer, prepared: Prepared, name: str) -> Screen:
    """What has gone, and by whom."""
    facts = {"number": prepared.ticket_id, "title": prepared.title, "name": clean_name(name)}
    return Screen(_whole(renderer, renderer.html("responses.sent", **facts), prepared))


def _whole(renderer: Renderer, head: str, prepared: Prepared) -> str:
    lines = [head]
    if prepared.text:
        lines.append(renderer.html("card.opening", words=clipped(prepared.text, _SHOWN)))
    lines += file_lines(renderer, prepared.files)
    if done := " · ".join(_actions(renderer, prepared)):
        lines.append(renderer.html("responses.does") + f" {done}")
    return "\n".join(lines)


def _actions(renderer: Renderer, prepared: Prepared) -> Iterator[str]:
    actions = prepared.actions
    if prepared.state is not None:
        yield renderer.html("responses.does.state", state=prepared.state)
    elif actions.verb is not None:
        yield renderer.html(f"responses.does.{actions.verb}")
    if actions.freeze is not None:
        yield renderer.html("responses.does.freeze", span=actions.freeze)
    if actions.tags:
        yield renderer.html("responses.does.tags", tags=" ".join(f"#{tag}" for tag in actions.tags))
    if prepared.priority is not None:
        yield renderer.html("responses.does.priority", priority=prepared.priority)
