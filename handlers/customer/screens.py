"""What the customer's screens say: states in plain words, conversations that fit one message."""

from collections.abc import Sequence
from typing import Final

from channels.telegram.screens import clipped
from core.texts import Key
from core.tickets.own import OwnPage, OwnTicket, OwnWords
from core.words.graphemes import units
from core.words.names import LONGEST_MESSAGE
from handlers.speech import Speech

# What one message of a conversation may take, and from where on it stands in a folded quote.
LONGEST_WORDS: Final = 900
FOLDED: Final = 240
# Left for the head and the foot of the screen.
ROOM: Final = LONGEST_MESSAGE - 700


def list_screen(speech: Speech, page: OwnPage) -> str:
    """The list: a line for each ticket."""
    if not page.tickets:
        return speech.html("own.nothing")
    lines = [_line(speech, ticket) for ticket in page.tickets]
    return "\n".join([speech.html("own.head"), *lines])


def _line(speech: Speech, ticket: OwnTicket) -> str:
    facts = {
        "number": ticket.number,
        "topic": about(speech, ticket),
        "state": in_words(ticket, speech),
    }
    return speech.html("own.line", facts)


def about(speech: Speech, ticket: OwnTicket) -> str | Key:
    """What the ticket is about, as its customer may read it: the topic, never the title (A3)."""
    return Key("own.no_topic") if ticket.topic is None else ticket.topic.title(speech.locale)


def in_words(ticket: OwnTicket, speech: Speech) -> Key:
    """The state of a ticket for its customer."""
    state = ticket.state
    facts = {"due": ticket.due, "until": ticket.until, "closed": ticket.closed_at}
    if state.category in {"new", "open"}:
        return Key(f"own.state.{state.category}{_promise(ticket, speech)}", facts)
    if state.category == "frozen" and ticket.until is not None:
        return Key("own.state.frozen_until", facts)
    if state.final and ticket.closed_at is not None:
        return Key(f"own.state.{state.category}_at", facts)
    return Key(f"own.state.{state.category}", facts)


def _promise(ticket: OwnTicket, speech: Speech) -> str:
    """Whether we still promise an answer by an instant; a promise that was broken is not made."""
    if not ticket.waits or ticket.due is None:
        return ""
    return "_due" if ticket.due > speech.desk.clock() else "_late"


def ticket_screen(speech: Speech, ticket: OwnTicket, words: Sequence[OwnWords]) -> str:
    """A ticket: what it is, the newest words that fit, what writing here does."""
    head = speech.html(
        "own.ticket",
        {
            "number": ticket.number,
            "topic": about(speech, ticket),
            "state": in_words(ticket, speech),
        },
    )
    foot = speech.html("own.write_ended" if ticket.state.final else "own.write")
    return "\n\n".join([head, *_newest(speech, words), foot])


def _newest(speech: Speech, words: Sequence[OwnWords]) -> list[str]:
    shown: list[str] = []
    left = ROOM
    for said in reversed(words):
        left -= units(said.text[:LONGEST_WORDS]) + 60
        if left < 0:
            shown.append(speech.html("own.earlier"))
            break
        shown.append(_said(speech, said))
    return shown[::-1]


def _said(speech: Speech, said: OwnWords) -> str:
    who = "you" if said.mine else "support"
    head = speech.html(f"own.by.{who}", {"at": said.at})
    text = clipped(said.text, LONGEST_WORDS)
    if said.kind != "text":
        head = f"{head} · {speech.html(f'kind.{said.kind}')}"
    if not text:
        return head
    long = len(text) > FOLDED
    return f"{head}\n{speech.html('own.quote_long' if long else 'own.quote', {'text': text})}"
