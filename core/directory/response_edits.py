"""Canned responses put and deleted from the chat (E1): checked as a file is, one at a time."""

from dataclasses import replace

from sqlalchemy import delete

from core.directory.faults import DirectoryError
from core.directory.kinds.responses import ResponseEntry
from core.directory.reader import Item, read_directory
from core.directory.store import edited, put_items, shown_fields
from core.directory.toml_writer import write_table
from core.errors import NotAllowed, Unreadable
from core.models import ResponseRow, ResponseUse
from core.people.permissions import may
from core.responses.catalogue import Responses
from core.tx import Tx


async def put_response(tx: Tx, code: str, title: str, text: str, language: str = "") -> bool:
    """Add a response, or give the one with this code another title and text in a language.

    ``language``: the company's, if empty. Returns True if it is new. Raises
    :class:`DirectoryError` with everything that is wrong.
    """
    _demand_admin(tx)
    entries = {one.code: one for one in await ResponseEntry.load(tx)}
    known = entries.get(code)
    fields = {} if known is None else shown_fields(known)
    texts = {} if known is None else dict(known.texts)
    texts[language or tx.company.language] = text
    fields |= {"code": code, "title": title, "texts": texts, "active": True}
    document = read_directory(write_table(ResponseEntry.name, fields), (ResponseEntry,))
    if document.faults:  # the lines are those of no file that anybody sees
        raise DirectoryError(replace(fault, line=None) for fault in document.faults)
    async with edited(tx):
        await put_items(tx, [Item(item.entry) for item in document.items])
    return known is None


async def delete_response(tx: Tx, code: str) -> None:
    """Delete a response; what was sent of it stays. Raises :class:`Unreadable` for an unknown."""
    _demand_admin(tx)
    if await tx.find(ResponseRow, code) is None:
        raise Unreadable("refusal.no_response_code", words=code[:40])
    async with edited(tx):
        await tx.change(delete(ResponseUse).where(ResponseUse.response == code))
        await tx.change(delete(ResponseRow).where(ResponseRow.code == code))
    tx.invalidate(Responses)


def _demand_admin(tx: Tx) -> None:
    if not may(tx.actor.role, "set_up"):
        raise NotAllowed("set_up")
