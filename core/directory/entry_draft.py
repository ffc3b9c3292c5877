"""Where an admin is who is asked for values of an entry: it survives a restart, for it is their
dialogue (X12).
"""

from dataclasses import asdict, dataclass
from dataclasses import field as kept_in
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from core.directory.entry_tables import Table
from core.people.identity import Sender, enter_dialogue, find_by_address, recognise
from core.tx import ReadTx, Tx

STEP: Final = "entry"
LASTS: Final = timedelta(hours=12)
DIGEST: Final = 6


@dataclass(frozen=True, slots=True)
class Draft:
    """Where an admin is. ``mark``: of the entry, empty for a new one, whose ``table`` this is so
    far; ``field``: the mark of what is asked, ``before``: of what was asked before; ``answer``:
    what they said, in a list of one; ``picked``: of a list, so far. ``version``: of the directory
    that they saw.
    """

    kind: str
    mark: str
    field: str
    version: int
    table: Table = kept_in(default_factory=dict)
    before: list[str] = kept_in(default_factory=list)
    answer: list[Any] | None = None
    picked: list[Any] | None = None

    @property
    def digest(self) -> str:
        """Return what tells this answer from another one."""
        return sha256(repr((self.answer, self.table)).encode()).hexdigest()[:DIGEST]


async def find_draft(tx: ReadTx, sender: Sender) -> Draft | None:
    """Return where the admin is, unless that was long ago."""
    person = await find_by_address(tx, sender.address)
    dialogue = (person.dialogue if person is not None else None) or {}
    if dialogue.get("step") != STEP or datetime.fromisoformat(dialogue["until"]) < tx.now:
        return None
    return Draft(**dialogue["draft"])


async def keep_draft(tx: Tx, sender: Sender, draft: Draft) -> None:
    """Remember where the admin is."""
    until = (tx.now + LASTS).isoformat()
    person = await recognise(tx, sender)
    enter_dialogue(person, {"step": STEP, "draft": asdict(draft), "until": until})


async def end_questions(tx: Tx, sender: Sender) -> bool:
    """Ask no more. Returns whether anything was asked."""
    person = await recognise(tx, sender)
    if (person.dialogue or {}).get("step") != STEP:
        return False
    enter_dialogue(person, None)
    return True
