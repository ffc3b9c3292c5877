"""Alerts and reminders of several tickets, and how those look whose deadlines are over (X5)."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from channels.telegram.screens import ticket_list
from channels.telegram.screens.buttons import Button, Keyboard, rows_of
from channels.telegram.screens.screen import Renderer, Screen, url_of
from core.addresses import MessageRef
from core.delivery.alerts import AlertEntry, StandingAlert
from core.delivery.digest_lines import LATE, LINES, MORE
from core.texts import Key
from core.words.names import clean_name, gender_of

# What a digest begins with, by the kinds of its lines; «mixed» for lines of several.
_HEADS: Final[Mapping[str, frozenset[str]]] = {
    "late": frozenset(LATE),
    "near": frozenset(f"{kind}_near" for kind in LATE),
    "woke": frozenset({"woke"}),
}


def draw(renderer: Renderer, alert: StandingAlert) -> Screen:
    """The alert as it should look now: one line for a ticket, or a digest of several."""
    entries = alert.entries
    if len(entries) == 1 and not alert.more:
        return _alone(renderer, entries[0])
    lines = [_line(renderer, one) for one in entries]
    still = any(one.ended_at is None for one in entries) or alert.more > 0
    keyboard = ticket_list.show_all(renderer, "queue") if still else None
    return Screen(_digest(renderer, [one.kind for one in entries], lines, alert.more), keyboard)


def draw_digest(renderer: Renderer, facts: Mapping[str, Any]) -> str:
    """The digest as it is sent."""
    lines = [
        ticket_line(renderer, number, customer, subject, card)
        for number, _, _, customer, subject, card in facts[LINES]
    ]
    return _digest(renderer, [line[1] for line in facts[LINES]], lines, facts[MORE])


def _digest(renderer: Renderer, kinds: Sequence[str], lines: Sequence[str], more: int) -> str:
    heads = (name for name, those in _HEADS.items() if those.issuperset(kinds))
    head = renderer.html(f"alert.head.{next(heads, 'mixed')}", n=len(kinds) + more)
    rest = [renderer.html("alert.more", n=more)] if more else []
    return "\n".join([head, *lines, *rest])


def _alone(renderer: Renderer, entry: AlertEntry) -> Screen:
    late = "" if entry.late is None else Key("alert.done_late", {"late": entry.late})
    text = renderer.html("alert.done", number=entry.ticket_id, done=_done(entry), late=late)
    url = frozen_url(entry.about.card)
    return Screen(text, None if url is None else open_card(renderer, url))


def _line(renderer: Renderer, entry: AlertEntry) -> str:
    about = entry.about
    line = ticket_line(renderer, entry.ticket_id, about.customer, about.subject, about.card)
    done = entry.ended_at is not None
    return line + (renderer.html("alert.line_done", done=_done(entry)) if done else "")


def _done(entry: AlertEntry) -> Key:
    """What has ended it, and who."""
    if entry.name is None:
        return Key(f"alert.done.{entry.outcome}")
    form = gender_of(entry.name) if entry.outcome == "answered" else ""
    return Key(f"alert.done.{entry.outcome}_by{form}", {"name": clean_name(entry.name)})


def ticket_line(
    renderer: Renderer, number: int, customer: str, subject: str, card: str | None
) -> str:
    """A ticket by its number, which leads to its card, its customer and what it is about."""
    place = None if card is None else MessageRef.parse(card)
    link = ticket_list.ticket_link(number, place)
    facts = {"ticket": link, "customer": clean_name(customer), "subject": subject}
    return renderer.html("alert.line", **facts)


def open_card(renderer: Renderer, url: str) -> Keyboard:
    """The link from an alert to the card."""
    return rows_of([Button(text=renderer.plain("button.open"), url=url)])


def frozen_url(place: str | None) -> str | None:
    """The link to a message whose reference stands among frozen facts."""
    return None if place is None else url_of(MessageRef.parse(place))
