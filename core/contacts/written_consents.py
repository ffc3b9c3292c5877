"""Consent by correspondence: what somebody writes is held, they are asked by letter, and a plain
yes in their answer to that letter counts (S31).

An answer is known by the letter that it answers: nobody else has its mark, so nobody agrees or
refuses in another's name. Whoever is not asked here (a program, a sender whom nobody vouches for)
cannot answer either.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Final

from core.contacts.consents import (
    HELD_FOR,
    MOST_HELD,
    forget_words,
    has_agreed,
    is_consent_missing,
    record_consent,
    release_all_of,
)
from core.contacts.erasure_remains import note_remains, note_unused
from core.delivery.consent_letters import (
    AGAIN,
    ASK,
    ERASED,
    LATE,
    Correspondent,
    Question,
    end_questions,
    find_question,
    questions_since,
    send_letter,
)
from core.delivery.outbox import find_reader
from core.events import ConsentRefused
from core.held_updates import find_held, forget_this, hold
from core.models import ContactPoint, Person
from core.people.contact_points import prove_noted
from core.people.identity import (
    Sender,
    arrive,
    find_by_address,
    is_colleague,
    language_of,
    mark_reachable,
)
from core.people.restrictions import is_blocked
from core.tx import ReadTx, Tx
from core.words.consent_answers import ConsentWord

# Letters that ask one address within a week, whatever comes from there: programs answer, too.
MOST_ASKED: Final = 5
# Who goes on writing is asked once more after so long.
ONCE_MORE: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Written:
    """What somebody wrote, unread but for this. ``id``: what it is known by; ``word``: a plain yes
    or no; ``answered``: the outbox row of the letter of ours that it answers; ``unasked``: why its
    author is not asked, and cannot answer, if so; ``says_more``: words or files besides;
    ``mailbox``: the address of the directory's that it came to, with the
    ``language`` that is spoken there.
    """

    sender: Sender
    id: str
    word: ConsentWord | None
    answered: int | None
    unasked: str | None = None
    says_more: bool = False
    mailbox: str | None = None
    language: str | None = None


class Step(Enum):
    """What becomes of something that somebody wrote who has not agreed, or whose answer it is."""

    PASS = auto()
    """Nothing: it says once more what has counted, and is forgotten; a yes that says more is not.
    """
    AGREE = auto()
    REFUSE = auto()
    FORGET = auto()
    """It answers what is not asked any more: it is forgotten, unless it says more, and the present
    text asked."""
    HOLD = auto()


def step_of(
    word: ConsentWord | None, question: Question | None, version: str, *, missing: bool
) -> Step:
    """Return what becomes of it. ``question``: what it answers, if it answers one and may;
    ``version``: what is asked now; ``missing``: a consent to that. Pure.
    """
    if question is None or word is None:
        return Step.HOLD
    if not missing:
        return Step.PASS
    if word is ConsentWord.NO:
        # what came since waits for another answer than this one
        return Step.PASS if question.is_answered else Step.REFUSE
    return Step.AGREE if question.version == version else Step.FORGET


def letter_due(
    asked: Sequence[Question], version: str, now: datetime, *, answers: bool
) -> str | None:
    """Return which letter asks now; ``None``: none does. ``asked``: what was asked there within the
    week; ``answers``: what came answers it, and says neither yes nor no. Pure.
    """
    waiting = [each for each in asked if each.is_open and each.version == version]
    if len(asked) >= MOST_ASKED:
        return None
    if not waiting:
        return ASK
    once_more = answers or waiting[-1].at <= now - ONCE_MORE
    return AGAIN if len(waiting) == 1 and once_more else None


async def is_about_consent(tx: ReadTx, written: Written) -> bool:
    """Return whether it is to be taken by :func:`take_written`: it waits for a consent, or is an
    answer to the question. Of colleagues, and of those who are blocked, nothing waits.
    """
    same = written.word is ConsentWord.YES and not written.says_more
    if same and await _question(tx, written) is not None:
        return True
    if not await is_consent_missing(tx, written.sender.address):
        return False
    person = await find_by_address(tx, written.sender.address)
    if person is None:
        return not await _was_written_to(tx, written)
    return not (is_colleague(person) or await is_blocked(tx, person))


async def _was_written_to(tx: ReadTx, written: Written) -> bool:
    """Whether it answers what was sent there to somebody who has agreed, on the web form, say: an
    address that was noted of them proves to be theirs by that.
    """
    if written.answered is None or written.unasked is not None:
        return False
    there = written.sender.address
    person_id = await find_reader(tx, there, written.answered)
    if person_id is None or not await has_agreed(tx, person_id):
        return False
    return await tx.find(ContactPoint, (person_id, there.channel, there.chat)) is not None


async def take_written(tx: Tx, written: Written) -> Step:
    """Agree or refuse in the name of whoever wrote it, or hold it and ask them. Returns which."""
    question = await _question(tx, written)
    missing = await is_consent_missing(tx, written.sender.address)
    step = step_of(written.word, question, tx.company.consent_version, missing=missing)
    to = await _correspondent(tx, written)
    if step is Step.AGREE:
        await _agree(tx, written, to)
    elif step is Step.REFUSE:
        await _refuse(tx, written, to)
    elif step is Step.FORGET:
        await (_hold(tx, written) if written.says_more else _forget_this(tx))
        await _ask(tx, to, answers=False)
    elif step is Step.PASS:
        # what is held of somebody who has agreed is handled soon
        kept = written.says_more and written.word is ConsentWord.YES
        await (_hold(tx, written) if kept else _forget_answer(tx))
    elif step is Step.HOLD:
        await _hold(tx, written)
        if written.unasked is None:
            await _ask(tx, to, answers=question is not None)
    return step


async def _question(tx: ReadTx, written: Written) -> Question | None:
    """The question that it answers, if the answer can count."""
    if written.answered is None or written.unasked is not None:
        return None
    return await find_question(tx, written.sender.address, written.answered)


async def _correspondent(tx: Tx, written: Written) -> Correspondent:
    address = written.sender.address
    language = await language_of(tx, address, written.language)
    return Correspondent(address, language, written.id, written.mailbox)


async def _ask(tx: Tx, to: Correspondent, *, answers: bool) -> None:
    asked = await questions_since(tx, to.address, tx.now - HELD_FOR)
    letter = letter_due(asked, tx.company.consent_version, tx.now, answers=answers)
    if letter is not None:
        await send_letter(tx, to, letter)


async def _hold(tx: Tx, written: Written) -> None:
    """Hold it under its author's address; beyond the most that is held, forget it. What may be
    somebody else's in their name takes no room of theirs.
    """
    there = written.sender.address.chat
    held = await find_held(tx, there, asked=written.unasked is None)
    if held.count < MOST_HELD:
        await hold(tx, there, written.unasked)
    else:
        await _forget_this(tx)


async def _forget_this(tx: Tx) -> None:
    await note_remains(tx, (await forget_this(tx)).files)


async def _forget_answer(tx: Tx) -> None:
    """A yes is a row of its own from now on; the mail that brought it is not needed for that."""
    await note_unused(tx, (await forget_this(tx)).files)


async def _agree(tx: Tx, written: Written, to: Correspondent) -> None:
    """Record the consent, and let what is held be handled; what came with the yes, too."""
    if written.says_more:
        await hold(tx, to.address.chat)
    else:
        await _forget_answer(tx)
    person = await _arrive(tx, written)
    mark_reachable(tx, person)
    await record_consent(tx, person.id, tx.company.consent_version, to.address.channel)
    await end_questions(tx, to.address)
    if await release_all_of(tx, person.id) == int(written.says_more):
        await send_letter(tx, to, LATE)


async def _arrive(tx: Tx, written: Written) -> Person:
    """Who it is. A name in a letter is whatever its program was set up with: the known stays."""
    sender = replace(written.sender, language=written.language)
    known = await find_by_address(tx, sender.address) or await prove_noted(tx, sender.address)
    name = sender.name if known is None else known.name
    return await arrive(tx, replace(sender, name=name), "customer")


async def _refuse(tx: Tx, written: Written, to: Correspondent) -> None:
    """Forget what is held, and the refusal itself: it quotes and is signed."""
    person = await find_by_address(tx, to.address)
    await hold(tx, to.address.chat)
    await forget_words(tx, [to.address.chat])
    await end_questions(tx, to.address)
    await send_letter(tx, to, ERASED)
    if person is not None:
        await _arrive(tx, written)
        tx.emit(ConsentRefused(ticket_id=None, person_id=person.id))
