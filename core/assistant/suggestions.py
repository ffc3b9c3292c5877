"""Asking the assistant, what it suggests, and what becomes of that (X17).

A question is a row from the moment it is asked. The call is made outside of any transaction, by the
process that was asked; if that ends meanwhile, whoever asked is told. A suggestion is never sent by
itself: somebody who works here inserts it, changes it, or lets it go.
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import delete, or_, select

from core.assistant.budget import day_of, settle, spend
from core.assistant.material import FOR_CUSTOMER, Material, read_material
from core.assistant.model import EMPTY, MOST_TOKENS, Completion
from core.assistant.question import size_of
from core.company import ASSISTANT_TROUBLE
from core.db import insert_or
from core.errors import NothingToDo, Refusal
from core.events import AssistantAnswered, AssistantAsked, SuggestionEnded, SuggestionLost
from core.models import Suggestion, SystemState
from core.tickets.answering import end_answering
from core.tickets.conversation import note, reply
from core.tickets.incoming import IncomingMessage
from core.tickets.lifecycle import access
from core.tickets.on_screens import ref_on_screen, show_written
from core.tx import Actor, ReadTx, Tx
from core.words.masking import Masker, traces_in

LONGEST: Final = 3000
"""Characters of a suggestion; it is shown whole, and fits a message."""

ANSWERED: Final = "answered"
# What is to be known of a suggestion before it is used.
HOLES: Final = "holes"
CUT: Final = "cut"
INVENTED: Final = "invented"
# With these it is not sent as it is.
_UNFIT: Final = frozenset({HOLES, CUT})
# A character is at most so much of a token, in any language that we have seen.
_PER_CHARACTER: Final = 0.5
# What comes later than this after the call's own end comes no more: its process is gone.
# Characters of an answer that are read.
_READ: Final = 2 * LONGEST
_GRACE: Final = timedelta(minutes=1)
_DECIDED_WITHIN: Final = timedelta(days=1)
_THINKING: Final = re.compile(r"<think>.*?(?:</think>|\Z)", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Question:
    """A question that is to be asked now, by ``actor``, whose language is ``locale``."""

    number: int
    ticket_id: int
    kind: str
    locale: str
    actor: Actor
    material: Material


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a question: a suggestion, or the code of why there is none; and its tokens as
    the server has counted them, both 0 where it has not.
    """

    suggested: "Suggested | str"
    asked: int = 0
    answered: int = 0


@dataclass(frozen=True, slots=True)
class Suggested:
    """A suggestion as it is shown. ``articles``: titles, ``tickets``: numbers of what the assistant
    has seen; ``original``: what was translated; ``flags``: see `HOLES`, `CUT`, `INVENTED`.
    """

    number: int
    ticket_id: int
    kind: str
    text: str
    original: str = ""
    articles: tuple[str, ...] = ()
    tickets: tuple[int, ...] = ()
    flags: frozenset[str] = frozenset()

    @property
    def for_customer(self) -> bool:
        """It is an answer; otherwise it is for colleagues."""
        return self.kind in FOR_CUSTOMER

    @property
    def fit(self) -> bool:
        """It may be used as it is."""
        return not self.flags & _UNFIT


async def ask(tx: Tx, ticket_id: int, kind: str, words: str, locale: str) -> Question:
    """Note a question about a ticket and take what it may cost.

    Raises :class:`Refusal` while another one about the ticket is under way, when the day's budget
    is used up, and if there is nothing to go by.
    """
    ticket = await access(tx, ticket_id, "assist")
    material = await read_material(tx, ticket, kind, words)
    reserved = int(size_of(material) * _PER_CHARACTER) + MOST_TOKENS
    number = await _insert(tx, ticket_id, kind, reserved)
    await spend(tx, reserved)
    tx.emit(AssistantAsked(ticket_id=ticket_id, kind=kind))
    return Question(number, ticket_id, kind, locale, tx.actor, material)


