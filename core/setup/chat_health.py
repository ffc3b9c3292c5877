"""Whether the desk's chats are in order: who must know that one is not, and that it is again (X14).

A trouble is told once, and its end once: to every admin who can be reached, to the other chat of
the desk while that one works (of a team's own group: to the alert channel), and by mail.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlalchemy import select

from core.delivery.outbox_store import hurry
from core.events import DeskTroubled, DeskWell
from core.models import SystemState
from core.tx import ReadTx, Tx

FINE: Final = "fine"
UNLINKED: Final = "unlinked"
_OTHER: Final = {"operators": "alerts", "alerts": "operators", "team": "alerts"}
# Noted by team: a code is as long as a name of a fact allows.
_OF_TEAM: Final = "health@"


@dataclass(frozen=True, slots=True)
class Condition:
    """How the chat of a role is; ``code`` is ``fine``, ``unlinked``, or what is wrong.

    ``team``: whose own group it is, by code.
    """

    role: str
    code: str
    chat: int | None = None
    title: str = ""
    team: str = ""

    @property
    def trouble_seen(self) -> bool:
        """Somebody has to do something. A role without a chat is the checklist's business."""
        return self.code not in {FINE, UNLINKED}

    @property
    def name(self) -> str:
        """Under which it is noted what was told last."""
        return f"{_OF_TEAM}{self.team}" if self.team else f"health.{self.role}"


async def find_news(tx: ReadTx, seen: Sequence[Condition]) -> list[Condition]:
    """Those of which something else was told last, or nothing yet and it matters."""
    told = [(each, (await _told(tx, each)).code) for each in seen]
    return [
        each
        for each, before in told
        if before != each.code and (each.trouble_seen or before != FINE)
    ]


async def tell(tx: Tx, seen: Sequence[Condition]) -> list[Condition]:
    """Note what is new and have it told. Returns the chats that work again."""
    well: list[Condition] = []
    for each in await find_news(tx, seen):
        before = await _told(tx, each)
        await _note(tx, each)
        facts = _facts(each, seen)
        if each.trouble_seen:
            tx.emit(DeskTroubled(ticket_id=None, code=each.code, **facts))
        elif each.code == FINE:
            tx.emit(DeskWell(ticket_id=None, code=before.code, **facts))
            await hurry(tx, str(each.chat))
            well.append(each)
    return well


def _facts(about: Condition, seen: Sequence[Condition]) -> dict[str, Any]:
    other = next((each for each in seen if each.role == _OTHER[about.role]), None)
    works = other is not None and other.code == FINE
    return {
        "role": about.role,
        "chat": about.chat,
        "team": about.team,
        "title": about.title,
        "other": other.chat if works and other is not None else None,
    }


async def troubled_teams(tx: ReadTx) -> frozenset[str]:
    """Codes of the teams in whose own groups the bot cannot work, as was told last."""
    facts = await tx.session.scalars(
        select(SystemState).where(SystemState.name.startswith(_OF_TEAM))
    )
    told = [Condition(**fact.value) for fact in facts]
    return frozenset(each.team for each in told if each.trouble_seen)


async def _told(tx: ReadTx, about: Condition) -> Condition:
    """What was told last of this chat; nothing told yet is as good as fine."""
    fact = await tx.session.get(SystemState, about.name)
    return Condition(about.role, FINE) if fact is None else Condition(**fact.value)


async def _note(tx: Tx, condition: Condition) -> None:
    fact = await tx.session.get(SystemState, condition.name)
    if fact is None:
        fact = SystemState(name=condition.name, value={}, at=tx.now)
        tx.session.add(fact)
    fact.value, fact.at = asdict(condition), tx.now
