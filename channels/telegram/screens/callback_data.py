"""All callback data of the bot, and the one strict reader of it.

Whoever forges a button's data gains nothing: data names a wish, never a right, and every wish is
authorised like a typed command (S5).
"""

import re
from typing import Final

from aiogram.filters.callback_data import CallbackData

from channels.telegram.screens.articles import (
    ArticleFiles,
    ArticleFor,
    ArticlesFor,
    ArticlesOfTopic,
    ArticleUses,
    JudgeArticle,
    LinkArticle,
    ReadArticle,
    SendArticle,
    UseArticle,
    WriteArticle,
)
from channels.telegram.screens.assistant import SuggestionStep
from channels.telegram.screens.attached_files import EntryFiles
from channels.telegram.screens.cameras import CameraFault, CameraPage, PickCamera
from channels.telegram.screens.card import Freeze, FreezeEnd, TicketVerb
from channels.telegram.screens.consent import ConsentAnswer
from channels.telegram.screens.customer_menu import (
    AnswerField,
    ChooseLanguage,
    ChooseTopic,
    FileMessages,
    Menu,
)
from channels.telegram.screens.customer_tickets import (
    CloseOwn,
    Confirm,
    OwnTicketOpened,
    Rate,
    RatingStep,
)
from channels.telegram.screens.directory import DirectoryStep, RestoreVersion
from channels.telegram.screens.directory_entries import (
    DirectoryKind,
    DirectoryKinds,
    DirectoryPart,
)
from channels.telegram.screens.entry_buttons import (
    ApplyAnswer,
    AskValue,
    EntryStep,
    PickValue,
)
from channels.telegram.screens.figure_lists import FigureMenu, FigurePage
from channels.telegram.screens.health import FailedStep, JunkStep, QuarantineStep
from channels.telegram.screens.help import HelpSection
from channels.telegram.screens.manual_ticket import ManualStep
from channels.telegram.screens.notice_settings import NoticeList, NoticeStep, NoticeText
from channels.telegram.screens.notices import QuestionAfterAll, RetryAnswer, ShowWhole
from channels.telegram.screens.outages import OutageStep
from channels.telegram.screens.people import ShowPerson, WriteTo
from channels.telegram.screens.personal_data import PersonalData
from channels.telegram.screens.responses import (
    DropResponse,
    ResponsePage,
    SendResponse,
    ShowResponse,
)
from channels.telegram.screens.restored import ReleaseStep
from channels.telegram.screens.rules import TryRule
from channels.telegram.screens.setup import DismissAdmin, LinkChat, SetField, SetupStep
from channels.telegram.screens.tables import TableStep
from channels.telegram.screens.tags import UseTag
from channels.telegram.screens.tasks import (
    AssignTask,
    CloseTasks,
    EndedPage,
    EndTasksAs,
    NextUp,
    ResolveTasks,
    SettleLeft,
    TaskPage,
    TaskVerb,
)
from channels.telegram.screens.ticket_choices import (
    AssignPerson,
    AssignTeam,
    Classify,
    EndAs,
    EscalateTo,
    FieldChoice,
    MakeParent,
    MoveTo,
    SetTopic,
    UndoMerge,
)
from channels.telegram.screens.ticket_list import ExportList, ListPage
from channels.telegram.screens.words import ShowWords

KINDS: Final[tuple[type[CallbackData], ...]] = (
    *(TicketVerb, Freeze, FreezeEnd, Classify, AssignPerson, AssignTeam, EscalateTo),
    *(TaskVerb, TaskPage, ResolveTasks, CloseTasks, ListPage, RetryAnswer, QuestionAfterAll),
    *(ShowWhole, ShowWords, MoveTo, EndAs, EndTasksAs, SetTopic, AssignTask, EndedPage),
    *(MakeParent, UndoMerge, ShowPerson, WriteTo, OutageStep, ManualStep),
    *(Menu, ChooseLanguage, ChooseTopic, FileMessages, OwnTicketOpened, Confirm, CloseOwn),
    *(Rate, RatingStep, AnswerField, FieldChoice, UseTag),
    *(PickCamera, CameraFault, CameraPage, PersonalData, ConsentAnswer),
    *(FigurePage, FigureMenu, ExportList),
    *(SetupStep, SetField, DismissAdmin, LinkChat, QuarantineStep, FailedStep),
    *(ReleaseStep, JunkStep, HelpSection, DirectoryStep, RestoreVersion),
    *(TryRule, DirectoryKinds, DirectoryKind, DirectoryPart, EntryFiles, ArticleFiles, TableStep),
    *(AskValue, PickValue, EntryStep, ApplyAnswer),
    *(NoticeList, NoticeStep, NoticeText),
    *(ArticlesOfTopic, ReadArticle, JudgeArticle, ArticlesFor, ArticleFor, SendArticle),
    *(LinkArticle, WriteArticle, UseArticle, ArticleUses, NextUp, SettleLeft),
    *(ResponsePage, ShowResponse, SendResponse, DropResponse, SuggestionStep),
)
_STAMP: Final = re.compile(r"(.*)~([1-9]\d{0,5})", re.DOTALL)
_BY_PREFIX: Final = {kind.__prefix__: kind for kind in KINDS}


def parted(data: str | None) -> tuple[str | None, int]:
    """Return what a button carried, and the epoch it was sent in (`buttons.stamped`)."""
    found = _STAMP.fullmatch(data or "")
    return (data, 0) if found is None else (found[1], int(found[2]))


def parse(data: str | None) -> CallbackData | None:
    """What a button carried, or ``None`` for anything that no button of ours carries.

    A value that is understood but would be packed differently («012») is not ours either.
    """
    if not data or not data.isascii():
        return None
    kind = _BY_PREFIX.get(data.partition(":")[0])
    if kind is None:
        return None
    try:
        found = kind.unpack(data)
        return found if found.pack() == data else None
    except (TypeError, ValueError):
        return None
