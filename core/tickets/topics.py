"""The company's topics: what a ticket can be about, and how soon it must be answered (C1)."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select

from core.cache import cached
from core.errors import Unreadable
from core.models import Topic
from core.tx import ReadTx


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
    return await cached(tx, Topics, _read)


async def _read(tx: ReadTx) -> Topics:
    rows = await tx.session.scalars(select(Topic).order_by(Topic.position))
    return Topics((row.code, _facts(row)) for row in rows)


def _facts(row: Topic) -> TopicFacts:
    answer = None if row.answer_seconds is None else timedelta(seconds=row.answer_seconds)
    return TopicFacts(row.code, dict(row.titles or {}), answer, row.active)


async def title_of(tx: ReadTx, code: str | None, language: str) -> str | None:
    """Return the topic's title, or ``None`` for a ticket without one."""
    return None if code is None else (await topics_of(tx))[code].title(language)


async def answer_span(tx: ReadTx, code: str | None) -> timedelta:
    """Return how long an answer may take for this topic."""
    topic = (await topics_of(tx)).get(code or "")
    return topic.answer if topic and topic.answer else tx.company.answer_deadline


async def find_topic(tx: ReadTx, words: str) -> TopicFacts:
    """Return the topic meant by a code or the beginning of a title.

    Raises :class:`Unreadable` with the topics there are.
    """
    wanted = words.strip().casefold()
    topics = [topic for topic in (await topics_of(tx)).values() if topic.active]
    for topic in topics:
        names = [topic.code, *topic.titles.values()]
        if wanted and any(name.casefold().startswith(wanted) for name in names):
            return topic
    known = ", ".join(topic.title(tx.company.language) for topic in topics)
    raise Unreadable("refusal.no_such_topic", words=words, topics=known)
