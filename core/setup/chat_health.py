"""The health of the desk's chats: reports a fault once, and its end once (X14).

Both go to every admin who can be reached, to the other chat of the desk while that one works (for a
team's own group: to the alert channel), and by mail.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import select

from core.addresses import Address
from core.delivery.waiting_rows import hurry
from core.events import DeskTroubled, DeskWell
from core.models import SystemState
from core.tx import ReadTx, Tx

FINE: Final = "fine"
UNLINKED: Final = "unlinked"
_OTHER: Final = {"operators": "alerts", "alerts": "operators", "team": "alerts"}
# Stored by team: a code is as long as the name of a state allows.
_OF_TEAM: Final = "health@"


@dataclass(frozen=True, slots=True)
class Condition:
    """How the chat of a role is; ``code`` is ``fine``, ``unlinked``, or what is wrong.

    ``team``: whose own group it is, by code.
    """

    role: str
    code: str
    chat: Address | None = None
    title: str = ""
    team: str = ""

    @property
    def trouble_seen(self) -> bool:
        """Return whether somebody has to act. A role without a chat is shown by the checklist
        instead.
        """
        return self.code not in {FINE, UNLINKED}

    @property
    def name(self) -> str:
        """Return the name under which the last report is stored."""
        return f"{_OF_TEAM}{self.team}" if self.team else f"health.{self.role}"


async def find_news(tx: ReadTx, seen: Sequence[Condition]) -> list[Condition]:
    """Return the conditions that differ from the last report, or are faulty and without one."""
    told = [(each, (await _last_report(tx, each)).code) for each in seen]
    return [
        each
        for each, before in told
        if before != each.code and (each.trouble_seen or before != FINE)
    ]


async def tell(tx: Tx, seen: Sequence[Condition]) -> list[Condition]:
    """Store and report the news. Returns the chats that work again."""
    well: list[Condition] = []
    for each in await find_news(tx, seen):
        before = await _last_report(tx, each)
        await _note(tx, each)
        facts = _facts(each, seen)
        if each.trouble_seen:
            tx.emit(DeskTroubled(ticket_id=None, code=each.code, **facts))
        elif each.code == FINE:
            tx.emit(DeskWell(ticket_id=None, code=before.code, **facts))
            if each.chat is not None:
                await hurry(tx, each.chat.chat)
            well.append(each)
    return well


def _facts(about: Condition, seen: Sequence[Condition]) -> dict[str, Any]:
    other = next((each for each in seen if each.role == _OTHER[about.role]), None)
    works = other is not None and other.code == FINE
    return {
        "role": about.role,
        "chat": _text(about.chat),
        "team": about.team,
        "title": about.title,
        "other": _text(other.chat) if works and other is not None else None,
    }


def _text(chat: Address | None) -> str | None:
    return None if chat is None else str(chat)


async def troubled_teams(tx: ReadTx) -> frozenset[str]:
    """Return codes of the teams in whose own groups the bot cannot work, as last reported."""
    facts = await tx.all(select(SystemState).where(SystemState.name.startswith(_OF_TEAM)))
    told = [_noted(fact) for fact in facts]
    return frozenset(each.team for each in told if each.trouble_seen)


async def _last_report(tx: ReadTx, about: Condition) -> Condition:
    """Return the last report on this chat; none counts as fine."""
    fact = await tx.find(SystemState, about.name)
    return Condition(about.role, FINE) if fact is None else _noted(fact)


def _noted(fact: SystemState) -> Condition:
    return Condition(fact.value["role"], fact.value["code"], team=fact.value["team"])


async def _note(tx: Tx, condition: Condition) -> None:
    value = {"role": condition.role, "code": condition.code, "team": condition.team}
    await tx.put(SystemState(name=condition.name, value=value, at=tx.now))
