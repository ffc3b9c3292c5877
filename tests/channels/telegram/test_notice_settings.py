"""What an admin sees of a notice: an example of whatever can be said, in every language (G3)."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from channels.telegram.screens.notice_settings import draw_notice, draw_preview
from channels.telegram.screens.screen import Renderer, plain_of
from core.delivery.notice_events import EVENTS
from core.directory.notice_edits import NoticeFacts
from core.texts import Texts
from core.words.names import units

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("locale", ["ru", "en"])
def test_every_notice_has_an_example_in_every_language(
    texts: Texts, locale: str, event: str
) -> None:
    renderer = Renderer(texts, locale, NOW, ZoneInfo("Europe/Moscow"))
    shown = plain_of(draw_notice(renderer, NoticeFacts(event, on=True, company="Our Yard")).html)
    first, _, rest = shown.partition("Русский:" if locale == "ru" else "English:")
    assert first and ("English:" if locale == "ru" else "Русский:") in rest
    assert "12" in rest or event == "rated"


@pytest.mark.parametrize("event", EVENTS)
def test_every_variable_of_a_notice_has_an_example(texts: Texts, event: str) -> None:
    renderer = Renderer(texts, "en", NOW, ZoneInfo("Europe/Moscow"))
    own = " ".join(f"{name}={{{name}}}." for name in EVENTS[event].variables)
    facts = NoticeFacts(event, on=True, texts={"en": own}, company="Our Yard")
    shown = plain_of(draw_preview(renderer, facts, "0123abcd").html)
    assert "{" not in shown and "company=Our Yard." in shown
    assert all(f"{name}=" in shown and f"{name}=." not in shown for name in EVENTS[event].variables)


def test_the_longest_words_find_room_with_their_example(texts: Texts) -> None:
    renderer = Renderer(texts, "ru", NOW, ZoneInfo("Europe/Moscow"))
    long = {"ru": "я" * 1000, "en": "<b>" * 333}
    facts = NoticeFacts(
        "assigned", on=True, texts=long, delay=timedelta(hours=1), narrower=["x" * 32] * 5
    )
    screen = draw_notice(renderer, facts)
    assert units(plain_of(screen.html)) <= 4096
    assert "<b><b>" not in screen.html, "markup is text"
