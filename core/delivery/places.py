"""The chats with a role, and what happens when Telegram gives one of them a new id."""

from dataclasses import replace
from typing import Any, Final

from sqlalchemy import func, select, update

from core.company import Company
from core.delivery.claims import PENDING
from core.delivery.rooms import rooms_of
from core.events import ChatMoved
from core.models import OutboxRow, Place, Team, Ticket
from core.tx import Look, Tx

ROLES: Final = {"operators": "operators_chat", "alerts": "alerts_chat"}


async def settle_places(tx: Tx) -> Company:
    """Note what the environment says of the chats; returns what :func:`find_places` does."""
    for role, field in ROLES.items():
        configured = getattr(tx.company, field)
        if configured is None:
            continue
        place = await tx.session.get(Place, role)
        if place is None:
            tx.session.add(Place(role=role, configured=configured, chat=configured))
        elif place.configured != configured:
            place.configured = place.chat = configured
    return await find_places(tx)


async def find_places(look: Look) -> Company:
    """The company with its chats as they are now.

    What the environment says counts, unless that chat has moved since and the environment still
    names the old one. Where it says nothing, the chat counts that had the role last.
    """
    company = look.company
    for role, field in ROLES.items():
        place = await look.session.get(Place, role)
        if place is not None and getattr(company, field) in {None, place.configured}:
            company = replace(company, **_chat(field, place.chat))
    return company


async def is_own(look: Look, address: str) -> bool:
    """Whether the address is a chat that has a role for the desk, or a team's own group."""
    known = {str(getattr(look.company, field)) for field in ROLES.values()}
    known |= {str(chat) for chat in (await rooms_of(look)).values()}
    if address in known:
        return True
    return address in {str(chat) for chat in await look.session.scalars(select(Place.chat))}


async def move_chat(tx: Tx, old: int, new: int) -> Company:
    """A group has become a supergroup: stored ids follow; its old message ids mean nothing now.

    Cards are posted afresh in the new chat when they change next. Returns the company as it is
    now; moving twice changes nothing.
    """
    places = (await tx.session.scalars(select(Place).where(Place.chat == old))).all()
    for place in places:
        place.chat = new
    await tx.session.execute(
        update(OutboxRow)
        .where(OutboxRow.address == str(old), OutboxRow.state.in_(PENDING))
        .values(address=str(new), lane=func.replace(OutboxRow.lane, f"{old}:", f"{new}:"))
        .execution_options(synchronize_session=False)
    )
    teams = (await tx.session.scalars(select(Team).where(Team.chat == old))).all()
    for team in teams:
        team.chat = new
        tx.forget_all()  # floors above keep teams with their chats
    if not places and not teams:
        return tx.company
    await tx.session.execute(
        update(Ticket)
        .where(Ticket.card_chat == old)
        .values(card_chat=None, card_message=None, card_digest=None)
        .execution_options(synchronize_session=False)
    )
    tx.emit(ChatMoved(ticket_id=None, old=old, new=new))
    company = tx.company
    for place in places:
        company = replace(company, **_chat(ROLES[place.role], new))
    return company


def _chat(field: str, chat: int) -> dict[str, Any]:
    return {field: chat}
