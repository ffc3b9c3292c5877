"""How a card looks, in every state and both languages."""

import re
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from channels.telegram.screens import card as card_screen
from channels.telegram.screens import customer_menu, customer_tickets, notices, tags, ticket_list
from channels.telegram.screens.buttons import LONGEST_LABEL
from channels.telegram.screens.callback_data import parse
from channels.telegram.screens.card import draw
from channels.telegram.screens.screen import Renderer, Screen, clipped, plain_of
from core.texts import Texts
from core.tickets.card import Card, EndedBy
from core.tickets.default_workflow import MOVES, STATES
from core.tickets.tag_list import Tag
from core.tickets.workflow import Workflow, marker
from core.words.names import LONGEST_MESSAGE, units

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
DUE = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
WORKFLOW = Workflow(STATES, MOVES)


def ticket(state: str = "new", **about: Any) -> Card:
    """Ticket 12 of Anna's, unless told otherwise."""
    waiting = NOW if WORKFLOW.state(state).category in {"new", "open"} else None
    facts: dict[str, Any] = {
        "number": 12,
        "topic": "Payment",
        "title": "Payment",
        "opening": "I paid twice",
        "customer": "Anna",
        "customer_lost": False,
        "assignee": None,
        "assignee_id": None,
        "earlier_assignee": None,
        "answer_due": DUE if waiting else None,
        "waiting_since": waiting,
        "frozen_until": None,
        "reason": None,
        "opened_at": NOW,
        "closed_at": None,
        "follows": None,
        "reopened": 0,
        "place": None,
        "digest": None,
    } | about
    found = WORKFLOW.state(state)
    mark = marker(found, facts["waiting_since"], facts["answer_due"], NOW)
    return Card(marker=mark, state=found, verbs=WORKFLOW.verbs(state), **facts)


def looks(screen: Screen) -> str:
    """A card as people see it: words, with times as their text, and rows of buttons."""
    assert screen.keyboard is not None
    rows = [" ".join(f"[{b.text}]" for b in row) for row in screen.keyboard.inline_keyboard]
    words = re.sub(r"</?tg-time[^>]*>", "", screen.html)
    return "\n".join([words, *rows])


def renderer(texts: Texts, locale: str) -> Renderer:
    return Renderer(texts, locale, NOW, ZoneInfo("Europe/Moscow"))


OLEG: dict[str, Any] = {"assignee": "Oleg", "assignee_id": 5}
UNTIL = datetime(2026, 12, 1, 6, 0, tzinfo=UTC)

CARDS = {
    "new": ticket(),
    "title": ticket(title="Camera MOS_12_23, yard"),
    "no topic": ticket(topic=None, title="I paid twice"),
    "taken": ticket("in_progress", **OLEG),
    "overdue": ticket(answer_due=NOW),
    "answered": ticket("in_progress", **OLEG, waiting_since=None, answer_due=None),
    "waiting": ticket("waiting", **OLEG),
    "frozen": ticket("frozen", **OLEG, frozen_until=UNTIL, reason="no cable."),
    "frozen for ever": ticket("frozen"),
    "resolved": ticket("resolved", **OLEG, reason="new cable"),
    "reopened": ticket("reopened", earlier_assignee="Oleg", reopened=1),
    "closed": ticket("closed", **OLEG, closed_at=NOW),
    "cancelled": ticket("cancelled", closed_at=NOW, reason="same as #9"),
    "lost": ticket(customer_lost=True, follows=9),
    "in English": ticket(language="en"),
    "to be contacted": ticket("in_progress", **OLEG, contact=UNTIL),
    "technical data": ticket(technical=True),
    "taken, with data": ticket("in_progress", **OLEG, technical=True, language="en"),
    "frozen, with data": ticket("frozen", technical=True, translated=True),
    "closed, with data": ticket("closed", **OLEG, closed_at=NOW, reason="x", technical=True),
    "closed by Olga": ticket("closed", closed_at=NOW, ended_by=EndedBy("Olga", customer=False)),
    "closed by its customer": ticket(
        "closed", closed_at=NOW, ended_by=EndedBy("Anna", customer=True)
    ),
}

