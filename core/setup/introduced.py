"""What Telegram was last told of the bot, by its digest."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import select

from core.models import Fact, Person
from core.setup.watch import troubled_teams
from core.teams.directory import teams_of
from core.tx import Look, Tx

INTRODUCED: Final = "introduced"


@dataclass(frozen=True, slots=True)
class Introduced:
    """The digest of what was said last, none before the first time, and to which ``admins``."""

    digest: str = ""
    admins: frozenset[int] = frozenset()


async def find_introduced(look: Look) -> Introduced:
    """What Telegram was told last."""
    fact = await look.session.get(Fact, INTRODUCED)
    if fact is None:
        return Introduced()
    return Introduced(str(fact.value["digest"]), frozenset(fact.value.get("admins", ())))


async def note_introduced(tx: Tx, said: Introduced) -> None:
    """All of it was said."""
    fact = await tx.session.get(Fact, INTRODUCED)
    if fact is None:
        fact = Fact(name=INTRODUCED, value={}, at=tx.now)
        tx.session.add(fact)
    fact.value, fact.at = {"digest": said.digest, "admins": sorted(said.admins)}, tx.now


async def reachable_admins(look: Look) -> frozenset[int]:
    """Telegram ids of the admins who have written to the bot, and can be written to."""
    query = select(Person.telegram_id).where(
        Person.telegram_id.in_(look.company.admins), Person.unreachable_since.is_(None)
    )
    return frozenset(id_ for id_ in await look.session.scalars(query) if id_ is not None)


async def working_rooms(look: Look) -> list[int]:
    """The groups in which operators work. Where the bot is not let into a team's own, nothing can
    be said there: once it is, the room is news.
    """
    main = look.company.operators_chat
    shut = await troubled_teams(look)
    rooms = [team.chat for team in (await teams_of(look)).housed if team.code not in shut]
    return [chat for chat in [main, *rooms] if chat is not None]
