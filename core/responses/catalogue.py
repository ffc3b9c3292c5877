"""Which canned responses there are, and which of them fit a ticket, the most used first."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import func, select

from core.errors import Unreadable
from core.models import Person, ResponseRow, ResponseUse, Ticket
from core.tickets.attached_files import AttachedFile, attached
from core.tx import ReadTx
from core.words.stems import asked, stems_of

_CLOSE: Final = 0.6
# A stem of so many letters says what a longer one is about.
_ROOT: Final = 5


@dataclass(frozen=True, slots=True)
class Actions:
    """What else is done with the ticket: ``verb`` moves it, ``freeze`` freezes it for so long."""

    verb: str | None = None
    tags: tuple[str, ...] = ()
    priority: str | None = None
    freeze: timedelta | None = None

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> "Actions":
        """Return what the column holds."""
        seconds = stored.get("freeze")
        return cls(
            stored.get("verb"),
            tuple(stored.get("tags", ())),
            stored.get("priority"),
            None if seconds is None else timedelta(seconds=seconds),
        )

    def stored(self) -> dict[str, Any]:
        """Return what the column is to hold."""
        seconds = None if self.freeze is None else int(self.freeze.total_seconds())
        facts = {"verb": self.verb, "tags": list(self.tags), "priority": self.priority}
        return {name: fact for name, fact in (facts | {"freeze": seconds}).items() if fact}


@dataclass(frozen=True, slots=True)
class Response:
    """A canned response; ``texts`` by language, without any where it only acts; ``files`` go with
    it.
    """

    code: str
    title: str
    texts: Mapping[str, str]
    topic: str | None
    actions: Actions
    active: bool
    files: tuple[AttachedFile, ...] = ()

    def text_in(self, language: str, company: str) -> tuple[str, str]:
        """Return the language and the text for a reader: their own, the company's, or any."""
        for code in (language, language.partition("-")[0], company, *self.texts):
            if code in self.texts:
                return code, self.texts[code]
        return company, ""


class Responses(dict[str, Response]):
    """All of them by code, in the order of the directory."""


async def responses_of(tx: ReadTx) -> Responses:
    """Return the responses, cached until the directory changes."""
    return await tx.cached(Responses, _read_responses)


async def _read_responses(tx: ReadTx) -> Responses:
    rows = await tx.all(select(ResponseRow).order_by(ResponseRow.position, ResponseRow.code))
    return Responses((row.code, _response(row)) for row in rows)


def _response(row: ResponseRow) -> Response:
    return Response(
        row.code,
        row.title,
        dict(row.texts),
        row.topic,
        Actions.of(row.actions),
        row.active,
        attached(row.options),
    )


async def fitting(tx: ReadTx, ticket: Ticket) -> list[Response]:
    """Return the responses for the ticket's topic or for all, the most used first.

    They are counted per topic and language of the customer, so each group has its own favourites.
    """
    wanted = {None, ticket.topic}
    found = [one for one in (await responses_of(tx)).values() if one.active and one.topic in wanted]
    uses = await _uses(tx, ticket)
    return sorted(found, key=lambda one: (-uses.get(one.code, 0), one.topic is None))


async def _uses(tx: ReadTx, ticket: Ticket) -> dict[str, int]:
    customer = await tx.get(Person, ticket.customer_id)
    query = select(ResponseUse.response, ResponseUse.uses).where(
        ResponseUse.topic == (ticket.topic or ""), ResponseUse.language == customer.language
    )
    return {row.response: row.uses for row in await tx.rows(query)}


async def look_up(tx: ReadTx, words: str, ticket: Ticket | None = None) -> list[Response]:
    """Return the response with this code or title, or those that have a word for each of these in
    title or text: the most used first, for a ``ticket`` in its topic and language.

    Raises :class:`Unreadable` with those that are spelled alike.
    """
    offered = [one for one in (await responses_of(tx)).values() if one.active]
    wanted = words.strip().casefold()
    named = [one for one in offered if wanted in {one.code, one.title.casefold()}]
    if named:
        return named[:1]
    uses = await all_uses(tx) if ticket is None else await _uses(tx, ticket)
    found = matching(offered, words, len(offered), uses)
    begun = [one for one in offered if wanted and one.title.casefold().startswith(wanted)]
    found += [one for one in begun if one not in found]
    return found or [await find_response(tx, words)]


async def all_uses(tx: ReadTx) -> dict[str, int]:
    """Return how often each response was used, whatever the topic and the language."""
    counted = func.sum(ResponseUse.uses).label("uses")
    query = select(ResponseUse.response, counted).group_by(ResponseUse.response)
    return {row.response: int(row.uses) for row in await tx.rows(query)}


async def find_response(tx: ReadTx, words: str) -> Response:
    """Return the response with this code, or whose title begins so.

    Raises :class:`Unreadable` with those that are spelled alike.
    """
    wanted = words.strip().casefold()
    offered = [one for one in (await responses_of(tx)).values() if one.active]
    for one in offered:
        if wanted == one.code or (wanted and one.title.casefold().startswith(wanted)):
            return one
    codes = [one.code for one in offered]
    near = difflib.get_close_matches(wanted, codes, 3, _CLOSE) or codes[:5]
    raise Unreadable("refusal.no_response", words=words[:40], known=", ".join(near) or "—")


def matching(
    responses: Iterable[Response],
    words: str,
    limit: int,
    uses: Mapping[str, int] = MappingProxyType({}),
) -> list[Response]:
    """Return the active responses with a word in code, title or text for each of these, the most
    used first, then those whose code or title has them. Words may be begun only.
    """
    wanted = asked(words)
    ranked = []
    for one in responses:
        names, all_of_it = stems_of(one.code, one.title), stems_of(*one.texts.values())
        if one.active and all(_begins(stem, names | all_of_it) for stem in wanted):
            in_text = not all(_begins(stem, names) for stem in wanted)
            ranked.append(((-uses.get(one.code, 0), in_text), one))
    return [one for _, one in sorted(ranked, key=lambda pair: pair[0])][:limit]


def _begins(beginning: str, stems: Iterable[str]) -> bool:
    """Either may go on: a word is typed letter by letter, and has relatives with longer stems."""
    return any(
        stem.startswith(beginning) or (len(stem) >= _ROOT and beginning.startswith(stem))
        for stem in stems
    )
