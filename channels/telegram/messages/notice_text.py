"""Notices as messages: which words, which facts fit to be shown, which buttons."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from aiogram.types import InlineKeyboardMarkup as Keyboard

from channels.telegram.messages.renderer import Renderer
from channels.telegram.screens import keyboards
from channels.telegram.screens.cameras import outage_offer
from channels.telegram.screens.card import NOBODY
from channels.telegram.screens.screen import Screen, clipped
from core.texts import Key, unpack
from core.tickets.card import Card
from core.tickets.customer_message import TITLE_LENGTH
from core.tickets.workflow import Marker
from core.words.names import NAMELESS, clean_name

Facts = Mapping[str, Any]

_NAMES: Final = ("customer", "assignee", "by", "to")
_WORDS: Final = ("opening", "error", "title", "result")
# A solution in words may be long; all of it must fit into one message beside our own words.
_LONGEST_REASON: Final = 3000
_LONGEST_WORDS: Final = 500
_WORTH_SAYING: Final = timedelta(minutes=1)
# So many numbers show which tickets are meant.
_FEW: Final = 12
_SUPERGROUP: Final = "-100"


def say(renderer: Renderer, key: str, packed: Facts, card: Card | None) -> Screen:
    """The notice as it is sent. ``card`` is its ticket's, where one stands."""
    facts = _shown(unpack(packed))
    variant = _VARIANTS.get(key)
    return Screen(
        renderer.html(variant(facts) if variant else key, **facts),
        _keyboard(renderer, key, facts, card),
    )


def _shown(facts: dict[str, Any]) -> dict[str, Any]:
    """Facts as readers may see them: no name in disguise, nothing without an end."""
    for name in _NAMES:
        if facts.get(name) is not None:
            facts[name] = clean_name(str(facts[name]))
    facts["assignee"] = facts.get("assignee") or NOBODY
    for name in _WORDS:
        if facts.get(name) is not None:
            facts[name] = clipped(str(facts[name]), _LONGEST_WORDS)
    if facts.get("title") is not None:
        facts["title"] = clean_name(facts["title"], TITLE_LENGTH)
    if facts.get("reason") is not None:
        # our sentences go on after it, with a mark of their own
        reason = clipped(str(facts["reason"]), _LONGEST_REASON).rstrip(" .")
        facts["reason"] = reason or NAMELESS
    if facts.get("area"):
        facts["news"] = outage_news(facts)
    if isinstance(facts.get("tickets"), list | tuple):
        facts["n"] = len(facts["tickets"])
        facts["numbers"] = ", ".join(f"#{number}" for number in facts["tickets"][:_FEW])
    facts["since"] = facts.get("since") or facts.get("due")
    if facts.get("told"):
        facts["who"] = _mentions(facts["told"])
    facts["marker"] = str(Marker.NEEDS_ANSWER if facts.get("waiting") else Marker.ANSWERED)
    return facts


def outage_news(facts: Facts) -> Key:
    """What is known of an area's outage: ``area``, ``words`` and ``until``."""
    words = "_words" if facts.get("words") else ""
    until = "_until" if facts.get("until") else ""
    told = {name: facts.get(name) for name in ("area", "until")}
    told["words"] = clipped(str(facts.get("words") or ""), _LONGEST_WORDS).rstrip(" .")
    return Key(f"outage.news{words}{until}", told)


def _mentions(told: Sequence[tuple[int, str]]) -> Key:
    """People so that Telegram rings for them."""
    (number, name), rest = told[0], told[1:]
    first = Key("group.mention", {"id": number, "name": clean_name(name)})
    return Key("group.mentions", {"first": first, "rest": _mentions(rest)}) if rest else first


def _woke(facts: Facts) -> str:
    return "group.woke_reason" if facts.get("reason") else "group.woke"


def _overdue(facts: Facts) -> str:
    late = facts.get("late")
    worth = isinstance(late, timedelta) and late >= _WORTH_SAYING
    return "alert.overdue_late" if worth else "alert.overdue"


def _digest(facts: Facts) -> str:
    if facts.get("near") and facts.get("woke"):
        return "group.digest_both"
    return "group.digest_near" if facts.get("near") else "group.digest_woke"


def _rehoused(facts: Facts) -> str:
    return "group.rehoused" if facts.get("to") else "group.rehoused_away"


# Notices whose words depend on what there is to say.
_VARIANTS: Final[dict[str, Callable[[Facts], str]]] = {
    "group.woke": _woke,
    "alert.overdue": _overdue,
    "group.digest": _digest,
    "group.rehoused": _rehoused,
}


def _retry(renderer: Renderer, facts: Facts, _: Card | None) -> Keyboard | None:
    return keyboards.retry(renderer, facts["retry"]) if facts.get("retry") else None


def _open_card(renderer: Renderer, _: Facts, card: Card | None) -> Keyboard | None:
    url = card_url(card)
    return None if url is None else keyboards.open_card(renderer, url)


def _which(renderer: Renderer, facts: Facts, _: Card | None) -> Keyboard | None:
    return keyboards.file_which(renderer, [_choice(renderer, *each) for each in facts["choices"]])


def _show_late(renderer: Renderer, facts: Facts, _: Card | None) -> Keyboard:
    """The list of what is overdue; what agreements promised stands in the queue."""
    answers = getattr(facts.get("overdue"), "key", "") != "digest.late"
    return keyboards.show_all(renderer, "overdue" if answers else "queue")


# The buttons under a notice, by the beginning of its key.
_KEYBOARDS: Final[dict[str, Callable[[Renderer, Facts, Card | None], Keyboard | None]]] = {
    "answer.failed": _retry,
    "ticket.resolved": lambda renderer, facts, _: keyboards.resolved(renderer, facts["number"]),
    "customer.ask.whether": lambda renderer, _facts, _card: keyboards.file_whether(renderer),
    "customer.ask.which": _which,
    "staff.assigned": _open_card,
    "staff.escalated": _open_card,
    "alert.overdue": _open_card,
    "alert.clock": _open_card,
    "alert.digest": _show_late,
    "group.digest": lambda renderer, _facts, _card: keyboards.show_all(renderer, "queue"),
    "group.outage_offer": lambda renderer, facts, _: outage_offer(renderer, facts["tickets"][-1]),
    "group.storm": lambda renderer, _facts, _card: keyboards.show_all(renderer, "queue"),
}


def shows_card(key: str) -> bool:
    """Whether the buttons under the notice depend on where the ticket's card stands by then."""
    return key.startswith(("alert.overdue", "staff."))


def _keyboard(renderer: Renderer, key: str, facts: Facts, card: Card | None) -> Keyboard | None:
    builders = (build for stem, build in _KEYBOARDS.items() if key.startswith(stem))
    build = next(builders, None)
    return None if build is None else build(renderer, facts, card)


def _choice(renderer: Renderer, ticket_id: int, topic: str) -> tuple[int, str]:
    return ticket_id, topic or renderer.plain("own.no_topic")


def card_url(card: Card | None) -> str | None:
    """The address of a card, where cards have one."""
    place = None if card is None else card.place
    if place is None or not place.chat.startswith(_SUPERGROUP):
        return None
    return f"https://t.me/c/{place.chat.removeprefix(_SUPERGROUP)}/{place.message}"
