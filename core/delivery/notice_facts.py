"""What the variables of the company's own notices stand for, asked for only where they are used."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select

from core import events as e
from core.delivery.notice_events import EVENT_OF, EVENTS
from core.delivery.own_notices import OwnNotice
from core.delivery.own_words import OWN, OWN_FACTS
from core.models import Camera, Person, Ticket, TicketCamera, Topic
from core.texts import pack
from core.tx import Tx
from core.words.called import greeted_as
from core.words.names import NAMELESS, clean_name, visible
from core.words.templates import FIRST_NAME, filled, variables_in, wrong_in

_LONGEST_NAME: Final = 200
# A solution in words may be long; it must find room beside the other words.
_LONGEST_WORDS: Final = 2500


@dataclass(frozen=True, slots=True)
class Case:
    """An event of a ticket, told with the text ``key`` to somebody who reads this language."""

    tx: Tx
    event: e.Event
    key: str
    ticket: Ticket
    language: str

    def said(self, name: str) -> Any:
        """Return a fact of the event."""
        return getattr(self.event, name, None)


Value = Callable[[Case], Awaitable[Any]]


async def own_words(case: Case, own: OwnNotice) -> dict[str, Any]:
    """Return the facts of a row that is said in the company's words. Empty: the desk's own go, for
    there are no others, or a fact is missing: what is told has no hole.
    """
    template, known = own.text_in(case.language), EVENTS[EVENT_OF[case.key]].variables
    if template is None or wrong_in(template, known):
        return {}
    facts = {name: await _VALUES[name](case) for name in variables_in(template, known)}
    if not facts.get(FIRST_NAME):
        facts.pop(FIRST_NAME, None)  # the text is whole without it
    if any(fact is None or fact in {"", NAMELESS} for fact in facts.values()):
        return {}
    if not filled(template, dict.fromkeys(facts, NAMELESS)).strip():
        return {}  # nothing but a name that is not known
    return {OWN: template, OWN_FACTS: pack(facts)}


async def _customer(case: Case) -> str:
    return clean_name((await case.tx.get(Person, case.ticket.customer_id)).name, _LONGEST_NAME)


async def _first_name(case: Case) -> str | None:
    return greeted_as((await case.tx.get(Person, case.ticket.customer_id)).name)


async def _operator(case: Case) -> str | None:
    if case.ticket.assignee_id is None:
        return None
    person = await case.tx.get(Person, case.ticket.assignee_id)
    return clean_name(person.name, _LONGEST_NAME)


async def _topic(case: Case) -> str | None:
    if case.ticket.topic is None:
        return None
    titles = (await case.tx.get(Topic, case.ticket.topic)).titles or {}
    said = titles.get(case.language) or next(iter(titles.values()), "")
    return clean_name(said, _LONGEST_NAME)


async def _camera_of(case: Case) -> Camera | None:
    query = select(Camera).join(TicketCamera, TicketCamera.camera_id == Camera.id)
    return await case.tx.first(query.where(TicketCamera.ticket_id == case.ticket.id))


async def _camera(case: Case) -> str | None:
    camera = await _camera_of(case)
    return None if camera is None else clean_name(camera.number, _LONGEST_NAME)


async def _place(case: Case) -> str | None:
    camera = await _camera_of(case)
    return None if camera is None else clean_name(camera.address or camera.name, _LONGEST_NAME)


async def _number(case: Case) -> str:
    return str(case.ticket.id)


async def _company(case: Case) -> str:
    return clean_name(case.tx.company.name, _LONGEST_NAME)


async def _due(case: Case) -> Any:
    return case.said("due") or case.ticket.answer_due


async def _reason(case: Case) -> str | None:
    """The words that customers are told: of others the desk's own text says nothing either."""
    if not case.key.endswith("_reason"):
        return None
    return visible(case.said("reason") or "").strip(" .")[:_LONGEST_WORDS]


async def _title(case: Case) -> str:
    return clean_name(case.ticket.title, _LONGEST_NAME)


def _of_event(name: str) -> Value:
    async def value(case: Case) -> Any:
        fact = case.said(name)
        return clean_name(fact, _LONGEST_NAME) if isinstance(fact, str) else fact

    return value


_VALUES: Final[Mapping[str, Value]] = {
    "customer": _customer,
    FIRST_NAME: _first_name,
    "number": _number,
    "topic": _topic,
    "operator": _operator,
    "company": _company,
    "camera": _camera,
    "place": _place,
    "due": _due,
    "reason": _reason,
    "title": _title,
    "rating": _of_event("value"),
    **{name: _of_event(name) for name in ("until", "by", "to", "level", "why")},
}
