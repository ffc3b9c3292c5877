"""A ticket's journal, and why a deadline is when it is (X10)."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from channels.telegram.screens.card import origin_of
from channels.telegram.screens.screen import Renderer, clipped
from core.knowledge.catalogue import Articles, articles_of
from core.sla.agreements import Agreements, agreements_of
from core.sla.explanation import Day, Line, Pause, Why
from core.texts import Key, unpack
from core.tickets.catalog import ASPECTS, Classes, Topics, classes_of, topics_of, workflow_of
from core.tickets.fields import YES_NO, Fields, fields_of
from core.tickets.resolutions import ClosingReasons, reasons_of
from core.tickets.workflow import SET, Workflow
from core.tx import ReadTx
from core.words.names import clean_name

_MOVE: Final = "state_entered"
_DESCRIBED: Final = "ending_described"
_WORDS: Final = 200


@dataclass(frozen=True, slots=True)
class Names:
    """Titles of the codes that entries contain."""

    topics: Topics
    classes: Classes
    agreements: Agreements
    states: Workflow
    reasons: ClosingReasons
    fields: Fields
    articles: Articles


async def names_of(tx: ReadTx) -> Names:
    """The company's names, as they are now."""
    return Names(
        await topics_of(tx),
        await classes_of(tx),
        await agreements_of(tx),
        await workflow_of(tx),
        await reasons_of(tx),
        await fields_of(tx),
        await articles_of(tx),
    )


def draw_entry(
    renderer: Renderer,
    names: Names,
    at: datetime,
    who: str | None,
    event: str,
    facts: Mapping[str, Any],
) -> str:
    """An entry as a line, with its reason, time or result below it."""
    given = {name: _shown(fact) for name, fact in unpack(facts).items()}
    key = f"journal.{_variant(event, given)}"
    if event == _MOVE:
        key = _of_move(renderer, names.states, given)
    if event.startswith("task_"):
        given |= _of_task(given)
    elif event in _NAMED:
        given |= _NAMED[event](renderer, names, given)
    author = clean_name(who) if who else Key("journal.bot")
    line = renderer.html("journal.line", at=at, who=author, what=Key(key, given))
    return line + "".join(_further(renderer, event, given))


def _further(renderer: Renderer, event: str, given: Mapping[str, Any]) -> Iterator[str]:
    """What stands behind the entry: its reason, time or result; where a ticket comes from."""
    if event == "ticket_opened":
        yield from (f" · {each}" for each in _origin(renderer, given))
    for name in ("closing", "article", "until", "reason", "result"):
        if given.get(name) and (event == _MOVE or name == "result"):
            yield renderer.html(f"journal.{name}", **given)
    if event == _DESCRIBED and given.get("article") and (given["reason"] or given["spent"]):
        yield renderer.html("journal.article", article=given["article"])


def _origin(renderer: Renderer, given: Mapping[str, Any]) -> Iterator[str]:
    """Where the ticket comes from: how it came to us, which one it goes on from."""
    yield from origin_of(renderer, given.get("origin", "telegram"))
    if given.get("follows") is not None:
        yield renderer.html("card.follows", follows=given["follows"])


def _reason(renderer: Renderer, names: Names, code: str | None) -> str | None:
    """The title of a closing reason."""
    found = names.reasons.get(code or "")
    return code if found is None else found.title(renderer.locale)


def _article(names: Names, code: str | None) -> str | None:
    """The title of an article, as it is now."""
    found = names.articles.get(code or "")
    return code if found is None else clean_name(found.title)


def _topics(renderer: Renderer, names: Names, given: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _topic(renderer, names.topics, given[name]) for name in ("old", "new")}


def _agreement(_renderer: Renderer, names: Names, given: Mapping[str, Any]) -> dict[str, Any]:
    agreement = names.agreements.agreements.get(given["agreement"] or "")
    return {"agreement": given["agreement"] if agreement is None else agreement.title}


