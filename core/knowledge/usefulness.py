"""How often articles have solved something (B13, B20): the most useful, and those never used."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from core.knowledge.catalogue import DRAFT, Article, articles_of
from core.models import ArticleOpinion, Resolution, Ticket, TicketArticle
from core.tickets.catalog import workflow_of
from core.tx import ReadTx

_LATER: Final = aliased(Resolution)


@dataclass(frozen=True, slots=True)
class Usefulness:
    """An article: how many tickets it ``solved``, in how many it was ``used`` (sent, linked or
    noted as what helped), and how many customers said that it ``helped`` them, or not.
    """

    article: Article
    solved: int
    used: int
    helped: int
    not_helped: int

    @property
    def is_used(self) -> bool:
        """Return whether it has been of any use to anybody, as far as is known."""
        return bool(self.solved or self.used or self.helped)


async def usefulness(tx: ReadTx) -> list[Usefulness]:
    """Return all articles but drafts, the most useful first."""
    solved, used = await _solved(tx), await _used(tx)
    opinions = {one.article: one for one in await tx.all(select(ArticleOpinion))}
    found = []
    for code, article in (await articles_of(tx)).items():
        if article.status == DRAFT:
            continue
        said = opinions.get(code)
        judged = (0, 0) if said is None else (said.helped, said.not_helped)
        found.append(Usefulness(article, solved.get(code, 0), used.get(code, 0), *judged))
    return sorted(found, key=lambda one: (-one.solved, -one.used, -one.helped))


async def solved_by(tx: ReadTx, code: str) -> int:
    """Return how many tickets the article has solved."""
    return (await _solved(tx, code)).get(code, 0)


async def _solved(tx: ReadTx, code: str | None = None) -> dict[str, int]:
    """By code: tickets that have ended, where it helped at the latest ending."""
    states = (await workflow_of(tx)).states.values()
    ended = [state.code for state in states if state.clock == "stops"]
    later = select(_LATER.at).where(
        _LATER.ticket_id == Resolution.ticket_id, _LATER.at > Resolution.at
    )
    query = (
        select(Resolution.article, func.count())
        .join(Ticket, Ticket.id == Resolution.ticket_id)
        .where(
            Resolution.article.is_not(None) if code is None else Resolution.article == code,
            Ticket.state.in_(ended),
            ~later.exists(),
        )
        .group_by(Resolution.article)
    )
    return {str(article): int(n) for article, n in await tx.rows(query)}


async def _used(tx: ReadTx) -> dict[str, int]:
    query = select(TicketArticle.article, func.count()).group_by(TicketArticle.article)
    return {str(article): int(n) for article, n in await tx.rows(query)}