async def _insert(tx: Tx, ticket_id: int, kind: str, reserved: int) -> int:
    """A ticket has one question under way: the index says so, to every process."""
    row: dict[str, Any] = {
        "ticket_id": ticket_id,
        "person_id": tx.actor.person_id,
        "kind": kind,
        "answered": False,
        "shown": False,
        "created_at": tx.now,
        "day": day_of(tx.company, tx.now),
        "reserved": reserved,
        "text": "",
        "facts": {},
    }
    insert = insert_or(tx.session, Suggestion).values(**row).on_conflict_do_nothing()
    found = await tx.rows(insert.returning(Suggestion.id))
    if not found:
        raise Refusal("refusal.assistant_asked", number=ticket_id)
    return int(found[0][0])


def read_completion(question: Question, masker: Masker, came: Completion) -> Outcome:
    """Put back what was masked, and nothing else. Pure, and slow for a long text."""
    raw = _THINKING.sub("", came.text).strip()
    whole = came.whole and len(raw) <= _READ
    restored = masker.restore(raw[:_READ])
    text = restored.text.strip()
    if not text:
        return Outcome(EMPTY, came.asked, came.answered)
    public = "\n".join(one.text for one in question.material.articles)
    flags = {
        HOLES: restored.holes > 0,
        CUT: not whole or len(text) > LONGEST,
        INVENTED: bool(traces_in(raw[:_READ]) - traces_in(public)),
    }
    material = question.material
    suggested = Suggested(
        question.number,
        question.ticket_id,
        question.kind,
        text if len(text) <= LONGEST else f"{text[:LONGEST]}…",
        material.words,
        tuple(one.title for one in material.articles),
        tuple(number for number, _ in material.solved),
        frozenset(flag for flag, is_so in flags.items() if is_so),
    )
    return Outcome(suggested, came.asked, came.answered)


async def finish(tx: Tx, question: Question, outcome: Outcome) -> Suggested | str | None:
    """Note what came of a question.

    Returns the suggestion, or the code of why there is none; ``None`` if it came too late, and was
    told as lost.
    """
    row = await tx.find(Suggestion, question.number, hold=True)
    if row is None or row.answered:
        return None
    suggested = outcome.suggested
    # where nobody has counted, it has cost what it may have
    await settle(tx, row.day, row.reserved, outcome.asked + outcome.answered or row.reserved)
    tx.emit(
        AssistantAnswered(
            ticket_id=question.ticket_id,
            kind=question.kind,
            outcome=suggested if isinstance(suggested, str) else ANSWERED,
            asked=outcome.asked,
            answered=outcome.answered,
        )
    )
    await _note_trouble(tx, suggested)
    if isinstance(suggested, str):
        await tx.delete(row)
    else:
        row.answered, row.text, row.facts = True, suggested.text, _packed(suggested)
    return suggested


def _packed(one: Suggested) -> dict[str, Any]:
    return {
        "original": one.original,
        "articles": list(one.articles),
        "tickets": list(one.tickets),
        "flags": sorted(one.flags),
    }


async def _note_trouble(tx: Tx, came: Suggested | str) -> None:
    """What the desk's health shows: that the last question had no answer, and why."""
    row = await tx.find(SystemState, ASSISTANT_TROUBLE)
    if isinstance(came, str):
        await tx.put(SystemState(name=ASSISTANT_TROUBLE, value={"code": came}, at=tx.now))
    elif row is not None:
        await tx.delete(row)


async def note_shown(tx: Tx, number: int) -> None:
    """Whoever asked has seen the suggestion."""
    row = await tx.find(Suggestion, number)
    if row is not None:
        row.shown = True


async def own_suggestions(tx: ReadTx, ticket_id: int, person_id: int) -> list[Suggested]:
    """Return what was suggested to somebody about a ticket and is not decided yet, newest first."""
    query = select(Suggestion).where(
        Suggestion.ticket_id == ticket_id,
        Suggestion.person_id == person_id,
        Suggestion.answered.is_(True),
    )
    return [_unpacked(row) for row in await tx.all(query.order_by(Suggestion.id.desc()))]


