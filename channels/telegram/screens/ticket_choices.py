"""Choices for a ticket: who works on it, its class and priority, a similar ticket as parent."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Final

from aiogram.filters.callback_data import CallbackData
from pydantic import Field

from channels.telegram.screens.buttons import (
    Button,
    Id,
    Keyboard,
    button,
    matching,
    one_of,
    rows_of,
    short,
)
from channels.telegram.screens.card import TicketVerb, field_line
from channels.telegram.screens.screen import Renderer, Screen
from channels.telegram.screens.ticket_list import ticket_link
from core.links.similar import Similar
from core.teams.members import Colleague
from core.teams.teams import TeamFacts
from core.texts import Key
from core.tickets.card import Card
from core.tickets.catalog import ASPECTS, CATEGORY, PRIORITY, SERVICE, Classes, TopicFacts
from core.tickets.fields import YES_NO, Filled
from core.tickets.fields import Field as OwnField
from core.tickets.named_states import Ways
from core.tickets.resolutions import ClosingReason
from core.words.names import clean_name

# So many are offered; the others are reached by the command.
MOST: Final = 10
# A keyboard has at most a hundred buttons; one leads back.
MOST_BUTTONS: Final = 99
# So many articles are named with a similar ticket.
_ARTICLES: Final = 2

EntryCode = Annotated[str, matching("[a-z0-9][a-z0-9_.-]{0,31}")]


class AssignPerson(CallbackData, prefix="np"):
    """Assign the ticket to this operator."""

    ticket_id: Id
    person: Id


class AssignTeam(CallbackData, prefix="nt"):
    """Assign the ticket to this team."""

    ticket_id: Id
    team: EntryCode


class EscalateTo(CallbackData, prefix="nu"):
    """Take the ticket to this team's higher support level."""

    ticket_id: Id
    team: EntryCode


AssignData = AssignPerson | AssignTeam | EscalateTo


def assignees(
    renderer: Renderer, ticket_id: int, teams: Sequence[TeamFacts], people: Sequence[Colleague]
) -> Keyboard:
    """Teams, and all the people who are offered, as far as a keyboard holds them."""
    offered = [
        _team(renderer, team, AssignTeam(ticket_id=ticket_id, team=team.code))
        for team in teams[:MOST]
    ]
    for one in people[: MOST_BUTTONS - len(offered)]:
        label = short(renderer.plain("button.assign.person", name=one.name))
        offered.append(button(label, AssignPerson(ticket_id=ticket_id, person=one.id)))
    return rows_of([*offered, _back(renderer, ticket_id)])


def levels(renderer: Renderer, ticket_id: int, teams: Sequence[TeamFacts]) -> Keyboard:
    """Teams of higher support levels."""
    offered = [
        _team(renderer, team, EscalateTo(ticket_id=ticket_id, team=team.code))
        for team in teams[:MOST]
    ]
    return rows_of([*offered, _back(renderer, ticket_id)])


def _team(renderer: Renderer, team: TeamFacts, data: AssignTeam | EscalateTo) -> Button:
    key = "button.assign.level" if isinstance(data, EscalateTo) else "button.assign.team"
    label = renderer.plain(key, team=team.title(renderer.locale), level=team.level)
    return button(short(label), data)


def _back(renderer: Renderer, ticket_id: int) -> Button:
    label = renderer.plain("button.verb.back")
    return button(label, TicketVerb(verb="back", ticket_id=ticket_id))


class MoveTo(CallbackData, prefix="ms"):
    """Move the ticket to this state."""

    ticket_id: Id
    state: EntryCode


