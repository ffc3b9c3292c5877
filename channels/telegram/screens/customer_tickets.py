"""«Мои обращения»: a customer's own tickets, one of them, and «does everything work?»."""

import re
from collections.abc import Sequence
from typing import Annotated, Final

from aiogram.filters.callback_data import CallbackData
from pydantic import Field

from channels.telegram.screens.buttons import Button, Id, Keyboard, button, one_of, rows_of
from channels.telegram.screens.customer_menu import Menu, back_to
from channels.telegram.screens.screen import Renderer, Screen, clipped
from channels.telegram.screens.ticket_list import ListPage
from core.texts import Key
from core.tickets.customer_tickets import Cursor, OwnPage, OwnTicket, OwnWords
from core.tickets.workflow import Marker
from core.words.names import LONGEST_MESSAGE, units
from core.words.ratings import BAD, GOOD, RATINGS, verdict_of

# The name of a customer's own list among the lists that have pages.
OWN: Final = "own"
# Ended or open, and a number that fits into every database.
_CURSOR: Final = re.compile("([eo])([0-9]{1,18})", re.ASCII)
# What one message of a conversation may take, and from where on it stands in a folded quote.
_LONGEST_WORDS: Final = 900
_FOLDED: Final = 240
# The rest of a message is left for the head and the foot of the screen.
_CONVERSATION: Final = LONGEST_MESSAGE - 700


class OwnTicketOpened(CallbackData, prefix="o"):
    """Show the customer their own ticket."""

    ticket_id: Id


class Confirm(CallbackData, prefix="c"):
    """The customer's answer to «does everything work?»: ``y`` or ``n``."""

    answer: Annotated[str, one_of(("y", "n"))]
    ticket_id: Id

    @property
    def yes(self) -> bool:
        """Everything works."""
        return self.answer == "y"


class CloseOwn(CallbackData, prefix="ox"):
    """The customer needs no help any more; ``sure``: they have been asked."""

    ticket_id: Id
    sure: bool = False


class Rate(CallbackData, prefix="sr"):
    """The customer's rating of a ticket that was resolved."""

    rating: Annotated[int, Field(ge=min(RATINGS), le=max(RATINGS))]
    ticket_id: Id


class RatingStep(CallbackData, prefix="sx"):
    """The customer wants to add some ``words`` to their rating, or to ``change`` it."""

    step: Annotated[str, one_of(("words", "change"))]
    ticket_id: Id


def draw_list(renderer: Renderer, page: OwnPage) -> Screen:
    """A page of one's own tickets."""
    lines = [renderer.html("own.nothing")]
    if page.tickets:
        lines = [renderer.html("own.head"), *(_line(renderer, one) for one in page.tickets)]
    return Screen("\n".join(lines), _list_keyboard(renderer, page))


def _line(renderer: Renderer, ticket: OwnTicket) -> str:
    topic, state = about(ticket, renderer.locale), state_of(ticket, renderer)
    facts = {"sign": _sign(ticket, renderer), "number": ticket.number, "topic": topic}
    return renderer.html("own.line", **facts, state=state)


# The sign before a ticket, by the category of its state; the words beside it say the same.
_SIGNS: Final = {
    **dict.fromkeys(("new", "open", "resolved"), Marker.ANSWERED),
    "waiting": Marker.NEEDS_ANSWER,
    **dict.fromkeys(("frozen", "on_hold"), Marker.FROZEN),
}


def _sign(ticket: OwnTicket, renderer: Renderer) -> str:
    late = ticket.state.category in {"new", "open"} and _promise(ticket, renderer) == "_late"
    return Marker.OVERDUE if late else _SIGNS.get(ticket.state.category, Marker.CLOSED)


def about(ticket: OwnTicket, locale: str) -> str | Key:
    """What the ticket is about, as its customer may read it: the camera's place, their own words,
    the topic; never the title (A3).
    """
    subject = ticket.subject
    if subject is not None:
        return Key("own.words", {"words": subject.text}) if subject.quoted else subject.text
    return Key("own.no_topic") if ticket.topic is None else ticket.topic.title(locale)


def state_of(ticket: OwnTicket, renderer: Renderer) -> Key:
    """The state of a ticket in words for its customer."""
    state = ticket.state
    facts = {"due": ticket.due, "until": ticket.until, "closed": ticket.closed_at}
    if state.category in {"new", "open"}:
        return Key(f"own.state.{state.category}{_promise(ticket, renderer)}", facts)
    if state.category == "frozen" and ticket.until is not None:
        return Key("own.state.frozen_until", facts)
    if state.final and ticket.closed_at is not None:
        return Key(f"own.state.{state.category}_at", facts)
    return Key(f"own.state.{state.category}", facts)


def _promise(ticket: OwnTicket, renderer: Renderer) -> str:
    """Whether an answer is still promised for an instant; a broken promise is not repeated."""
    if not ticket.waits or ticket.due is None:
        return ""
    return "_due" if ticket.due > renderer.now else "_late"


def _list_keyboard(renderer: Renderer, page: OwnPage) -> Keyboard:
    """A button for each ticket, four in a row; the other pages; a new ticket."""
    own = [
        button(f"#{ticket.number}", OwnTicketOpened(ticket_id=ticket.number))
        for ticket in page.tickets
    ]
    rows = [own[at : at + 4] for at in range(0, len(own), 4)]
    turns = []
    if page.newer and page.tickets:
        newer = cursor_text(page.tickets[0].cursor)
        turns.append(button("‹", ListPage(view=OWN, way="-", cursor=newer)))
    if page.older and page.tickets:
        older = cursor_text(page.tickets[-1].cursor)
        turns.append(button("›", ListPage(view=OWN, cursor=older)))
    new = button(renderer.plain("button.menu.new"), Menu(step="new"))
    return Keyboard(inline_keyboard=[*rows, *([turns] if turns else []), [new]])


