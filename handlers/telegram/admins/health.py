"""``/health``, ``/quarantine`` and ``/junk`` in an admin's private chat: how the desk is, what it
gave up, what it kept from the operators.
"""

import re
from typing import Final

from channels.telegram.screens.health import (
    FailedStep,
    JunkStep,
    QuarantineStep,
    draw_health,
    draw_junk,
    draw_quarantine,
    draw_question,
)
from core.errors import Refusal, Unreadable
from core.people.staff import as_admin, for_admin
from core.setup.desk_health import find_health, quarantine_page, replay_for, settle_failed
from core.texts import Key
from core.tickets.correspondence import restore
from core.tickets.junk import junk_page
from handlers.telegram.context import ButtonContext, MessageContext

_NUMBERS: Final = re.compile(r"[\d\s,#№]+")
_ONE_NUMBER: Final = re.compile(r"[#№]?\s*(\d{1,18})", re.ASCII)
# What a button does with a failed delivery, or with all of them; the others only show.
_SETTLES: Final = {"again": True, "drop": False, "again_all": True, "drop_all": False}


async def show_health(context: MessageContext, _words: str) -> None:
    """Show how the desk is."""
    health = await context.desk.read(for_admin, context.sender, find_health)
    await context.show(draw_health(context.renderer, health, context.desk.company))


async def settle(context: ButtonContext, data: FailedStep) -> None:
    """Send failed deliveries again, or drop them, and show what is left."""
    toast = ""
    if data.verb in _SETTLES:
        again, row = _SETTLES[data.verb], data.id or None
        done = await context.desk.run(settle_failed, context.sender, row, again=again)
        key = f"health.toast.{'again' if again else 'drop'}" if done else "refusal.outdated"
        toast = context.responder.plain(key)
    health = await context.desk.read(for_admin, context.sender, find_health)
    if data.verb == "ask" and health.failed_in_all:
        await context.show(draw_question(context.renderer, health))
    else:
        await context.show(draw_health(context.renderer, health, context.desk.company), toast)


async def show_quarantine(context: MessageContext, words: str) -> None:
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


async def replay(context: ButtonContext, data: QuarantineStep) -> None:
    """Turn the page, or let one or all be handled again and show what is left."""
    before = data.id if data.verb == "page" else None
    toast = ""
    if data.verb != "page":
        ids = None if data.verb == "all" else {data.id}
        unread = data.verb == "ticket"
        replayed = await context.desk.run(replay_for, context.sender, ids, unread=unread)
        said = "quarantine.ticket" if unread else "quarantine.again"
        toast = context.responder.plain(said, {"n": len(replayed)})
    page = await context.desk.read(for_admin, context.sender, quarantine_page, before)
    await context.show(draw_quarantine(context.renderer, page), toast)


async def show_junk(context: MessageContext, words: str) -> None:
    """Show the newest junk tickets; ``/junk 12`` restores one (F4)."""
    if not words:
        page = await context.desk.read(for_admin, context.sender, junk_page)
        await context.show(draw_junk(context.renderer, page))
        return
    number = _ONE_NUMBER.fullmatch(words)
    if number is None:
        raise Unreadable(
            "operators.malformed", words=words[:40], example=Key("operators.example.junk")
        )
    ticket = await context.desk.run(as_admin, context.sender, restore, int(number[1]))
    await context.say(context.responder.html("junk.restored", {"number": ticket.id}))


async def on_junk(context: ButtonContext, data: JunkStep) -> None:
    """Turn the page, or restore one and show what is left."""
    toast = ""
    before: int | None = data.id
    if data.verb == "restore":
        await context.desk.run(as_admin, context.sender, restore, data.id)
        toast, before = context.responder.plain("junk.restored", {"number": data.id}), None
    page = await context.desk.read(for_admin, context.sender, junk_page, before)
    await context.show(draw_junk(context.renderer, page), toast)
