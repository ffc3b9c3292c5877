"""`/kb`: articles that fit a ticket, read, sent to its customer or linked with it (B13)."""

from dataclasses import replace
from typing import Any

from channels.telegram.screens.articles import (
    ArticleFor,
    ArticlesFor,
    LinkArticle,
    SendArticle,
    WriteArticle,
    draw_for_ticket,
    draw_found,
    draw_used,
    offer_article,
)
from channels.telegram.screens.screen import Screen
from core.directory.article_drafts import draft_article, lacks_article
from core.knowledge.catalogue import Article
from core.knowledge.usefulness import solved_by
from core.knowledge.using import (
    ArticleChanged,
    find_for,
    link_article,
    opinions_of,
    read_article,
    send_article,
)
from core.tx import ReadTx
from core.words.names import clean_name
from handlers.telegram.operators.context import CommandContext, OperatorContext


async def find(context: CommandContext) -> None:
    """Offer what has the words, or fits the ticket."""
    words = context.command.words
    linked, found = await context.read(find_for, context.number, words)
    await context.show(draw_found(context.renderer, context.number, linked, found, words))


async def list_again(context: Any, data: ArticlesFor) -> None:
    """Back to what fits the ticket."""
    linked, found = await context.read(find_for, data.ticket_id, "")
    await context.toast()
    await context.edit(draw_found(context.renderer, data.ticket_id, linked, found))


async def show(context: Any, data: ArticleFor) -> None:
    """The whole article."""
    await context.toast()
    shown = await _shown(context, data)
    await context.edit(await context.begin_answer(data.ticket_id, shown))


async def _shown(context: Any, data: Any) -> Screen:
    article, opinion, solved = await context.read(_article, data.code)
    return draw_for_ticket(context.renderer, data.ticket_id, article, opinion, solved)


async def _article(tx: ReadTx, code: str) -> tuple[Article, tuple[int, int], int]:
    article = await read_article(tx, code)
    opinion = (await opinions_of(tx, [code])).get(code, (0, 0))
    return article, opinion, await solved_by(tx, code)


async def send(context: Any, data: SendArticle) -> None:
    """Send what is shown; what has changed meanwhile is shown again instead."""
    screen = context.screen_id
    number = data.ticket_id
    try:
        article = await context.act(send_article, number, data.code, data.digest, screen)
    except ArticleChanged:
        await context.toast("article_changed", alert=True, number=number)
        await context.edit(await _shown(context, data))
        return
    await context.toast("response", number=number)
    await _say_used(context, "sent", number, article)


async def link(context: Any, data: LinkArticle) -> None:
    """Link it with the ticket."""
    article = await context.act(link_article, data.ticket_id, data.code)
    await context.toast("article_linked", number=data.ticket_id)
    await _say_used(context, "linked_by", data.ticket_id, article)


async def offer(context: OperatorContext, ticket_id: int) -> None:
    """Offer whoever has solved a ticket to write it down, where the company wants that."""
    if await context.read(lacks_article, ticket_id):
        screen = offer_article(context.renderer, ticket_id)
        await replace(context, quiet=True).show(screen)


async def write(context: Any, data: WriteArticle) -> None:
    """Write the draft; who keeps the directory publishes it."""
    code = await context.act(draft_article, data.ticket_id)
    await context.toast()
    facts = {"number": data.ticket_id, "code": code}
    await context.edit(Screen(context.renderer.html("operators.article_drafted", **facts)))


async def _say_used(context: Any, key: str, number: int, article: Article) -> None:
    name = clean_name(context.sender.name)
    await context.edit(draw_used(context.renderer, key, number, article, name))
