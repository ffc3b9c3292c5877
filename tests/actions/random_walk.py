"""A small company to which anything may happen: what can be done, as a table, and by whom.

`World` does one thing after the other; `tests.actions.invariants` looks at what has become of it.
The same table drives the walk that finds the shortest way to a fault and the one that goes far.
"""

import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import update

from core.automation.rules import Rules, run_due
from core.desk import Desk
from core.equipment import outage_commands, outage_detection
from core.equipment.cameras import find_own
from core.equipment.faults import report
from core.errors import Refusal
from core.links.merge_undo import undo_merge
from core.links.ticket_links import Fragment, split
from core.links.ticket_merge import merge_tickets
from core.manual_tickets.save import record_call
from core.models import RuleRow
from core.people.identity import Sender
from core.people.restrictions import lift, restrict
from core.responses.sending import prepare, send_response
from core.sla.terms import Kind, Spans, Term
from core.subscriptions import SUBSCRIBERS
from core.tasks.task_actions import (
    Choice,
    assign_task,
    cancel_task,
    finish_task,
    resolve,
    take_task,
)
from core.tasks.task_opening import create_task, reopen_task
from core.teams.assignee_parser import read_escalation, read_hand_over
from core.teams.assignment import escalate, hand_over
from core.teams.members import begin_duty, colleagues_of, end_duty
from core.tickets import conversation, parents
from core.tickets.classification import change_topic, classify, prioritise
from core.tickets.closing import describe, tell_closed
from core.tickets.customer_dialogue import invite_comment, rate_work
from core.tickets.field_edits import set_field
from core.tickets.intake import hear
from core.tickets.lifecycle import confirm, move, release, take
from core.tickets.named_states import move_to
from core.tickets.next_contact import plan_contact
from core.tickets.parents import leave_parent, set_parent
from core.tickets.sweep import sweep
from core.tickets.tags import tag
from core.tx import Actor, Tx
from tests.actions import company_directory as directory
from tests.actions.agreement_factories import HOUR, TERMS, WEEK, agrees
from tests.actions.equipment_factories import title
from tests.actions.invariants import Eye
from tests.actions.people import (
    ALICE,
    BORIS,
    leaves_dialogue,
    opens,
    says,
    writes,
)
from tests.actions.walk_company import (
    COMPANY,
    CUSTOMERS,
    STAFF,
    Stage,
    gives_out,
)
from tests.clock import Clock

Action = Callable[..., Awaitable[Any]]

OF_TASKS: Final = (take_task, finish_task, cancel_task, assign_task, reopen_task)
FIT: Final[Mapping[str, Callable[[Any], bool]]] = {
    "unfreeze": lambda row: row.state == "frozen",
    "reopen": lambda row: row.resolved_at is not None or row.closed_at is not None,
}
QUICK: Final = (Term(Kind(), Spans(HOUR, 3 * HOUR)),)
CAMERAS: Final = (("C1", ALICE), ("C1", BORIS), ("C2", ALICE), ("C3", BORIS))
RULES: Final = ("wrote", "again", "poor", "old", "late")


