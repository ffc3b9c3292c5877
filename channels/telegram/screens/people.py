"""People as operators see them: search results, one person, possible duplicates."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Annotated, Final

from aiogram.filters.callback_data import CallbackData
from pydantic import Field

from channels.telegram.screens.buttons import (
    LARGEST,
    Button,
    Id,
    Keyboard,
    button,
    one_of,
    short,
)
from channels.telegram.screens.screen import Renderer, Screen, clipped
from channels.telegram.screens.ticket_list import ticket_link
from core.contacts.lookup import Known, PersonFacts
from core.contacts.reads import Shown
from core.people.contact_points import Point
from core.people.restrictions import KINDS, Restricted
from core.texts import Key
from core.words.names import clean_name


class ShowPerson(CallbackData, prefix="u"):
    """Show a person; or merge ``other`` into them, which asks once more (``merge``, ``merge!``);
    mute or block them for ``other`` hours (0: ask how long), or end that (``lift``); show an admin
    who has looked at their contact data (``reads``).
    """

    verb: Annotated[str, one_of(("show", "merge", "merge!", "mute", "block", "lift", "reads"))]
    person: Id
    other: Annotated[int, Field(ge=0, le=LARGEST)] = 0


def person_line(renderer: Renderer, known: Known) -> str:
    """Somebody in a list: the name, and what tells them from others of that name."""
    return " · ".join(
        [renderer.html("who.name", name=clean_name(known.name)), *_marks(renderer, known)]
    )


def _marks(renderer: Renderer, known: Known) -> Iterator[str]:
    if known.handle:
        yield renderer.html("who.username", username=known.handle)
    for point in known.points:
        yield point_html(renderer, point)
    if not known.writes:
        yield renderer.html("who.no_telegram")


def point_html(renderer: Renderer, point: Point) -> str:
    """A phone or an address; a proved one is marked."""
    said = renderer.html(f"card.reach.{point.kind}", value=point.value)
    return f"{said}{renderer.html('who.verified')}" if point.verified else said


def draw_found(renderer: Renderer, words: str, people: Sequence[Known]) -> Screen:
    """Several people who were found by these words, with a button for each."""
    lines = [renderer.html("who.found", words=words)]
    lines += [person_line(renderer, one) for one in people]
    rows = [
        [button(short(clean_name(one.name)), ShowPerson(verb="show", person=one.id))]
        for one in people
    ]
    return Screen("\n".join(lines), Keyboard(inline_keyboard=rows))


class WriteTo(CallbackData, prefix="wt"):
    """The person whom the command above means: they get its words."""

    person: Id


def draw_addressees(renderer: Renderer, people: Sequence[Known]) -> Screen:
    """Several people who may be meant by a command that writes to one, with a button for each."""
    lines = [renderer.html("write.which")]
    lines += [person_line(renderer, one) for one in people]
    rows = [[button(short(_told_apart(one)), WriteTo(person=one.id))] for one in people]
    return Screen("\n".join(lines), Keyboard(inline_keyboard=rows))


def _told_apart(known: Known) -> str:
    """The name and what namesakes do not share."""
    handle = f"@{known.handle}" if known.handle else ""
    mark = handle or next((point.value for point in known.points), "")
    return f"{clean_name(known.name)} · {mark}" if mark else clean_name(known.name)


def draw(renderer: Renderer, facts: PersonFacts, *, for_admin: bool = False) -> Screen:
    """A person, and the people they may be duplicates of. ``for_admin``: only an admin sees it."""
    keyboard = _keyboard(renderer, facts)
    if for_admin:
        rows = [] if keyboard is None else keyboard.inline_keyboard
        keyboard = Keyboard(inline_keyboard=[*rows, [_verb(renderer, "reads", facts.known.id)]])
    return Screen("\n".join(person_lines(renderer, facts)), keyboard)


def draw_reads(renderer: Renderer, known: Known, reads: Sequence[Shown]) -> Screen:
    """Who has looked at somebody's contact data, newest first."""
    name = clean_name(known.name)
    lines = [renderer.html("who.reads" if reads else "who.reads.none", name=name)]
    lines += [
        renderer.html(
            "who.read_often" if one.times > 1 else "who.read",
            reader=clean_name(one.reader),
            place=Key(f"contact_read.{one.place}"),
            at=one.last_at,
            n=one.times,
        )
        for one in reads
    ]
    back = button(renderer.plain("button.menu.back"), ShowPerson(verb="show", person=known.id))
    return Screen("\n".join(lines), Keyboard(inline_keyboard=[[back]]))


