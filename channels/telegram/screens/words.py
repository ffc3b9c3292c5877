"""What was said in a ticket, page by page, and the post that sums up a flood (S10)."""

from collections.abc import Sequence
from typing import Annotated, Final

from aiogram.filters.callback_data import CallbackData
from pydantic import Field

from channels.telegram.screens.buttons import LARGEST, Id, Keyboard, button, one_of, page_turns
from channels.telegram.screens.screen import Renderer, Screen, clipped
from core.texts import Key
from core.tickets.card import Words
from core.tickets.conversation_pages import WordsPage
from core.tickets.floods import Flood
from core.words.names import clean_name

# Ten messages of this length fit into one of ours.
SHOWN: Final = 300
_OF_LAST: Final = 200


class ShowWords(CallbackData, prefix="mw"):
    """Show the page of a ticket's messages on which message ``at`` stands (``with``), or page
    ``at`` (``page``); or post the messages of page ``at`` as they are (``post``).
    """

    verb: Annotated[str, one_of(("with", "page", "post"))]
    ticket_id: Id
    at: Annotated[int, Field(ge=0, le=LARGEST)]


def draw_flood(renderer: Renderer, ticket_id: int, flood: Flood) -> Screen:
    """The post of a flood: whose it is, how much, the newest words, a way to all of them."""
    facts = {"number": ticket_id, "n": flood.count, "name": clean_name(flood.last.author)}
    lines = [renderer.html("group.flood", **facts), *_quoted(renderer, flood.last, _OF_LAST)]
    data = ShowWords(verb="with", ticket_id=ticket_id, at=flood.id)
    show = button(renderer.plain("button.words.show"), data)
    return Screen("\n".join(lines), Keyboard(inline_keyboard=[[show]]))


def draw_page(renderer: Renderer, page: WordsPage) -> Screen:
    """A page of a ticket's messages, oldest first, and buttons to the others."""
    head = renderer.html("words.head", number=page.ticket_id, total=page.total)
    blocks = [head, *(draw_words(renderer, one, SHOWN) for one in page.words)]
    return Screen("\n".join(blocks), _keyboard(renderer, page))


def draw_words(renderer: Renderer, words: Words, limit: int) -> str:
    """Who said it and when, and the words, cut to ``limit`` characters."""
    who = "customer" if words.from_customer else "ours"
    key = "operators.said.withdrawn" if words.withdrawn else f"operators.said.{who}"
    head = renderer.html(key, name=clean_name(words.author), at=words.created_at)
    kind = str(words.content.get("kind", "text"))
    if kind != "text":
        head += renderer.html("operators.said.kind", kind=Key(f"kind.{kind}"))
    return "\n".join((head, *_quoted(renderer, words, limit)))


def _quoted(renderer: Renderer, words: Words, limit: int) -> list[str]:
    shown = clipped(words.text, limit)
    return [renderer.html("card.opening", words=shown)] if shown else []


def _keyboard(renderer: Renderer, page: WordsPage) -> Keyboard | None:
    def turn(to: int, verb: str = "page") -> ShowWords:
        return ShowWords(verb=verb, ticket_id=page.ticket_id, at=to)

    rows = [list(page_turns(page.page, page.pages, turn))]
    if _is_cut(page.words):
        rows.append([button(renderer.plain("button.words.post"), turn(page.page, "post"))])
    rows = [row for row in rows if row]
    return Keyboard(inline_keyboard=rows) if rows else None


def _is_cut(shown: Sequence[Words]) -> bool:
    """A page of short texts says all there is; files and long words are posted on demand."""
    return any(
        words.content.get("kind", "text") != "text" or len(words.text) > SHOWN
        for words in shown
        if not words.withdrawn
    )
