"""`/kb` in an admin's private chat: solutions that no article tells of, their drafts, and what the
articles have solved (B13, B20).
"""

from channels.telegram.screens.articles import (
    ArticleUses,
    WriteArticle,
    draw_unwritten,
    draw_usefulness,
)
from channels.telegram.screens.entry_questions import draw_entry
from core.directory.article_drafts import draft_article, list_unwritten
from core.directory.entry_edits import EntryFacts, list_entries
from core.directory.entry_questions import view_entry
from core.directory.kinds.articles import ArticleEntry
from core.knowledge.usefulness import usefulness
from core.people.staff import as_admin, for_admin
from core.tx import Tx
from handlers.telegram.context import ButtonContext, MessageContext


async def on_command(context: MessageContext, _words: str) -> None:
    """List them, each with a button that writes a draft."""
    found = await context.desk.read(for_admin, context.sender, list_unwritten)
    await context.show(draw_unwritten(context.renderer, found))


async def on_uses(context: ButtonContext, data: ArticleUses) -> None:
    """Show how often each article has solved something."""
    found = await context.desk.read(for_admin, context.sender, usefulness)
    await context.show(draw_usefulness(context.renderer, found, data.page))


async def on_write(context: ButtonContext, data: WriteArticle) -> None:
    """Write the draft, and show it where it is changed and published."""
    entry = await context.desk.run(as_admin, context.sender, _write, data.ticket_id)
    view = await context.desk.read(for_admin, context.sender, view_entry, entry.kind, entry.mark)
    screen = draw_entry(context.renderer, view)
    await context.toast()
    await context.responder.say(
        int(context.sender.address.chat), screen.html, keyboard=screen.keyboard
    )


async def _write(tx: Tx, ticket_id: int) -> EntryFacts:
    code = await draft_article(tx, ticket_id)
    entries = await list_entries(tx, ArticleEntry.name)
    return next(one for one in entries if one.key == code)
