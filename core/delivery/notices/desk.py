"""Who hears of the desk itself, of admins and other systems, and of people not reached. Pure."""

from collections.abc import Callable
from typing import Any, Final

from core import events as e
from core.delivery.notices.notice import Audience, Notice, NoticeTable, card
from core.delivery.pacing import Priority

FLOOD_WAIT: Final = 2.0


def _unreachable(event: e.PersonUnreachable) -> str:
    by_letter = "_by_letter" if event.by_letter else "_noted" if event.to else ""
    return f"group.unreachable{by_letter}"


def _of_desk(outcome: Callable[[Any], str], mail: str) -> tuple[Notice, ...]:
    """What is told of the desk's own chats (X14): to admins, to the other chat, by mail."""

    def key(event: Any) -> str:
        return f"setup.{event.role}.{outcome(event)}"

    return (
        Notice(Audience.ADMINS, "text", Priority.GROUP_NEWS, key),
        Notice(Audience.OTHER_CHAT, "text", Priority.GROUP_NEWS, key),
        Notice(
            Audience.STAFF_MAIL, "text", Priority.GROUP_NEWS, lambda event: f"{mail}.{event.role}"
        ),
    )


def _of_health(outcome: str, mail: str) -> tuple[Notice, ...]:
    """What is told of the desk's own health (X14): by every way, of which some may work."""

    def key(event: Any) -> str:
        return f"health.{outcome}.{event.code}"

    whens: dict[Audience, Callable[[Any], bool] | None] = {
        Audience.ADMINS: None,
        Audience.ALERTS: lambda event: event.to_alerts,
        Audience.OPERATORS: lambda event: not event.to_alerts,
        Audience.STAFF_MAIL: None,
    }
    return tuple(
        Notice(
            to,
            "text",
            Priority.GROUP_NEWS,
            mail if to is Audience.STAFF_MAIL else key,
            when=when,
        )
        for to, when in whens.items()
    )


NOTICES: Final[NoticeTable] = {
    e.PersonTurnedAway: (
        Notice(Audience.CUSTOMER, "text", Priority.ANSWER_TO_ACTOR, "customer.blocked"),
    ),
    e.PersonUnreachable: (
        Notice(
            Audience.OPERATORS,
            "text",
            Priority.GROUP_NEWS,
            _unreachable,
            # a failed answer says so already; without a ticket nobody waits for a word
            when=lambda event: not event.by_answer and event.ticket_id is not None,
            reply="card",
        ),
    ),
    e.CustomerRedirected: (
        Notice(
            Audience.OPERATORS,
            "text",
            Priority.GROUP_NEWS,
            "group.redirected",
            when=lambda event: event.ticket_id is not None,
            reply="card",
        ),
    ),
    e.CustomerChanged: (card(lambda event: event.active),),
    e.RetentionApplied: (
        Notice(Audience.ADMINS, "text", Priority.GROUP_NEWS, "retention.applied"),
    ),
    e.MailsUnasked: (Notice(Audience.ADMINS, "text", Priority.GROUP_NEWS, "consent.unasked"),),
    e.ContactsReadOften: (
        Notice(Audience.ADMINS, "text", Priority.GROUP_NEWS, "contacts.read_often"),
    ),
    e.UpdateQuarantined: (  # a flood of them is one alert, with the newest and how many there are
        Notice(
            Audience.ALERTS,
            "text",
            Priority.GROUP_NEWS,
            "alert.quarantined",
            wait=FLOOD_WAIT,
            dedup_key="quarantined",
        ),
    ),
    e.DeskTroubled: _of_desk(lambda event: event.code, "mail.troubled"),
    e.DeskWell: _of_desk(lambda _event: "well", "mail.well"),
    e.DeskSick: _of_health("sick", "mail.sick"),
    e.DeskRecovered: _of_health("over", "mail.recovered"),
    e.AdminAppointed: (
        Notice(
            Audience.ADMINS,
            "text",
            Priority.GROUP_NEWS,
            "setup.admin.appointed",
            when=lambda event: event.by == "invitation",
        ),
    ),
    e.WebhookStopped: (
        Notice(
            Audience.ADMINS,
            "text",
            Priority.GROUP_NEWS,
            lambda event: "webhook.gone" if event.gone else "webhook.stopped",
        ),
    ),
    e.AdminDismissed: (
        Notice(Audience.ADMINS, "text", Priority.GROUP_NEWS, "setup.admin.dismissed"),
        Notice(Audience.PERSON, "text", Priority.GROUP_NEWS, "setup.admin.you_dismissed"),
    ),
    e.EventChainCut: (
        Notice(
            Audience.ALERTS,
            "text",
            Priority.GROUP_NEWS,
            "alert.chain_cut",
            wait=FLOOD_WAIT,
            dedup_key="chain_cut",
        ),
    ),
}
