"""Questions and answers: public articles by topic and by words, and whether one helped (G5)."""

from typing import Final

from channels.telegram.screens.articles import (
    ArticlesOfTopic,
    JudgeArticle,
    ReadArticle,
    draw_article,
    draw_judged,
    draw_public,
    draw_results,
    draw_topics,
)
from channels.telegram.screens.screen import Screen
from core.errors import Refusal
from core.knowledge.catalogue import Article, find_public, public_articles, ranked
from core.knowledge.using import judge
from core.tickets.catalog import topics_of
from core.tx import ReadTx
from handlers.telegram.context import ButtonContext, MessageContext

FOUND: Final = 5


async def show_topics(context: MessageContext) -> None:
    """The topics that have articles."""
    await context.show(await _topics(context))


async def on_command(context: MessageContext) -> None:
    """``/faq``: the topics; ``/faq words``: what has these words."""
    _, _, words = (context.message.text or "").partition(" ")
    if not words.strip():
        await show_topics(context)
        return
    found = await context.desk.read(_search, context.renderer.locale, words)
    await context.show(draw_results(context.renderer, found, words.strip()))


async def _search(tx: ReadTx, language: str, words: str) -> list[Article]:
    return ranked(await public_articles(tx, language), words, FOUND)


async def edit_to_topics(context: ButtonContext) -> None:
    """The topics on the screen where the button was."""
    await context.show(await _topics(context))


async def _topics(context: MessageContext | ButtonContext) -> Screen:
    """The topics, or the articles themselves where they have but one."""
    renderer = context.renderer
    topics = await context.desk.read(_topics_with_articles, renderer.locale)
    if not topics:
        raise Refusal("refusal.no_articles")
    return draw_topics(renderer, topics)


async def _topics_with_articles(tx: ReadTx, language: str) -> list[tuple[str, str]]:
    """Return codes and titles in the order of the directory; articles of no topic come last."""
    there = {one.topic for one in await public_articles(tx, language)}
    topics = (await topics_of(tx)).values()
    found = [(one.code, one.title(language)) for one in topics if one.code in there]
    known = {code for code, _ in found}
    return [*found, ("", "")] if there - known else found


async def show_topic(context: ButtonContext, data: ArticlesOfTopic) -> None:
    """The articles of a topic."""
    found = await context.desk.read(_of_topic, context.renderer.locale, data.topic)
    if not found:
        raise Refusal("refusal.outdated")
    await context.show(draw_public(context.renderer, found, data.topic, data.page))


async def _of_topic(tx: ReadTx, language: str, topic: str) -> list[Article]:
    return [one for one in await public_articles(tx, language) if one.topic == (topic or None)]


async def show_article(context: ButtonContext, data: ReadArticle) -> None:
    """An article, as long as it is public."""
    article = await context.desk.read(find_public, context.renderer.locale, data.code)
    if article is None:
        raise Refusal("refusal.outdated")
    await context.show(draw_article(context.renderer, article, data.come_from))


async def on_verdict(context: ButtonContext, data: JudgeArticle) -> None:
    """It helped, or it did not: then the support is a tap away."""
    helped = data.verdict == "y"
    article = await context.desk.run(judge, context.sender, data.code, helped=helped)
    await context.show(draw_judged(context.renderer, article, helped=helped))
