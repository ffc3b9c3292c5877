"""Which group works on a ticket: its team's own, or the operator group of all."""

from sqlalchemy import select

from core.models import Team, TicketTeam
from core.tx import Look


class Rooms(dict[str, int]):
    """Chats of the teams that have one of their own, by the team's code."""


async def rooms_of(look: Look) -> Rooms:
    """The teams' chats, read once and kept until the directory changes."""
    found: Rooms | None = look.directory.get(Rooms)
    if found is None:
        query = select(Team.code, Team.chat).where(Team.chat.is_not(None), Team.active.is_(True))
        rows = await look.session.execute(query)
        housed = ((code, chat) for code, chat in rows if chat is not None)
        found = look.directory[Rooms] = Rooms(housed)
    return found


async def is_room(look: Look, chat: int) -> bool:
    """Operators work in this chat."""
    return chat == look.company.operators_chat or chat in (await rooms_of(look)).values()


async def all_rooms(look: Look) -> list[int]:
    """Every chat in which operators work."""
    main = look.company.operators_chat
    rooms = (await rooms_of(look)).values()
    return [*([] if main is None else [main]), *(chat for chat in rooms if chat != main)]


async def room_of(look: Look, number: int | None) -> int | None:
    """The chat of the operators who work on the ticket; without a ticket, of all."""
    rooms = await rooms_of(look)
    if rooms and number is not None:
        place = await look.session.get(TicketTeam, number)
        room = None if place is None else rooms.get(place.team or "")
        if room is not None:
            return room
    return look.company.operators_chat
