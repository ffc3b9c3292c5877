"""Outages of an area: operators declare one, and say when it will be over (X9)."""

from datetime import datetime
from typing import Final

from channels.telegram.screens import outages as screens
from channels.telegram.screens.outages import OutageStep
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


async def decide(context: OperatorContext, data: OutageStep) -> str:
    """What a button below the offer decides. Returns the new text of the message."""
    if data.step == "no":
        area = await context.act(outage_detection.decline, data.ticket_id)
        return screens.declined(context.renderer, area)
    until = _until(context, data.step)
    ticket, reports = await context.act(
        outage_commands.open_outage, data.ticket_id, until=until, title=_title_in(context.responder)
    )
    return screens.opened(context.renderer, ticket.id, reports, until)


def _until(context: OperatorContext, code: str) -> datetime | None:
    words = _SPANS.get(code)
    if words is None:
        return None
    return parse_when(words, context.desk.clock(), context.desk.company.zone).at


def _title_in(responder: Responder) -> Title:
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
