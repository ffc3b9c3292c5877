"""Recognising people by their Telegram id, and what is known of them."""

from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, select

from core.db import Straight
from core.events import PersonReachable
from core.models import Person
from core.people.roll import Roll
from core.tx import Actor, Look, Tx
from core.words.names import clean_name

# Telegram's own identities: shared by many, so never a person (S2).
NEVER_A_PERSON: Final = frozenset({1087968824, 777000, 136817688})
LANGUAGES: Final = ("ru", "en")

_FOUND: Final = select(Person).where(Person.telegram_id == bindparam("telegram"))
_HELD: Final = _FOUND.with_for_update()
_READER: Final = Straight(
    select(Person.__table__.c.language, Person.__table__.c.zone).where(
        Person.__table__.c.telegram_id == bindparam("telegram")
    )
)


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody as Telegram shows them: the id is theirs, all else is what they chose to show."""

    telegram_id: int
    name: str
    username: str | None = None
    language: str | None = None


async def find_by_telegram(look: Look, telegram_id: int) -> Person | None:
    """The person with this Telegram id; in a transaction the row is held."""
    query = _HELD if isinstance(look, Tx) else _FOUND
    return (await look.session.scalars(query, {"telegram": telegram_id})).one_or_none()


async def recognise(tx: Tx, caller: Caller) -> Person:
    """The person behind an update: found or made, and brought up to date.

    Raises ``ValueError`` for an identity that is nobody's (S2).
    """
    if caller.telegram_id in NEVER_A_PERSON:
        message = "this identity is shared by many"
        raise ValueError(message)
    person = await find_by_telegram(tx, caller.telegram_id)
    name = clean_name(caller.name)
    if person is None:
        person = Person(
            telegram_id=caller.telegram_id,
            name=name,
            username=caller.username,
            language=_language(caller.language, tx.company.language),
            created_at=tx.now,
        )
        tx.session.add(person)
        await tx.session.flush()
        return person
    if person.name != name:
        person.name = name
    if person.username != caller.username:
        person.username = caller.username
    return person


def _language(code: str | None, default: str) -> str:
    """The desk's language for a Telegram language code such as ``ru`` or ``en-GB``."""
    if not code:
        return default
    short = code.split("-")[0].lower()
    if short in LANGUAGES:
        return short
    return "en"


async def language_of(look: Look, telegram_id: int, code: str | None) -> str:
    """The language to speak in: what they chose, else what their Telegram speaks."""
    return (await reader_of(look, telegram_id, code))[0]


async def reader_of(look: Look, telegram_id: int, code: str | None) -> tuple[str, ZoneInfo | None]:
    """The language to speak in, and the zone to tell times in if they have their own (C9)."""
    for language, zone in await _READER.rows(look.session, {"telegram": telegram_id}):
        return language, None if zone is None else ZoneInfo(zone)
    return _language(code, look.company.language), None


async def arrive(tx: Tx, caller: Caller, role: str) -> Person:
    """Recognise somebody and go on as them. An admin's id makes an admin of an operator."""
    person = await recognise(tx, caller)
    if role == "operator" and caller.telegram_id in tx.company.admins:
        role = "admin"
    tx.act_as(Actor(role, person.id, person.name))
    return person


async def choose_language(tx: Tx, caller: Caller, language: str) -> None:
    """The person wants to be spoken to in this language from now on."""
    person = await arrive(tx, caller, "customer")
    person.language = language
    person.language_chosen = True


def enter_dialogue(person: Person, dialogue: dict[str, Any] | None) -> None:
    """Remember the step of the dialogue that the person is in; ``None`` leaves it."""
    if person.dialogue != dialogue:
        person.dialogue = dialogue


def lose(tx: Tx, person: Person) -> bool:
    """The person cannot be written to any more (R12). True if this is news."""
    if person.unreachable_since is not None:
        return False
    person.unreachable_since = tx.now
    return True


async def regain(tx: Tx, caller: Caller) -> None:
    """The person can be written to again (they unblocked the bot, or wrote)."""
    person = await arrive(tx, caller, "customer")
    mark_reachable(tx, person)


def mark_reachable(tx: Tx, person: Person) -> None:
    """Somebody who writes can be written to."""
    if person.unreachable_since is not None:
        person.unreachable_since = None
        tx.emit(PersonReachable(ticket_id=None, person_id=person.id))


async def join_operators(tx: Tx, caller: Caller) -> None:
    """The person is a member of the operator group now."""
    person = await recognise(tx, caller)
    if person.operator_since is None or person.operator_left is not None:
        person.operator_since, person.operator_left = tx.now, None
        tx.forget(Roll)


async def leave_operators(tx: Tx, caller: Caller) -> None:
    """The person has left the operator group; what they could do ends at once (S1)."""
    person = await recognise(tx, caller)
    person.operator_left = tx.now
    tx.forget(Roll)
