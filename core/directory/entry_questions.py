"""An entry of the directory changed by questions, one value at a time, and a new one asked for step
by step (X12). What an admin was asked, and has answered, survives a restart: it is their dialogue.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from dataclasses import field as kept_in
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final, NoReturn, cast

from core.directory.deadlines import Touched
from core.directory.entry_choices import Choice, Choices, choices_for
from core.directory.entry_edits import EntryFacts, facts_of, find_entry, kind_of, load_entry
from core.directory.entry_tables import Table, code_from, document_of, value_at, with_value
from core.directory.faults import DirectoryError, Fault
from core.directory.reader import Document
from core.directory.schema import DirectoryEntry
from core.directory.shapes import AskedField, asked_fields
from core.directory.store import OnlyChecked, apply_directory, compare, shown_fields
from core.directory.toml_writer import write_table
from core.directory.versions import current_version, list_versions
from core.directory.versions import document_of as version_of
from core.errors import Refusal
from core.people.identity import Sender, enter_dialogue, find_by_address, recognise
from core.texts import shipped_texts
from core.tx import ReadTx, Tx

STEP: Final = "entry"
LASTS: Final = timedelta(hours=12)
DIGEST: Final = 6


@dataclass(frozen=True, slots=True)
class Draft:
    """Where an admin is. ``mark``: of the entry, empty for a new one, whose ``table`` this is so
    far; ``field``: the mark of what is asked, ``before``: of what was asked before; ``answer``:
    what they said, in a list of one; ``picked``: of a list, so far. ``version``: of the directory
    that they saw.
    """

    kind: str
    mark: str
    field: str
    version: int
    table: Table = kept_in(default_factory=dict)
    before: list[str] = kept_in(default_factory=list)
    answer: list[Any] | None = None
    picked: list[Any] | None = None

    @property
    def digest(self) -> str:
        """Return what tells this answer from another one."""
        return sha256(repr((self.answer, self.table)).encode()).hexdigest()[:DIGEST]


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


# What is asked


async def view_entry(tx: ReadTx, kind: str, mark: str) -> EntryView:
    """Return an entry as its screen shows it. Raises :class:`Refusal`."""
    entry, at, count = await load_entry(tx, kind, mark)
    fields = [one for one in _fields(tx, kind) if one.name != type(entry).key]
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


def _fields(tx: ReadTx, kind: str) -> Sequence[AskedField]:
    """The company's language comes first."""
    own = tx.company.language
    others = [one for one in shipped_texts().locales if one != own]
    return asked_fields(kind_of(kind), (own, *others))


def _field(tx: ReadTx, kind: str, mark: str) -> AskedField:
    found = next((one for one in _fields(tx, kind) if one.mark == mark), None)
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
    first = next(one for one in _to_ask(tx, draft))
    draft = replace(draft, field=first.mark)
    await keep_draft(tx, sender, draft)
    return await question_of(tx, draft)


def _to_ask(tx: ReadTx, draft: Draft) -> list[AskedField]:
    """What a new entry must have, and has not yet; its key last where the desk can think of one."""
    kind = kind_of(draft.kind)
    needed = [
        one
        for one in _fields(tx, draft.kind)
        if one.required and value_at(draft.table, one.path) is None
    ]
    named = {"titles", "title", "event", "what"} & kind.model_fields.keys()
    return sorted(needed, key=lambda one: bool(named) and one.name == kind.key)


async def question_of(tx: ReadTx, draft: Draft) -> Question:
    """Return the question of a draft. Raises :class:`Refusal`."""
    asked = _field(tx, draft.kind, draft.field)
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


# What they answer


async def check_answer(tx: Tx, draft: Draft, answer: list[Any]) -> NoReturn:
    """Try an answer, so that nothing stays. Raises :class:`CanBeApplied`, :class:`MoreToAsk`, or
    :class:`DirectoryError` with all that is wrong.
    """
    before = await table_of(tx, draft)
    after = _after(tx, draft, before, answer[0])
    kind, missing = kind_of(draft.kind), _to_ask(tx, replace(draft, table=after))
    document = document_of(kind, _written(tx, draft, after))
    if not draft.mark:
        await _refuse_taken(tx, draft, answer[0])
    if not draft.mark and missing:
        _refuse_wrong(_field(tx, draft.kind, draft.field), document.faults)
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
    left = [one for one in _fields(tx, draft.kind) if one.mark not in said]
    return MoreToAsk(*left) if left else Refusal("refusal.directory_so")


def _as_kept(kind: type[DirectoryEntry], before: Table, document: Document) -> Table:
    """The table as a file will show it."""
    kept = cast("Table", shown_fields(document.items[0].entry))
    return {**before, **kept} if kind.single else kept


def _after(tx: ReadTx, draft: Draft, before: Table, value: Any) -> Table:
    return with_value(before, _field(tx, draft.kind, draft.field), value)


