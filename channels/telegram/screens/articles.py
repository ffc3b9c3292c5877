"""Articles: what customers read below «Questions and answers», what operators find for a ticket."""

from collections.abc import Sequence
from math import ceil
from typing import Annotated, Final

from aiogram.filters.callback_data import CallbackData

from channels.telegram.screens.attached_files import file_lines
from channels.telegram.screens.buttons import (
    Button,
    Id,
    Keyboard,
    PageIndex,
    button,
    matching,
    one_of,
    page_turns,
    rows_of,
    short,
)
from channels.telegram.screens.customer_menu import ChooseTopic, Menu
from channels.telegram.screens.screen import Renderer, Screen, clipped
from core.directory.article_drafts import Unwritten
from core.knowledge.catalogue import PUBLIC, Article
from core.knowledge.usefulness import Usefulness
from core.knowledge.using import DIGEST, EndingFacts, digest_of
from core.words.names import clean_name

PAGE: Final = 8
FAQ: Final = "faq"
NEW: Final = "new"
_TITLE: Final = 60
_WORDS: Final = 200
_USES: Final = 20

Code = Annotated[str, matching("[a-z0-9][a-z0-9_.-]{0,31}")]
Topic = Annotated[str, matching("[a-z0-9_.-]{0,32}")]


class WriteArticle(CallbackData, prefix="aw"):
    """Write a draft of the ticket's solution."""

    ticket_id: Id


def offer_article(renderer: Renderer, ticket_id: int) -> Screen:
    """A solution that no article tells of: is it to be one?"""
    return Screen(
        renderer.html("operators.article_offer", number=ticket_id),
        Keyboard(inline_keyboard=[[_write(renderer, "button.article.write", ticket_id)]]),
    )


def draw_unwritten(renderer: Renderer, found: Sequence[Unwritten]) -> Screen:
    """The latest solutions without an article, each with a button that writes a draft."""
    uses = [button(renderer.plain("button.article.uses"), ArticleUses())]
    if not found:
        none = renderer.html("articles.none_unwritten")
        return Screen(none, Keyboard(inline_keyboard=[uses]))
    lines = [renderer.html("articles.unwritten")]
    for one in found:
        facts = {"number": one.number, "title": clean_name(one.title, _TITLE)}
        lines.append(
            renderer.html("articles.unwritten_line", **facts, words=clipped(one.solution, _WORDS))
        )
    buttons = [_write(renderer, "button.article.write_of", one.number) for one in found]
    rows = rows_of(buttons, width=3).inline_keyboard
    return Screen("\n".join(lines), Keyboard(inline_keyboard=[*rows, uses]))


def _write(renderer: Renderer, key: str, ticket_id: int) -> Button:
    return button(renderer.plain(key, number=ticket_id), WriteArticle(ticket_id=ticket_id))


class ArticlesOfTopic(CallbackData, prefix="qt"):
    """The public articles of a topic; empty: those of none."""

    topic: Topic = ""
    page: PageIndex = 0


class ReadArticle(CallbackData, prefix="qa"):
    """Read a public article: from the list, or before a ``new`` ticket."""

    come_from: Annotated[str, one_of((FAQ, NEW))]
    code: Code


class JudgeArticle(CallbackData, prefix="qh"):
    """Whether a public article helped."""

    verdict: Annotated[str, one_of(("y", "n"))]
    code: Code


class ArticleFiles(CallbackData, prefix="qf"):
    """Send the files of a public article."""

    code: Code


class ArticlesFor(CallbackData, prefix="kb"):
    """The articles that fit a ticket."""

    ticket_id: Id


class ArticleFor(CallbackData, prefix="ka"):
    """Read an article that may fit a ticket."""

    ticket_id: Id
    code: Code


class SendArticle(CallbackData, prefix="ks"):
    """Send it to the ticket's customer, if it is still the one that ``digest`` names."""

    ticket_id: Id
    code: Code
    digest: Annotated[str, matching(f"[0-9a-f]{{{DIGEST}}}")]


class LinkArticle(CallbackData, prefix="kl"):
    """Link it with the ticket."""

    ticket_id: Id
    code: Code


