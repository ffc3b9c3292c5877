"""Callback data: buttons that stand in people's chats are read, and nothing else is."""

import pytest
from aiogram.filters.callback_data import CallbackData
from hypothesis import given
from hypothesis import strategies as st

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
from channels.telegram.screens.buttons import stamped
from channels.telegram.screens.callback_data import KINDS, parse, parted
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

# The data of every button as the bot has always sent it: such buttons stand in people's chats for
# years, so these strings never change.
IN_CHATS: dict[str, CallbackData] = {
    "t:assign:12": TicketVerb(verb="assign", ticket_id=12),
    "t:back:12": TicketVerb(verb="back", ticket_id=12),
    "t:cancel:12": TicketVerb(verb="cancel", ticket_id=12),
    "t:cancel!:12": TicketVerb(verb="cancel!", ticket_id=12),
    "t:close:12": TicketVerb(verb="close", ticket_id=12),
    "t:close!:12": TicketVerb(verb="close!", ticket_id=12),
    "t:escalate:12": TicketVerb(verb="escalate", ticket_id=12),
    "t:freeze:12": TicketVerb(verb="freeze", ticket_id=12),
    "t:journal:12": TicketVerb(verb="journal", ticket_id=12),
    "t:more:12": TicketVerb(verb="more", ticket_id=12),
    "t:release:12": TicketVerb(verb="release", ticket_id=12),
    "t:reopen:12": TicketVerb(verb="reopen", ticket_id=12),
    "t:resolve!:12": TicketVerb(verb="resolve!", ticket_id=12),
    "t:resolve:12": TicketVerb(verb="resolve", ticket_id=12),
    "t:state:12": TicketVerb(verb="state", ticket_id=12),
    "ms:12:on_hold": MoveTo(ticket_id=12, state="on_hold"),
    "t:take:12": TicketVerb(verb="take", ticket_id=12),
    "t:task:12": TicketVerb(verb="task", ticket_id=12),
    "t:tasks:12": TicketVerb(verb="tasks", ticket_id=12),
    "t:unfreeze:12": TicketVerb(verb="unfreeze", ticket_id=12),
    "t:wait:12": TicketVerb(verb="wait", ticket_id=12),
    "t:why:12": TicketVerb(verb="why", ticket_id=12),
    "f:1h:12": Freeze(span="1h", ticket_id=12),
    "f:tomorrow:12": Freeze(span="tomorrow", ticket_id=12),
    "f:monday:12": Freeze(span="monday", ticket_id=12),
    "f:week:12": Freeze(span="week", ticket_id=12),
    "f:other:12": Freeze(span="other", ticket_id=12),
    "f:ever:12": Freeze(span="ever", ticket_id=12),
    "fe:week:12": FreezeEnd(span="week", ticket_id=12),
    "a:5": RetryAnswer(message_id=5),
    "q:6": QuestionAfterAll(message_id=6),
    "whole:6": ShowWhole(message_id=6),
    "mw:with:12:345": ShowWords(verb="with", ticket_id=12, at=345),
    "mw:page:12:0": ShowWords(verb="page", ticket_id=12, at=0),
    "mw:post:12:3": ShowWords(verb="post", ticket_id=12, at=3),
    "l:queue:+:": ListPage(view="queue", way="+", cursor=""),
    "l:my:-:0.2026-11-24T12:30:00+00:00.123": ListPage(
        view="my", way="-", cursor="0.2026-11-24T12:30:00+00:00.123"
    ),
    "l:own:+:o15": ListPage(view="own", way="+", cursor="o15"),
    "hs:lists": HelpSection(section="lists"),
    "to:12:image-quality_2": SetTopic(ticket_id=12, code="image-quality_2"),
    "p:image-quality_2": ChooseTopic(code="image-quality_2"),
    "m:back": Menu(step="back"),
    "m:cameras": Menu(step="cameras"),
    "m:language": Menu(step="language"),
    "m:mine": Menu(step="mine"),
    "m:new": Menu(step="new"),
    "w:new": FileMessages(where="new"),
    "w:12": FileMessages(where="12"),
    "w:no": FileMessages(where="no"),
    "o:9": OwnTicketOpened(ticket_id=9),
    "ox:12:0": CloseOwn(ticket_id=12),
    "ox:12:1": CloseOwn(ticket_id=12, sure=True),
    "c:y:12": Confirm(answer="y", ticket_id=12),
    "c:n:12": Confirm(answer="n", ticket_id=12),
    "sr:5:12": Rate(rating=5, ticket_id=12),
    "sx:words:12": RatingStep(step="words", ticket_id=12),
    "sx:change:12": RatingStep(step="change", ticket_id=12),
    "er:12:new-cable:1": EndAs(ticket_id=12, reason="new-cable", resolve=True),
    "er:12:new-cable:0": EndAs(ticket_id=12, reason="new-cable"),
    "fc:1:12:cause": FieldChoice(at=1, ticket_id=12, field="cause"),
    "tg:12:take:0123abcd:": UseTag(ticket_id=12, step="take", mark="0123abcd"),
    "tg:12:give:0123abcd:89efabcd": UseTag(
        ticket_id=12, step="give", mark="0123abcd", instead="89efabcd"
    ),
    "af:0:12:speed": AnswerField(at="0", ticket_id=12, field="speed"),
    "af:n:12:speed": AnswerField(at="n", ticket_id=12, field="speed"),
    "jr:leave:12:cable": EndTasksAs(choice="leave", ticket_id=12, reason="cable"),
    "g:ru": ChooseLanguage(code="ru"),
    "kd:s:video-2:12": Classify(letter="s", code="video-2", ticket_id=12),
    "kd:c:incident:12": Classify(letter="c", code="incident", ticket_id=12),
    "kd:p:urgent:12": Classify(letter="p", code="urgent", ticket_id=12),
    "s:admins": SetupStep(step="admins"),
    "s:answer_deadline": SetupStep(step="answer_deadline"),
    "s:invite": SetupStep(step="invite"),
    "s:language": SetupStep(step="language"),
    "s:list": SetupStep(step="list"),
    "s:name": SetupStep(step="name"),
    "s:trial": SetupStep(step="trial"),
    "s:zone": SetupStep(step="zone"),
    "v:name:Asia/Omsk": SetField(field="name", value="Asia/Omsk"),
    "v:zone:Asia/Omsk": SetField(field="zone", value="Asia/Omsk"),
    "v:language:Asia/Omsk": SetField(field="language", value="Asia/Omsk"),
    "v:answer_deadline:Asia/Omsk": SetField(field="answer_deadline", value="Asia/Omsk"),
    "ad:ask:3": DismissAdmin(verb="ask", person=3),
    "qu:page:7": QuarantineStep(verb="page", id=7),
    "qu:ticket:7": QuarantineStep(verb="ticket", id=7),
    "qu:again:7": QuarantineStep(verb="again", id=7),
    "jk:page:7": JunkStep(verb="page", id=7),
    "jk:restore:7": JunkStep(verb="restore", id=7),
    "fd:again:7": FailedStep(verb="again", id=7),
    "fd:drop:7": FailedStep(verb="drop", id=7),
    "pd:show": PersonalData(step="show"),
    "pd:erase": PersonalData(step="erase"),
    "sl:o:739217:7::+::1": FigurePage(figure="o", since=739217, days=7),
    "sl:e:739217:30:tpayment:-:123456:2": FigurePage(
        figure="e", since=739217, days=30, scope="tpayment", way="-", cursor="123456", place=2
    ),
    "sm:739217:7": FigureMenu(since=739217, days=7),
    "cs:yes:2026-11.1": ConsentAnswer(answer="yes", version="2026-11.1"),
    "rel:all": ReleaseStep(what="all"),
    "dir:apply:7:0123abcd": DirectoryStep(step="apply", version=7, digest="0123abcd"),
    "dir:recount:0:0123abcd": DirectoryStep(step="recount", version=0, digest="0123abcd"),
    "dir:drop:7:0123abcd": DirectoryStep(step="drop", version=7, digest="0123abcd"),
    "qt:payment:1": ArticlesOfTopic(topic="payment", page=1),
    "qt::0": ArticlesOfTopic(),
    "qa:faq:pay_how": ReadArticle(come_from="faq", code="pay_how"),
    "qa:new:pay_how": ReadArticle(come_from="new", code="pay_how"),
    "qh:y:pay_how": JudgeArticle(verdict="y", code="pay_how"),
    "nx": NextUp(),
    "xl:overdue": ExportList(view="overdue"),
    "aw:12": WriteArticle(ticket_id=12),
    "ua:12:cable": UseArticle(ticket_id=12, code="cable"),
    "ua:12:": UseArticle(ticket_id=12),
    "au:2": ArticleUses(page=2),
    "kb:12": ArticlesFor(ticket_id=12),
    "ka:12:pay_how": ArticleFor(ticket_id=12, code="pay_how"),
    "ks:12:pay_how:0123abcd": SendArticle(ticket_id=12, code="pay_how", digest="0123abcd"),
    "kl:12:pay_how": LinkArticle(ticket_id=12, code="pay_how"),
    "dirv:keep:3:7": RestoreVersion(step="keep", number=3, version=7),
    "tab:retire:0123abcd:89abcdef": TableStep(step="retire", plan="0123abcd", digest="89abcdef"),
    "rel:new": ReleaseStep(what="new"),
    "fd:again_all:0": FailedStep(verb="again_all"),
    "fd:drop_all:0": FailedStep(verb="drop_all"),
    "fd:ask:0": FailedStep(verb="ask"),
    "fd:show:0": FailedStep(verb="show"),
    "qu:all:0": QuarantineStep(verb="all"),
    "ad:sure:3": DismissAdmin(verb="sure", person=3),
    "k:operators:-1001234567890": LinkChat(role="operators", chat=-1001234567890),
    "k:alerts:-1001234567890": LinkChat(role="alerts", chat=-1001234567890),
    "ci:7": PickCamera(camera=7),
    "ct:picture:7": CameraFault(fault="picture", camera=7),
    "ct:quality:7": CameraFault(fault="quality", camera=7),
    "ct:archive:7": CameraFault(fault="archive", camera=7),
    "ct:view:7": CameraFault(fault="view", camera=7),
    "ct:other:7": CameraFault(fault="other", camera=7),
    "ct:known:7": CameraFault(fault="known", camera=7),
    "cp:0": CameraPage(page=0),
    "cp:3": CameraPage(page=3),
    "x:ask:12": OutageStep(step="ask", ticket_id=12),
    "rl:12:0": ResponsePage(ticket_id=12),
    "try:night-1:2:turn:0a1b2c3d": TryRule(code="night-1", page=2, digest="0a1b2c3d"),
    "rt:12:reboot": ShowResponse(ticket_id=12, code="reboot"),
    "rx:12:reboot:0a1b2c3d": SendResponse(ticket_id=12, code="reboot", digest="0a1b2c3d"),
    "rd:12": DropResponse(ticket_id=12),
    "sg:insert:12:7": SuggestionStep(step="insert", ticket_id=12, suggestion=7),
    "x:back:12": OutageStep(step="back", ticket_id=12),
    "x:no:12": OutageStep(step="no", ticket_id=12),
    "x:1h:12": OutageStep(step="1h", ticket_id=12),
    "x:3h:12": OutageStep(step="3h", ticket_id=12),
    "x:tomorrow:12": OutageStep(step="tomorrow", ticket_id=12),
    "x:ever:12": OutageStep(step="ever", ticket_id=12),
    "h:customer:": ManualStep(step="customer", value=""),
    "h:purpose:": ManualStep(step="purpose", value=""),
    "h:topic:": ManualStep(step="topic", value=""),
    "h:service:": ManualStep(step="service", value=""),
    "h:category:": ManualStep(step="category", value=""),
    "h:assignee:": ManualStep(step="assignee", value=""),
    "h:back:": ManualStep(step="back", value=""),
    "h:leave:": ManualStep(step="leave", value=""),
    "h:save:": ManualStep(step="save", value=""),
    "h:customer:15": ManualStep(step="customer", value="15"),
    "h:topic:pay": ManualStep(step="topic", value="pay"),
    "u:show:3:0": ShowPerson(verb="show", person=3, other=0),
    "u:merge:3:4": ShowPerson(verb="merge", person=3, other=4),
    "u:mute:3:0": ShowPerson(verb="mute", person=3),
    "u:block:3:24": ShowPerson(verb="block", person=3, other=24),
    "u:lift:3:0": ShowPerson(verb="lift", person=3),
    "u:reads:3:0": ShowPerson(verb="reads", person=3),
    "u:merge!:3:4": ShowPerson(verb="merge!", person=3, other=4),
    "r:12:9": MakeParent(ticket_id=12, parent=9),
    "um:12": UndoMerge(ticket_id=12),
    "dk": DirectoryKinds(),
    "dl:topic:2": DirectoryKind(kind="topic", page=2),
    "df:add:response:01234567:": EntryFiles(step="add", kind="response", mark="01234567"),
    "df:done:article:01234567:": EntryFiles(step="done", kind="article", mark="01234567"),
    "df:drop:article:01234567:89abcdef": EntryFiles(
        step="drop", kind="article", mark="01234567", name="89abcdef"
    ),
    "qf:password": ArticleFiles(code="password"),
    "de:off:account_agreement:0123abcd": DirectoryPart(
        step="off", kind="account_agreement", mark="0123abcd"
    ),
    "ea:topic:0123abcd:abcdef": AskValue(kind="topic", mark="0123abcd", field="abcdef"),
    "ea:topic::abcdef": AskValue(kind="topic", mark="", field="abcdef"),
    "ep:team:0123abcd:abcdef:89abcdef": PickValue(
        kind="team", mark="0123abcd", field="abcdef", value="89abcdef"
    ),
    "en:new:topic::": EntryStep(step="new", kind="topic", mark=""),
    "en:removed:article:0123abcd:": EntryStep(step="removed", kind="article", mark="0123abcd"),
    "en:up:topic:0123abcd:": EntryStep(step="up", kind="topic", mark="0123abcd"),
    "en:back:topic:0123abcd:abcdef": EntryStep(
        step="back", kind="topic", mark="0123abcd", field="abcdef"
    ),
    "eo:recount:topic:0123abcd:abcdef:fedcba": ApplyAnswer(
        step="recount", kind="topic", mark="0123abcd", field="abcdef", digest="fedcba"
    ),
    "os:taken:say_ru": NoticeStep(event="taken", step="say_ru"),
    "ol": NoticeList(),
    "os:registered:10m": NoticeStep(event="registered", step="10m"),
    "os:escalated:off": NoticeStep(event="escalated", step="off"),
    "ot:keep:cancelled:0123abcd": NoticeText(step="keep", event="cancelled", digest="0123abcd"),
    "np:12:3": AssignPerson(ticket_id=12, person=3),
    "nt:12:video": AssignTeam(ticket_id=12, team="video"),
    "nu:12:video": EscalateTo(ticket_id=12, team="video"),
    "j:back:5": TaskVerb(verb="back", task=5),
    "j:cancel:5": TaskVerb(verb="cancel", task=5),
    "j:cancel!:5": TaskVerb(verb="cancel!", task=5),
    "j:done:5": TaskVerb(verb="done", task=5),
    "j:take:5": TaskVerb(verb="take", task=5),
    "jl:all:0": TaskPage(view="all", page=0),
    "jl:mine:2": TaskPage(view="mine", page=2),
    "je:0": EndedPage(),
    "je:31": EndedPage(before=31),
    "wt:7": WriteTo(person=7),
    "ja:3:5": AssignTask(task=3, person=5),
    "j:assign:3": TaskVerb(verb="assign", task=3),
    "j:reopen:3": TaskVerb(verb="reopen", task=3),
    "js:complete:12": ResolveTasks(choice="complete", ticket_id=12),
    "js:cancel:12": ResolveTasks(choice="cancel", ticket_id=12),
    "js:leave:12": ResolveTasks(choice="leave", ticket_id=12),
    "jc:complete:12": CloseTasks(choice="complete", ticket_id=12),
    "jc:cancel:12": CloseTasks(choice="cancel", ticket_id=12),
    "jc:leave:12": CloseTasks(choice="leave", ticket_id=12),
    "jx:leave:12": SettleLeft(choice="leave", ticket_id=12),
}


