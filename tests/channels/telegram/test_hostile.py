"""Whatever people call themselves or write, it stays words: no entity that is not ours."""

from datetime import UTC, datetime, timedelta
from textwrap import shorten
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from channels.telegram.screens import notices
from channels.telegram.screens.card import draw
from channels.telegram.screens.screen import Renderer
from core.automation.actions import LONGEST_TOLD
from core.delivery.own_words import OWN, OWN_FACTS
from core.teams.assignment import WHY_TOLD
from core.text_faults import faults_of
from core.texts import Key, Texts, pack
from core.tickets.lifecycle import move, take
from core.words.names import clean_name, split_text, units
from core.words.templates import wrong_in
from sandbox.server.markup.html_style import parse_html
from tests.channels.telegram.harness import ChannelHarness
from tests.channels.telegram.hostile import HOSTILE
from tests.channels.telegram.test_cards import ticket

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
AS_WRITTEN = (
    "customer",
    "assignee",
    "title",
    "reason",
    "opening",
    "error",
    "result",
    "new",
    "comment",
)
# People are kept by clean names, and areas by short ones.
AS_KEPT = ("who", "by", "to", "name", "first", "rest", "area", "words")
OURS = ("ticket.", "group.", "alert.", "answer.")


def spoken(texts: Texts) -> Renderer:
    return Renderer(texts, "ru", NOW, ZoneInfo("Europe/Moscow"))


def shape(html: str) -> list[str]:
    """Which entities stand in a text, in order."""
    return [entity["type"] for entity in parse_html(html)[1]]


def notice(texts: Texts, key: str, words: str) -> str:
    facts: dict[str, Any] = dict.fromkeys(AS_WRITTEN, words)
    facts |= dict.fromkeys(AS_KEPT, clean_name(words))
    part = Key("digest.near", {"n": 1, "numbers": "#1"})
    facts |= {"number": 12, "due": NOW, "until": NOW, "since": NOW, "inbox_id": 7}
    facts |= {"late": timedelta(hours=1), "left": timedelta(hours=1), "down": timedelta(hours=1)}
    facts |= {"near": part, "woke": part, "overdue": part, "passed": part}
    facts |= {"returned": Key("digest.returned", {"n": 1, "numbers": "#1"})}
    facts |= {"deadline": NOW, "at": NOW, "level": 2, "id": 7, "task_id": 3, "source": 9, "into": 8}
    facts |= {"total": 2, "numbers": "#1, #2"}
    facts |= {"event": "TicketOpened", "subscriber": "rules", "depth": 10}
    facts |= {"text": next(iter(split_text(words, LONGEST_TOLD)), words)}
    facts |= {"why": shorten(words, WHY_TOLD, placeholder=" …")}
    facts |= {"n": 2, "tickets": f"🔴 #12 {words[:48]} · {words[:24]}"}  # clipped, as it is
    facts |= {"value": 2, "closes": NOW, "tasks": [(3, words), (4, words)]}
    facts |= {"content_kind": "document", "told": True}
    facts |= {"done": Key("alert.done.answered"), "ticket": "#12", "subject": clean_name(words)}
    if key.startswith(
        ("group.outage_offer", "group.closed_by_itself")
    ):  # its tickets are ids, not lines
        facts["tickets"] = [7, 12]
    return notices.draw(spoken(texts), key, facts, None).html


def test_there_is_enough_to_fear() -> None:
    assert len(set(HOSTILE)) >= 100


def shortly(words: str) -> str:
    """A name that fits in a line of the log."""
    name = ascii(words)
    return name if len(name) <= 50 else f"{name[:40]}...({len(words)})"


@pytest.mark.parametrize("words", HOSTILE, ids=shortly)
def test_no_words_break_out_of_a_notice(texts: Texts, words: str) -> None:
    keys = [key for key in texts.keys("ru") if key.startswith(OURS) and ".digest" not in key]
    for key in sorted(keys):
        html = notice(texts, key, words)
        assert shape(html) == shape(notice(texts, key, "x")), key
        assert units(parse_html(html)[0]) <= 4096


@pytest.mark.parametrize("words", HOSTILE, ids=shortly)
def test_no_words_break_out_of_the_companys_own(texts: Texts, words: str) -> None:
    """Neither those of the template, which know no markup, nor those of its facts."""
    own = words[:1000] if not wrong_in(words[:1000]) else "{customer}: {reason}"
    for template in (own, "{customer}: <b>{reason}</b> {due}"):
        values = {"customer": clean_name(words), "reason": words[:2500], "due": NOW}
        facts = pack({"number": 12, OWN: template, OWN_FACTS: values})
        html = notices.draw(spoken(texts), "ticket.resolved", facts, None).html
        assert shape(html) == []
        assert units(parse_html(html)[0]) <= 4096
    for key in ("ticket.taken", "refusal.outdated", "button.menu.new"):
        for form in (words, f"{words}{{number}}"):
            if not faults_of(texts, "ru", key, [form]):
                assert shape(form) == [], "what is taken for a text has no markup of its own"


@pytest.mark.parametrize("words", HOSTILE, ids=shortly)
def test_no_words_break_out_of_a_card(texts: Texts, words: str) -> None:
    def drawn(said: str) -> str:
        card = ticket(
            "frozen",
            topic=said,
            title=f"{said}!",
            opening=said,
            customer=said,
            assignee=said,
            reason=said,
        )
        return draw(card, spoken(texts)).html

    text, entities = parse_html(drawn(words))
    kinds = [entity["type"].replace("expandable_", "") for entity in entities]
    quote = ["blockquote"] if "blockquote" in kinds else []
    assert kinds == ["bold", *quote]
    assert units(text) <= 4096
    lines = text.split("\n")
    assert lines[0].startswith("🟡 #12 · ") and lines[1] != ""


async def test_the_strict_server_takes_them_all(harness: ChannelHarness) -> None:
    """The whole way: a hostile name, words, an answer, a reason."""
    said = [
        words for words in HOSTILE if words.strip("\u200b\u200c\u200d\u2060\ufeff \u3164\u2800")
    ]
    for words in said[::6]:
        harness.anna.first_name = words[:60]
        number = await harness.open(harness.anna.say(words[:4000] or "x").result)
        await harness.as_operator(lambda tx, n=number: take(tx, n))  # type: ignore[misc]
        await harness.as_operator(
            lambda tx, n=number, w=words: move(tx, n, "resolve", reason=w.strip() or None)  # type: ignore[misc]
        )
        lefts = await harness.pump()
        assert [left.error for left in lefts if left.error] == [], words
        shown = harness.group.bot_messages[-1]
        assert "text_link" not in {
            entity["type"] for m in harness.group.bot_messages for entity in m.entities
        }
        assert clean_name(harness.anna.first_name)[:20] in harness.group.transcript(echo=False), (
            shown
        )
    harness.world.assert_clean()
