"""A list of tickets: a page of a view of the queue or of a search, and the buttons that turn it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from html import escape
from math import ceil
from typing import Annotated, Final, Self
from zoneinfo import ZoneInfo

from aiogram.filters.callback_data import MAX_CALLBACK_LENGTH, CallbackData

from channels.telegram.screens.buttons import Button, Keyboard, button, matching, rows_of, short
from channels.telegram.screens.screen import Renderer, Screen, url_of
from channels.telegram.screens.tags import signed
from core.addresses import MessageRef
from core.texts import Key
from core.tickets.board import Board
from core.tickets.found_lists import BEST
from core.tickets.list_lines import COUNTED, PAGE, Line, Page
from core.tickets.views import View
from core.words.names import clean_name

_NAME: Final = 24
_QUERY: Final = 40
# Where a board leads to.
_BOARD: Final = ("queue", "mine", "free", "overdue")


class ListPage(CallbackData, prefix="l"):
    """A page of a list: what follows the cursor (``+``), or what stands before it (``-``)."""

    view: Annotated[str, matching("[a-z0-9_]{1,16}")]
    way: Annotated[str, matching("[+-]")] = "+"
    cursor: Annotated[str, matching("[A-Za-z0-9_.,:;|+=-]{0,44}")] = ""

    @property
    def backward(self) -> bool:
        """The page before the cursor is wanted."""
        return self.way == "-"

    # A cursor may contain the separator, which `CallbackData` allows in no value.
    def pack(self) -> str:
        """The data of the button. Raises ValueError above 64 bytes."""
        packed = f"{self.__prefix__}:{self.view}:{self.way}:{self.cursor}"
        if len(packed) > MAX_CALLBACK_LENGTH:
            raise ValueError(packed)
        return packed

    @classmethod
    def unpack(cls, value: str) -> Self:
        """Read the data of a button. Raises ValueError for anything else."""
        _, view, way, cursor = value.split(cls.__separator__, 3)
        return cls(view=view, way=way, cursor=cursor)


class ExportList(CallbackData, prefix="xl"):
    """Send the whole list as a file; what was searched for says the command that it replies to."""

    view: Annotated[str, matching("[a-z0-9_]{1,16}")]


def draw(
    renderer: Renderer, page: Page, zone: ZoneInfo, *, words: str = "", as_file: bool = False
) -> Screen:
    """A page of the list. ``zone``: days are counted in it; ``words``: what was searched for;
    ``as_file``: whoever reads it may have it as one, and is offered that where a list has pages;
    what is seen at a glance needs no button more.
    """
    shared, lines = _lines(renderer, page, zone)
    if not lines and page.after is not None:
        lines = [renderer.html("list.further")]
    elif not lines:
        return Screen(renderer.html(f"list.empty.{_kind(page)}", **_named(page, words)))
    head = [_head(renderer, page, words)]
    head += [f"{renderer.html('list.shared')} {' · '.join(shared)}"] if shared else []
    keyboard = turns(page.view, page_place(page), page.before, page.after, _other(renderer, page))
    if as_file and keyboard is not None and (page.before is not None or page.after is not None):
        file = button(renderer.plain("button.list.file"), ExportList(view=page.view))
        keyboard = Keyboard(inline_keyboard=[*keyboard.inline_keyboard, [file]])
    return Screen("\n".join((*head, *lines)), keyboard)


def _other(renderer: Renderer, page: Page) -> Button | None:
    """The same list in its other order."""
    if page.other is None:
        return None
    label = renderer.plain("button.list.newest" if page.best else "button.list.best")
    return button(label, ListPage(view=page.view, cursor=page.other))


def _head(renderer: Renderer, page: Page, words: str) -> str:
    total = "" if page.total is None else _count(page.total)
    head = renderer.html(f"list.head.{_kind(page)}", count=total, **_named(page, words))
    if page.overdue and page.view not in {"overdue", "report"}:
        head += renderer.html("list.overdue", count=_count(page.overdue))
    return head


def _kind(page: Page) -> str:
    if page.best:
        return f"{page.view}_best"
    return page.view if page.title is None else "saved"


def _named(page: Page, words: str) -> dict[str, str]:
    return {"words": words[:_QUERY]} if page.title is None else {"title": page.title}


def draw_board(renderer: Renderer, board: Board, zone: ZoneInfo) -> Screen:
    """The queue in short: how many of which marker, the most urgent, and ways to the lists."""
    total = sum(board.counts.values())
    counts = [f"{marker} {_count(count)}" for marker, count in board.counts.items() if count]
    head = " · ".join((renderer.html("board.head", count=_count(total)), *counts))
    _, lines = _lines(renderer, replace(board.page, after="more"), zone)
    drawn = renderer.html("board.at" if lines else "board.empty", at=renderer.now)
    ways = [button(renderer.plain(f"button.board.{one}"), ListPage(view=one)) for one in _BOARD]
    return Screen("\n".join((head, *lines, drawn)), rows_of(ways))


def draw_views(renderer: Renderer, views: Sequence[View]) -> Screen:
    """A button for each saved list."""
    if not views:
        return Screen(renderer.html("list.no_views"))
    buttons = [
        button(short(view.title(renderer.locale)), ListPage(view=view.code)) for view in views
    ]
    return Screen(renderer.html("list.views"), rows_of(buttons))


def _count(total: int) -> str:
    return f"{COUNTED}+" if total > COUNTED else str(total)


def page_place(page: Page) -> str:
    """Which page it is, of how many as far as that is known."""
    if page.total is None or page.total > COUNTED:
        return str(page.place)
    return f"{page.place} / {max(page.place, ceil(page.total / PAGE))}"


def draw_lines(renderer: Renderer, lines: Sequence[Line], zone: ZoneInfo) -> list[str]:
    """Each of these tickets as a line that says all of it."""
    return _lines(renderer, Page("queue", tuple(lines), after="more"), zone)[1]


def _lines(renderer: Renderer, page: Page, zone: ZoneInfo) -> tuple[list[str], list[str]]:
    """What all lines of a whole list share, which is said once above them; and the lines."""
    assignees = [_assignee(renderer, page, line) for line in page.lines]
    ages = [_age(renderer, line, zone) for line in page.lines]
    whole = len(page.lines) > 1 and page.before is None and page.after is None
    dates = [" · ".join(lateness(renderer, line)) for line in page.lines]
    tags = [escape(signed(line.tags, line.listed)) for line in page.lines]
    columns = (assignees, ages, dates, tags)
    shared = [column for column in columns if whole and len(set(column)) == 1]
    told = [column for column in columns if column not in shared]
    lines = [
        (_about(renderer, line), *(column[at] for column in told))
        for at, line in enumerate(page.lines)
    ]
    heads = [_of_all(renderer, one[0], is_age=one is ages) for one in shared if one[0]]
    return heads, [" · ".join(filter(None, one)) for one in lines]


def _of_all(renderer: Renderer, fact: str, *, is_age: bool) -> str:
    """An age that stands alone says what it counts."""
    return renderer.html("list.in_work", age=fact) if is_age else fact


def _about(renderer: Renderer, line: Line) -> str:
    """Which ticket, whose, and what about."""
    name = clean_name(line.customer, _NAME)
    facts = {"marker": str(line.marker), "ticket": ticket_link(line.number, line.place)}
    return renderer.html("list.line", customer=name, subject=line.subject, **facts)


def ticket_link(number: int, place: MessageRef | None) -> Key:
    """The number of a ticket, leading to its card: by a link, where messages have one, otherwise as
    a command that is tapped.
    """
    url = url_of(place)
    if url is not None:
        return Key("list.linked", {"number": number, "url": url})
    return Key("list.number" if place is None else "list.command", {"number": number})


def _assignee(renderer: Renderer, page: Page, line: Line) -> str:
    if line.assignee is None or page.view == "mine":
        return ""
    return renderer.html("list.assignee", name=clean_name(line.assignee))


def _age(renderer: Renderer, line: Line, zone: ZoneInfo) -> str:
    """How long it has been in work; a ticket of today needs no age."""
    if line.closed_at is None and _days_between(line.opened_at, renderer.now, zone) == 0:
        return ""
    return age(renderer, line.opened_at, zone, line.closed_at)


def age(renderer: Renderer, since: datetime, zone: ZoneInfo, until: datetime | None = None) -> str:
    """How many days a ticket has been in work, counted in ``zone``: until its end, or now (C7)."""
    days = _days_between(since, until or renderer.now, zone)
    if until is not None:
        days = max(days, 1)
    return renderer.html("list.days", n=days) if days > 0 else renderer.html("list.today")


def _days_between(since: datetime, until: datetime, zone: ZoneInfo) -> int:
    """How many days later it was, by the calendar of ``zone``."""
    return until.astimezone(zone).toordinal() - since.astimezone(zone).toordinal()


def lateness(renderer: Renderer, line: Line) -> Iterator[str]:
    if line.closed_at is not None:
        yield renderer.html("list.closed", at=line.closed_at)
    elif line.frozen_until is not None:
        yield renderer.html("list.until", at=line.frozen_until)
    else:
        yield from _deadlines(renderer, line)


def _deadlines(renderer: Renderer, line: Line) -> Iterator[str]:
    """How late the answer is, or by when the nearest of what was promised has to be there."""
    answer, agreed = line.answer_due, line.agreed_due
    if answer is not None and answer <= renderer.now:
        yield renderer.html("list.late", late=renderer.now - answer)
    elif answer is not None and (agreed is None or answer <= agreed):
        yield renderer.html("list.due", at=answer)
    elif agreed is not None:
        yield renderer.html("list.agreement_due", at=agreed)
    if line.late_since is not None:
        yield renderer.html("list.agreement_late", late=renderer.now - line.late_since)


def turns(
    view: str, place: str, before: str | None, after: str | None, other: Button | None = None
) -> Keyboard | None:
    """``‹`` ``1 / 2`` ``›`` as far as they lead somewhere, none of them for a single page; below
    them the ``other`` order.

    ``before`` and ``after`` are the cursors of the ends of this page.
    """
    row: list[Button] = []
    if before is not None:
        row.append(button("‹", ListPage(view=view, way="-", cursor=before)))
    if after is not None:
        row.append(button("›", ListPage(view=view, cursor=after)))
    if row:
        first = BEST if (before or after or "").startswith(BEST) else ""
        row.insert(1 if before is not None else 0, button(place, ListPage(view=view, cursor=first)))
    rows = [one for one in (row, [] if other is None else [other]) if one]
    return Keyboard(inline_keyboard=rows) if rows else None


def show_all(renderer: Renderer, view: str) -> Keyboard:
    """From a digest to the list that it sums up."""
    return rows_of([button(renderer.plain("button.show_all"), ListPage(view=view))])
