"""Fills the index of the search from the journal (D5): what was said and changed, whom it concerns.

Messages, titles, names of files, solutions and the company's own fields are a ticket's own words.
Those of its customer and camera are another file's (`core.tickets.search_subjects`).
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any, Final

from sqlalchemy import delete, select

from core.db import insert_or
from core.files import name_of_file
from core.models import JournalEntry, Message, Resolution, SearchWord, SystemState, Ticket
from core.tickets.fields import searched_texts
from core.tickets.search_subjects import (
    CAMERA,
    PERSON,
    members_of,
    note_changes,
    settle,
    subjects_of,
    take_over,
    walk,
    words_tied,
)
from core.tx import ReadTx, Tx
from core.words.questions import words_of_solution, words_of_text

BATCH: Final = 500
CURSOR: Final = "search"
# Entries of the journal get their numbers before they can be seen; on PostgreSQL a later one may
# be seen first. Nothing waits that long for its commit.
SETTLING: Final = timedelta(seconds=10)


Words = dict[int, set[str]]


async def index_new(tx: Tx) -> int:
    """Index what the journal has got since the last call; edits and new titles replace old words.

    Returns how many entries were read; a full batch means that the caller should call again, also
    because tickets of somebody whose words have changed are not all up to date.
    """
    cursor = await tx.find(SystemState, CURSOR, hold=True)
    known = {} if cursor is None else dict(cursor.value)
    entries = await _entries(tx, int(known.get("journal", 0)))
    if entries:
        await _read(tx, entries)
        known["journal"] = entries[-1].id
    state = await _walk_on(tx, _walk_again(known, entries))
    if cursor is None or state != cursor.value:
        await tx.put(SystemState(name=CURSOR, value=state, at=tx.now))
    more = await settle(tx) or "walk" in state
    return BATCH if more else len(entries)


async def hold_index(tx: Tx) -> None:
    """Let nothing be indexed until this transaction ends: words that were read before it would be
    written after it.
    """
    await tx.find(SystemState, CURSOR, hold=True)


async def _read(tx: Tx, entries: Sequence[Any]) -> None:
    await _note_subjects(tx, entries)
    await _add(tx, await _fresh_words(tx, entries))
    await _forget(tx, _old_words(entries))
    await _forget(tx, await _returned_words(tx, entries))


# Whose words have changed

# What concerns the customer or the camera of one ticket; who writes may be called otherwise by now.
_TIED: Final = frozenset(
    {
        *("ticket_opened", "customer_wrote", "customer_changed", "fault_reported"),
        *("merge_received", "merge_returned"),
    }
)
_OF_PERSON: Final = frozenset(
    {"person_described", "contact_point_added", "contact_point_removed", "phone_verified"}
)
_MERGED: Final = "people_merged"
_SIGNED: Final = "contract_signed"
_IMPORTED: Final = "cameras_imported"


async def _note_subjects(tx: Tx, entries: Sequence[Any]) -> None:
    for entry in entries:
        if entry.event == _MERGED:
            await take_over(tx, entry.facts["person_id"], entry.facts["merged_id"])
    concerned = await subjects_of(tx, _tickets_tied(entries))
    people = {*concerned[PERSON], *_people_named(entries)}
    signed = {entry.facts["account_id"] for entry in entries if entry.event == _SIGNED}
    people.update(await members_of(tx, signed))
    await note_changes(tx, PERSON, people)
    await note_changes(tx, CAMERA, concerned[CAMERA])


def _tickets_tied(entries: Iterable[Any]) -> set[int]:
    return {one.ticket_id for one in entries if one.event in _TIED and one.ticket_id is not None}


def _people_named(entries: Iterable[Any]) -> Iterator[int]:
    for entry in entries:
        if entry.event in _OF_PERSON:
            yield entry.facts["person_id"]
            if entry.facts.get("before") is not None and entry.event == "phone_verified":
                yield entry.facts["before"]


def _walk_again(state: dict[str, Any], entries: Iterable[Any]) -> dict[str, Any]:
    """Begin anew with the cameras when a file of them was read."""
    imported = any(entry.event == _IMPORTED for entry in entries)
    return state | {"walk": [CAMERA, 0]} if imported and "walk" not in state else state


async def _walk_on(tx: Tx, state: dict[str, Any]) -> dict[str, Any]:
    """Take one step of the walk through all people and cameras, which begins once a day: a name
    that somebody has given themselves is in no journal.
    """
    today = tx.now.date().isoformat()
    if "walk" not in state and state.get("walked") == today:
        return state
    kind, after = state.get("walk", [PERSON, 0])
    further = await walk(tx, kind, after)
    if further is not None:
        return state | {"walk": [kind, further]}
    if kind == PERSON:
        return state | {"walk": [CAMERA, 0]}
    return {name: known for name, known in state.items() if name != "walk"} | {"walked": today}


# What was said


async def _entries(tx: Tx, after: int) -> Sequence[Any]:
    """Return the next entries, up to the first that is not settled: who reads on from a later one
    would miss it.
    """
    query = (
        select(
            JournalEntry.id,
            JournalEntry.ticket_id,
            JournalEntry.event,
            JournalEntry.facts,
            JournalEntry.at,
        )
        .where(JournalEntry.id > after)
        .order_by(JournalEntry.id)
        .limit(BATCH)
    )
    return list(
        takewhile(lambda one: tx.is_sqlite or _is_settled(tx, one.at), await tx.rows(query))
    )


def _is_settled(tx: Tx, at: datetime) -> bool:
    """What seems to come from the future was written before the clock was set back."""
    return not tx.now - SETTLING < at <= tx.now + SETTLING


# Of more messages than these that moved at once, the others are found by the former number.
_MOST_MERGED: Final = 5000
_TOLD: Final[Mapping[str, Callable[[Mapping[str, Any]], Sequence[int]]]] = {
    **dict.fromkeys(
        ("customer_wrote", "answer_written", "message_edited"), lambda facts: [facts["message_id"]]
    ),
    "merge_received": lambda facts: facts["kept"]["messages"][:_MOST_MERGED],
    "merge_returned": lambda facts: facts.get("messages", ())[:_MOST_MERGED],
}
_RETURNED: Final = "merge_returned"
# Which fact of an event is words of its ticket.
_SAID: Final = {"ticket_opened": "title", "title_changed": "new", "field_set": "shown"}
_REPLACED: Final = frozenset({"message_edited", "title_changed", "answer_withdrawn", "field_set"})
_ENDED: Final = frozenset({"resolved", "closed"})


async def _fresh_words(tx: Tx, entries: Sequence[Any]) -> Words:
    words: Words = defaultdict(set)
    messages: set[int] = set()
    for entry in entries:
        if entry.ticket_id is None:
            continue
        if entry.event in _TOLD:
            messages.update(_TOLD[entry.event](entry.facts))
        if entry.event in _SAID:
            words[entry.ticket_id] |= words_of_text(entry.facts[_SAID[entry.event]])
        elif entry.event == "state_entered" and entry.facts.get("category") in _ENDED:
            words[entry.ticket_id] |= words_of_solution(entry.facts["reason"] or "")
    for number, said in await _messages(tx, Message.id.in_(messages)):
        if number is not None:
            words[number] |= said
    for number, tied in (await words_tied(tx, _tickets_tied(entries))).items():
        words[number] |= tied
    return words


async def _messages(tx: ReadTx, *which: Any) -> Sequence[tuple[int | None, set[str]]]:
    """Return the words of each message, with those of its file's name; by ticket."""
    query = select(Message.ticket_id, Message.text, Message.content)
    rows = await tx.rows(query.where(Message.withdrawn_at.is_(None), *which))
    return [(ticket, words_of_text(text, name_of_file(content))) for ticket, text, content in rows]


