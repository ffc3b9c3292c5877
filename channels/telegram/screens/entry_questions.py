"""An entry of the directory in an admin's private chat: its values in words, a question for one of
them, what an answer would change (X12). One screen for every kind and field: the class says what.
"""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from aiogram.filters.callback_data import CallbackData

from channels.telegram.screens.attached_files import file_buttons, file_lines
from channels.telegram.screens.buttons import (
    Button,
    Keyboard,
    button,
    rows_of,
    short,
)
from channels.telegram.screens.directory import RestoreVersion, touched_lines
from channels.telegram.screens.directory_entries import (
    DirectoryKind,
    DirectoryKinds,
    DirectoryPart,
)
from channels.telegram.screens.entry_buttons import (
    ApplyAnswer,
    AskValue,
    EntryStep,
    PickValue,
)
from channels.telegram.screens.entry_words import (
    choice_word,
    field_name,
    is_nothing,
    name_of,
    say_value,
    template_of,
)
from channels.telegram.screens.screen import Renderer, Screen
from core.directory.entry_answers import Proposal
from core.directory.entry_choices import Choice
from core.directory.entry_edits import EntryFacts, kind_of
from core.directory.entry_questions import EntryView, Question
from core.directory.entry_removal import REMOVABLE
from core.directory.entry_tables import value_at
from core.directory.faults import Fault
from core.directory.shapes import AskedField
from core.texts import Key
from core.words.formatters import quote
from core.words.names import clean_name

MOST_BUTTONS: Final = 60
# So many lines of what else changes, or of what others have changed.
_MOST_LINES: Final = 12
_LONGEST_LINE: Final = 120
_CAMERAS: Final = "button.menu.cameras"

# An entry


def draw_entry(
    renderer: Renderer,
    view: EntryView,
    *,
    changed: int | None = None,
    recounted: bool = False,
    said: Sequence[str] | None = None,
) -> Screen:
    """An entry's values in words, and a button for each. ``changed``: the version that it has just
    got, which can be taken back, with deadlines where they were ``recounted``; ``said``: its
    values where its kind has own words for them.
    """
    facts = view.facts
    head = [] if changed is None else [renderer.html("entry.changed", number=changed)]
    values = _values(renderer, view) if said is None else said
    lines = [*head, _head(renderer, facts.kind, facts.title), *values]
    if facts.by_menu:
        lines.append(renderer.html("entry.by_menu", button=Key(_CAMERAS)))
    elif facts.active is False:
        lines.append(renderer.html("entry.switched_off"))
    lines += file_lines(renderer, facts.files or ())
    lines.append(renderer.html("entry.how"))
    buttons = [_ask_button(renderer, one, facts.kind, facts.mark) for one in view.fields]
    rows = [
        *_rows(buttons),
        *_rows(_further(renderer, view)),
        *_ways(renderer, view, changed, recounted=recounted),
    ]
    return Screen("\n".join(lines), Keyboard(inline_keyboard=rows))


def _ask_button(renderer: Renderer, one: AskedField, kind: str, mark: str = "") -> Button:
    return _button(field_name(renderer, one), AskValue(kind=kind, mark=mark, field=one.mark))


def _head(renderer: Renderer, kind: str, title: str) -> str:
    facts = {"kind": Key(f"directory_part.{kind}"), "title": clean_name(title)}
    return renderer.html("entry.head" if title else "entry.single_head", **facts)


def _values(renderer: Renderer, view: EntryView) -> Iterator[str]:
    """What is as it would be without words needs none. By its key others name it."""
    if view.facts.key and view.facts.key != view.facts.title:
        name = name_of(renderer, view.facts.kind, kind_of(view.facts.kind).key)
        yield renderer.html("entry.value", name=name, value=view.facts.key)
    for one in view.fields:
        value = value_at(view.table, one.path)
        value = one.default if value is None and one.default else value
        if not is_nothing(value):
            said = say_value(renderer, one, value, view.choices)
            yield renderer.html("entry.value", name=field_name(renderer, one), value=said)