def person_lines(renderer: Renderer, facts: PersonFacts) -> Iterator[str]:
    """All that is known of somebody."""
    yield person_line(renderer, facts.known)
    if facts.account is not None:
        yield _account(renderer, facts.account, facts.contracts)
    language = Key(f"who.language.{facts.language}")
    key = "who.speaks_zone" if facts.zone else "who.speaks"
    yield renderer.html(key, language=language, zone=facts.zone or "")
    if facts.lost:
        yield renderer.html("who.lost")
    if facts.restricted is not None:
        yield _restriction(renderer, facts.restricted)
    if facts.total:
        yield renderer.html("who.tickets", n=len(facts.open), total=facts.total)
    else:
        yield renderer.html("who.no_tickets")
    for line in facts.open:
        yield renderer.html(
            "who.ticket",
            marker=str(line.marker),
            ticket=ticket_link(line.number, line.place),
            subject=line.subject,
        )
    if facts.twins:
        yield renderer.html("who.twins")
        yield from (person_line(renderer, twin) for twin in facts.twins)


def _account(renderer: Renderer, account: str, contracts: tuple[str, ...]) -> str:
    said = renderer.html("who.account", account=clean_name(account))
    if contracts:
        said += " · " + renderer.html("who.contracts", contracts=", ".join(contracts))
    return said


def _keyboard(renderer: Renderer, facts: PersonFacts) -> Keyboard | None:
    """A button for each possible duplicate; muting and blocking, or their end."""
    rows = [
        [
            button(
                short(renderer.plain("button.who.merge", name=clean_name(twin.name))),
                ShowPerson(verb="merge", person=facts.known.id, other=twin.id),
            )
        ]
        for twin in facts.twins
    ]
    if facts.restricted is not None:
        rows.append([_lift(renderer, facts.known.id)])
    elif facts.known.writes:
        rows.append([_verb(renderer, verb, facts.known.id) for verb in KINDS])
    return Keyboard(inline_keyboard=rows) if rows else None


def _verb(renderer: Renderer, verb: str, person: int) -> Button:
    return button(renderer.plain(f"button.who.{verb}"), ShowPerson(verb=verb, person=person))


def _lift(renderer: Renderer, person: int) -> Button:
    return button(renderer.plain("button.who.lift"), ShowPerson(verb="lift", person=person))


def _restriction(renderer: Renderer, one: Restricted) -> str:
    facts = {
        "until": one.until,
        "reason": clipped(one.reason or "", 200),
        "by": clean_name(one.by or ""),
    }
    return renderer.html(f"restricted.{one.kind}", **facts)


# Hours that are offered.
_SPANS: Final = (2, 24, 168)


def ask_how_long(renderer: Renderer, known: Known, verb: str) -> Screen:
    """How long somebody is to be muted or blocked."""
    spans = [
        button(
            renderer.plain("restricted.span", span=timedelta(hours=hours)),
            ShowPerson(verb=verb, person=known.id, other=hours),
        )
        for hours in _SPANS
    ]
    back = button(renderer.plain("button.menu.back"), ShowPerson(verb="show", person=known.id))
    lines = (person_line(renderer, known), renderer.html(f"restricted.ask.{verb}"))
    return Screen("\n".join(lines), Keyboard(inline_keyboard=[spans, [back]]))


def draw_restricted(renderer: Renderer, one: Restricted) -> Screen:
    """What was done, and a button that ends it."""
    lines = (renderer.html("who.name", name=clean_name(one.name)), _restriction(renderer, one))
    return Screen(" · ".join(lines), Keyboard(inline_keyboard=[[_lift(renderer, one.person_id)]]))


def draw_list(renderer: Renderer, found: Sequence[Restricted]) -> Screen:
    """Everybody who is muted or blocked, with a button to each."""
    if not found:
        return Screen(renderer.html("restricted.nobody"))
    lines = [
        f"{renderer.html('who.name', name=clean_name(one.name))} · {_restriction(renderer, one)}"
        for one in found
    ]
    rows = [
        [button(short(clean_name(one.name)), ShowPerson(verb="show", person=one.person_id))]
        for one in found
    ]
    return Screen("\n".join(lines), Keyboard(inline_keyboard=rows))


def confirm_merge(renderer: Renderer, one: Known, other: Known) -> Screen:
    """Merging asks once more: it cannot be undone."""
    lines = (person_line(renderer, one), person_line(renderer, other))
    data = ShowPerson(verb="merge!", person=one.id, other=other.id)
    sure = button(renderer.plain("button.who.sure"), data)
    label = renderer.plain("button.menu.back")
    back = button(label, ShowPerson(verb="show", person=one.id))
    return Screen(
        "\n".join((renderer.html("who.sure"), *lines)), Keyboard(inline_keyboard=[[sure], [back]])
    )
