"""People as operators see them: a line in a list, a card, and whom they may be one with."""

from collections.abc import Iterator

from channels.telegram.callbacks import Who
from channels.telegram.keyboards import Keyboard, button, short
from channels.telegram.voice import Voice
from core.contacts.finding import Known, PersonFacts
from core.contacts.points import Point
from core.texts import Key
from core.words.names import clean_name


def person_line(voice: Voice, known: Known) -> str:
    """Somebody in a list: the name, and what tells them from others of that name."""
    return " · ".join([voice.html("who.name", name=clean_name(known.name)), *_marks(voice, known)])


def _marks(voice: Voice, known: Known) -> Iterator[str]:
    if known.username:
        yield voice.html("who.username", username=known.username)
    for point in known.points:
        yield point_html(voice, point)
    if not known.telegram:
        yield voice.html("who.no_telegram")


def point_html(voice: Voice, point: Point) -> str:
    """A phone or an address; a proved one is marked."""
    said = voice.html(f"card.reach.{point.kind}", value=point.value)
    return f"{said}{voice.html('who.verified')}" if point.verified else said


def person_card(voice: Voice, facts: PersonFacts) -> list[str]:
    """All that is known of somebody, as lines."""
    return list(_lines(voice, facts))


def _lines(voice: Voice, facts: PersonFacts) -> Iterator[str]:
    yield person_line(voice, facts.known)
    if facts.account is not None:
        yield _account(voice, facts.account, facts.contracts)
    language = Key(f"who.language.{facts.language}")
    key = "who.speaks_zone" if facts.zone else "who.speaks"
    yield voice.html(key, language=language, zone=facts.zone or "")
    if facts.lost:
        yield voice.html("who.lost")
    if facts.total:
        yield voice.html("who.tickets", n=len(facts.open), total=facts.total)
    else:
        yield voice.html("who.no_tickets")
    for line in facts.open:
        yield voice.html(
            "who.ticket",
            marker=str(line.marker),
            number=line.number,
            title=clean_name(line.title, 60),
        )
    if facts.twins:
        yield voice.html("who.twins")
        yield from (person_line(voice, twin) for twin in facts.twins)


def _account(voice: Voice, account: str, contracts: tuple[str, ...]) -> str:
    said = voice.html("who.account", account=clean_name(account))
    if contracts:
        said += " · " + voice.html("who.contracts", contracts=", ".join(contracts))
    return said


def found_keyboard(people: tuple[Known, ...]) -> Keyboard:
    """A button for each of several who were found."""
    rows = [[button(short(clean_name(one.name)), Who("show", one.id))] for one in people]
    return Keyboard(inline_keyboard=rows)


def person_keyboard(voice: Voice, facts: PersonFacts) -> Keyboard | None:
    """Whom they may be one with."""
    rows = [
        [
            button(
                short(voice.plain("button.who.merge", name=clean_name(twin.name))),
                Who("merge", facts.known.id, twin.id),
            )
        ]
        for twin in facts.twins
    ]
    return Keyboard(inline_keyboard=rows) if rows else None


def sure_keyboard(voice: Voice, person: int, other: int) -> Keyboard:
    """Once more: what was merged is not parted again."""
    sure = button(voice.plain("button.who.sure"), Who("merge!", person, other))
    back = button(voice.plain("button.menu.back"), Who("show", person))
    return Keyboard(inline_keyboard=[[sure], [back]])