HEAD = "<b>#12 · Payment</b>\n👤 Anna"
SAID = "<blockquote>I paid twice</blockquote>"
RU = {
    "new": f"🔴 {HEAD}\n⏳ ответить до 24 ноя, 12:30 · 👷 не назначен\n{SAID}\n"
    "[🙋 Взять] [✅ Решено]\n[🟡 Заморозить] [⋯ Ещё]",
    "title": "🔴 <b>#12 · Payment</b>\nCamera MOS_12_23, yard\n👤 Anna\n"
    f"⏳ ответить до 24 ноя, 12:30 · 👷 не назначен\n{SAID}\n"
    "[🙋 Взять] [✅ Решено]\n[🟡 Заморозить] [⋯ Ещё]",
    "no topic": "🔴 <b>#12 · Обращение</b>\n👤 Anna\n"
    f"⏳ ответить до 24 ноя, 12:30 · 👷 не назначен\n{SAID}\n"
    "[🙋 Взять] [✅ Решено]\n[🟡 Заморозить] [⋯ Ещё]",
    "taken": f"🔴 {HEAD}\n⏳ ответить до 24 ноя, 12:30 · 👷 Oleg\n{SAID}\n"
    "[✅ Решено] [🕓 Ждём ответа]\n[🟡 Заморозить] [⋯ Ещё]",
    "overdue": f"⭕ {HEAD}\n⏳ срок был 21 ноя, 12:30 · 👷 не назначен\n{SAID}\n"
    "[🙋 Взять] [✅ Решено]\n[🟡 Заморозить] [⋯ Ещё]",
    "answered": f"🟢 {HEAD}\n👷 Oleg\n{SAID}\n"
    "[✅ Решено] [🕓 Ждём ответа]\n[🟡 Заморозить] [⋯ Ещё]",
    "waiting": f"🟢 {HEAD}\n👷 Oleg\nЖдём ответа клиента\n{SAID}\n"
    "[✅ Решено] [🕓 Ждём ответа]\n[🟡 Заморозить] [⋯ Ещё]",
    "frozen": f"🟡 {HEAD}\n👷 Oleg\nЗаморожено до 1 дек, 9:00: no cable.\n{SAID}\n"
    "[Разморозить] [✅ Решено]\n[⋯ Ещё]",
    "frozen for ever": f"🟡 {HEAD}\n👷 не назначен\nЗаморожено без срока\n{SAID}\n"
    "[Разморозить] [✅ Решено]\n[⋯ Ещё]",
    "resolved": f"🟢 {HEAD}\n👷 Oleg\nРешено: new cable\n{SAID}\n[↩ Вернуть] [⋯ Ещё]",
    "reopened": f"🔴 {HEAD}\n⏳ ответить до 24 ноя, 12:30 · 👷 не назначен, прежде — Oleg\n"
    f"Открыто снова\n{SAID}\n[🙋 Взять] [✅ Решено]\n[🟡 Заморозить] [⋯ Ещё]",
    "closed": f"⚪ {HEAD}\n👷 Oleg\nЗакрыто 21 ноября\n{SAID}\n[↩ Вернуть]",
    "cancelled": f"⚪ {HEAD}\nОтменено 21 ноября: same as #9\n{SAID}\n[↩ Вернуть]",
    "lost": f"🔴 {HEAD} · бот заблокирован\n⏳ ответить до 24 ноя, 12:30 · 👷 не назначен\n"
    f"Продолжение #9\n{SAID}\n[🙋 Взять] [✅ Решено]\n[🟡 Заморозить] [⋯ Ещё]",
    "in English": f"🔴 {HEAD} · язык: английский\n⏳ ответить до 24 ноя, 12:30 · 👷 не назначен\n"
    f"{SAID}\n[🙋 Взять] [✅ Решено]\n[🟡 Заморозить] [⋯ Ещё]",
    "to be contacted": f"🔴 {HEAD}\n⏳ ответить до 24 ноя, 12:30 · связаться до 1 дек, 9:00 · "
    f"👷 Oleg\n{SAID}\n[✅ Решено] [🕓 Ждём ответа]\n[🟡 Заморозить] [⋯ Ещё]",
    "technical data": f"🔴 {HEAD}\n⏳ ответить до 24 ноя, 12:30 · 👷 не назначен\n{SAID}\n"
    "[🙋 Взять] [✅ Решено]\n[🟡 Заморозить] [📋 Техданные]\n[⋯ Ещё]",
    "taken, with data": f"🔴 {HEAD} · язык: английский\n⏳ ответить до 24 ноя, 12:30 · 👷 Oleg\n"
    f"{SAID}\n[✅ Решено] [🕓 Ждём ответа]\n[🟡 Заморозить] [📋 Техданные]\n[⋯ Ещё]",
    "frozen, with data": f"🟡 {HEAD}\n👷 не назначен\nЗаморожено без срока\n{SAID}\n"
    "[Разморозить] [✅ Решено]\n[Перевести] [📋 Техданные]\n[⋯ Ещё]",
    "closed, with data": f"⚪ {HEAD}\n👷 Oleg\nЗакрыто 21 ноября: x\n{SAID}\n[↩ Вернуть]",
    "closed by Olga": f"⚪ {HEAD}\nЗакрыто 21 ноября · Olga\n{SAID}\n[↩ Вернуть]",
    "closed by its customer": f"⚪ {HEAD}\nЗакрыто 21 ноября · клиент сам\n{SAID}\n[↩ Вернуть]",
}
EN = {
    "new": f"🔴 {HEAD}\n⏳ answer by 24 Nov, 12:30 · 👷 nobody yet\n{SAID}\n"
    "[🙋 Take] [✅ Resolved]\n[🟡 Freeze] [⋯ More]",
    "overdue": f"⭕ {HEAD}\n⏳ was due 21 Nov, 12:30 · 👷 nobody yet\n{SAID}\n"
    "[🙋 Take] [✅ Resolved]\n[🟡 Freeze] [⋯ More]",
    "technical data": f"🔴 {HEAD}\n⏳ answer by 24 Nov, 12:30 · 👷 nobody yet\n{SAID}\n"
    "[🙋 Take] [✅ Resolved]\n[🟡 Freeze] [📋 Tech data]\n[⋯ More]",
    "waiting": f"🟢 {HEAD}\n👷 Oleg\nWaiting for the customer\n{SAID}\n"
    "[✅ Resolved] [🕓 Wait for answer]\n[🟡 Freeze] [⋯ More]",
    "frozen": f"🟡 {HEAD}\n👷 Oleg\nFrozen until 1 Dec, 9:00: no cable.\n{SAID}\n"
    "[Unfreeze] [✅ Resolved]\n[⋯ More]",
    "frozen for ever": f"🟡 {HEAD}\n👷 nobody yet\nFrozen with no date\n{SAID}\n"
    "[Unfreeze] [✅ Resolved]\n[⋯ More]",
    "resolved": f"🟢 {HEAD}\n👷 Oleg\nResolved: new cable\n{SAID}\n[↩ Reopen] [⋯ More]",
    "reopened": f"🔴 {HEAD}\n⏳ answer by 24 Nov, 12:30 · 👷 nobody yet, Oleg before\n"
    f"Open again\n{SAID}\n[🙋 Take] [✅ Resolved]\n[🟡 Freeze] [⋯ More]",
    "closed": f"⚪ {HEAD}\n👷 Oleg\nClosed on 21 November\n{SAID}\n[↩ Reopen]",
    "cancelled": f"⚪ {HEAD}\nCancelled on 21 November: same as #9\n{SAID}\n[↩ Reopen]",
    "lost": f"🔴 {HEAD} · bot blocked\n⏳ answer by 24 Nov, 12:30 · 👷 nobody yet\n"
    f"Follows #9\n{SAID}\n[🙋 Take] [✅ Resolved]\n[🟡 Freeze] [⋯ More]",
}


