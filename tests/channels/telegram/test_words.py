"""The words of the channel: the same facts in both languages, in the voice of the desk."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from channels.telegram.screens import notices
from channels.telegram.screens.screen import Renderer
from core.delivery.notices import NOTICES, STATE_TEXTS, Audience
from core.events import AnswerFailed, StateEntered
from core.texts import Texts

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)


def test_both_languages_say_the_same_with_the_same_facts(texts: Texts) -> None:
    assert texts.keys("ru") == texts.keys("en")
    for key in texts.keys("ru"):
        assert texts.slots("ru", key) == texts.slots("en", key), key


def test_the_voice_is_calm(texts: Texts) -> None:
    for locale in ("ru", "en"):
        for key, templates in texts._catalogues[locale].texts.items():
            words = " ".join(str(piece) for template in templates for piece in template)
            assert "!" not in words, key
            assert "успешно" not in words.casefold(), key


def moves() -> list[StateEntered]:
    """A move of every verb that the customer hears of, with and without its facts."""
    return [
        StateEntered(
            ticket_id=1,
            verb=verb,
            old="old",
            new="new",
            old_category="open",
            category="open",
            reason=reason,
            until=until,
            assignee_id=None,
            waiting_since=None,
            answer_due=None,
        )
        for verb in STATE_TEXTS
        for reason in (None, "words")
        for until in (None, NOW)
    ]


@pytest.mark.parametrize("locale", ["ru", "en"])
def test_every_notice_to_a_customer_is_told_with_what_they_may_know(
    texts: Texts, locale: str
) -> None:
    renderer = Renderer(texts, locale, NOW, ZoneInfo("Europe/Moscow"))
    keys = {STATE_TEXTS[move.verb](move) for move in moves()}
    for lines in NOTICES.values():
        keys |= {
            line.key for line in lines if line.to is Audience.CUSTOMER and isinstance(line.key, str)
        }
    facts = {
        "number": 12,
        "due": NOW,
        "until": NOW,
        "reason": "words",
        "source": 9,
        "into": 9,
        "news": "words",
    }
    about_no_ticket = {"customer.blocked"}
    for key in filter(None, keys - about_no_ticket):
        assert "12" in notices.draw(renderer, key, facts, None).html, key


@pytest.mark.parametrize("address", ["telegram:201", 201])
def test_a_colleague_is_mentioned_in_rows_of_this_release_and_of_those_before(
    texts: Texts, address: object
) -> None:
    renderer = Renderer(texts, "en", NOW, ZoneInfo("Europe/Moscow"))
    facts = {"number": 12, "to": "Crew", "by": "Oleg", "told": [[address, "Olga"]]}
    drawn = notices.draw(renderer, "group.assigned.team", facts, None)
    assert '<a href="tg://user?id=201">Olga</a>' in drawn.html


def letters(key: Any) -> list[str]:
    """A letter's key; one that follows the event is of a clock, a chat's role or a downtime."""
    kinds = (("reaction", "operators", 0), ("resolution", "alerts", 9))
    events = [SimpleNamespace(kind=kind, role=role, down=down) for kind, role, down in kinds]
    return [key] if isinstance(key, str) else [key(event) for event in events]


def test_every_letter_has_a_subject_and_a_body(texts: Texts) -> None:
    for lines in NOTICES.values():
        for line in lines:
            if line.to is Audience.STAFF_MAIL:
                for key in letters(line.key):
                    assert {f"{key}.subject", f"{key}.body"} <= texts.keys("ru")


def test_a_failed_answer_has_words(texts: Texts) -> None:
    assert {"answer.failed.blocked", "answer.failed.other"} <= texts.keys("ru")
    assert AnswerFailed in NOTICES