class UseArticle(CallbackData, prefix="ua"):
    """The article helped where the ticket ended; an empty code: none did."""

    ticket_id: Id
    code: Annotated[str, matching("([a-z0-9][a-z0-9_.-]{0,31})?")] = ""


class ArticleUses(CallbackData, prefix="au"):
    """A page of what articles have solved."""

    page: PageIndex = 0


def draw_ending(renderer: Renderer, facts: EndingFacts) -> Screen:
    """How long the work took and which article helped, with buttons that say otherwise."""
    key = "operators.spent" if facts.spent is None else "operators.spent_corrected"
    given = {"number": facts.number, "measured": facts.measured, "spent": facts.spent}
    lines = [renderer.html(key, **given)]
    buttons = [
        button(
            short(f"📖 {clean_name(one.title)}"),
            UseArticle(ticket_id=facts.number, code=one.code),
        )
        for one in facts.offered
    ]
    if facts.article is not None:
        lines.append(renderer.html("ending.article", title=clean_name(facts.article.title)))
        none = UseArticle(ticket_id=facts.number)
        buttons.append(button(renderer.plain("button.article.none"), none))
    elif buttons:
        lines.append(renderer.html("ending.no_article"))
    return Screen("\n".join(lines), Keyboard(inline_keyboard=[[one] for one in buttons]))


def draw_usefulness(renderer: Renderer, found: Sequence[Usefulness], page: int = 0) -> Screen:
    """Articles by how many tickets they have solved, the most useful first; then those of which no
    use is known.
    """
    if not found:
        return Screen(renderer.html("articles.uses_none"))
    pages = max(ceil(len(found) / _USES), 1)
    page = min(page, pages - 1)
    shown = found[page * _USES : (page + 1) * _USES]
    used, unused = [one for one in shown if one.is_used], [one for one in shown if not one.is_used]
    lines = [renderer.html("articles.uses", n=len(found))]
    for one in used:
        facts = {"title": clean_name(one.article.title, _TITLE), "solved": one.solved}
        line = renderer.html("articles.uses_line", **facts, used=one.used)
        if one.helped or one.not_helped:
            facts = {"yes": one.helped, "no": one.not_helped}
            line += f" · {renderer.html('articles.opinion', **facts)}"
        lines.append(line)
    if unused:
        lines.append(renderer.html("articles.never_used"))
        lines += [
            renderer.html("articles.never_used_line", title=clean_name(one.article.title, _TITLE))
            for one in unused
        ]
    turns = list(page_turns(page, pages, lambda at: ArticleUses(page=at)))
    return Screen("\n".join(lines), Keyboard(inline_keyboard=[turns] if turns else []))


# Customers


def draw_topics(renderer: Renderer, topics: Sequence[tuple[str, str]]) -> Screen:
    """The topics that have articles, as codes and titles; the code of none is empty."""
    rows = [
        [button(short(title or renderer.plain("faq.other")), ArticlesOfTopic(topic=code))]
        for code, title in topics
    ]
    return Screen(renderer.html("faq.head"), Keyboard(inline_keyboard=rows))


def draw_public(
    renderer: Renderer, articles: Sequence[Article], topic: str, page: int = 0
) -> Screen:
    """The articles of a topic, a button for each."""
    pages = max(ceil(len(articles) / PAGE), 1)
    page = min(page, pages - 1)
    turns = page_turns(page, pages, lambda at: ArticlesOfTopic(topic=topic, page=at))
    rows = [
        *article_rows(articles[page * PAGE : (page + 1) * PAGE], FAQ),
        list(turns),
        [button(renderer.plain("button.menu.back"), Menu(step="faq"))],
    ]
    return Screen(renderer.html("faq.choose"), Keyboard(inline_keyboard=[r for r in rows if r]))


def draw_results(renderer: Renderer, articles: Sequence[Article], words: str) -> Screen:
    """What was found for these words, or the way to the support."""
    new = [button(renderer.plain("button.menu.new"), Menu(step="new"))]
    key = "faq.found" if articles else "faq.nothing"
    rows = [*article_rows(articles, FAQ), new]
    return Screen(renderer.html(key, words=words[:40]), Keyboard(inline_keyboard=rows))