def draw_states(renderer: Renderer, ways: Ways, *, card: bool = False) -> Screen:
    """The states that the ticket can be moved to now; ``card``: below a card, with a way back."""
    facts = {"number": ways.ticket_id, "state": ways.state.title(renderer.locale)}
    lines = [renderer.html("states.head" if ways.offered else "states.none", **facts)]
    for state in ways.offered:
        said = state.description.get(renderer.locale) or next(iter(state.description.values()), "")
        if said:
            title = state.title(renderer.locale)
            lines.append(renderer.html("states.line", state=title, description=said))
    buttons = [
        button(short(state.title(renderer.locale)), MoveTo(ticket_id=ways.ticket_id, state=code))
        for code, state in zip(ways.ways, ways.offered, strict=True)
    ]
    back = [_back(renderer, ways.ticket_id)] if card else []
    return Screen("\n".join(lines), rows_of([*buttons, *back]))


class EndAs(CallbackData, prefix="er"):
    """The ticket ended for this reason; ``resolve``: it is resolved with it now."""

    ticket_id: Id
    reason: EntryCode
    resolve: bool = False


def draw_reasons(
    renderer: Renderer, ticket_id: int, offered: Sequence[ClosingReason], *, resolve: bool = False
) -> Screen:
    """The closing reasons; ``resolve``: below a card, with the ways past them and back."""
    buttons = [
        button(
            short(one.title(renderer.locale)),
            EndAs(ticket_id=ticket_id, reason=one.code, resolve=resolve),
        )
        for one in offered[: MOST_BUTTONS - 1]
    ]
    if resolve:
        none = TicketVerb(verb="resolve!", ticket_id=ticket_id)
        buttons += [button(renderer.plain("button.reason.none"), none)]
        buttons += [_back(renderer, ticket_id)]
    return Screen(renderer.html("operators.reason_choose", number=ticket_id), rows_of(buttons))


class FieldChoice(CallbackData, prefix="fc"):
    """A field of the ticket holds this: the number of the choice, counted from 0."""

    at: Annotated[int, Field(ge=0, le=99)]
    ticket_id: Id
    field: EntryCode


def draw_fields(renderer: Renderer, ticket_id: int, found: Sequence[Filled]) -> Screen:
    """The fields of a ticket, and how to fill them."""
    lines = [renderer.html("operators.field.head", number=ticket_id)]
    for one in found:
        title = clean_name(one.field.title(renderer.locale))
        empty = renderer.html("operators.field.empty", title=title)
        filled = one.shown is not None
        lines.append(field_line(renderer, one, "operators.field.line") if filled else empty)
    first = found[0].field.title(renderer.locale)
    lines.append(renderer.html("operators.field.how", number=ticket_id, title=first))
    return Screen("\n".join(lines))


def draw_field_choices(renderer: Renderer, ticket_id: int, field: OwnField) -> Screen:
    """What a field can hold, where that is chosen."""
    labels = field.choices or tuple(renderer.plain(f"button.field.{one}") for one in YES_NO)
    buttons = [
        button(short(label), FieldChoice(at=at, ticket_id=ticket_id, field=field.code))
        for at, label in enumerate(labels[:MOST_BUTTONS])
    ]
    title = clean_name(field.title(renderer.locale))
    text = renderer.html("operators.field.choose", number=ticket_id, title=title)
    return Screen(text, rows_of(buttons))


# What each of the two commands chooses.
OF_COMMAND: Final = {"class": (SERVICE, CATEGORY), "priority": (PRIORITY,)}

# A button carries the first letter of the aspect.
_BY_LETTER: Final = {aspect[0]: aspect for aspect in ASPECTS}


class Classify(CallbackData, prefix="kd"):
    """The ticket is of this service, category or priority: ``letter`` is the aspect's first."""

    letter: Annotated[str, one_of(_BY_LETTER)]
    code: Annotated[str, matching("[a-z0-9_.-]{1,32}")]
    ticket_id: Id

    @property
    def aspect(self) -> str:
        """Which of the three it is."""
        return _BY_LETTER[self.letter]


def command_of(aspect: str) -> str:
    """Which command chooses this aspect."""
    return "priority" if aspect == PRIORITY else "class"


