"""What the buttons of a ticket's page do: the same actions as those of its card."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any, Final

from core.errors import NothingToDo, Unreadable
from core.knowledge.using import answer_by_article
from core.responses.staff_page import answer_on_page, note_on_page
from core.tasks import task_actions
from core.tasks.task_actions import settle_left
from core.teams import assignment
from core.teams.assignee_parser import AssignmentWish
from core.tickets import classification, lifecycle
from core.tickets.card import Card
from core.tickets.catalog import ASPECTS
from core.tickets.named_states import move_to, ways_of
from core.tickets.tags import tag
from core.tickets.unanswered import unless_unanswered
from core.tx import Tx
from handlers.http.app import more_actions
from handlers.http.app.article_editor import WRITE, write_by_form
from handlers.http.app.given import SPANS, Form, end_of, target_of
from handlers.http.app.knowledge import answer_of, link_by_form

Act = Callable[[Tx, int, Form], Awaitable[object]]


async def _take(tx: Tx, number: int, _form: Form) -> None:
    await lifecycle.take(tx, number)


async def _release(tx: Tx, number: int, _form: Form) -> None:
    await lifecycle.release(tx, number)


async def _freeze(tx: Tx, number: int, form: Form) -> None:
    until = end_of(tx, form, SPANS)
    await lifecycle.move(tx, number, "freeze", until=until, reason=form.reason, public=form.public)


async def _resolve(tx: Tx, number: int, form: Form) -> None:
    closing = await more_actions.closing_of(tx, form)
    how: dict[str, Any] = {"reason": form.reason, "choice": form.choice, "closing": closing}
    if form.reason:
        await task_actions.resolve(tx, number, **how)
    else:
        await unless_unanswered(tx, "resolve", task_actions.resolve, number, **how)
    await more_actions.note_spent(tx, number, form)


async def _close(tx: Tx, number: int, form: Form) -> None:
    closing = await more_actions.closing_of(tx, form)
    how: dict[str, Any] = {"reason": form.reason, "choice": form.choice, "closing": closing}
    how["public"] = form.public
    if form.reason and form.public:
        await task_actions.close(tx, number, **how)
    else:
        await unless_unanswered(tx, "close", task_actions.close, number, **how)
    await more_actions.note_spent(tx, number, form)


async def _answer(tx: Tx, number: int, form: Form) -> bool:
    if form.draft.article:
        return await answer_by_article(tx, number, answer_of(form.draft))
    return await answer_on_page(tx, number, form.draft)


async def _note(tx: Tx, number: int, form: Form) -> None:
    await note_on_page(tx, number, form.draft)


def _move(verb: str) -> Act:
    async def act(tx: Tx, number: int, form: Form) -> None:
        await lifecycle.move(tx, number, verb, reason=form.reason)

    return act


async def _state(tx: Tx, number: int, form: Form) -> None:
    """Move it to a state by its code; one that a verb leads to counts as that verb."""
    code = form.get("state")
    found = await ways_of(tx, number, tx.actor.role)
    verb = found.ways.get(code, "")
    if verb in _ENDINGS and found.leads.get(verb) == code:
        await _ENDINGS[verb](tx, number, form)
    elif code in found.known and found.known[code].ends_work:
        await unless_unanswered(tx, "close", move_to, number, code, reason=form.reason)
    else:
        await move_to(tx, number, code, reason=form.reason)


_ENDINGS: Final[Mapping[str, Act]] = {"resolve": _resolve, "close": _close}


async def _assign(tx: Tx, number: int, form: Form) -> None:
    wish = AssignmentWish(await target_of(tx, form.get("whom")), why=form.reason or "")
    await assignment.hand_over(tx, number, wish, form.incoming(tx))


async def _escalate(tx: Tx, number: int, form: Form) -> None:
    target = await target_of(tx, form.get("whom"))
    level = None if target.team is None else target.team.level
    wish = AssignmentWish(target, level, form.reason or "")
    await assignment.escalate(tx, number, wish, form.incoming(tx))


async def _topic(tx: Tx, number: int, form: Form) -> None:
    await classification.change_topic(tx, number, form.get("topic"))


async def _title(tx: Tx, number: int, form: Form) -> None:
    await classification.retitle(tx, number, form.draft.text)


async def _classify(tx: Tx, number: int, form: Form) -> None:
    """Change what is another than it was: service, category and priority are one form."""
    wished = {aspect: code for aspect in ASPECTS if (code := form.get(aspect))}
    changed = [await _chosen(tx, number, aspect, code) for aspect, code in wished.items()]
    if not any(changed):
        raise NothingToDo("refusal.same_kind", number=number)


async def _chosen(tx: Tx, number: int, aspect: str, code: str) -> bool:
    try:
        await classification.choose(tx, number, aspect, code)
    except NothingToDo:
        return False
    return True


async def _tag(tx: Tx, number: int, form: Form) -> None:
    await tag(tx, number, form.draft.text)


async def _settle(tx: Tx, number: int, form: Form) -> None:
    if form.choice is None:
        raise Unreadable("app.fault.tasks")
    await settle_left(tx, number, form.choice)


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
    "state": _state,
    "assign": _assign,
    "escalate": _escalate,
    "topic": _topic,
    "classify": _classify,
    "title": _title,
    "tag": _tag,
    "fields": more_actions.fill,
    "ending": more_actions.describe_ending,
    "task": more_actions.new_task,
    "task_take": more_actions.take_task,
    "task_done": more_actions.finish_task,
    "task_assign": more_actions.assign_task,
    "task_cancel": more_actions.cancel_task,
    "task_reopen": more_actions.reopen_one,
    "settle": _settle,
    "mute": more_actions.mute,
    "block": more_actions.block,
    "unblock": more_actions.unblock,
    "link_article": link_by_form,
    WRITE: write_by_form,
}
# The buttons that a ticket's state allows, or does not.
_MOVES: Final = (
    *("take", "unfreeze", "resolve", "wait", "freeze", "release", "reopen", "close", "cancel"),
)


def offered(card: Card) -> Collection[str]:
    """Return the buttons that move a ticket, the most likely first, what ends it last. Whether
    somebody may is asked when they are pressed.
    """
    hidden = {"freeze" if card.state.put_off else "unfreeze"}
    hidden.add("release" if card.assignee is None else "take")
    if card.state.final:
        hidden = set(_MOVES) - {"reopen"}
    return [verb for verb in _MOVES if verb in card.verbs and verb not in hidden]
