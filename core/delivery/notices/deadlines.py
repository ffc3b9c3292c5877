"""Who hears of deadlines: set, near, missed; and of what waits for a day. Pure."""

from typing import Final

from core import events as e
from core.delivery.notices.notice import Audience, Notice, NoticeTable, Stored, card
from core.delivery.pacing import Priority


def _is_by_itself(event: e.Event) -> bool:
    """Not of those that a digest tells of, together."""
    in_outage = getattr(event, "in_outage", False)
    return not (getattr(event, "after_downtime", False) or in_outage)


# The origin of the ticket with which an admin tries the whole way: it alarms nobody.
TRIAL: Final = "trial"


def _is_in_earnest(_event: e.Event, stored: Stored) -> bool:
    return stored.origin != TRIAL


NOTICES: Final[NoticeTable] = {
    e.ClocksSet: (card(),),
    e.ClockNear: (
        Notice(
            Audience.OPERATORS,
            "text",
            Priority.GROUP_NEWS,
            lambda event: f"group.clock_near.{event.kind}",
            when=_is_by_itself,
            reply="card",
        ),
    ),
    e.ClockMissed: (
        Notice(
            Audience.ALERTS,
            "text",
            Priority.GROUP_NEWS,
            lambda event: f"alert.clock.{event.kind}",
            when=_is_by_itself,
            if_stored=_is_in_earnest,
        ),
        Notice(
            Audience.STAFF_MAIL,
            "text",
            Priority.GROUP_NEWS,
            lambda event: f"mail.clock.{event.kind}",
            when=_is_by_itself,
            if_stored=_is_in_earnest,
        ),
        card(_is_by_itself),
        Notice(
            Audience.OPERATORS,
            "card",
            Priority.DIGEST,
            when=lambda event: not _is_by_itself(event),
            dedup_key="card:{ticket_id}",
        ),
    ),
    e.ContactDue: (
        Notice(
            Audience.OPERATORS,
            "text",
            Priority.GROUP_NEWS,
            "group.contact",
            when=_is_by_itself,
            reply="card",
        ),
    ),
    e.NextContactSet: (card(),),
    e.ContactsPassed: (
        Notice(Audience.OPERATORS, "text", Priority.GROUP_NEWS, "group.contacts_passed"),
    ),
    e.AnswerDueChanged: (card(),),
    e.DeadlineNear: (
        Notice(
            Audience.OPERATORS,
            "text",
            Priority.GROUP_NEWS,
            "group.reminder",
            when=_is_by_itself,
            reply="card",
        ),
    ),
    e.DeadlineMissed: (
        Notice(
            Audience.CUSTOMER,
            "text",
            Priority.TICKET_ACK,
            "ticket.late",
            if_stored=lambda _event, stored: stored.promised,
        ),
        Notice(
            Audience.ALERTS,
            "text",
            Priority.GROUP_NEWS,
            "alert.overdue",
            when=_is_by_itself,
            if_stored=_is_in_earnest,
        ),
        Notice(
            Audience.STAFF_MAIL,
            "text",
            Priority.GROUP_NEWS,
            "mail.overdue",
            when=_is_by_itself,
            if_stored=_is_in_earnest,
        ),
        card(_is_by_itself),
        Notice(
            Audience.OPERATORS,
            "card",
            Priority.DIGEST,
            when=lambda event: not _is_by_itself(event),
            dedup_key="card:{ticket_id}",
        ),
    ),
    e.TicketWoke: (
        Notice(
            Audience.OPERATORS,
            "text",
            Priority.GROUP_NEWS,
            "group.woke",
            when=_is_by_itself,
            reply="card",
        ),
    ),
    e.StillPaused: (
        Notice(
            Audience.OPERATORS,
            "text",
            Priority.GROUP_NEWS,
            lambda event: f"group.still.{event.category}",
            reply="card",
        ),
    ),
    e.CaughtUp: (
        Notice(
            Audience.ALERTS,
            "text",
            Priority.GROUP_NEWS,
            "alert.digest",
            when=lambda event: bool(event.overdue or event.late),
        ),
        Notice(
            Audience.STAFF_MAIL,
            "text",
            Priority.GROUP_NEWS,
            lambda event: "mail.digest" if event.down else "mail.digest_now",
            when=lambda event: bool(event.overdue or event.late),
        ),
        Notice(
            Audience.OPERATORS,
            "text",
            Priority.GROUP_NEWS,
            "group.digest",
            when=lambda event: bool(event.near or event.woke),
        ),
    ),
}
