"""The operators' card of a ticket: its text, its buttons, and the menus that they open."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Annotated, Any, Final

from aiogram.filters.callback_data import CallbackData

from channels.telegram.screens.buttons import Button, Id, Keyboard, button, one_of, rows_of
from channels.telegram.screens.screen import Renderer, Screen, clipped
from channels.telegram.screens.tags import tags_line
from core.texts import Key
from core.tickets.card import Card, FaultyArea, FaultyCamera, OpenTask
from core.tickets.customer_message import TITLE_LENGTH
from core.tickets.fields import Filled
from core.tickets.incoming import CARD_SHOWS
from core.tickets.relations import URL, LinkFacts
from core.tickets.resolutions import Ending
from core.tickets.workflow import sign_of
from core.words.names import clean_name

# What the assistant is asked for.
ASSISTED: Final = ("draft", "summary", "translate")
# «close» asks once more; «close!» does it.
_VERBS: Final = (
    *("take", "release", "wait", "freeze", "unfreeze", "resolve", "reopen", "assign", "escalate"),
    *("close", "close!", "cancel", "cancel!", "resolve!"),
    *("more", "back", "journal", "why", "tasks", "task", "state", "transcript", "data"),
    *("assistant", *ASSISTED),
)
_FREEZE_ENDS: Final = ("1h", "tomorrow", "monday", "week")
_FREEZES: Final = (*_FREEZE_ENDS, "other", "ever")


class TicketVerb(CallbackData, prefix="t"):
    """Do this to the ticket, or show what can be done."""

    verb: Annotated[str, one_of(_VERBS)]
    ticket_id: Id


class Freeze(CallbackData, prefix="f"):
    """Freeze the ticket for this span; ``other`` explains how to type another one."""

    span: Annotated[str, one_of(_FREEZES)]
    ticket_id: Id


class FreezeEnd(CallbackData, prefix="fe"):
    """The end of a freeze that has begun for a reason in which no time could be read."""

    span: Annotated[str, one_of(_FREEZE_ENDS)]
    ticket_id: Id


# Words that take more than this are folded by the reader's client.
_SHORT: Final = 240
_FEW_LINES: Final = 4
_LONGEST_REASON: Final = 300
# A card with more links is read by nobody; /ticket shows no more either.
_LINKS: Final = 5
_LONGEST_LINK: Final = 60
# A card shows so many fields, and so much of each; /field shows all of it.
_FIELDS: Final = 10
_VALUE: Final = 120

NOBODY: Final = Key("person.nobody")


def draw(card: Card, renderer: Renderer) -> Screen:
    """The card as it should look now."""
    return Screen("\n".join(_lines(card, renderer)), keyboard(renderer, card))


def _lines(card: Card, renderer: Renderer) -> Iterator[str]:
    about = clean_name(card.topic, TITLE_LENGTH) if card.topic else Key("card.no_topic")
    yield renderer.html(
        "card.head", marker=sign_of(card.state, card.marker), number=card.number, about=about
    )
    if title := _title(card):
        yield renderer.html("card.title", title=title)
    yield " · ".join(_whose(card, renderer))
    yield from _reach(card, renderer)
    yield from _team(card, renderer)
    if titles := card.promised.titles(renderer.locale):
        yield renderer.html("card.kind", kind=" · ".join(titles))
    if card.tags:
        yield renderer.html("card.tags", tags=tags_line(renderer, card.tags, card.listed))
    yield from _fields(card, renderer) if card.fields else ()
    if work := " · ".join(_work(card, renderer)):
        yield work
    yield from _tasks(card, renderer)
    yield from _related(card, renderer)
    yield from _state(card, renderer)
    yield from () if card.ending is None else _ending(card, card.ending, renderer)
    if card.follows is not None:
        yield renderer.html("card.follows", follows=card.follows)
    if words := clipped(card.opening, CARD_SHOWS):
        long = len(words) > _SHORT or words.count("\n") >= _FEW_LINES
        yield renderer.html("card.opening_long" if long else "card.opening", words=words)


# Most tickets come from here: that need not be said. Of the others a line of their own tells.
_UNSAID: Final = frozenset({"", "telegram", "split", "outage"})
_ORIGINS: Final = frozenset({"email", "web", "api", "phone", "operator", "trial"})


def origin_of(renderer: Renderer, origin: str) -> list[str]:
    """How the ticket came to us, if that is worth saying; other systems name channels of theirs."""
    if origin in _UNSAID:
        return []
    known = Key(f"origin.{origin}") if origin in _ORIGINS else clean_name(origin)
    return [renderer.html("card.origin", origin=known)]


def _title(card: Card) -> str | None:
    """The title, where it says what nothing else on the card does."""
    title = clean_name(card.title, TITLE_LENGTH)
    others = {clean_name(words, TITLE_LENGTH) for words in (card.topic or "", card.opening)}
    return None if title in others else title


def _whose(card: Card, renderer: Renderer) -> Iterator[str]:
    """The customer, how they came, and their camera; or which area, and how many reports."""
    if isinstance(card.faulty, FaultyArea):  # nobody stands behind an area
        yield _area(card.faulty, renderer)
        return
    lost = "card.customer_lost" if card.customer_lost else "card.customer"
    yield renderer.html(lost, name=clean_name(card.customer))
    yield from origin_of(renderer, card.origin)
    if card.language is not None:
        yield renderer.html(f"card.language.{card.language}")
    if card.faulty is not None:
        yield from _camera(card.faulty, _title(card) or "", renderer)


def _camera(camera: FaultyCamera, title: str, renderer: Renderer) -> Iterator[str]:
    """Its number, where it is unless the title says so, and in which area."""
    yield renderer.html("card.camera", number=camera.number)
    place = clean_name(camera.place)
    yield from (renderer.html("card.part", part=place),) if place not in title else ()
    if camera.area:
        yield renderer.html("card.part", part=clean_name(camera.area))


def _area(faulty: FaultyArea, renderer: Renderer) -> str:
    key = "card.outage_until" if faulty.until else "card.outage"
    return renderer.html(key, area=clean_name(faulty.area), n=faulty.parts, until=faulty.until)


def _work(card: Card, renderer: Renderer) -> Iterator[str]:
    """All deadlines, when the customer is to hear from us, and whose it is, on one line."""
    if card.answer_due is not None and card.waiting_since is not None and not card.state.final:
        late = card.answer_due <= renderer.now
        yield renderer.html("card.was_due" if late else "card.due", due=card.answer_due)
    if clocks := " · ".join(_clocks(card, renderer)):
        yield f"{renderer.html('card.clocks')} {clocks}"
    if card.contact is not None:
        passed = "_passed" if card.contact <= renderer.now else ""
        yield renderer.html(f"card.contact{passed}", at=card.contact)
    if card.assignee is not None:
        yield renderer.html("card.assignee", name=clean_name(card.assignee))
    elif card.earlier_assignee is not None and not card.state.final:
        earlier = clean_name(card.earlier_assignee)
        yield renderer.html("card.earlier", nobody=NOBODY, name=earlier)
    elif not card.state.final:
        yield renderer.html("card.unassigned", nobody=NOBODY)
    if card.answering and not card.state.final:
        names = ", ".join(clean_name(name) for name in card.answering)
        yield renderer.html("card.answering", n=len(card.answering), names=names)


def _clocks(card: Card, renderer: Renderer) -> Iterator[str]:
    """Until when an agreement wants a reaction and a resolution, while somebody can still act."""
    for clock in card.promised.clocks:
        if clock.due_at is not None:
            late = "_late" if clock.due_at <= renderer.now else ""
            yield renderer.html(f"card.clock.{clock.kind}{late}", due=clock.due_at)
        elif clock.left is not None:
            left = timedelta(seconds=clock.left)
            yield renderer.html(f"card.clock.{clock.kind}_stands", left=left)


def _team(card: Card, renderer: Renderer) -> Iterator[str]:
    """The team, where there are teams; its support level above the first."""
    behind = card.behind
    if behind.team is not None:
        key = "card.team_level" if behind.level > 1 else "card.team"
        yield renderer.html(key, team=clean_name(behind.team), level=behind.level)


def _tasks(card: Card, renderer: Renderer) -> Iterator[str]:
    """The open tasks, on one line."""
    if card.behind.tasks:
        listed = " · ".join(_task(card, task, renderer) for task in card.behind.tasks)
        yield renderer.html("card.tasks") + " " + listed


def _task(card: Card, task: OpenTask, renderer: Renderer) -> str:
    """A task; without a name where it is the ticket's assignee's."""
    kind = Key(f"task.kind.{task.kind}")
    if task.assignee is None or task.assignee == card.assignee:
        return renderer.html("card.task", task=task.id, kind=kind)
    return renderer.html("card.task_of", task=task.id, kind=kind, name=clean_name(task.assignee))


def _reach(card: Card, renderer: Renderer) -> Iterator[str]:
    """Phones and addresses of a customer who is not in Telegram."""
    said = [renderer.html(f"card.reach.{kind}", value=value) for kind, value in card.reach]
    if said:
        yield " · ".join(said)


def _related(card: Card, renderer: Renderer) -> Iterator[str]:
    """Parent, children and links, on one line."""
    parts = list(_parts(card, renderer))
    if parts:
        yield f"{renderer.html('card.links')} {' · '.join(parts)}"


def _parts(card: Card, renderer: Renderer) -> Iterator[str]:
    relations = card.relations
    if relations.parent is not None:
        yield renderer.html("card.parent", parent=relations.parent)
    if relations.children:
        yield renderer.html("card.children", n=relations.children)
    for link in relations.links[:_LINKS]:
        yield _link(link, renderer)
    if len(relations.links) > _LINKS:
        yield renderer.html("card.links_more", n=len(relations.links) - _LINKS)


def _link(link: LinkFacts, renderer: Renderer) -> str:
    if link.kind != URL:
        state = Key(f"card.link.state.{link.state}")
        return renderer.html(f"card.link.{link.kind}", other=link.other, state=state)
    title = clean_name(link.title or (link.url or "").split("//", 1)[-1], _LONGEST_LINK)
    key = "card.link.url_state" if link.state else "card.link.url"
    return renderer.html(key, url=link.url, title=title, state=link.state or "")


def _state(card: Card, renderer: Renderer) -> Iterator[str]:
    """What the marker does not say already."""
    facts: dict[str, Any] = {
        "reason": clipped(card.reason or "", _LONGEST_REASON),
        "until": card.frozen_until,
        "closed": card.closed_at or card.opened_at,
    }
    why = "_reason" if facts["reason"] else ""
    if card.relations.merged:  # its link says so
        return
    if card.state.renamed:
        yield renderer.html("card.state.named", state=card.state.title(renderer.locale))
    match card.state.category:
        case _ if card.state.renamed and not (why or card.frozen_until):
            return
        case "waiting":
            yield renderer.html("card.state.waiting")
        case "frozen":
            until = "_until" if card.frozen_until else ""
            yield renderer.html(f"card.state.frozen{until}{why}", **facts)
        case "on_hold" | "resolved" | "closed" | "cancelled" as category:
            said = renderer.html(f"card.state.{category}{why}", **facts)
            yield " · ".join([said, *_ended_by(card, renderer)])
        case "open" if card.reopened and card.assignee is None:
            yield renderer.html("card.state.reopened")


def _ended_by(card: Card, renderer: Renderer) -> Iterator[str]:
    """Who ended it: an operator by name, the customer as such; nobody where it went by itself."""
    if card.ended_by is not None:
        key = "card.ended_by_customer" if card.ended_by.customer else "card.ended_by"
        yield renderer.html(key, name=clean_name(card.ended_by.name))


def _fields(card: Card, renderer: Renderer) -> Iterator[str]:
    """The company's own fields that hold something; and what is missing where work goes on."""
    for one in [one for one in card.fields if one.shown is not None][:_FIELDS]:
        yield field_line(renderer, one, "card.field")
    missing = [
        clean_name(one.field.title(renderer.locale))
        for one in card.fields
        if one.field.required and one.shown is None
    ]
    if missing and card.state.clock != "stops":
        yield renderer.html("card.field_missing", fields=", ".join(missing))


