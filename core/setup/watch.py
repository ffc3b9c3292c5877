"""Whether the desk's chats are in order: who must know that one is not, and that it is again (X14).

A trouble is told once, and its end once: to every admin who can be reached, to the other chat of
the desk while that one works, and by mail.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlalchemy import select

from core.delivery import outbox
from core.delivery.claims import hurry
from core.delivery.pacing import Priority
from core.events import DeskTroubled, DeskWell
from core.models import Fact, Person
from core.tx import Look, Tx

FINE: Final = "fine"
UNLINKED: Final = "unlinked"
_OTHER: Final = {"operators": "alerts", "alerts": "operators"}


@dataclass(frozen=True, slots=True)
class Condition:
    """How the chat of a role is; ``code`` is ``fine``, ``unlinked``, or what is wrong."""

    role: str
    code: str
    chat: int | None = None
    title: str = ""

    @property
    def troubled(self) -> bool:
        """Somebody has to do something. A role without a chat is the checklist's business."""
        return self.code not in {FINE, UNLINKED}


async def find_news(look: Look, seen: Sequence[Condition]) -> list[Condition]:
    """Those of which something else was told last, or nothing yet and it matters."""
    told = {each.role: (await _told(look, each.role)).code for each in seen}
    return [
        each
        for each in seen
        if told[each.role] != each.code and (each.troubled or told[each.role] != FINE)
    ]


async def tell(tx: Tx, seen: Sequence[Condition]) -> list[Condition]:
    """Note what is new and have it told. Returns the chats that work again."""
    well: list[Condition] = []
    for each in await find_news(tx, seen):
        before = await _told(tx, each.role)
        await _note(tx, each)
        if each.troubled:
            tx.emit(DeskTroubled(ticket_id=None, role=each.role, code=each.code, chat=each.chat))
            await _spread(tx, each, seen, f"setup.{each.role}.{each.code}", "mail.troubled")
        elif each.code == FINE:
            tx.emit(DeskWell(ticket_id=None, role=each.role, code=before.code, chat=each.chat))
            await _spread(tx, each, seen, f"setup.{each.role}.well", "mail.well")
            await hurry(tx, str(each.chat))
            well.append(each)
    return well


async def _told(look: Look, role: str) -> Condition:
    """What was told last of a role; nothing told yet is as good as fine."""
    fact = await look.session.get(Fact, _name(role))
    return Condition(role, FINE) if fact is None else Condition(**fact.value)


async def _note(tx: Tx, condition: Condition) -> None:
    fact = await tx.session.get(Fact, _name(condition.role))
    if fact is None:
        fact = Fact(name=_name(condition.role), value={}, at=tx.now)
        tx.session.add(fact)
    fact.value, fact.at = asdict(condition), tx.now


def _name(role: str) -> str:
    return f"health.{role}"


async def _spread(tx: Tx, about: Condition, seen: Sequence[Condition], key: str, mail: str) -> None:
    """Rows for everybody who must know; each reads it in their own language."""
    facts = {"title": about.title, "id": about.chat}
    mail = f"{mail}.{about.role}"
    admins = await _reachable(tx)
    rows = [_row(tx, str(each.telegram_id), key, facts, person=each) for each in admins]
    other = next((each for each in seen if each.role == _OTHER[about.role]), None)
    if other is not None and other.code == FINE:
        rows.append(_row(tx, str(other.chat), key, facts))
    letters = tx.company.mail_alerts_to
    rows += [_row(tx, address, mail, facts, channel=outbox.EMAIL) for address in letters]
    await outbox.write(tx, rows)


def _row(tx: Tx, address: str, key: str, facts: dict[str, Any], **more: Any) -> dict[str, Any]:
    lane = f"{address}:0"
    return outbox.row(
        tx, address, "text", Priority.GROUP_NEWS, lane=lane, key=key, facts=facts, **more
    )


async def _reachable(look: Look) -> Sequence[Person]:
    query = select(Person).where(
        Person.telegram_id.in_(look.company.admins), Person.unreachable_since.is_(None)
    )
    return (await look.session.scalars(query.order_by(Person.id))).all()
