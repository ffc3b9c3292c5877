"""The web form: its fields, what may be wrong with them, how it looks."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Final
from urllib.parse import parse_qs

from fastapi import Request
from fastapi.responses import Response

from core.addresses import LONGEST_CHAT
from core.desk import Desk
from core.integrations.intake import Customer, NewTicket
from core.integrations.particulars import Particulars, is_missing, missing_among
from core.people.contact_points import Point, read_point
from core.texts import Key
from core.tickets.catalog import TopicFacts, topics_of
from core.tickets.fields import LONGEST, YES_NO, Field, asked_at_opening
from core.tx import ReadTx
from core.words.names import LONGEST_NAME, clean_name, is_blank
from handlers.http.pages.layout import FILES, WHOLE, Faults, Reader, once, page

TRAP: Final = "website"
"""A field that people do not see, and robots fill in."""

ORIGIN: Final = "form"
MOST_WORDS: Final = 10_000
_NONCE: Final = re.compile(r"[0-9a-f]{32}", re.ASCII)
MOST_FIELDS: Final = 100
# A field of the company's own: this, and its code.
OWN: Final = "field."
# What is remembered of a form that has to be sent again.
_KEPT: Final = ("name", "reach")
Fields = Mapping[str, str]
# Of a form that is shown for the first time.
NOTHING_WRONG: Final[Mapping[str, str | Key]] = {}


async def read_fields(request: Request) -> Fields:
    """Return a form's fields, the last of each name, with those that were left or made empty; what
    is no form has none.
    """
    body = (await request.body()).decode("utf-8", "replace").replace("\0", "")
    try:
        read = parse_qs(
            body.replace("%00", ""),
            keep_blank_values=True,
            strict_parsing=True,
            max_num_fields=MOST_FIELDS,
        )
    except ValueError:
        return {}
    return {name: as_typed(values[-1]) for name, values in read.items()}


def as_typed(value: str) -> str:
    """Return a field as it was typed, without blanks around it: forms are sent with two signs at
    the end of a line, where the field counts one. PostgreSQL knows no NUL.
    """
    return value.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "").strip()


Found = dict[str, str | Key]
"""Keys of what is wrong, by the name of the field."""


def words_faults(fields: Fields, *, needed: bool = True) -> Found:
    """Return what is wrong with the words; ``needed``: no file stands for them."""
    text, found = fields.get("text", ""), Found()
    if needed and is_blank(text):
        found["text"] = "web.fault.text"
    if len(text) > MOST_WORDS:
        found["text"] = "web.fault.long"
    if not _NONCE.fullmatch(fields.get("once", "")):
        found[WHOLE] = "web.fault.again"
    return found


def form_faults(fields: Fields, asked: "Questions", reader: Reader) -> Found:
    """Return all that is wrong with a filled form, in the order of its fields."""
    found = Found()
    if is_blank(fields.get("name", "")):
        found["name"] = "web.fault.name"
    if read_point(fields.get("reach", "")) is None:
        found["reach"] = "web.fault.reach"
    found |= _missing_faults(asked, fields, reader) | words_faults(fields)
    consent = _consent_fault(fields, consent_of(reader)[0])
    return found | ({} if consent is None else {"consent": consent})


def _consent_fault(fields: Fields, version: str) -> str | None:
    """Return the key of what is wrong where the sender has not agreed to this version: not at all,
    or to a text that is another by now.
    """
    agreed = fields.get("consent", "")
    if agreed == version:
        return None
    return "web.fault.consent_changed" if agreed else "web.fault.consent"


@dataclass(frozen=True, slots=True)
class Questions:
    """The topics that a form offers, the chosen one, and the company's own ``fields`` that its
    tickets must have (B18).
    """

    topics: tuple[TopicFacts, ...]
    topic: str | None
    fields: tuple[Field, ...]


async def find_asked(desk: Desk, fields: Fields) -> Questions:
    """Return what a form with this topic asks for."""
    return await desk.read(_find_asked, fields.get("topic"))


async def _find_asked(tx: ReadTx, chosen: str | None) -> Questions:
    topics = tuple(one for one in (await topics_of(tx)).values() if one.active)
    topic = chosen if chosen in {one.code for one in topics} else None
    return Questions(topics, topic, tuple(await asked_at_opening(tx, topic)))


def _missing_faults(asked: Questions, fields: Fields, reader: Reader) -> Found:
    """Which of the company's own fields are empty."""
    missing = missing_among(asked.fields, _said(asked, fields))
    told = {f"{OWN}{one.code}": is_missing(one, reader.language) for one in missing}
    return {name: Key(refused.key, refused.facts) for name, refused in told.items()}


def _said(asked: Questions, fields: Fields) -> dict[str, str]:
    """What was said to the company's own fields, by code."""
    return {one.code: fields.get(f"{OWN}{one.code}", "") for one in asked.fields}


def ticket_of(
    fields: Fields, reader: Reader, asked: Questions, files: Sequence[Mapping[str, Any]]
) -> NewTicket:
    """Return the ticket that a form without a fault asks for."""
    point = read_point(fields["reach"]) or Point("", "")
    customer = Customer(
        fields["name"][:200], points=(point,), language=reader.language, vouched=False
    )
    text = fields["text"]
    said = Particulars(_said(asked, fields))
    subject, sent = clean_name(text, 120), fields["once"]
    return NewTicket(customer, subject, text, asked.topic, ORIGIN, sent, said, files)