@dataclass
class World:
    """One life of the company."""

    stage: Stage
    clock: Clock = field(default_factory=Clock)
    done: list[str] = field(default_factory=list)

    async def begin(self, *, late: bool) -> None:
        """Three tickets, opened under the agreement or before there is one (``late``)."""
        await self.stage.clear()
        self.desk = Desk(self.stage.database, COMPANY, SUBSCRIBERS, clock=self.clock)
        self.eye = Eye(self.desk)
        if not late:
            await agrees(self.desk)
        for who in (ALICE, BORIS, ALICE):
            number = (await opens(self.desk, who)).id
            await leaves_dialogue(self.desk, who)
            if who is ALICE:
                await self.by(0, classify, number, "incident")
        if late:
            await agrees(self.desk)
        await self.eye.look("begin")

    async def step(self, name: str, **chosen: Any) -> None:
        """Do one thing of the table, and look what has become of everything."""
        self.done.append(f"{name}({', '.join(f'{k}={v!r}' for k, v in chosen.items())})")
        with contextlib.suppress(Refusal):
            await TABLE[name].do(self, **chosen)
        await self.eye.look(name)

    # Whom and what the choices mean

    def ticket(self, place: int, fit: Callable[[Any], bool] = bool) -> int:
        """One of the latest tickets, fewer of those that have ended; of those that are ``fit``
        for it, where there are any.
        """
        rows = sorted(self.eye.seen.tickets.values(), key=lambda row: -row.id)
        rows = [row for row in rows if fit(row)] or rows
        alive = [row.id for row in rows if row.closed_at is None]
        ended = [row.id for row in rows if row.closed_at is not None]
        numbers: list[int] = [*alive[:4], *ended[:2]]
        return numbers[place % len(numbers)]

    def task(self, place: int) -> int:
        tasks = self.eye.seen.tasks
        numbers = [n for n, row in tasks.items() if row.state == "open"] or [999, *tasks]
        return numbers[-1 - place % len(numbers)]

    def outage(self, place: int) -> int:
        open_ones = {row.ticket_id for row in self.eye.seen.outages if row.closed_at is None}
        return self.ticket(place, lambda row: row.id in open_ones)

    def fault(self, place: int) -> int:
        faults = {row.ticket_id for row in self.eye.seen.tasks.values() if row.camera_id}
        return self.ticket(place, lambda row: row.id in faults)

    def customer_of(self, number: int) -> tuple[Sender, Actor] | None:
        return self.stage.cast.customers.get(self.eye.seen.tickets[number].customer_id)

    async def by(self, who: int, action: Action, *args: Any, **more: Any) -> None:
        """One of the staff acts; the last of the choices is who holds the ticket or the task."""
        staff = self.stage.cast.staff
        if who < len(staff):
            actor = staff[who]
        else:
            rows = self.eye.seen.tasks if action in OF_TASKS else self.eye.seen.tickets
            holder = getattr(rows.get(args[0]), "assignee_id", None)
            actor = next((one for one in staff if one.person_id == holder), staff[2])
        await self.desk.run_as(actor, action, *args, **more)

    # What can happen

    async def wait(self, minutes: int) -> None:
        self.clock.move(minutes=minutes, seconds=minutes % 7, microseconds=minutes * 31)

    async def move(self, who: int, ticket: int, verb: str) -> None:
        until = self.clock.now + timedelta(hours=5) if verb == "freeze" and who else None
        number = self.ticket(ticket, FIT.get(verb, bool))
        await self.by(who, move, number, verb, reason="so", until=until)

    async def resolve(self, who: int, ticket: int, choice: Choice | None) -> None:
        await self.by(who, resolve, self.ticket(ticket), reason="so", choice=choice)

    async def hold(self, who: int, ticket: int, takes: bool) -> None:
        await self.by(who, take if takes else release, self.ticket(ticket))

    async def hand(self, who: int, ticket: int, to: str) -> None:
        wish = await self.desk.read(read_hand_over, to)
        await self.by(who, hand_over, self.ticket(ticket), wish, writes("Yours"))

    async def serve(self, who: int, begins: bool) -> None:
        actor = self.stage.cast.staff[who]
        await self.desk.run_as(actor, begin_duty if begins else end_duty)

    async def give_out(self, team: str, how: str | None) -> None:
        await self.desk.run(gives_out, team, how)

    async def climb(self, who: int, ticket: int, to: str) -> None:
        wish = await self.desk.read(read_escalation, to)
        await self.by(who, escalate, self.ticket(ticket), wish, writes("Harder"))

    async def answer(self, who: int, ticket: int, wait: bool) -> None:
        said = writes()
        await self.by(who, conversation.reply, self.ticket(ticket), said, wait=wait)
        self.eye.ours.append(said)

    async def arrive(self, arrives: bool) -> None:
        if not self.eye.under_way:
            return
        message = self.eye.under_way.pop()
        if arrives:
            await self.desk.run(conversation.answer_delivered, [message])
        else:
            await self.desk.run(conversation.answer_failed, message, "network")

    async def take_back(self) -> None:
        if self.eye.ours:
            said = self.eye.ours.pop()
            await self.by(2, conversation.undo, said.ref)

    async def call(self, who: int, ticket: int) -> None:
        await self.by(who, record_call, self.ticket(ticket), writes("We talked"), None)

    async def write(self, ticket: int, words: str) -> None:
        number = self.ticket(ticket)
        whose, message_ref = self.customer_of(number), self.eye.message_refs.get(number)
        if whose is not None and message_ref is not None:
            await self.desk.run(hear, whose[0], says(whose[0], words, reply_to=message_ref))

    async def ask_after_all(self, who: int) -> None:
        if self.eye.thanks:
            await self.by(who, conversation.question_after_all, self.eye.thanks.pop())

    async def judge(self, ticket: int, content: bool) -> None:
        number = self.ticket(ticket, lambda row: row.state == "resolved")
        whose = self.customer_of(number)
        if whose is not None:
            await self.desk.run_as(whose[1], confirm, number, content=content)

    async def rate(self, ticket: int, rating: int, words: str) -> None:
        number = self.ticket(ticket, lambda row: row.state == "resolved")
        whose = self.customer_of(number)
        if whose is not None:
            await self.desk.run(rate_work, whose[0], number, rating)
            if words and rating > 2:
                await self.desk.run(invite_comment, whose[0], number)
            if words:
                await self.desk.run(hear, whose[0], says(whose[0], words))
            await leaves_dialogue(self.desk, whose[0])

    async def describe(self, who: int, ticket: int, hours: int) -> None:
        number = self.ticket(ticket, lambda row: row.resolved_at is not None)
        await self.by(who, describe, number, spent=timedelta(hours=hours))

    async def fill(self, who: int, ticket: int, words: str) -> None:
        await self.by(who, set_field, self.ticket(ticket), words)

    async def name_state(self, who: int, ticket: int, code: str) -> None:
        await self.by(who, move_to, self.ticket(ticket), code, reason="so")

    async def tag(self, who: int, ticket: int, words: str) -> None:
        await self.by(who, tag, self.ticket(ticket), words)

    async def respond(self, who: int, ticket: int) -> None:
        number = self.ticket(ticket)
        shown = await self.desk.read(prepare, number, "part", "Olga")
        said = writes()
        await self.by(who, send_response, number, "part", shown.digest, said.ref)
        self.eye.ours.append(said)

    async def switch_rule(self, rule: str, active: bool) -> None:
        async def switch(tx: Tx) -> None:
            await tx.change(update(RuleRow).where(RuleRow.code == rule).values(active=active))
            tx.invalidate(Rules)

        await self.desk.run(switch)

    async def restrict(self, who: int, customer: int, hours: int) -> None:
        person = list(self.stage.cast.customers)[customer]
        until = self.clock.now + timedelta(hours=hours)
        if hours:
            await self.by(min(who, 2), restrict, person, "mute", until, "Noise")
        else:
            await self.by(min(who, 2), lift, person)

    async def report(self, camera: int) -> None:
        number, who = CAMERAS[camera]

        async def telling(tx: Tx) -> None:
            found = await find_own(tx, who.address, number=number)
            await report(tx, who, found.id, says(who, "No picture"), title=title)

        await self.desk.run(telling)

    async def unite(self, who: int, ticket: int, late: bool) -> None:
        until = self.clock.now + timedelta(hours=3) if late else None
        action = outage_commands.open_outage
        await self.by(who, action, self.fault(ticket), until=until, title=str, words="Power")

    async def restate(self, who: int, ticket: int, words: str) -> None:
        until = self.clock.now + timedelta(hours=2)
        await self.by(
            who, outage_commands.restate_outage, self.outage(ticket), until=until, words=words
        )

    async def decline(self, who: int, ticket: int) -> None:
        await self.by(who, outage_detection.decline, self.fault(ticket))

    async def lead(self, who: int, ticket: int, other: int) -> None:
        await self.by(who, set_parent, self.ticket(ticket), self.ticket(other))

    async def leave(self, who: int, ticket: int) -> None:
        await self.by(who, leave_parent, self.ticket(ticket))

    async def merge(self, who: int, ticket: int, other: int) -> None:
        await self.by(who, merge_tickets, self.ticket(ticket), self.ticket(other))

    async def unmerge(self, who: int, ticket: int) -> None:
        await self.by(who, undo_merge, self.ticket(ticket))

    async def split(self, who: int, ticket: int) -> None:
        number = self.ticket(ticket)
        whose, message_ref = self.customer_of(number), self.eye.message_refs.get(number)
        if whose is not None and message_ref is not None:
            command = writes().ref
            part = Fragment(message_ref, "a part", command)
            await self.by(min(who, 2), split, part)

    async def classify(self, who: int, ticket: int, words: str) -> None:
        await self.by(who, classify, self.ticket(ticket), words)

    async def prioritise(self, who: int, ticket: int, words: str) -> None:
        await self.by(who, prioritise, self.ticket(ticket), words)

    async def rename(self, who: int, ticket: int, topic: str) -> None:
        await self.by(who, change_topic, self.ticket(ticket), topic)

    async def plan(self, who: int, ticket: int, hours: int) -> None:
        at = self.clock.now + timedelta(hours=hours) if hours else None
        await self.by(who, plan_contact, self.ticket(ticket), at)

    async def take_task(self, who: int, task: int) -> None:
        await self.by(who, take_task, self.task(task))

    async def give_task(self, who: int, task: int) -> None:
        colleagues = await self.desk.read(colleagues_of)
        await self.by(who, assign_task, self.task(task), colleagues[task % len(colleagues)])

    async def create_task(self, who: int, ticket: int) -> None:
        await self.by(who, create_task, self.ticket(ticket), "Replace the cable")

    async def reopen_task(self, who: int, task: int) -> None:
        rows = self.eye.seen.tasks.values()
        ended = [row.id for row in rows if row.state != "open"] or [999]
        await self.by(who, reopen_task, ended[-1 - task % len(ended)], "again", writes())

    async def finish_task(self, who: int, task: int, result: str | None) -> None:
        await self.by(who, finish_task, self.task(task), result, writes())

    async def cancel_task(self, who: int, task: int, reason: str | None) -> None:
        await self.by(who, cancel_task, self.task(task), reason, writes())

    async def sweep(self) -> None:
        await self.desk.run(sweep)
        await self.desk.run(outage_detection.settle_offers)
        await self.desk.run(parents.resolve_children)
        await self.desk.run(tell_closed)
        await self.desk.run(run_due)

    async def holiday(self, day: str) -> None:
        async def put(tx: Tx) -> None:
            await directory.put_calendar(
                tx, "office", "Office", zone="UTC", week=WEEK, days={day: []}
            )

        self.eye.calendars += 1
        await self.desk.run(put)

    async def agree(self, terms: Sequence[Term]) -> None:
        self.eye.calendars += 1
        await agrees(self.desk, terms)