@pytest.mark.parametrize(("packed", "data"), IN_CHATS.items(), ids=IN_CHATS)
def test_buttons_that_stand_in_chats_keep_their_meaning(packed: str, data: CallbackData) -> None:
    assert parse(packed) == data
    assert data.pack() == packed


@pytest.mark.parametrize("largest", [10**18 - 1])
def test_the_longest_data_fits_a_button(largest: int) -> None:
    longest: list[CallbackData] = [
        TicketVerb(verb="escalate", ticket_id=largest),
        Classify(letter="p", code="u" * 32, ticket_id=largest),
        SetField(field="answer_deadline", value="America/Argentina/Buenos_Aires"),
        ShowPerson(verb="merge!", person=largest, other=largest),
        EscalateTo(ticket_id=largest, team="t" * 32),
        ManualStep(step="assignee", value="v" * 40),
        SendResponse(ticket_id=largest, code="c" * 32, digest="0" * 8),
        SendArticle(ticket_id=largest, code="c" * 32, digest="0" * 8),
        FieldChoice(at=99, ticket_id=largest, field="c" * 32),
        PickValue(kind="account_agreement", mark="0" * 8, field="0" * 6, value="0" * 8),
        EntryStep(step="picked", kind="account_agreement", mark="0" * 8, field="0" * 6),
        ApplyAnswer(
            step="recount",
            kind="account_agreement",
            mark="0" * 8,
            field="0" * 6,
            digest="0" * 6,
        ),
        UseTag(ticket_id=largest, step="give", mark="0" * 8, instead="f" * 8),
        AnswerField(at="99", ticket_id=largest, field="c" * 32),
        EndAs(ticket_id=largest, reason="c" * 32, resolve=True),
        EndTasksAs(choice="complete", ticket_id=largest, reason="c" * 32),
    ]
    for data in longest:
        assert len(data.pack().encode()) <= 64
        assert parse(data.pack()) == data


