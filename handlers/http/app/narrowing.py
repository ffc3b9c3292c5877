"""The table's filters: what is chosen stands in the address, and goes by one press."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from html import escape
from typing import Final
from urllib.parse import urlencode

from channels.telegram.screens.screen import Renderer
from core.teams.members import Colleague, colleagues_of
from core.teams.teams import TeamFacts, teams_of
from core.tickets.catalog import (
    PRIORITY,
    ClassFacts,
    TopicFacts,
    classes_of,
    topics_of,
    workflow_of,
)
from core.tickets.filters import MARKED, ME, NOBODY, Filters
from core.tickets.list_lines import COUNTED, Page
from core.tickets.looked_at import AtLeast
from core.tickets.tags import known_tags
from core.tickets.views import ORDERS, URGENCY, View
from core.tickets.workflow import State
from core.tx import ReadTx
from core.words.names import clean_name
from handlers.http.app.fields import options

NAMES: Final = ("marker", "state", "topic", "team", "assignee", "tag", "priority")
# What a filter says is as long as the longest of its codes.
_LONGEST: Final = 48


@dataclass(frozen=True, slots=True)
class ListQuery:
    """Which list was asked for: a view or words, narrowed down, in an order other than its own."""

    view: str = "queue"
    words: str = ""
    filters: Filters = field(default_factory=Filters)
    order: str = ""

    def path(self, **more: str) -> str:
        """The path of this list, or of a page of it."""
        given = {"view": self.view} | ({"find": self.words} if self.words else {})
        given |= self.filters.given() | ({"order": self.order} if self.order else {}) | more
        return f"/app?{urlencode(given)}"

    def when_empty(self, page: Page) -> str:
        """The key of what is said where nothing fits."""
        if page.partly:
            return "app.empty.partly"
        if page.before is not None or page.after is not None:
            return "app.empty.end"
        if self.words and not self.filters.given():
            return "app.empty.found"
        return "app.empty.narrowed" if self.filters.given() else "app.empty"

    def but(self, **filters: str) -> "ListQuery":
        """The same list with other filters."""
        return replace(self, filters=replace(self.filters, **filters))


def read_query(given: Mapping[str, str]) -> ListQuery:
    """Return what an address asks for; what is none of ours is left out."""
    # PostgreSQL knows no NUL
    given = {name: value.replace("\0", "") for name, value in given.items()}
    filters = Filters(**{name: given.get(name, "").strip()[:_LONGEST] for name in NAMES})
    if filters.marker not in MARKED:
        filters = filters.without("marker")
    filters = replace(filters, tag=filters.tag.removeprefix("#").casefold())
    order = given.get("order", "")
    words = given.get("find", "").strip()[:200]
    view = given.get("view", "") or "queue"
    return ListQuery(view, words, filters, order if order in ORDERS else "")


@dataclass(frozen=True, slots=True)
class Offered:
    """What the filters can be set to."""

    states: Sequence[State]
    topics: Sequence[TopicFacts]
    teams: Sequence[TeamFacts]
    people: Sequence[Colleague]
    priorities: Sequence[ClassFacts]
    tags: Sequence[str]

    def options(self, renderer: Renderer) -> dict[str, list[tuple[str, str]]]:
        """Return values and names for each filter, without those that have nothing to choose."""
        plain, locale = renderer.plain, renderer.locale
        people = [(str(one.id), clean_name(one.name)) for one in self.people]
        offered = {
            "marker": [(one, plain(f"app.marker.{one}")) for one in MARKED],
            "state": [(one.code, one.title(locale)) for one in self.states],
            "topic": [(one.code, one.title(locale)) for one in self.topics],
            "team": [(one.code, one.title(locale)) for one in self.teams],
            "assignee": [(ME, plain("app.me")), (NOBODY, plain("person.nobody")), *people],
            "priority": [(one.code, one.title(locale)) for one in self.priorities],
            "tag": [(one, one) for one in self.tags],
        }
        return {name: known for name, known in offered.items() if known}


async def find_offered(tx: ReadTx) -> Offered:
    """Return what the filters can be set to: of a list of open tickets, no final states."""
    states = (await workflow_of(tx)).states.values()
    return Offered(
        [one for one in states if one.active and not one.final],
        # tickets have topics that nobody is offered: that of faults, or of long ago
        list((await topics_of(tx)).values()),
        (await teams_of(tx)).offered,
        await colleagues_of(tx),
        (await classes_of(tx)).offered(PRIORITY),
        await known_tags(tx),
    )


def draw_counts(renderer: Renderer, asked: ListQuery, counts: Mapping[str, int], page: Page) -> str:
    """How many tickets have which marker, each a way to them; pressed again it leads back. What
    was found by words is not counted: there each marker says what it means.
    """
    whole = page.before is None and page.after is None and not page.partly
    links = ""
    for marker, (sign, count) in zip(MARKED, counts.items(), strict=True):
        chosen = asked.filters.marker == marker
        path = escape(asked.but(marker="" if chosen else marker).path())
        name = renderer.html(f"app.marker.{marker}")
        here = ' aria-current="true"' if chosen else ""
        there = len(page.lines) if chosen and whole else count
        label = f" {name}" if asked.words else f'{_count(there)}<span class="unseen"> {name}</span>'
        links += f'<a href="{path}" title="{name}"{here}>{sign}{label}</a>'
    return f'<nav class="counts" aria-label="{renderer.html("app.markers")}">{links}</nav>'


def _count(count: int) -> str:
    """As far as it is known: that there may be some says nothing."""
    known = min(count, COUNTED)
    if isinstance(count, AtLeast) and not known:
        return ""
    return f" {known}+" if count > COUNTED or isinstance(count, AtLeast) else f" {known}"


def draw_filters(
    renderer: Renderer, asked: ListQuery, offered: Offered, views: Sequence[View] = ()
) -> str:
    """What the list is narrowed down by, and a form that narrows it further. ``views``: the saved
    lists.
    """
    known = offered.options(renderer)
    fields = "".join(_field(renderer, asked, name, known.get(name, ())) for name in NAMES)
    orders = [("", renderer.plain("app.order.own"))]
    own = next((one.order for one in views if one.code == asked.view), URGENCY)
    others = [one for one in ORDERS if one != own or one == asked.order]
    orders += [(one, renderer.plain(f"app.order.{one}")) for one in others]
    kept = f'<input type="hidden" name="view" value="{escape(asked.view)}">'
    if asked.words:
        kept += f'<input type="hidden" name="find" value="{escape(asked.words)}">'
    else:
        label = renderer.html("app.order")
        fields += (
            f'<label>{label}<select name="order">{options(orders, asked.order)}</select></label>'
        )
    return (
        f"{_chosen(renderer, asked, known)}"
        f'<details class="narrow"><summary>{renderer.html("app.filters")}</summary>'
        f'<form class="filter" action="/app">{kept}{fields}'
        f"<button>{renderer.html('board.show')}</button></form></details>"
    )


def _field(
    renderer: Renderer, asked: ListQuery, name: str, known: Sequence[tuple[str, str]]
) -> str:
    held, label = asked.filters.given().get(name, ""), renderer.html(f"app.filter.{name}")
    if name == "tag":
        inside = options(known)
        return (
            f'<label>{label}<input name="tag" value="{escape(held)}" maxlength="33" list="known">'
            f'<datalist id="known">{inside}</datalist></label>'
        )
    if not known:
        return ""
    if held and held not in dict(known):  # a link of long ago: what it says is shown
        known = [*known, (held, held)]
    inside = options([("", "—"), *known], held)
    return f'<label>{label}<select name="{name}">{inside}</select></label>'


def _chosen(
    renderer: Renderer, asked: ListQuery, known: Mapping[str, Sequence[tuple[str, str]]]
) -> str:
    """What counts now; a press takes it away."""
    chips = list(_chips(renderer, asked, known))
    if not chips:
        return ""
    plain = escape(ListQuery(asked.view, asked.words).path())
    every = f'<a href="{plain}">{renderer.html("app.filters.none")}</a>' if len(chips) > 1 else ""
    label = renderer.html("app.filters.now")
    return f'<nav class="chips" aria-label="{label}">{"".join(chips)}{every}</nav>'


def _chips(
    renderer: Renderer, asked: ListQuery, known: Mapping[str, Sequence[tuple[str, str]]]
) -> Iterator[str]:
    for name, value in asked.filters.given().items():
        title = dict(known.get(name, ())).get(value, value)
        yield _chip(renderer, f"app.filter.{name}", title, asked.but(**{name: ""}).path())
    if asked.order:
        title = renderer.plain(f"app.order.{asked.order}")
        yield _chip(renderer, "app.order", title, replace(asked, order="").path())


def _chip(renderer: Renderer, key: str, title: str, path: str) -> str:
    away = renderer.html("app.filters.less")
    return (
        f'<a class="chip" href="{escape(path)}">{renderer.html(key)}: {escape(title)} '
        f'<span aria-hidden="true">✕</span><span class="unseen">{away}</span></a>'
    )