def _further(renderer: Renderer, view: EntryView) -> Iterator[Button]:
    facts = view.facts
    yield from file_buttons(renderer, facts)
    for step, last in (("up", view.first), ("down", view.last)):
        if last is False:
            data = EntryStep(step=step, kind=facts.kind, mark=facts.mark)
            yield _button(renderer.plain(f"button.entry.{step}"), data)
    if facts.active is not None:
        step = "off" if facts.active else "on"
        part = DirectoryPart(step=step, kind=facts.kind, mark=facts.mark)
        yield _button(renderer.plain(f"button.directory.{step}"), part)
    if facts.kind in REMOVABLE:
        data = EntryStep(step="remove", kind=facts.kind, mark=facts.mark)
        yield _button(renderer.plain("button.entry.remove"), data)


def _ways(
    renderer: Renderer, view: EntryView, changed: int | None, *, recounted: bool
) -> Iterator[list[Button]]:
    if changed is not None and changed > 1:
        step = "recount" if recounted else "keep"
        data = RestoreVersion(step=step, number=changed - 1, version=changed)
        yield [_button(renderer.plain("button.entry.undo"), data)]
    facts = view.facts
    back = DirectoryKinds() if facts.single else DirectoryKind(kind=facts.kind, page=0)
    yield [_button(renderer.plain("button.setup.back"), back)]


def draw_removal(renderer: Renderer, facts: EntryFacts) -> Screen:
    """Whether an entry shall really be removed."""
    step = EntryStep(step="removed", kind=facts.kind, mark=facts.mark)
    back = DirectoryPart(step="show", kind=facts.kind, mark=facts.mark)
    rows = [
        [_button(renderer.plain("button.setup.back"), back)],
        [_button(renderer.plain("button.entry.removed"), step)],
    ]
    text = f"{_head(renderer, facts.kind, facts.title)}\n{renderer.html('entry.remove')}"
    return Screen(text, Keyboard(inline_keyboard=rows))


# A question


def draw_question(renderer: Renderer, question: Question, faults: Sequence[Fault] = ()) -> Screen:
    """What is asked, how it is now, and how to answer; with what is wrong with an answer."""
    asked = question.asked
    lines = [fault_line(renderer, question, fault) for fault in faults[:3]]
    kind = question.draft.kind
    title = renderer.plain("entry.new") if question.new else question.title
    lines += [_head(renderer, kind, title)]
    lines += [renderer.html("entry.asked", name=field_name(renderer, asked))]
    if not is_nothing(question.now):
        said = say_value(renderer, asked, question.now, question.choices)
        lines.append(renderer.html("entry.now", value=said))
    lines.append(renderer.html(_hint(question)))
    template = template_of(renderer, asked.shape, question.now, question.choices)
    if template is not None:
        lines.append(renderer.html("entry.template", lines=template))
    rows = [*_rows(_answers(renderer, question)), *_rows(_endings(renderer, question), 1)]
    return Screen("\n".join(lines), Keyboard(inline_keyboard=rows))


def _hint(question: Question) -> str:
    """How such a value is said, with examples."""
    shape = question.asked.shape
    if question.code:
        return "entry.ask.key"
    item = shape.item or shape
    if shape.form == "list" and item.part is not None:
        return "entry.ask.parts"
    if shape.form == "map":
        keys = shape.keys.spoken if shape.keys is not None else None
        return _BY_KEYS.get(keys or "", "entry.ask.map")
    if shape.form == "list":
        return _LISTS.get(item.spoken or "") or _LISTS.get(item.form, "entry.ask.list")
    if shape.form == "span" and shape.working:
        return "entry.ask.working"
    return _FORMS.get(shape.spoken or "") or _FORMS.get(shape.form, "entry.ask.text")


