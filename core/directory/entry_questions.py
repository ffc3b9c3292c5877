"""An entry of the directory is shown and asked for, one value at a time, and a new one step by step
(X12).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

from core.directory.entry_choices import Choice, Choices, choices_for
from core.directory.entry_draft import Draft, end_questions, find_draft, keep_draft
from core.directory.entry_edits import EntryFacts, facts_of, find_entry, kind_of, load_entry
from core.directory.entry_tables import Table, code_from, value_at, with_value
from core.directory.shapes import AskedField, asked_fields
from core.directory.store import shown_fields
from core.directory.versions import current_version
from core.errors import Refusal
from core.people.identity import Sender
from core.texts import shipped_texts
from core.tx import ReadTx, Tx


@dataclass(frozen=True, slots=True)
class EntryView:
    """An entry with its values as a file has them, and what they are called. ``first`` and
    ``last`` in its list; None where its kind has no order.
    """

    facts: EntryFacts
    fields: Sequence[AskedField]
    table: Table
    choices: Choices
    first: bool | None = None
    last: bool | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """What an admin is asked. ``title``: of the entry, empty for a new one; ``now``: the value as
    it is, ``present``: somebody has chosen it; ``offered``: what can be pressed; ``picked``: of a
    list, what will be in it. ``code``: a code is asked for, and one is offered.
    """

    draft: Draft
    asked: AskedField
    title: str
    now: Any
    choices: Choices
    offered: Sequence[Choice]
    picked: Sequence[Any] | None = None
    single: bool = False
    present: bool = False
    code: bool = False

    @property
    def new(self) -> bool:
        """Return whether the entry is a new one."""
        return not self.draft.mark


async def view_entry(tx: ReadTx, kind: str, mark: str) -> EntryView:
    """Return an entry as its screen shows it. Raises :class:`Refusal`."""
    entry, at, count = await load_entry(tx, kind, mark)
    fields = [one for one in all_asked(tx, kind) if one.name != type(entry).key]
    table = shown_fields(entry)
    choices = await choices_for(tx, [one.shape for one in fields])
    facts = await facts_of(tx, entry)
    ordered = type(entry).ordered and not entry.single
    return EntryView(
        facts,
        fields,
        cast("Table", table),
        choices,
        at == 0 if ordered else None,
        at == count - 1 if ordered else None,
    )


def all_asked(tx: ReadTx, kind: str) -> Sequence[AskedField]:
    """Return all that a kind can be asked for; the company's language comes first."""
    own = tx.company.language
    others = [one for one in shipped_texts().locales if one != own]
    return asked_fields(kind_of(kind), (own, *others))


def field_of(tx: ReadTx, kind: str, mark: str) -> AskedField:
    """Return what a mark stands for. Raises :class:`Refusal` for what is not there any more."""
    found = next((one for one in all_asked(tx, kind) if one.mark == mark), None)
    if found is None:
        raise Refusal("refusal.outdated")
    return found


async def ask(tx: Tx, sender: Sender, kind: str, mark: str, field: str) -> Question:
    """Ask for a value of an entry. Raises :class:`Refusal` for what is not there any more."""
    draft = Draft(kind, mark, field, await current_version(tx))
    await keep_draft(tx, sender, draft)
    return await question_of(tx, draft)


async def begin(tx: Tx, sender: Sender, kind: str) -> Question:
    """Ask for the first value of a new entry. Raises :class:`Refusal`."""
    if kind_of(kind).single:
        raise Refusal("refusal.outdated")
    draft = Draft(kind, "", "", await current_version(tx))
    first = next(one for one in still_to_ask(tx, draft))
    draft = replace(draft, field=first.mark)
    await keep_draft(tx, sender, draft)
    return await question_of(tx, draft)


def still_to_ask(tx: ReadTx, draft: Draft) -> list[AskedField]:
    """What a new entry must have, and has not yet; its key last where the desk can think of one."""
    kind = kind_of(draft.kind)
    needed = [
        one
        for one in all_asked(tx, draft.kind)
        if one.required and value_at(draft.table, one.path) is None
    ]
    named = {"titles", "title", "event", "what"} & kind.model_fields.keys()
    return sorted(needed, key=lambda one: bool(named) and one.name == kind.key)


