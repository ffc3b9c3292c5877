"""Contracts of accounts: number, agreement, days (C4)."""

from datetime import date
from typing import Final

from sqlalchemy import select

from core.contacts.edit import find_account, open_account
from core.errors import NotAllowed, NothingToDo, Unreadable
from core.events import ContractSigned
from core.models import Account, Agreement, Contract
from core.people.permissions import may
from core.tx import Tx
from core.words.names import clean_name

_LONGEST_NUMBER: Final = 64
_PARTS: Final = 2
_MOST_PARTS: Final = 5


async def sign(tx: Tx, words: str) -> tuple[Account, Contract]:
    """Record a contract from ``account; number; agreement; since; until``, on an admin's word.

    What follows the number may be missing; an existing contract of that number gets the new terms.
    Raises :class:`Unreadable` with an example.
    """
    if not may(tx.actor.role, "contract"):
        raise NotAllowed("contract")
    parts = [part.strip() for part in words.split(";")]
    if not _PARTS <= len(parts) <= _MOST_PARTS or not all(parts[:_PARTS]):
        raise Unreadable("refusal.no_contract", words=words[:40])
    parts += [""] * (_MOST_PARTS - len(parts))
    since, until = _day(parts[3]), _day(parts[4])
    if since is not None and until is not None and until < since:
        raise Unreadable("refusal.contract_days", since=since.isoformat(), until=until.isoformat())
    agreement = await _agreement(tx, parts[2])
    account = await find_account(tx, parts[0]) or await open_account(tx, parts[0])
    number = clean_name(parts[1], _LONGEST_NUMBER)
    contract = await _write(tx, account, number, (agreement, since, until))
    return account, contract


def _day(words: str) -> date | None:
    if not words:
        return None
    try:
        return date.fromisoformat(words)
    except ValueError:
        raise Unreadable("refusal.no_contract", words=words[:40]) from None


async def _agreement(tx: Tx, words: str) -> str | None:
    if not words:
        return None
    active = select(Agreement.code, Agreement.title).where(Agreement.active)
    rows = await tx.rows(active.order_by(Agreement.code))
    wanted = words.casefold()
    for code, title in rows:
        if wanted in {code.casefold(), title.casefold()}:
            return str(code)
    known = ", ".join(title for _, title in rows)
    raise Unreadable("refusal.no_agreement", words=words[:40], known=known or "—")


async def _write(
    tx: Tx, account: Account, number: str, terms: tuple[str | None, date | None, date | None]
) -> Contract:
    query = select(Contract).where(Contract.number == number).with_for_update(key_share=True)
    contract = await tx.first(query)
    if contract is None:
        contract = Contract(account_id=account.id, number=number)
    elif contract.account_id != account.id:
        raise Unreadable("refusal.contract_of_other", contract=number)
    elif (contract.agreement, contract.since, contract.until) == terms:
        raise NothingToDo("refusal.detail_known")
    contract.agreement, contract.since, contract.until = terms
    await tx.insert(contract)
    tx.emit(
        ContractSigned(
            ticket_id=None,
            account_id=account.id,
            number=number,
            agreement=contract.agreement,
            since=None if contract.since is None else contract.since.isoformat(),
            until=None if contract.until is None else contract.until.isoformat(),
        )
    )
    return contract
