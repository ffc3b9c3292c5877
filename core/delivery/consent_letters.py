"""Asks by letter whether somebody's words may be stored, and knows which letter was answered (S31).

The text and its version are frozen in the letter. The version is in its ``dedup_key``, too: what
letters say is forgotten when anybody is erased, and an answer may come later. A letter whose
sending was interrupted has no such key any more.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select, update

from core.addresses import Address
from core.delivery.outbox import row, write
from core.delivery.pacing import Priority
from core.models import OutboxRow
from core.texts import pack
from core.tx import ReadTx, Tx

ASK: Final = "letter.consent_ask"
AGAIN: Final = "letter.consent_again"
ERASED: Final = "letter.consent_erased"
LATE: Final = "letter.consent_late"
CONSENT_LETTERS: Final = frozenset({ASK, AGAIN, ERASED, LATE})
_QUESTIONS: Final = (ASK, AGAIN)
# Before the version in a letter's ``dedup_key``: it waits for an answer, or is answered.
_OPEN: Final = "consent"
_OVER: Final = "consent-over"


@dataclass(frozen=True, slots=True)
class Correspondent:
    """Somebody who has written. ``answers``: the id of what they wrote; ``mailbox``: the address of
    the desk's that it came to, if it is one of the directory's.
    """

    address: Address
    language: str
    answers: str | None = None
    mailbox: str | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """A letter that asks. ``is_open``: nobody has answered it, and it has not failed;
    ``is_answered``: an answer to it, or to another question there, has counted.
    """

    version: str
    is_open: bool
    at: datetime
    is_answered: bool = False


async def send_letter(tx: Tx, to: Correspondent, key: str) -> None:
    """Queue a letter about the consent, one of `CONSENT_LETTERS`."""
    version = tx.company.consent_version
    facts = {"answers": to.answers, "mailbox": to.mailbox}
    if key in _QUESTIONS:
        facts |= {"text": tx.company.consent_in(to.language), "version": version}
    letter = row(
        tx,
        to.address,
        "text",
        Priority.ANSWER_TO_ACTOR,
        ordering_key=f"{to.address.chat}:consent",
        key=key,
        facts=pack(facts),
        locale=to.language,
        dedup_key=_dedup_key(_OPEN, version, to.address) if key in _QUESTIONS else None,
    )
    await write(tx, [letter])


async def questions_since(tx: ReadTx, address: Address, since: datetime) -> Sequence[Question]:
    """Return what was asked there since then, of any version, the oldest first."""
    query = select(OutboxRow).where(*_asked(address), OutboxRow.created_at >= since)
    rows = await tx.all(query.order_by(OutboxRow.id))
    return [_question(one) for one in rows]


async def find_question(tx: ReadTx, address: Address, outbox_id: int) -> Question | None:
    """Return the question that this letter asked there; ``None``: it is another one, or gone."""
    found = await tx.first(select(OutboxRow).where(*_asked(address), OutboxRow.id == outbox_id))
    return None if found is None else _question(found)


async def end_questions(tx: Tx, address: Address) -> None:
    """Let no question wait there any longer: it is answered. What has not left yet stays here."""
    waits = *_asked(address), OutboxRow.state == "queued"
    await tx.change(update(OutboxRow).where(*waits).values(state="dropped", done_at=tx.now))
    for each in await tx.all(select(OutboxRow).where(*_asked(address)).order_by(OutboxRow.id)):
        each.dedup_key = _dedup_key(_OVER, _version(each), address)
    await tx.write()


def _asked(address: Address) -> tuple[Any, ...]:
    here = OutboxRow.channel == address.channel, OutboxRow.address == address.chat
    return *here, OutboxRow.key.in_(_QUESTIONS)


def _question(found: OutboxRow) -> Question:
    answered = f"{found.dedup_key}".startswith(f"{_OVER}:")
    is_open = not answered and found.state != "failed"
    return Question(_version(found), is_open, found.created_at, answered)


def _dedup_key(state: str, version: str, address: Address) -> str:
    """An address may be longer than the column."""
    digest = hashlib.sha256(address.chat.encode()).hexdigest()[:32]
    return f"{state}:{version}@{digest}"


def _version(asked: OutboxRow) -> str:
    if asked.dedup_key is None:
        return str(asked.facts.get("version", ""))
    return asked.dedup_key.partition(":")[2].rpartition("@")[0]
