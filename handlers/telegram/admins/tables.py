"""Tables of cameras, accounts and contracts that an admin sends in private (T1).

What a file changes is shown first, or all that is wrong with it; a button brings what was shown.
"""

import asyncio
from typing import Any, Final

from aiogram.types import Document

from channels.telegram.screens.directory import is_cut
from channels.telegram.screens.tables import TableStep, draw_faults, draw_plan, fault_lines
from core.errors import Refusal
from core.imports import OtherwiseMeanwhile, bring, kind_of, plan_import
from core.people.staff import as_admin, for_admin
from core.sheets.faults import WrongFile
from core.sheets.sheet import read_head, read_sheet
from handlers.telegram.admins.answered_files import answered, digest_of, fetch, send, show
from handlers.telegram.context import ButtonContext, MessageContext

ENDINGS: Final = (".csv", ".xlsx")
# Rows that are brought in one step; larger tables are for the command line, which pauses.
MOST: Final = 20_000


async def on_file(context: MessageContext, document: Document) -> None:
    """Check the table, and show what it would change."""
    await _check(context, await fetch(context, document), context.message.message_id)


async def _check(context: MessageContext | ButtonContext, content: bytes, reply_to: int) -> None:
    renderer = context.renderer
    try:
        kind, records = await asyncio.to_thread(_read, content)
        plan = await context.desk.read(for_admin, context.sender, plan_import, kind, records)
    except WrongFile as wrong:
        await show(context, draw_faults(renderer, wrong.faults), reply_to)
        lines = fault_lines(renderer, wrong.faults)
        if is_cut(lines):
            await send(context, "\n".join(lines), "faults.txt")
        return
    screen = draw_plan(renderer, kind, len(records), plan, digest_of(content))
    await show(context, screen, reply_to)


def _read(content: bytes) -> tuple[str, list[Any]]:
    """The kind of a table, and its records."""
    found = kind_of(read_head(content))
    if found is None:
        raise Refusal("tables.no_kind")
    records = read_sheet(found.sheet, content)
    if len(records) > MOST:
        raise Refusal("tables.too_many", most=MOST, kind=found.sheet.name)
    return found.sheet.name, records


async def on_button(context: ButtonContext, data: TableStep) -> None:
    """Bring what was shown, and nothing else: the table stands above, its digest and that of what
    it changes in the button.
    """
    renderer = context.renderer
    if data.step == "drop":
        await context.show(renderer.html("tables.dropped"))
        return
    message, content = await answered(context, data.digest)
    kind, records = await asyncio.to_thread(_read, content)
    try:
        plan = await context.desk.run(
            as_admin,
            context.sender,
            bring,
            kind,
            records,
            expected=data.plan,
            retire=data.step == "retire",
        )
    except (OtherwiseMeanwhile, WrongFile):
        # something has changed since: what the table would change now is another question
        await context.show(renderer.html("tables.changed_meanwhile"))
        await _check(context, content, message.message_id)
        return
    facts = {"new": len(plan.new), "changed": len(plan.changed), "gone": len(plan.gone)}
    await context.show(
        renderer.html("tables.done_retired" if plan.gone else "tables.done", **facts)
    )