_BY_KEYS: Final = {"weekday": "entry.ask.week", "day": "entry.ask.days"}
_LISTS: Final = {
    "choice": "entry.ask.some",
    "state": "entry.ask.some",
    "language": "entry.ask.some",
    "member": "entry.ask.members",
    "day": "entry.ask.dates",
}
_FORMS: Final = {
    "yes_no": "entry.ask.yes_no",
    "number": "entry.ask.number",
    "span": "entry.ask.span",
    "choice": "entry.ask.choice",
    "target": "entry.ask.choice",
    "language": "entry.ask.choice",
    "zone": "entry.ask.zone",
    "clock": "entry.ask.clock",
    "limit": "entry.ask.limit",
    "part": "entry.ask.part",
}


def _answers(renderer: Renderer, question: Question) -> Iterator[Button]:
    draft, asked = question.draft, question.asked
    if asked.shape.form == "yes_no":
        yield from (_step(renderer, question, step) for step in ("yes", "no"))
    for one in question.offered[:MOST_BUTTONS]:
        data = PickValue(kind=draft.kind, mark=draft.mark, field=asked.mark, value=one.mark)
        yield _button(_choice_label(renderer, question, one), data)


def _choice_label(renderer: Renderer, question: Question, one: Choice) -> str:
    asked = question.asked
    word = choice_word(renderer, asked.name, one)
    shape = asked.shape.item or asked.shape
    if one.title is None and shape.spoken == "day":
        word = say_value(renderer, asked, [one.value], question.choices)
    if question.picked is None:
        return word
    key = "button.entry.picked" if one.value in question.picked else "button.entry.not_picked"
    return renderer.plain(key, title=word)


def _endings(renderer: Renderer, question: Question) -> Iterator[Button]:
    asked, new = question.asked, question.new
    if question.picked is not None and question.offered:
        yield _step(renderer, question, "picked")
    if asked.shape.off:
        yield _step(renderer, question, "off")
    if asked.removable and not new and not question.single and question.present:
        yield _step(renderer, question, "clear")
    yield _step(renderer, question, "back")


def _step(renderer: Renderer, question: Question, step: str) -> Button:
    draft = question.draft
    data = EntryStep(step=step, kind=draft.kind, mark=draft.mark, field=question.asked.mark)
    return _button(renderer.plain(_LABELS.get(step) or f"button.entry.{step}"), data)


_LABELS: Final = {"back": "button.setup.back", "picked": "button.entry.done"}


def fault_line(renderer: Renderer, question: Question, fault: Fault) -> str:
    """What is wrong with an answer, in words for who has no file before them."""
    facts = {**fault.facts, **_allowed(renderer, question, fault)}
    if isinstance(facts.get("value"), str):
        facts["value"] = _as_people_quote(renderer, facts["value"])
    name = fault.key.removeprefix("directory_file.fault.")
    said = say_first_with(renderer, facts, f"entry_fault.{name}", fault.key)
    return renderer.html("entry.fault", what=said)


# Text as the file writes it; what is cut has no second quotation mark.
_TEXT_OF_FILE: Final = re.compile(r'"((?:[^"\\]|\\.)*)(?:"|$)')


def _as_people_quote(renderer: Renderer, value: str) -> str:
    """The value with the quotation marks of the reader's language for those of the file."""

    def said(found: re.Match[str]) -> str:
        return quote(_unescaped(found[1]), renderer.locale)

    return _TEXT_OF_FILE.sub(said, value)


def _unescaped(words: str) -> str:
    try:
        return " ".join(str(json.loads(f'"{words}"')).split())
    except ValueError:  # cut within a sign
        return words


def _allowed(renderer: Renderer, question: Question, fault: Fault) -> dict[str, str]:
    """What is allowed, as it is called on the buttons."""
    words = {
        str(one.value): choice_word(renderer, question.asked.name, one)
        for found in question.choices.values()
        for one in found
    }
    allowed = fault.facts.get("allowed")
    if not isinstance(allowed, str):
        return {}
    return {"allowed": ", ".join(words.get(one, one) for one in allowed.split(", "))}


def say_first_with(renderer: Renderer, facts: Any, *keys: str) -> str:
    """Return the first of these texts that there is, with facts."""
    known = next(key for key in keys if _is_text(renderer, key))
    return renderer.plain(known, **facts)