@pytest.mark.parametrize(
    "data",
    [
        None,
        "",
        "t:take",
        "t:take:0",
        "t:take:-1",
        "t:take:012",
        "t:take:1e3",
        "t:take:١٢",
        "t:take:12 ",
        "t:take:12\n",
        "t:drop:12",
        "T:take:12",
        "t:take:12:13",
        "t:take:" + "9" * 19,
        "f:2h:12",
        "f:1h:",
        "m:admin",
        "w:",
        "w:all",
        "c:maybe:12",
        "c:y:",
        "v:list:x",
        "v:admins:1",
        "ad:drop:1",
        "ad:sure:",
        "g:russian",
        "g:RU",
        "l:queue:+:" + "x" * 60,
        "l:queue:*:",
        "p:",
        "p:a b",
        "l:queue:+",
        "l:queue",
        "u:show:3",
        "u:show:3:-1",
        "u:show:0:3",
        "k:operators:1001",
        "k:operators:-0",
        "kd:service:video:12",
        "kd:x:video:12",
        "cp:07",
        "cp:1000000",
        "h:name:",
        "w:012",
        "nt:12:-x",
        "t",
        ":",
        "::::",
        "zz:1",
        "{}",
        "💥",
    ],
)
def test_anything_else_is_nothing(data: str | None) -> None:
    assert parse(data) is None


