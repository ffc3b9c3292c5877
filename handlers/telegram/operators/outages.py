"""Faults of an area: operators decide whether they are one, and say when it will be over (X9)."""

from datetime import datetime
from typing import Final

from aiogram.types import InlineKeyboardMarkup

from channels.telegram.screens import cameras as camera_screens
from channels.telegram.screens.callbacks import OutageStep
from core.equipment import outage_commands, outage_detection
from core.equipment.outage_commands import Title
from core.tickets import conversation
from core.words.when import parse_when
from handlers.telegram.operators.context import CommandContext, OperatorContext
from handlers.telegram.operators.ticket_commands import read_when
from handlers.telegram.responder import Responder

_SPANS: Final = {"1h": "1h", "3h": "3h", "tomorrow": "tomorrow 9:00"}


async def outage(context: CommandContext) -> None:
    """Say when it will be over, and what it is; everybody who reported it hears it."""
    now, zone = context.desk.clock(), context.desk.company.zone
    when = read_when(context.reason or "", now, zone, context.number)
    await context.act(
        outage_commands.restate_outage,
        context.number,
        until=when.at,
        words=when.rest.strip() or None,
    )


async def broadcast(context: CommandContext) -> None:
    """Tell everybody whose ticket is part of this one."""
    await context.act(conversation.reply, context.number, context.words, to_all=True)


async def decide(context: OperatorContext, wish: OutageStep) -> str:
    """What a button below the offer decides. Returns what the post says from now on."""
    if wish.code == "no":
        area = await context.act(outage_detection.decline, wish.number)
        return context.responder.html("group.outage_declined", {"area": area})
    until = _until(context, wish.code)
    ticket, reports = await context.act(
        outage_commands.open_outage, wish.number, until=until, title=_titled(context.responder)
    )
    facts = {"number": ticket.id, "n": reports, "until": until}
    key = "group.outage_opened_until" if until else "group.outage_opened"
    return context.responder.html(key, facts)


def _until(context: OperatorContext, code: str) -> datetime | None:
    words = _SPANS.get(code)
    if words is None:
        return None
    return parse_when(words, context.desk.clock(), context.desk.company.zone).at


def keyboard_for(responder: Responder, wish: OutageStep) -> InlineKeyboardMarkup | None:
    """The buttons that a step only leads to; ``None`` for a step that decides."""
    menus = {"ask": camera_screens.outage_spans, "back": camera_screens.outage_offer}
    menu = menus.get(wish.code)
    return None if menu is None else menu(responder.renderer, wish.number)


def _titled(responder: Responder) -> Title:
    def title(area: str) -> str:
        company = responder.desk.company
        return responder.texts.say(
            company.language,
            "outage.title",
            {"area": area},
            now=responder.desk.clock(),
            zone=company.zone,
        )

    return title