def _is_text(renderer: Renderer, key: str) -> bool:
    return key in renderer.texts.keys(renderer.texts.locales[0])


def draw_more(renderer: Renderer, question: Question, options: Sequence[AskedField]) -> Screen:
    """A new entry needs one of several things yet."""
    draft = question.draft
    buttons = [_ask_button(renderer, one, draft.kind) for one in options]
    back = EntryStep(step="back", kind=draft.kind, mark="", field=question.asked.mark)
    rows = [*_rows(buttons), [_button(renderer.plain("button.setup.back"), back)]]
    head = _head(renderer, draft.kind, renderer.plain("entry.new"))
    text = f"{head}\n{renderer.html('entry.more')}"
    return Screen(text, Keyboard(inline_keyboard=rows))


# What an answer would change


def draw_proposal(renderer: Renderer, found: Proposal, fields: Sequence[AskedField]) -> Screen:
    """How it was and will be, what else it touches, and the ways on. ``fields``: of the kind."""
    question, lines = found.question, list[str]()
    lines += _news(renderer, found)
    title = renderer.plain("entry.new") if question.new else question.title
    lines.append(_head(renderer, question.draft.kind, title))
    lines += _new_values(renderer, found, fields) if question.new else _difference(renderer, found)
    lines += _touched(renderer, found)
    rows = [*_rows(_decisions(renderer, found), 1)]
    return Screen("\n".join(lines), Keyboard(inline_keyboard=rows))


def _news(renderer: Renderer, found: Proposal) -> Iterator[str]:
    if found.news:
        yield renderer.html("entry.news", author=clean_name(found.author or "–"))
        yield _lines(renderer, found.news)


def _lines(renderer: Renderer, lines: Sequence[str]) -> str:
    shown = [line if len(line) <= _LONGEST_LINE else f"{line[:_LONGEST_LINE]}…" for line in lines]
    cut = ["…"] if len(shown) > _MOST_LINES else []
    return renderer.html("directory_chat.lines", lines="\n".join([*shown[:_MOST_LINES], *cut]))


def _difference(renderer: Renderer, found: Proposal) -> Iterator[str]:
    question = found.question
    asked, choices = question.asked, found.choices
    yield renderer.html("entry.asked", name=field_name(renderer, asked))
    if found.after == question.now:
        yield renderer.html("entry.same")
        return
    before = say_value(renderer, asked, question.now, choices)
    yield renderer.html("entry.was", value=before)
    yield renderer.html("entry.will_be", value=say_value(renderer, asked, found.after, choices))


def _new_values(renderer: Renderer, found: Proposal, fields: Sequence[AskedField]) -> Iterator[str]:
    for one in fields:
        value = value_at(found.table, one.path)
        if not is_nothing(value):
            said = say_value(renderer, one, value, found.choices)
            yield renderer.html("entry.value", name=field_name(renderer, one), value=said)


def _touched(renderer: Renderer, found: Proposal) -> Iterator[str]:
    yield from touched_lines(renderer, found.touched)
    if found.others:
        yield renderer.html("entry.others")
        yield _lines(renderer, found.others)


def _decisions(renderer: Renderer, found: Proposal) -> Iterator[Button]:
    question = found.question
    draft, same = question.draft, found.after == question.now
    steps = [] if same and not question.new else ["apply"]
    for step in [*steps, *(["recount"] if steps and found.touched.choice else [])]:
        data = ApplyAnswer(
            step=step,
            kind=draft.kind,
            mark=draft.mark,
            field=question.asked.mark,
            digest=draft.digest,
        )
        label = "button.entry.add" if question.new else f"button.directory.{step}"
        yield _button(renderer.plain(label), data)
    again = AskValue(kind=draft.kind, mark=draft.mark, field=question.asked.mark)
    yield _button(renderer.plain("button.setup.back"), again)


def _button(label: str, data: CallbackData) -> Button:
    return button(short(label), data)


def _rows(buttons: Any, width: int = 2) -> list[list[Button]]:
    return list(rows_of(buttons, width).inline_keyboard)
