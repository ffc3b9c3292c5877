"""An answer to a question about an entry: tried first, then shown, then applied as it was shown
(X12).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, NoReturn, cast

from core.directory.deadlines import Touched
from core.directory.entry_choices import Choices, choices_for
from core.directory.entry_draft import Draft, end_questions, keep_draft
from core.directory.entry_edits import facts_of, kind_of
from core.directory.entry_questions import (
    EntryView,
    Question,
    all_asked,
    field_of,
    question_of,
    still_to_ask,
    table_of,
    view_entry,
    with_answer,
)
from core.directory.entry_tables import Table, document_of, value_at
from core.directory.faults import DirectoryError, Fault
from core.directory.reader import Document
from core.directory.schema import DirectoryEntry
from core.directory.shapes import AskedField
from core.directory.store import OnlyChecked, apply_directory, compare, shown_fields
from core.directory.toml_writer import write_table
from core.directory.versions import document_of as version_of
from core.directory.versions import list_versions
from core.errors import Refusal
from core.people.identity import Sender
from core.tx import ReadTx, Tx


@dataclass(frozen=True, slots=True)
class Proposal:
    """What an answer would change. ``others``: lines of the directory that change besides;
    ``news``: what others have changed since the question, by ``author``.
    """

    question: Question
    table: Table
    after: Any
    touched: Touched
    choices: Choices
    others: Sequence[str] = ()
    news: Sequence[str] = ()
    author: str = ""


class MoreToAsk(Exception):
    """A new entry needs another value first: the first of ``options``, or any of them."""

    def __init__(self, *options: AskedField) -> None:
        super().__init__(options[0].name)
        self.options = options


class CanBeApplied(Exception):
    """An answer can be: nothing was changed yet."""

    def __init__(self, checked: OnlyChecked, table: Table, others: Sequence[str]) -> None:
        super().__init__(checked.version)
        self.checked, self.table, self.others = checked, table, others


async def check_answer(tx: Tx, draft: Draft, answer: list[Any]) -> NoReturn:
    """Try an answer, so that nothing stays. Raises :class:`CanBeApplied`, :class:`MoreToAsk`, or
    :class:`DirectoryError` with all that is wrong.
    """
    before = await table_of(tx, draft)
    after = with_answer(tx, draft, before, answer[0])
    kind, missing = kind_of(draft.kind), still_to_ask(tx, replace(draft, table=after))
    document = document_of(kind, _written(tx, draft, after))
    if not draft.mark:
        await _refuse_taken(tx, draft, answer[0])
    if not draft.mark and missing:
        _refuse_wrong(field_of(tx, draft.kind, draft.field), document.faults)
        raise MoreToAsk(missing[0])
    try:
        await apply_directory(tx, document, really=False, origin="screen")
    except OnlyChecked as checked:
        if not draft.mark and not checked.difference:
            raise (_says_nothing(tx, draft)) from None
        after = _as_kept(kind, before, document)
        own = {*_lines(kind, before if draft.mark else {}, after)}
        others = [one for one in checked.difference if one[0] in "+-" and one not in own]
        raise CanBeApplied(checked, after, others if draft.mark else ()) from None
    except DirectoryError as error:
        raise (await _next_of(tx, draft, error)) from None
    raise AssertionError


def _says_nothing(tx: ReadTx, draft: Draft) -> Exception:
    """A new entry that changes nothing: of some kinds one without more is none."""
    said = {*draft.before, draft.field}
    left = [one for one in all_asked(tx, draft.kind) if one.mark not in said]
    return MoreToAsk(*left) if left else Refusal("refusal.directory_so")


def _as_kept(kind: type[DirectoryEntry], before: Table, document: Document) -> Table:
    """The table as a file will show it."""
    kept = cast("Table", shown_fields(document.items[0].entry))
    return {**before, **kept} if kind.single else kept


def _written(tx: ReadTx, draft: Draft, table: Table) -> Table:
    """Of settings only the one that changes: the others stay as they are."""
    if not kind_of(draft.kind).single:
        return table
    name = field_of(tx, draft.kind, draft.field).path[0]
    return {name: table[name]} if name in table else {}


def _refuse_wrong(asked: AskedField, faults: Sequence[Fault]) -> None:
    """Of what is wrong with an unfinished entry only what was just said counts."""
    wrong = [one for one in faults if _is_at(one, asked)]
    if wrong:
        raise DirectoryError(wrong)


async def _refuse_taken(tx: ReadTx, draft: Draft, value: Any) -> None:
    kind, asked = kind_of(draft.kind), field_of(tx, draft.kind, draft.field)
    if asked.path != (kind.key,):
        return
    known = {one.key_value: one for one in await kind.load(tx)}
    if kind.key_of({kind.key: value}) in known:
        facts = {"value": str(value)}
        raise DirectoryError([Fault(None, kind.name, "entry.taken", facts, asked.path)])


def _is_at(fault: Fault, asked: AskedField) -> bool:
    shorter = min(len(fault.path), len(asked.path))
    missing = fault.key == "directory_file.fault.missing"
    return not missing and shorter > 0 and tuple(fault.path[:shorter]) == asked.path[:shorter]


async def _next_of(tx: ReadTx, draft: Draft, error: DirectoryError) -> Exception:
    """What is wrong with a new entry may only be that something is not said yet."""
    asked = field_of(tx, draft.kind, draft.field)
    if draft.mark or any(_is_at(fault, asked) for fault in error.faults):
        return error
    for fault in error.faults:
        options = [one for one in all_asked(tx, draft.kind) if _is_at(fault, one)]
        if options and not {one.mark for one in options} & {*draft.before}:
            return MoreToAsk(*options)
    return error


def _lines(kind: type[DirectoryEntry], before: Table, after: Table) -> list[str]:
    texts = [write_table(kind.name, table, single=kind.single) for table in (before, after)]
    return [line for line in compare(*texts) if line[0] in "+-"]


async def keep_answer(
    tx: Tx, sender: Sender, draft: Draft, answer: list[Any], checked: CanBeApplied
) -> Proposal:
    """Remember an answer that can be applied, until it is. Returns what it would change."""
    question = await question_of(tx, draft)
    kept = replace(draft, answer=answer, version=checked.checked.version)
    await keep_draft(tx, sender, kept)
    fields = all_asked(tx, draft.kind) if question.new else [question.asked]
    choices = await choices_for(tx, [one.shape for one in fields])
    after = value_at(checked.table, question.asked.path)
    news, author = await _news(tx, draft.version, checked.checked.version)
    return Proposal(
        replace(question, draft=kept),
        checked.table,
        question.asked.default if after is None else after,
        checked.checked.touched,
        choices,
        checked.others,
        news,
        author,
    )


async def _news(tx: ReadTx, seen: int, now: int) -> tuple[Sequence[str], str]:
    """What others have changed since a version was seen, and who was the last."""
    if seen == now:
        return (), ""
    newest = next(iter(await list_versions(tx, 1)), None)
    try:
        before = await version_of(tx, seen or 1)
    except Refusal:
        return (), "" if newest is None else newest.author
    after = await version_of(tx, now)
    lines = [one for one in compare(before, after) if one[0] in "+-"]
    return lines, "" if newest is None else newest.author


async def keep_and_ask(
    tx: Tx, sender: Sender, draft: Draft, answer: list[Any], asked: AskedField
) -> Question:
    """Put an answer into a new entry, and ask for what it needs further."""
    table = with_answer(tx, draft, draft.table, answer[0])
    before = [*draft.before, draft.field]
    following = replace(draft, table=table, before=before, field=asked.mark, picked=None)
    await keep_draft(tx, sender, following)
    return await question_of(tx, following)


async def apply_answer(
    tx: Tx, sender: Sender, draft: Draft, *, recount: bool = False
) -> EntryView | None:
    """Change the directory as it was shown; a version. Returns the entry, None where it is gone.

    Raises :class:`ChangedMeanwhile`, :class:`DirectoryError`.
    """
    if draft.answer is None:
        raise Refusal("refusal.outdated")
    kind = kind_of(draft.kind)
    table = with_answer(tx, draft, await table_of(tx, draft), draft.answer[0])
    document = document_of(kind, _written(tx, draft, table))
    await apply_directory(tx, document, expected=draft.version, origin="screen", recount=recount)
    await end_questions(tx, sender)
    key = "" if kind.single else str(table[kind.key])
    for one in await kind.load(tx):
        if one.key_value == key:
            return await view_entry(tx, draft.kind, (await facts_of(tx, one)).mark)
    return None
