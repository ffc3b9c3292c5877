"""The health of the desk's chats: reports a fault once, and its end once (X14).

Both go to every admin who can be reached, to the other chat of the desk while that one works (for a
team's own group: to the alert channel), and by mail.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlalchemy import select

from core.delivery import outbox
from core.delivery.outbox_store import hurry
from core.delivery.pacing import Priority
from core.events import DeskTroubled, DeskWell
from core.models import Person, SystemState
from core.teams.teams import teams_of
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
    chat: int | None = None
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
        where: dict[str, Any] = {"role": each.role, "chat": each.chat, "team": each.team}
        if each.trouble_seen:
            tx.emit(DeskTroubled(ticket_id=None, code=each.code, **where))
            await _spread(tx, each, seen, f"setup.{each.role}.{each.code}", "mail.troubled")
        elif each.code == FINE:
            tx.emit(DeskWell(ticket_id=None, code=before.code, **where))
            await _spread(tx, each, seen, f"setup.{each.role}.well", "mail.well")
            await hurry(tx, str(each.chat))
            well.append(each)
    return well


async def troubled_teams(tx: ReadTx) -> frozenset[str]:
    """Return codes of the teams in whose own groups the bot cannot work, as last reported."""
    facts = await tx.session.scalars(
        select(SystemState).where(SystemState.name.startswith(_OF_TEAM))
    )
    told = [Condition(**fact.value) for fact in facts]
    return frozenset(each.team for each in told if each.trouble_seen)


async def _last_report(tx: ReadTx, about: Condition) -> Condition:
    """Return the last report on this chat; none counts as fine."""
    fact = await tx.session.get(SystemState, about.name)
    return Condition(about.role, FINE) if fact is None else Condition(**fact.value)


async def _note(tx: Tx, condition: Condition) -> None:
    fact = await tx.session.get(SystemState, condition.name)
    if fact is None:
        fact = SystemState(name=condition.name, value={}, at=tx.now)
        tx.session.add(fact)
    fact.value, fact.at = asdict(condition), tx.now


async def _spread(tx: Tx, about: Condition, seen: Sequence[Condition], key: str, mail: str) -> None:
    """Return outbox rows for everybody who must know, each in their own language."""
    mail = f"{mail}.{about.role}"
    facts = await _facts(tx, about, tx.company.language)
    rows = []
    for each in await _reachable(tx):
        own = await _facts(tx, about, each.language)
        rows.append(_row(tx, str(each.telegram_id), key, own, person=each))
    other = next((each for each in seen if each.role == _OTHER[about.role]), None)
    if other is not None and other.code == FINE:
        rows.append(_row(tx, str(other.chat), key, facts))
    letters = tx.company.mail_alerts_to
    rows += [_row(tx, address, mail, facts, channel=outbox.EMAIL) for address in letters]
    await outbox.write(tx, rows)


async def _facts(tx: ReadTx, about: Condition, language: str) -> dict[str, Any]:
    facts: dict[str, Any] = {"title": about.title, "id": about.chat}
    team = (await teams_of(tx)).get(about.team)
    return facts if team is None else facts | {"team": team.title(language)}


def _row(tx: Tx, address: str, key: str, facts: dict[str, Any], **more: Any) -> dict[str, Any]:
    ordering_key = f"{address}:0"
    return outbox.row(
        tx,
        address,
        "text",
        Priority.GROUP_NEWS,
        ordering_key=ordering_key,
        key=key,
        facts=facts,
        **more,
    )


async def _reachable(tx: ReadTx) -> Sequence[Person]:
    query = select(Person).where(
        Person.telegram_id.in_(tx.company.admins), Person.unreachable_since.is_(None)
    )
    return (await tx.session.scalars(query.order_by(Person.id))).all()
