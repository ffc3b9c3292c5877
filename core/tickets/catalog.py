"""What a ticket can be: the company's topics, classes and workflow, read once (C1, B7, D4)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import select

from core.errors import Unreadable
from core.models import Category, MoveRow, PriorityRow, Service, StateRow, Topic
from core.sla.agreements import answers_in_hours
from core.texts import Key
from core.tickets.workflow import Move, State, Workflow
from core.tx import ReadTx
from core.words.names import clean_name, place_of
from core.words.state_names import TITLES, names_of

SERVICE: Final = "service"
CATEGORY: Final = "category"
PRIORITY: Final = "priority"
ASPECTS: Final = (SERVICE, CATEGORY, PRIORITY)


@dataclass(frozen=True, slots=True)
class ClassFacts:
    """A service, a category or a priority. ``titles`` by language.

    ``rank`` orders priorities, the most urgent first; ``diagnosed`` categories make tasks (B9).
    """

    aspect: str
    code: str
    titles: Mapping[str, str]
    active: bool
    rank: int = 0
    diagnosed: bool = False

    def title(self, language: str) -> str:
        """Return the title in this language, or in another if there is none."""
        return self.titles.get(language) or next(iter(self.titles.values()), self.code)


@dataclass(frozen=True, slots=True)
class Classes:
    """All services, categories and priorities, by aspect and code, in order."""

    known: Mapping[str, Mapping[str, ClassFacts]] = field(default_factory=dict)

    def get(self, aspect: str, code: str | None) -> ClassFacts | None:
        """Return one of them, or None."""
        return None if code is None else self.known[aspect].get(code)

    def offered(self, aspect: str) -> list[ClassFacts]:
        """Return those that may be chosen."""
        return [one for one in self.known[aspect].values() if one.active]


async def classes_of(tx: ReadTx) -> Classes:
    """Return the company's classes, cached until the directory changes."""
    return await tx.cached(Classes, _read_classes)


async def _read_classes(tx: ReadTx) -> Classes:
    return Classes(
        {
            SERVICE: await _facts_of(tx, select(Service).order_by(Service.position)),
            CATEGORY: await _facts_of(tx, select(Category).order_by(Category.position)),
            PRIORITY: await _facts_of(tx, select(PriorityRow).order_by(PriorityRow.rank)),
        }
    )


async def _facts_of(tx: ReadTx, query: Any) -> dict[str, ClassFacts]:
    return {row.code: _class_facts(row) for row in await tx.all(query)}


def _class_facts(row: Service | Category | PriorityRow) -> ClassFacts:
    return ClassFacts(
        type(row).__tablename__,
        row.code,
        dict(row.titles or {}),
        row.active,
        rank=getattr(row, "rank", 0),
        diagnosed=getattr(row, "diagnosed", False),
    )


def find_class(classes: Classes, aspects: tuple[str, ...], words: str) -> ClassFacts | None:
    """Return the class meant by a code or the beginning of a title, or None.

    A whole title goes before a beginning, an earlier aspect before a later one.
    """
    wanted = words.strip().casefold()
    if not wanted:
        return None
    offered = [one for aspect in aspects for one in classes.offered(aspect)]
    whole = (one for one in offered if wanted in _names(one))
    begun = (one for one in offered if any(name.startswith(wanted) for name in _names(one)))
    return next(whole, None) or next(begun, None)


def _names(one: ClassFacts) -> list[str]:
    return [name.casefold() for name in (one.code, *one.titles.values())]


@dataclass(frozen=True, slots=True)
class TopicFacts:
    """A topic. ``titles`` by language; ``answer`` is its own deadline, if it has one."""

    code: str
    titles: dict[str, str]
    answer: timedelta | None
    active: bool

    def title(self, language: str) -> str:
        """Return the title in this language, or in another if there is none."""
        return self.titles.get(language) or next(iter(self.titles.values()), self.code)


class Topics(dict[str, TopicFacts]):
    """All topics by code, in their order."""


async def topics_of(tx: ReadTx) -> Topics:
    """Return the topics, cached until the directory changes."""
    return await tx.cached(Topics, _read_topics)


