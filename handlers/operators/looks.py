"""Commands that only look: a ticket, its journal, lists. One message, or as few as it takes."""

from datetime import datetime
from typing import Any, Final

from channels.telegram import cards
from channels.telegram.screens import clipped
from core import journal as journal_store
from core.agreements.contact import contact_of
from core.errors import NoSuchTicket, Unreadable
from core.people.operators import for_admin, id_of
from core.texts import Key
from core.tickets.card import Card, Words, card_of, list_notes, list_words
from core.tickets.lists import VIEWS, Page, found_of, page_of
from core.tx import Look
from core.words.aliases import REPORTS
from core.words.aliases import VIEWS as VIEW_NAMES
from core.words.names import clean_name
from handlers.listing import age, draw
from handlers.operators.asking import Asked, Visit, example
from handlers.operators.history import names_of, told
from handlers.speech import Speech

_SHOWN: Final = 500


async def ticket(asked: Asked) -> None:
    """The whole picture: the card, what was said last, the notes."""
    card, words, notes, at = await asked.look(_picture, asked.number)
    if card is None:
        raise NoSuchTicket(asked.number)
    speech = asked.speech
    blocks = [cards.draw(card, speech.voice).html, " · ".join(_since(speech, card))]
    if at is not None:
        passed = "_passed" if at <= speech.voice.now else ""
        blocks.append(speech.html(f"operators.contact{passed}", {"at": at}))
    said = [(one.created_at, _said(speech, one)) for one in words]
    said += [
        (at, f"{speech.html('operators.note', {'name': name, 'at': at})}\n{_quoted(speech, text)}")
        for at, name, text in notes
    ]
    blocks += [block for _, block in sorted(said)]
    await asked.say(blocks)


async def _picture(
    look: Look, number: int
) -> tuple[Card | None, list[Words], list[Any], datetime | None]:
    return (
        await card_of(look, number),
        await list_words(look, number),
        await list_notes(look, number),
        await contact_of(look, number),
    )


def _since(speech: Speech, card: Card) -> list[str]:
    facts = [speech.html("operators.opened", {"at": card.opened_at}), age(speech, card.opened_at)]
    if card.reopened:
        facts.append(speech.html("operators.reopened", {"n": card.reopened}))
    return facts


def _said(speech: Speech, words: Words) -> str:
    who = "customer" if words.from_customer else "ours"
    key = "operators.said.withdrawn" if words.withdrawn else f"operators.said.{who}"
    head = speech.html(key, {"name": clean_name(words.author), "at": words.created_at})
    kind = str(words.content.get("kind", "text"))
    if kind != "text":
        head += speech.html("operators.said.kind", {"kind": Key(f"kind.{kind}")})
    return f"{head}\n{_quoted(speech, words.text)}" if words.text.strip() else head


def _quoted(speech: Speech, text: str) -> str:
    return speech.html("card.opening", {"words": clipped(text, _SHOWN)}) if text.strip() else ""


async def journal(asked: Asked) -> None:
    """Who did what and when."""
    await show_journal(asked, asked.number)


async def show_journal(asked: Visit, number: int) -> None:
    """Say the journal of a ticket to somebody who may look: of a command, or of a button."""
    card, entries, names = await asked.look(_history, number)
    if card is None:
        raise NoSuchTicket(number)
    head = asked.speech.html("journal.head", {"number": number})
    lines = [told(asked.speech, names, *entry) for entry in entries]
    await asked.say([head, *lines])


async def _history(look: Look, number: int) -> tuple[Any, list[Any], Any]:
    return (
        await card_of(look, number),
        await journal_store.list_entries(look, number),
        await names_of(look),
    )


async def queue(asked: Asked) -> None:
    """A view of the queue."""
    wanted = asked.command.rest.casefold()
    view = VIEW_NAMES.get(wanted, wanted or "queue")
    if view not in VIEWS:
        views = ", ".join(VIEWS)
        raise Unreadable("operators.no_view", words=wanted[:40], views=views)
    await _show(asked, view)


async def my(asked: Asked) -> None:
    """What the asker has."""
    await _show(asked, "mine")


async def overdue(asked: Asked) -> None:
    """What is late."""
    await _show(asked, "overdue")


async def find(asked: Asked) -> None:
    """Tickets by number or words."""
    if not asked.command.rest:
        raise Unreadable("operators.missing_words", example=example("find"))
    await _show(asked, "find")


async def report(asked: Asked) -> None:
    """What is late, for admins."""
    if asked.command.rest.casefold() not in REPORTS:
        raise Unreadable("operators.no_report", example=example("report"))
    await asked.desk.read(for_admin, asked.caller, id_of, asked.caller.telegram_id)
    await _show(asked, "overdue")


async def _show(asked: Asked, view: str) -> None:
    page = await asked.look(
        read_page, view, "", asked.caller.telegram_id, asked.command.rest, backward=False
    )
    await asked.say(*draw(asked.speech, page, words=asked.command.rest))


async def read_page(
    look: Look, view: str, cursor: str, asker: int, words: str, *, backward: bool
) -> Page:
    """A page of any list. ``asker`` is who asked for the list, not who turns its pages."""
    if view == "find":
        return await found_of(look, words, cursor, backward=backward)
    person = await id_of(look, asker) if view == "mine" else None
    return await page_of(look, view, cursor, backward=backward, person=person)
