"""The desk as the settings have it, without any way in or out: all that a command needs."""

from typing import Final

from bot.settings import Settings
from core import journal
from core.agreements import contact, keeping, urgency
from core.company import Company
from core.contacts import merging
from core.db import Database
from core.delivery import outbox
from core.desk import Clock, Desk, utc_now
from core.equipment import ending
from core.links import showing
from core.tasks import following
from core.tickets import parents

# Fields of the company that may be chosen in the chat, unless their variable says something.
CHOSEN: Final = {
    "name": "company_name",
    "language": "default_language",
    "zone": "timezone",
    "answer_deadline": "answer_deadline",
    "operators_chat": "operator_chat_id",
    "alerts_chat": "alert_chat_id",
}


def company_of(settings: Settings) -> Company:
    """The company's settings as the environment gives them."""
    return Company(
        fixed=frozenset(
            field for field, name in CHOSEN.items() if name in settings.model_fields_set
        ),
        name=settings.company_name,
        language=settings.default_language,
        zone=settings.timezone,
        answer_deadline=settings.answer_deadline,
        remind_before=settings.remind_before,
        rating_wait=settings.rating_wait,
        admins=frozenset(settings.admin_ids),
        named_admins=frozenset(settings.admin_ids),
        operators_chat=settings.operator_chat_id,
        alerts_chat=settings.alert_chat_id,
        mail_alerts_to=settings.mail_alerts_to,
        number_mask=settings.number_mask,
        outage_faults=settings.outage_faults,
        outage_window=settings.outage_window,
    )


def desk_of(settings: Settings, database: Database, *, clock: Clock = utc_now) -> Desk:
    """The desk with its recorders, in the order in which they write."""
    recorders = (
        *(merging.record, ending.record, parents.record, keeping.record, contact.record),
        *(following.record, urgency.record, showing.record, journal.record, outbox.record),
    )
    return Desk(database, company_of(settings), recorders, clock=clock)
