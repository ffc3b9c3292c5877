"""The page of one ticket: its public side, and a field to go on."""

from html import escape
from http import HTTPStatus

from fastapi.responses import Response

from core.files import has_file, title_of
from core.tickets.customer_tickets import OwnTicket, OwnWords
from core.words.names import visible
from handlers.http.pages.form import MOST_WORDS, file_field
from handlers.http.pages.layout import Reader, alert, once, page


def draw_ticket(
    reader: Reader,
    ticket: OwnTicket,
    words: tuple[OwnWords, ...],
    *,
    fault: str | None = None,
    words_kept: str = "",
) -> Response:
    title = reader.say("web.ticket", number=ticket.number)
    talk = "".join(_message(reader, said) for said in words)
    needed = "" if reader.takes_files else " required"  # a file may stand for words
    goes_on = ticket.merged or not ticket.state.final
    asks = "web.answer" if goes_on else "web.answer_ended"
    hint = "" if ticket.merged else f"<p>{reader.say('web.keep_link')}</p>"
    body = (
        f"<h1>{title}</h1><p>{_sentence(reader.say(_state(reader, ticket), **_facts(ticket)))}</p>"
        f"{hint}"
        f'<ol class="talk">{talk}</ol>{alert(reader, fault)}'
        f'<form method="post" enctype="multipart/form-data" id="end">{once()}'
        f'<label for="text">{reader.say(asks)}</label><textarea id="text" name="text"'
        f' maxlength="{MOST_WORDS}"{needed}>{escape(words_kept)}</textarea>'
        f"{file_field(reader)}<button>{reader.say('web.send')}</button></form>"
    )
    status = HTTPStatus.OK if fault is None else HTTPStatus.UNPROCESSABLE_ENTITY
    return page(reader, title, body, status)


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
