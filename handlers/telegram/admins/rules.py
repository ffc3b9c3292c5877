"""`/rules` in an admin's private chat: which there are, and what one would have done (E2, X11)."""

from channels.telegram.screens.rules import TryRule, draw_trial
from core.allowances import HEAVY
from core.automation.rule_trials import OnlyTried, Trial, attempt, find_rule, look_back
from core.automation.rules import list_rules
from core.directory.faults import DirectoryError
from core.directory.file_rules import attempt_with, rule_in
from core.directory.reader import Document
from core.errors import Refusal
from core.people.staff import as_admin, for_admin
from handlers.effort import limited
from handlers.telegram.admins.directory import read_answered
from handlers.telegram.context import ButtonContext, MessageContext


async def on_command(context: MessageContext, words: str) -> None:
    """``/rules`` lists them, ``/rules code`` tries one on the last 30 days, on or off."""
    if words:
        with limited(context.desk, context.sender, HEAVY):
            trial = await _tried(context, words)
        await context.show(draw_trial(context.renderer, trial))
        return
    rules = await context.desk.read(for_admin, context.sender, list_rules)
    responder = context.responder
    lines = [responder.html("rules.head" if rules else "rules.none")]
    for rule in rules:
        key = "rules.line" if rule.active else "rules.line_off"
        lines.append(responder.html(key, {"code": rule.code, "title": rule.title}))
    await responder.say(context.message.chat.id, lines)


async def on_button(context: ButtonContext, data: TryRule) -> None:
    """Try a rule of the file that the message answers, or turn a page."""
    answered, document = None, None
    if data.digest:
        answered, document = await read_answered(context, data.digest)
    try:
        trial = await _tried(context, data.code, data.page, document)
    except DirectoryError:
        raise Refusal("refusal.outdated") from None
    screen = draw_trial(context.renderer, trial, data.digest)
    if data.step == "turn":
        await context.show(screen)
        return
    await context.toast()
    chat = int(context.sender.address.chat)
    reply_to = None if answered is None else answered.message_id
    await context.responder.say(chat, screen.html, keyboard=screen.keyboard, reply_to=reply_to)


async def _tried(
    context: MessageContext | ButtonContext,
    code: str,
    page: int = 0,
    document: Document | None = None,
) -> Trial:
    """Look back without holding anybody up; only the page's tickets are tried in a transaction."""
    desk, sender = context.desk, context.sender
    if document is None:
        rule = await desk.read(for_admin, sender, find_rule, code)
    else:
        rule = rule_in(document, code)
    trial = await desk.read(for_admin, sender, look_back, rule, page)
    try:
        if document is None:
            await desk.run(as_admin, sender, attempt, trial)
        else:
            await desk.run(as_admin, sender, attempt_with, document, trial)
    except OnlyTried as tried:
        return tried.trial
    raise AssertionError("a trial ends in what was tried")
