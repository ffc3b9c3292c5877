"""One ticket of the weeks before: who wrote what, who answered, how it ended."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import func, select

from bot.demo.past_time import Act, Past
from core.equipment.cameras import CameraFacts, find_own
from core.equipment.faults import report
from core.models import Message, Ticket
from core.people.identity import Sender, arrive
from core.people.staff import by_operator
from core.tasks.task_actions import Choice, resolve
from core.tickets.classification import choose
from core.tickets.conversation import answer_delivered, reply
from core.tickets.customer_dialogue import choose_topic, leave_dialogue, rate_work
from core.tickets.intake import add_to, hear
from core.tickets.lifecycle import move, take
from core.tx import Tx

if TYPE_CHECKING:
    from sandbox.past import Matter

# How often, in a hundred: nobody looks for a day or two, the first answer does not help, it takes
# another day, the customer rates the work.
_LATE, _UNHELPED, _PUT_OFF, _RATED = 9, 25, 15, 65
_GRADES: Final = (5, 5, 5, 5, 5, 4, 4, 4, 2)
_CONTENT: Final = 8
_GOOD, _DAY = 4, 24 * 60
# A resolved ticket closes by itself after days: who has ended so recently is rated.
_RECENT: Final = timedelta(days=8)


def plan_case(past: Past, opened: datetime) -> None:
    """Plan a ticket of a customer who has no other one then; nothing if all have."""
    free = [one for one in past.cast.customers if past.busy.get(one, opened) <= opened]
    matter = past.chance.choice(past.cast.words.matters)
    owner = past.cast.customers[0]
    if not free or (matter.camera and owner not in free):
        return
    customer = owner if matter.camera else past.chance.choice(free)
    case = _Case(past, matter, customer, past.chance.choice(past.cast.operators))
    steps = list(case.steps(opened))
    for left, (moment, act) in enumerate(reversed(steps), 1):
        past.at(min(moment, past.end - timedelta(minutes=3 * left)), act)
    past.busy[customer] = steps[-1][0]


@dataclass(slots=True)
class _Case:
    """A ticket, which gets its ``number`` when it is opened."""

    past: Past
    matter: "Matter"
    customer: Sender
    operator: Sender
    number: int = 0

    def steps(self, opened: datetime) -> Iterator[tuple[datetime, Act]]:
        """Yield what happens, and when."""
        chance, after = self.past.chance, self.past.after
        yield opened, self._open
        late = chance.randrange(100) < _LATE
        moment = after(opened, *((_DAY, 3 * _DAY) if late else (3, 90)), at_work=True)
        yield moment, self._take
        moment = after(moment, 4, 45, at_work=True)
        unhelped = chance.randrange(100) < _UNHELPED
        yield moment, partial(self._answer, self.matter.answer, wait=unhelped)
        if unhelped:
            moment = after(moment, 20, 240, at_work=False)
            yield moment, self._write_again
            moment = after(moment, 10, 150, at_work=True)
            yield moment, partial(self._answer, self.past.cast.words.sorry)
        if chance.randrange(100) < _PUT_OFF:
            moment = after(moment, 10, 60, at_work=True)
            yield moment, self._put_off
            moment += timedelta(days=1)
        yield from self._end(moment)

    def _end(self, moment: datetime) -> Iterator[tuple[datetime, Act]]:
        """Yield the end, and a second one where the first was no good."""
        chance, after = self.past.chance, self.past.after
        moment = after(moment, 15, 600, at_work=True)
        yield moment, self._resolve
        recent = moment > self.past.end - _RECENT
        # a fault that is only resolved would be the same one when it is reported again
        rated = recent or self.matter.camera is not None
        if not rated and chance.randrange(100) >= _RATED:
            return
        grade = chance.choice(_GRADES[:_CONTENT] if recent else _GRADES)
        moment = after(moment, 5, 300, at_work=False)
        yield moment, partial(self._rate, grade)
        if grade >= _GOOD:
            return
        moment = after(moment, 10, 120, at_work=True)
        yield moment, partial(self._answer, self.past.cast.words.sorry)
        moment = after(moment, 15, 300, at_work=True)
        yield moment, self._resolve
        yield after(moment, 5, 300, at_work=False), partial(self._rate, _GOOD)

    async def _open(self, tx: Tx) -> None:
        said = self.past.message(self.customer.address.chat, self.matter.words)
        if self.matter.camera:
            camera = await find_own(tx, self.customer.address, number=self.matter.camera)
            heard = await report(tx, self.customer, camera.id, said, title=self._title)
        else:
            await choose_topic(tx, self.customer, self.matter.topic)
            heard = await hear(tx, self.customer, said)
        self.number = heard.ticket.id if heard.ticket else 0
        if self.matter.topic == "payment":
            number = self.past.message(self.customer.address.chat, self.past.cast.words.contract)
            await hear(tx, self.customer, number)
        await leave_dialogue(tx, self.customer)

    def _title(self, camera: CameraFacts) -> str:
        return self.past.cast.words.fault.format(number=camera.number, name=camera.name)

    async def _take(self, tx: Tx) -> None:
        await by_operator(tx, self.operator, take, self.number)
        if self.matter.camera:  # it is an incident from its beginning on
            return
        kind = ("category", self.matter.category)
        await by_operator(tx, self.operator, choose, self.number, *kind)

    async def _answer(self, text: str, tx: Tx, *, wait: bool = False) -> None:
        said = self.past.message(self.past.cast.group, text)
        await by_operator(tx, self.operator, reply, self.number, said, wait=wait)
        newest = select(func.max(Message.id)).where(Message.ticket_id == self.number)
        await answer_delivered(tx, [await tx.first(newest) or 0])

    async def _put_off(self, tx: Tx) -> None:
        await by_operator(tx, self.operator, move, self.number, "freeze")

    async def _write_again(self, tx: Tx) -> None:
        person = await arrive(tx, self.customer, "customer")
        said = self.past.message(self.customer.address.chat, self.past.cast.words.again)
        await add_to(tx, person, await tx.get(Ticket, self.number, hold=True), [said])
        await leave_dialogue(tx, self.customer)

    async def _resolve(self, tx: Tx) -> None:
        how: dict[str, Any] = {"choice": Choice.COMPLETE, "closing": self.matter.reason}
        await by_operator(tx, self.operator, resolve, self.number, **how)

    async def _rate(self, grade: int, tx: Tx) -> None:
        await rate_work(tx, self.customer, self.number, grade)
        await leave_dialogue(tx, self.customer)