@dataclass(frozen=True)
class Step:
    """Something that happens: how, how often against the others, and with which choices."""

    do: Callable[..., Awaitable[None]]
    often: int
    choices: Mapping[str, Sequence[Any]]


def _step(do: Callable[..., Awaitable[None]], often: int, **choices: Sequence[Any]) -> Step:
    return Step(do, often, choices)


WHO: Final = range(len(STAFF) + 1)
SOME: Final = range(6)
MAYBE: Final = (True, False)
GIVEN: Final = ("@olga", "@oleg", "@anna", "first", "second", *("shift", "pool") * 2)
CLIMBED: Final = ("", "second", "@oleg", "3", "shift", "pool")
VERBS: Final = (
    *("wait", "freeze", "freeze", "freeze", "unfreeze"),
    *("close", "cancel", "reopen", "reopen"),
)
WORDS: Final = (None, "a new cable")
STATES: Final = ("supplier", "watching", "in_progress", "on_hold")

TABLE: Final[Mapping[str, Step]] = {
    "time_passes": _step(World.wait, 8, minutes=(1, 20, 60, 240, 1500, 4000)),
    "somebody_moves_it": _step(World.move, 8, who=WHO, ticket=SOME, verb=VERBS),
    "somebody_resolves_it": _step(World.resolve, 4, who=WHO, ticket=SOME, choice=(None, *Choice)),
    "somebody_holds_it": _step(World.hold, 7, who=WHO, ticket=SOME, takes=MAYBE),
    "somebody_hands_it_over": _step(World.hand, 8, who=WHO, ticket=SOME, to=GIVEN),
    "somebody_escalates_it": _step(World.climb, 4, who=WHO, ticket=SOME, to=CLIMBED),
    "somebody_begins_or_ends_duty": _step(World.serve, 3, who=range(len(STAFF)), begins=MAYBE),
    "a_team_gives_out_otherwise": _step(
        World.give_out, 1, team=("shift", "pool"), how=(None, "turn", "load")
    ),
    "somebody_answers": _step(World.answer, 5, who=WHO, ticket=SOME, wait=MAYBE),
    "an_answer_arrives_or_not": _step(World.arrive, 5, arrives=MAYBE),
    "an_answer_is_taken_back": _step(World.take_back, 1),
    "somebody_calls": _step(World.call, 1, who=WHO, ticket=SOME),
    "the_customer_writes": _step(World.write, 6, ticket=SOME, words=("And now?", "thanks")),
    "thanks_were_a_question": _step(World.ask_after_all, 1, who=WHO),
    "the_customer_judges": _step(World.judge, 4, ticket=SOME, content=MAYBE),
    "the_customer_rates": _step(
        World.rate, 4, ticket=SOME, rating=range(1, 6), words=("", "Well done")
    ),
    "somebody_says_how_long_it_took": _step(World.describe, 1, who=WHO, ticket=SOME, hours=(1, 30)),
    "somebody_fills_a_field": _step(
        World.fill, 2, who=WHO, ticket=SOME, words=("flat 12", "flat 14", "flat -", "flat moon")
    ),
    "somebody_names_its_state": _step(World.name_state, 8, who=WHO, ticket=SOME, code=STATES),
    "somebody_tags_it": _step(World.tag, 2, who=WHO, ticket=SOME, words=("vip", "-vip -asked")),
    "a_response_is_sent": _step(World.respond, 3, who=WHO, ticket=SOME),
    "a_rule_is_switched": _step(World.switch_rule, 1, rule=RULES, active=MAYBE),
    "a_customer_is_muted_or_heard": _step(
        World.restrict, 1, who=WHO, customer=range(len(CUSTOMERS)), hours=(0, 1, 30)
    ),
    "a_camera_fails": _step(World.report, 4, camera=range(len(CAMERAS))),
    "faults_are_one_outage": _step(World.unite, 2, who=WHO, ticket=SOME, late=MAYBE),
    "an_outage_is_restated": _step(
        World.restate, 1, who=WHO, ticket=SOME, words=("Power", "A cut cable")
    ),
    "faults_are_not_one": _step(World.decline, 1, who=WHO, ticket=SOME),
    "it_gets_a_parent": _step(World.lead, 3, who=WHO, ticket=SOME, other=SOME),
    "it_stands_alone": _step(World.leave, 1, who=WHO, ticket=SOME),
    "two_tickets_are_one": _step(World.merge, 2, who=WHO, ticket=SOME, other=SOME),
    "and_two_again": _step(World.unmerge, 2, who=WHO, ticket=SOME),
    "a_part_is_a_case_of_its_own": _step(World.split, 1, who=WHO, ticket=SOME),
    "somebody_classifies_it": _step(
        World.classify, 5, who=WHO, ticket=SOME, words=("video", "incident", "incident", "question")
    ),
    "somebody_says_how_urgent": _step(
        World.prioritise, 3, who=WHO, ticket=SOME, words=("urgent", "low")
    ),
    "it_is_about_something_else": _step(
        World.rename, 1, who=WHO, ticket=SOME, topic=("payment", "access")
    ),
    "a_contact_is_planned": _step(World.plan, 2, who=WHO, ticket=SOME, hours=(0, 3, 60)),
    "a_task_is_taken": _step(World.take_task, 4, who=WHO, task=SOME),
    "a_task_is_given": _step(World.give_task, 2, who=WHO, task=SOME),
    "a_task_is_made": _step(World.create_task, 2, who=WHO, ticket=SOME),
    "a_task_is_opened_again": _step(World.reopen_task, 2, who=WHO, task=SOME),
    "a_task_is_done": _step(World.finish_task, 3, who=WHO, task=SOME, result=WORDS),
    "a_task_is_cancelled": _step(World.cancel_task, 2, who=WHO, task=SOME, reason=WORDS),
    "the_sweep_comes": _step(World.sweep, 6),
    "a_holiday_is_declared": _step(
        World.holiday, 1, day=("2026-11-24", "2026-11-26", "2026-12-01")
    ),
    "other_terms_are_agreed": _step(World.agree, 1, terms=(TERMS, QUICK)),
}