@pytest.mark.parametrize("name", CARDS)
def test_a_card_in_russian(texts: Texts, name: str) -> None:
    assert looks(draw(CARDS[name], renderer(texts, "ru"))) == RU[name]


@pytest.mark.parametrize("name", EN)
def test_a_card_in_english(texts: Texts, name: str) -> None:
    assert looks(draw(CARDS[name], renderer(texts, "en"))) == EN[name]


def test_times_are_told_in_the_readers_own_zone(texts: Texts) -> None:
    html = draw(ticket(), renderer(texts, "ru")).html
    assert '<tg-time unix="1795512600" format="dt">24 ноя, 12:30</tg-time>' in html


def test_long_words_are_folded_and_very_long_ones_shortened(texts: Texts) -> None:
    html = draw(ticket(opening="word " * 300), renderer(texts, "ru")).html
    assert "<blockquote expandable>word" in html and "…</blockquote>" in html
    assert len(html) < 1200


def test_what_looks_the_same_has_the_same_digest(texts: Texts) -> None:
    speaks = renderer(texts, "ru")
    assert draw(ticket(), speaks).digest == draw(ticket(), speaks).digest
    others = {draw(card, speaks).digest for card in CARDS.values()}
    assert len(others) == len(CARDS)
    assert all(len(digest) <= 64 for digest in others)


