"""Notices changed from the chat, one thing at a time; what would be said is shown before (G3)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from core.delivery.notice_events import EVENTS
from core.delivery.own_notices import CHAT
from core.directory.entry_draft import Draft
from core.directory.entry_edits import EntryFacts, facts_of
from core.directory.entry_questions import fields_of
from core.directory.faults import DirectoryError
from core.directory.kinds.notices import NoticeEntry
from core.directory.reader import read_directory
from core.directory.store import edited, put_items, shown_fields
from core.directory.toml_writer import write_table
from core.directory.versions import current_version
from core.errors import NotAllowed, Refusal
from core.people.permissions import may
from core.tx import ReadTx, Tx


@dataclass(frozen=True, slots=True)
class NoticeFacts:
    """How people are told of an event, where no narrower entry counts; ``narrower``: their codes.

    ``company`` is the company's name, for an example of what is said.
    """

    event: str
    on: bool
    channel: str = CHAT
    delay: timedelta | None = None
    texts: Mapping[str, str] = field(default_factory=dict)
    narrower: Sequence[str] = ()
    company: str = ""

    @property
    def colleagues(self) -> bool:
        """Return whether it is told to colleagues."""
        return EVENTS[self.event].colleagues


class OnlyShown(Exception):
    """It could be kept; nothing was. ``facts``: how people would be told."""

    def __init__(self, facts: NoticeFacts) -> None:
        super().__init__(facts.event)
        self.facts = facts


async def list_notices(tx: ReadTx) -> list[NoticeFacts]:
    """Return all that can be configured, in the order of a ticket's life."""
    entries = await NoticeEntry.load(tx)
    return [_facts(tx, event, entries) for event in EVENTS]


async def list_narrower(tx: ReadTx) -> list[EntryFacts]:
    """Return the entries that are not the one for all tickets."""
    entries = await NoticeEntry.load(tx)
    return [await facts_of(tx, one) for one in entries if not (one.active and _is_for_all(one))]


async def words_of(tx: ReadTx, event: str, language: str) -> Draft:
    """Return the question for the words of an event: of the entry for all tickets, or a new one."""
    await find_notice(tx, event)
    entries = await NoticeEntry.load(tx)
    known = next((e for e in entries if e.event == event and e.active and _is_for_all(e)), None)
    asked = next(
        one for one in await fields_of(tx, NoticeEntry.name) if one.path == ("texts", language)
    )
    mark = "" if known is None else (await facts_of(tx, known)).mark
    table = _new_fields(event, entries) if known is None else {}
    version = await current_version(tx)
    return Draft(NoticeEntry.name, mark, asked.mark, version, table)


async def find_notice(tx: ReadTx, event: str) -> NoticeFacts:
    """Return how people are told of one. Raises :class:`Refusal`."""
    if event not in EVENTS:
        raise Refusal("refusal.no_notice", words=event[:40], known=", ".join(EVENTS))
    return _facts(tx, event, await NoticeEntry.load(tx))


def _facts(tx: ReadTx, event: str, entries: Sequence[NoticeEntry]) -> NoticeFacts:
    of_event = [one for one in entries if one.event == event and one.active]
    plain = next((one for one in of_event if _is_for_all(one)), None)
    narrower = [one.code for one in of_event if not _is_for_all(one)]
    facts = NoticeFacts(event, on=not EVENTS[event].silent, narrower=narrower)
    if plain is not None:
        facts = replace(
            facts, on=plain.on, channel=plain.channel, delay=plain.delay, texts=plain.texts
        )
    return replace(facts, company=tx.company.name)


def _is_for_all(entry: NoticeEntry) -> bool:
    return entry.topic is None and entry.category is None


async def change_notice(
    tx: Tx, event: str, change: Mapping[str, Any], *, really: bool = True
) -> NoticeFacts:
    """Change fields of the entry for all tickets; None takes one back to what it is by default.
    Its ``texts`` are changed by language. A version of the directory.

    Raises :class:`DirectoryError` with all that is wrong; with ``really=False``
    :class:`OnlyShown`, so that nothing stays.
    """
    if not may(tx.actor.role, "set_up"):
        raise NotAllowed("set_up")
    await find_notice(tx, event)
    entries = await NoticeEntry.load(tx)
    known = next((one for one in entries if one.event == event and _is_for_all(one)), None)
    fields = _new_fields(event, entries) if known is None else shown_fields(known)
    texts = {**fields.pop("texts", {}), **change.get("texts", {})}  # type: ignore[dict-item]
    fields |= {**change, "active": None, "texts": {at: said for at, said in texts.items() if said}}
    written = {name: value for name, value in fields.items() if value not in (None, {})}
    document = read_directory(write_table(NoticeEntry.name, written), (NoticeEntry,))
    if document.faults:  # the lines are those of no file that anybody sees
        raise DirectoryError(replace(fault, line=None) for fault in document.faults)
    async with edited(tx):
        await put_items(tx, [replace(one, file=None) for one in document.items])
    facts = await find_notice(tx, event)
    if not really:
        raise OnlyShown(facts)
    return facts


def _new_fields(event: str, entries: Sequence[NoticeEntry]) -> dict[str, Any]:
    taken = {one.code for one in entries}
    code = next(
        code for code in (event, *(f"{event}.{n}" for n in range(2, 99))) if code not in taken
    )
    return {"code": code, "event": event}
