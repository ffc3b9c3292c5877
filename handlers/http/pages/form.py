"""The web form: its fields, what may be wrong with them, how it looks."""

import re
from collections.abc import Collection, Mapping
from html import escape
from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qs

from fastapi import Request
from fastapi.responses import Response

from core.desk import Desk
from core.integrations.intake import Customer, NewTicket
from core.people.contact_points import Point, read_point
from core.tickets.catalog import TopicFacts, topics_of
from core.words.names import clean_name, is_blank
from handlers.http.pages.layout import Reader, alert, once, page

CONSENT: Final = "1"
"""The version of what a sender agrees to: the text ``web.consent``. Another text, another one."""

TRAP: Final = "website"
"""A field that people do not see, and robots fill in."""

ORIGIN: Final = "form"
MOST_WORDS: Final = 10_000
_NONCE: Final = re.compile(r"[0-9a-f]{32}", re.ASCII)
# What is remembered of a form that has to be sent again.
_KEPT: Final = ("name", "reach", "topic", "text")
Fields = Mapping[str, str]


async def read_fields(request: Request) -> Fields:
    """Return a form's fields, the last of each name; what is no form has none."""
    body = (await request.body()).decode("utf-8", "replace").replace("\0", "")
    try:
        read = parse_qs(body.replace("%00", ""), max_num_fields=20)
    except ValueError:
        return {}
    return {name: values[-1].strip().replace("\0", "") for name, values in read.items()}


def words_fault(fields: Fields) -> str | None:
    text = fields.get("text", "")
    if is_blank(text):
        return "web.fault.text"
    if len(text) > MOST_WORDS:
        return "web.fault.long"
    return None if _NONCE.fullmatch(fields.get("once", "")) else "web.fault.again"


def form_fault(fields: Fields) -> str | None:
    """Return the key of what is wrong with a filled form, the first thing."""
    if is_blank(fields.get("name", "")):
        return "web.fault.name"
    if read_point(fields.get("reach", "")) is None:
        return "web.fault.reach"
    return words_fault(fields) or (None if fields.get("consent") else "web.fault.consent")


def ticket_of(fields: Fields, reader: Reader, topics: Collection[str]) -> NewTicket:
    """Return the ticket that a form without a fault asks for; one of ``topics``, or none."""
    point = read_point(fields["reach"]) or Point("", "")
    customer = Customer(
        fields["name"][:200], points=(point,), language=reader.language, vouched=False
    )
    text = fields["text"]
    topic = fields.get("topic") if fields.get("topic") in topics else None
    return NewTicket(customer, clean_name(text, 120), text, topic, ORIGIN, fields["once"])


async def draw_form(
    reader: Reader, request: Request, fields: Fields, fault: str | None = None
) -> Response:
    kept = {name: escape(fields.get(name, "")) for name in _KEPT}
    other = "en" if reader.language == "ru" else "ru"
    where = escape(str(request.url.include_query_params(lang=other).query))
    agreed = " checked" if fields.get("consent") else ""
    switch = reader.say(f"web.language.{other}")
    body = (
        f'<nav><a href="/form?{where}" lang="{other}">{switch}</a></nav>'
        f"<h1>{reader.title}</h1><p>{reader.say('web.intro')}</p>"
        f"{alert(reader, fault)}"
        f'<form method="post">{once()}'
        + _input(reader, "name", kept["name"], "name")
        + _input(reader, "reach", kept["reach"], "email", hint=True)
        + await _topics(reader, fields.get("topic", ""))
        + _area(reader, kept["text"])
        + f'<div class="trap" aria-hidden="true"><label>{reader.say("web.trap")}'
        f'<input name="{TRAP}" tabindex="-1" autocomplete="off"></label></div>'
        f'<label class="check"><input type="checkbox" name="consent" value="{CONSENT}" required'
        f"{agreed}><span>{reader.say('web.consent')}</span></label>"
        f"<button>{reader.say('web.send')}</button></form>"
    )
    status = HTTPStatus.OK if fault is None else HTTPStatus.UNPROCESSABLE_ENTITY
    return page(reader, reader.title, body, status, framed=True)


def _input(reader: Reader, name: str, value: str, complete: str, *, hint: bool = False) -> str:
    told = f'<p class="hint" id="{name}-hint">{reader.say(f"web.{name}.hint")}</p>' if hint else ""
    described = f' aria-describedby="{name}-hint"' if hint else ""
    return (
        f'<label for="{name}">{reader.say(f"web.{name}")}</label>{told}<input id="{name}"'
        f' name="{name}" value="{value}" autocomplete="{complete}" maxlength="200"'
        f" required{described}>"
    )


def _area(reader: Reader, value: str) -> str:
    return (
        f'<label for="text">{reader.say("web.text")}</label><textarea id="text" name="text"'
        f' maxlength="{MOST_WORDS}" required>{value}</textarea>'
    )


async def offered_topics(desk: Desk) -> list[TopicFacts]:
    """Return the topics that can be chosen."""
    return [one for one in (await desk.read(topics_of)).values() if one.active]


async def _topics(reader: Reader, chosen: str) -> str:
    offered = await offered_topics(reader.desk)
    if not offered:
        return ""
    options = "".join(
        f'<option value="{escape(one.code)}"{" selected" if one.code == chosen else ""}>'
        f"{escape(one.title(reader.language))}</option>"
        for one in offered
    )
    return (
        f'<label for="topic">{reader.say("web.topic")}</label><select id="topic" name="topic">'
        f'<option value="">{reader.say("web.topic.none")}</option>{options}</select>'
    )
