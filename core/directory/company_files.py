"""Files of the company: put into responses and articles, taken out, kept as long as they may be
needed (E1, B13).

What a version of the directory names can be brought back, so it is kept for good
(`core.directory.versions`). What came and was put nowhere goes after a while
(`core.integrations.unused_uploads`).
"""

from dataclasses import dataclass
from typing import Final

from core.directory.entry_edits import EntryFacts, find_entry, put_changed
from core.directory.file_names import runs, written
from core.directory.kinds.articles import ArticleEntry
from core.directory.kinds.responses import ResponseEntry
from core.directory.versions import lock_versions
from core.errors import NotAllowed, NothingToDo, Refusal
from core.models import CompanyFile
from core.people.identity import Sender, enter_dialogue, find_by_address, recognise
from core.people.permissions import may
from core.tickets.attached_files import LARGEST_TOGETHER, MOST, AttachedFile
from core.tx import ReadTx, Tx

KINDS: Final = (ResponseEntry.name, ArticleEntry.name)
"""Whose entries have files."""
STEP: Final = "attach"


@dataclass(frozen=True, slots=True)
class Entry:
    """The entry that an admin's next files go to."""

    kind: str
    mark: str


async def ask_for_files(tx: Tx, sender: Sender, kind: str, mark: str) -> EntryFacts:
    """Take the files that the admin sends next as files of this entry. Raises :class:`Refusal`."""
    _demand_admin(tx)
    entry = await find_entry(tx, kind, mark)
    if entry.files is None:
        raise Refusal("refusal.outdated")
    enter_dialogue(await recognise(tx, sender), {"step": STEP, "kind": kind, "mark": mark})
    return entry


async def entry_asked_for(tx: ReadTx, sender: Sender) -> Entry | None:
    """Return the entry that the person's files go to, if any."""
    person = await find_by_address(tx, sender.address)
    dialogue = (person.dialogue if person is not None else None) or {}
    if dialogue.get("step") != STEP:
        return None
    return Entry(str(dialogue["kind"]), str(dialogue["mark"]))


async def end_files(tx: Tx, sender: Sender) -> None:
    """Take no more files for an entry."""
    person = await recognise(tx, sender)
    if (person.dialogue or {}).get("step") == STEP:
        enter_dialogue(person, None)


async def attach_file(tx: Tx, kind: str, mark: str, file: AttachedFile) -> EntryFacts:
    """Add a stored file to an entry; a version of the directory.

    Raises :class:`Refusal` for a program, and for too much; :class:`NothingToDo`.
    """
    _demand_admin(tx)
    await lock_versions(tx)
    there = await _files(tx, kind, mark)
    if runs(file.title):
        raise Refusal("refusal.file_runs", name=file.title)
    if any(one.name == file.name for one in there):
        raise NothingToDo("refusal.file_there", name=file.title)
    if len(there) >= MOST:
        raise Refusal("refusal.files_many", most=MOST)
    if sum(one.size for one in (*there, file)) > LARGEST_TOGETHER:
        raise Refusal("refusal.files_large", megabytes=LARGEST_TOGETHER // 1_000_000)
    await keep_file(tx, file)
    return await put_changed(tx, kind, mark, lambda values: [*values, written(file)])


async def detach_file(tx: Tx, kind: str, mark: str, name: str) -> EntryFacts:
    """Take the file whose name begins so out of an entry; versions of before still have it.

    Raises :class:`Refusal` where it is not there any more.
    """
    _demand_admin(tx)
    await lock_versions(tx)
    gone = [written(one) for one in await _files(tx, kind, mark) if one.name.startswith(name)]
    if not gone:
        raise Refusal("refusal.outdated")
    return await put_changed(tx, kind, mark, lambda values: [v for v in values if v not in gone])


async def keep_file(tx: Tx, file: AttachedFile) -> None:
    """Note a stored file as the company's own. What is known already begins its time anew."""
    known = await tx.find(CompanyFile, file.name, hold=True)
    versioned = known is not None and known.versioned
    row = CompanyFile(
        name=file.name, title=file.title, size=file.size, at=tx.now, versioned=versioned
    )
    await tx.put(row)
    await tx.write()


async def _files(tx: ReadTx, kind: str, mark: str) -> tuple[AttachedFile, ...]:
    files = (await find_entry(tx, kind, mark)).files
    if files is None:
        raise Refusal("refusal.outdated")
    return files


def _demand_admin(tx: Tx) -> None:
    if not may(tx.actor.role, "set_up"):
        raise NotAllowed("set_up")
