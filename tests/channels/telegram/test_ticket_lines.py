"""What a ticket's line in a list says of its deadlines (C7)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from channels.telegram.screens.screen import Renderer
from channels.telegram.screens.ticket_list import lateness
from core.texts import Texts
from core.tickets.list_lines import Line

NOW = datetime(2026, 11, 30, 9, 0, tzinfo=UTC)
LINE = Line(1, "🔴", "", "Anna", "gate", None, None, NOW, None, None, None)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("answer", "agreed", "late_since", "said"),
    [
        (HOUR, None, None, ["by 30 Nov, 10:00"]),
        (HOUR, 2 * HOUR, None, ["by 30 Nov, 10:00"]),
        (2 * HOUR, HOUR, None, ["⏱ by 30 Nov, 10:00"]),
        (None, HOUR, None, ["⏱ by 30 Nov, 10:00"]),
        (-HOUR, HOUR, None, ["1 h late"]),
        (HOUR, None, -HOUR, ["by 30 Nov, 10:00", "⏱ 1 h late"]),
        (-2 * HOUR, None, -HOUR, ["2 h late", "⏱ 1 h late"]),
        (None, None, None, []),
    ],
)
def test_a_line_names_what_has_passed_or_else_the_deadline_that_comes_first(
    texts: Texts,
    answer: timedelta | None,
    agreed: timedelta | None,
    late_since: timedelta | None,
    said: list[str],
) -> None:
    due, next_due, since = (
        None if span is None else NOW + span for span in (answer, agreed, late_since)
    )
    line = replace(LINE, answer_due=due, agreed_due=next_due, late_since=since)
    renderer = Renderer(texts, "en", NOW, ZoneInfo("UTC"))
    assert list(lateness(renderer, line)) == said
