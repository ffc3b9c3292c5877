"""``/quarantine`` in an admin's private chat: updates that could not be handled."""

import re
from typing import Final

from channels.telegram.screens.quarantine import QuarantineStep, draw_quarantine
from core.errors import Refusal, Unreadable
from core.people.staff import for_admin
from core.setup.quarantine import quarantine_page, replay_for
from core.texts import Key
from handlers.telegram.context import ButtonContext, MessageContext

_NUMBERS: Final = re.compile(r"[\d\s,#№]+")


async def on_command(context: MessageContext, words: str) -> None:
    """Show the newest; ``/quarantine 12 15`` lets these be handled again."""
    if not words:
        page = await context.desk.read(for_admin, context.sender, quarantine_page)
        await context.show(draw_quarantine(context.renderer, page))
        return
    if not _NUMBERS.fullmatch(words):
        raise Unreadable(
            "operators.malformed", words=words[:40], example=Key("operators.example.quarantine")
        )
    numbers = {int(found[:18]) for found in re.findall(r"\d+", words)}
    replayed = await context.desk.run(replay_for, context.sender, numbers)
    if not replayed:
        raise Refusal("quarantine.unknown")
    await context.say(context.responder.html("quarantine.again", {"n": len(replayed)}))


async def on_button(context: ButtonContext, data: QuarantineStep) -> None:
    """Turn the page, or let one or all be handled again and show what is left."""
    before = data.id if data.verb == "page" else None
    toast = ""
    if data.verb != "page":
        ids = None if data.verb == "all" else {data.id}
        replayed = await context.desk.run(replay_for, context.sender, ids)
        toast = context.responder.plain("quarantine.again", {"n": len(replayed)})
    page = await context.desk.read(for_admin, context.sender, quarantine_page, before)
    await context.show(draw_quarantine(context.renderer, page), toast)
