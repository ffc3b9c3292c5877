"""The chats with a role, and what happens when a channel gives one of them a new id."""

from dataclasses import replace
from typing import Any, Final

from sqlalchemy import func, select, update

from core.addresses import Address
from core.company import Company
from core.delivery.outbox_store import PENDING
from core.delivery.sent_messages import forget_cards
from core.events import ChatMoved
from core.models import LinkedChat, OutboxRow, Team, TicketTeam
from core.tx import ReadTx, Tx


class OperatorChats(dict[str, Address]):
    """Chats of the teams that have one of their own, by the team's code."""


async def operator_chats_of(tx: ReadTx) -> OperatorChats:
    """The teams' chats, read once and kept until the directory changes."""
    return await tx.cached(OperatorChats, _read_operator_chats)


async def _read_operator_chats(tx: ReadTx) -> OperatorChats:
    query = select(Team.code, Team.chat).where(Team.chat.is_not(None), Team.active.is_(True))
    rows = await tx.rows(query.order_by(Team.level, Team.code))
    return OperatorChats((code, chat) for code, chat in rows if chat is not None)


async def is_operator_chat(tx: ReadTx, chat: Address) -> bool:
    """Operators work in this chat."""
    return chat in await all_operator_chats(tx)


async def all_operator_chats(tx: ReadTx) -> list[Address]:
    """Every chat in which operators work."""
    main = tx.company.operators_chat
    of_teams = (await operator_chats_of(tx)).values()
    return [*([] if main is None else [main]), *(chat for chat in of_teams if chat != main)]


async def operator_chat_of(tx: ReadTx, ticket_id: int | None) -> Address | None:
    """The chat of the operators who work on the ticket; without a ticket, of all."""
    chats = await operator_chats_of(tx)
    if chats and ticket_id is not None:
        place = await tx.session.get(TicketTeam, ticket_id)
        chat = None if place is None else chats.get(place.team or "")
        if chat is not None:
            return chat
    return tx.company.operators_chat


# Deliveries that do something with one message of the chat.
_OF_ONE_MESSAGE: Final = ("pin", "reaction", "remove", "signpost")
ROLES: Final = {"operators": "operators_chat", "alerts": "alerts_chat"}


async def store_linked_chats(tx: Tx) -> Company:
    """Note what the environment says of the chats; returns what :func:`find_linked_chats` does."""
    for role, field in ROLES.items():
        configured = getattr(tx.company, field)
        if configured is None:
            continue
        place = await tx.session.get(LinkedChat, role)
        if place is None:
            tx.session.add(LinkedChat(role=role, configured=configured, chat=configured))
        elif place.configured != configured:
            place.configured = place.chat = configured
    return await find_linked_chats(tx)


async def find_linked_chats(tx: ReadTx) -> Company:
    """The company with its chats as they are now.

    What the environment says counts, unless that chat has moved since and the environment still
    names the old one. Where it says nothing, the chat counts that had the role last.
    """
    company = tx.company
    for role, field in ROLES.items():
        place = await tx.session.get(LinkedChat, role)
        if place is not None and getattr(company, field) in {None, place.configured}:
            company = replace(company, **_chat(field, place.chat))
    return company


async def is_own(tx: ReadTx, address: Address) -> bool:
    """Whether the address is a chat that has a role for the desk, or a team's own group."""
    known = {getattr(tx.company, field) for field in ROLES.values()}
    known |= set((await operator_chats_of(tx)).values())
    return address in known or address in set(await tx.session.scalars(select(LinkedChat.chat)))


async def move_chat(tx: Tx, old: Address, new: Address) -> Company:
    """A group has become a supergroup: stored ids follow; its old message ids mean nothing now.

    Cards are posted afresh in the new chat when they change next, and what was to be done with one
    of its messages is not done. Returns the company as it is now; moving twice changes nothing.
    """
    places = (await tx.session.scalars(select(LinkedChat).where(LinkedChat.chat == old))).all()
    for place in places:
        place.chat = new
    await _move_rows(tx, old, new)
    teams = (await tx.session.scalars(select(Team).where(Team.chat == old))).all()
    for team in teams:
        team.chat = new
        tx.invalidate_all()  # floors above keep teams with their chats
    if not places and not teams:
        return tx.company
    await forget_cards(tx, old)
    tx.emit(ChatMoved(ticket_id=None, old=str(old), new=str(new)))
    company = tx.company
    for place in places:
        company = replace(company, **_chat(ROLES[place.role], new))
    return company


async def _move_rows(tx: Tx, old: Address, new: Address) -> None:
    here = (
        OutboxRow.channel == old.channel,
        OutboxRow.address == old.chat,
        OutboxRow.state.in_(PENDING),
    )
    rows = update(OutboxRow).where(*here).execution_options(synchronize_session=False)
    dropped = {"state": "dropped", "error": "the chat has another id", "done_at": tx.now}
    await tx.session.execute(rows.where(OutboxRow.kind.in_(_OF_ONE_MESSAGE)).values(**dropped))
    found = (await tx.session.execute(select(OutboxRow.id, OutboxRow.facts).where(*here))).all()
    for row_id, facts in found:
        if facts.get("reply") not in {None, "card"}:
            kept = {name: fact for name, fact in facts.items() if name != "reply"}
            await tx.session.execute(rows.where(OutboxRow.id == row_id).values(facts=kept))
    await tx.session.execute(
        rows.values(
            channel=new.channel,
            address=new.chat,
            ordering_key=func.replace(OutboxRow.ordering_key, f"{old.chat}:", f"{new.chat}:"),
        )
    )


def _chat(field: str, chat: Address) -> dict[str, Any]:
    return {field: chat}
