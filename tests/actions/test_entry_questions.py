"""Entries of the directory changed by questions, on both databases (X12)."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import pytest

from channels.telegram.screens.company_settings import settings_lines
from channels.telegram.screens.entry_questions import draw_entry, draw_proposal, draw_question
from channels.telegram.screens.entry_words import known_of
from channels.telegram.screens.screen import Renderer
from core.desk import Desk
from core.directory import entry_questions as asking
from core.directory.entry_edits import list_entries, move_entry
from core.directory.entry_questions import CanBeApplied, MoreToAsk, Proposal, Question
from core.directory.entry_tables import value_at
from core.directory.faults import DirectoryError
from core.directory.kinds import KINDS
from core.directory.reader import read_directory
from core.directory.spoken import read_answer
from core.directory.store import ChangedMeanwhile, apply_directory, restore_version, show_directory
from core.directory.versions import current_version
from core.errors import NotAllowed, Refusal
from core.models import Account
from core.people.identity import Sender
from core.people.staff import as_admin, by_operator, enrol
from core.setup.company_settings import find_company
from core.texts import shipped_texts
from core.tx import Tx
from tests.actions.people import ALICE, ANNA, OLGA, opens
from tests.actions.store import Store
from tests.clock import Clock

COMPANY: Final = """
[[topic]]
code = "payment"
titles = { ru = "Оплата", en = "Payment" }

[[service]]
code = "video"
titles = { ru = "Видео", en = "Video" }

[[calendar]]
code = "office"
title = "Office"
zone = "Europe/Moscow"
week = { mon = ["09:00-18:00"], tue = ["09:00-18:00"] }

[[calendar]]
code = "round"
title = "Round the clock"
zone = "Europe/Moscow"
week = { mon = ["00:00-24:00"] }

[[agreement]]
code = "standard"
title = "Standard"
calendar = "office"
default = true
terms = [{ reaction = "4h" }]

[[agreement]]
code = "special"
title = "Special"
calendar = "office"
terms = [{ reaction = "2h" }]

[[team]]
code = "first"
titles = { ru = "Первая линия", en = "First line" }
members = [200002]

[[response]]
code = "reboot"
title = "Restart"
texts = { ru = "Перезапустите, {customer}.", en = "Restart it." }

[[article]]
code = "app"
title = "The app"
text = "It is in every shop."
status = "public"
language = "en"

[[view]]
code = "old"
titles = { en = "Old ones" }
older = "7d"

[[rule]]
code = "fire"
title = "Fire"
event = "opened"
when = { words = ["fire"] }
then = { priority = "urgent" }

