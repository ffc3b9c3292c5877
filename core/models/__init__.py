"""All tables, without behaviour, on one floor."""

from core.models.agreements import (
    AccountAgreement,
    Agreement,
    AgreementTerm,
    CalendarRow,
    Category,
    Classification,
    Clock,
    NextContact,
    PriorityRow,
    Service,
)
from core.models.contacts import Account, AccountMember, ContactPoint, Contract, Merge
from core.models.delivery import OutboxRow, Place, Placement
from core.models.equipment import Camera, CameraOwner, Outage, OutageOffer, TicketCamera
from core.models.intake import InboxRow
from core.models.journal import JournalEntry
from core.models.links import Link, Parentage
from core.models.machine import Fact, Setting
from core.models.people import Person
from core.models.search import SearchWord
from core.models.sla import Timer
from core.models.tasks import Task
from core.models.teams import Duty, Team, TeamMember, TicketTeam
from core.models.tickets import Message, Note, Ticket, Topic
from core.models.workflow import MoveRow, StateRow

__all__ = [
    "Account",
    "AccountAgreement",
    "AccountMember",
    "Agreement",
    "AgreementTerm",
    "CalendarRow",
    "Camera",
    "CameraOwner",
    "Category",
    "Classification",
    "Clock",
    "ContactPoint",
    "Contract",
    "Duty",
    "Fact",
    "InboxRow",
    "JournalEntry",
    "Link",
    "Merge",
    "Message",
    "MoveRow",
    "NextContact",
    "Note",
    "Outage",
    "OutageOffer",
    "OutboxRow",
    "Parentage",
    "Person",
    "Place",
    "Placement",
    "PriorityRow",
    "SearchWord",
    "Service",
    "Setting",
    "StateRow",
    "Task",
    "Team",
    "TeamMember",
    "Ticket",
    "TicketCamera",
    "TicketTeam",
    "Timer",
    "Topic",
]
