"""What was last published in the bot's profile, by its digest."""

from dataclasses import dataclass
from typing import Final

from core.address_holders import addresses_where, is_at
from core.addresses import Address
from core.models import Person, SystemState
from core.setup.chat_health import troubled_teams
from core.teams.teams import teams_of
from core.tx import ReadTx, Tx

INTRODUCED: Final = "introduced"


@dataclass(frozen=True, slots=True)
class ProfileState:
    """The digest of what was published last, at first empty, and for which ``admins``."""

    digest: str = ""
    admins: frozenset[Address] = frozenset()


async def find_profile_state(tx: ReadTx) -> ProfileState:
    """Return what was published last."""
    fact = await tx.find(SystemState, INTRODUCED)
    if fact is None:
        return ProfileState()
    admins = frozenset(map(Address.parse, fact.value.get("admins", ())))
    return ProfileState(str(fact.value["digest"]), admins)


async def note_profile_state(tx: Tx, said: ProfileState) -> None:
    """Store what was published."""
    value = {"digest": said.digest, "admins": sorted(map(str, said.admins))}
    await tx.put(SystemState(name=INTRODUCED, value=value, at=tx.now))


async def reachable_admins(tx: ReadTx) -> frozenset[Address]:
    """Return the addresses of the admins who have written to us, and can be written to."""
    admins = tx.company.admins
    query = addresses_where(is_at(admins), Person.unreachable_since.is_(None))
    return admins & {Address(*row) for row in await tx.rows(query)}


async def linked_operator_chats(tx: ReadTx) -> list[Address]:
    """Return the operators' groups, without those of teams that the bot cannot enter."""
    main = tx.company.operators_chat
    shut = await troubled_teams(tx)
    rooms = [team.chat for team in (await teams_of(tx)).with_group if team.code not in shut]
    return [chat for chat in [main, *rooms] if chat is not None]