def field_line(renderer: Renderer, one: Filled, key: str) -> str:
    """A field and what it holds."""
    title, shown = clean_name(one.field.title(renderer.locale)), one.shown
    if isinstance(shown, datetime):
        return renderer.html(f"{key}_day", title=title, value=shown)
    words = Key(f"field.{shown}") if one.field.kind == "yes_no" else clipped(shown or "", _VALUE)
    return renderer.html(key, title=title, value=words)


def _ending(card: Card, ending: Ending, renderer: Renderer) -> Iterator[str]:
    """How it ended, where the state does not say so already, and what the customer says of it."""
    if card.state.clock == "stops":
        if ending.solution and not card.reason:
            words = clipped(ending.solution, _LONGEST_REASON)
            yield renderer.html("card.solution", words=words)
        if ending.reason:
            yield renderer.html("card.closing_reason", reason=ending.reason)
        if ending.spent is not None:
            yield renderer.html("card.spent", spent=ending.spent)
        if ending.article:
            yield renderer.html("card.article", title=clean_name(ending.article))
    if ending.rating is not None:
        comment = clipped(ending.comment or "", _LONGEST_REASON)
        key = "card.rating_comment" if comment else "card.rating"
        yield renderer.html(key, rating=ending.rating, comment=comment)


# What a card shows at once, in this order.
_FIRST: Final[tuple[str, ...]] = ("take", "unfreeze", "resolve", "wait", "freeze")


