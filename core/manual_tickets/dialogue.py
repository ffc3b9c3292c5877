"""The dialogue in which an operator opens a ticket by hand or records a call (A5, A7).

Every step is one action: it reads the draft from the operator's dialogue, adds the answer, and
returns what to show. A restart of the process changes nothing; leaving deletes the draft.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from core.addresses import Address
from core.contacts.lookup import Known, PersonFacts, find_people, person_facts
from core.errors import NoSuchTicket, Refusal, Unreadable
from core.manual_tickets import draft as steps
from core.manual_tickets.draft import Draft, Offered, step_of, unpacked
from core.models import Person, Ticket
from core.people.contact_points import read_point
from core.people.identity import enter_dialogue, find_by_address
from core.teams.teams import teams_of
from core.tickets.catalog import CATEGORY, SERVICE, classes_of, topics_of
from core.tickets.incoming import IncomingMessage
from core.tx import ReadTx, Tx
from core.words.contact_values import PHONE
from core.words.names import clean_name, is_blank
from core.words.numbers import find_number

STEP: Final = "by_hand"
# How long an unfinished draft is kept.
LASTS: Final = timedelta(hours=12)

Choice = tuple[str, str]
"""What may be chosen: a code, and its title in the operator's language."""


@dataclass(frozen=True, slots=True)
class View:
    """What to show: the step and its choices. ``people`` were found for the words."""

    draft: Draft
    step: str
    people: tuple[Known, ...] = ()
    person: PersonFacts | None = None
    choices: tuple[Choice, ...] = ()
    topic: str | None = None
    kind: tuple[str, ...] = ()
    team: str | None = None


async def begin(tx: Tx, kind: str, words: str = "") -> View:
    """Begin to open a ticket or to record a call; ``words`` say with whom.

    Raises :class:`Unreadable` for a call from what is no phone.
    """
    draft = Draft(kind=kind)
    if is_blank(words):
        return await _keep(tx, draft)
    return await _look_for(tx, draft, words)


async def is_under_way(tx: ReadTx, address: Address) -> bool:
    """Return whether the person is in this dialogue."""
    person = await find_by_address(tx, address)
    dialogue = (person.dialogue if person else None) or {}
    return dialogue.get("step") == STEP and not _is_over(tx, dialogue)


async def say(tx: Tx, incoming: IncomingMessage) -> View:
    """Take the operator's message as the answer to the present step."""
    draft = await current(tx)
    step = step_of(draft, await _offered(tx))
    if step == steps.WORDS:
        return await _take_words(tx, draft, incoming)
    if incoming.kind != "text" or is_blank(incoming.text):
        raise Unreadable("refusal.hand_words")
    words = incoming.text.strip()
    match step:
        case steps.CUSTOMER:
            return await _look_for(tx, draft, words)
        case steps.NAME:
            return await _keep(tx, draft.answered(name=clean_name(words)))
        case steps.REACH:
            return await _take_contact_point(tx, draft, words)
        case steps.PURPOSE:
            return await _take_number(tx, draft, words)
    raise Unreadable("refusal.hand_press")


async def _look_for(tx: Tx, draft: Draft, words: str) -> View:
    """Find whom the words may mean. A phone that nobody has begins a new contact at once."""
    point = read_point(words)
    if draft.kind == steps.CALL and (point is None or point.kind != PHONE):
        raise Unreadable("refusal.no_phone", words=words[:40])
    people = await find_people(tx, words)
    if draft.kind == steps.CALL and point is not None:
        draft = draft.answered(phone=point.value)
        if not people:
            return await _keep(tx, draft.answered(new=True))
        if len(people) == 1:
            return await _keep(tx, draft.answered(person=people[0].id))
    else:
        draft = Draft(kind=draft.kind, looked=words[:200])
    return await _keep(tx, draft, people)


async def _take_contact_point(tx: Tx, draft: Draft, words: str) -> View:
    """Take a phone or an address of a new contact; if somebody has it, they are offered instead."""
    point = read_point(words)
    if point is None:
        raise Unreadable("refusal.no_reach", words=words[:40])
    people = await find_people(tx, words)
    if people:
        looked = Draft(kind=draft.kind, looked=words, name=draft.name)
        return await _keep(tx, looked, people)
    return await _keep(tx, draft.answered(**{point.kind: point.value}))


async def _take_number(tx: Tx, draft: Draft, words: str) -> View:
    """Take the number of the ticket that the call was about, whoever's it is."""
    found = find_number(words, *tx.company.number_masks)
    if found is None:
        raise Unreadable("refusal.hand_number", words=words[:40])
    return await _record_on(tx, draft, found[0])


async def _record_on(tx: Tx, draft: Draft, ticket_id: int) -> View:
    if await tx.find(Ticket, ticket_id) is None:
        raise NoSuchTicket(ticket_id)
    return await _keep(tx, draft.answered(ticket=ticket_id))


async def _take_words(tx: Tx, draft: Draft, incoming: IncomingMessage) -> View:
    if incoming.kind == "text" and is_blank(incoming.text):
        raise Unreadable("refusal.hand_words")
    kept = {
        "ref": str(incoming.ref),
        "kind": incoming.kind,
        "text": incoming.text,
        "content": incoming.content,
    }
    return await _keep(tx, draft.answered(words=kept))


