"""Commands that only show: a ticket, its journal, lists; in as few messages as they need."""

from typing import Any, Final

from channels.telegram.addresses import chat_address
from channels.telegram.screens import card as card_screen
from channels.telegram.screens.journal import draw_entry, names_of
from channels.telegram.screens.screen import clipped
from channels.telegram.screens.technical_data import draw_technical_data
from channels.telegram.screens.ticket_list import age, draw, draw_views
from channels.telegram.screens.words import draw_page, draw_words
from core import journal as journal_store
from core.addresses import Address
from core.errors import NoSuchTicket, Unreadable
from core.people.staff import for_admin, id_of
from core.tickets.board import hide_board, show_board
from core.tickets.card import Card, Words, card_of, list_notes, list_words
from core.tickets.conversation_pages import page_of_words
from core.tickets.found_lists import found_of
from core.tickets.list_lines import Page
from core.tickets.lists import VIEWS, page_of, page_of_view
from core.tickets.technical_data import technical_data
from core.tickets.unassigned import Unassigned, find_unassigned
from core.tickets.views import find_view, open_view, views_for
from core.tx import ReadTx
from core.words.aliases import HIDE, REPORTS
from core.words.aliases import VIEWS as VIEW_NAMES
from core.words.names import clean_name
from handlers.telegram.operators.context import CommandContext, OperatorContext, example
from handlers.telegram.responder import Responder, ShownAt

_SHOWN: Final = 500
# Pages of a journal: what is no number of one is no page.
_MOST_PAGES: Final = 10_000


async def ticket(context: CommandContext) -> None:
    """The whole picture: the card, what was said last, the notes."""
    card, words, notes = await context.read(_picture, context.number)
    if card is None:
        raise NoSuchTicket(context.number)
    responder = context.responder
    blocks = [card_screen.draw(card, responder.renderer).html, " · ".join(_since(responder, card))]
    said = [(one.created_at, draw_words(responder.renderer, one, _SHOWN)) for one in words]
    said += [
        (
            at,
            responder.html("operators.note", {"name": name, "at": at})
            + f"\n{_quoted(responder, text)}",
        )
        for at, name, text in notes
    ]
    blocks += [block for _, block in sorted(said)]
    await context.say(blocks)


async def _picture(tx: ReadTx, ticket_id: int) -> tuple[Card | None, list[Words], list[Any]]:
    return (
        await card_of(tx, ticket_id),
        await list_words(tx, ticket_id),
        await list_notes(tx, ticket_id),
    )


def _since(responder: Responder, card: Card) -> list[str]:
    facts = [
        responder.html("operators.opened", {"at": card.opened_at}),
        age(responder.renderer, card.opened_at, responder.desk.company.zone, card.closed_at),
    ]
    if card.reopened:
        facts.append(responder.html("operators.reopened", {"n": card.reopened}))
    return facts


def _quoted(responder: Responder, text: str) -> str:
    return responder.html("card.opening", {"words": clipped(text, _SHOWN)}) if text.strip() else ""


async def messages(context: CommandContext) -> None:
    """Everything that was said in the ticket, from its newest page on."""
    page = await context.read(page_of_words, context.number)
    await context.show(draw_page(context.renderer, page))


async def journal(context: CommandContext) -> None:
    """Who did what and when; the newest entries, or a page before them."""
    words = context.command.words
    if words and not (words.isascii() and words.isdecimal() and 0 < int(words[:6]) < _MOST_PAGES):
        raise Unreadable("operators.malformed", words=words[:40], example=example("journal"))
    await show_journal(context, context.number, int(words or 1))


async def show_journal(context: OperatorContext, ticket_id: int, page: int = 1) -> ShownAt:
    """Show a page of the journal of a ticket, for a command and a button."""
    card, total, entries, names = await context.read(_history, ticket_id, page)
    if card is None:
        raise NoSuchTicket(ticket_id)
    lines = [context.responder.html("journal.head", {"number": ticket_id})]
    lines += [draw_entry(context.renderer, names, *entry) for entry in entries]
    if earlier := max(total - page * journal_store.PAGE, 0):
        facts = {"n": earlier, "number": ticket_id, "page": page + 1}
        lines.append(context.responder.html("journal.earlier", facts))
    return await context.say(lines)