def _old_words(entries: Iterable[Any]) -> Words:
    words: Words = defaultdict(set)
    for entry in entries:
        if entry.event in _REPLACED and entry.ticket_id is not None:
            words[entry.ticket_id] |= words_of_text(entry.facts["old"])
    return words


async def _returned_words(tx: Tx, entries: Iterable[Any]) -> Words:
    """What a ticket has given back when a merge was undone: it may have the same words itself."""
    words: Words = defaultdict(set)
    for entry in entries:
        if entry.event == _RETURNED and entry.ticket_id is not None:
            for _, said in await _messages(tx, Message.id.in_(_TOLD[_RETURNED](entry.facts))):
                words[entry.ticket_id] |= said
            for tied in (await words_tied(tx, [entry.facts["source"]])).values():
                words[entry.ticket_id] |= tied
    return words


async def _add(tx: Tx, words: Mapping[int, set[str]]) -> None:
    rows = [
        {"word": word, "ticket_id": number}
        for number, stems in sorted(words.items())
        for word in sorted(stems)
    ]
    if rows:
        statement = insert_or(tx.session, SearchWord).on_conflict_do_nothing()
        await tx.change(statement, rows)


async def _forget(tx: Tx, words: Mapping[int, set[str]]) -> None:
    """Remove from the index what no text of the ticket contains any more."""
    for number, old in words.items():
        gone = old - await _present_words(tx, number)
        if gone:
            await tx.change(
                delete(SearchWord).where(SearchWord.ticket_id == number, SearchWord.word.in_(gone))
            )


async def _present_words(tx: Tx, ticket_id: int) -> set[str]:
    title = await tx.first(select(Ticket.title).where(Ticket.id == ticket_id))
    solved = select(Resolution.solution).where(Resolution.ticket_id == ticket_id)
    words = words_of_text(title or "", *await searched_texts(tx, ticket_id))
    for solution in await tx.all(solved):
        words |= words_of_solution(solution or "")
    for _, said in await _messages(tx, Message.ticket_id == ticket_id):
        words |= said
    for tied in (await words_tied(tx, [ticket_id])).values():
        words |= tied
    return words
