"""An admin is asked for words that no button holds: the company's name, another zone or span."""

from typing import Any, Final

from core.company import Company
from core.people.directory import Caller, enter_dialogue, find_by_telegram, recognise
from core.setup.choices import CHOICES, arrive_as_admin, choose, refuse_if_fixed
from core.tx import Look, Tx

STEP: Final = "set_up"


async def ask_for(tx: Tx, caller: Caller, field: str) -> None:
    """What the admin writes next is this field. Raises as :func:`choose` does."""
    await arrive_as_admin(tx, caller)
    refuse_if_fixed(tx, field, CHOICES[field].variable)
    enter_dialogue(await recognise(tx, caller), {"step": STEP, "field": field})


async def asked_for(look: Look, telegram_id: int) -> str | None:
    """The field that the person was asked for, if they were."""
    person = await find_by_telegram(look, telegram_id)
    dialogue = (person.dialogue if person is not None else None) or {}
    return dialogue.get("field") if dialogue.get("step") == STEP else None


async def answered(tx: Tx, caller: Caller) -> None:
    """The words have come, or are not needed any more."""
    person = await recognise(tx, caller)
    if (person.dialogue or {}).get("step") == STEP:
        enter_dialogue(person, None)


async def take_choice(tx: Tx, caller: Caller, field: str, value: Any) -> Company:
    """Choose, and be done with the question; returns and raises as :func:`choose` does."""
    company = await choose(tx, caller, field, value)
    await answered(tx, caller)
    return company
