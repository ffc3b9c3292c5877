"""Notices as messages: their texts, how their facts are shown, and the buttons below them."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from html import escape
from typing import Any, Final

from aiogram.filters.callback_data import CallbackData

from channels.telegram.addresses import number_in
from channels.telegram.screens import (
    consent,
    customer_menu,
    customer_tickets,
    outages,
    tasks,
    ticket_list,
)
from channels.telegram.screens.alerts import draw_digest, frozen_url, open_card
from channels.telegram.screens.buttons import Id, Keyboard, button, rows_of
from channels.telegram.screens.card import NOBODY
from channels.telegram.screens.screen import Renderer, Screen, clipped, url_of
from core.delivery.digest_lines import LINES
from core.delivery.own_words import say_own
from core.texts import Key, unpack
from core.tickets.card import Card
from core.tickets.customer_message import TITLE_LENGTH
from core.tickets.workflow import Marker
from core.words.names import NAMELESS, clean_name

Facts = Mapping[str, Any]

_NAMES: Final = ("customer", "assignee", "by", "to")
_WORDS: Final = ("comment", "opening", "error", "title", "result", "new")
# A solution in words may be long; all of it must fit into one message beside our own words.
_LONGEST_REASON: Final = 3000
_LONGEST_WORDS: Final = 500
_WORTH_SAYING: Final = timedelta(minutes=1)
# So many numbers show which tickets are meant.
_FEW: Final = 12


class RetryAnswer(CallbackData, prefix="a"):
    """Send the answer that failed once more."""

    message_id: Id


class ShowWhole(CallbackData, prefix="whole"):
    """Show a message with what was left out of it: what it quotes."""

    message_id: Id


class QuestionAfterAll(CallbackData, prefix="q"):
    """A message taken for thanks is a question after all."""

    message_id: Id


def draw(renderer: Renderer, key: str, packed: Facts, card: Card | None) -> Screen:
    """The notice as a message. ``card`` is the card of its ticket, if there is one."""
    facts = _shown(unpack(packed))
    own = _own(renderer, packed, facts)
    if own is not None:
        return Screen(own, _keyboard(renderer, key, facts, card))
    if key in REMINDERS:
        facts["left"] = max(facts[REMINDERS[key]] - renderer.now, timedelta())
    if facts.get(LINES):
        return Screen(draw_digest(renderer, facts), _keyboard(renderer, key, facts, card))
    variant = _VARIANTS.get(key)
    text = renderer.html(variant(facts) if variant else key, **facts)
    return Screen(text, _keyboard(renderer, key, facts, card))


def _own(renderer: Renderer, packed: Facts, facts: Facts) -> str | None:
    """The company's words instead of the desk's; whom a post in the group calls, is called."""
    said = say_own(
        packed, now=renderer.now, zone=renderer.zone, locale=renderer.locale, escape=escape
    )
    who = facts.get("who")
    return said if said is None or who is None else f"{said}\n{renderer.html(who.key, **who.facts)}"


# Reminders, and which of their facts is the instant that they remind of.
REMINDERS: Final[Mapping[str, str]] = {
    "group.reminder": "due",
    "group.clock_near.reaction": "deadline",
    "group.clock_near.resolution": "deadline",
}


def is_outdated(key: str, packed: Facts, now: datetime) -> bool:
    """True of a reminder that was so long on its way that what it reminds of has passed."""
    fact = REMINDERS.get(key)
    due = None if fact is None else unpack(dict(packed)).get(fact)
    return isinstance(due, datetime) and due <= now


def _shown(facts: dict[str, Any]) -> dict[str, Any]:
    """Facts as readers may see them: names cleaned, long words cut."""
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
        facts["news"] = outages.news(facts)
    if isinstance(facts.get("tickets"), list | tuple):
        facts["n"] = facts.get("total") or len(facts["tickets"])
        facts["numbers"] = ", ".join(f"#{number}" for number in facts["tickets"][:_FEW])
    if isinstance(facts.get("tasks"), list | tuple):
        facts["n"], facts["tasks"] = len(facts["tasks"]), tasks.left_lines(facts["tasks"])
    facts["since"] = facts.get("since") or facts.get("due")
    facts["url"] = frozen_url(facts.get("card"))
    facts |= _described(facts)
    facts["marker"] = str(Marker.NEEDS_ANSWER if facts.get("waiting") else Marker.ANSWERED)
    return facts


def _described(facts: Facts) -> dict[str, Key]:
    """People and kinds of messages, as texts of their own."""
    described = {}
    if "content_kind" in facts:
        described["what"] = Key(f"kind.{facts['content_kind']}")
    if "field_kind" in facts:
        described["how"] = Key(f"customer.field.how.{facts['field_kind']}")
    if isinstance(facts.get("told"), list | tuple) and facts["told"]:
        described["who"] = _mentions(facts["told"])
    return described


def _mentions(told: Sequence[tuple[object, str]]) -> Key:
    """People as mentions, so that Telegram notifies them."""
    (address, name), rest = told[0], told[1:]
    first = Key("group.mention", {"id": number_in(address), "name": clean_name(name)})
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


def _closed(facts: Facts) -> str:
    more = facts["n"] > len(facts["tickets"])
    return "group.closed_by_itself_more" if more else "group.closed_by_itself"


def _not_shown(facts: Facts) -> str:
    return "group.not_shown_named" if facts.get("words") else "group.not_shown"


def _rehoused(facts: Facts) -> str:
    return "group.rehoused" if facts.get("to") else "group.rehoused_away"


def _card_moved(facts: Facts) -> str:
    return "group.card_moved" if facts.get("url") else "group.card_moved_away"


# Notices whose words depend on what there is to say.
_VARIANTS: Final[dict[str, Callable[[Facts], str]]] = {
    "group.woke": _woke,
    "alert.overdue": _overdue,
    "group.digest": _digest,
    "group.closed_by_itself": _closed,
    "group.rehoused": _rehoused,
    "group.card_moved": _card_moved,
    "group.not_shown": _not_shown,
}


def _retry(renderer: Renderer, facts: Facts, _: Card | None) -> Keyboard | None:
    if not facts.get("retry"):
        return None
    return rows_of([button(renderer.plain("button.retry"), RetryAnswer(message_id=facts["retry"]))])


def _open_card(renderer: Renderer, facts: Facts, card: Card | None) -> Keyboard | None:
    url = frozen_url(facts["card"]) if "card" in facts else card_url(card)
    return None if url is None else open_card(renderer, url)


def message_buttons(renderer: Renderer, message_id: int, *, thanks: bool, whole: bool) -> Keyboard:
    """Buttons below a customer's message: of one taken for thanks, of one with words left out."""
    found = []
    if thanks:
        data = QuestionAfterAll(message_id=message_id)
        found.append(button(renderer.plain("button.question"), data))
    if whole:
        found.append(button(renderer.plain("button.whole"), ShowWhole(message_id=message_id)))
    return rows_of(found)


