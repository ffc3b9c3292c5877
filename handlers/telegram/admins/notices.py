"""`/notices` in an admin's private chat: what people are told, when, where, how (G3, G4)."""

import re
from hashlib import sha256
from typing import Any, Final

from channels.telegram.screens.directory import draw_faults
from channels.telegram.screens.notice_settings import (
    DELAYS,
    DIGEST,
    SAY,
    NoticeList,
    NoticeStep,
    NoticeText,
    draw_notice,
    draw_notices,
    draw_preview,
)
from channels.telegram.screens.screen import Screen
from core.delivery.own_notices import WAYS
from core.directory.faults import DirectoryError
from core.directory.fields import format_span
from core.directory.notice_edits import (
    OnlyShown,
    change_notice,
    find_notice,
    list_narrower,
    list_notices,
    words_of,
)
from core.errors import Refusal, Unreadable
from core.people.staff import as_admin, for_admin
from handlers.telegram.admins import entry_questions
from handlers.telegram.context import ButtonContext, MessageContext

_WORDS: Final = re.compile(r"(\S+)(?:[ \t]+(\S+))?[ \t]*(?:\n(.*))?", re.DOTALL)
_COMMAND: Final = re.compile(r"/\S+?[\s_]+(.*)", re.DOTALL)


async def on_command(context: MessageContext, words: str) -> None:
    """``/notices`` lists them, ``/notices taken`` shows one; ``/notices taken en`` with words below
    it shows what would be said, and keeps it by a button.
    """
    event, language, said = _read(words)
    if not event:
        await show_all(context)
    elif not said:
        one = await context.desk.read(for_admin, context.sender, find_notice, event)
        await context.show(draw_notice(context.renderer, one))
    else:
        await _offer(context, event, {"texts": {language: said}}, words)


def _read(words: str) -> tuple[str, str, str]:
    """An event, a language, and the words for it; empty where it is not said."""
    found = _WORDS.fullmatch(words.strip())
    if found is None:
        return "", "", ""
    return found[1].casefold(), (found[2] or "").casefold(), (found[3] or "").strip()


async def _offer(context: MessageContext, event: str, change: Any, words: str) -> None:
    (language,) = change["texts"]
    known = context.responder.texts.locales
    if language not in known:
        raise Unreadable("refusal.notice_language", known=", ".join(known), event=event)
    chat, message = int(context.sender.address.chat), context.message.message_id
    try:
        await context.desk.run(as_admin, context.sender, change_notice, event, change, really=False)
        return
    except OnlyShown as shown:
        screen = draw_preview(context.renderer, shown.facts, _digest(words))
    except DirectoryError as error:
        screen = draw_faults(context.renderer, error.faults)
    await context.responder.say(chat, screen.html, keyboard=screen.keyboard, reply_to=message)


async def on_list(context: ButtonContext, _data: NoticeList) -> None:
    """Back to all of them."""
    await show_all(context)


async def show_all(context: ButtonContext | MessageContext, page: int = 0) -> None:
    """All notices, a page of them."""
    found = await context.desk.read(for_admin, context.sender, list_notices)
    narrower = await context.desk.read(for_admin, context.sender, list_narrower)
    await context.show(draw_notices(context.renderer, found, narrower, page))


async def on_step(context: ButtonContext, data: NoticeStep) -> None:
    """Show one, perhaps after a change, or ask for its words."""
    if data.step in SAY:
        language = SAY[data.step]
        draft = await context.desk.read(for_admin, context.sender, words_of, data.event, language)
        await entry_questions.ask_draft(context, draft)
        return
    if data.step == "show":
        one = await context.desk.read(for_admin, context.sender, find_notice, data.event)
    else:
        change = _change_of(data.step)
        if data.step == "plain":
            before = await context.desk.read(for_admin, context.sender, find_notice, data.event)
            change = {"texts": dict.fromkeys(before.texts)}
        one = await context.desk.run(as_admin, context.sender, change_notice, data.event, change)
    await context.show(draw_notice(context.renderer, one))


def _change_of(step: str) -> dict[str, Any]:
    if step in WAYS:
        return {"channel": step}
    if step in DELAYS:
        span = DELAYS[step]
        return {"delay": None if span is None else format_span(span)}
    return {"on": step == "on"}


async def on_text(context: ButtonContext, data: NoticeText) -> None:
    """Keep what was shown, and nothing else: the words stand above, their digest in the button."""
    if data.step == "drop":
        await context.show(Screen(context.renderer.html("notices.dropped")))
        return
    answered = getattr(context.message, "reply_to_message", None)
    found = _COMMAND.fullmatch((answered and answered.text) or "")
    words = "" if found is None else found[1].strip()
    if _digest(words) != data.digest:
        raise Refusal("refusal.outdated")
    event, language, said = _read(words)
    change = {"texts": {language: said}}
    one = await context.desk.run(as_admin, context.sender, change_notice, event, change)
    await context.show(draw_notice(context.renderer, one))


def _digest(words: str) -> str:
    return sha256(words.encode()).hexdigest()[:DIGEST]