def _field(renderer: Renderer, names: Names, given: Mapping[str, Any]) -> dict[str, Any]:
    """The field's title, and what it holds: a yes in words."""
    found = names.fields.get(given["field"])
    title = given["field"] if found is None else found.title(renderer.locale)
    yes_no = found is not None and found.kind == "yes_no"
    shown = {
        name: Key(f"field.{fact}") if yes_no and fact in YES_NO else fact
        for name, fact in (("value", given["shown"]), ("old", given["old"]))
    }
    return {"title": title, **shown}


def _actions(renderer: Renderer, _names: Names, given: Mapping[str, Any]) -> dict[str, Any]:
    done = (renderer.plain(f"rules.action.{name}") for name in given["done"])
    return {"actions": ", ".join(done)}


def _of_assistant(given: Mapping[str, Any]) -> dict[str, Key]:
    """What the assistant was asked for, and how it ended, in words."""
    stems = {"kind": "assistant.kind", "outcome": "assistant.ended"}
    told = {name: Key(f"{stem}.{given[name]}") for name, stem in stems.items() if name in given}
    if "answered" in given and given["outcome"] != _ANSWERED:
        told["why"] = Key(f"assistant.why.{given['outcome']}")
    return told


_ANSWERED: Final = "answered"
# Codes in words, by event.
_NAMED: Final[dict[str, Callable[[Renderer, Names, Mapping[str, Any]], dict[str, Any]]]] = {
    "topic_changed": _topics,
    **dict.fromkeys(
        ("assistant_asked", "assistant_answered", "suggestion_ended", "suggestion_lost"),
        lambda _renderer, _names, given: _of_assistant(given),
    ),
    "ticket_classified": lambda renderer, names, given: {
        "kind": _kind(renderer, names.classes, given)
    },
    "field_set": _field,
    "rule_ran": _actions,
    "rule_told": lambda _renderer, _names, given: {"to": Key(f"rules.to.{given['to']}")},
    "ticket_tagged": lambda _renderer, _names, given: {"tags": _tags(given)},
    "clocks_set": _agreement,
    _DESCRIBED: lambda renderer, names, given: {
        "reason": _reason(renderer, names, given["reason"]),
        "article": _article(names, given.get("article")),
    },
    _MOVE: lambda renderer, names, given: {
        "closing": _reason(renderer, names, given.get("closing")),
        "article": _article(names, given.get("article")),
    },
}


def _of_task(given: Mapping[str, Any]) -> dict[str, Key]:
    """Kind and outcome of a task in words."""
    kinds = {"kind": "task.kind", "outcome": "task.outcome"}
    return {name: Key(f"{stem}.{given[name]}") for name, stem in kinds.items() if given.get(name)}


def _tags(given: Mapping[str, Any]) -> str:
    """Which came, which went."""
    signs = (("+", "added"), ("−", "removed"))
    return " ".join(f"{sign}#{tag}" for sign, name in signs for tag in given[name])


def _variant(event: str, given: Mapping[str, Any]) -> str:
    """The key of the entry's text, for events that have several."""
    variant = _VARIANTS.get(event)
    return event if variant is None else f"{event}{variant(given)}"


def _promised(given: Mapping[str, Any]) -> str:
    promised = [kind for kind in ("reaction", "resolution") if given[f"{kind}_due"]]
    return f"_{promised[0]}" if len(promised) == 1 else "" if promised else "_nothing"


def _described(given: Mapping[str, Any]) -> str:
    said = [name for name in ("reason", "spent") if given[name] is not None]
    if not said:
        return "_article" if given.get("article") else "_no_article"
    return f"_{said[0]}" if len(said) == 1 else ""