RETRY = {"retry": 1, "number": 12, "name": "Anna", "error": "x", "customer": "Anna"}


def test_every_button_of_a_card_can_be_read_and_fits(texts: Texts) -> None:
    for locale in ("ru", "en"):
        speaks = renderer(texts, locale)
        shown = [draw(card, speaks).keyboard for card in CARDS.values()]
        for card in CARDS.values():
            shown += [card_screen.more(speaks, 12, card.verbs, taken=True)]
        shown += [
            card_screen.freeze_spans(speaks, 12),
            card_screen.confirm_end(speaks, 12, "close"),
            card_screen.confirm_end(speaks, 12, "cancel"),
            notices.draw(speaks, "answer.failed.other", RETRY, None).keyboard,
            notices.message_buttons(speaks, 1, thanks=True, whole=True),
            customer_menu.topics(speaks, [("pay", "Payment"), ("other", "x" * 90)]).keyboard,
            customer_menu.back_to(speaks),
            customer_menu.file_whether(speaks),
            customer_menu.file_which(speaks, [(12, "Payment"), (15, "y" * 90)]),
            customer_tickets.ask_whether_it_works(speaks, 12),
            customer_menu.languages(speaks),
            ticket_list.turns("queue", "1 / 2", None, "x.1"),
            ticket_list.turns("queue", "2 / 2", "x.1", None),
            ticket_list.show_all(speaks, "overdue"),
        ]
        for keyboard in filter(None, shown):
            for row in keyboard.inline_keyboard:
                assert len(row) <= 5
                for button in row:
                    assert parse(button.callback_data) is not None
                    assert len(button.text) <= LONGEST_LABEL


def test_the_destructive_come_last_and_ask_once_more(texts: Texts) -> None:
    keyboard = card_screen.more(
        renderer(texts, "en"), 12, WORKFLOW.verbs("in_progress"), taken=True
    )
    labels = [button.text for row in keyboard.inline_keyboard for button in row]
    assert labels == [
        "Give it back",
        "🔀 State",
        "Technical data",
        "Journal",
        "Transcript",
        "Close",
        "Cancel",
        "‹ Back",
    ]
    beside = card_screen.more(renderer(texts, "en"), 12, frozenset(), taken=False, technical=True)
    also = [button.text for row in beside.inline_keyboard for button in row]
    assert also == ["🔀 State", "Journal", "Transcript", "‹ Back"], "the card has the data"
    again = card_screen.confirm_end(renderer(texts, "en"), 12, "close").inline_keyboard[0]
    assert [(b.text, b.callback_data) for b in again] == [
        ("Yes, close it", "t:close!:12"),
        ("‹ Back", "t:back:12"),
    ]


def test_the_menu_is_understood_in_every_language(texts: Texts) -> None:
    words = customer_menu.menu_words(texts)
    for locale in ("ru", "en"):
        (row,) = customer_menu.menu(renderer(texts, locale)).keyboard
        assert [words[button.text] for button in row] == ["new", "mine"]


def test_a_single_page_has_no_arrows() -> None:
    assert ticket_list.turns("queue", "1 / 1", None, None) is None


def test_markup_can_be_taken_away() -> None:
    assert plain_of("<b>#1</b> &lt;b&gt; <a href='x'>y</a>") == "#1 <b> y"
    assert clipped("\u202eabc def", 5) == "abc…"
    assert clipped("  ", 5) == ""


def test_a_ticket_with_any_number_of_tags_has_a_card_a_line_and_a_choice(texts: Texts) -> None:
    speaks = renderer(texts, "en")
    words = [f"{at:03}{'w' * 29}" for at in range(300)]
    listed = tuple(Tag(word, {"en": "T" * 64}, "🔴", active=True) for word in words)
    shown = draw(ticket(tags=tuple(words), listed=listed), speaks)
    assert units(plain_of(shown.html)) <= LONGEST_MESSAGE
    assert f"#{words[0]} ({'T' * 64})" in shown.html and "+280" in shown.html
    assert len(tags.signed(words, listed)) < 200
    choice = tags.draw_choice(speaks, 12, words, frozenset(words)).keyboard
    assert choice is not None
    assert sum(map(len, choice.inline_keyboard)) <= 100
