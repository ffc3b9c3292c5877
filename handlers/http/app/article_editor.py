"""The offer to write down how a ticket was solved, and where that is done (B13)."""

from dataclasses import dataclass
from html import escape
from typing import Final

from channels.telegram.screens.screen import Renderer
from core.directory.article_drafts import Beginning, draft_article, find_beginning, find_draft
from core.directory.kinds.responses import LONGEST_TEXT
from core.tickets.card import Card
from core.tx import ReadTx, Tx
from handlers.http.app.fields import Fields, Viewer, signed
from handlers.http.app.given import Form

WRITE: Final = "write_article"
PART: Final = "writing"
"""The part of a ticket's page that has it."""
_TITLE: Final = 100


@dataclass(frozen=True, slots=True)
class Writing:
    """``beginning``: what an article about a solved ticket begins with, where the company wants one
    and there is none; ``draft``: the code of one that nobody has published yet.
    """

    beginning: Beginning | None = None
    draft: str | None = None


async def find_writing(tx: ReadTx, card: Card) -> Writing:
    """Return what there is to write, or was written, about a ticket whose work has ended."""
    if card.ending is None or card.state.clock != "stops":
        return Writing()
    beginning = await find_beginning(tx, card.number)
    draft = await find_draft(tx, card.number) if beginning is None else None
    return Writing(beginning, draft)


async def write_by_form(tx: Tx, number: int, form: Form) -> None:
    """Write the draft and link it with the ticket. Raises what `draft_article` does."""
    await draft_article(tx, number, Beginning(form.get("title"), form.draft.text.strip()))


def draw_writing(renderer: Renderer, card: Card, writing: Writing, viewer: Viewer) -> str:
    """The offer with its editor, or that there is a draft, with what was typed too late for it;
    else an empty part.
    """
    inside = ""
    if writing.draft is not None:
        facts = {"number": card.number, "code": writing.draft}
        told = renderer.html("operators.article_drafted", **facts)
        inside = f'<p class="who">{told}</p>{_typed(renderer, viewer)}'
    elif writing.beginning is not None:
        inside = _offer(renderer, card, writing.beginning, viewer)
    return f'<div id="{PART}">{inside}</div>'


def _offer(renderer: Renderer, card: Card, beginning: Beginning, viewer: Viewer) -> str:
    say, is_open = renderer.html, " open" if viewer.verb == WRITE else ""
    return (
        f'<div class="card article"><p>{say("operators.article_offer", number=card.number)}</p>'
        f"<details{is_open}><summary>{say('button.article.write')}</summary>"
        f"{_editor(renderer, card, beginning, viewer)}</details></div>"
    )


def _typed(renderer: Renderer, viewer: Viewer) -> str:
    """What was typed for a draft that somebody else has written meanwhile, to be copied."""
    text = escape(Fields(renderer, viewer, WRITE).value("text"))
    if not text:
        return ""
    label = renderer.html("app.article.text")
    return (
        f'<details class="article" open><summary>{label}</summary>'
        f'<textarea aria-label="{label}" readonly>{text}</textarea></details>'
    )


def _editor(renderer: Renderer, card: Card, beginning: Beginning, viewer: Viewer) -> str:
    """What the customer has asked stands above, to be read: an article has other words for it."""
    say, at = renderer.html, Fields(renderer, viewer, WRITE)
    words = card.opening or card.title
    asked = f"<blockquote>{escape(words)}</blockquote>" if words else ""
    title = at.line("title", say("app.article.title"), beginning.title, longest=_TITLE)
    text = escape(at.value("text", beginning.text))
    return (
        f'{asked}<form method="post" action="/app/t/{card.number}">{signed(viewer)}{title}'
        f"<label>{say('app.article.text')}"
        f'<textarea name="text" maxlength="{LONGEST_TEXT}" required>{text}</textarea></label>'
        f'<p class="who">{say("app.article.own_words")}</p>'
        f'<button name="verb" value="{WRITE}">{say("app.article.save")}</button></form>'
    )
