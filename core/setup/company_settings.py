"""An admin is asked for words that no button holds: the company's name, another zone or span."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import select

from core.company import Company
from core.delivery.linked_chats import find_linked_chats, store_linked_chats
from core.errors import NotAllowed, Refusal
from core.events import CompanyChanged
from core.models import Setting
from core.people.identity import Sender, arrive, enter_dialogue, find_by_telegram, recognise
from core.setup.claim import appointed
from core.tx import ReadTx, Tx


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
    _ = await store_linked_chats(tx)
    return await find_company(tx)


async def find_company(tx: ReadTx) -> Company:
    """The company as it is now: what the environment fixed, and for the rest what was chosen."""
    company = await find_linked_chats(tx)
    kept = {row.name: row.value["is"] for row in await tx.session.scalars(select(Setting))}
    chosen = {
        field: choice.read(kept[field])
        for field, choice in CHOICES.items()
        if field in kept and field not in company.fixed
    }
    return replace(company, **chosen, admins=company.admins | await appointed(tx))


async def choose(tx: Tx, sender: Sender, field: str, value: Any) -> Company:
    """An admin has chosen; returns the company as it is from now on.

    Raises :class:`NotAllowed`, or :class:`Refusal` for what the environment has fixed.
    """
    await arrive_as_admin(tx, sender)
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


async def arrive_as_admin(tx: Tx, sender: Sender) -> None:
    """Go on as an admin. Raises :class:`NotAllowed` for everybody else."""
    if sender.telegram_id not in tx.company.admins:
        raise NotAllowed("set_up")
    await arrive(tx, sender, "operator")


def refuse_if_fixed(tx: Tx, field: str, variable: str) -> None:
    """What a variable says is changed where the variable stands, not here."""
    if field in tx.company.fixed:
        raise Refusal("refusal.fixed", variable=variable)


STEP: Final = "set_up"


async def ask_for(tx: Tx, sender: Sender, field: str) -> None:
    """What the admin writes next is this field. Raises as :func:`choose` does."""
    await arrive_as_admin(tx, sender)
    refuse_if_fixed(tx, field, CHOICES[field].variable)
    enter_dialogue(await recognise(tx, sender), {"step": STEP, "field": field})


async def asked_for(tx: ReadTx, telegram_id: int) -> str | None:
    """The field that the person was asked for, if they were."""
    person = await find_by_telegram(tx, telegram_id)
    dialogue = (person.dialogue if person is not None else None) or {}
    return dialogue.get("field") if dialogue.get("step") == STEP else None


async def answered(tx: Tx, sender: Sender) -> None:
    """The words have come, or are not needed any more."""
    person = await recognise(tx, sender)
    if (person.dialogue or {}).get("step") == STEP:
        enter_dialogue(person, None)


async def take_choice(tx: Tx, sender: Sender, field: str, value: Any) -> Company:
    """Choose, and be done with the question; returns and raises as :func:`choose` does."""
    company = await choose(tx, sender, field, value)
    await answered(tx, sender)
    return company
