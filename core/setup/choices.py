"""What an admin chooses for the company in the chat: kept as rows, and told to every transaction.

Each choice is a field of :class:`Company` with two ways: how it is kept, how it is read again.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import select

from core.company import Company
from core.delivery.places import find_places, settle_places
from core.errors import NotAllowed, Refusal
from core.events import CompanyChanged
from core.models import Setting
from core.people.directory import Caller, arrive
from core.setup.claim import appointed
from core.tx import Look, Tx


@dataclass(frozen=True, slots=True)
class Choice:
    """How one field is kept, and the variable that would fix it."""

    variable: str
    keep: Callable[[Any], Any]
    read: Callable[[Any], Any]


CHOICES: Final[dict[str, Choice]] = {
    "name": Choice("COMPANY_NAME", str, str),
    "language": Choice("DEFAULT_LANGUAGE", str, str),
    "zone": Choice("TIMEZONE", lambda zone: zone.key, ZoneInfo),
    "answer_deadline": Choice(
        "ANSWER_DEADLINE",
        lambda span: span.total_seconds(),
        lambda seconds: timedelta(seconds=seconds),
    ),
}
# The variables that fix the chats.
PLACES: Final = {"operators_chat": "OPERATOR_CHAT_ID", "alerts_chat": "ALERT_CHAT_ID"}


async def settle(tx: Tx) -> Company:
    """Note what the environment fixes; returns what :func:`find_company` does."""
    _ = await settle_places(tx)
    return await find_company(tx)


async def find_company(look: Look) -> Company:
    """The company as it is now: what the environment fixed, and for the rest what was chosen."""
    company = await find_places(look)
    kept = {row.name: row.value["is"] for row in await look.session.scalars(select(Setting))}
    chosen = {
        field: choice.read(kept[field])
        for field, choice in CHOICES.items()
        if field in kept and field not in company.fixed
    }
    return replace(company, **chosen, admins=company.admins | await appointed(look))


async def choose(tx: Tx, caller: Caller, field: str, value: Any) -> Company:
    """An admin has chosen; returns the company as it is from now on.

    Raises :class:`NotAllowed`, or :class:`Refusal` for what the environment has fixed.
    """
    await arrive_as_admin(tx, caller)
    choice = CHOICES[field]
    refuse_if_fixed(tx, field, choice.variable)
    kept = choice.keep(value)
    row = await tx.session.get(Setting, field)
    if row is None:
        row = Setting(name=field, value={}, at=tx.now)
        tx.session.add(row)
    row.value, row.at = {"is": kept}, tx.now
    tx.emit(CompanyChanged(ticket_id=None, what=field, value=kept))
    return replace(tx.company, **{field: value})


async def arrive_as_admin(tx: Tx, caller: Caller) -> None:
    """Go on as an admin. Raises :class:`NotAllowed` for everybody else."""
    if caller.telegram_id not in tx.company.admins:
        raise NotAllowed("set_up")
    await arrive(tx, caller, "operator")


def refuse_if_fixed(tx: Tx, field: str, variable: str) -> None:
    """What a variable says is changed where the variable stands, not here."""
    if field in tx.company.fixed:
        raise Refusal("refusal.fixed", variable=variable)
