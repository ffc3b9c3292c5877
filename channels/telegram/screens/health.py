"""How the desk is: what waits, what is wrong; what was given up, with *again* and *drop*; junk.

What people wrote is not shown: of an update's error only the words before the first quotation
(S34).
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final

from aiogram.filters.callback_data import CallbackData
from pydantic import Field

from channels.telegram.screens.buttons import LARGEST, Button, Keyboard, button, one_of
from channels.telegram.screens.screen import Renderer, Screen
from core.company import Company
from core.setup.desk_health import DeskHealth, FailedDelivery, QuarantinePage
from core.texts import Key
from core.tickets.junk import JunkPage
from core.words.names import clean_name

# What has words of its own; the rest is called "other".
KINDS: Final = ("text", "content", "card", "edit", "delete", "reaction")
REASONS: Final = (
    *("blocked", "mailbox", "bad_request", "unsupported", "internal", "unreadable"),
    *("network", "lost", "busy", "moved", "configuration"),
)


class FailedStep(CallbackData, prefix="fd"):
    """Send the failed delivery ``id`` again, or drop it; ``…_all``: every one. ``ask``: are you
    sure; ``show``: no, I am not.
    """

    verb: Annotated[str, one_of(("again", "drop", "again_all", "ask", "drop_all", "show"))]
    id: Annotated[int, Field(ge=0, le=LARGEST)] = 0


def draw_health(renderer: Renderer, health: DeskHealth, company: Company) -> Screen:
    """The state in lines, then the failed deliveries with two buttons each."""
    rows = [
        [
            button(
                renderer.plain(f"button.failed.{verb}", id=one.id), FailedStep(verb=verb, id=one.id)
            )
            for verb in ("again", "drop")
        ]
        for one in health.failed
    ]
    if health.failed_in_all > 1:
        all_of_them = (("again_all", "again_all"), ("drop_all", "ask"))
        rows.append(
            [
                button(renderer.plain(f"button.failed.{text}"), FailedStep(verb=verb))
                for text, verb in all_of_them
            ]
        )
    keyboard = Keyboard(inline_keyboard=rows) if rows else None
    return Screen("\n".join(_lines(renderer, health, company)), keyboard)


def draw_question(renderer: Renderer, health: DeskHealth) -> Screen:
    """Ask once more before every failed delivery is dropped."""
    buttons = [
        button(renderer.plain(f"button.failed.{verb}"), FailedStep(verb=verb))
        for verb in ("drop_all", "show")
    ]
    return Screen(
        renderer.html("health.drop_all", n=health.failed_in_all),
        Keyboard(inline_keyboard=[[one] for one in buttons]),
    )


def _lines(renderer: Renderer, health: DeskHealth, company: Company) -> Iterator[str]:
    beat = health.heartbeat
    sick = () if beat is None else beat.sick
    yield renderer.html("health.head.sick" if sick else "health.head.well")
    for code in sick:
        yield renderer.html(f"health.sick.{code}")
    yield renderer.html("health.unhandled", n=health.unhandled, quarantined=health.quarantined)
    if health.oldest is None:
        yield renderer.html("health.nothing_waits")
    else:
        yield renderer.html("health.waiting", n=health.waiting, oldest=health.oldest)
    if health.assistant is not None:
        code, at = health.assistant
        yield renderer.html("health.assistant", why=Key(f"assistant.why.{code}"), at=at)
    for one in health.failed:
        yield renderer.html("health.failed", **_of_failed(one, company))
    if more := health.failed_in_all - len(health.failed):
        yield renderer.html("health.failed_more", n=more)


def _of_failed(one: FailedDelivery, company: Company) -> dict[str, Any]:
    what: Any = Key(f"health.kind.{one.kind if one.kind in KINDS else 'other'}")
    if one.ticket_id is not None:
        what = Key("health.of_ticket", {"what": what, "number": one.ticket_id})
    return {"id": one.id, "at": one.at, "what": what, "to": _to(one, company), "why": _why(one)}


def _to(one: FailedDelivery, company: Company) -> Any:
    chats = {company.operators_chat: "operators", company.alerts_chat: "alerts"}
    if one.to in chats:
        return Key(f"health.to.{chats[one.to]}")
    return clean_name(one.name) if one.name else one.address


def _why(one: FailedDelivery) -> Key:
    reason = "mailbox" if one.error == "blocked" and one.channel == "email" else one.error
    return Key(f"health.error.{reason if reason in REASONS else 'other'}")


class QuarantineStep(CallbackData, prefix="qu"):
    """``page``: updates below the number ``id``; ``again``: handle this one again; ``all``: all;
    ``ticket``: make a ticket of this mail as it is.
    """

    verb: Annotated[str, one_of(("page", "again", "all", "ticket"))]
    id: Annotated[int, Field(ge=0, le=LARGEST)] = 0


def draw_quarantine(renderer: Renderer, page: QuarantinePage) -> Screen:
    """The page, or a line that there is nothing."""
    if not page.updates:
        return Screen(renderer.html("quarantine.empty"))
    lines = [renderer.html("quarantine.head", total=page.total)]
    lines += [
        renderer.html("quarantine.line", id=one.id, at=one.received_at, cause=one.cause)
        for one in page.updates
    ]
    again = {one.id: QuarantineStep(verb="again", id=one.id) for one in page.updates}
    older = None if page.older is None else QuarantineStep(verb="page", id=page.older)
    mails = {
        one.id: QuarantineStep(verb="ticket", id=one.id) for one in page.updates if one.is_file
    }
    rows = _rows(renderer, "button.quarantine.ticket", mails, None, wide=2)
    rows += _rows(renderer, "button.quarantine.again", again, older)
    rows.append([button(renderer.plain("button.quarantine.all"), QuarantineStep(verb="all"))])
    return Screen("\n".join(lines), Keyboard(inline_keyboard=rows))


class JunkStep(CallbackData, prefix="jk"):
    """``page``: junk tickets below the number ``id``; ``restore``: this one is wanted after all."""

    verb: Annotated[str, one_of(("page", "restore"))]
    id: Annotated[int, Field(ge=1, le=LARGEST)]


def draw_junk(renderer: Renderer, page: JunkPage) -> Screen:
    """The page with a button for each ticket, or a line that there is nothing."""
    if not page.lines:
        return Screen(renderer.html("junk.empty"))
    lines = [renderer.html("junk.head", total=page.total)]
    for one in page.lines:
        shown = {"customer": clean_name(one.customer), "title": clean_name(one.title)}
        why = clean_name(one.why)
        lines.append(renderer.html("junk.line", number=one.number, at=one.at, why=why, **shown))
    restore = {one.number: JunkStep(verb="restore", id=one.number) for one in page.lines}
    older = None if page.older is None else JunkStep(verb="page", id=page.older)
    rows = _rows(renderer, "button.junk.restore", restore, older)
    return Screen("\n".join(lines), Keyboard(inline_keyboard=rows))


def _rows(
    renderer: Renderer,
    key: str,
    steps: Mapping[int, CallbackData],
    older: CallbackData | None,
    *,
    wide: int = 4,
) -> list[list[Button]]:
    """A button for each number, ``wide`` in a row, and one for the next page."""
    each = [button(renderer.plain(key, id=number), step) for number, step in steps.items()]
    rows = [each[at : at + wide] for at in range(0, len(each), wide)]
    if older is not None:
        rows.append([button(renderer.plain("button.quarantine.older"), older)])
    return rows
