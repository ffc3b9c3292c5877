"""Asks somebody of whom nothing is known yet whether their words may be stored (S31)."""

from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, select, update

from core.addresses import Address
from core.delivery.outbox import row, write
from core.delivery.pacing import Priority
from core.models import OutboxRow
from core.texts import pack
from core.tx import ReadTx, Tx

ASK: Final = "consent.ask"


async def ask_consent(tx: Tx, address: Address, language: str) -> None:
    """Queue the question with the company's text. One that waits already is asked once."""
    company = tx.company
    facts = {"text": company.consent_in(language), "version": company.consent_version}
    question = row(
        tx,
        address,
        "text",
        Priority.ANSWER_TO_ACTOR,
        ordering_key=f"{address.chat}:consent",
        key=ASK,
        facts=pack(facts),
        locale=language,
        dedup_key=_dedup_key(address),
    )
    await write(tx, [question])


async def is_asked(tx: ReadTx, address: Address, since: datetime) -> bool:
    """Return whether what the company asks now was asked here since then, and waits still. What was
    asked before an erasure is not known any more, of whomever that was: it counts as not asked.
    """
    query = select(OutboxRow.facts, OutboxRow.state).where(*_asked(address, since))
    asked = await tx.rows(query.order_by(OutboxRow.id.desc()).limit(1))
    return any(
        facts.get("version") == tx.company.consent_version and state != "failed"
        for facts, state in asked
    )


async def end_question(tx: Tx, address: Address, since: datetime) -> None:
    """Let what was asked since then wait no longer: it is answered."""
    await tx.change(update(OutboxRow).where(*_asked(address, since)).values(dedup_key=None))


def _asked(address: Address, since: datetime) -> tuple[ColumnElement[bool], ...]:
    return OutboxRow.created_at >= since, OutboxRow.dedup_key == _dedup_key(address)


def _dedup_key(address: Address) -> str:
    return f"consent@{address.chat}"
