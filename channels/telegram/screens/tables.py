"""A table that an admin has sent: what it changes, or what is wrong with it."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Final

from aiogram.filters.callback_data import CallbackData

from channels.telegram.screens.buttons import button, matching, one_of, rows_of
from channels.telegram.screens.directory import shown_lines
from channels.telegram.screens.rules import DIGEST
from channels.telegram.screens.screen import Renderer, Screen
from core.imports import KINDS
from core.sheets.faults import Wrong
from core.sheets.plan import PLAN_DIGEST, Plan
from core.words.names import clean_name

_HEX: Final = "[0-9a-f]"
# Names of what a table leaves out, of lost columns, and so much of each.
_NAMED: Final = 10
_LONGEST: Final = 60


class TableStep(CallbackData, prefix="tab"):
    """Bring the table that the message answers, ``retire`` what it leaves out with it, or ``drop``
    it. ``plan``: what was shown; ``digest``: of the file.
    """

    step: Annotated[str, one_of(("apply", "retire", "drop"))]
    plan: Annotated[str, matching(f"{_HEX}{{{PLAN_DIGEST}}}")]
    digest: Annotated[str, matching(f"{_HEX}{{{DIGEST}}}")]


def draw_plan(renderer: Renderer, kind: str, rows: int, plan: Plan[Any], digest: str) -> Screen:
    """What the table would change, and the ways on; none where it changes nothing."""
    lines = [renderer.html(f"tables.head.{kind}", n=rows), *_lines(renderer, plan)]
    retires = KINDS[kind].retires and bool(plan.missing)
    steps = ["apply"] if plan else []
    steps += ["retire"] if retires and rows else []
    if not steps:
        return Screen("\n".join([*lines, renderer.html("tables.unchanged")]))
    buttons = [
        button(
            renderer.plain(f"button.tables.{step}"),
            TableStep(step=step, plan=plan.digest, digest=digest),
        )
        for step in (*steps, "drop")
    ]
    return Screen("\n".join(lines), rows_of(buttons, width=1))


def _lines(renderer: Renderer, plan: Plan[Any]) -> Iterator[str]:
    counts = {"new": len(plan.new), "changed": len(plan.changed), "unchanged": plan.unchanged}
    yield renderer.html("tables.counts", **counts)
    if plan.ownerless:
        yield renderer.html("tables.ownerless", n=plan.ownerless)
    for key, names in (("tables.missing", plan.missing), ("tables.lost", plan.lost)):
        if names:
            shown = ", ".join(clean_name(name, _LONGEST) for name in names[:_NAMED])
            more = " …" if len(names) > _NAMED else ""
            yield renderer.html(key, n=len(names), names=f"{shown}{more}")


def draw_faults(renderer: Renderer, faults: Sequence[Wrong]) -> Screen:
    """All that is wrong with the table, each with its line."""
    lines = fault_lines(renderer, faults)
    head = renderer.html("tables.faults", n=len(lines))
    return Screen("\n".join([head, *shown_lines(renderer, lines)]))


def fault_lines(renderer: Renderer, faults: Sequence[Wrong]) -> list[str]:
    """Return what is wrong, a line each."""
    return [
        renderer.plain("tables.fault", line=one.line, why=renderer.plain(one.key, **one.facts))
        for one in faults
    ]