def article_rows(articles: Sequence[Article], come_from: str) -> list[list[Button]]:
    """A button for each public article."""
    return [
        [button(short(f"📄 {one.title}"), ReadArticle(come_from=come_from, code=one.code))]
        for one in articles
    ]


def draw_article(renderer: Renderer, article: Article, come_from: str) -> Screen:
    """A public article, and whether it helped."""
    back: CallbackData = ArticlesOfTopic(topic=article.topic or "")
    if come_from == NEW and article.topic is not None:
        back = ChooseTopic(code=article.topic)
    verdicts = [
        button(
            renderer.plain(f"button.article.{verdict}"),
            JudgeArticle(verdict=verdict, code=article.code),
        )
        for verdict in ("y", "n")
    ]
    files = []
    if article.files:
        label = renderer.plain("button.article.files", n=len(article.files))
        files.append(button(label, ArticleFiles(code=article.code)))
    rows = [*([files] if files else []), verdicts]
    rows.append([button(renderer.plain("button.menu.back"), back)])
    return Screen(_whole(renderer, "faq.article", article), Keyboard(inline_keyboard=rows))


def draw_judged(renderer: Renderer, article: Article, *, helped: bool) -> Screen:
    """Thanks, or the way to the support."""
    if helped:
        return Screen(renderer.html("faq.helped", title=article.title))
    new: CallbackData = Menu(step="new")
    if article.topic is not None:
        new = ChooseTopic(code=article.topic)
    rows = [[button(renderer.plain("button.menu.new"), new)]]
    return Screen(renderer.html("faq.not_helped"), Keyboard(inline_keyboard=rows))


# Operators


def draw_found(
    renderer: Renderer,
    ticket_id: int,
    linked: Sequence[Article],
    found: Sequence[Article],
    words: str = "",
) -> Screen:
    """The articles of a ticket, and those that have these ``words``, or without any fit it."""
    lines = []
    if linked:
        titles = [one.title for one in linked]
        lines.append(renderer.html("articles.linked", number=ticket_id, titles=titles))
    missed = "articles.nothing" if words else "articles.none"
    facts = {"number": ticket_id, "words": words[:40]}
    lines.append(renderer.html("articles.found" if found else missed, **facts))
    rows = [
        [button(short(one.title), ArticleFor(ticket_id=ticket_id, code=one.code))]
        for one in (*linked, *found)
    ]
    return Screen("\n".join(lines), Keyboard(inline_keyboard=rows) if rows else None)


def draw_for_ticket(
    renderer: Renderer,
    ticket_id: int,
    article: Article,
    opinion: tuple[int, int],
    solved: int = 0,
) -> Screen:
    """An article as operators read it; what is public can be sent. ``solved``: so many tickets."""
    lines = [_whole(renderer, f"articles.{article.status}", article)]
    if any(opinion):
        lines.append(renderer.html("articles.opinion", yes=opinion[0], no=opinion[1]))
    if solved:
        lines.append(renderer.html("articles.solved", n=solved))
    code = article.code
    send = SendArticle(ticket_id=ticket_id, code=code, digest=digest_of(article))
    link = LinkArticle(ticket_id=ticket_id, code=code)
    rows = [
        [button(renderer.plain("button.article.send"), send)] if article.status == PUBLIC else [],
        [
            button(renderer.plain("button.article.link"), link),
            button(renderer.plain("button.article.other"), ArticlesFor(ticket_id=ticket_id)),
        ],
    ]
    return Screen("\n".join(lines), Keyboard(inline_keyboard=[row for row in rows if row]))


def draw_used(renderer: Renderer, key: str, ticket_id: int, article: Article, name: str) -> Screen:
    """What was done with an article, and by whom."""
    facts = {"number": ticket_id, "title": article.title, "name": name}
    return Screen(renderer.html(f"articles.{key}", **facts))


def _whole(renderer: Renderer, head: str, article: Article) -> str:
    text = renderer.html("articles.text", text=article.text)
    lines = [f"{renderer.html(head, title=article.title)}\n\n{text}"]
    return "\n".join([*lines, *file_lines(renderer, article.files)])
