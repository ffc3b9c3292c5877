"""`/rules` in an admin's private chat: which there are, and what one would have done (E2, X11)."""

from typing import Final

from core.automation.rules import Rule, list_rules, try_rule
from core.errors import Unreadable
from core.people.staff import for_admin
from core.tx import ReadTx
from handlers.telegram.context import MessageContext

_LISTED: Final = 30


async def on_command(context: MessageContext, words: str) -> None:
    """``/rules`` lists them, ``/rules code`` tries one on the last 30 days, on or off."""
    if words:
        await _try(context, words)
        return
    rules = await context.desk.read(for_admin, context.sender, list_rules)
    responder = context.responder
    lines = [responder.html("rules.head" if rules else "rules.none")]
    for rule in rules:
        key = "rules.line" if rule.active else "rules.line_off"
        lines.append(responder.html(key, {"code": rule.code, "title": rule.title}))
    await responder.say(context.message.chat.id, lines)


async def _try(context: MessageContext, words: str) -> None:
    rule, numbers = await context.desk.read(for_admin, context.sender, _tried, words)
    listed = ", ".join(f"#{number}" for number in numbers[-_LISTED:])
    facts = {"title": rule.title, "n": len(numbers), "numbers": listed}
    key = "rules.tried" if numbers else "rules.tried_none"
    await context.say(context.responder.html(key, facts))


async def _tried(tx: ReadTx, words: str) -> tuple[Rule, list[int]]:
    rules = {rule.code: rule for rule in await list_rules(tx)}
    if words not in rules:
        known = ", ".join(rules) or "—"
        raise Unreadable("refusal.no_rule", words=words[:40], known=known)
    return rules[words], await try_rule(tx, rules[words])
