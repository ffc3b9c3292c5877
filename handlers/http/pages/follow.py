"""The page of one ticket: its public side, and a field to go on."""

from collections.abc import Mapping
from html import escape

from fastapi.responses import Response

from core.files import has_file, title_of
from core.texts import Key
from core.tickets.customer_tickets import OwnTicket, OwnWords
from core.words.names import visible
from handlers.http.pages.form import NOTHING_WRONG, area, file_field
from handlers.http.pages.layout import WHOLE, Faults, Reader, once, page


def draw_ticket(
    reader: Reader,
    ticket: OwnTicket,
    words: tuple[OwnWords, ...],
    *,
    found: Mapping[str, str | Key] = NOTHING_WRONG,
    words_kept: str = "",
    status: int | None = None,
    attached: bool = False,
) -> Response:
    """Return the page with what has been said, and what was ``found`` wrong with an answer, beside
    its field. ``attached``: it came with files, which no page can show again.
    """
    faults = Faults(reader, found)
    title = reader.say("web.ticket", number=ticket.number)
    talk = "".join(_message(reader, said) for said in words)
    needed = not reader.takes_files  # a file may stand for words
    goes_on = ticket.merged or not ticket.state.final
    asks = "web.answer" if goes_on else "web.answer_ended"
    hint = "" if ticket.merged else f"<p>{reader.say('web.keep_link')}</p>"
    body = (
        f"<h1>{title}</h1><p>{_sentence(reader.say(_state(reader, ticket), **_facts(ticket)))}</p>"
        f"{hint}"
        f'<ol class="talk">{talk}</ol>{faults.at(WHOLE)}'
        f'<form method="post" enctype="multipart/form-data" id="end">{once()}'
        f"{area(faults, reader.say(asks), words_kept, needed=needed)}"
        f"{file_field(faults, attached=attached)}"
        f"<button>{reader.say('web.send')}</button></form>"
    )
    return page(reader, title, body, status or faults.status)


def _sentence(words: str) -> str:
    """In the chat these words stand behind a dash, here they begin."""
    return words[:1].upper() + words[1:]


def _message(reader: Reader, said: OwnWords) -> str:
    who = reader.say("web.you" if said.mine else "web.support", at=said.at)
    text = escape(said.text) or reader.say("web.file")
    side = "mine" if said.mine else "ours"
    words = f"<p>{text}</p>"
    if has_file(said.content):
        own = escape(str(said.content.get("text") or ""))
        title = escape(visible(title_of(said.content, said.text)))
        words = f'<p><a href="?file={said.id}" download>{title}</a></p>'
        words += f"<p>{own}</p>" if own else ""
    return f'<li class="{side}"><span class="who">{who}</span>{words}</li>'


def _state(reader: Reader, ticket: OwnTicket) -> str:
    """Return the key of the state in words, as the chat has them."""
    category = ticket.state.category
    if ticket.merged:
        return "web.merged"
    if category in {"new", "open"} and ticket.waits and ticket.due is not None:
        return f"own.state.{category}_{'due' if ticket.due > reader.now else 'late'}"
    if category == "frozen" and ticket.until is not None:
        return "own.state.frozen_until"
    if ticket.state.final and ticket.closed_at is not None:
        return f"own.state.{category}_at"
    return f"own.state.{category}"


def _facts(ticket: OwnTicket) -> dict[str, object]:
    return {"due": ticket.due, "until": ticket.until, "closed": ticket.closed_at}