def _explain(renderer: Renderer, facts: Facts, _: Card | None) -> Keyboard:
    return customer_tickets.after_rating(renderer, facts["number"], explain=True)


def _which(renderer: Renderer, facts: Facts, _: Card | None) -> Keyboard | None:
    none = renderer.plain("own.no_topic")
    choices = [(ticket_id, topic or none) for ticket_id, topic in facts["choices"]]
    return customer_menu.file_which(renderer, choices)


def _show_late(renderer: Renderer, _facts: Facts, _: Card | None) -> Keyboard:
    return ticket_list.show_all(renderer, "overdue")


def _show_queue(renderer: Renderer, _facts: Facts, _: Card | None) -> Keyboard:
    return ticket_list.show_all(renderer, "queue")


def _whether_it_works(renderer: Renderer, facts: Facts, _: Card | None) -> Keyboard:
    return customer_tickets.ask_whether_it_works(renderer, facts["number"])


# The buttons below a notice, by the beginning of its key.
_KEYBOARDS: Final[dict[str, Callable[[Renderer, Facts, Card | None], Keyboard | None]]] = {
    "answer.failed": _retry,
    "ticket.resolved": _whether_it_works,
    "ticket.unclear": _whether_it_works,
    "ticket.unjudged": _whether_it_works,
    "customer.field.": lambda renderer, facts, _: customer_menu.answer_field(renderer, facts),
    "customer.rated.good": _explain,
    "customer.rated.fair": _explain,
    "consent.ask": lambda renderer, facts, _: consent.answers(renderer, facts),
    "customer.ask.whether": lambda renderer, _facts, _card: customer_menu.file_whether(renderer),
    "customer.ask.which": _which,
    "staff.": _open_card,
    "alert.overdue": _open_card,
    "alert.clock": _open_card,
    "alert.digest": _show_late,
    "group.digest": _show_queue,
    "group.outage_offer": lambda renderer, facts, _: outages.offer(renderer, facts["tickets"][-1]),
    "group.storm": _show_queue,
    "group.tasks_left": lambda renderer, facts, _: tasks.settle_left(renderer, facts["number"]),
}


def shows_card(key: str) -> bool:
    """True if the buttons below the notice link to the ticket's card."""
    return key.startswith(("alert.overdue", "staff."))


def _keyboard(renderer: Renderer, key: str, facts: Facts, card: Card | None) -> Keyboard | None:
    builders = (build for stem, build in _KEYBOARDS.items() if key.startswith(stem))
    build = next(builders, None)
    return None if build is None else build(renderer, facts, card)


def card_url(card: Card | None) -> str | None:
    """The link to a card; only messages of supergroups have one."""
    return url_of(None if card is None else card.place)
