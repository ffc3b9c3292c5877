"""Faults of an area: operators decide whether they are one, and say when it will be over (X9)."""

from datetime import datetime
from typing import Final

from aiogram.types import InlineKeyboardMarkup

from channels.telegram import camera_menus
from channels.telegram.callbacks import OutageStep
from core.equipment import leading, offers
from core.equipment.leading import Title
from core.tickets import conversation
from core.words.when import parse_when
from handlers.operators.asking import Asked, Visit
from handlers.operators.moves import read_when
from handlers.speech import Speech

_SPANS: Final = {"1h": "1h", "3h": "3h", "tomorrow": "tomorrow 9:00"}


async def outage(asked: Asked) -> None:
    """Say when it will be over, and what it is; everybody who reported it hears it."""
    now, zone = asked.desk.clock(), asked.desk.company.zone
    when = read_when(asked.reason or "", now, zone, asked.number)
    await asked.act(
        leading.restate_outage, asked.number, until=when.at, words=when.rest.strip() or None
    )


async def broadcast(asked: Asked) -> None:
    """Tell everybody whose ticket is part of this one."""
    await asked.act(conversation.reply, asked.number, asked.words, to_all=True)


async def decide(visit: Visit, wish: OutageStep) -> str:
    """What a button below the offer decides. Returns what the post says from now on."""
    if wish.code == "no":
        area = await visit.act(offers.decline, wish.number)
        return visit.speech.html("group.outage_declined", {"area": area})
    until = _until(visit, wish.code)
    ticket, reports = await visit.act(
        leading.open_outage, wish.number, until=until, title=_titled(visit.speech)
    )
    facts = {"number": ticket.id, "n": reports, "until": until}
    key = "group.outage_opened_until" if until else "group.outage_opened"
    return visit.speech.html(key, facts)


def _until(visit: Visit, code: str) -> datetime | None:
    words = _SPANS.get(code)
    if words is None:
        return None
    return parse_when(words, visit.desk.clock(), visit.desk.company.zone).at


def keyboard_for(speech: Speech, wish: OutageStep) -> InlineKeyboardMarkup | None:
    """The buttons that a step only leads to; ``None`` for a step that decides."""
    menus = {"ask": camera_menus.outage_spans, "back": camera_menus.outage_offer}
    menu = menus.get(wish.code)
    return None if menu is None else menu(speech.voice, wish.number)


def _titled(speech: Speech) -> Title:
    def title(area: str) -> str:
        company = speech.desk.company
        return speech.texts.say(
            company.language,
            "outage.title",
            {"area": area},
            now=speech.desk.clock(),
            zone=company.zone,
        )

    return title
