"""A ticket's journal in words: one text for each kind of event, one for each move."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from channels.telegram.screens import clipped
from core.texts import Key, unpack
from core.tickets.topics import Topics
from core.words.names import clean_name
from handlers.speech import Speech

_MOVE: Final = "state_entered"
_WORDS: Final = 200


def told(
    speech: Speech,
    topics: Topics,
    at: datetime,
    who: str | None,
    event: str,
    facts: Mapping[str, Any],
) -> str:
    """An entry as a line."""
    given = {name: _shown(fact) for name, fact in unpack(facts).items()}
    key = f"journal.move.{given['verb']}" if event == _MOVE else f"journal.{event}"
    if event == "topic_changed":
        given |= {name: _topic(speech, topics, given[name]) for name in ("old", "new")}
    line = speech.html(
        "journal.line",
        {
            "at": at,
            "who": clean_name(who) if who else Key("journal.desk"),
            "what": Key(key, given),
        },
    )
    for name in ("until", "reason"):
        if given.get(name) and event == _MOVE:
            line += speech.html(f"journal.{name}", given)
    return line


def _shown(fact: Any) -> Any:
    return clipped(fact, _WORDS) if isinstance(fact, str) else fact


def _topic(speech: Speech, topics: Topics, code: str | None) -> str | Key:
    topic = topics.get(code or "")
    return Key("card.no_topic") if topic is None else topic.title(speech.locale)
