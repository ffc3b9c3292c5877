"""People as operators see them: a line in a list, a card, and whom they may be one with."""

from collections.abc import Iterator

from channels.telegram.messages.renderer import Renderer
from channels.telegram.screens.callbacks import Who
from channels.telegram.screens.keyboards import Keyboard, button, short
from core.contacts.lookup import Known, PersonFacts
from core.people.contact_points import Point
from core.texts import Key
from core.words.names import clean_name


def person_line(renderer: Renderer, known: Known) -> str:
    """Somebody in a list: the name, and what tells them from others of that name."""
    return " · ".join(
        [renderer.html("who.name", name=clean_name(known.name)), *_marks(renderer, known)]
    )


def _marks(renderer: Renderer, known: Known) -> Iterator[str]:
    if known.username:
        yield renderer.html("who.username", username=known.username)
    for point in known.points:
        yield point_html(renderer, point)
    if not known.telegram:
        yield renderer.html("who.no_telegram")


def point_html(renderer: Renderer, point: Point) -> str:
    """A phone or an address; a proved one is marked."""
    said = renderer.html(f"card.reach.{point.kind}", value=point.value)
    return f"{said}{renderer.html('who.verified')}" if point.verified else said


def person_card(renderer: Renderer, facts: PersonFacts) -> list[str]:
    """All that is known of somebody, as lines."""
    return list(_lines(renderer, facts))


def _lines(renderer: Renderer, facts: PersonFacts) -> Iterator[str]:
    yield person_line(renderer, facts.known)
    if facts.account is not None:
        yield _account(renderer, facts.account, facts.contracts)
    language = Key(f"who.language.{facts.language}")
    key = "who.speaks_zone" if facts.zone else "who.speaks"
    yield renderer.html(key, language=language, zone=facts.zone or "")
    if facts.lost:
        yield renderer.html("who.lost")
    if facts.total:
        yield renderer.html("who.tickets", n=len(facts.open), total=facts.total)
    else:
        yield renderer.html("who.no_tickets")
    for line in facts.open:
        yield renderer.html(
            "who.ticket",
            marker=str(line.marker),
            number=line.number,
            title=clean_name(line.title, 60),
        )
    if facts.twins:
        yield renderer.html("who.twins")
        yield from (person_line(renderer, twin) for twin in facts.twins)


def _account(renderer: Renderer, account: str, contracts: tuple[str, ...]) -> str:
    said = renderer.html("who.account", account=clean_name(account))
    if contracts:
        said += " · " + renderer.html("who.contracts", contracts=", ".join(contracts))
    return said


def found_keyboard(people: tuple[Known, ...]) -> Keyboard:
    """A button for each of several who were found."""
    rows = [[button(short(clean_name(one.name)), Who("show", one.id))] for one in people]
    return Keyboard(inline_keyboard=rows)


def person_keyboard(renderer: Renderer, facts: PersonFacts) -> Keyboard | None:
    """Whom they may be one with."""
    rows = [
        [
            button(
                short(renderer.plain("button.who.merge", name=clean_name(twin.name))),
                Who("merge", facts.known.id, twin.id),
            )
        ]
        for twin in facts.twins
    ]
    return Keyboard(inline_keyboard=rows) if rows else None


def sure_keyboard(renderer: Renderer, person: int, other: int) -> Keyboard:
    """Once more: what was merged is not parted again."""
    sure = button(renderer.plain("button.who.sure"), Who("merge!", person, other))
    back = button(renderer.plain("button.menu.back"), Who("show", person))
    return Keyboard(inline_keyboard=[[sure], [back]])
