"""``/key`` in an admin's private chat: keys of other systems, made, listed and revoked."""

from core.errors import Unreadable
from core.integrations.keys import SCOPES, create_key, list_keys, revoke_key
from core.people.staff import as_admin, for_admin
from core.texts import Key
from handlers.telegram.context import MessageContext


async def on_command(context: MessageContext, words: str) -> None:
    """``/key`` lists them; ``/key create shop tickets:read``; ``/key revoke shop``."""
    match words.split():
        case []:
            await _show(context)
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


async def _show(context: MessageContext) -> None:
    keys = await context.desk.read(for_admin, context.sender, list_keys)
    lines = [context.responder.html("keys.head" if keys else "keys.none", {})]
    for key in keys:
        facts = {"name": key.name, "scopes": ", ".join(sorted(key.scopes)), "at": key.created_at}
        lines.append(context.responder.html("keys.line", facts))
    lines.append(context.responder.html("keys.how", {}))
    await context.say("\n".join(lines))
