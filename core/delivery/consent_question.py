"""Asks somebody of whom nothing is known yet whether their words may be stored (S31)."""

from typing import Final

from core.addresses import Address
from core.delivery.outbox import row, write
from core.delivery.pacing import Priority
from core.texts import pack
from core.tx import Tx

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
        dedup_key=f"consent@{address.chat}",
    )
    await write(tx, [question])
