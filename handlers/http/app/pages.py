"""How the table of tickets and one ticket look."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from html import escape
from operator import itemgetter
from typing import Final
from zoneinfo import ZoneInfo

from channels.telegram.screens import card as card_screen
from channels.telegram.screens.attached_files import file_lines
from channels.telegram.screens.journal import Names, draw_entry, draw_explanation
from channels.telegram.screens.screen import Renderer
from channels.telegram.screens.tags import tags_line
from channels.telegram.screens.technical_data import draw_technical_data
from channels.telegram.screens.ticket_list import age, lateness
from core.files import has_file, title_of
from core.responses.sending import Prepared
from core.responses.staff_page import TicketPage
from core.tickets.card import Words
from core.tickets.list_lines import Line, Page
from core.tickets.lists import VIEWS
from core.tickets.views import View
from core.tickets.workflow import sign_of
from core.words.names import clean_name, visible
from handlers.http.app.article_editor import PART, draw_writing
from handlers.http.app.assistance import OWN_WORDS, draw_assistance
from handlers.http.app.fields import Viewer, hidden, options, signed
from handlers.http.app.forms import Forms
from handlers.http.app.knowledge import draw_articles, goes_out, kept_of
from handlers.http.app.narrowing import ListQuery, Offered, draw_counts, draw_filters
from handlers.http.app.selectable import Choices
from handlers.http.app.shell import SELDOM, STREAM, live_section
from handlers.http.app.telegram_login import PATH as LOGIN

LONGEST: Final = 4000


# What changes with a ticket's conversation, but stands elsewhere: the script leaves alone where
# somebody is writing.
_BESIDE: Final = (PART, "assistant", "answering", "verbs", "data", "clocks", "journal")


@dataclass(frozen=True, slots=True)
class Table:
    """A page of a list, and what stands around it. ``counts``: of tickets by marker."""

    page: Page
    counts: Mapping[str, int]
    views: Sequence[View]
    offered: Offered


def draw_table(renderer: Renderer, asked: ListQuery, table: Table, here: str) -> str:
    """The table, ways to the other lists, what narrows it down, how many have which marker."""
    page = table.page
    lines = draw_lines(renderer, page.lines, asked.when_empty(page))
    if page.partly and page.lines:
        lines += f'<p class="empty">{renderer.html("app.partly")}</p>'
    turns = draw_turns(renderer, asked.path, table.page)
    # what is found by words is looked for anew each time, and counts as effort
    stream = SELDOM if asked.words else STREAM
    return (
        f"{draw_ways(renderer, asked, table.views)}"
        f"{draw_filters(renderer, asked, table.offered, table.views)}"
        f"{live_section('table', here, stream=stream)}"
        f"{draw_counts(renderer, asked, table.counts, page)}{lines}{turns}</section>"
    )


def draw_lines(renderer: Renderer, lines: Sequence[Line], empty: str = "app.empty") -> str:
    """Tickets as a table; where there are none, that there are none."""
    if not lines:
        return f'<p class="empty">{renderer.html(empty)}</p>'
    rows = "".join(_row(renderer, line, renderer.zone) for line in lines)
    heads = "".join(
        f"<th>{renderer.html(f'app.column.{name}')}</th>"
        for name in ("ticket", "subject", "customer", "assignee", "when", "age")
    )
    return f'<table class="tickets"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>'


def draw_ways(renderer: Renderer, asked: ListQuery, views: Sequence[View]) -> str:
    """Ways to the lists, and the field that finds tickets by words."""
    named = [(view, renderer.html(f"app.view.{view}")) for view in VIEWS]
    named += [(view.code, escape(view.title(renderer.locale))) for view in views]
    here = ' aria-current="page"'
    ways = [(replace(asked, view=view, words=""), title) for view, title in named]
    links = "".join(
        f'<a href="{escape(way.path())}"{here if way == asked else ""}>{title}</a>'
        for way, title in ways
    )
    kept = hidden(**asked.filters.given())
    return (
        f'<nav class="lists">{links}</nav>'
        f'<form class="find" action="/app" role="search">{kept}'
        f'<input type="search" name="find" value="{escape(asked.words)}" maxlength="200"'
        f' placeholder="{renderer.html("app.find")}" aria-label="{renderer.html("app.find")}">'
        f"<button>{renderer.html('app.find.go')}</button></form>"
    )


def _row(renderer: Renderer, line: Line, zone: ZoneInfo) -> str:
    path = f"/app/t/{line.number}"
    assignee = escape(clean_name(line.assignee)) if line.assignee else "—"
    when = " · ".join(lateness(renderer, line))
    of_whom = "assignee" if line.assignee else "assignee nobody"
    cells = (
        (
            "ticket",
            f'<a id="t{line.number}" href="{path}">{escape(line.marker)} #{line.number}</a>',
        ),
        ("subject", _subject(renderer, line, path)),
        ("customer", escape(clean_name(line.customer))),
        (of_whom, assignee),
        ("when", when),
        ("age", age(renderer, line.opened_at, zone, line.closed_at)),
    )
    return "<tr>" + "".join(f'<td class="{name}">{cell}</td>' for name, cell in cells) + "</tr>"


def _subject(renderer: Renderer, line: Line, path: str) -> str:
    """What it is about, and its tags below."""
    tags = escape(tags_line(renderer, line.tags, line.listed))
    below = f'<div class="tags">{tags}</div>' if tags else ""
    return f'<a href="{path}">{_words(renderer, line.subject)}</a>{below}'


def _words(renderer: Renderer, words: str) -> str:
    return escape(_whole_words(words.strip())) or renderer.html("app.no_words")


# What no cut words end with.
_BETWEEN: Final = " .,:;—–-"


def _whole_words(words: str) -> str:
    """Words that were cut, without the piece of a word at their end; one long word stays."""
    begun, _, piece = words.rpartition(" ")
    return (
        f"{begun.rstrip(_BETWEEN)}…"
        if piece.endswith("…") and len(begun) > len(words) // 2
        else words
    )


def draw_turns(renderer: Renderer, path: Callable[..., str], page: Page) -> str:
    """Ways to the pages before and after. ``path``: of a page, by ``before=`` or ``after=``."""
    ways = (("before", page.before), ("after", page.after))
    links = "".join(
        f'<a href="{escape(path(**{name: cursor}))}">{renderer.html(f"app.{name}")}</a>'
        for name, cursor in ways
        if cursor is not None
    )
    if page.other is not None:
        label = renderer.html("button.list.newest" if page.best else "button.list.best")
        links += f'<a href="{escape(path(after=page.other))}">{label}</a>'
    return f'<nav class="turns">{links}</nav>' if links else ""


def draw_ticket(
    renderer: Renderer,
    page: TicketPage,
    choices: Choices,
    names: Names,
    viewer: Viewer,
    here: str,
) -> str:
    """One ticket: what its card says, the buttons, the conversation, deadlines, the journal."""
    card = page.card
    fault = f'<p class="bad" role="alert">{viewer.fault}</p>' if viewer.fault else ""
    clocks = "".join(_clock(renderer, page, at) for at in range(len(page.clocks)))
    entries = "".join(f"<li>{draw_entry(renderer, names, *one)}</li>" for one in page.entries)
    # what was typed is there to be copied, though it is too late for it
    is_over = card.state.final and not viewer.typed
    viewer = replace(viewer, is_over=is_over)
    stream = f"{STREAM}?ticket={card.number}"
    answer = "" if is_over else _answer(renderer, page, viewer)
    return (
        f'<p><a href="{escape(viewer.back)}">‹ {renderer.html("app.back")}</a></p>{fault}'
        f"{live_section('live', here, stream=stream, more=_BESIDE)}"
        f'<div class="card">{_card(renderer, page)}</div>{_talk(renderer, page)}</section>'
        f"{draw_writing(renderer, card, choices.writing, viewer)}"
        f"{draw_assistance(renderer, card.number, viewer)}"
        f"{draw_articles(renderer, card.number, viewer)}"
        f'<div id="answering">{answer}</div>{Forms(renderer, page, choices, viewer).draw()}'
        f"{_folded(renderer, 'button.verb.data', _data(renderer, page), 'data')}"
        f"{_folded(renderer, 'app.deadlines', clocks, 'clocks')}"
        f"{_folded(renderer, 'app.journal', f'<ul>{entries}</ul>', 'journal')}"
        f"{_folded(renderer, 'app.transcript', _transcript(renderer, card.number, viewer))}"
    )


def _card(renderer: Renderer, page: TicketPage) -> str:
    """What the card says; how the ticket began stands once, where the conversation begins so."""
    card = page.card
    if any(one.text.strip() == card.opening.strip() for one in page.words.words[:1]):
        card = replace(card, opening="")
    told = card_screen.draw(card, renderer).html
    return told.replace("👷 ", "👷\N{NO-BREAK SPACE}").replace("\n", "<br>")


def page_title(page: TicketPage) -> str:
    """What a browser calls the page."""
    card = page.card
    return f"{escape(sign_of(card.state, card.marker))} #{card.number} {escape(card.title[:60])}"


def _clock(renderer: Renderer, page: TicketPage, at: int) -> str:
    clock = page.clocks[at]
    there = replace(renderer, zone=clock.zone)
    return f"<p>{'<br>'.join(draw_explanation(there, page.card.number, clock))}</p>"


def _data(renderer: Renderer, page: TicketPage) -> str:
    lines = draw_technical_data(renderer, page.data, _faults)
    return "<br>".join(lines).replace("\n", "<br>")


def _faults(renderer: Renderer, faults: Sequence[Line]) -> list[str]:
    return [
        f'<a href="/app/t/{one.number}">{escape(one.marker)} #{one.number}</a>'
        f" {escape(clean_name(one.customer))} · {_words(renderer, one.subject)}"
        for one in faults
    ]


def _folded(renderer: Renderer, key: str, body: str, name: str = "") -> str:
    inside = f'<div id="{name}">{body}</div>' if name else body
    return f"<details><summary>{renderer.html(key)}</summary>{inside}</details>" if body else ""


def _talk(renderer: Renderer, page: TicketPage) -> str:
    said = [(one.created_at, _said(renderer, page.card.number, one)) for one in page.words.words]
    since = said[0][0] if said and page.words.page else None
    said += [
        (at, _note(renderer, at, name, text))
        for at, name, text in page.notes
        if since is None or at >= since
    ]
    earlier = ""
    if page.words.page > 0:
        path = f"/app/t/{page.card.number}?page={page.words.page - 1}"
        earlier = f'<p><a href="{path}">{renderer.html("app.earlier")}</a></p>'
    ordered = "".join(each for _, each in sorted(said, key=itemgetter(0)))
    return f'{earlier}<ol class="talk">{ordered}</ol>'


def _said(renderer: Renderer, number: int, one: Words) -> str:
    side = "theirs" if one.from_customer else "ours"
    kind = str(one.content.get("kind", "text"))
    file = "" if kind == "text" else f'<p class="file">{renderer.html(f"kind.{kind}")}</p>'
    words = escape(one.text)
    if has_file(one.content):
        title = escape(visible(title_of(one.content, one.text)))
        way = f"/app/t/{number}/file/{one.id}"
        file = f'<p class="file"><a href="{way}" hx-boost="false" download>{title}</a></p>'
        words = escape(str(one.content.get("text") or ""))
    gone = f" <em>{renderer.html('app.withdrawn')}</em>" if one.withdrawn else ""
    return _entry(renderer, side, one.created_at, one.author, f"{file}<p>{words}</p>", gone)


def _note(renderer: Renderer, at: datetime, name: str, text: str) -> str:
    mark = f" <em>{renderer.html('app.note')}</em>"
    return _entry(renderer, "note", at, name, f"<p>{escape(text)}</p>", mark)


def _entry(
    renderer: Renderer, side: str, at: datetime, name: str, words: str, mark: str = ""
) -> str:
    who = renderer.html("app.who", name=clean_name(name), at=at)
    return f'<li class="{side}"><span class="who">{who}{mark}</span>{words}</li>'


def file_field(renderer: Renderer) -> str:
    """Where files of an answer are chosen."""
    return (
        f'<label for="files">{renderer.html("app.files")}</label>'
        '<input id="files" name="files" type="file" multiple>'
    )


def _answer(renderer: Renderer, page: TicketPage, viewer: Viewer) -> str:
    """The answer box; a canned response that was chosen stands in it, and may be changed."""
    number, prepared, takes_files = page.card.number, viewer.prepared, viewer.takes_files
    words = viewer.typed if prepared is None else prepared.text
    shown = "" if prepared is None else hidden(response=prepared.code, digest=prepared.digest)
    files = [] if prepared is None else file_lines(renderer, prepared.files)
    if (article := viewer.article) is not None and goes_out(article):
        words, shown = article.text, kept_of(article)
        files = file_lines(renderer, article.files)
    beside = "".join(f'<p class="file">{line}</p>' for line in files)
    needed = "" if files or takes_files else " required"  # files may stand for words
    encoding = ' enctype="multipart/form-data"' if takes_files else ""
    chosen = file_field(renderer) if takes_files else ""
    return (
        f"{_responses(renderer, page, prepared)}"
        f'<form class="answer" method="post" action="/app/t/{number}"{encoding}>'
        f"{signed(viewer)}{shown}"
        f'<label for="text">{renderer.html("app.answer")}</label>'
        f'<textarea id="text" name="text" maxlength="{LONGEST}"{needed}>{escape(words)}</textarea>'
        f"{beside}{chosen}"
        f'<div class="row"><button name="verb" value="answer">{renderer.html("app.send")}</button>'
        f'<button name="verb" value="note" class="soft">{renderer.html("app.send_note")}</button>'
        f"{_translate(renderer, viewer)}</div></form>"
    )


def _translate(renderer: Renderer, viewer: Viewer) -> str:
    """The words of the box, into the customer's language."""
    if not viewer.assisted:
        return ""
    label = renderer.html("app.translate_answer")
    return f'<button name="verb" value="{OWN_WORDS}" class="soft">{label}</button>'


