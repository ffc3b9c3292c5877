"""Values of every kind of entry asked for, read, shown, applied; what is wrong with one (X12)."""

from collections.abc import Sequence
from typing import Any, Final

import pytest

from channels.telegram.screens.company_settings import settings_lines
from channels.telegram.screens.entry_questions import draw_question
from core.desk import Desk
from core.directory import entry_draft
from core.directory import entry_questions as asking
from core.directory.entry_edits import list_entries
from core.directory.kinds import KINDS
from core.directory.reader import read_directory
from core.directory.store import apply_directory, show_directory
from core.directory.versions import current_version
from core.errors import Refusal
from core.setup.company_settings import find_company
from tests.actions.asked_admin import Chat, filled
from tests.actions.people import ANNA

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
        assert await desk.read(entry_draft.find_draft, ANNA) is None


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