async def demand_of(tx: ReadTx, ticket_id: int, number: int) -> None:
    """Raise :class:`NothingToDo` unless the suggestion is about this ticket."""
    row = await tx.find(Suggestion, number)
    if row is None or row.ticket_id != ticket_id:
        raise NothingToDo("refusal.suggestion_ended")


async def insert_suggestion(tx: Tx, number: int, nonce: str) -> Suggested:
    """Do what the suggestion is for: answer the customer with it, as a canned response does, or
    keep it as an internal note.

    Raises :class:`NothingToDo` if somebody has decided already, :class:`Refusal` for one with a
    hole in it, and what `reply` raises.
    """
    suggested = await _take(tx, number, "inserted", fit=True)
    ref = ref_on_screen(tx, nonce)
    content = {"kind": "text", "text": suggested.text}
    said = IncomingMessage(ref, "text", suggested.text, content)
    if suggested.for_customer:
        await reply(tx, suggested.ticket_id, said)
        await show_written(tx, suggested.ticket_id, ref)
    else:
        await note(tx, suggested.ticket_id, said, tagged=False)
    return suggested


async def change_suggestion(tx: Tx, number: int) -> Suggested:
    """Hand the suggestion over to whoever goes on with it by hand. Raises :class:`NothingToDo`."""
    return await _take(tx, number, "changed")


async def drop_suggestion(tx: Tx, number: int) -> Suggested:
    """Let the suggestion go. Raises :class:`NothingToDo`."""
    suggested = await _take(tx, number, "dropped")
    await end_answering(tx, suggested.ticket_id)
    return suggested


async def _take(tx: Tx, number: int, outcome: str, *, fit: bool = False) -> Suggested:
    """Return a suggestion and forget it: it is decided upon once."""
    row = await tx.find(Suggestion, number, hold=True)
    if row is None or not row.answered:
        raise NothingToDo("refusal.suggestion_ended")
    await access(tx, row.ticket_id, "assist")
    suggested = _unpacked(row)
    if fit and not suggested.fit:
        raise Refusal("refusal.suggestion_unfit")
    await tx.delete(row)
    tx.emit(SuggestionEnded(ticket_id=row.ticket_id, kind=row.kind, outcome=outcome))
    return suggested


def _unpacked(row: Suggestion) -> Suggested:
    facts = row.facts
    return Suggested(
        *(row.id, row.ticket_id, row.kind, row.text, facts["original"]),
        tuple(facts["articles"]),
        tuple(facts["tickets"]),
        frozenset(facts["flags"]),
    )


async def settle_lost(tx: Tx) -> int:
    """Tell whoever asked and will see nothing: their process has ended. Forget what nobody has
    decided upon for a day. Returns how many there were.
    """
    terms = tx.company.assistance
    if terms is None:
        return 0
    gone = tx.now - terms.patience - _GRACE
    unseen = Suggestion.answered.is_(False) | Suggestion.shown.is_(False)
    query = select(Suggestion).where(
        or_(
            unseen & (Suggestion.created_at < gone),
            Suggestion.created_at < tx.now - _DECIDED_WITHIN,
        )
    )
    rows = await tx.all(query.order_by(Suggestion.id).with_for_update(key_share=True))
    for row in rows:
        _tell_of(tx, row)
    await tx.change(delete(Suggestion).where(Suggestion.id.in_([row.id for row in rows])))
    return len(rows)


def _tell_of(tx: Tx, row: Suggestion) -> None:
    if row.answered and row.shown:
        ended = SuggestionEnded(ticket_id=row.ticket_id, kind=row.kind, outcome="forgotten")
        tx.emit(ended)
        return
    asker = row.person_id
    lost = SuggestionLost(
        ticket_id=row.ticket_id, kind=row.kind, concerns=(asker,), assignee_id=asker
    )
    tx.emit(lost)