def draw_classes(renderer: Renderer, command: str, card: Card, classes: Classes) -> Screen:
    """What the ticket is now, and a button for everything that ``command`` can make of it."""
    facts = {
        "number": card.number,
        "kind": " · ".join(card.promised.titles(renderer.locale)) or Key("operators.kind.none"),
    }
    keys = ("operators.kind", f"operators.kind.{command}")
    chosen = {(one.aspect, one.code) for one in card.promised.kind}
    buttons = [
        button(
            short(f"✓ {title}" if (aspect, one.code) in chosen else title),
            Classify(letter=aspect[0], code=one.code, ticket_id=card.number),
        )
        for aspect in OF_COMMAND[command]
        for one in classes.offered(aspect)
        for title in (one.title(renderer.locale),)
    ]
    return Screen("\n".join(renderer.html(key, **facts) for key in keys), rows_of(buttons))


class SetTopic(CallbackData, prefix="to"):
    """The ticket is about this topic."""

    ticket_id: Id
    code: Annotated[str, matching("[A-Za-z0-9_.-]{1,48}")]


def draw_topics(renderer: Renderer, ticket_id: int, others: Iterable[TopicFacts]) -> Screen:
    """A button for each topic that the ticket can be moved to."""
    buttons = [
        button(short(one.title(renderer.locale)), SetTopic(ticket_id=ticket_id, code=one.code))
        for one in others
    ]
    key = "operators.topic.choose" if buttons else "operators.topic.none"
    return Screen(renderer.html(key, number=ticket_id), rows_of(buttons))


class MakeParent(CallbackData, prefix="r"):
    """The ticket becomes part of ``parent``."""

    ticket_id: Id
    parent: Id


class UndoMerge(CallbackData, prefix="um"):
    """Take the merge of this ticket back."""

    ticket_id: Id


def draw_merged(renderer: Renderer, stays: int, goes: int, until: datetime) -> Screen:
    """Which ticket goes on, and until when the merge can be taken back."""
    back = button(renderer.plain("button.undo_merge"), UndoMerge(ticket_id=goes))
    facts = {"number": stays, "other": goes, "until": until}
    return Screen(renderer.html("operators.merged", **facts), rows_of([back]))


def draw_similar(
    renderer: Renderer,
    ticket_id: int,
    found: Sequence[Similar],
    articles: Mapping[int, Sequence[str]],
) -> Screen:
    """The similar tickets, or a line that there are none. ``articles``: titles of those that were
    used in them.
    """
    if not found:
        return Screen(renderer.html("similar.none", number=ticket_id))
    lines = [renderer.html("similar.head", number=ticket_id)]
    lines += [_line(renderer, one, articles.get(one.line.number, ())) for one in found]
    keyboard = _keyboard(renderer, ticket_id, found)
    if keyboard is not None:
        lines.append(renderer.html("similar.buttons", number=ticket_id))
    return Screen("\n".join(lines), keyboard)


def _line(renderer: Renderer, one: Similar, articles: Sequence[str]) -> str:
    line = renderer.html(
        "similar.line",
        marker=str(one.line.marker),
        ticket=ticket_link(one.line.number, one.line.place),
        customer=clean_name(one.line.customer),
        subject=one.line.subject,
        state=Key(f"card.link.state.{one.category}"),
    )
    used = [
        renderer.html("similar.article", title=clean_name(title)) for title in articles[:_ARTICLES]
    ]
    return "\n".join([line, " · ".join(_reasons(renderer, one)), *used])


def _reasons(renderer: Renderer, one: Similar) -> Iterator[str]:
    for reason in one.reasons:
        yield renderer.html(f"similar.reason.{reason}")
    if one.words:
        yield renderer.html("similar.reason.words", words=", ".join(one.words))


def _keyboard(renderer: Renderer, ticket_id: int, found: Sequence[Similar]) -> Keyboard | None:
    rows = [
        [
            button(
                renderer.plain("button.parent", number=one.line.number),
                MakeParent(ticket_id=ticket_id, parent=one.line.number),
            )
        ]
        for one in found
        if not one.child
    ]
    return Keyboard(inline_keyboard=rows) if rows else None
