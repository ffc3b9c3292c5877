"""What the page of a ticket shows to the staff, and what they write there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import select

from core import journal
from core.addresses import MessageRef
from core.errors import NoSuchTicket
from core.models import Message, Note
from core.responses.catalogue import Response
from core.responses.sending import ResponseChanged, list_fitting, prepare, send_response
from core.sla.explanation import Why, why
from core.tickets.attached_files import AttachedFile, words_with
from core.tickets.card import Card, card_of, list_notes
from core.tickets.conversation import note, reply
from core.tickets.conversation_pages import NEWEST, WordsPage, page_of_words
from core.tickets.incoming import IncomingMessage
from core.tickets.on_screens import ref_on_screen, show_written
from core.tickets.technical_data import TechnicalData, technical_data
from core.tx import ReadTx, Tx

NOTES: Final = 50


@dataclass(frozen=True, slots=True)
class Draft:
    """Words for a ticket. ``nonce``: the form's own, so that the same form counts once.
    ``response`` and ``digest``: the canned response that is to go as it was shown, or the
    ``article``; ``changed``: in these words instead of its own, with its files.
    """

    text: str
    nonce: str
    response: str = ""
    digest: str = ""
    changed: bool = False
    files: tuple[AttachedFile, ...] = ()
    article: str = ""


@dataclass(frozen=True, slots=True)
class TicketPage:
    """All that the page shows."""

    card: Card
    words: WordsPage
    notes: Sequence[tuple[datetime, str, str]]
    entries: Sequence[tuple[datetime, str | None, str, dict[str, Any]]]
    clocks: Sequence[Why]
    responses: Sequence[Response]
    data: TechnicalData


async def find_page(tx: ReadTx, ticket_id: int, page: int = NEWEST) -> TicketPage:
    """Return the ticket with a page of its conversation. Raises :class:`NoSuchTicket`."""
    card = await card_of(tx, ticket_id)
    if card is None:
        raise NoSuchTicket(ticket_id)
    return TicketPage(
        card,
        await page_of_words(tx, ticket_id, page),
        await list_notes(tx, ticket_id, NOTES),
        await journal.list_entries(tx, ticket_id),
        await why(tx, ticket_id),
        await list_fitting(tx, ticket_id),
        await technical_data(tx, ticket_id),
    )


async def find_said(tx: ReadTx, ticket_id: int, message_id: int) -> Message:
    """Return a message of this ticket. Raises :class:`NoSuchTicket` where it has no such one."""
    query = select(Message).where(Message.id == message_id, Message.ticket_id == ticket_id)
    found: Message | None = await tx.first(query)
    if found is None:
        raise NoSuchTicket(ticket_id)
    return found


async def answer_on_page(tx: Tx, ticket_id: int, draft: Draft) -> bool:
    """Answer the customer, and show the answer to the colleagues in the group. Returns False for a
    form that was sent before: it has no effect again.

    Raises what `reply` and `send_response` raise.
    """
    ref = ref_on_screen(tx, draft.nonce)
    if await _is_known(tx, Message, ref):
        return False
    if draft.response and draft.digest and not draft.changed:
        await send_response(tx, ticket_id, draft.response, draft.digest, ref, draft.files)
    else:
        files = [*await _files_of_response(tx, ticket_id, draft), *draft.files]
        said, *rest = words_with(ref, draft.text.strip(), files) or [_said(ref, draft.text)]
        await reply(tx, ticket_id, said, rest=rest)
    await show_written(tx, ticket_id, ref)
    return True


async def _files_of_response(tx: Tx, ticket_id: int, draft: Draft) -> Sequence[AttachedFile]:
    """The files that were shown beside a response whose words go otherwise."""
    if not (draft.response and draft.digest):
        return ()
    prepared = await prepare(tx, ticket_id, draft.response, tx.actor.name)
    if prepared.digest != draft.digest:
        raise ResponseChanged
    return prepared.files


async def note_on_page(tx: Tx, ticket_id: int, draft: Draft) -> None:
    """Write an internal note. Raises what `note` raises."""
    ref = ref_on_screen(tx, draft.nonce)
    if not await _is_known(tx, Note, ref):
        await note(tx, ticket_id, _said(ref, draft.text))


def _said(ref: MessageRef, text: str) -> IncomingMessage:
    return IncomingMessage(ref, "text", text, {"kind": "text", "text": text})


async def _is_known(tx: ReadTx, table: type[Message | Note], ref: MessageRef) -> bool:
    return await tx.first(select(table.id).where(table.source == ref).limit(1)) is not None