@given(st.sampled_from(sorted(IN_CHATS)), st.data())
def test_a_changed_byte_is_nothing_or_another_wish_of_the_same_form(
    packed: str, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(packed) - 1))
    forged = packed[:at] + data.draw(st.characters()) + packed[at + 1 :]
    found = parse(forged)
    assert found is None or found.pack() == forged


@pytest.mark.parametrize("epoch", [1, 12])
def test_after_a_restore_data_carries_its_epoch_and_reads_back(epoch: int) -> None:
    for packed in IN_CHATS:
        keyboard = {"inline_keyboard": [[{"text": "x", "callback_data": packed}, {"url": "y"}]]}
        ((sent, link),) = stamped(keyboard, epoch)["inline_keyboard"]
        assert len(sent["callback_data"]) <= 64 and link == {"url": "y"}
        assert parted(sent["callback_data"]) == (packed, epoch)
        assert parted(packed) == (packed, 0)


def test_data_without_room_for_the_epoch_counts_as_one_of_before() -> None:
    full = "l:" + "x" * 62
    ((sent,),) = stamped({"inline_keyboard": [[{"callback_data": full}]]}, 1)["inline_keyboard"]
    assert parted(sent["callback_data"]) == (full, 0)


@given(st.text(max_size=70))
def test_noise_is_nothing(data: str) -> None:
    found = parse(data)
    assert found is None or found.pack() == data


def test_a_cursor_that_does_not_fit_is_an_error_of_ours() -> None:
    with pytest.raises(ValueError):
        ListPage(view="queue", cursor="x" * 60)
    with pytest.raises(ValueError):
        ListPage(view="v" * 16, cursor="x" * 44).pack()
    with pytest.raises(ValueError):
        ListPage(view="queue", cursor="a b")


def test_every_kind_of_button_stands_in_the_table_of_old_ones() -> None:
    assert {type(data) for data in IN_CHATS.values()} == set(KINDS)