# What is not shown of these, by whether the ticket is frozen and whether somebody has it.
_HIDDEN: Final = {
    (False, False): {"wait", "unfreeze"},
    (False, True): {"take", "unfreeze"},
    (True, False): {"take", "wait", "freeze"},
    (True, True): {"take", "wait", "freeze"},
}

# What is called shorter on a card than in a menu.
_ON_CARD: Final = {"data": "button.card.data"}


def keyboard(renderer: Renderer, card: Card) -> Keyboard:
    """The buttons of a card: the moves that its state allows, and what leads to the others.

    One tap away, where there is any: a translation, for a customer of another language (X17), and
    the technical data (T1).
    """
    hidden = _HIDDEN[card.state.put_off, card.assignee is not None]
    shown = [verb for verb in _FIRST if verb in card.verbs and verb not in hidden]
    if card.state.final or not shown:
        shown = ["reopen"] if "reopen" in card.verbs else []
    offered = {"translate": card.translated, "data": card.technical, "more": True}
    rest = [] if card.state.final else [verb for verb, there in offered.items() if there]
    return rows_of(_verbs(renderer, card.number, [*shown, *rest], _ON_CARD))


def more(
    renderer: Renderer,
    ticket_id: int,
    verbs: Collection[str],
    *,
    taken: bool,
    technical: bool = False,
    also: Sequence[str] = (),
    app: str | None = None,
) -> Keyboard:
    """What a card does not show at once, the destructive last.

    ``technical``: the card itself leads to the technical data; ``also``: what only this ticket
    offers, such as its tasks; ``app``: what opens it in the app.
    """
    offered = ["release"] if taken and "release" in verbs else []
    ends = [verb for verb in ("close", "cancel") if verb in verbs]
    looks = ["state", *([] if technical else ["data"]), "journal", "transcript"]
    opened = [] if app is None else [Button(text=renderer.plain("button.app.ticket"), url=app)]
    shown = _verbs(renderer, ticket_id, [*offered, *also, *looks])
    rest = _verbs(renderer, ticket_id, [*ends, "back"])
    return rows_of([*shown, *opened, *rest])


