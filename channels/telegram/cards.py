"""The operators' card: what a ticket looks like in the group."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

from channels.telegram import behind, keyboards, relations
from channels.telegram.screens import Screen, clipped
from channels.telegram.voice import Voice
from core.texts import Key
from core.tickets.card import Card
from core.tickets.faulty import FaultyArea, FaultyCamera
from core.tickets.marker import Marker
from core.tickets.opening import TITLE_LENGTH
from core.tickets.said import CARD_SHOWS
from core.words.names import clean_name

# Words that take more than this are folded by the reader's client.
_SHORT: Final = 240
_FEW_LINES: Final = 4
_LONGEST_REASON: Final = 300

NOBODY: Final = Key("person.nobody")


def draw(card: Card, voice: Voice) -> Screen:
    """The card as it should look now."""
    return Screen(
        "\n".join(_lines(card, voice)),
        keyboards.card(
            voice,
            card.number,
            card.verbs,
            taken=card.assignee is not None,
            frozen=card.state.category == "frozen",
            ended=card.state.final,
        ),
    )


def header(voice: Voice, number: int, name: str, *, edited: bool = False) -> str:
    """The line above words whose author and ticket nothing else shows."""
    key = "header.operators_edited" if edited else "header.operators"
    return voice.plain(key, number=number, name=clean_name(name))


def _lines(card: Card, voice: Voice) -> Iterator[str]:
    about = clean_name(card.topic, TITLE_LENGTH) if card.topic else Key("card.no_topic")
    yield voice.html("card.head", marker=str(card.marker), number=card.number, about=about)
    if title := _title(card):
        yield voice.html("card.title", title=title)
    if not isinstance(card.faulty, FaultyArea):  # nobody stands behind an area
        lost = "card.customer_lost" if card.customer_lost else "card.customer"
        yield voice.html(lost, name=clean_name(card.customer))
    yield from relations.reached(card, voice)
    if card.faulty is not None:
        yield _faulty(card.faulty, voice)
    yield from behind.team(card, voice)
    if titles := card.promised.titles(voice.locale):
        yield voice.html("card.kind", kind=" · ".join(titles))
    if work := " · ".join(_work(card, voice)):
        yield work
    if clocks := " · ".join(_clocks(card, voice)):
        yield f"{voice.html('card.clocks')} {clocks}"
    yield from behind.tasks(card, voice)
    yield from relations.related(card, voice)
    yield from _state(card, voice)
    if card.follows is not None:
        yield voice.html("card.follows", follows=card.follows)
    if words := clipped(card.opening, CARD_SHOWS):
        long = len(words) > _SHORT or words.count("\n") >= _FEW_LINES
        yield voice.html("card.opening_long" if long else "card.opening", words=words)


def _title(card: Card) -> str | None:
    """The title, where it says what nothing else on the card does."""
    title = clean_name(card.title, TITLE_LENGTH)
    others = {clean_name(words, TITLE_LENGTH) for words in (card.topic or "", card.opening)}
    return None if title in others else title


def _faulty(faulty: FaultyCamera | FaultyArea, voice: Voice) -> str:
    """Which camera, or which area and how many reports."""
    if isinstance(faulty, FaultyCamera):
        key = "card.camera_area" if faulty.area else "card.camera"
        place, area = clean_name(faulty.place), clean_name(faulty.area)
        return voice.html(key, number=faulty.number, place=place, area=area)
    key = "card.outage_until" if faulty.until else "card.outage"
    return voice.html(key, area=clean_name(faulty.area), n=faulty.parts, until=faulty.until)


def _work(card: Card, voice: Voice) -> Iterator[str]:
    """Until when, and whose."""
    if card.answer_due is not None and card.waiting_since is not None and not card.state.final:
        late = card.marker is Marker.OVERDUE
        yield voice.html("card.was_due" if late else "card.due", due=card.answer_due)
    if card.assignee is not None:
        yield voice.html("card.assignee", name=clean_name(card.assignee))
    elif card.earlier_assignee is not None and not card.state.final:
        earlier = clean_name(card.earlier_assignee)
        yield voice.html("card.earlier", nobody=NOBODY, name=earlier)
    elif not card.state.final:
        yield voice.html("card.unassigned", nobody=NOBODY)


def _clocks(card: Card, voice: Voice) -> Iterator[str]:
    """Until when an agreement wants a reaction and a resolution, while somebody can still act."""
    for clock in card.promised.clocks:
        if clock.due_at is not None:
            late = "_late" if clock.due_at <= voice.now else ""
            yield voice.html(f"card.clock.{clock.kind}{late}", due=clock.due_at)
        elif clock.left is not None:
            left = timedelta(seconds=clock.left)
            yield voice.html(f"card.clock.{clock.kind}_stands", left=left)


def _state(card: Card, voice: Voice) -> Iterator[str]:
    """What the marker does not say already."""
    facts: dict[str, Any] = {
        "reason": clipped(card.reason or "", _LONGEST_REASON),
        "until": card.frozen_until,
        "closed": card.closed_at or card.opened_at,
    }
    why = "_reason" if facts["reason"] else ""
    match card.state.category:
        case "waiting":
            yield voice.html("card.state.waiting")
        case "frozen":
            until = "_until" if card.frozen_until else ""
            yield voice.html(f"card.state.frozen{until}{why}", **facts)
        case "resolved" | "closed" | "cancelled" as category:
            yield voice.html(f"card.state.{category}{why}", **facts)
        case "open" if card.reopened and card.assignee is None:
            yield voice.html("card.state.reopened")