async def _history(tx: ReadTx, ticket_id: int, page: int) -> tuple[Any, int, list[Any], Any]:
    return (
        await card_of(tx, ticket_id),
        await journal_store.count_entries(tx, ticket_id),
        await journal_store.list_entries(tx, ticket_id, page),
        await names_of(tx),
    )


async def data(context: CommandContext) -> None:
    """The camera, the account and the promises behind the ticket."""
    await show_data(context, context.number)


async def show_data(context: OperatorContext, ticket_id: int) -> ShownAt:
    """The same for a command and a button (T1)."""
    found = await context.read(technical_data, ticket_id)
    return await context.say(draw_technical_data(context.renderer, found))


async def queue(context: CommandContext) -> None:
    """A view of the queue."""
    wanted = context.command.rest.casefold() or "queue"
    view, saved = VIEW_NAMES.get(wanted, wanted), None
    if wanted not in VIEWS:
        saved = await context.read(find_view, context.sender.address, wanted)
    # a code of the company's goes before another name of ours, and that before titles
    if saved is not None and (saved.code == wanted or view not in VIEWS):
        view = saved.code
    elif view not in VIEWS:
        offered = await context.read(views_for, context.sender.address)
        views = ", ".join([*VIEWS, *(one.code for one in offered)])
        raise Unreadable("operators.no_view", words=wanted[:40], views=views)
    await _show(context, view)


async def views(context: CommandContext) -> None:
    """The saved lists that are for whoever asks."""
    offered = await context.read(views_for, context.sender.address)
    await context.show(draw_views(context.renderer, offered))


async def board(context: CommandContext) -> None:
    """Show the board in this group, or hide it."""
    hide = context.command.rest.strip().casefold() in HIDE
    chat = chat_address(context.message.chat.id)
    await context.act(hide_board if hide else show_board, chat)


async def my(context: CommandContext) -> None:
    """What the asker has."""
    await _show(context, "mine")


async def overdue(context: CommandContext) -> None:
    """What is late."""
    await _show(context, "overdue")


async def find(context: CommandContext) -> None:
    """Tickets by number or words."""
    if not context.command.rest:
        raise Unreadable("operators.missing_words", example=example("find"))
    await _show(context, "find")
    unassigned = await context.read(find_unassigned, context.command.rest)
    if unassigned:
        await context.say([_unassigned(context.responder, one) for one in unassigned])


def _unassigned(responder: Responder, one: Unassigned) -> str:
    """Words that belong to no ticket yet."""
    facts = {"name": clean_name(one.name), "at": one.at}
    return f"{responder.html('operators.unassigned', facts)}\n{_quoted(responder, one.text)}"


async def report(context: CommandContext) -> None:
    """What is late, for admins."""
    if context.command.rest.casefold() not in REPORTS:
        raise Unreadable("operators.no_report", example=example("report"))
    await context.desk.read(for_admin, context.sender, id_of, context.sender.address)
    await _show(context, "overdue")


async def _show(context: CommandContext, view: str) -> None:
    page = await context.read(
        read_page, view, "", context.sender.address, context.command.rest, backward=False
    )
    zone, words = context.desk.company.zone, context.command.rest
    as_file = context.sender.address in context.desk.company.admins
    await context.show(draw(context.renderer, page, zone, words=words, as_file=as_file))


async def read_page(
    tx: ReadTx, view: str, cursor: str, asker: Address, words: str, *, backward: bool
) -> Page:
    """A page of any list. ``asker`` is who asked for the list, not who turns its pages."""
    if view == "find":
        return await found_of(tx, words, cursor, backward=backward)
    if view in VIEWS:
        person = await id_of(tx, asker) if view == "mine" else None
        return await page_of(tx, view, cursor, backward=backward, person=person)
    saved, person = await open_view(tx, asker, view), await id_of(tx, asker)
    return await page_of_view(tx, saved, cursor, backward=backward, person=person)
