"""Finds similar tickets (B12): by service, camera, area and words, with the reason for each.

Everything is bounded: the newest tickets of each reason are examined, and of its words only the
rarest, so that a page costs the same among a thousand tickets and a million.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import func, select, union_all

from core.errors import NoSuchTicket
from core.models import (
    Camera,
    Classification,
    Person,
    SearchWord,
    Ticket,
    TicketCamera,
    TicketParent,
)
from core.tickets.catalog import topics_of, workflow_of
from core.tickets.list_lines import Line, lines_of
from core.tx import ReadTx
from core.words.stems import stems_of, stopwords, words_by_stem

MOST: Final = 6
"""So many are shown."""

_NEWEST: Final = 50
_WORDS_ASKED: Final = 40
_RAREST: Final = 8
# A word in more tickets than this says nothing about them.
_COMMON: Final = 200
_SHORTEST: Final = 3

# The weight of each reason; a shared word weighs one.
_WEIGHTS: Final = {"camera": 8, "area": 3, "service": 2}
_FEWEST_WORDS: Final = 2


@dataclass(frozen=True, slots=True)
class Similar:
    """A similar ticket. ``reasons``: ``camera``, ``area``, ``service``.

    ``words`` are those that both have, as the first ticket writes them; ``category`` is its
    state's; ``solved``: work on it is done; ``child``: it has a parent, so it cannot be one.
    """

    line: Line
    category: str
    solved: bool
    reasons: tuple[str, ...]
    words: tuple[str, ...]
    child: bool


@dataclass(slots=True)
class _Match:
    reasons: set[str] = field(default_factory=set)
    words: set[str] = field(default_factory=set)

    @property
    def weight(self) -> int:
        return sum(_WEIGHTS[reason] for reason in self.reasons) + len(self.words)

    @property
    def counts(self) -> bool:
        """Return whether it is similar enough: one word in common is chance."""
        return bool(self.reasons) or len(self.words) >= _FEWEST_WORDS


async def similar_to(tx: ReadTx, ticket_id: int) -> tuple[Similar, ...]:
    """Return similar tickets: those solved first, then the closest, then the newest.

    Raises :class:`NoSuchTicket`.
    """
    ticket = await tx.find(Ticket, ticket_id)
    if ticket is None:
        raise NoSuchTicket(ticket_id)
    matches: dict[int, _Match] = defaultdict(_Match)
    for reason, found in await _by_facts(tx, ticket_id):
        matches[found].reasons.add(reason)
    for word, found in await _by_words(tx, ticket):
        matches[found].words.add(word)
    likely = {found: match for found, match in matches.items() if match.counts}
    closest = sorted(likely, key=lambda one: (-likely[one].weight, -one))[: MOST * 4]
    seen = await _seen(tx, closest, likely)
    seen.sort(key=lambda one: not one.solved)
    return tuple(seen[:MOST])


async def _by_facts(tx: ReadTx, ticket_id: int) -> list[tuple[str, int]]:
    """Find tickets with the same camera, its area, or the same service."""
    camera = select(TicketCamera.camera_id).where(TicketCamera.ticket_id == ticket_id)
    area = select(Camera.area).where(Camera.id.in_(camera), Camera.area != "")
    service = select(Classification.service).where(
        Classification.ticket_id == ticket_id, Classification.service.is_not(None)
    )
    tied = select(TicketCamera.ticket_id).join(Camera, Camera.id == TicketCamera.camera_id)
    found: list[tuple[str, int]] = []
    for reason, query, column in (
        ("camera", tied.where(Camera.id.in_(camera)), TicketCamera.ticket_id),
        ("area", tied.where(Camera.area.in_(area)), TicketCamera.ticket_id),
        (
            "service",
            select(Classification.ticket_id).where(Classification.service.in_(service)),
            Classification.ticket_id,
        ),
    ):
        newest = query.where(column != ticket_id).order_by(column.desc()).limit(_NEWEST)
        found += [(reason, one) for one in await tx.all(newest)]
    return found


async def _by_words(tx: ReadTx, ticket: Ticket) -> list[tuple[str, int]]:
    stems = await _telling(tx, ticket)
    if not stems:
        return []
    query = (
        select(SearchWord.word, SearchWord.ticket_id)
        .where(SearchWord.word.in_(stems), SearchWord.ticket_id != ticket.id)
        .order_by(SearchWord.ticket_id.desc())
    )
    return [(stems[stem], number) for stem, number in await tx.rows(query)]


async def _telling(tx: ReadTx, ticket: Ticket) -> dict[str, str]:
    """Return the rarest words of its title and first words, by their stems, without its customer's
    name and its topic's.

    The title of a camera's ticket is generated, and repeats the camera.
    """
    name = (await tx.get(Person, ticket.customer_id)).name
    topic = (await topics_of(tx)).get(ticket.topic or "")
    known = stopwords() | stems_of(name, *(topic.titles.values() if topic else ()))
    about = await tx.find(TicketCamera, ticket.id)
    said = words_by_stem(ticket.opening, "" if about else ticket.title)
    asked = sorted(stem for stem in said.keys() - known if len(stem) >= _SHORTEST)[:_WORDS_ASKED]
    if not asked:
        return {}
    rows = await tx.rows(_how_many(ticket.id, asked))
    some = sorted((count, stem) for stem, count in rows if 0 < count < _COMMON)
    return {stem: said[stem] for _, stem in some[:_RAREST]}


def _how_many(ticket_id: int, stems: Iterable[str]) -> Any:
    """Count, for each stem, the other tickets that have it, no further than matters."""
    parts = []
    for stem in stems:
        others = select(SearchWord.word).where(
            SearchWord.word == stem, SearchWord.ticket_id != ticket_id
        )
        some = others.limit(_COMMON).subquery()
        parts.append(select(func.min(some.c.word), func.count()))
    return union_all(*parts)


async def _seen(tx: ReadTx, numbers: list[int], matches: dict[int, _Match]) -> list[Similar]:
    workflow = await workflow_of(tx)
    rows = await tx.rows(
        select(Ticket.id, Ticket.state, TicketParent.parent_id)
        .outerjoin(TicketParent, TicketParent.child_id == Ticket.id)
        .where(Ticket.id.in_(numbers))
    )
    facts = {number: (workflow.state(state), parent) for number, state, parent in rows}
    return [
        Similar(
            line=line,
            category=facts[line.number][0].category,
            solved=_is_solved(facts[line.number][0].category),
            reasons=tuple(reason for reason in _WEIGHTS if reason in matches[line.number].reasons),
            words=tuple(sorted(matches[line.number].words)),
            child=facts[line.number][1] is not None,
        )
        for line in await lines_of(tx, numbers)
    ]


def _is_solved(category: str) -> bool:
    return category in {"resolved", "closed"}
