"""In which time zone somebody reads a letter: their own, if we know whose address it is (C9)."""

from zoneinfo import ZoneInfo

from core.contacts.points import EMAIL, Point, holders_of
from core.tx import Look
from core.words.emails import read_email


async def zone_at(look: Look, address: str) -> ZoneInfo:
    """The zone of whoever proved that the address is theirs, or else was said last to have it;
    the company's where nobody is known, or has said none.
    """
    value = read_email(address)
    holders = [] if value is None else await holders_of(look, Point(EMAIL, value))
    zones = [person.zone for person in holders if person.zone is not None]
    return ZoneInfo(zones[0]) if zones else look.company.zone
