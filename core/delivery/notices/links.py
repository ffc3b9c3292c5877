"""Who hears of tickets that belong together, and of outages. Pure."""

from typing import Final

from core import events as e
from core.delivery.notices.notice import (
    Audience,
    Notice,
    NoticeTable,
    card,
    tell_colleague,
    to_reporters,
)
from core.delivery.pacing import Priority


def _known(event: e.FaultKnown) -> str:
    if event.area is None:
        return "ticket.known"
    return "ticket.known_area" if event.fresh else "ticket.joined_area"


NOTICES: Final[NoticeTable] = {
    e.FaultKnown: (Notice(Audience.CUSTOMER, "text", Priority.TICKET_ACK, _known),),
    e.FaultAlone: (card(),),
    e.OutageOffered: (
        Notice(Audience.OPERATORS, "text", Priority.GROUP_NEWS, "group.outage_offer"),
    ),
    e.OutageRestated: (to_reporters("text", key="ticket.outage_news"), card()),
    e.ParentSet: (card(),),
    e.ParentLeft: (card(),),
    e.ChildJoined: (card(),),
    e.ChildLeft: (card(),),
    e.TicketLinked: (card(),),
    e.ObjectLinked: (card(),),
    e.Unlinked: (card(),),
    e.TicketSplit: (Notice(Audience.CUSTOMER, "text", Priority.TICKET_ACK, "ticket.split"),),
    e.SplitOff: (card(),),
    e.TicketMerged: (
        Notice(Audience.CUSTOMER, "text", Priority.TICKET_ACK, "ticket.merged"),
        tell_colleague("staff.merged"),
    ),
    e.MergeReceived: (card(),),
    e.MergeUndone: (Notice(Audience.CUSTOMER, "text", Priority.TICKET_ACK, "ticket.unmerged"),),
    e.MergeReturned: (card(),),
    e.FollowedUp: (card(),),
}
