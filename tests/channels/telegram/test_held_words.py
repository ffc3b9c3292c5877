"""What waits after a restore is listed with what it is about, and nothing is made up."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from channels.telegram.screens.restored import draw_held
from channels.telegram.screens.screen import Renderer
from core.setup.restored import Held, HeldRow
from core.texts import Texts

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)


def test_what_is_about_no_ticket_has_no_number(texts: Texts) -> None:
    renderer = Renderer(texts, "ru", NOW, ZoneInfo("UTC"))
    ticket, none = (
        HeldRow(1, NOW, "text", number, "Анна", "Скоро будем", is_old=True) for number in (12, None)
    )
    said = draw_held(renderer, Held(NOW, 2, 0, [ticket, none])).html
    assert "▫️ из копии · #12 · Анна: Скоро будем" in said
    assert "▫️ из копии · Анна: Скоро будем" in said
    assert "#0" not in said