[[report]]
code = "figures"
what = "week"
days = ["mon"]
"""


async def filled(desk: Desk) -> None:
    """A small company with an entry of most kinds, and an account."""
    await desk.run(apply_directory, read_directory(COMPANY))

    async def account(tx: Tx) -> None:
        await tx.insert(Account(name="House 10"))

    await desk.run(account)
    await desk.run(by_operator, OLGA, enrol)


@dataclass(slots=True)
class Chat:
    """An admin who is asked and answers, and sees every screen drawn."""

    desk: Desk
    who: Sender = ANNA
    locale: str = "en"
    question: Question | None = None
    proposal: Proposal | None = None
    faults: list[str] = field(default_factory=list)
    told: str = ""

    @property
    def renderer(self) -> Renderer:
        return Renderer(shipped_texts(), self.locale, self.desk.clock(), ZoneInfo("Europe/Moscow"))

    async def run(self, action: Any, *given: Any, **options: Any) -> Any:
        return await self.desk.run(as_admin, self.who, action, *given, **options)

    async def mark(self, kind: str, key: str) -> str:
        return next(one.mark for one in await self.desk.read(list_entries, kind) if one.key == key)

    async def opens(self, kind: str, key: str, *path: str) -> Question:
        fields = await self.desk.read(asking.fields_of, kind)
        asked = next(one for one in fields if one.path == path)
        mark = await self.mark(kind, key)
        view = await self.desk.read(asking.view_entry, kind, mark)
        assert draw_entry(self.renderer, view).html
        self.question = await self.run(asking.ask, self.who, kind, mark, asked.mark)
        return self.question

    async def begins(self, kind: str) -> Question:
        self.question = await self.run(asking.begin, self.who, kind)
        return self.question

    async def says(self, words: str) -> None:
        question = self.question
        assert question is not None
        assert draw_question(self.renderer, question).html
        today = self.desk.clock().date()
        known = known_of(self.renderer, question.asked, question.choices, today)
        before = question.now if question.picked is None else question.picked
        await self.answers(read_answer(question.asked.shape, words, before, known))

    async def answers(self, value: Any) -> None:
        question, answer = self.question, [value]
        assert question is not None
        self.faults, self.proposal = [], None
        try:
            await self.run(asking.check_answer, question.draft, answer)
        except CanBeApplied as checked:
            given = (self.who, question.draft, answer, checked)
            self.proposal = await self.run(asking.keep_answer, *given)
            fields = await self.desk.read(asking.fields_of, question.draft.kind)
            assert draw_proposal(self.renderer, self.proposal, fields).html
        except MoreToAsk as more:
            first = more.options[0]
            asked = asking.keep_and_ask, self.who, question.draft, answer, first
            self.question = await self.run(*asked)
        except DirectoryError as error:
            self.faults = [fault.key for fault in error.faults]
            self.told = draw_question(self.renderer, question, error.faults).html

    async def applies(self, **options: Any) -> None:
        draft = await self.desk.read(asking.find_draft, self.who)
        assert draft is not None
        await self.run(asking.apply_answer, self.who, draft, **options)

    async def value(self, kind: str, key: str, *path: str) -> Any:
        mark = await self.mark(kind, key)
        return value_at((await self.desk.read(asking.view_entry, kind, mark)).table, path)


# By kind: an entry of the examples, a value of it, words, and what the file says then.
CHANGES: Final[Sequence[tuple[str, str, tuple[str, ...], str, Any]]] = (
    ("topic", "payment", ("answer",), "2 дня", "2d"),
    ("topic", "payment", ("titles", "ru"), "Счета", "Счета"),
    ("service", "video", ("titles", "en"), "Cameras", "Cameras"),
    ("category", "incident", ("diagnosed",), "no", None),
    ("priority", "urgent", ("titles", "ru"), "Пожар", "Пожар"),
    ("calendar", "office", ("zone",), "Омск", "Asia/Omsk"),
    ("calendar", "office", ("week",), "сб 10–14", {"sat": ["10:00-14:00"]}),
    ("calendar", "office", ("holidays",), "9 мая", ["2027-05-09"]),
    ("agreement", "standard", ("calendar",), "Round the clock", "round"),
    ("team", "first", ("members",), "@olga", ["@olga"]),
    ("team", "first", ("level",), "3", 3),
    ("team", "first", ("auto_assign",), "in turn", "turn"),
    ("response", "reboot", ("actions", "freeze"), "4 часа", "4h"),
    ("response", "reboot", ("texts", "en"), "Restart it, {customer}.", "Restart it, {customer}."),
    ("article", "app", ("status",), "nobody, a draft", "draft"),
    ("view", "old", ("older",), "10 дней", "10d"),
    ("rule", "fire", ("when", "ratings"), "1, 2", [1, 2]),
    ("report", "figures", ("at",), "10", "10:00"),
    ("state", "waiting", ("titles", "en"), "On the customer", "On the customer"),
    ("settings", "", ("answer_deadline",), "4 days", "4d"),
    ("settings", "", ("keep_words",), "3 years", "1095d"),
    ("settings", "", ("sign_answers",), "yes", True),
    ("settings", "", ("message_limit",), "10 per minute", "10/1m"),
    ("settings", "", ("outage_faults",), "off", "off"),
)
# By kind: what a new entry is asked for, in this order.
NEW: Final[dict[str, Sequence[Any]]] = {
    "topic": ("Intercoms", "intercoms"),
    "service": ("Intercoms", "intercoms"),
    "category": ("Riddle", "riddle"),
    "priority": ("Someday", "someday"),
    "calendar": ("Nights", "Europe/Moscow", "ежедневно 20:00–24:00", "nights"),
    "agreement": ("Special", "office", "Reaction: 4h", "special_2"),
    "account_agreement": ("House 10", "standard"),
    "tag": ("roof",),
    "closing_reason": ("Mended", "mended"),
    "field": ("Entrance", "one of several options", "entrance", "first, second"),
    "team": ("Crew", "crew"),
    "response": ("Hello", "hello", "Hello, {customer}."),
    "article": ("Gates", "They open by themselves.", "ru", "gates"),
    "view": ("Gates", "gates"),
    "rule": ("Mark", "opened", "mark", "urgent"),
    "report": ("week", ["mon"], "weekly"),
    "notice": ("taken", "taken"),
    "text": ("ticket.opened", "#{number} is in."),
    "account_domain": ("example.org", "House 10"),
    "mailbox": ("help@frontdoor.example",),
    "state": ("In store", "open", "store", ["new"]),
}


def test_the_tables_name_every_kind() -> None:
    """A kind that is added is added here."""
    known = {kind.name for kind in KINDS}
    assert {*NEW, "settings"} == known


async def known_entry(chat: Chat, kind: str, key: str) -> str:
    """The entry of the examples with this key, or the first one."""
    found = await chat.desk.read(list_entries, kind)
    return next((one.key for one in found if one.key == key), found[0].key)


async def test_a_value_of_every_kind_is_asked_for_read_shown_and_applied(desk: Desk) -> None:
    await filled(desk)
    chat = Chat(desk)
    for kind, named, path, words, value in CHANGES:
        key = await known_entry(chat, kind, named)
        before = await desk.read(current_version)
        await chat.opens(kind, key, *path)
        await chat.says(words)
        assert chat.proposal is not None, (kind, path, chat.faults)
        assert await desk.read(current_version) == before, "nothing is changed before"
        await chat.applies()
        now = await chat.value(kind, key, *path)
        told = {**now, **value} == now if isinstance(value, dict) else now == value
        added = isinstance(value, list) and now[-len(value) :] == value
        assert told or added or value in (now or ()), (kind, path, now)
        assert await desk.read(current_version) == max(before, 1) + 1, (kind, path)
        assert await desk.read(asking.find_draft, ANNA) is None


async def test_a_new_entry_of_every_kind_is_asked_for_step_by_step(desk: Desk) -> None:
    await filled(desk)
    chat = Chat(desk)
    for kind, steps in NEW.items():
        count = len(await desk.read(list_entries, kind))
        await chat.begins(kind)
        for step in steps:
            assert chat.question is not None and chat.question.new
            await (chat.says(step) if isinstance(step, str) else chat.answers(step))
            assert not chat.faults, (kind, step, chat.faults)
        assert chat.proposal is not None, (kind, chat.question and chat.question.asked.path)
        await chat.applies()
        assert len(await desk.read(list_entries, kind)) == count + 1, kind
    # all of it is a directory that can be applied again, and changes nothing
    text = await desk.read(show_directory)
    assert await desk.run(apply_directory, read_directory(text)) == []


async def test_only_the_only_kind_of_its_sort_has_no_new_entry(desk: Desk) -> None:
    with pytest.raises(Refusal):
        await Chat(desk).begins("settings")


async def test_a_new_entry_never_replaces_one_that_is_there(desk: Desk) -> None:
    await filled(desk)
    chat = Chat(desk)
    await chat.begins("topic")
    await chat.says("Payment, again")
    offered = [one.value for one in chat.question.offered] if chat.question else []
    assert offered == ["payment_again"]
    await chat.says("payment")
    assert chat.faults == ["entry.taken"]
    await chat.says("payment_again")
    await chat.applies()
    assert await chat.value("topic", "payment", "titles", "en") == "Payment"


@pytest.mark.parametrize(
    ("kind", "key", "path", "words", "fault"),
    [
        ("topic", "payment", ("answer",), "позавчера", "span"),
        ("topic", "payment", ("titles", "en"), "x" * 101, "title"),
        ("calendar", "office", ("week",), "когда-нибудь", "hours"),
        ("calendar", "office", ("holidays",), "32 мая", "day"),
        ("calendar", "office", ("zone",), "Atlantis", "zone"),
        ("agreement", "standard", ("calendar",), "Never", "no_such_entry"),
        ("team", "first", ("members",), "@nobody", "unknown_member"),
        ("team", "first", ("level",), "12", "too_large"),
        ("response", "reboot", ("texts", "en"), "{custmer}", "variable"),
        ("settings", "", ("answer_deadline",), "3 hours", "late_reminder"),
        ("state", "new", ("initial",), "no", "state."),
    ],
)
async def test_a_wrong_value_is_told_and_the_question_stays(
    desk: Desk, kind: str, key: str, path: tuple[str, ...], words: str, fault: str
) -> None:
    await filled(desk)
    chat, before = Chat(desk, locale="ru"), await desk.read(show_directory)
    await chat.opens(kind, key, *path)
    await chat.says(words)
    assert chat.proposal is None
    assert any(one.startswith(f"directory_file.fault.{fault}") for one in chat.faults), chat.faults
    assert "&quot;" not in chat.told
    assert chat.told.startswith("✋")
    still = await desk.read(asking.open_question, ANNA)
    assert still is not None and still.asked.path == path
    assert await desk.read(show_directory) == before


@pytest.mark.parametrize(
    ("locale", "words", "said"),
    [
        ("ru", "поза\nвчера", "«поза вчера»"),
        ("ru", 'в "обед"', "«в &quot;обед&quot;»"),
        ("en", "yesteryear", "“yesteryear”"),
        ("ru", "я" * 100, f"«{'я' * 58}…»"),
    ],
)
async def test_a_wrong_value_stands_in_the_quotation_marks_of_the_reader(
    desk: Desk, locale: str, words: str, said: str
) -> None:
    await filled(desk)
    chat = Chat(desk, locale=locale)
    await chat.opens("topic", "payment", "answer")
    await chat.says(words)
    assert said in chat.told


@pytest.mark.parametrize(
    ("locale", "said"),
    [("ru", "адрес удалённого клиента"), ("en", "address of an erased customer")],
)
async def test_what_is_left_of_an_erased_sender_is_said_to_be_one(
    desk: Desk, locale: str, said: str
) -> None:
    digest = f"erased:{'0a' * 20}"
    text = f'[settings]\nmail_blacklist = ["spam.example", "{digest}"]\n'
    await desk.run(apply_directory, read_directory(text))
    chat = Chat(desk, locale=locale)
    shown = draw_question(chat.renderer, await chat.opens("settings", "", "mail_blacklist"))
    told = f"{shown.html} {shown.keyboard}"
    assert f"spam.example, {said}" in told and told.count(said) == 2
    assert "erased:" not in told
    desk.company = await desk.read(find_company)
    settings = "\n".join(settings_lines(chat.renderer, desk.company, None))
    assert f"spam.example, {said}" in settings and "erased:" not in settings
    await chat.says("other.example")
    await chat.applies()
    listed = await chat.value("settings", "", "mail_blacklist")
    assert listed == ["spam.example", digest, "other.example"]


async def test_the_slower_of_two_admins_sees_what_the_other_changed(desk: Desk) -> None:
    await filled(desk)
    chat = Chat(desk)
    await chat.opens("topic", "payment", "answer")
    await chat.says("2 days")
    await desk.run(apply_directory, read_directory(PAYMENT))
    with pytest.raises(ChangedMeanwhile):
        await chat.applies()
    draft = await desk.read(asking.find_draft, ANNA)
    assert draft is not None and draft.answer == ["2 days"]
    chat.question = await desk.read(asking.question_of, draft)
    await chat.answers("2 days")
    assert chat.proposal is not None
    assert '+titles = { ru = "Деньги" }' in chat.proposal.news
    await chat.applies()
    assert await chat.value("topic", "payment", "titles", "ru") == "Деньги"
    assert await chat.value("topic", "payment", "answer") == "2d"


PAYMENT: Final = '[[topic]]\ncode = "payment"\ntitles = { ru = "Деньги" }\n'


async def test_what_was_changed_is_taken_back_with_its_version(desk: Desk) -> None:
    await filled(desk)
    chat, before = Chat(desk), await desk.read(show_directory)
    number = await desk.read(current_version)
    await chat.opens("settings", "", "company")
    await chat.says("Our Yard 2")
    await chat.applies()
    await desk.run(restore_version, number, expected=number + 1)
    assert await desk.read(show_directory) == before


async def test_deadlines_of_open_tickets_are_kept_or_counted_anew(desk: Desk, store: Store) -> None:
    await filled(desk)
    number = (await opens(desk, ALICE)).id
    due = (await store.ticket(number)).answer_due
    chat = Chat(desk)
    for words, recount in (("5 days", False), ("6 days", True)):
        await chat.opens("settings", "", "answer_deadline")
        await chat.says(words)
        assert chat.proposal is not None and chat.proposal.touched.choice
        await chat.applies(recount=recount)
        assert ((await store.ticket(number)).answer_due != due) == recount


async def test_what_else_changes_is_shown(desk: Desk) -> None:
    await filled(desk)
    chat = Chat(desk)
    await chat.opens("agreement", "special", "default")
    await chat.says("yes")
    assert chat.proposal is not None
    assert chat.proposal.others == ["-default = true"], "of the one that was it"


async def test_a_list_is_ticked_and_more_is_written(desk: Desk) -> None:
    await filled(desk)
    chat = Chat(desk)
    question = await chat.opens("team", "first", "members")
    offered = [(one.value, one.title) for one in question.offered]
    assert offered == [("@olga", "Olga"), (200002, None)], "colleagues, and who is there already"
    assert question.picked == [200002]
    ticked = await chat.run(asking.pick, ANNA, question.draft, "@olga")
    assert ticked.picked == [200002, "@olga"]
    chat.question = await desk.read(asking.open_question, ANNA)
    await chat.answers(chat.question.picked if chat.question else None)
    await chat.applies()
    question = await chat.opens("team", "first", "members")
    empty = await chat.run(asking.pick, ANNA, question.draft, "@olga")
    assert empty.picked == [200002]
    assert [one.value for one in empty.offered] == ["@olga", 200002], "it can be ticked again"


async def test_an_entry_moves_up_and_down_its_list(desk: Desk) -> None:
    await filled(desk)
    chat = Chat(desk)

    async def keys() -> list[str]:
        return [one.key for one in await desk.read(list_entries, "topic")]

    before = await keys()
    mark = await chat.mark("topic", before[1])
    await chat.run(move_entry, "topic", mark, up=True)
    assert await keys() == [before[1], before[0], *before[2:]]
    await chat.run(move_entry, "topic", mark, up=False)
    assert await keys() == before
    with pytest.raises(Refusal):
        await chat.run(move_entry, "topic", await chat.mark("topic", before[0]), up=True)
    with pytest.raises(Refusal):
        await chat.run(move_entry, "team", await chat.mark("team", "first"), up=True)


async def test_one_step_back_asks_what_was_asked_before(desk: Desk) -> None:
    await filled(desk)
    chat = Chat(desk)
    await chat.begins("rule")
    await chat.says("Mark")
    await chat.says("opened")
    for path in (("event",), ("title",)):
        draft = await desk.read(asking.find_draft, ANNA)
        question = await chat.run(asking.step_back, ANNA, draft)
        assert question is not None and question.asked.path == path
        assert question.now is None
    draft = await desk.read(asking.find_draft, ANNA)
    assert await chat.run(asking.step_back, ANNA, draft) is None
    assert await desk.read(asking.find_draft, ANNA) is None


async def test_a_question_outlives_a_restart_and_ends_by_itself(desk: Desk, clock: Clock) -> None:
    await filled(desk)
    chat = Chat(desk)
    asked = await chat.opens("topic", "payment", "answer")
    desk.invalidate()  # nothing of it is in memory
    found = await desk.read(asking.open_question, ANNA)
    assert found is not None and found.draft == asked.draft
    clock.move(hours=12, seconds=1)
    assert await desk.read(asking.open_question, ANNA) is None


async def test_only_admins_ask_and_apply_and_are_asked_again_for_each_step(desk: Desk) -> None:
    await filled(desk)
    chat = Chat(desk, who=OLGA)
    with pytest.raises(NotAllowed):
        await chat.begins("topic")
    anna = Chat(desk)
    await anna.opens("topic", "payment", "answer")
    await anna.says("2 days")
    before = await desk.read(show_directory)
    desk.company = replace(desk.company, admins=frozenset())
    with pytest.raises(NotAllowed):
        await anna.applies()
    assert await desk.read(show_directory) == before


async def test_an_answer_is_applied_once(desk: Desk) -> None:
    await filled(desk)
    chat = Chat(desk)
    await chat.opens("topic", "payment", "answer")
    draft = await desk.read(asking.find_draft, ANNA)
    assert draft is not None and draft.answer is None
    with pytest.raises(Refusal):
        await chat.run(asking.apply_answer, ANNA, draft)
    assert await chat.run(asking.end_questions, ANNA)
    assert not await chat.run(asking.end_questions, ANNA)
    assert timedelta(hours=12) == asking.LASTS
