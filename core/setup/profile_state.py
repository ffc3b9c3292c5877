"""What Telegram was last told of the bot, by its digest."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import select

from core.models import Person, SystemState
from core.setup.chat_health import troubled_teams
from core.teams.teams import teams_of
from core.tx import ReadTx, Tx

INTRODUCED: Final = "introduced"


@dataclass(frozen=True, slots=True)
class ProfileState:
    """The digest of what was said last, none before the first time, and to which ``admins``."""

    digest: str = ""
    admins: frozenset[int] = frozenset()


async def find_profile_state(tx: ReadTx) -> ProfileState:
    """What Telegram was told last."""
    fact = await tx.session.get(SystemState, INTRODUCED)
    if fact is None:
        return ProfileState()
    return ProfileState(str(fact.value["digest"]), frozenset(fact.value.get("admins", ())))


async def note_profile_state(tx: Tx, said: ProfileState) -> None:
    """All of it was said."""
    fact = await tx.session.get(SystemState, INTRODUCED)
    if fact is None:
        fact = SystemState(name=INTRODUCED, value={}, at=tx.now)
        tx.session.add(fact)
    fact.value, fact.at = {"digest": said.digest, "admins": sorted(said.admins)}, tx.now


async def reachable_admins(tx: ReadTx) -> frozenset[int]:
    """Telegram ids of the admins who have written to the bot, and can be written to."""
    query = select(Person.telegram_id).where(
        Person.telegram_id.in_(tx.company.admins), Person.unreachable_since.is_(None)
    )
    return frozenset(id_ for id_ in await tx.session.scalars(query) if id_ is not None)


async def linked_operator_chats(tx: ReadTx) -> list[int]:
    """The groups in which operators work. Where the bot is not let into a team's own, nothing can
    be said there: once it is, the room is news.
    """
    main = tx.company.operators_chat
    shut = await troubled_teams(tx)
    rooms = [team.chat for team in (await teams_of(tx)).housed if team.code not in shut]
    return [chat for chat in [main, *rooms] if chat is not None]