_VARIANTS: Final[dict[str, Callable[[Mapping[str, Any]], str]]] = {
    "assistant_answered": lambda given: "" if given["outcome"] == _ANSWERED else "_failed",
    "rule_ran": lambda given: "" if given["done"] else "_nothing",
    "transcript_made": lambda given: "" if given["internal"] else "_public",
    "ticket_rated": lambda given: "" if given["before"] is None else "_again",
    _DESCRIBED: _described,
    "tasks_left": lambda given: "_chosen" if given["chosen"] else "",
    "task_opened": lambda given: "_by_hand" if given.get("by_hand") else "",
    "person_unreachable": lambda given: "_by_letter" if given.get("by_letter") else "",
    "field_set": lambda given: "_empty" if given["value"] is None else "",
    "clock_near": lambda given: f".{given['kind']}",
    "clock_missed": lambda given: f".{given['kind']}",
    "clocks_set": _promised,
    "next_contact_set": lambda given: "_none" if given["at"] is None else "",
}


def _shown(fact: Any) -> Any:
    return clipped(fact, _WORDS) if isinstance(fact, str) else fact


def _kind(renderer: Renderer, classes: Classes, given: Mapping[str, Any]) -> str | Key:
    chosen = [classes.get(aspect, given[aspect]) for aspect in ASPECTS]
    titles = [one.title(renderer.locale) for one in chosen if one is not None]
    return ", ".join(titles) or Key("operators.kind.none")


def _topic(renderer: Renderer, topics: Topics, code: str | None) -> str | Key:
    topic = topics.get(code or "")
    return Key("card.no_topic") if topic is None else topic.title(renderer.locale)


def _of_move(renderer: Renderer, states: Workflow, given: dict[str, Any]) -> str:
    """The key of a move's text: with the state's name, where that is the company's own, which the
    verb does not say.
    """
    key, state = f"journal.move.{given['verb']}", states.states.get(given["new"])
    given["state"] = given["new"] if state is None else state.title(renderer.locale)
    own = state is not None and state.renamed and given["new"] != given["old"]
    if not own or given["verb"] == SET:
        return key
    given["what"] = Key(key)
    return "journal.move_to"


# Of more lines, those between the first and the last are summed up in one.
_MOST: Final = 24
_ENDS: Final = 10


def draw_explanation(renderer: Renderer, ticket_id: int, why: Why) -> Iterator[str]:
    """The lines of one clock; ``renderer`` is in the zone of its calendar."""
    reading, told = why.told.reading, why.told
    yield renderer.html(f"why.head.{why.kind}", number=ticket_id)
    yield renderer.html(
        "why.terms", agreement=why.agreement, calendar=why.calendar, zone=why.zone.key
    )
    span = timedelta(seconds=reading.span)
    yield renderer.html("why.span", span=span, since=reading.started_at)
    yield from _lines(renderer, told.lines)
    if reading.due_at is not None:
        key = "why.was_due" if reading.due_at <= renderer.now else "why.due"
        yield renderer.html(key, counted=span, due=reading.due_at)
    else:
        left = timedelta(seconds=reading.left or 0)
        yield renderer.html("why.left", counted=span - left, left=left)


def _lines(renderer: Renderer, lines: tuple[Line, ...]) -> Iterator[str]:
    if len(lines) <= _MOST:
        yield from (_line(renderer, line) for line in lines)
        return
    yield from (_line(renderer, line) for line in lines[:_ENDS])
    between = [line for line in lines[_ENDS:-_ENDS] if isinstance(line, Day)]
    length = sum((day.length for day in between), start=timedelta())
    yield renderer.html("why.more", n=len(between), length=length)
    yield from (_line(renderer, line) for line in lines[-_ENDS:])


def _line(renderer: Renderer, line: Line) -> str:
    if isinstance(line, Pause):
        key = "why.ended" if line.ended else "why.pause"
        now = "_now" if line.until is None else ""
        return renderer.html(f"{key}{now}", since=line.since, until=line.until)
    pieces = ", ".join(_piece(renderer, *piece) for piece in line.pieces)
    return renderer.html("why.day", day=line.pieces[0][0], pieces=pieces, length=line.length)


def _piece(renderer: Renderer, since: datetime, until: datetime) -> str:
    return f"{_clock(renderer, since)}–{_clock(renderer, until)}"


def _clock(renderer: Renderer, at: datetime) -> str:
    local = at.astimezone(renderer.zone)
    return f"{local.hour}:{local.minute:02}"