def _responses(renderer: Renderer, page: TicketPage, prepared: Prepared | None) -> str:
    if not page.responses:
        return ""
    chosen = "" if prepared is None else prepared.code
    offered = options(((one.code, one.title) for one in page.responses), chosen)
    return (
        f'<form class="row" action="/app/t/{page.card.number}">'
        f'<label for="response">{renderer.html("app.response")}</label>'
        f'<select id="response" name="response"><option value="">—</option>{offered}</select>'
        f'<button class="soft">{renderer.html("app.response.show")}</button></form>'
    )


def _transcript(renderer: Renderer, number: int, viewer: Viewer) -> str:
    """A file comes, no page: it is not for htmx."""
    buttons = "".join(
        f'<button name="kind" value="{kind}" class="soft">'
        f"{renderer.html(f'app.transcript.{kind}')}</button>"
        for kind in ("internal", "public")
    )
    return (
        f'<form method="post" action="/app/t/{number}/transcript" hx-boost="false" class="row">'
        f"{hidden(token=viewer.token)}{buttons}</form>"
    )


def draw_head(renderer: Renderer, token: str, *, for_admin: bool) -> str:
    """What stands above every page; and what is said when it is not followed any more."""
    say = renderer.html
    stats = f'<a href="/app/stats">{say("board.title")}</a>' if for_admin else ""
    return (
        f'<header><nav><a href="/app">{say("app.title")}</a>{stats}</nav>'
        f'<form class="leave" method="post" action="/app/logout">{hidden(token=token)}'
        f'<button class="soft">{say("app.leave")}</button></form></header>'
        f'<p id="ended" class="bad" role="alert" hidden>{say("app.ended")}</p>'
    )


def draw_login(renderer: Renderer, fault: str | None = None, *, by_telegram: bool = False) -> str:
    """The page of somebody who is not known: Telegram's own data let them in, its login in a
    browser, or a link.
    """
    told = renderer.html(fault or "app.login.wait")
    # the script takes away that it waits, never why somebody was refused
    name = "" if fault else ' id="told"'
    ways = f"<p>{renderer.html('app.login.link')}</p>"
    if by_telegram:
        label = renderer.html("app.login.telegram")
        ways = f'<p><a class="way" href="{LOGIN}">{label}</a></p>' + ways
    return (
        f'<h1>{renderer.html("app.title")}</h1><p{name} role="status">{told}</p>'
        f'<noscript>{ways}</noscript><div id="else" hidden>{ways}</div>'
        '<form id="login" method="post" action="/app/login" hidden>'
        '<input type="hidden" name="init_data"><input type="hidden" name="start"></form>'
    )


def draw_entrance(renderer: Renderer) -> str:
    """What a one-time link shows: pressing comes in, so that whoever only previews it does not."""
    return (
        f"<h1>{renderer.html('app.title')}</h1><p>{renderer.html('app.enter.told')}</p>"
        f'<form method="post"><button>{renderer.html("app.enter")}</button></form>'
    )
