"""Links a chat as the operators' group or the alert channel, on an admin's word."""

from dataclasses import replace
from typing import Any, Final

from sqlalchemy import exists, select

from core.addresses import Address
from core.company import Company
from core.delivery.card_updates import post_missing_cards
from core.delivery.linked_chats import ROLES, move_chat, operator_chats_of
from core.errors import NothingToDo, Refusal
from core.events import ChatLinked
from core.models import LinkedChat, Ticket, TicketTeam
from core.people.identity import Sender
from core.setup.company_settings import PLACES, arrive_as_admin, refuse_if_fixed
from core.teams.teams import teams_of
from core.tickets.catalog import workflow_of
from core.tx import Tx

OPERATORS: Final = "operators"


async def link(tx: Tx, sender: Sender, role: str, chat: Address) -> Company:
    """Give ``chat`` the role; deliveries waiting for the former chat go there.

    Open tickets get their cards there. Returns the company as it is from now on. Raises
    :class:`NotAllowed`, :class:`NothingToDo`, or :class:`Refusal` for a role the environment sets,
    and for a team's own group.
    """
    await arrive_as_admin(tx, sender)
    field = ROLES[role]
    refuse_if_fixed(tx, field, PLACES[field])
    before: Address | None = getattr(tx.company, field)
    if before == chat:
        raise NothingToDo("refusal.linked_already")
    team = (await teams_of(tx)).of_chat(chat)
    if team is not None:
        raise Refusal("refusal.linked_team", team=team.title(tx.company.language))
    if before is not None:
        await move_chat(tx, before, chat)
    await tx.put(LinkedChat(role=role, configured=chat, chat=chat))
    tx.emit(
        ChatLinked(
            ticket_id=None,
            role=role,
            chat=str(chat),
            before=None if before is None else str(before),
        )
    )
    if role == OPERATORS:
        await _post_cards(tx, chat)
    chosen: dict[str, Any] = {field: chat}
    return replace(tx.company, **chosen)


async def _post_cards(tx: Tx, chat: Address) -> None:
    """Post cards of open tickets: people may have written before there was a group. Tickets of a
    team with a group of its own stay there.
    """
    codes = (await workflow_of(tx)).open_codes()
    elsewhere = exists().where(
        TicketTeam.ticket_id == Ticket.id, TicketTeam.team.in_(list(await operator_chats_of(tx)))
    )
    numbers = await tx.all(
        select(Ticket.id).where(Ticket.state.in_(codes), ~elsewhere).order_by(Ticket.id)
    )
    await post_missing_cards(tx, numbers, chat)
