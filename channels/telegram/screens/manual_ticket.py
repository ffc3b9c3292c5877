"""Opening a ticket by hand: a screen for each question, and a check at the end."""

from collections.abc import Callable, Iterator
from typing import Annotated, Final

from aiogram.filters.callback_data import CallbackData

from channels.telegram.screens.buttons import Button, Keyboard, button, matching, one_of, short
from channels.telegram.screens.people import person_line, person_lines
from channels.telegram.screens.screen import Renderer, Screen, clipped
from core.manual_tickets import draft as steps
from core.manual_tickets.dialogue import View
from core.texts import Key
from core.words.contact_values import EMAIL, PHONE
from core.words.names import clean_name

_LONGEST_WORDS: Final = 600
_LONGEST_LOOKED: Final = 60

Rows = list[list[Button]]


# Questions that are answered by a button.
_ASKED: Final = (
    *(steps.CUSTOMER, steps.PURPOSE, steps.TOPIC),
    *(steps.SERVICE, steps.CATEGORY, steps.ASSIGNEE),
)


class ManualStep(CallbackData, prefix="h"):
    """The answer to a question of the dialogue, with its value; or a way back or out."""

    step: Annotated[str, one_of((*_ASKED, "back", "leave", "save"))]
    value: Annotated[str, matching("[A-Za-z0-9_.-]{0,40}")] = ""


def draw(view: View, renderer: Renderer) -> Screen:
    """The question that the draft stands at."""
    rows = _BUTTONS.get(view.step, _choices)(view, renderer)
    text = "\n".join(_lines(view, renderer))
    return Screen(text, Keyboard(inline_keyboard=[*rows, _ways_out(view, renderer)]))


def _lines(view: View, renderer: Renderer) -> Iterator[str]:
    yield renderer.html(f"by_hand.head.{_what(view)}")
    if view.step == steps.CHECK:
        yield from _summary(view, renderer)
    elif view.step == steps.PURPOSE and view.person is not None:
        yield from person_lines(renderer, view.person)
    yield from _question(view, renderer)


def _what(view: View) -> str:
    """A ticket, or the consultation that a call may become."""
    return "recorded" if view.draft.ticket is not None else view.draft.kind


def _question(view: View, renderer: Renderer) -> Iterator[str]:
    draft = view.draft
    looked = clipped(draft.looked or "", _LONGEST_LOOKED)
    if view.step == steps.CUSTOMER and view.people:
        yield renderer.html("by_hand.ask.which", words=looked or draft.phone or "")
        yield from (person_line(renderer, one) for one in view.people)
    elif view.step == steps.CUSTOMER and looked:
        yield renderer.html("by_hand.ask.nobody", words=looked)
    elif view.step == steps.CUSTOMER:
        yield renderer.html(f"by_hand.ask.customer.{draft.kind}")
    elif view.step == steps.NAME and draft.phone:
        yield renderer.html("by_hand.ask.name_of", phone=draft.phone)
    elif view.step == steps.WORDS and draft.ticket is not None:
        yield renderer.html("by_hand.ask.talked", number=draft.ticket)
    else:
        yield renderer.html(f"by_hand.ask.{view.step}")


def _summary(view: View, renderer: Renderer) -> Iterator[str]:
    draft = view.draft
    yield _customer(view, renderer)
    if draft.ticket is not None:
        yield renderer.html("by_hand.on", number=draft.ticket)
    kinds = [part for part in (view.topic, *view.kind) if part]
    if kinds:
        yield renderer.html("by_hand.about", about=" · ".join(map(clean_name, kinds)))
    if draft.ticket is None:
        yield _assignee(view, renderer)
    words = draft.words or {}
    if words.get("kind") != "text":
        yield renderer.html(f"kind.{words.get('kind')}")
    if said := clipped(str(words.get("text") or ""), _LONGEST_WORDS):
        yield renderer.html("card.opening", words=said)


def _customer(view: View, renderer: Renderer) -> str:
    if view.person is not None:
        return person_line(renderer, view.person.known)
    draft = view.draft
    given = ((PHONE, draft.phone), (EMAIL, draft.email))
    reach = [renderer.html(f"card.reach.{kind}", value=value) for kind, value in given if value]
    name = renderer.html("who.name", name=clean_name(draft.name or ""))
    return " · ".join([name, *reach, renderer.html("by_hand.new_contact")])


def _assignee(view: View, renderer: Renderer) -> str:
    if view.team is not None:
        return renderer.html("by_hand.team", team=clean_name(view.team))
    return renderer.html("by_hand.assignee", who=Key(f"by_hand.who.{view.draft.assignee}"))


def _people(view: View, renderer: Renderer) -> Rows:
    rows = [
        [button(short(clean_name(one.name)), ManualStep(step=steps.CUSTOMER, value=str(one.id)))]
        for one in view.people
    ]
    if view.people or view.draft.looked:
        rows.append(
            [
                button(
                    renderer.plain("button.hand.new"), ManualStep(step=steps.CUSTOMER, value="new")
                )
            ]
        )
    return rows


def _purposes(view: View, renderer: Renderer) -> Rows:
    rows = [
        [button(renderer.plain("button.hand.fresh"), ManualStep(step=steps.PURPOSE, value="new"))]
    ]
    for line in view.person.open if view.person is not None else ():
        label = renderer.plain("button.hand.record", number=line.number)
        rows.append([button(label, ManualStep(step=steps.PURPOSE, value=str(line.number)))])
    return rows


def _assignees(view: View, renderer: Renderer) -> Rows:
    row = [
        button(renderer.plain(f"button.hand.{who}"), ManualStep(step=steps.ASSIGNEE, value=who))
        for who in (steps.ME, steps.NOBODY)
    ]
    return [row, *_choices(view, renderer)]


def _choices(view: View, renderer: Renderer) -> Rows:
    del renderer
    offered = [
        button(short(title), ManualStep(step=view.step, value=code)) for code, title in view.choices
    ]
    return [offered[at : at + 2] for at in range(0, len(offered), 2)]


def _check(view: View, renderer: Renderer) -> Rows:
    recorded = view.draft.ticket is not None
    key = "button.hand.save_record" if recorded else "button.hand.save_open"
    return [[button(renderer.plain(key), ManualStep(step="save"))]]


def _ways_out(view: View, renderer: Renderer) -> list[Button]:
    row = (
        [button(renderer.plain("button.menu.back"), ManualStep(step="back"))]
        if view.draft.trail
        else []
    )
    return [*row, button(renderer.plain("button.hand.leave"), ManualStep(step="leave"))]


_BUTTONS: Final[dict[str, Callable[[View, Renderer], Rows]]] = {
    steps.CUSTOMER: _people,
    steps.PURPOSE: _purposes,
    steps.ASSIGNEE: _assignees,
    steps.CHECK: _check,
}