async def question_of(tx: ReadTx, draft: Draft) -> Question:
    """Return the question of a draft. Raises :class:`Refusal`."""
    asked = field_of(tx, draft.kind, draft.field)
    entry = await find_entry(tx, draft.kind, draft.mark) if draft.mark else None
    table = draft.table if entry is None else await table_of(tx, draft)
    choices, now = await choices_for(tx, [asked.shape]), value_at(table, asked.path)
    offered = [*await _offered(tx, draft, asked, choices)]
    question = Question(
        draft,
        asked,
        "" if entry is None else entry.title,
        asked.default if now is None and entry is not None else now,
        choices,
        offered,
        single=entry is not None and entry.single,
        present=now is not None,
        code=bool(offered) and entry is None and asked.path == (kind_of(draft.kind).key,),
    )
    if asked.shape.form != "list" or (asked.shape.item is not None and asked.shape.item.part):
        return question
    picked = draft.picked if draft.picked is not None else list(now or [])
    known = {one.mark for one in offered}
    own = [one for one in map(Choice, [*(now or []), *picked]) if one.mark not in known]
    return replace(
        question, picked=picked, offered=[*offered, *{one.mark: one for one in own}.values()]
    )


async def _offered(
    tx: ReadTx, draft: Draft, asked: AskedField, choices: Choices
) -> Sequence[Choice]:
    shape = asked.shape.item or asked.shape if asked.shape.form == "list" else asked.shape
    if shape.source is not None:
        return [one for one in choices.get(shape.source, ()) if one.offered]
    if draft.mark or asked.name != kind_of(draft.kind).key:
        return []
    words = [
        str(one)
        for name in ("titles", "title", "event", "what", "text")
        for one in _said(draft, name)
    ]
    taken = {entry.key_value for entry in await kind_of(draft.kind).load(tx)}
    code = code_from(words, taken)
    return [] if code is None else [Choice(code, code)]


def _said(draft: Draft, name: str) -> list[Any]:
    value = draft.table.get(name)
    return [*value.values()] if isinstance(value, dict) else [] if value is None else [value]


async def table_of(tx: ReadTx, draft: Draft) -> Table:
    """Return the entry of a draft as it is now."""
    if not draft.mark:
        return draft.table
    entry, _, _ = await load_entry(tx, draft.kind, draft.mark)
    return cast("Table", shown_fields(entry))


async def open_question(tx: ReadTx, sender: Sender) -> Question | None:
    """Return what the admin was asked and has not answered yet, if anything."""
    draft = await find_draft(tx, sender)
    if draft is None or not draft.field or draft.answer is not None:
        return None
    return await question_of(tx, draft)


def with_answer(tx: ReadTx, draft: Draft, before: Table, value: Any) -> Table:
    """Return the table with this value where the draft asks for one."""
    return with_value(before, field_of(tx, draft.kind, draft.field), value)


async def ask_further(tx: Tx, sender: Sender, kind: str, field: str) -> Question:
    """Ask for another value of the new entry that is under way. Raises :class:`Refusal`."""
    draft = await find_draft(tx, sender)
    if draft is None or draft.mark or draft.kind != kind:
        raise Refusal("refusal.outdated")
    asked = field_of(tx, kind, field)
    following = replace(draft, field=asked.mark, answer=None, picked=None)
    await keep_draft(tx, sender, following)
    return await question_of(tx, following)


async def fields_of(tx: ReadTx, kind: str) -> Sequence[AskedField]:
    """Return all that a kind can be asked for."""
    return all_asked(tx, kind)


async def pick(tx: Tx, sender: Sender, draft: Draft, value: Any) -> Question:
    """Take a value into a list, or out of it."""
    question = await question_of(tx, draft)
    picked = list(question.picked or ())
    picked = [one for one in picked if one != value] if value in picked else [*picked, value]
    changed = replace(draft, picked=picked)
    await keep_draft(tx, sender, changed)
    return await question_of(tx, changed)


async def step_back(tx: Tx, sender: Sender, draft: Draft | None) -> Question | None:
    """Ask what was asked before, of a new entry; else ask no more. None: nothing was."""
    if draft is None or draft.mark or not draft.before:
        await end_questions(tx, sender)
        return None
    *before, last = draft.before
    table = with_answer(tx, replace(draft, field=last), draft.table, None)
    earlier = replace(draft, before=before, field=last, table=table, answer=None, picked=None)
    await keep_draft(tx, sender, earlier)
    return await question_of(tx, earlier)
