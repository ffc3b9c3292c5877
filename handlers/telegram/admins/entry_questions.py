"""Entries of the directory changed in an admin's private chat: a value is asked for, read, shown
as a difference, applied (X12). Every kind goes the same way; its class says what can be asked.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Concatenate, Final, ParamSpec, TypeVar

from channels.telegram.screens.company_settings import settings_lines
from channels.telegram.screens.directory import draw_faults
from channels.telegram.screens.directory_entries import draw_entries, hint_of_setup
from channels.telegram.screens.entry_buttons import (
    ApplyAnswer,
    AskValue,
    EntryStep,
    PickValue,
)
from channels.telegram.screens.entry_questions import (
    draw_entry,
    draw_more,
    draw_proposal,
    draw_question,
    draw_removal,
)
from channels.telegram.screens.entry_words import known_of
from core.contacts.retention import last_round
from core.directory import entry_answers, entry_draft
from core.directory import entry_questions as asking
from core.directory.entry_answers import CanBeApplied, MoreToAsk
from core.directory.entry_draft import Draft
from core.directory.entry_edits import list_entries, move_entry
from core.directory.entry_questions import EntryView, Question
from core.directory.entry_removal import find_removable, remove_entry
from core.directory.faults import DirectoryError
from core.directory.kinds.settings import SettingsEntry
from core.directory.spoken import OFF, read_answer
from core.directory.store import ChangedMeanwhile
from core.directory.versions import current_version
from core.errors import Refusal
from core.people.staff import as_admin, for_admin
from core.tx import ReadTx, Tx
from handlers.telegram.context import ButtonContext, MessageContext

P = ParamSpec("P")
R = TypeVar("R")
Context = ButtonContext | MessageContext


async def _run(
    context: Context,
    action: Callable[Concatenate[Tx, P], Awaitable[R]],
    *args: P.args,
    **options: P.kwargs,
) -> R:
    return await context.desk.run(as_admin, context.sender, action, *args, **options)


async def _read(
    context: Context,
    query: Callable[Concatenate[ReadTx, P], Awaitable[R]],
    *args: P.args,
    **options: P.kwargs,
) -> R:
    return await context.desk.read(for_admin, context.sender, query, *args, **options)


# What is shown


async def show_entry(context: Context, kind: str, mark: str) -> None:
    """An entry with its values."""
    await _show(context, await _read(context, asking.view_entry, kind, mark))


async def _show(
    context: Context, view: EntryView, changed: int | None = None, *, recounted: bool = False
) -> None:
    said = None
    if view.facts.kind == SettingsEntry.name:  # each setting has a sentence
        last = await _read(context, last_round)
        said = settings_lines(context.renderer, context.desk.company, last)
        said.append(context.renderer.html("company_settings.elsewhere"))
        said += hint_of_setup(context.renderer, ready=is_ready(context))
    await context.show(
        draw_entry(context.renderer, view, changed=changed, recounted=recounted, said=said)
    )


def is_ready(context: Context) -> bool:
    """Return whether there is a group whose members answer."""
    return context.desk.company.operators_chat is not None


async def show_list(context: Context, kind: str, page: int = 0) -> None:
    """The entries of a kind, a page of them."""
    found = await _read(context, list_entries, kind)
    await context.show(draw_entries(context.renderer, kind, found, page, ready=is_ready(context)))


async def on_ask(context: ButtonContext, data: AskValue) -> None:
    """Ask for a value, by the button of its field."""
    if data.mark:
        question = await _run(context, asking.ask, context.sender, data.kind, data.mark, data.field)
    else:
        question = await _run(context, asking.ask_further, context.sender, data.kind, data.field)
    await context.show(draw_question(context.renderer, question))


async def ask_draft(context: ButtonContext, draft: Draft) -> None:
    """Ask for what a draft says."""
    await _run(context, entry_draft.keep_draft, context.sender, draft)
    question = await _read(context, asking.question_of, draft)
    await context.show(draw_question(context.renderer, question))


# What is answered


async def on_words(context: MessageContext) -> bool:
    """Words of an admin who was asked for a value. False for everything else."""
    text = context.message.text or ""
    if text in context.menu_words:
        return False
    question = await _open_question(context)
    if question is None:
        return False
    renderer = context.renderer
    today = renderer.now.astimezone(renderer.zone).date()
    known = known_of(renderer, question.asked, question.choices, today)
    before = question.now if question.picked is None else question.picked
    await _answer(context, question, read_answer(question.asked.shape, text, before, known))
    return True


async def _open_question(context: MessageContext) -> Question | None:
    """What was asked. Of an entry that others have taken away nothing is asked any longer: it is
    said once, and further words are no answer.
    """
    try:
        return await context.desk.read(asking.open_question, context.sender)
    except Refusal:
        await _run(context, entry_draft.end_questions, context.sender)
        raise Refusal("entry.gone") from None


async def on_cancel(context: MessageContext) -> bool:
    """``/cancel``: ask no more. False where nothing was asked."""
    if await context.desk.read(entry_draft.find_draft, context.sender) is None:
        return False
    await _run(context, entry_draft.end_questions, context.sender)
    await context.say(context.renderer.html("entry.cancelled"))
    return True


async def on_pick(context: ButtonContext, data: PickValue) -> None:
    """A choice on a button; of a list more may follow."""
    question = await _question(context, data)
    found = next((one for one in question.offered if one.mark == data.value), None)
    if found is None:
        raise Refusal("refusal.outdated")
    if question.picked is None:
        await _answer(context, question, found.value)
        return
    question = await _run(context, asking.pick, context.sender, question.draft, found.value)
    await context.show(draw_question(context.renderer, question))


async def _question(context: ButtonContext, data: PickValue | EntryStep | ApplyAnswer) -> Question:
    """The question that a button belongs to. Of an entry that is there it can be asked anew."""
    draft = await context.desk.read(entry_draft.find_draft, context.sender)
    mine = (data.kind, data.mark, data.field)
    if draft is None or (draft.kind, draft.mark, draft.field) != mine:
        if not data.mark:
            raise Refusal("refusal.outdated")
        version = await _read(context, current_version)
        draft = Draft(data.kind, data.mark, data.field, version)
    return await _read(context, asking.question_of, draft)


async def on_step(context: ButtonContext, data: EntryStep) -> None:
    """A new entry, another place in the list, or an answer that is one word."""
    await _STEPS[data.step](context, data)


async def _begin(context: ButtonContext, data: EntryStep) -> None:
    question = await _run(context, asking.begin, context.sender, data.kind)
    await context.show(draw_question(context.renderer, question))


async def _move(context: ButtonContext, data: EntryStep) -> None:
    await _run(context, move_entry, data.kind, data.mark, up=data.step == "up")
    await show_entry(context, data.kind, data.mark)


async def _remove(context: ButtonContext, data: EntryStep) -> None:
    found = await _read(context, find_removable, data.kind, data.mark)
    await context.show(draw_removal(context.renderer, found))


async def _removed(context: ButtonContext, data: EntryStep) -> None:
    await _run(context, remove_entry, data.kind, data.mark)
    found = await _read(context, list_entries, data.kind)
    screen = draw_entries(context.renderer, data.kind, found, 0, ready=is_ready(context))
    await context.show(screen, context.renderer.plain("entry.removed"))


async def _word(context: ButtonContext, data: EntryStep) -> None:
    await _answer(context, await _question(context, data), _WORDS[data.step])


async def _picked(context: ButtonContext, data: EntryStep) -> None:
    question = await _question(context, data)
    await _answer(context, question, list(question.picked or ()) or None)


async def _back(context: ButtonContext, data: EntryStep) -> None:
    draft = None if data.mark else await context.desk.read(entry_draft.find_draft, context.sender)
    question = await _run(context, asking.step_back, context.sender, draft)
    if question is not None:
        await context.show(draw_question(context.renderer, question))
    elif data.mark:
        await show_entry(context, data.kind, data.mark)
    else:
        await show_list(context, data.kind)


_WORDS: Final[dict[str, Any]] = {"yes": True, "no": False, "off": OFF, "clear": None}
_STEPS: Final[dict[str, Callable[[ButtonContext, EntryStep], Awaitable[None]]]] = {
    "new": _begin,
    "up": _move,
    "down": _move,
    "remove": _remove,
    "removed": _removed,
    "picked": _picked,
    "back": _back,
    **dict.fromkeys(_WORDS, _word),
}


async def _answer(context: Context, question: Question, value: Any) -> None:
    """Show what the answer would change, ask for what is missing, or say what is wrong with it."""
    draft, answer = question.draft, [value]
    try:
        await _run(context, entry_answers.check_answer, draft, answer)
    except CanBeApplied as checked:
        await _propose(context, draft, answer, checked)
    except MoreToAsk as more:
        asked = more.options[0]
        question = await _run(
            context, entry_answers.keep_and_ask, context.sender, draft, answer, asked
        )
        several = len(more.options) > 1
        await context.show(
            draw_more(context.renderer, question, more.options)
            if several
            else draw_question(context.renderer, question)
        )
    except DirectoryError as error:
        await context.show(draw_question(context.renderer, question, error.faults))


async def _propose(
    context: Context, draft: Draft, answer: list[Any], checked: CanBeApplied
) -> None:
    found = await _run(context, entry_answers.keep_answer, context.sender, draft, answer, checked)
    fields = await _read(context, asking.fields_of, draft.kind)
    await context.show(draw_proposal(context.renderer, found, fields))


async def on_apply(context: ButtonContext, data: ApplyAnswer) -> None:
    """Apply what was shown, and nothing else; whoever was slower sees what the other changed."""
    draft = await context.desk.read(entry_draft.find_draft, context.sender)
    mine = (data.kind, data.mark, data.field, data.digest)
    if draft is None or (draft.kind, draft.mark, draft.field, draft.digest) != mine:
        raise Refusal("refusal.outdated")
    recount = data.step == "recount"
    try:
        view = await _run(
            context, entry_answers.apply_answer, context.sender, draft, recount=recount
        )
    except ChangedMeanwhile:
        question = await _read(context, asking.question_of, draft)
        await _answer(context, question, (draft.answer or [None])[0])
        return
    except DirectoryError as error:
        await context.show(draw_faults(context.renderer, error.faults))
        return
    if view is None:
        await show_list(context, data.kind)
        return
    await _show(context, view, await _read(context, current_version), recounted=recount)