async def choose(tx: Tx, step: str, value: str) -> View:
    """Take the choice that the operator pressed. Raises :class:`Refusal` for one that is not asked
    any more, or was never offered.
    """
    draft = await current(tx)
    offered = await _offered(tx)
    if step_of(draft, offered) != step:
        raise Refusal("refusal.outdated")
    if step == steps.CUSTOMER:
        return await _choose_person(tx, draft, value)
    if step == steps.PURPOSE and value.isdecimal():
        return await _record_on(tx, draft, int(value))
    if step == steps.PURPOSE and value == "new":
        return await _keep(tx, draft.answered(fresh=True))
    if step == steps.ASSIGNEE and value in {steps.ME, steps.NOBODY}:
        return await _keep(tx, draft.answered(assignee=value))
    if value not in {code for code, _ in await _choices(tx, step)}:
        raise Refusal("refusal.outdated")
    if step == steps.ASSIGNEE:
        return await _keep(tx, draft.answered(assignee=steps.NOBODY, team=value))
    return await _keep(tx, draft.answered(**{step: value}))


async def _choose_person(tx: Tx, draft: Draft, value: str) -> View:
    if value == "new":
        return await _keep(tx, draft.answered(new=True, **_told(draft)))
    if not value.isdecimal() or await tx.find(Person, int(value)) is None:
        raise Refusal("refusal.outdated")
    return await _keep(tx, draft.answered(person=int(value)))


def _told(draft: Draft) -> dict[str, Any]:
    """Return what the search says of a new contact: a phone, an address, or a name."""
    words = draft.looked or ""
    point = read_point(words)
    if point is not None:
        return {point.kind: point.value}
    named = not is_blank(words) and not words.startswith("@") and not words[:1].isdecimal()
    return {"name": clean_name(words)} if named else {}


async def go_back(tx: Tx) -> View | None:
    """Go back one answer; from the first question leave the dialogue and return ``None``."""
    draft = (await current(tx)).back()
    if draft is None:
        await leave(tx)
        return None
    looked = draft.looked or draft.phone
    asked = draft.person is None and not draft.new
    return await _keep(tx, draft, await find_people(tx, looked) if asked and looked else ())


async def leave(tx: Tx) -> bool:
    """Leave the dialogue and delete the draft. Returns False if there was none."""
    person = await _operator(tx)
    if (person.dialogue or {}).get("step") != STEP:
        return False
    enter_dialogue(person, None)
    return True


async def current(tx: Tx) -> Draft:
    """Return the operator's draft. Raises :class:`Refusal` when there is none any more."""
    dialogue = (await _operator(tx)).dialogue or {}
    if dialogue.get("step") != STEP or _is_over(tx, dialogue):
        raise Refusal("refusal.outdated")
    return unpacked(dialogue["draft"])


def _is_over(tx: ReadTx, dialogue: dict[str, Any]) -> bool:
    return datetime.fromisoformat(dialogue["until"]) < tx.now


async def _operator(tx: Tx) -> Person:
    return await tx.get(Person, tx.actor.person_id)


async def _keep(tx: Tx, draft: Draft, people: Sequence[Known] = ()) -> View:
    """Store the draft, and return what is asked next."""
    until = (tx.now + LASTS).isoformat()
    enter_dialogue(await _operator(tx), {"step": STEP, "draft": draft.packed(), "until": until})
    for one in people:  # they are offered with what tells them apart
        tx.shows(one.id, "found")
    return await view_of(tx, draft, people, (await _operator(tx)).language)


async def view_of(
    tx: ReadTx, draft: Draft, people: Sequence[Known] = (), language: str = ""
) -> View:
    """Return the draft's present step, with its choices, in the operator's language."""
    step = step_of(draft, await _offered(tx))
    topic = (await topics_of(tx)).get(draft.topic or "")
    classes = await classes_of(tx)
    kind = (classes.get(SERVICE, draft.service), classes.get(CATEGORY, draft.category))
    team = (await teams_of(tx)).get(draft.team or "")
    return View(
        draft,
        step,
        people=tuple(people),
        person=None if draft.person is None else await person_facts(tx, draft.person),
        choices=await _choices(tx, step, language),
        topic=None if topic is None else topic.title(language),
        kind=tuple(one.title(language) for one in kind if one is not None),
        team=None if team is None else team.title(language),
    )


async def _offered(tx: ReadTx) -> Offered:
    classes = await classes_of(tx)
    return Offered(
        topics=any(topic.active for topic in (await topics_of(tx)).values()),
        services=bool(classes.offered(SERVICE)),
        categories=bool(classes.offered(CATEGORY)),
    )


async def _choices(tx: ReadTx, step: str, language: str = "") -> tuple[Choice, ...]:
    if step == steps.TOPIC:
        topics = [topic for topic in (await topics_of(tx)).values() if topic.active]
        return tuple((topic.code, topic.title(language)) for topic in topics)
    if step in {SERVICE, CATEGORY}:
        offered = (await classes_of(tx)).offered(step)
        return tuple((one.code, one.title(language)) for one in offered)
    if step == steps.ASSIGNEE:
        return tuple((one.code, one.title(language)) for one in (await teams_of(tx)).offered)
    return ()
