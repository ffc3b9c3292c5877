"""Recognising people by their Telegram id, and what is known of them."""

from dataclasses import dataclass
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam, select
from sqlalchemy.orm import aliased

from core.db import PreparedStatement
from core.events import PersonReachable
from core.models import Person, PersonMerge
from core.people.operator_ids import OperatorIds
from core.tx import Actor, ReadTx, Tx
from core.words.names import clean_name

_GONE: Final = aliased(Person)
_MERGED: Final = (
    select(_GONE.telegram_id, Person.telegram_id)
    .select_from(PersonMerge)
    .join(_GONE, _GONE.id == PersonMerge.person_id)
    .join(Person, Person.id == PersonMerge.into_id)
    .where(_GONE.telegram_id.is_not(None), Person.telegram_id.is_not(None))
)


class MergedAccounts(dict[int, int]):
    """The Telegram id of an account that is no person's own any more → the id of whose it is."""


async def merged_accounts_of(tx: ReadTx) -> MergedAccounts:
    """All of them, kept until two are merged."""
    return await tx.cached(MergedAccounts, _read_merged_accounts)


async def _read_merged_accounts(tx: ReadTx) -> MergedAccounts:
    rows: list[Any] = list(await tx.session.execute(_MERGED))
    return MergedAccounts(tuple(row) for row in rows)


async def merged_account(tx: ReadTx, telegram_id: int) -> int:
    """The Telegram id of the person behind this account: nearly always its own."""
    return (await merged_accounts_of(tx)).get(telegram_id, telegram_id)


# Telegram's own identities: shared by many, so never a person (S2).
NEVER_A_PERSON: Final = frozenset({1087968824, 777000, 136817688})
LANGUAGES: Final = ("ru", "en")

_FOUND: Final = select(Person).where(Person.telegram_id == bindparam("telegram"))
_HELD: Final = _FOUND.with_for_update()
_READER: Final = PreparedStatement(
    select(Person.__table__.c.language, Person.__table__.c.zone).where(
        Person.__table__.c.telegram_id == bindparam("telegram")
    )
)


@dataclass(frozen=True, slots=True)
class Sender:
    """Somebody as Telegram shows them: the id is theirs, all else is what they chose to show."""

    telegram_id: int
    name: str
    username: str | None = None
    language: str | None = None


async def find_by_telegram(tx: ReadTx, telegram_id: int) -> Person | None:
    """The person with this Telegram id; in a transaction the row is held."""
    query = _HELD if isinstance(tx, Tx) else _FOUND
    return (await tx.session.scalars(query, {"telegram": telegram_id})).one_or_none()


async def recognise(tx: Tx, sender: Sender) -> Person:
    """The person behind an update: found or made, and brought up to date.

    Raises ``ValueError`` for an identity that is nobody's (S2).
    """
    if sender.telegram_id in NEVER_A_PERSON:
        message = "this identity is shared by many"
        raise ValueError(message)
    person = await find_by_telegram(tx, sender.telegram_id)
    name = clean_name(sender.name)
    if person is None:
        person = Person(
            telegram_id=sender.telegram_id,
            name=name,
            username=sender.username,
            language=_language(sender.language, tx.company.language),
            created_at=tx.now,
        )
        tx.session.add(person)
        await tx.session.flush()
        return person
    if person.name != name:
        person.name = name
    if person.username != sender.username:
        person.username = sender.username
    return person


def _language(code: str | None, default: str) -> str:
    """The desk's language for a Telegram language code such as ``ru`` or ``en-GB``."""
    if not code:
        return default
    short = code.split("-")[0].lower()
    if short in LANGUAGES:
        return short
    return "en"


async def language_of(tx: ReadTx, telegram_id: int, code: str | None) -> str:
    """The language to speak in: what they chose, else what their Telegram speaks."""
    return (await reader_of(tx, telegram_id, code))[0]


async def reader_of(tx: ReadTx, telegram_id: int, code: str | None) -> tuple[str, ZoneInfo | None]:
    """The language to speak in, and the zone to tell times in if they have their own (C9)."""
    for language, zone in await _READER.rows(tx.session, {"telegram": telegram_id}):
        return language, None if zone is None else ZoneInfo(zone)
    return _language(code, tx.company.language), None


async def arrive(tx: Tx, sender: Sender, role: str) -> Person:
    """Recognise somebody and go on as them. An admin's id makes an admin of an operator."""
    person = await recognise(tx, sender)
    if role == "operator" and sender.telegram_id in tx.company.admins:
        role = "admin"
    tx.act_as(Actor(role, person.id, person.name))
    return person


async def choose_language(tx: Tx, sender: Sender, language: str) -> None:
    """The person wants to be spoken to in this language from now on."""
    person = await arrive(tx, sender, "customer")
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


async def regain(tx: Tx, sender: Sender) -> None:
    """The person can be written to again (they unblocked the bot, or wrote)."""
    person = await arrive(tx, sender, "customer")
    mark_reachable(tx, person)


def mark_reachable(tx: Tx, person: Person) -> None:
    """Somebody who writes can be written to."""
    if person.unreachable_since is not None:
        person.unreachable_since = None
        tx.emit(PersonReachable(ticket_id=None, person_id=person.id))


async def operators_of(tx: ReadTx) -> list[Sender]:
    """Return everybody who works here as far as the desk knows, as Telegram showed them last."""
    working = Person.operator_since.is_not(None) & Person.operator_left.is_(None)
    people = await tx.session.scalars(select(Person).where(working).order_by(Person.id))
    return [
        Sender(person.telegram_id, person.name, person.username, person.language)
        for person in people
        if person.telegram_id is not None
    ]


async def join_operators(tx: Tx, sender: Sender) -> None:
    """The person is a member of the operator group now."""
    person = await recognise(tx, sender)
    if person.operator_since is None or person.operator_left is not None:
        person.operator_since, person.operator_left = tx.now, None
        tx.invalidate(OperatorIds)


async def leave_operators(tx: Tx, sender: Sender) -> Person:
    """The person has left the operator group; what they could do ends at once (S1)."""
    person = await recognise(tx, sender)
    person.operator_left = tx.now
    tx.invalidate(OperatorIds)
    return person