def _written(tx: ReadTx, draft: Draft, table: Table) -> Table:
    """Of settings only the one that changes: the others stay as they are."""
    if not kind_of(draft.kind).single:
        return table
    name = _field(tx, draft.kind, draft.field).path[0]
    return {name: table[name]} if name in table else {}


def _refuse_wrong(asked: AskedField, faults: Sequence[Fault]) -> None:
    """Of what is wrong with an unfinished entry only what was just said counts."""
    wrong = [one for one in faults if _is_at(one, asked)]
    if wrong:
        raise DirectoryError(wrong)


async def _refuse_taken(tx: ReadTx, draft: Draft, value: Any) -> None:
    kind, asked = kind_of(draft.kind), _field(tx, draft.kind, draft.field)
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
    asked = _field(tx, draft.kind, draft.field)
    if draft.mark or any(_is_at(fault, asked) for fault in error.faults):
        return error
    for fault in error.faults:
        options = [one for one in _fields(tx, draft.kind) if _is_at(fault, one)]
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
    fields = _fields(tx, draft.kind) if question.new else [question.asked]
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
    table = _after(tx, draft, draft.table, answer[0])
    before = [*draft.before, draft.field]
    following = replace(draft, table=table, before=before, field=asked.mark, picked=None)
    await keep_draft(tx, sender, following)
    return await question_of(tx, following)


async def ask_further(tx: Tx, sender: Sender, kind: str, field: str) -> Question:
    """Ask for another value of the new entry that is under way. Raises :class:`Refusal`."""
    draft = await find_draft(tx, sender)
    if draft is None or draft.mark or draft.kind != kind:
        raise Refusal("refusal.outdated")
    asked = _field(tx, kind, field)
    following = replace(draft, field=asked.mark, answer=None, picked=None)
    await keep_draft(tx, sender, following)
    return await question_of(tx, following)


async def fields_of(tx: ReadTx, kind: str) -> Sequence[AskedField]:
    """Return all that a kind can be asked for."""
    return _fields(tx, kind)


async def pick(tx: Tx, sender: Sender, draft: Draft, value: Any) -> Question:
    """Take a value into a list, or out of it."""
    question = await question_of(tx, draft)
    picked = list(question.picked or ())
    picked = [one for one in picked if one != value] if value in picked else [*picked, value]
    changed = replace(draft, picked=picked)
    await keep_draft(tx, sender, changed)
    return await question_of(tx, changed)


async def apply_answer(
    tx: Tx, sender: Sender, draft: Draft, *, recount: bool = False
) -> EntryView | None:
    """Change the directory as it was shown; a version. Returns the entry, None where it is gone.

    Raises :class:`ChangedMeanwhile`, :class:`DirectoryError`.
    """
    if draft.answer is None:
        raise Refusal("refusal.outdated")
    kind = kind_of(draft.kind)
    table = _after(tx, draft, await table_of(tx, draft), draft.answer[0])
    document = document_of(kind, _written(tx, draft, table))
    await apply_directory(tx, document, expected=draft.version, origin="screen", recount=recount)
    await end_questions(tx, sender)
    key = "" if kind.single else str(table[kind.key])
    for one in await kind.load(tx):
        if one.key_value == key:
            return await view_entry(tx, draft.kind, (await facts_of(tx, one)).mark)
    return None


# The dialogue


async def find_draft(tx: ReadTx, sender: Sender) -> Draft | None:
    """Return where the admin is, unless that was long ago."""
    person = await find_by_address(tx, sender.address)
    dialogue = (person.dialogue if person is not None else None) or {}
    if dialogue.get("step") != STEP or datetime.fromisoformat(dialogue["until"]) < tx.now:
        return None
    return Draft(**dialogue["draft"])


async def keep_draft(tx: Tx, sender: Sender, draft: Draft) -> None:
    """Remember where the admin is."""
    until = (tx.now + LASTS).isoformat()
    person = await recognise(tx, sender)
    enter_dialogue(person, {"step": STEP, "draft": asdict(draft), "until": until})


async def end_questions(tx: Tx, sender: Sender) -> bool:
    """Ask no more. Returns whether anything was asked."""
    person = await recognise(tx, sender)
    if (person.dialogue or {}).get("step") != STEP:
        return False
    enter_dialogue(person, None)
    return True


async def step_back(tx: Tx, sender: Sender, draft: Draft | None) -> Question | None:
    """Ask what was asked before, of a new entry; else ask no more. None: nothing was."""
    if draft is None or draft.mark or not draft.before:
        await end_questions(tx, sender)
        return None
    *before, last = draft.before
    table = _after(tx, replace(draft, field=last), draft.table, None)
    earlier = replace(draft, before=before, field=last, table=table, answer=None, picked=None)
    await keep_draft(tx, sender, earlier)
    return await question_of(tx, earlier)
