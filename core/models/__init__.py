"""All tables, without behaviour, on one floor."""

from core.models.delivery import OutboxRow, Place, Placement
from core.models.intake import InboxRow
from core.models.journal import JournalEntry
from core.models.machine import Fact, Setting
from core.models.people import Person
from core.models.search import SearchWord
from core.models.sla import Timer
from core.models.tickets import Message, Note, Ticket, Topic
from core.models.workflow import MoveRow, StateRow

__all__ = [
    "Fact",
    "InboxRow",
    "JournalEntry",
    "Message",
    "MoveRow",
    "Note",
    "OutboxRow",
    "Person",
    "Place",
    "Placement",
    "SearchWord",
    "Setting",
    "StateRow",
    "Ticket",
    "Timer",
    "Topic",
]