def consent_of(reader: Reader) -> tuple[str, str]:
    """Return what a sender agrees to: its version, and the text as HTML. It is the company's own,
    the same as in the chat, where there is one, else the text ``web.consent`` (S31).
    """
    company = reader.desk.company
    own = escape(company.consent_in(reader.language)).replace("\n", "<br>")
    return company.consent_version, own or reader.say("web.consent")


async def draw_form(
    reader: Reader,
    request: Request,
    fields: Fields,
    found: Mapping[str, str | Key] = NOTHING_WRONG,
    *,
    status: int | None = None,
    attached: bool = False,
) -> Response:
    """Return the form with what was typed, and what was ``found`` wrong beside its fields. A
    topic's own fields appear once it was chosen. ``attached``: it came with files, which no page
    can show again.
    """
    faults = Faults(reader, found)
    asked = await find_asked(reader.desk, fields)
    kept = {name: escape(fields.get(name, "")) for name in _KEPT}
    other = "en" if reader.language == "ru" else "ru"
    where = escape(str(request.url.include_query_params(lang=other).query))
    version, text = consent_of(reader)
    agreed = " checked" if fields.get("consent") == version else ""
    switch = reader.say(f"web.language.{other}")
    body = (
        f'<nav><a href="/form?{where}" lang="{other}">{switch}</a></nav>'
        f"<h1>{reader.title}</h1><p>{reader.say('web.intro')}</p>"
        f"{faults.at(WHOLE)}"
        f'<form method="post" enctype="multipart/form-data">{once()}'
        + _input(faults, "name", kept["name"], "name", LONGEST_NAME)
        + _input(faults, "reach", kept["reach"], "email", LONGEST_CHAT, hint=True)
        + _topics(reader, asked)
        + "".join(_own(faults, one, fields.get(f"{OWN}{one.code}", "")) for one in asked.fields)
        + area(faults, reader.say("web.text"), fields.get("text", ""), needed=True)
        + file_field(faults, attached=attached)
        + f'<div class="trap" aria-hidden="true"><label>{reader.say("web.trap")}'
        f'<input name="{TRAP}" tabindex="-1" autocomplete="off"></label></div>'
        f'<label class="check"><input type="checkbox" name="consent" value="{version}" required'
        f"{agreed}{faults.attributes('consent')}><span>{text}</span></label>{faults.at('consent')}"
        f"<button>{reader.say('web.send')}</button></form>"
    )
    return page(reader, reader.title, body, status or faults.status, framed=True)


def _input(
    faults: Faults, name: str, value: str, complete: str, longest: int, *, hint: bool = False
) -> str:
    say = faults.reader.say
    told = f'<p class="hint" id="{name}-hint">{say(f"web.{name}.hint")}</p>' if hint else ""
    return (
        f'<label for="{name}">{say(f"web.{name}")}</label>{told}<input id="{name}"'
        f' name="{name}" value="{value}" autocomplete="{complete}" maxlength="{longest}"'
        f" required{faults.attributes(name, f'{name}-hint' if hint else '')}>{faults.at(name)}"
    )


def area(faults: Faults, label: str, words: str, *, needed: bool) -> str:
    """The field for what happened, or for an answer; ``label`` is HTML."""
    return (
        f'<label for="text">{label}</label><textarea id="text" name="text"'
        f' maxlength="{MOST_WORDS}"{" required" if needed else ""}{faults.attributes("text")}>'
        f"{escape(words)}</textarea>{faults.at('text')}"
    )


def file_field(faults: Faults, *, attached: bool = False) -> str:
    """The field for files, where they can be kept. ``attached``: some came with the form that is
    shown again.
    """
    say = faults.reader.say
    if not faults.reader.takes_files:
        return faults.at(FILES)
    again = f'<p class="hint">{say("web.files.again")}</p>' if attached else ""
    return (
        f'<label for="files">{say("web.files")}</label>'
        f'<p class="hint" id="files-hint">{say("web.files.hint")}</p>'
        '<input id="files" name="files" type="file" multiple'
        f"{faults.attributes(FILES, 'files-hint')}>{faults.at(FILES)}{again}"
    )


def _topics(reader: Reader, asked: Questions) -> str:
    if not asked.topics:
        return ""
    offered = {"": reader.say("web.topic.none")}
    offered |= {one.code: escape(one.title(reader.language)) for one in asked.topics}
    return _select("topic", reader.say("web.topic"), offered, asked.topic or "")


def _own(faults: Faults, one: Field, value: str) -> str:
    """One of the company's own fields: a list where there is a choice, else a line."""
    reader = faults.reader
    name, label = f"{OWN}{one.code}", escape(one.title(reader.language))
    offered = {choice: escape(choice) for choice in one.choices}
    if one.kind == "yes_no":
        offered = {choice: reader.say(f"field.{choice}") for choice in YES_NO}
    if offered:
        marks = f" required{faults.attributes(name)}"
        return _select(name, label, {"": "—"} | offered, value, marks) + faults.at(name)
    kind = {"date": 'type="date"', "number": 'inputmode="decimal"'}.get(one.kind, "")
    return (
        f'<label for="{name}">{label}</label><input id="{name}" name="{name}" {kind}'
        f' value="{escape(value)}" maxlength="{LONGEST}" required{faults.attributes(name)}>'
        f"{faults.at(name)}"
    )


def _select(name: str, label: str, offered: Mapping[str, str], chosen: str, marks: str = "") -> str:
    """A list of choices; labels are HTML."""
    options = "".join(
        f'<option value="{escape(value)}"{" selected" if value == chosen else ""}>{said}</option>'
        for value, said in offered.items()
    )
    start = f'<label for="{name}">{label}</label><select id="{name}" name="{name}"{marks}>'
    return f"{start}{options}</select>"
