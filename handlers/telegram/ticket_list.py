"""Lists of tickets as messages: one is drawn, and turned over by its buttons."""

from collections.abc import Iterator
from datetime import datetime
from math import ceil
from typing import Final

from aiogram.types import InlineKeyboardMarkup

from channels.telegram.screens import keyboards
from core.texts import Key
from core.tickets.lists import COUNTED, PAGE, Line, Page
from core.words.names import clean_name
from handlers.telegram.responder import Responder

_TITLE: Final = 60
_QUERY: Final = 40


def draw(
    responder: Responder, page: Page, *, words: str = ""
) -> tuple[str, InlineKeyboardMarkup | None]:
    """The page as HTML, and its buttons. ``words`` are what was looked for."""
    head = _head(responder, page, words)
    lines = [" · ".join(_parts(responder, line)) for line in page.lines]
    if not lines and page.after is not None:
        lines = [responder.html("list.further")]
    elif not lines:
        return responder.html(f"list.empty.{page.view}", {"words": words[:_QUERY]}), None
    keyboard = keyboards.pages(page.view, _place(page), page.before, page.after)
    return "\n".join((head, *lines)), keyboard


def _head(responder: Responder, page: Page, words: str) -> str:
    total = "" if page.total is None else _count(page.total)
    head = responder.html(f"list.head.{page.view}", {"count": total, "words": words[:_QUERY]})
    if page.overdue and page.view not in {"overdue", "report"}:
        head += responder.html("list.overdue", {"count": _count(page.overdue)})
    return head


def _count(ticket_id: int) -> str:
    return f"{COUNTED}+" if ticket_id > COUNTED else str(ticket_id)


def _place(page: Page) -> str:
    if page.total is None or page.total > COUNTED:
        return str(page.place)
    return f"{page.place} / {max(page.place, ceil(page.total / PAGE))}"


def _parts(responder: Responder, line: Line) -> Iterator[str]:
    """The number and what it is about, whose it is, its age, and how late it is."""
    title = clean_name(line.title, _TITLE)
    yield responder.html(
        "list.line", {"marker": str(line.marker), "number": line.number, "title": title}
    )
    name = clean_name(line.assignee) if line.assignee else Key("person.nobody")
    yield responder.html("list.assignee", {"name": name})
    yield age(responder, line.opened_at)
    yield from _lateness(responder, line)


def age(responder: Responder, since: datetime) -> str:
    """How many days ago that was."""
    zone, now = responder.desk.company.zone, responder.desk.clock()
    days = now.astimezone(zone).toordinal() - since.astimezone(zone).toordinal()
    return responder.html("list.days", {"n": days}) if days > 0 else responder.html("list.today")


def _lateness(responder: Responder, line: Line) -> Iterator[str]:
    if line.closed_at is not None:
        yield responder.html("list.closed", {"at": line.closed_at})
    elif line.frozen_until is not None:
        yield responder.html("list.until", {"at": line.frozen_until})
    elif line.answer_due is not None:
        late = responder.desk.clock() - line.answer_due
        if late.total_seconds() >= 0:
            yield responder.html("list.late", {"late": late})
        else:
            yield responder.html("list.until", {"at": line.answer_due})
    if line.closed_at is None and line.late_since is not None:
        yield responder.html(
            "list.agreement_late", {"late": responder.desk.clock() - line.late_since}
        )
