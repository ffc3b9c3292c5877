"""A list of tickets: a page of a view of the queue or of a search, and the buttons that turn it."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from math import ceil
from typing import Annotated, Final, Self
from zoneinfo import ZoneInfo

from aiogram.filters.callback_data import MAX_CALLBACK_LENGTH, CallbackData

from channels.telegram.screens.buttons import Button, Keyboard, button, matching, rows_of, short
from channels.telegram.screens.screen import Renderer, Screen
from core.texts import Key
from core.tickets.lists import COUNTED, PAGE, Line, Page
from core.tickets.views import View
from core.words.names import clean_name

_TITLE: Final = 60
_QUERY: Final = 40


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


def draw(renderer: Renderer, page: Page, zone: ZoneInfo, *, words: str = "") -> Screen:
    """A page of the list. ``zone``: days are counted in it; ``words``: what was searched for."""
    head = _head(renderer, page, words)
    lines = [" · ".join(_parts(renderer, line, zone)) for line in page.lines]
    if not lines and page.after is not None:
        lines = [renderer.html("list.further")]
    elif not lines:
        return Screen(renderer.html(f"list.empty.{_kind(page)}", **_named(page, words)))
    keyboard = turns(page.view, _place(page), page.before, page.after)
    return Screen("\n".join((head, *lines)), keyboard)


def _head(renderer: Renderer, page: Page, words: str) -> str:
    total = "" if page.total is None else _count(page.total)
    head = renderer.html(f"list.head.{_kind(page)}", count=total, **_named(page, words))
    if page.overdue and page.view not in {"overdue", "report"}:
        head += renderer.html("list.overdue", count=_count(page.overdue))
    return head


def _kind(page: Page) -> str:
    return page.view if page.title is None else "saved"


def _named(page: Page, words: str) -> dict[str, str]:
    return {"words": words[:_QUERY]} if page.title is None else {"title": page.title}


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


def _place(page: Page) -> str:
    if page.total is None or page.total > COUNTED:
        return str(page.place)
    return f"{page.place} / {max(page.place, ceil(page.total / PAGE))}"


def _parts(renderer: Renderer, line: Line, zone: ZoneInfo) -> Iterator[str]:
    """Number and title, assignee, age, lateness."""
    title = clean_name(line.title, _TITLE)
    yield renderer.html("list.line", marker=str(line.marker), number=line.number, title=title)
    name = clean_name(line.assignee) if line.assignee else Key("person.nobody")
    yield renderer.html("list.assignee", name=name)
    yield age(renderer, line.opened_at, zone, line.closed_at)
    yield from _lateness(renderer, line)


def age(renderer: Renderer, since: datetime, zone: ZoneInfo, until: datetime | None = None) -> str:
    """How many days a ticket has been in work, counted in ``zone``: until its end, or now (C7)."""
    last = until or renderer.now
    days = last.astimezone(zone).toordinal() - since.astimezone(zone).toordinal()
    if until is not None:
        days = max(days, 1)
    return renderer.html("list.days", n=days) if days > 0 else renderer.html("list.today")


def _lateness(renderer: Renderer, line: Line) -> Iterator[str]:
    if line.closed_at is not None:
        yield renderer.html("list.closed", at=line.closed_at)
    elif line.frozen_until is not None:
        yield renderer.html("list.until", at=line.frozen_until)
    elif line.answer_due is not None:
        late = renderer.now - line.answer_due
        if late.total_seconds() >= 0:
            yield renderer.html("list.late", late=late)
        else:
            yield renderer.html("list.until", at=line.answer_due)
    if line.closed_at is None and line.late_since is not None:
        yield renderer.html("list.agreement_late", late=renderer.now - line.late_since)


def turns(view: str, place: str, before: str | None, after: str | None) -> Keyboard | None:
    """``‹`` ``1 / 2`` ``›`` as far as they lead somewhere; ``None`` for a single page.

    ``before`` and ``after`` are the cursors of the ends of this page.
    """
    row: list[Button] = []
    if before is not None:
        row.append(button("‹", ListPage(view=view, way="-", cursor=before)))
    if after is not None:
        row.append(button("›", ListPage(view=view, cursor=after)))
    if not row:
        return None
    row.insert(1 if before is not None else 0, button(place, ListPage(view=view)))
    return Keyboard(inline_keyboard=[row])


def show_all(renderer: Renderer, view: str) -> Keyboard:
    """From a digest to the list that it sums up."""
    return rows_of([button(renderer.plain("button.show_all"), ListPage(view=view))])