def cursor_text(cursor: Cursor) -> str:
    """A cursor as a button carries it."""
    return f"{'e' if cursor.ended else 'o'}{cursor.number}"


def cursor_of(words: str) -> Cursor | None:
    """A cursor that a button carried; ``None``: from the start, or not one of ours."""
    found = _CURSOR.fullmatch(words)
    return Cursor(found[1] == "e", int(found[2])) if found else None


def draw_ticket(renderer: Renderer, ticket: OwnTicket, words: Sequence[OwnWords]) -> Screen:
    """A ticket: what it is, the newest words that fit, what writing here does."""
    topic, state = about(ticket, renderer.locale), state_of(ticket, renderer)
    head = renderer.html("own.ticket", number=ticket.number, topic=topic, state=state)
    foot = renderer.html("own.write_ended" if ticket.state.final else "own.write")
    keyboard = back_to(renderer, "mine")
    if ticket.state.resolution and not ticket.state.final:
        asked = ask_whether_it_works(renderer, ticket.number)
        keyboard.inline_keyboard[:0] = asked.inline_keyboard
    elif not ticket.state.final:
        close = CloseOwn(ticket_id=ticket.number)
        keyboard.inline_keyboard.append([button(renderer.plain("button.own.close"), close)])
    return Screen("\n\n".join([head, *_newest(renderer, words), foot]), keyboard)


def ask_to_close(renderer: Renderer, ticket_id: int) -> Screen:
    """The last step is asked about."""
    sure = CloseOwn(ticket_id=ticket_id, sure=True)
    back = OwnTicketOpened(ticket_id=ticket_id)
    buttons = [
        button(renderer.plain("button.menu.back"), back),
        button(renderer.plain("button.own.close_sure"), sure),
    ]
    return Screen(renderer.html("own.close_ask", number=ticket_id), rows_of(buttons))


def draw_withdrawn(renderer: Renderer, ticket_id: int) -> Screen:
    """It is closed, as the customer wished."""
    return Screen(renderer.html("ticket.closed", number=ticket_id), back_to(renderer, "mine"))


def _newest(renderer: Renderer, words: Sequence[OwnWords]) -> list[str]:
    shown: list[str] = []
    left = _CONVERSATION
    for said in reversed(words):
        left -= units(said.text[:_LONGEST_WORDS]) + 60
        if left < 0:
            shown.append(renderer.html("own.earlier"))
            break
        shown.append(_said(renderer, said))
    return shown[::-1]


def _said(renderer: Renderer, said: OwnWords) -> str:
    head = renderer.html(f"own.by.{'you' if said.mine else 'support'}", at=said.at)
    text = clipped(said.text, _LONGEST_WORDS)
    if said.kind != "text":
        head = f"{head} · {renderer.html(f'kind.{said.kind}')}"
    if not text:
        return head
    long = len(text) > _FOLDED
    return f"{head}\n{renderer.html('own.quote_long' if long else 'own.quote', text=text)}"


def ask_whether_it_works(renderer: Renderer, ticket_id: int) -> Keyboard:
    """Does everything work? A rating says so, too."""
    asked = [
        button(renderer.plain("button.confirm.yes"), Confirm(answer="y", ticket_id=ticket_id)),
        button(renderer.plain("button.confirm.no"), Confirm(answer="n", ticket_id=ticket_id)),
    ]
    return Keyboard(inline_keyboard=[asked, _ratings(renderer, ticket_id)])


def rate_only(renderer: Renderer, ticket_id: int) -> Keyboard:
    """The ratings alone: everything works, or the ticket was closed."""
    return Keyboard(inline_keyboard=[_ratings(renderer, ticket_id)])


def _ratings(renderer: Renderer, ticket_id: int) -> list[Button]:
    return [
        button(
            renderer.plain("button.star", rating=rating), Rate(rating=rating, ticket_id=ticket_id)
        )
        for rating in RATINGS
    ]


def draw_closed(renderer: Renderer, ticket_id: int, *, rate: bool) -> Screen:
    """Everything works; ``rate``: the work can be rated still."""
    text = renderer.html("customer.verdict.content", number=ticket_id)
    if not rate:
        return Screen(text)
    asked = renderer.html("customer.rate")
    return Screen(f"{text}\n{asked}", Keyboard(inline_keyboard=[_ratings(renderer, ticket_id)]))


def draw_rated(renderer: Renderer, ticket_id: int, rating: int, *, ended: bool) -> Screen:
    """What follows from a rating; ``ended``: the ticket has."""
    verdict = verdict_of(rating)
    key = "good_open" if verdict == GOOD and not ended else verdict
    text = renderer.html(f"customer.rated.{key}", number=ticket_id, value=rating)
    return Screen(text, after_rating(renderer, ticket_id, explain=verdict != BAD))


def after_rating(renderer: Renderer, ticket_id: int, *, explain: bool) -> Keyboard:
    """What can be done about a rating; after a bad one the next words explain it anyway."""
    steps = ("words", "change") if explain else ("change",)
    return rows_of(
        button(renderer.plain(f"button.rating.{step}"), RatingStep(step=step, ticket_id=ticket_id))
        for step in steps
    )


def draw_another_rating(renderer: Renderer, ticket_id: int) -> Screen:
    """Another rating instead."""
    text = renderer.html("customer.rate_again", number=ticket_id)
    return Screen(text, Keyboard(inline_keyboard=[_ratings(renderer, ticket_id)]))
