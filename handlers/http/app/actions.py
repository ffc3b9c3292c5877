"""What the buttons of a ticket's page do: the same actions as those of its card."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from core.responses.staff_page import Draft, answer_on_page, note_on_page
from core.tasks import task_actions
from core.tickets import lifecycle
from core.tickets.card import Card
from core.tickets.unanswered import unless_unanswered
from core.tx import Tx
from core.words.when import parse_when


@dataclass(frozen=True, slots=True)
class Form:
    """What was sent with a button: words, and until when."""

    draft: Draft
    until: str = ""

    @property
    def reason(self) -> str | None:
        """The words as a reason, or as a solution."""
        return self.draft.text.strip() or None


Act = Callable[[Tx, int, Form], Awaitable[object]]
SPANS: Final[Mapping[str, str]] = {
    "1h": "1h",
    "tomorrow": "tomorrow 9:00",
    "monday": "monday 9:00",
    "week": "7d",
    "ever": "",
}
"""For how long a ticket may be frozen: as the buttons of a card have it."""


def _until(tx: Tx, form: Form) -> datetime | None:
    words = SPANS.get(form.until, "")
    return parse_when(words, tx.now, tx.company.zone).at if words else None


async def _take(tx: Tx, number: int, _form: Form) -> None:
    await lifecycle.take(tx, number)


async def _release(tx: Tx, number: int, _form: Form) -> None:
    await lifecycle.release(tx, number)


async def _freeze(tx: Tx, number: int, form: Form) -> None:
    await lifecycle.move(tx, number, "freeze", until=_until(tx, form), reason=form.reason)


async def _resolve(tx: Tx, number: int, form: Form) -> None:
    if form.reason:
        await task_actions.resolve(tx, number, reason=form.reason)
    else:
        await unless_unanswered(tx, "resolve", task_actions.resolve, number)


async def _close(tx: Tx, number: int, form: Form) -> None:
    await unless_unanswered(tx, "close", task_actions.close, number, reason=form.reason)


async def _answer(tx: Tx, number: int, form: Form) -> None:
    await answer_on_page(tx, number, form.draft)


async def _note(tx: Tx, number: int, form: Form) -> None:
    await note_on_page(tx, number, form.draft)


def _move(verb: str) -> Act:
    async def act(tx: Tx, number: int, form: Form) -> None:
        await lifecycle.move(tx, number, verb, reason=form.reason)

    return act


ACTIONS: Final[Mapping[str, Act]] = {
    "answer": _answer,
    "note": _note,
    "take": _take,
    "unfreeze": _move("unfreeze"),
    "resolve": _resolve,
    "wait": _move("wait"),
    "freeze": _freeze,
    "release": _release,
    "reopen": _move("reopen"),
    "close": _close,
    "cancel": _move("cancel"),
}
_WORDS: Final = frozenset({"answer", "note"})
# Whose words say why: they have a field of their own.
REASONED: Final = frozenset({"resolve", "freeze", "close", "cancel"})


def offered(card: Card) -> Collection[str]:
    """Return the buttons of a ticket, the most likely first, what ends it last. Whether
    somebody may is asked when they are pressed.
    """
    hidden = {"freeze" if card.state.put_off else "unfreeze"}
    hidden.add("release" if card.assignee is None else "take")
    if card.state.final:
        hidden = set(ACTIONS) - {"reopen"}
    return [
        verb for verb in ACTIONS if verb in card.verbs and verb not in hidden and verb not in _WORDS
    ]