async def _read_topics(tx: ReadTx) -> Topics:
    rows = await tx.all(select(Topic).order_by(Topic.position))
    return Topics((row.code, _topic_facts(row)) for row in rows)


def _topic_facts(row: Topic) -> TopicFacts:
    answer = None if row.answer_seconds is None else timedelta(seconds=row.answer_seconds)
    return TopicFacts(row.code, dict(row.titles or {}), answer, row.active)


# Characters of a subject.
_SUBJECT: Final = 48


async def subject_of(tx: ReadTx, about: Any) -> str:
    """Return what tells a ticket from every other: what operators called it, where its camera is,
    or how it began.

    ``about`` has ``title``, ``topic``, ``opening``, and of its camera the ``number``, its name
    as ``camera``, and ``address``.
    """
    title = str(about.title)
    if about.number and about.number in title:
        title = place_of(about.camera, about.address) or title
    elif about.topic is not None and about.opening:
        named = (await topics_of(tx))[about.topic].titles.values()
        title = str(about.opening) if title in named else title
    return clean_name(title.strip().split("\n", 1)[0], _SUBJECT)


async def topic_title(tx: ReadTx, code: str | None, language: str) -> str | None:
    """Return the topic's title, or ``None`` for a ticket without one."""
    return None if code is None else (await topics_of(tx))[code].title(language)


async def answer_span(tx: ReadTx, code: str | None) -> timedelta:
    """Return how long an answer may take for this topic."""
    topic = (await topics_of(tx)).get(code or "")
    return topic.answer if topic and topic.answer else tx.company.answer_deadline


async def usual_span(tx: ReadTx) -> timedelta | Key:
    """Return how long an answer may take, as customers are told before they ask."""
    span = tx.company.answer_deadline
    return Key("customer.working_span", {"span": span}) if await answers_in_hours(tx) else span


async def find_topic(tx: ReadTx, words: str) -> TopicFacts:
    """Return the topic meant by a code, or by the beginning of a code or a title.

    Raises :class:`Unreadable` with the topics there are.
    """
    wanted = words.strip().casefold()
    topics = [topic for topic in (await topics_of(tx)).values() if topic.active]
    for topic in sorted(topics, key=lambda one: one.code.casefold() != wanted):
        names = [topic.code, *topic.titles.values()]
        if wanted and any(name.casefold().startswith(wanted) for name in names):
            return topic
    known = ", ".join(topic.title(tx.company.language) for topic in topics)
    raise Unreadable("refusal.no_such_topic", words=words, topics=known)


class UnsoundWorkflow(Exception):
    """The stored states and moves cannot work; ``args`` are the faults."""


async def _read_workflow(tx: ReadTx) -> Workflow:
    """Read the company's workflow. Raises :class:`UnsoundWorkflow`."""
    workflow = await stored_workflow(tx)
    if faults := workflow.faults():
        raise UnsoundWorkflow(*faults)
    return workflow


async def stored_workflow(tx: ReadTx) -> Workflow:
    """Return the workflow as it stands in the database, sound or not."""
    states = await tx.all(select(StateRow).order_by(StateRow.position, StateRow.code))
    moves = await tx.all(select(MoveRow).order_by(MoveRow.source, MoveRow.verb))
    return Workflow(
        [_state(row) for row in states], [Move(row.source, row.verb, row.target) for row in moves]
    )


def _state(row: StateRow) -> State:
    entry, titles = row.entry or {}, names_of(row.code, row.titles or {})
    return State(
        row.code,
        row.category,
        initial=row.initial,
        pause=row.pause,
        resolution=row.resolution,
        final=row.final,
        sources=tuple(entry.get("sources", ())),
        roles=frozenset(entry.get("roles", ())),
        titles=titles,
        description=row.description or {},
        marker=row.marker,
        reason=row.reason,
        closing_reason=entry.get("closing_reason"),
        leave_list=row.leave_list,
        active=row.active,
        renamed=titles != TITLES.get(row.code),
    )


async def workflow_of(tx: ReadTx) -> Workflow:
    """Return the company's workflow, cached until the directory changes."""
    return await tx.cached(Workflow, _read_workflow)
