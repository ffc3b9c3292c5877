"""The company's settings that admins choose in the chat: name, language, zone, deadline."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, Final

from core.addresses import Address
from core.company import Company
from core.company_choices import CHOICES, find_chosen
from core.delivery.linked_chats import find_linked_chats, store_linked_chats
from core.delivery.topics import move_all_open_tickets
from core.errors import NotAllowed, Refusal
from core.events import CompanyChanged
from core.models import Setting, SystemState
from core.people.identity import Sender, arrive, enter_dialogue, find_by_address, recognise
from core.setup.claim import appointed
from core.tx import ReadTx, Tx


async def _shorten_reminder(tx: Tx) -> None:
    """A reminder that would come before its deadline begins comes for the last quarter of it."""
    deadline = tx.company.answer_deadline
    if tx.company.remind_before >= deadline and "remind_before" not in tx.company.fixed:
        await _keep(tx, "remind_before", deadline / 4)


# What follows from another choice.
_THEN: Final[dict[str, Callable[[Tx], Awaitable[None]]]] = {
    "topics": move_all_open_tickets,
    "answer_deadline": _shorten_reminder,
}
# The state that a restore leaves (`core.setup.restored`), and what of it rules ask for.
RESTORED: Final = "restored"
_OF_EPOCH: Final = ("epoch", "first_number", "on_hold", "inbox_up_to")
# The variables that set the chats.
PLACES: Final = {"operators_chat": "OPERATOR_CHAT_ID", "alerts_chat": "ALERT_CHAT_ID"}


async def settle(tx: Tx) -> Company:
    """Store what the environment sets; returns what :func:`find_company` does."""
    _ = await store_linked_chats(tx)
    return await find_company(tx)


async def find_company(tx: ReadTx) -> Company:
    """Return the company as it is now: the environment's settings first, then what was chosen."""
    company = await find_chosen(tx, await find_linked_chats(tx))
    restored = await tx.find(SystemState, RESTORED)
    known = {} if restored is None else restored.value
    epoch = {name: known[name] for name in _OF_EPOCH if name in known}
    return replace(company, **epoch, admins=company.admins | await appointed(tx))


async def choose(tx: Tx, sender: Sender, field: str, value: Any) -> Company:
    """Set a field; returns the company as it is from now on.

    Raises :class:`NotAllowed`, or :class:`Refusal` for a field that the environment sets.
    """
    await arrive_as_admin(tx, sender)
    refuse_if_fixed(tx, field, CHOICES[field].variable)
    await _keep(tx, field, value)
    if field in _THEN:
        await _THEN[field](tx)
    return tx.company


async def _keep(tx: Tx, field: str, value: Any) -> None:
    kept = CHOICES[field].keep(value)
    await tx.put(Setting(name=field, value={"is": kept}, at=tx.now))
    tx.emit(CompanyChanged(ticket_id=None, what=field, value=kept))
    tx.choose(**{field: value})


async def arrive_as_admin(tx: Tx, sender: Sender) -> None:
    """Act as this admin from here on. Raises :class:`NotAllowed` for everybody else."""
    if sender.address not in tx.company.admins:
        raise NotAllowed("set_up")
    await arrive(tx, sender, "operator")


def refuse_if_fixed(tx: Tx, field: str, variable: str) -> None:
    """Raise :class:`Refusal` for a field that a variable sets."""
    if field in tx.company.fixed:
        raise Refusal("refusal.fixed", variable=variable)


STEP: Final = "set_up"


async def ask_for(tx: Tx, sender: Sender, field: str) -> None:
    """Take the admin's next message as the value of this field. Raises as :func:`choose` does."""
    await arrive_as_admin(tx, sender)
    refuse_if_fixed(tx, field, CHOICES[field].variable)
    enter_dialogue(await recognise(tx, sender), {"step": STEP, "field": field})


async def asked_for(tx: ReadTx, address: Address) -> str | None:
    """Return the field that the person was asked for, if any."""
    person = await find_by_address(tx, address)
    dialogue = (person.dialogue if person is not None else None) or {}
    return dialogue.get("field") if dialogue.get("step") == STEP else None


async def answered(tx: Tx, sender: Sender) -> None:
    """End the question."""
    person = await recognise(tx, sender)
    if (person.dialogue or {}).get("step") == STEP:
        enter_dialogue(person, None)


async def take_choice(tx: Tx, sender: Sender, field: str, value: Any) -> Company:
    """Choose, and end the question; returns and raises as :func:`choose` does."""
    company = await choose(tx, sender, field, value)
    await answered(tx, sender)
    return company
