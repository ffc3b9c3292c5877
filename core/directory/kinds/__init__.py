"""The kinds of entries. Another kind is another class in this list, and its texts."""

from typing import Final

from core.directory.kinds.accounts import AccountAgreementEntry, AccountDomainEntry
from core.directory.kinds.agreements import AgreementEntry, CalendarEntry
from core.directory.kinds.articles import ArticleEntry
from core.directory.kinds.closing import ClosingReasonEntry, FieldEntry
from core.directory.kinds.mailboxes import MailboxEntry
from core.directory.kinds.notices import NoticeEntry
from core.directory.kinds.reports import ReportEntry
from core.directory.kinds.responses import ResponseEntry
from core.directory.kinds.rules import RuleEntry
from core.directory.kinds.settings import SettingsEntry
from core.directory.kinds.states import StateEntry
from core.directory.kinds.tags import TagEntry
from core.directory.kinds.teams import TeamEntry
from core.directory.kinds.texts import TextEntry
from core.directory.kinds.tickets import CategoryEntry, PriorityEntry, ServiceEntry, TopicEntry
from core.directory.kinds.views import ViewEntry
from core.directory.schema import Kinds

KINDS: Final[Kinds] = (
    TopicEntry,
    ServiceEntry,
    CategoryEntry,
    PriorityEntry,
    CalendarEntry,
    AgreementEntry,
    AccountAgreementEntry,
    ClosingReasonEntry,
    FieldEntry,
    TeamEntry,
    TagEntry,
    ResponseEntry,
    ArticleEntry,
    ViewEntry,
    RuleEntry,
    ReportEntry,
    NoticeEntry,
    TextEntry,
    AccountDomainEntry,
    MailboxEntry,
    StateEntry,
    SettingsEntry,
)
