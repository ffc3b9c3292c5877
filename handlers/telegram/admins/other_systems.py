"""Other systems in an admin's private chat: ``/key`` for those that call us, ``/webhook`` for those
that are called (A13).
"""

from core.errors import Unreadable
from core.integrations.keys import SCOPES, create_key, list_keys, revoke_key
from core.integrations.webhooks import (
    add_webhook,
    list_webhooks,
    remove_webhook,
    resume_webhook,
    shown_url,
)
from core.people.staff import as_admin, for_admin
from core.texts import Key
from handlers.telegram.context import MessageContext

_ACTIONS = {
    "remove": (remove_webhook, "webhooks.removed"),
    "resume": (resume_webhook, "webhooks.resumed"),
}


async def on_key(context: MessageContext, words: str) -> None:
    """``/key`` lists them; ``/key create shop tickets:read``; ``/key revoke shop``."""
    match words.split():
        case []:
            await _show_keys(context)
        case ["create", name, *scopes]:
            token = await context.desk.run(
                as_admin, context.sender, create_key, name, scopes or SCOPES[:2]
            )
            facts = {"name": name, "token": token}
            await context.say(context.responder.html("keys.created", facts))
        case ["revoke", name]:
            await context.desk.run(as_admin, context.sender, revoke_key, name)
            await context.say(context.responder.html("keys.revoked", {"name": name}))
        case _:
            raise Unreadable(
                "operators.malformed", words=words[:40], example=Key("operators.example.key")
            )


async def _show_keys(context: MessageContext) -> None:
    keys = await context.desk.read(for_admin, context.sender, list_keys)
    lines = [context.responder.html("keys.head" if keys else "keys.none", {})]
    for key in keys:
        facts = {"name": key.name, "scopes": ", ".join(sorted(key.scopes)), "at": key.created_at}
        lines.append(context.responder.html("keys.line", facts))
    lines.append(context.responder.html("keys.how", {}))
    await context.say("\n".join(lines))


async def on_webhook(context: MessageContext, words: str) -> None:
    """``/webhook`` lists them; ``add shop https://…``; ``remove shop``; ``resume shop``."""
    match words.split():
        case []:
            await _show_webhooks(context)
        case ["add", name, url]:
            secret = await context.desk.run(as_admin, context.sender, add_webhook, name, url)
            facts = {"name": name, "secret": secret}
            await context.say(context.responder.html("webhooks.added", facts))
        case ["remove" | "resume" as verb, name]:
            action, key = _ACTIONS[verb]
            await context.desk.run(as_admin, context.sender, action, name)
            await context.say(context.responder.html(key, {"name": name}))
        case _:
            raise Unreadable(
                "operators.malformed", words=words[:40], example=Key("operators.example.webhook")
            )


async def _show_webhooks(context: MessageContext) -> None:
    webhooks = await context.desk.read(for_admin, context.sender, list_webhooks)
    lines = [context.responder.html("webhooks.head" if webhooks else "webhooks.none")]
    for one in webhooks:
        facts = {"name": one.name, "url": shown_url(one), "at": one.stopped_at}
        key = "webhooks.line" if one.stopped_at is None else "webhooks.line_stopped"
        lines.append(context.responder.html(key, facts))
    lines.append(context.responder.html("webhooks.how"))
    await context.say("\n".join(lines))
