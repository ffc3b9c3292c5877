"""Reports on schedule as messages: the week's picture and numbers, and what is overdue (C7, H1).

A report is drawn when it leaves. What it said is noted then, so that a message whose answer was
lost is found again although the figures are others by now.
"""

import logging
import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from aiogram.methods import SendDocument, SendPhoto
from aiogram.types import BufferedInputFile

from channels.telegram.client.send_progress import Step, sent_of
from channels.telegram.kit import Kit
from channels.telegram.messages.payload import dumped, loaded, post
from channels.telegram.screens import statistics, ticket_list
from channels.telegram.screens.screen import Renderer, Screen
from core.delivery.channel import Delivery, SendError, Sent
from core.delivery.probe_contexts import add_to_probe_context, probe_context_of
from core.desk import Desk
from core.reports.charts import NotDrawn, draw, picture_of
from core.reports.statistics import Statistics, find_statistics
from core.reports.table_files import write_overdue
from core.reports.ticket_metrics import count_all
from core.texts import Texts
from core.tickets.lists import page_of

log = logging.getLogger(__name__)

PICTURE: Final = "statistics.png"
# Bytes that a bot may send as a file, with room to spare.
LARGEST: Final = 49 * 1024 * 1024
# What a report said when it left.
_POSTED: Final = "report"


@dataclass(frozen=True, slots=True)
class _Report:
    """The text with its buttons; the ``picture`` that it stands below; the ``title`` of its file,
    if it has one.
    """

    screen: Screen
    picture: bytes | None = None
    title: str | None = None


_Draw = Callable[[Desk, Renderer, Mapping[str, Any]], Awaitable[_Report]]


class ReportMessages:
    """Carries out deliveries of reports."""

    def __init__(self, kit: Kit, texts: Texts) -> None:
        self._kit = kit
        self._desk = kit.desk
        self._texts = texts

    async def send(self, delivery: Delivery, renderer: Renderer) -> Sent:
        """Post the report; one that stopped half-way goes on as it was."""
        begun = self._kit.progress.begun(delivery.id)
        steps = begun.steps if begun else await self._make(delivery, renderer)
        return sent_of(delivery, await self._kit.progress.make(delivery, steps))

    async def _make(self, delivery: Delivery, renderer: Renderer) -> Sequence[Step]:
        """Draw the report, note what it says, and return its calls. Raises `SendError`."""
        draw_report = _REPORTS.get(str(delivery.facts.get("what")))
        if draw_report is None:
            raise SendError("unsupported", str(delivery.facts.get("what")), permanent=True)
        report = await draw_report(self._desk, renderer, delivery.facts)
        noted = {
            "html": report.screen.html,
            "keyboard": dumped(report.screen.keyboard),
            "pictured": report.picture is not None,
            "title": report.title,
        }
        await self._desk.run(add_to_probe_context, delivery.id, {_POSTED: noted})
        return await self._steps(int(delivery.address), report)

    async def plan(self, delivery: Delivery, _renderer: Renderer) -> Sequence[Step]:
        """The calls as they were made; none if they were not."""
        noted = (await self._desk.read(probe_context_of, delivery.id)).get(_POSTED)
        if noted is None:
            return []
        screen = Screen(noted["html"], loaded(noted["keyboard"]))
        picture = b"" if noted["pictured"] else None  # an edit that changes nothing has no picture
        return await self._steps(int(delivery.address), _Report(screen, picture, noted["title"]))

    async def _steps(self, chat: int, report: _Report) -> list[Step]:
        screen = report.screen
        if report.picture is None:
            steps = [Step(post(chat, screen, None))]
        else:
            call = SendPhoto(
                chat_id=chat,
                photo=BufferedInputFile(report.picture, PICTURE),
                caption=screen.html,
                parse_mode="HTML",
                reply_markup=screen.keyboard,
            )
            steps = [Step(call)]
        workbook = None if report.title is None else await self._workbook()
        if workbook is not None:
            steps.append(Step(SendDocument(chat_id=chat, document=workbook, caption=report.title)))
        return steps

    async def _workbook(self) -> BufferedInputFile | None:
        """What is overdue as a file; ``None`` where it is larger than a bot may send."""
        desk = self._desk
        with tempfile.TemporaryDirectory(prefix="frontdoor-") as folder:
            today = desk.clock().astimezone(desk.company.zone)
            target = Path(folder) / f"overdue-{today:%Y-%m-%d}.xlsx"
            await write_overdue(desk, self._texts, target)
            if target.stat().st_size > LARGEST:
                return None
            return BufferedInputFile(target.read_bytes(), target.name)


async def draw_picture(renderer: Renderer, found: Statistics, company: str) -> bytes | None:
    """Return the picture of statistics as PNG; None where it cannot be drawn."""
    try:
        return await draw(picture_of(found, statistics.picture_words(renderer, found, company)))
    except (NotDrawn, OSError) as reason:
        log.warning("statistics were not drawn: %s", reason)
        return None


async def _week(desk: Desk, renderer: Renderer, facts: Mapping[str, Any]) -> _Report:
    await count_all(desk)
    since, until = (date.fromisoformat(facts[name]) for name in ("since", "until"))
    found = await desk.read(find_statistics, since, until)
    screen = statistics.draw(renderer, found)
    picture = await draw_picture(renderer, found, desk.company.name)
    if picture is None:
        said = f"{screen.html}\n{renderer.html('report.no_picture')}"
        return _Report(Screen(said, screen.keyboard))
    return _Report(screen, picture)


async def _overdue(desk: Desk, renderer: Renderer, _facts: Mapping[str, Any]) -> _Report:
    page = await desk.read(page_of, "overdue")
    if not page.lines:
        return _Report(Screen(renderer.html("report.nothing_overdue")))
    title = renderer.plain("report.overdue_file", at=renderer.now)
    return _Report(ticket_list.draw(renderer, page, desk.company.zone), title=title)


_REPORTS: Final[Mapping[str, _Draw]] = {"week": _week, "overdue": _overdue}
