"""The assistant on a ticket's page: asked for a draft, a summary, a translation; what it suggests
is inserted, changed or let go (X17). Absent where the desk has none.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from channels.telegram.screens.assistant import suggestion_lines
from channels.telegram.screens.screen import Renderer
from core.desk import Desk
from core.errors import Refusal
from core.people.identity import Sender
from core.people.staff import as_staff
from core.tx import Tx
from handlers.http.app.fields import Viewer, hidden, signed

if TYPE_CHECKING:
    from core.assistant.service import Assistant
    from core.assistant.suggestions import Suggested

OWN_WORDS: Final = "translate_answer"
"""The words of the answer box, into the customer's language."""

ASKED: Final = {
    "draft": "draft",
    "summary": "summary",
    "translate": "translation",
    OWN_WORDS: "answer",
}
"""What each button asks for."""

DECIDED: Final = {
    "suggestion_insert": "insert",
    "suggestion_change": "change",
    "suggestion_drop": "drop",
}
"""What is done with a suggestion."""

VERBS: Final = frozenset({*ASKED, *DECIDED})
_LONGEST: Final = 15
_SOFT: Final = ' class="soft"'


class NoAnswer(Refusal):
    """The assistant has not answered."""

    def __init__(self, code: str, number: int) -> None:
        super().__init__(f"assistant.failed.{code}", number=number)


async def ask(
    desk: Desk,
    assistant: "Assistant",
    sender: Sender,
    locale: str,
    number: int,
    verb: str,
    words: str,
) -> None:
    """Ask, and wait for what comes; it is shown on the page then. Raises :class:`NoAnswer` and what
    `suggestions.ask` raises.
    """
    kind, words = ASKED[verb], words if verb == OWN_WORDS else ""
    question = await desk.run(as_staff, sender, assistant.ask, number, kind, words, locale)
    came = await assistant.answer(question)
    if isinstance(came, str):
        raise NoAnswer(came, number)
    if came is not None:
        await desk.run(assistant.note_shown, came.number)


async def decide(
    desk: Desk,
    assistant: "Assistant",
    sender: Sender,
    number: int,
    verb: str,
    suggestion: str,
    nonce: str,
) -> str:
    """Do it; returns the words that go on in the answer box, if they are to be changed."""
    which = int(suggestion) if suggestion.isdecimal() and len(suggestion) <= _LONGEST else 0
    step = DECIDED[verb]

    async def act(tx: Tx) -> "Suggested":
        await assistant.demand_of(tx, number, which)
        if step == "insert":
            return await assistant.insert(tx, which, nonce)
        return await (assistant.change if step == "change" else assistant.drop)(tx, which)

    done = await desk.run(as_staff, sender, act)
    return done.text if step == "change" else ""


def draw_assistance(renderer: Renderer, number: int, viewer: Viewer) -> str:
    """What can be asked for, and what was suggested to whoever looks."""
    if not viewer.assisted:
        return '<div id="assistant"></div>'
    buttons = "".join(
        f'<button name="verb" value="{verb}" class="soft">{renderer.html(f"button.verb.{verb}")}'
        "</button>"
        for verb in ASKED
        if verb != OWN_WORDS
    )
    asking = (
        f'<form method="post" action="/app/t/{number}" class="row">{signed(viewer)}'
        f"<span>{renderer.html('button.verb.assistant')}</span>{buttons}</form>"
    )
    shown = "".join(_suggestion(renderer, number, viewer, one) for one in viewer.suggested)
    return f'<div id="assistant">{asking}{shown}</div>'


def _suggestion(renderer: Renderer, number: int, viewer: Viewer, one: "Suggested") -> str:
    steps: Sequence[str] = ("insert", "change", "drop") if one.fit else ("change", "drop")
    look = {"insert": ""}
    buttons = "".join(
        f'<button name="verb" value="suggestion_{step}"{look.get(step, _SOFT)}>'
        f"{renderer.html(f'button.suggestion.{step}{_note(one, step)}')}</button>"
        for step in steps
    )
    told = "\n".join(suggestion_lines(renderer, one)).replace("\n", "<br>")
    return (
        f'<div class="card suggestion">{told}'
        f'<form method="post" action="/app/t/{number}" class="row">{signed(viewer)}'
        f"{hidden(suggestion=str(one.number))}{buttons}</form></div>"
    )


def _note(one: "Suggested", step: str) -> str:
    return "_note" if step == "insert" and not one.for_customer else ""
