"""A company that has agreed on something: office hours in UTC, quick for the urgent."""

from collections.abc import Sequence

from core.desk import Desk
from core.directory.store import put_items
from core.sla.terms import Kind, Spans, Term
from tests.actions import company_directory as directory

HOUR = 3600
OFFICE = [["09:00", "13:00"], ["14:00", "18:00"]]
WEEK = [OFFICE] * 5 + [[], []]
TERMS = (
    Term(Kind(), Spans(2 * HOUR, 16 * HOUR)),
    Term(Kind(priority="urgent"), Spans(HOUR // 2, 4 * HOUR)),
    Term(Kind(service="video"), Spans(HOUR, 8 * HOUR)),
    Term(Kind(category="question"), Spans(4 * HOUR, None)),
)


async def agrees(
    desk: Desk, terms: Sequence[Term] = TERMS, code: str = "plain", *, default: bool = True
) -> None:
    """An agreement, the company's ``default`` one, its calendar and two services."""

    items = [
        directory.service("video", {"en": "Video", "ru": "Видео"}, position=1),
        directory.service("doors", {"en": "Doors", "ru": "Домофоны"}, position=2),
        directory.calendar("office", "Office", zone="UTC", week=WEEK),
        directory.agreement(code, code.title(), calendar="office", terms=terms, default=default),
    ]
    await desk.run(put_items, items)
