"""`/draft`, `/summary`, `/translate`: what the assistant suggests to whoever asks (X17).

The question is noted at once, and nothing waits for the answer: it is shown when it comes, to whom
it concerns. What is to be done with it, somebody decides.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from channels.telegram.screens.assistant import (
    SuggestionStep,
    draw_change,
    draw_dropped,
    draw_inserted,
    draw_suggestion,
)
from core.errors import Refusal
from handlers.telegram.operators.context import CommandContext, OperatorContext

if TYPE_CHECKING:
    from core.assistant.service import Assistant
    from core.assistant.suggestions import Question

_HEARD: Final = "👀"
# What each button of a card asks for.
_KINDS: Final = {"draft": "draft", "summary": "summary", "translate": "translation"}


def demand(context: OperatorContext) -> Assistant:
    """The assistant. Raises :class:`Refusal` where there is none, or none any more."""
    assistant = context.responder.assistant
    if assistant is None:
        raise Refusal("refusal.outdated")
    return assistant


async def draft(context: CommandContext) -> None:
    """A draft of an answer."""
    await _ask_by_command(context, "draft")


async def summary(context: CommandContext) -> None:
    """What a long ticket is about."""
    await _ask_by_command(context, "summary")


async def translate(context: CommandContext) -> None:
    """What the customer said last, in our language; or these words in the customer's."""
    words = context.command.words
    await _ask_by_command(context, "answer" if words else "translation", words)


async def _ask_by_command(context: CommandContext, kind: str, words: str = "") -> None:
    await _ask(context, context.number, kind, words)
    context.responder.react(context.message, _HEARD)


async def ask_by_button(context: Any, data: Any) -> None:
    """The same from a card; what comes is shown below it."""
    await _ask(context, data.ticket_id, _KINDS[data.verb])
    await context.toast("assistant", number=data.ticket_id)


async def _ask(context: OperatorContext, ticket_id: int, kind: str, words: str = "") -> None:
    assistant = demand(context)
    locale = context.renderer.locale
    question = await context.act(assistant.ask, ticket_id, kind, words, locale)
    showing = _show(replace(context, quiet=True), assistant, question)
    context.responder.make(context.message.chat.id, showing)


async def _show(context: OperatorContext, assistant: Assistant, question: Question) -> None:
    """Ask, and show what came; what came too late was told as lost."""
    came = await assistant.answer(question)
    if came is None:
        return
    if isinstance(came, str):
        number = question.ticket_id
        await context.say(context.renderer.html(f"assistant.failed.{came}", number=number))
        return
    screen = draw_suggestion(context.renderer, came)
    if came.for_customer:
        screen = await context.begin_answer(came.ticket_id, screen)
    await context.show(screen)
    await context.desk.run(assistant.note_shown, came.number)


async def decide(context: Any, data: SuggestionStep) -> None:
    """Insert, change, or no."""
    await _STEPS[data.step](context, demand(context), data.suggestion)


async def _insert(context: Any, assistant: Assistant, number: int) -> None:
    done = await context.act(assistant.insert, number, context.screen_id)
    await context.toast("response" if done.for_customer else "noted", number=done.ticket_id)
    await context.edit(draw_inserted(context.renderer, done, context.sender.name))


async def _change(context: Any, assistant: Assistant, number: int) -> None:
    await context.edit(draw_change(context.renderer, await context.act(assistant.change, number)))
    await context.toast()


async def _drop(context: Any, assistant: Assistant, number: int) -> None:
    done = await context.act(assistant.drop, number)
    await context.toast()
    await context.edit(draw_dropped(context.renderer, done))


_STEPS: Final = {"insert": _insert, "change": _change, "drop": _drop}