def assistant_menu(renderer: Renderer, ticket_id: int) -> Keyboard:
    """What the assistant can be asked for (X17)."""
    return rows_of(_verbs(renderer, ticket_id, [*ASSISTED, "back"]))


def freeze_spans(renderer: Renderer, ticket_id: int) -> Keyboard:
    """For how long the ticket is to be frozen."""
    spans = [
        button(renderer.plain(f"button.freeze.{span}"), Freeze(span=span, ticket_id=ticket_id))
        for span in _FREEZES
    ]
    return rows_of([*spans, *_verbs(renderer, ticket_id, ["back"])])


def freeze_end(renderer: Renderer, ticket_id: int, reason: str) -> Screen:
    """The ticket is frozen for this reason; until when?"""
    facts = {"number": ticket_id, "reason": clipped(reason, _LONGEST_REASON)}
    spans = [
        button(renderer.plain(f"button.freeze.{span}"), FreezeEnd(span=span, ticket_id=ticket_id))
        for span in _FREEZE_ENDS
    ]
    return Screen(renderer.html("operators.freeze_end", **facts), rows_of(spans))


def confirm_end(renderer: Renderer, ticket_id: int, verb: str) -> Keyboard:
    """``close`` and ``cancel`` ask once more."""
    data = TicketVerb(verb=f"{verb}!", ticket_id=ticket_id)
    sure = button(renderer.plain(f"button.sure.{verb}"), data)
    return rows_of([sure, *_verbs(renderer, ticket_id, ["back"])])


def _verbs(
    renderer: Renderer,
    ticket_id: int,
    verbs: Iterable[str],
    labels: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[Button]:
    for verb in verbs:
        data = TicketVerb(verb=verb, ticket_id=ticket_id)
        yield button(renderer.plain(labels.get(verb, f"button.verb.{verb}")), data)
